"""Whether somebody has agreed to be written to, and whether that still counts.

Everybody is asked anew in rounds of their group. A round has a day, a person has only the number of the round in which
they last agreed, so that no date stands on anybody.
This module is pure and must never read a clock or a row.
"""

from datetime import date, timedelta
from enum import StrEnum

ROUND = timedelta(days=56)  # after so long everybody is asked again
GRACE = timedelta(days=14)  # for so long after a round opened the one before it still counts
MONDAY_BIT = 1
EVERY_DAY = 127


class Consent(StrEnum):
    """What a person has said to being written to at this address."""

    ASKED = "asked"  # never confirmed
    GIVEN = "given"
    STALE = "stale"  # confirmed too long ago


def consent_of(person_round: int, group_round: int, since_on: date | None, on: date) -> Consent:
    """Return what a person's word is worth on a day.

    The round before the present one counts for 14 days more; a present round without a day has no such time.

    Args:
        person_round: in which they last confirmed; 0 for never.
        group_round: the present one.
        since_on: when it opened.
        on: the day that is asked about.
    """
    if person_round <= 0:
        return Consent.ASKED
    if person_round >= group_round:
        return Consent.GIVEN
    counts_still = since_on is not None and on < since_on + GRACE
    return Consent.GIVEN if counts_still and person_round == group_round - 1 else Consent.STALE


def is_round_over(since_on: date | None, on: date) -> bool:
    """Tell whether it is time to ask everybody again."""
    return since_on is not None and on >= since_on + ROUND


def allows_day(days: int, on: date) -> bool:
    """Tell whether messages may come on this day of the week; Monday is bit 1, Sunday bit 64."""
    return bool(days >> on.weekday() & MONDAY_BIT)
