"""Keeping an installation: backups and bringing them back, new keys, the move to PostgreSQL, what is wrong with it."""
