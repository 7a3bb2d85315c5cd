"""What an entry has to keep to before it is written or taken out of use."""

from dataclasses import replace
from datetime import date

import pytest

from facilitator.curriculum.pathways import AgendaSegment
from facilitator.curriculum.rules import EntryKind, ExerciseUse
from facilitator.curriculum.service import catalogue
from facilitator.curriculum.shelves import SINGLE_SCRIPTS, list_shelves, read_entry, write_entry
from facilitator.errors import Invalid
from facilitator.library.editing import (
    ADDABLE,
    LEAST_EXERCISES,
    Fault,
    FaultCode,
    begin_table,
    choose_slug,
    find_hold,
    finish_table,
    list_faults,
    propose_slug,
)

TODAY = date(2026, 11, 23)
CONTENT = catalogue()
CLOSED_90 = (EntryKind.AGENDA, "closed-90")
FOUR_EDGES = (EntryKind.EXERCISE, "gr1-four-edges")
LAST_RESORT = (EntryKind.HELP_LINE, "int-findahelpline")
CHECKED = {"last_verified_on": "2026-11-20", "verified_by_role": "duty facilitator"}


def table_of(slot, **values):
    return {**write_entry(list_shelves(CONTENT)[slot]), **values}


def minutes(**changes):
    """The 90 minutes of a closed group, with other minutes for some kinds of part."""
    table = table_of(CLOSED_90)
    rows = [{**row, "minutes": changes.get(row["kind"], row["minutes"])} for row in table["segment"]]
    return finish_table(CLOSED_90, {**table, "segment": rows})


def codes(found):
    return [(fault.code, fault.about) for fault in found]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"explore_a": 16, "explore_b": 14}, []),
        ({"welcome": 4}, [("sum", "segment_0_minutes")]),
        ({"welcome": 2}, [("sum", "segment_0_minutes")]),
        ({"ground_close": 1, "explore_a": 18}, [("no_exercise_fits", "segment_10_minutes")]),
        ({"ground_open": 1, "explore_a": 17}, [("no_exercise_fits", "segment_2_minutes")]),
        ({"checkout": 3, "explore_a": 19}, [("reserved", "segment_9_reserved_minutes")]),
    ],
)
def test_the_minutes_of_an_agenda_add_up_and_leave_room_for_grounding(changes, found):
    assert codes(list_faults(CLOSED_90, table_of(CLOSED_90), minutes(**changes), CONTENT, TODAY)) == found


def test_the_sum_is_said_with_both_figures():
    [fault] = list_faults(CLOSED_90, table_of(CLOSED_90), minutes(welcome=5), CONTENT, TODAY)
    assert fault.params == {"total": 92, "minutes": 90}


def test_parts_begin_where_the_one_before_ends():
    starts = [row["starts_at"] for row in minutes(welcome=10, agreements=7)["segment"]]
    assert starts[:4] == [0, 10, 17, 21]
    read: list[AgendaSegment] = list(read_entry(CLOSED_90, minutes(explore_a=16, explore_b=14), 2).segments)
    assert read[-1].start_minute + read[-1].minutes == 90


NEW_LINE = {**begin_table(EntryKind.HELP_LINE, CONTENT), "phone": "", "text": "", "url": "", "source_url": ""}
NEW_LINE |= {"last_verified_on": "", "verified_by_role": "", "verification_note": ""}
SHOWN = {**NEW_LINE, **CHECKED, "phone": "112", "active": True}
SHIPPED_SHOWN = {**NEW_LINE, "phone": "911", "active": True}


@pytest.mark.parametrize(
    ("before", "changes", "found"),
    [
        (NEW_LINE, {"phone": "112"}, []),
        (NEW_LINE, {"phone": "112", "active": True}, ["no_check_day", "no_check_role"]),
        (NEW_LINE, {"phone": "112", "active": True, **CHECKED}, []),
        (NEW_LINE, {"phone": "112", "active": True, **CHECKED, "verified_by_role": ""}, ["no_check_role"]),
        (NEW_LINE, {"phone": "112", "active": True, **CHECKED, "last_verified_on": ""}, ["no_check_day"]),
        (NEW_LINE, {"active": True, **CHECKED}, ["no_contact"]),
        (NEW_LINE, {"phone": "112", **CHECKED, "last_verified_on": "2026-11-24"}, ["day_ahead"]),
        (NEW_LINE, {"phone": "112", **CHECKED, "verified_by_role": ""}, ["no_check_role"]),
        (NEW_LINE, {"url": "javascript:alert(1)"}, ["address"]),
        (NEW_LINE, {"source_url": "www.example.org"}, ["address"]),
        # what is shown may be said otherwise, but other digits need another check
        (SHIPPED_SHOWN, {"hours": "all night"}, []),
        (SHIPPED_SHOWN, {"phone": "912"}, ["no_check_day", "no_check_role"]),
        (SHOWN, {"phone": "113"}, ["check_outdated"]),
        (SHOWN, {"phone": "113", "last_verified_on": "2026-11-22"}, []),
        ({**SHOWN, "last_verified_on": "2026-11-23"}, {"phone": "113"}, []),
        (SHOWN, {"active": False}, []),
    ],
)
def test_a_help_line_is_shown_once_somebody_of_a_role_has_checked_these_digits(before, changes, found):
    slot = (EntryKind.HELP_LINE, "new-line")
    assert [fault.code for fault in list_faults(slot, before, {**before, **changes}, CONTENT, TODAY)] == found


