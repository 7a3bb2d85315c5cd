"""Mail: builds the bytes of a message and hands them to a mail server, one person at a time.

The package knows nothing about groups or sessions. It never reads a clock or the environment, and never logs an address.
"""
