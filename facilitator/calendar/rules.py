"""Months as weeks of days, and which spans of time overlap.

This module must never know the database or the clock; today is handed in.
"""

import calendar
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

FIRST_YEAR, LAST_YEAR = 2000, 2100
MONTHS_A_YEAR = 12
_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that takes time, under the id of what it is."""

    id: Hashable
    starts_at: datetime
    ends_at: datetime


def parse_month(text: str, today: date) -> date:
    """Return the first day of a month written as 2026-11; of today's month where the text is none."""
    found = _MONTH.fullmatch(text)
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    is_known = FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= MONTHS_A_YEAR
    return date(year, month, 1) if is_known else today.replace(day=1)


def step_month(month: date, by: int) -> date:
    """Return the first day of the month that is so many months later, or earlier where that is negative."""
    count = month.year * MONTHS_A_YEAR + month.month - 1 + by
    return date(count // MONTHS_A_YEAR, count % MONTHS_A_YEAR + 1, 1)


def list_weeks(month: date, first_weekday: int) -> tuple[tuple[date, ...], ...]:
    """Return the weeks that a month touches, seven whole days each.

    Args:
        month: any day of it.
        first_weekday: 0 for Monday to 6 for Sunday.
    """
    weeks = calendar.Calendar(first_weekday).monthdatescalendar(month.year, month.month)
    return tuple(tuple(week) for week in weeks)


def find_overlaps(spans: Sequence[Span]) -> Mapping[Hashable, tuple[Hashable, ...]]:
    """Return, for each span that overlaps others, the ids of those others in time; one that only touches does not."""
    ordered = sorted(spans, key=lambda each: each.starts_at)
    found: dict[Hashable, list[Hashable]] = {}
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if other.starts_at >= one.ends_at:
                break
            found.setdefault(one.id, []).append(other.id)
            found.setdefault(other.id, []).append(one.id)
    return {key: tuple(others) for key, others in found.items()}
