"""The viewer of the demonstration's local mailbox; not there in production."""
