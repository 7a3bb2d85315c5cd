"""Made-up people and groups for the demonstration; nothing here is ever loaded into a real installation."""
