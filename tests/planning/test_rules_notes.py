"""What a facilitator is told about a date."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from facilitator.planning.rules import DatePlan, Rhythm, occurrences
from facilitator.planning.rules_notes import Busy, NoteCode, SensitiveDay, Surroundings, order_notes
from facilitator.times import get_zone

LONDON, NEW_YORK = get_zone("Europe/London"), get_zone("America/New_York")
PLAN = DatePlan(first_on=date(2027, 2, 22), start_time=time(19), zone=LONDON, minutes=90, rhythm=Rhythm.WEEKLY, count=7)
QUIET = Surroundings(sensitive=())


def notes_by_date(plan, around=QUIET):
    return {
        session.on: [(note.code, dict(note.params)) for note in session.notes]
        for session in occurrences(plan, around)
        if session.notes
    }


@pytest.mark.parametrize(
    ("first_on", "on", "code", "changed_on"),
    [
        (date(2027, 3, 22), date(2027, 3, 29), NoteCode.CLOCK_FORWARD, date(2027, 3, 28)),
        (date(2027, 10, 25), date(2027, 11, 1), NoteCode.CLOCK_BACK, date(2027, 10, 31)),
    ],
)
def test_the_first_session_after_a_clock_change_says_so(first_on, on, code, changed_on):
    assert notes_by_date(replace(PLAN, first_on=first_on, count=4)) == {
        on: [(code, {"on": changed_on, "by": timedelta(hours=1), "zone": "Europe/London", "city": "London"})]
    }


def test_a_session_on_the_day_of_the_change_says_so_too():
    assert list(notes_by_date(replace(PLAN, first_on=date(2027, 3, 21), count=3))) == [date(2027, 3, 28)]


def test_both_changes_are_told_when_a_gap_spans_them():
    plan = replace(PLAN, first_on=date(2027, 2, 1), rhythm=Rhythm.MONTHLY, count=2)
    skip = frozenset(date(2027, 2, 2) + timedelta(days=day) for day in range(300))
    (codes,) = notes_by_date(replace(plan, skip_on=skip)).values()
    assert [code for code, _ in codes] == [NoteCode.CLOCK_FORWARD, NoteCode.CLOCK_BACK]


def test_a_zone_without_clock_changes_has_nothing_to_tell():
    assert notes_by_date(replace(PLAN, zone=get_zone("Asia/Tokyo"), count=40)) == {}


def test_people_far_away_are_told_when_their_time_of_day_differs():
    notes = notes_by_date(PLAN, replace(QUIET, zones=frozenset({NEW_YORK, LONDON, get_zone("Europe/Lisbon")})))
    far = {on: params for on, found in notes.items() for code, params in found if code is NoteCode.FAR_CLOCK}
    assert far == {
        date(2027, 3, 15): {
            "zone": "America/New_York",
            "city": "New York",
            "time": time(15),
            "before": time(14),
            "dates": (date(2027, 3, 15), date(2027, 3, 22)),
            "changes": ({"on": date(2027, 3, 14), "zone": "America/New_York", "city": "New York"},),
        },
        date(2027, 3, 29): {
            "zone": "America/New_York",
            "city": "New York",
            "time": time(14),
            "before": time(15),
            "dates": (date(2027, 3, 29), date(2027, 4, 5)),
            "changes": ({"on": date(2027, 3, 28), "zone": "Europe/London", "city": "London"},),
        },
    }


def test_several_far_zones_come_in_the_order_of_their_names():
    zones = frozenset(map(get_zone, ("Asia/Tokyo", "America/New_York", "Asia/Dubai")))
    notes = notes_by_date(replace(PLAN, first_on=date(2027, 3, 22), count=2), replace(QUIET, zones=zones))
    (found,) = notes.values()
    assert [params["city"] for _, params in found] == ["London", "New York", "Dubai", "Tokyo"]


def test_a_start_that_the_clocks_skip_says_what_it_becomes():
    plan = replace(PLAN, first_on=date(2027, 3, 28), start_time=time(1, 30), count=1)
    assert notes_by_date(plan) == {
        date(2027, 3, 28): [(NoteCode.START_MISSING, {"time": time(1, 30), "becomes": time(2, 30)})]
    }


def test_the_zone_of_the_group_is_never_a_far_one():
    plan = replace(PLAN, first_on=date(2027, 3, 21), start_time=time(1, 30), count=2)
    (found,) = notes_by_date(plan, replace(QUIET, zones=frozenset({LONDON}))).values()
    assert [code for code, _ in found] == [NoteCode.CLOCK_FORWARD, NoteCode.START_MISSING]


def test_a_start_that_comes_twice_says_which_is_meant():
    plan = replace(PLAN, first_on=date(2027, 10, 31), start_time=time(1, 30), count=1)
    assert notes_by_date(plan) == {
        date(2027, 10, 31): [(NoteCode.START_AMBIGUOUS, {"time": time(1, 30), "abbreviation": "BST"})]
    }


@pytest.mark.parametrize(
    ("on", "name"),
    [
        ("2026-12-23", None),
        ("2026-12-24", "christmas_eve"),
        ("2026-12-25", "christmas_day"),
        ("2026-12-26", "day_after_christmas"),
        ("2026-12-27", None),
        ("2026-12-31", "new_years_eve"),
        ("2027-01-01", "new_years_day"),
        ("2027-02-12", None),
        ("2027-02-13", "valentines_eve"),
        ("2027-02-14", "valentines_day"),
        ("2027-02-15", "day_after_valentines"),
        ("2027-02-16", None),
    ],
)
def test_hard_days_of_the_year_are_pointed_out_in_any_year(on, name):
    (session,) = occurrences(replace(PLAN, first_on=date.fromisoformat(on), count=1))
    assert [note.params["name"] for note in session.notes] == ([name] if name else [])


def test_the_list_of_hard_days_is_the_callers():
    around = Surroundings(sensitive=(SensitiveDay(month=2, day=22, name="own"),))
    assert notes_by_date(replace(PLAN, count=1), around) == {date(2027, 2, 22): [(NoteCode.SENSITIVE, {"name": "own"})]}


def test_a_public_holiday_that_is_kept_is_named():
    around = replace(QUIET, holidays={date(2027, 3, 1): "St David’s Day", date(2027, 3, 2): "not ours"})
    assert notes_by_date(replace(PLAN, count=2), around) == {
        date(2027, 3, 1): [(NoteCode.PUBLIC_HOLIDAY, {"name": "St David’s Day"})]
    }


@pytest.mark.parametrize(
    ("starts", "ends", "overlaps"),
    [
        ("18:00", "19:00", False),
        ("18:00", "19:01", True),
        ("19:30", "20:00", True),
        ("20:29", "22:00", True),
        ("20:30", "22:00", False),
        ("18:00", "22:00", True),
    ],
)
def test_what_is_taken_already_is_named_unless_it_only_touches(starts, ends, overlaps):
    at = [datetime.fromisoformat(f"2027-02-22T{text}").replace(tzinfo=UTC) for text in (starts, ends)]
    busy = Busy(starts_at=at[0], ends_at=at[1], label="Thursday Circle")
    notes = notes_by_date(PLAN, replace(QUIET, busy=(busy,)))
    expected = (NoteCode.OVERLAP, {"label": "Thursday Circle", "starts_at": at[0], "ends_at": at[1]})
    assert notes.get(date(2027, 2, 22), []) == ([expected] if overlaps else [])


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((1, 2, 3, 4), {}),
        ((), {}),
        ((2, 4, 7), {}),
        ((1, 3, 4, 2), {2: [("after_later", 4)], 3: [("before_earlier", 2)], 4: [("before_earlier", 2)]}),
        ((3, 1, 2), {1: [("after_later", 3)], 2: [("after_later", 3)], 3: [("before_earlier", 1)]}),
    ],
)
def test_a_session_that_stands_where_its_number_does_not_belong_says_so(numbers, told):
    found = {number: [(n.code, n.params["other"]) for n in notes] for number, notes in order_notes(numbers).items()}
    assert {number: notes for number, notes in found.items() if notes} == told
    assert set(found) == set(numbers)
