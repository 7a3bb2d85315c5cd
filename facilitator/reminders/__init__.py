"""Reminders: what is expected when, the outbox that makes it durable, and the letters that go out.

The package decides about messages and never about sessions; who attended is unknown to it.
"""