@pytest.mark.parametrize("changes", [{"active": False}, {"country": "GB"}, {"kind": "emergency"}])
def test_the_last_line_for_any_country_stays(changes):
    before = table_of(LAST_RESORT)
    assert "last_line" in [f.code for f in list_faults(LAST_RESORT, before, {**before, **changes}, CONTENT, TODAY)]
    assert find_hold(LAST_RESORT, CONTENT).code is FaultCode.LAST_LINE
    assert find_hold((EntryKind.HELP_LINE, "us-988"), CONTENT) is None


def test_enough_exercises_stay_for_each_end_of_a_session():
    ends = [e for e in CONTENT.exercises if e.use in (ExerciseUse.CLOSE, ExerciseUse.EITHER)]
    few = replace(CONTENT, exercises=tuple(replace(e, use=ExerciseUse.CLOSE) for e in ends[:LEAST_EXERCISES]))
    slot = (EntryKind.EXERCISE, ends[0].id)
    table = write_entry(replace(ends[0], use=ExerciseUse.OPEN))
    assert find_hold(slot, few) == Fault(code=FaultCode.TOO_FEW_EXERCISES, params={"least": LEAST_EXERCISES})
    assert codes(list_faults(slot, table, table, few, TODAY)) == [("too_few_exercises", "use")]
    assert find_hold(FOUR_EDGES, CONTENT) is None


@pytest.mark.parametrize("slot", [CLOSED_90, *((EntryKind.SCRIPT, name) for name in SINGLE_SCRIPTS)])
def test_what_pages_need_cannot_be_taken_out_of_use(slot):
    assert find_hold(slot, CONTENT).code is FaultCode.NEEDED_BY_PAGES


@pytest.mark.parametrize("slot", [(EntryKind.SCRIPT, "pause"), (EntryKind.AGREEMENT, "ag-01-confidence")])
def test_what_pages_can_do_without_can_be_taken_out_of_use(slot):
    assert find_hold(slot, CONTENT) is None


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Four edges", "four-edges"),
        ("  Ñandú & Café! ", "nandu-cafe"),
        ("!!!", "exercise"),
        ("x" * 100, "x" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_a_slug_is_made_from_the_name(name, slug):
    assert propose_slug(name, EntryKind.EXERCISE) == slug


@pytest.mark.parametrize(
    ("wanted", "name", "chosen"),
    [
        ("", "Rest", "rest-3"),
        ("", "New", "new-2"),
        ("", "Crisis card", "crisis-card"),
        ("quiet", "Rest", "quiet"),
        ("rest", "Rest", "slug_taken"),
        ("new", "Rest", "slug_taken"),
        ("crisis_card", "Rest", "slug_shape"),
        ("No Good", "Rest", "slug_shape"),
        ("-a", "Rest", "slug_shape"),
        ("a/b", "Rest", "slug_shape"),
    ],
)
def test_a_slug_is_free_and_fits_into_an_address(wanted, name, chosen):
    found = choose_slug(wanted, name, EntryKind.SCRIPT, {"rest", "rest-2"})
    assert (found.code if isinstance(found, Fault) else found) == chosen


@pytest.mark.parametrize("kind", sorted(ADDABLE))
def test_a_new_entry_begins_with_what_nobody_is_asked(kind):
    assert set(begin_table(kind, CONTENT)) <= set(table_of(next(s for s in list_shelves(CONTENT) if s[0] is kind)))


def test_a_help_line_from_any_source_leads_to_the_web_alone():
    slot = (EntryKind.HELP_LINE, "us-988")
    with pytest.raises(Invalid, match="url does not begin with https://"):
        read_entry(slot, table_of(slot, url="javascript:alert(1)"), 1)
