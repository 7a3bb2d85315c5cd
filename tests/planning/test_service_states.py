"""Finding a session, calling it off, bringing it back, finishing it."""

from datetime import date, timedelta

import pytest

from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.planning.assigning import regenerate
from facilitator.planning.checking import CheckCode
from facilitator.planning.service import (
    cancel_session,
    find_session_by_page_token,
    get_series,
    get_session,
    get_session_with_group,
    is_past,
    mark_done,
    page_token,
    record_outcomes,
    renew_page,
    restore_session,
    set_released,
)
from tests.planning.stage import NOW, assignment, content, list_warnings, make_series, segments

ADVICE = {CheckCode.NOT_REVIEWED, CheckCode.SPEAKING_SHORT}


@pytest.fixture
def sessions(db, group):
    return make_series(db, group)[1]


def test_those_who_lead_a_group_find_its_sessions(db, alice, bob, group, sessions):
    assert get_session(db, alice, sessions[0].id) is sessions[0]
    assert get_session_with_group(db, bob, sessions[0].id) == (sessions[0], group)
    assert get_series(db, bob, sessions[0].series_id)[1] is group


def test_a_strangers_session_is_not_there(db, charlie, sessions):
    for find, some_id in ((get_session, sessions[0].id), (get_series, sessions[0].series_id), (get_session, "nothing")):
        with pytest.raises(NotFound):
            find(db, charlie, some_id)


def test_a_new_address_ends_the_old_one(db, sessions):
    old = page_token(db, sessions[0])
    renew_page(db, sessions[0])
    assert find_session_by_page_token(db, old) is None
    assert find_session_by_page_token(db, page_token(db, sessions[0])) is sessions[0]


def test_a_cancelled_session_keeps_its_plan_and_its_time(db, sessions):
    before = content(db, sessions[3])
    cancel_session(db, sessions[3], "  hall   closed ", NOW)
    assert (sessions[3].status, sessions[3].cancel_reason) == ("cancelled", "hall closed")
    assert (sessions[3].time_rev, sessions[3].ical_sequence) == (2, 1)
    assert content(db, sessions[3]) == before


def test_a_session_is_cancelled_once_and_with_a_short_reason(db, sessions):
    with pytest.raises(Invalid):
        cancel_session(db, sessions[3], "x" * 201, NOW)
    cancel_session(db, sessions[3], "", NOW)
    with pytest.raises(Conflict, match="cancelled already"):
        cancel_session(db, sessions[3], "", NOW)


def test_a_restored_session_is_as_it_was_and_is_told_of_again(db, sessions):
    before = content(db, sessions[3])
    cancel_session(db, sessions[3], "hall closed", NOW)
    restore_session(db, sessions[3], NOW, require_review=False)
    assert (sessions[3].status, sessions[3].cancel_reason) == ("scheduled", "")
    assert (sessions[3].time_rev, sessions[3].ical_sequence) == (3, 2)
    assert content(db, sessions[3]) == before


def test_what_another_session_took_meanwhile_is_chosen_anew(db, group, sessions):
    cancel_session(db, sessions[2], "", NOW)
    taken = assignment(db, sessions[2], "checkout").prompt_version_id
    assignment(db, sessions[3], "checkout").prompt_version_id = taken
    db.flush()
    before = content(db, sessions[2])
    restore_session(db, sessions[2], NOW, require_review=False)
    after = content(db, sessions[2])
    assert {kind for kind in before if before[kind] != after[kind]} == {"checkout"}
    assert {w.code for w in list_warnings(db, sessions[2], group)} <= ADVICE


def test_the_prompts_of_a_cancelled_session_are_free_for_others(db, group, sessions):
    cancel_session(db, sessions[2], "", NOW)
    regenerate(db, sessions[4], NOW, require_review=False)
    found = list_warnings(db, sessions[4], group)
    assert {w.code for w in found} <= ADVICE


def test_only_a_cancelled_session_that_is_still_to_come_is_restored(db, sessions):
    with pytest.raises(Conflict, match="not cancelled"):
        restore_session(db, sessions[3], NOW)
    cancel_session(db, sessions[3], "", NOW)
    with pytest.raises(Conflict, match="has begun"):
        restore_session(db, sessions[3], sessions[3].starts_at)


def test_a_session_is_not_restored_into_a_time_that_was_given_away(db, group, sessions):
    cancel_session(db, sessions[7], "", NOW)
    make_series(db, group, first_on=date(2027, 3, 1), seed="two")
    with pytest.raises(Conflict, match="already meets on 1 March 2027"):
        restore_session(db, sessions[7], NOW)


def test_a_session_is_past_from_its_end_on(sessions):
    assert not is_past(sessions[0], sessions[0].ends_at - timedelta(seconds=1))
    assert is_past(sessions[0], sessions[0].ends_at)


def test_closing_the_room_marks_a_session_as_held(db, sessions):
    mark_done(db, sessions[0])
    mark_done(db, sessions[0])
    assert (sessions[0].status, sessions[0].time_rev, sessions[0].ical_sequence) == ("done", 1, 0)
    with pytest.raises(Conflict, match="has begun"):
        cancel_session(db, sessions[0], "", NOW)


def test_a_cancelled_session_has_no_room_to_close(db, sessions):
    cancel_session(db, sessions[0], "", NOW)
    with pytest.raises(Conflict):
        mark_done(db, sessions[0])


@pytest.mark.parametrize(
    ("materials", "note", "kept"),
    [(True, True, (True, True)), (True, False, (True, False)), (False, True, (False, False))],
)
def test_a_content_note_is_shown_beside_materials_alone(db, sessions, materials, note, kept):
    set_released(db, sessions[0], materials=materials, note=note)
    assert (sessions[0].released, sessions[0].note_released) == kept


def test_what_was_used_is_kept_and_what_is_left_out_was_not_said(db, sessions):
    parts, foreign = segments(db, sessions[0]), segments(db, sessions[1])["checkin"].id
    record_outcomes(db, sessions[0], {parts["checkin"].id: "used", parts["explore_a"].id: "skipped", foreign: "used"})
    record_outcomes(db, sessions[0], {parts["checkin"].id: "cut_short", parts["welcome"].id: "used"})
    kept = [assignment(db, sessions[0], kind).outcome for kind in ("checkin", "explore_a", "checkout")]
    assert kept == ["cut_short", "not_said", "not_said"]
    assert assignment(db, sessions[1], "checkin").outcome == "not_said"
    with pytest.raises(Invalid):
        record_outcomes(db, sessions[0], {parts["checkin"].id: "loved"})
