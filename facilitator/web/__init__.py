"""Request plumbing shared by every blueprint: database, clock, sign-in, headers, errors and filters."""
