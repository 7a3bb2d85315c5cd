"""What a facilitator may want to know about a date before settling on it.

Notes are codes and parameters; pages turn them into sentences. They advise and never refuse.
This module must never know the database; whatever surrounds a series is handed in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from facilitator.planning.rules_slots import Slot, becomes
from facilitator.times import Direction, clock_changes, is_ambiguous, is_missing, to_local, zone_city


class NoteCode(StrEnum):
    """What a note is about; the names of its parameters stand behind each."""

    CLOCK_FORWARD = "clock_forward"  # on, by (timedelta), zone, city
    CLOCK_BACK = "clock_back"  # on, by (timedelta), zone, city
    START_MISSING = "start_missing"  # time, becomes
    START_AMBIGUOUS = "start_ambiguous"  # time, abbreviation: the first of the two
    FAR_CLOCK = "far_clock"  # zone, city, time, before, dates (those in a row with this time), changes (on, zone, city)
    SENSITIVE = "sensitive"  # name: a SensitiveDay name
    PUBLIC_HOLIDAY = "public_holiday"  # name
    OVERLAP = "overlap"  # label, starts_at, ends_at
    AFTER_LATER = "after_later"  # number, other: a session that counts higher is before it
    BEFORE_EARLIER = "before_earlier"  # number, other: a session that counts lower is after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One remark on one date: a code and its parameters."""

    code: NoteCode
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveDay:
    """A day of the year that is hard for many people, under a code name."""

    month: int
    day: int
    name: str


SENSITIVE_DAYS = tuple(
    SensitiveDay(month=month, day=day, name=name)
    for month, day, name in (
        (12, 24, "christmas_eve"),
        (12, 25, "christmas_day"),
        (12, 26, "day_after_christmas"),
        (12, 31, "new_years_eve"),
        (1, 1, "new_years_day"),
        (2, 13, "valentines_eve"),
        (2, 14, "valentines_day"),
        (2, 15, "day_after_valentines"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A span of time that is taken already, under a label that the reader may see."""

    starts_at: datetime
    ends_at: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lies around a series: where people are, which days are marked, and what else is planned."""

    zones: frozenset[ZoneInfo] = frozenset()
    sensitive: tuple[SensitiveDay, ...] = SENSITIVE_DAYS
    holidays: Mapping[date, str] = field(default_factory=dict)
    busy: tuple[Busy, ...] = ()


def list_notes(slots: Sequence[Slot], zone: ZoneInfo, around: Surroundings) -> tuple[tuple[Note, ...], ...]:
    """Return the notes of each slot, in the order of the slots."""
    far = {there: _far_notes(slots, zone, there) for there in sorted(around.zones - {zone}, key=lambda z: z.key)}
    return tuple(
        (
            *(_clock_notes(slots[index - 1], slot, zone) if index else ()),
            *_start_notes(slot, zone),
            *(notes[index] for notes in far.values() if index in notes),
            *_day_notes(slot, around),
            *_overlap_notes(slot, around.busy),
        )
        for index, slot in enumerate(slots)
    )


def order_notes(numbers: Sequence[int]) -> dict[int, tuple[Note, ...]]:
    """Return the notes of each session, by its number, that stands among the others where its number does not belong.

    Args:
        numbers: of the sessions of one series, in time.
    """
    return {number: tuple(_passed(numbers, at)) for at, number in enumerate(numbers)}


def _passed(numbers: Sequence[int], at: int) -> Iterator[Note]:
    number = numbers[at]
    later = [other for other in numbers[:at] if other > number]
    earlier = [other for other in numbers[at + 1 :] if other < number]
    if later:
        yield Note(code=NoteCode.AFTER_LATER, params={"number": number, "other": max(later)})
    if earlier:
        yield Note(code=NoteCode.BEFORE_EARLIER, params={"number": number, "other": min(earlier)})


def _clock_notes(previous: Slot, slot: Slot, zone: ZoneInfo) -> Iterator[Note]:
    for change in clock_changes(zone, previous.starts_at, slot.starts_at):
        code = NoteCode.CLOCK_FORWARD if change.direction is Direction.FORWARD else NoteCode.CLOCK_BACK
        yield Note(code=code, params={"on": change.on, "by": change.by, **_place(zone)})


def _start_notes(slot: Slot, zone: ZoneInfo) -> Iterator[Note]:
    local = datetime.combine(slot.on, slot.start_time)
    if is_missing(local, zone):
        params = {"time": slot.start_time, "becomes": becomes(slot.on, slot.start_time, zone)}
        yield Note(code=NoteCode.START_MISSING, params=params)
    if is_ambiguous(local, zone):
        params_first = {"time": slot.start_time, "abbreviation": slot.abbreviation}
        yield Note(code=NoteCode.START_AMBIGUOUS, params=params_first)


def _far_notes(slots: Sequence[Slot], zone: ZoneInfo, there: ZoneInfo) -> dict[int, Note]:
    """Return a note, by index, wherever the time of day in another zone differs from the session before."""
    readings = [to_local(slot.starts_at, there).time() for slot in slots]
    return {
        index: Note(
            code=NoteCode.FAR_CLOCK,
            params={
                "time": readings[index],
                "before": readings[index - 1],
                "dates": tuple(slot.on for slot in slots[index : _run_end(readings, index)]),
                "changes": _changes_between(slots[index - 1], slots[index], (zone, there)),
                **_place(there),
            },
        )
        for index in range(1, len(slots))
        if readings[index] != readings[index - 1]
    }


def _run_end(readings: Sequence[time], start: int) -> int:
    end = start
    while end < len(readings) and readings[end] == readings[start]:
        end += 1
    return end


def _changes_between(previous: Slot, slot: Slot, zones: Sequence[ZoneInfo]) -> tuple[dict[str, object], ...]:
    return tuple(
        {"on": change.on, **_place(zone)}
        for zone in zones
        for change in clock_changes(zone, previous.starts_at, slot.starts_at)
    )


def _day_notes(slot: Slot, around: Surroundings) -> Iterator[Note]:
    for day in around.sensitive:
        if (day.month, day.day) == (slot.on.month, slot.on.day):
            yield Note(code=NoteCode.SENSITIVE, params={"name": day.name})
    if slot.on in around.holidays:
        yield Note(code=NoteCode.PUBLIC_HOLIDAY, params={"name": around.holidays[slot.on]})


def _overlap_notes(slot: Slot, busy: Sequence[Busy]) -> Iterator[Note]:
    for other in busy:
        if slot.starts_at < other.ends_at and other.starts_at < slot.ends_at:
            params = {"label": other.label, "starts_at": other.starts_at, "ends_at": other.ends_at}
            yield Note(code=NoteCode.OVERLAP, params=params)


def _place(zone: ZoneInfo) -> dict[str, object]:
    return {"zone": zone.key, "city": zone_city(zone.key)}
