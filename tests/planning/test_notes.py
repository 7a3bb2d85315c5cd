"""The note for the next plan: short, without a name of the list, with the plan after it, and gone after 30 days."""

from datetime import timedelta

import pytest

from facilitator.errors import Invalid
from facilitator.groups.people import Entry, add_participants
from facilitator.planning import notes, service
from facilitator.planning.models import GroupSession
from facilitator.planning.session_page import session_page
from tests import evening
from tests.factories import ON_SQLITE
from tests.planning import stage as rows
from tests.planning.pages import path, press, session


@pytest.fixture
def sessions(db, group):
    return rows.in_order(db, rows.make_series(db, group)[0])


def test_a_note_is_kept_as_one_line_of_at_most_200_characters_and_can_be_taken_back(db, sessions):
    notes.keep_note(db, sessions[0], "  More time\r\nfor the pause ")
    assert sessions[0].next_note == "More time for the pause"
    with pytest.raises(Invalid, match="200"):
        notes.keep_note(db, sessions[0], "x" * 201)
    notes.keep_note(db, sessions[0], " ")
    assert sessions[0].next_note == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Ask Pat to begin", True),
        ("ask PAT, gently", True),
        ("Start with a pattern", False),
        ("Jo-Ann spoke", True),
        ("X marks it", False),
        ("", False),
    ],
)
def test_a_name_of_the_list_is_found_as_a_word(db, group, words, found):
    add_participants(
        db, group, [Entry(alias=a, address=f"{n}@example.org") for n, a in enumerate(("Pat", "Jo-Ann", "X"))]
    )
    assert notes.holds_name(db, group.id, words) is found


def test_the_next_plan_shows_the_note_of_the_last_session_that_was_held(db, group, sessions):
    for number, words in enumerate(("first", "second", "third")):
        notes.keep_note(db, sessions[number], words)
    for held in sessions[:2]:
        service.mark_done(db, held)
    shown = [session_page(db, each, group, require_review=False).note for each in sessions[:5]]
    assert shown == ["", "first", "second", "second", "second"]


def test_a_note_is_forgotten_thirty_days_after_its_session(db, sessions):
    for each in sessions[:2]:
        notes.keep_note(db, each, "More time")
    ended = sessions[0].ends_at + notes.NOTE_KEPT
    assert notes.clear_notes(db, ended) == 0
    assert notes.clear_notes(db, ended + timedelta(seconds=1)) == 1
    db.expire_all()
    assert [db.get_one(GroupSession, each.id).next_note for each in sessions[:2]] == ["", "More time"]


@pytest.fixture
def stage(config, database, now):
    found = evening.begin(config, database, now)
    found.after(minutes=5)
    return found


@ON_SQLITE
def test_closing_keeps_the_note_and_the_next_plan_says_it(stage):
    alice, close = stage.client("alice"), f"{path(stage, 1)}/close"
    press(alice, alice.get(close), close, do="close", note="Leave more time for the pause")
    assert "Leave more time for the pause" in alice.get(path(stage, 2)).text
    assert "Leave more time for the pause" in alice.get(close).text
    assert "Leave more time" not in alice.get(path(stage, 1)).text


@ON_SQLITE
def test_a_note_with_a_name_is_asked_about_and_kept_when_it_is_a_word(stage):
    alice, close = stage.client("alice"), f"{path(stage, 1)}/close"
    page = press(alice, alice.get(close), close, do="close", note="A pat on the back")
    assert page.status_code == 422
    assert "A name of the list stands in this note." in page.text
    assert session(stage, 1).status == "scheduled"
    again = press(alice, page, close, do="close", note="Pat on the back")
    assert again.status_code == 422
    kept = press(alice, page, close, do="close", note_sure="A pat on the back")
    assert kept.status_code == 303
    assert session(stage, 1).next_note == "A pat on the back"


@ON_SQLITE
def test_a_note_that_is_too_long_keeps_nothing(stage):
    alice, close = stage.client("alice"), f"{path(stage, 1)}/close"
    page = press(alice, alice.get(close), close, do="close", note="x" * 201)
    assert page.status_code == 422
    assert 'href="#note"' in page.text
    assert session(stage, 1).status == "scheduled"
