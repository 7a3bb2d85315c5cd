"""Which dates a series takes when one of its sessions is moved and the others follow.

A weekly series follows by days; a monthly one by the weekday's place in the month, so that the third Tuesday becomes
the third Thursday in every month. This module must never know the database or read the clock.
"""

import calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from facilitator.errors import Invalid
from facilitator.planning.rules import LONGEST_SPAN, Rhythm
from facilitator.planning.rules_slots import Reach, Slot, reached, shift

_MONTHS = 12
_WEEK = 7


def follow_dates(dates: Sequence[date], position: int, reach: Reach, to_on: date, rhythm: Rhythm) -> tuple[date, ...]:
    """Return the dates of a series once the session at a position, counted from 1, is moved and the reached follow.

    Raises:
        Invalid: when a later session would come to stand on or before an earlier one.
    """
    at = dates[position - 1]
    if to_on == at:
        return tuple(dates)
    if rhythm is not Rhythm.MONTHLY or reach is Reach.ONE:
        return shift(dates, position, reach, (to_on - at).days)
    months = _month_number(to_on) - _month_number(at)
    positions = reached(len(dates), position, reach)
    result = tuple(
        to_on if n == position else _same_place(on, months, to_on) if n in positions else on
        for n, on in enumerate(dates, start=1)
    )
    if position > 1 and result[position - 1] <= result[position - 2]:
        raise Invalid("Choose a date after the session before it.", field="on")
    return result


def refuse_far(slot: Slot, first_on: date, now: datetime) -> None:
    """Refuse a session that would stretch its series beyond the longest span.

    Args:
        slot: when it would be.
        first_on: the first date of its series; what began long ago may still go on for as long from today.
        now: the present instant.

    Raises:
        Invalid: naming the last date that can be chosen.
    """
    latest_on = max(first_on, now.date()) + LONGEST_SPAN
    if slot.on > latest_on:
        raise Invalid(
            "{day} is too far ahead. A series lasts 2 years at most. Choose a date up to {latest}.",
            field="on",
            day=slot.on,
            latest=latest_on,
        )


def _same_place(on: date, months: int, like: date) -> date:
    """Return the day of a month, some months on, that has the place in it that another day has in its own."""
    year, month = divmod(_month_number(on) + months, _MONTHS)
    first_weekday, days = calendar.monthrange(year, month + 1)
    nth = (like.day - 1) // _WEEK
    day = 1 + (like.weekday() - first_weekday) % _WEEK + nth * _WEEK
    found = date(year, month + 1, 1) + timedelta(days=day - 1)
    # a fifth weekday is the last one, as most months have only four
    return found if day <= days else found - timedelta(days=_WEEK)


def _month_number(on: date) -> int:
    return on.year * _MONTHS + on.month - 1
