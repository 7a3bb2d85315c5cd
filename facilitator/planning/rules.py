"""Which dates a series falls on, what about a plan cannot stand, and who may still join.

Dates are counted first, as plain dates; the zone is applied to each of them afterwards, so a series keeps its wall
time through every change of the clocks. This module must never know the database or read the clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from facilitator.planning.rules_notes import Note, Surroundings, list_notes
from facilitator.planning.rules_slots import SESSION_MINUTES, Slot, becomes, slot_at
from facilitator.times import is_missing

COUNTS = range(1, 61)
LONGEST_SPAN = relativedelta(years=2)
CLOSED_JOINS_UNTIL = 3  # session number; people know the frame by then and trust has begun to settle
_LAST_WEEK = 5


class Rhythm(StrEnum):
    """How often a group meets; monthly keeps the weekday's place in the month of the first date."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


_WEEKS_APART = {Rhythm.WEEKLY: 1, Rhythm.FORTNIGHTLY: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePlan:
    """What the person said about the dates of a series.

    Dates in `skip_on` are left out and do not count: the series runs on until it has all its sessions.
    `weekday` (Monday is 0) is only there to be checked against the first date.
    """

    first_on: date
    start_time: time
    zone: ZoneInfo
    minutes: int
    rhythm: Rhythm
    count: int
    skip_on: frozenset[date] = frozenset()
    weekday: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence(Slot):
    """One session of a plan: its number from 1, when it is, and what to know about that date."""

    position: int
    notes: tuple[Note, ...] = ()


class ProblemCode(StrEnum):
    """Why a plan cannot stand; the names of its parameters stand behind each."""

    DATE_PAST = "date_past"  # on
    WEEKDAY_MISMATCH = "weekday_mismatch"  # said, actual: weekday numbers, Monday is 0
    START_MISSING = "start_missing"  # on, time, becomes
    BAD_MINUTES = "bad_minutes"  # allowed
    BAD_COUNT = "bad_count"  # least, most
    TOO_LONG = "too_long"  # last_on, latest_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that cannot stand: the field to mend, a code and its parameters."""

    field: str
    code: ProblemCode
    params: Mapping[str, object]


def occurrences(plan: DatePlan, around: Surroundings | None = None) -> tuple[Occurrence, ...]:
    """Return every session of a plan, with its notes."""
    slots = [slot_at(on, plan.start_time, plan.zone, plan.minutes) for on in list_dates(plan)]
    notes = list_notes(slots, plan.zone, around or Surroundings())
    return tuple(
        Occurrence(
            position=position,
            on=slot.on,
            start_time=slot.start_time,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            abbreviation=slot.abbreviation,
            notes=notes[position - 1],
        )
        for position, slot in enumerate(slots, start=1)
    )


def list_dates(plan: DatePlan) -> tuple[date, ...]:
    """Return the dates of a plan, in order, without those left out."""
    kept = [on for on in _candidates(plan) if on not in plan.skip_on]
    return tuple(kept[: plan.count])


def left_out(plan: DatePlan) -> tuple[date, ...]:
    """Return the dates that the rhythm falls on and that are left out, up to the last session."""
    last_on = list_dates(plan)[-1]
    return tuple(on for on in _candidates(plan) if on in plan.skip_on and on < last_on)


def _candidates(plan: DatePlan) -> tuple[date, ...]:
    """Return enough dates of the rhythm to hold the series even if every skipped date hits one of them."""
    start = datetime.combine(plan.first_on, time())
    many = plan.count + len(plan.skip_on)
    if plan.rhythm == Rhythm.MONTHLY:
        found = rrule(MONTHLY, byweekday=_place_in_month(plan.first_on), dtstart=start, count=many)
    else:
        found = rrule(WEEKLY, interval=_WEEKS_APART[plan.rhythm], dtstart=start, count=many)
    return tuple(moment.date() for moment in found)


def _place_in_month(on: date) -> weekday:
    """Return the nth weekday a date is in its month; a fifth is the last, as most months have only four."""
    return weekday(on.weekday(), nth_in_month(on))


def nth_in_month(on: date) -> int:
    """Return which of its weekday a date is in its month: 1 to 4, or -1 for a fifth, which is the last."""
    nth = (on.day - 1) // 7 + 1
    return -1 if nth == _LAST_WEEK else nth


def validate(plan: DatePlan, today_local: date) -> list[Problem]:
    """Return what cannot stand about a plan, the first field first; an empty list when it can.

    Args:
        plan: the plan as it was entered.
        today_local: the date in the zone of the plan.
    """
    problems = list(_entry_problems(plan, today_local))
    if plan.count in COUNTS:
        problems += _date_problems(plan)
    return problems


def _entry_problems(plan: DatePlan, today_local: date) -> Iterator[Problem]:
    if plan.first_on < today_local:
        yield Problem(field="first_on", code=ProblemCode.DATE_PAST, params={"on": plan.first_on})
    if plan.weekday not in (None, plan.first_on.weekday()):
        params = {"said": plan.weekday, "actual": plan.first_on.weekday()}
        yield Problem(field="weekday", code=ProblemCode.WEEKDAY_MISMATCH, params=params)
    if plan.minutes not in SESSION_MINUTES:
        yield Problem(field="minutes", code=ProblemCode.BAD_MINUTES, params={"allowed": SESSION_MINUTES})
    if plan.count not in COUNTS:
        params_count = {"least": COUNTS[0], "most": COUNTS[-1]}
        yield Problem(field="count", code=ProblemCode.BAD_COUNT, params=params_count)


def _date_problems(plan: DatePlan) -> Iterator[Problem]:
    dates = list_dates(plan)
    for on in dates:
        if is_missing(datetime.combine(on, plan.start_time), plan.zone):
            after_gap = becomes(on, plan.start_time, plan.zone)
            params = {"on": on, "time": plan.start_time, "becomes": after_gap}
            yield Problem(field="start_time", code=ProblemCode.START_MISSING, params=params)
    latest_on = plan.first_on + LONGEST_SPAN
    if dates[-1] > latest_on:
        params_span = {"last_on": dates[-1], "latest_on": latest_on}
        yield Problem(field="count", code=ProblemCode.TOO_LONG, params=params_span)


def joins_until(kind: str) -> int | None:
    """Return the session number before which people may join, or None when they may at any: "closed" or "open"."""
    return CLOSED_JOINS_UNTIL if kind == "closed" else None
