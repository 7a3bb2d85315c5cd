"""Series of sessions, their dates and agendas, what was assigned to them, and the calendar they appear in."""
