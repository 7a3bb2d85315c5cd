"""Finding one's way: search over groups, sessions and the library, and the help sheet with its keys."""
