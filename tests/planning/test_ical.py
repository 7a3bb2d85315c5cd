"""Calendar files: read back with icalendar, compared with a golden file, and silent about people."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from facilitator.planning.ical import CalendarEntry, calendar_bytes, find_alarm
from facilitator.planning.rules_slots import slot_at
from facilitator.times import get_zone, is_ambiguous, is_missing

GOLDEN = Path(__file__).parents[1] / "goldens" / "calendar.ics"
BERLIN, LORD_HOWE = get_zone("Europe/Berlin"), get_zone("Australia/Lord_Howe")
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def entry(uid="a", on=date(2027, 3, 22), zone=BERLIN, start_time=time(18, 30), **changes):
    slot = slot_at(on, start_time, zone, 90)
    return CalendarEntry(
        **{"uid": uid, "sequence": 0, "starts_at": slot.starts_at, "ends_at": slot.ends_at, "zone": zone, **changes}
    )


def events(raw):
    return Calendar.from_ical(raw).walk("VEVENT")


SERIES = [
    entry("session-1"),
    entry("session-2", on=date(2027, 3, 29), sequence=2, location="Room 4, second floor; ring twice"),
    entry("session-3", on=date(2027, 4, 5), sequence=3, cancelled=True),
    entry(
        "session-4",
        on=date(2027, 4, 12),
        title="Treffen für alle, die mögen; auch später, am Abend, bei größerer Kälte drinnen",
    ),
    entry("session-5", on=date(2027, 4, 5), zone=LORD_HOWE, description="First line\nSecond line"),
]


def test_a_calendar_file_is_the_golden_one():
    assert calendar_bytes(SERIES, "Calendar", NOW) == GOLDEN.read_bytes()


def test_lines_end_with_crlf_and_are_folded_at_75_octets():
    raw = calendar_bytes(SERIES, "Calendar", NOW)
    lines = raw.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 75


def test_a_calendar_is_published_and_names_nobody():
    raw = calendar_bytes(SERIES, "Calendar", NOW)
    calendar = Calendar.from_ical(raw)
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["VERSION"] == "2.0"
    for word in (b"ATTENDEE", b"ORGANIZER", b"RSVP", b"PARTSTAT", b"REQUEST", b"RRULE", b"VALARM", b"mailto"):
        assert word not in raw
    assert b"acilitator" not in raw
    assert b"group" not in raw.lower()


def test_an_event_says_no_more_than_it_was_given():
    (event,) = events(calendar_bytes([entry()], "Calendar", NOW))
    assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"}
    assert event["SUMMARY"] == "Appointment"


def test_every_session_is_one_event_that_reads_back_as_it_was():
    read = events(calendar_bytes(SERIES, "Calendar", NOW))
    assert [(str(e["UID"]), e["SEQUENCE"]) for e in read] == [(e.uid, e.sequence) for e in SERIES]
    for event, given_entry in zip(read, SERIES, strict=True):
        assert event.start.astimezone(UTC) == given_entry.starts_at
        assert event.end.astimezone(UTC) == given_entry.ends_at
        assert event["DTSTART"].params["TZID"] == given_entry.zone.key
        assert event["DTSTAMP"].dt == NOW
    assert str(read[1]["LOCATION"]) == "Room 4, second floor; ring twice"
    assert str(read[4]["DESCRIPTION"]) == "First line\nSecond line"


def test_a_moved_session_keeps_its_uid_and_raises_its_sequence():
    before, after = entry(), entry(on=date(2027, 4, 1), sequence=1)
    (old,), (new,) = (events(calendar_bytes([each], "Calendar", NOW)) for each in (before, after))
    assert old["UID"] == new["UID"]
    assert new["SEQUENCE"] == old["SEQUENCE"] + 1
    assert new.start.time() == old.start.time() == time(18, 30)


def test_a_cancelled_session_stays_and_says_so_twice():
    raw = calendar_bytes([entry(cancelled=True, title="Termin")], "Kalender", NOW, cancelled_prefix="Abgesagt: ")
    (event,) = events(raw)
    assert (event["STATUS"], event["SUMMARY"]) == ("CANCELLED", "Abgesagt: Termin")
    (standing,) = events(calendar_bytes([entry()], "Calendar", NOW))
    assert (standing["STATUS"], standing["SUMMARY"]) == ("CONFIRMED", "Appointment")


def test_words_cannot_break_out_of_their_line():
    raw = calendar_bytes([entry(title="a\r\nATTENDEE:mailto:x@example.org")], "b\r\nMETHOD:REQUEST", NOW)
    assert b"\r\nATTENDEE" not in raw
    assert b"\r\nMETHOD:REQUEST" not in raw
    assert b"X-WR-CALNAME:Here\\, there\\; now\r\n" in calendar_bytes([], "Here, there; now", NOW)


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC"])
def test_a_session_in_utc_reads_back_at_its_instant(name):
    given_entry = entry(zone=get_zone(name))
    (event,) = events(calendar_bytes([given_entry], "Calendar", NOW))
    assert event.start.astimezone(UTC) == given_entry.starts_at


@pytest.mark.parametrize(
    ("asked", "before"),
    [("60", timedelta(hours=1)), ("1440", timedelta(days=1)), ("", None), ("0", None), ("61", None), ("-60", None)],
)
def test_a_calendar_reminds_an_hour_or_a_day_before_or_not_at_all(asked, before):
    assert find_alarm(asked) == before
    (event,) = events(calendar_bytes([entry(title="Secret", alarm=find_alarm(asked))], "Calendar", NOW))
    alarms = [(part["ACTION"], part["TRIGGER"].dt, part["DESCRIPTION"]) for part in event.walk("VALARM")]
    assert alarms == ([("DISPLAY", -before, "Appointment")] if before else [])
    assert all(set(part) == {"ACTION", "TRIGGER", "DESCRIPTION"} for part in event.walk("VALARM"))


def test_a_cancelled_session_reminds_nobody():
    raw = calendar_bytes([entry(cancelled=True, alarm=timedelta(hours=1))], "Calendar", NOW)
    assert b"VALARM" not in raw


def test_no_sessions_are_still_a_calendar():
    assert Calendar.from_ical(calendar_bytes([], "Calendar", NOW))["METHOD"] == "PUBLISH"


def test_the_definition_of_a_zone_begins_summer_time_at_its_true_minute():
    raw = calendar_bytes(SERIES[:2], "Calendar", NOW).decode()
    daylight = raw.split("BEGIN:DAYLIGHT\r\n")[1].split("END:DAYLIGHT")[0].split("\r\n")
    assert "DTSTART:20270328T020000" in daylight
    assert "TZOFFSETFROM:+0100" in daylight
    assert "TZOFFSETTO:+0200" in daylight


def test_each_zone_is_defined_once():
    raw = calendar_bytes([entry(), entry(zone=LORD_HOWE), entry(on=date(2027, 4, 5))], "Calendar", NOW)
    assert [str(part["TZID"]) for part in Calendar.from_ical(raw).walk("VTIMEZONE")] == [LORD_HOWE.key, BERLIN.key]


def offset_by_definition(raw, local):
    """Work out the UTC offset of a local time from the VTIMEZONE alone, as a calendar without zone tables does."""
    (definition,) = Calendar.from_ical(raw).walk("VTIMEZONE")
    begun = [part for part in definition.subcomponents if part["DTSTART"].dt <= local]
    return max(begun, key=lambda part: part["DTSTART"].dt)["TZOFFSETTO"].td


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Tokyo"]),
    st.lists(
        st.datetimes(datetime.fromisoformat("2027-01-01"), datetime.fromisoformat("2028-12-31")).map(
            lambda moment: moment.replace(second=0, microsecond=0)
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_a_calendar_without_zone_tables_comes_to_the_same_instants(name, starts):
    zone = get_zone(name)
    sure = [local for local in starts if not is_missing(local, zone) and not is_ambiguous(local, zone)]
    entries = [entry(str(i), on=s.date(), start_time=s.time(), zone=zone) for i, s in enumerate(sure)]
    raw = calendar_bytes(entries, "Calendar", NOW)
    for local, given_entry in zip(sure, entries, strict=True):
        assert (local - offset_by_definition(raw, local)).replace(tzinfo=UTC) == given_entry.starts_at
