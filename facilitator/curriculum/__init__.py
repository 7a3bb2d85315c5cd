"""The conceptual model, pathways, agendas and written materials, as frozen values read from TOML."""
