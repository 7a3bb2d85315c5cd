"""When one session takes place, and what moving sessions to other dates means.

A slot keeps what the person said (a date and a wall time) beside the instants that follow from it.
This module must never know the database; it is given the zone and the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from facilitator.errors import Invalid
from facilitator.times import is_missing, to_instant, to_local, zone_abbreviation, zone_city

SESSION_MINUTES = (60, 75, 90)


class Reach(StrEnum):
    """Which sessions of a series a change is for."""

    ONE = "one"
    LATER = "later"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A date and a wall time in a zone, with the UTC instants and the zone's abbreviation that follow."""

    on: date
    start_time: time
    starts_at: datetime
    ends_at: datetime
    abbreviation: str


def slot_at(on: date, start_time: time, zone: ZoneInfo, minutes: int) -> Slot:
    """Return the slot of a date and wall time; the length in minutes runs in real time."""
    starts_at = to_instant(datetime.combine(on, start_time), zone)
    return Slot(
        on=on,
        start_time=start_time,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        abbreviation=zone_abbreviation(starts_at, zone),
    )


def becomes(on: date, start_time: time, zone: ZoneInfo) -> time:
    """Return what the clock shows when a wall time comes: itself, or the time after the gap that skips it."""
    return to_local(to_instant(datetime.combine(on, start_time), zone), zone).time()


def moved(on: date, start_time: time, zone: ZoneInfo, minutes: int, now: datetime) -> Slot:
    """Return the slot of one session at its new date and time.

    Raises:
        Invalid: when that time does not exist there, is already past, or the length is not one of ours.
    """
    if minutes not in SESSION_MINUTES:
        raise Invalid("Enter 60, 75 or 90.", field="minutes")
    if is_missing(datetime.combine(on, start_time), zone):
        raise Invalid(
            "{start_time:%H:%M} does not exist on {day} in {city}: the clocks go forward. Choose another time, for example {becomes:%H:%M}.",
            field="start_time",
            start_time=start_time,
            day=on,
            city=zone_city(zone.key),
            becomes=becomes(on, start_time, zone),
        )
    slot = slot_at(on, start_time, zone, minutes)
    if slot.starts_at <= now:
        raise Invalid("Choose a time that is still to come.", field="on")
    return slot


def reached(count: int, position: int, reach: Reach) -> range:
    """Return the positions, counted from 1, that a change made at one position is for."""
    if reach == Reach.ONE:
        return range(position, position + 1)
    return range(1 if reach == Reach.ALL else position, count + 1)


def shift(dates: Sequence[date], position: int, reach: Reach, days: int) -> tuple[date, ...]:
    """Return the dates of a series after the reached ones have been moved by whole days.

    One session moved alone keeps its number even when it passes a neighbour; several keep their order.

    Raises:
        Invalid: when later sessions would come to stand on or before an earlier one.
    """
    positions = reached(len(dates), position, reach)
    result = tuple(on + timedelta(days=days * (at in positions)) for at, on in enumerate(dates, start=1))
    if reach == Reach.LATER and position > 1 and result[position - 1] <= result[position - 2]:
        raise Invalid("Choose a date after the session before it.", field="on")
    return result
