"""Wall clocks, zones and instants: the one place that turns what people say into UTC and back.

Local times are naive and belong to a named zone; instants are aware and in UTC. Date arithmetic is done on local
dates first and the zone is applied afterwards, so that 18:30 stays 18:30 across a clock change.
This module must never read the clock and never store an offset in place of a zone.
"""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

from facilitator.errors import Invalid

# Zone rules come from the locked tzdata package alone. An operating system may carry rules that are years older:
# with Debian's 2025b, seven zones (Vancouver and Edmonton among them) are an hour off within the next three years.
zoneinfo.reset_tzpath(())
ZoneInfo.clear_cache()

_SCAN = timedelta(days=1)  # no zone changes its clocks twice within a day
_HORIZON = timedelta(days=400)  # a zone that keeps summer time changes at least once in this span
_WALL_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?::00)?")  # a browser may add ":00"
_YEARS = range(2000, 2200)  # keeps all later arithmetic far from the ends of the calendar


class Direction(StrEnum):
    """Which way the clocks go."""

    FORWARD = "forward"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """A change of the clocks in one zone: at an instant, on a local date, by a positive duration."""

    at: datetime
    on: date
    direction: Direction
    by: timedelta


def get_zone(name: str, field: str = "zone") -> ZoneInfo:
    """Return the zone with this IANA name.

    Raises:
        Invalid: when the name is unknown or is only a stand-in for the machine's own zone.
    """
    if name not in _known_names():
        raise Invalid("Choose a time zone from the list, for example Europe/London.", field=field)
    return ZoneInfo(name)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def rules_version() -> str:
    """Return which edition of the zone rules is in use."""
    return metadata.version("tzdata")


@cache
def list_zones() -> tuple[str, ...]:
    """Return the names to choose from, sorted: one for each place in the IANA table, without older aliases."""
    return tuple(sorted(_countries()))


def zone_country(name: str) -> str:
    """Return the country that a zone lies in (ISO 3166-1 alpha-2), or nothing for a clock of no country, as UTC is."""
    return _countries().get(name) or _countries().get(_older_names().get(name, ""), "")


def find_only_zone(country: str) -> str:
    """Return the zone of a country that has a single one, or nothing."""
    zones = [name for name, code in _countries().items() if code == country]
    return zones[0] if len(zones) == 1 else ""


@cache
def list_countries() -> frozenset[str]:
    """Return every country that has a zone."""
    return frozenset(_countries().values())


