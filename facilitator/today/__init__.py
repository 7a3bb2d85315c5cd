"""The first page of a facilitator's day."""
