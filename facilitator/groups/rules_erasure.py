"""When the list of a group is erased: 30 days after its last session, if none is to come.

This module is pure and must never read a clock or a row.
"""

from datetime import date, timedelta

KEPT_FOR = timedelta(days=30)  # after the last session


def erase_on(last_ended_on: date) -> date:
    """Return the day on which a list is erased."""
    return last_ended_on + KEPT_FOR