@cache
def _countries() -> dict[str, str]:
    rows = (line.split("\t") for line in _read("zone.tab") if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


@cache
def _older_names() -> dict[str, str]:
    """Return the name in use of each older one; the table writes them as "L Asia/Kolkata Asia/Calcutta"."""
    return {row[2]: row[1] for row in map(str.split, _read("tzdata.zi")) if row[0] == "L"}


def _read(file: str) -> list[str]:
    return (resources.files("tzdata") / "zoneinfo" / file).read_text("utf-8").splitlines()


def zone_city(name: str) -> str:
    """Return the city of a zone name: "London" for Europe/London."""
    return name.rsplit("/", 1)[-1].replace("_", " ")


def to_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a naive local time.

    An ambiguous time is its first occurrence; a missing one takes the offset before the gap, so 02:30 becomes
    03:30 (RFC 5545 §3.3.5). In `zoneinfo` both are what fold=0 means.
    """
    return _at(local, zone, fold=0)


def _at(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    if local.tzinfo is not None:
        raise TypeError("a local time carries no zone of its own")
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what a wall clock in the zone shows at an instant, as a naive local time."""
    if instant.tzinfo is None:
        raise TypeError("an instant is aware")
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def is_missing(local: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clocks of the zone skip this local time."""
    return to_local(to_instant(local, zone), zone) != local.replace(fold=0)


def is_ambiguous(local: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clocks of the zone show this local time twice."""
    return _at(local, zone, fold=0) < _at(local, zone, fold=1)


def utc_offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Return how far the zone is ahead of UTC at an instant; negative to the west."""
    return to_local(instant, zone) - instant.astimezone(UTC).replace(tzinfo=None)


def zone_abbreviation(instant: datetime, zone: ZoneInfo) -> str:
    """Return the short name of the time in use, such as "BST", or "UTC+4" where a zone has only a number."""
    name = instant.astimezone(zone).tzname() or "UTC"
    if name[0] not in "+-":
        return name
    hours, minutes = int(name[1:3]), name[3:5]
    return f"UTC{name[0]}{hours}" + (f":{minutes}" if minutes else "")


def clock_changes(zone: ZoneInfo, after: datetime, until: datetime) -> tuple[ClockChange, ...]:
    """Return the changes of the clocks in `(after, until]`, in order."""
    found: list[ClockChange] = []
    start = after
    while start < until:
        end = min(start + _SCAN, until)
        if utc_offset(start, zone) != utc_offset(end, zone):
            found.append(_change_between(zone, start, end))
        start = end
    return tuple(found)


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> ClockChange:
    old, new = utc_offset(before, zone), utc_offset(after, zone)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if utc_offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    # halving stops within a second above the change, and changes fall on whole seconds
    at = after.replace(microsecond=0)
    direction = Direction.FORWARD if new > old else Direction.BACK
    return ClockChange(at=at, on=(at + old).date(), direction=direction, by=abs(new - old))


def next_clock_change(zone: ZoneInfo, after: datetime) -> ClockChange | None:
    """Return the next change of the clocks after an instant, or None where the zone keeps one time."""
    changes = clock_changes(zone, after, after + _HORIZON)
    return changes[0] if changes else None


def parse_wall_time(text: str, field: str = "start_time") -> time:
    """Return the wall-clock time written as "18:30" or "18.30".

    Raises:
        Invalid: when it is not a time of day on the 24-hour clock.
    """
    match = _WALL_TIME.fullmatch(text.strip())
    if match is None:
        raise Invalid("Enter a time on the 24-hour clock, for example 18:30.", field=field)
    return time(int(match[1]), int(match[2]))


def day_of(day: str, month: str, year: str, field: str = "on") -> date:
    """Return the date typed into three fields.

    Raises:
        Invalid: when there is no such day, or its year is not one that is planned for.
    """
    try:
        on = date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        raise Invalid("Enter a real date, for example 11 1 2027.", field=field) from None
    if on.year not in _YEARS:
        raise Invalid("Enter a year from {first} to {last}.", field=field, first=_YEARS[0], last=_YEARS[-1])
    return on


def inside_quiet(local_time: time, quiet_from: time, quiet_to: time) -> bool:
    """Say whether a wall time lies in `[quiet_from, quiet_to)`; equal ends mean no quiet hours."""
    if quiet_from <= quiet_to:
        return quiet_from <= local_time < quiet_to
    return local_time >= quiet_from or local_time < quiet_to


def end_of_quiet(instant: datetime, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> datetime:
    """Return the first instant at or after this one that is outside quiet hours in the zone."""
    local = to_local(instant, zone)
    if not inside_quiet(local.time(), quiet_from, quiet_to):
        return instant
    return min(at for days in (0, 1) for at in _reaches(local.date(), days, quiet_to, zone) if at > instant)


def start_of_quiet_before(instant: datetime, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> datetime:
    """Return when the quiet hours around an instant began, or the instant itself when it is outside them.

    The result is the first quiet instant: what is to go out before quiet hours goes out before it.
    """
    local = to_local(instant, zone)
    if not inside_quiet(local.time(), quiet_from, quiet_to):
        return instant
    return max(at for days in (-1, 0) for at in _reaches(local.date(), days, quiet_from, zone) if at <= instant)


def _reaches(on: date, days: int, wall: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants at which the clock comes to a wall time: twice when repeated, at the jump when skipped."""
    local = datetime.combine(on + timedelta(days=days), wall)
    first, second = _at(local, zone, fold=0), _at(local, zone, fold=1)
    if is_missing(local, zone):
        return tuple(change.at for change in clock_changes(zone, second, first))
    return (first, second)
