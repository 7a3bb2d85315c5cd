"""What is handed out for a session: files and texts, with the time from which they may be read."""
