"""Calendar files (RFC 5545): what a facilitator or a participant may subscribe to.

One event stands for one session, published and never requested: an answer to an invitation would be an attendance
list in somebody's mailbox, so there is no attendee and no organizer. A file says nothing about a group unless told.
This module must never read the clock or decide who may see what.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vText

from facilitator.times import clock_changes, to_local, utc_offset, zone_abbreviation

PRODUCT = "-//Calendar//1.0//EN"  # says nothing about what the calendar is for
REFRESH = timedelta(hours=4)
ALARMS = {"60": timedelta(hours=1), "1440": timedelta(days=1)}  # before the start, by the minutes in an address


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """One session as a calendar shows it.

    `uid` never changes; `sequence` rises with every change of time or place and with cancelling. `alarm` is how long
    before the start the calendar reminds, in its own words, or None for not at all.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    title: str = "Appointment"
    cancelled: bool = False
    location: str = ""
    description: str = ""
    alarm: timedelta | None = None
    alarm_words: str = "Appointment"


def find_alarm(minutes: str) -> timedelta | None:
    """Return how long before the start a calendar is to remind, or None for any other answer."""
    return ALARMS.get(minutes)


def calendar_bytes(
    entries: Sequence[CalendarEntry], name: str, now: datetime, cancelled_prefix: str = "Cancelled: "
) -> bytes:
    """Return the calendar file of these entries, in UTF-8 with folded lines and CRLF.

    Args:
        entries: cancelled ones too, as a feed that forgets them leaves them standing in some calendars.
        name: what the calendar is called, in neutral words.
        now: stamped on every event (RFC 5545 §3.8.7.2).
        cancelled_prefix: in the reader's language; some calendars show a title and no status.
    """
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", vText(name))  # icalendar escapes no X- property by itself
    calendar.add("REFRESH-INTERVAL", REFRESH, {"VALUE": "DURATION"})
    for part in (*_zones(entries), *(_event(entry, now, cancelled_prefix) for entry in entries)):
        calendar.add_component(part)
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry, now: datetime, cancelled_prefix: str) -> Event:
    event = Event()
    event.add("UID", entry.uid)
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("DTSTART", entry.starts_at.astimezone(entry.zone))
    event.add("DTEND", entry.ends_at.astimezone(entry.zone))
    event.add("SUMMARY", (cancelled_prefix if entry.cancelled else "") + entry.title)
    event.add("STATUS", "CANCELLED" if entry.cancelled else "CONFIRMED")
    if entry.location:
        event.add("LOCATION", entry.location)
    if entry.description:
        event.add("DESCRIPTION", entry.description)
    if entry.alarm is not None and not entry.cancelled:
        event.add_component(_alarm(entry.alarm, entry.alarm_words))
    return event


def _alarm(before: timedelta, words: str) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("TRIGGER", -before)
    alarm.add("DESCRIPTION", words)
    return alarm


def _zones(entries: Sequence[CalendarEntry]) -> Iterator[Timezone]:
    """Yield the definition of every zone in use, by name, for the time that its entries span."""
    by_name = sorted(entries, key=lambda entry: entry.zone.key)
    for _, found in groupby(by_name, key=lambda entry: entry.zone.key):
        used = list(found)
        yield _zone(used[0].zone, min(e.starts_at for e in used), max(e.ends_at for e in used))


def _zone(zone: ZoneInfo, first_at: datetime, last_at: datetime) -> Timezone:
    """Return a VTIMEZONE with one observance for each stretch of time (RFC 5545 §3.6.5).

    icalendar 7.3 can make these itself but begins summer time an hour late.
    """
    definition = Timezone()
    definition.add("TZID", zone.key)
    # a day earlier, so that a change on the very morning of the first entry is spelt out
    onset = first_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    definition.add_component(_observance(zone, onset, utc_offset(onset, zone)))
    for change in clock_changes(zone, onset, last_at):
        definition.add_component(_observance(zone, change.at, utc_offset(change.at - timedelta(seconds=1), zone)))
    return definition


def _observance(zone: ZoneInfo, onset: datetime, offset_from: timedelta) -> TimezoneStandard | TimezoneDaylight:
    part = TimezoneDaylight() if onset.astimezone(zone).dst() else TimezoneStandard()
    part.add("DTSTART", to_local(onset, zone) - utc_offset(onset, zone) + offset_from)
    part.add("TZOFFSETFROM", offset_from)
    part.add("TZOFFSETTO", utc_offset(onset, zone))
    part.add("TZNAME", zone_abbreviation(onset, zone))
    return part
