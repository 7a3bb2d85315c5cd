"""Public pages behind links: no account, no cookie, and nothing of the facilitators' data but what they released."""
