"""Skipping a date, and adding one more session."""

from datetime import date, time, timedelta

import pytest

from facilitator.errors import Conflict, Invalid
from facilitator.planning.checking import CheckCode
from facilitator.planning.rules import Rhythm
from facilitator.planning.rules_slots import Reach
from facilitator.planning.service import cancel_session, insert_session, move_session, skip_session
from tests.planning.stage import (
    FIRST_ON,
    NOW,
    content,
    days,
    in_order,
    list_warnings,
    make_group,
    make_series,
    revisions,
)

WEEK = timedelta(days=7)
ADVICE = {CheckCode.NOT_REVIEWED, CheckCode.SPEAKING_SHORT}
HALF_SIX = time(18, 30)


@pytest.fixture
def sessions(db, group):
    return make_series(db, group)[1]


def test_skipping_a_date_moves_this_and_later_sessions_up_by_one_date(db, group):
    series, sessions = make_series(db, group, skip_on=frozenset({date(2027, 2, 1), date(2027, 3, 15)}))
    # 11, 18, 25 January, 8, 15, 22 February, 1, 8 March
    assert days(sessions) == [0, 7, 14, 28, 35, 42, 49, 56]
    changed = skip_session(db, sessions[2], NOW)
    assert changed == sessions[2:]
    # 15 March is left out as well, so the last one is on the 22nd
    assert days(sessions) == [0, 7, 28, 35, 42, 49, 56, 70]
    assert revisions(sessions) == [(1, 0)] * 2 + [(2, 1)] * 6
    assert series.skip_on == ["2027-01-25", "2027-02-01", "2027-03-15"]
    assert [s.position for s in in_order(db, series)] == list(range(1, 9))


def test_skipping_takes_the_time_of_the_next_session_and_leaves_cancelled_ones(db, sessions):
    move_session(db, sessions[4], date(2027, 2, 9), time(19), Reach.ONE, NOW)
    cancel_session(db, sessions[5], "", NOW)
    changed = skip_session(db, sessions[3], NOW)
    assert changed == [sessions[n] for n in (3, 4, 6, 7)]
    assert (sessions[3].on_date, sessions[3].start_time) == (date(2027, 2, 9), time(19))
    assert days(sessions) == [0, 7, 14, 29, 42, 35, 49, 56]


def test_a_new_last_date_that_is_taken_refuses_the_skip(db, group, sessions):
    make_series(db, group, first_on=date(2027, 3, 8), seed="two")
    with pytest.raises(Conflict, match="8 March 2027"):
        skip_session(db, sessions[2], NOW)
    assert days(sessions) == [7 * n for n in range(8)]


def test_an_inserted_session_takes_up_the_focus_once_more_with_both_sides(db, group):
    series, sessions = make_series(db, group, rhythm=Rhythm.FORTNIGHTLY)
    before = [content(db, session) for session in sessions]
    extra = insert_session(db, sessions[3], sessions[3].on_date + WEEK, HALF_SIX, NOW, require_review=False)
    assert (extra.position, extra.focus, extra.title) == (5, "shame", sessions[3].title)
    assert [s.position for s in in_order(db, series)] == list(range(1, 10))
    assert in_order(db, series)[4] is extra
    assert [content(db, session) for session in sessions] == before
    filled = content(db, extra)
    assert "-both-" in filled["explore_a"]
    assert filled["ground_close"] not in (before[3]["ground_close"], before[4]["ground_close"])
    asked = {pid for kind, pid in filled.items() if not kind.startswith("ground")}
    assert not asked & {pid for plan in before for pid in plan.values()}
    assert {w.code for w in list_warnings(db, extra, group)} <= ADVICE
    assert extra.page_hash not in {s.page_hash for s in sessions}
    assert revisions(sessions) == [(1, 0)] * 8


def test_a_session_after_the_opening_is_an_ordinary_one(db, group):
    _series, sessions = make_series(db, group, rhythm=Rhythm.FORTNIGHTLY)
    extra = insert_session(db, sessions[0], FIRST_ON + WEEK, HALF_SIX, NOW, require_review=False)
    assert (extra.session_kind, extra.depth_cap) == ("standard", 1)


def test_the_closing_session_stays_last(db, sessions):
    with pytest.raises(Conflict, match="stays the last one"):
        insert_session(db, sessions[7], date(2027, 3, 8), HALF_SIX, NOW)


@pytest.mark.parametrize(
    ("on", "start_time"),
    [(date(2027, 2, 8), HALF_SIX), (date(2027, 2, 1), time(17)), (date(2027, 2, 8), time(17, 30))],
)
def test_an_inserted_session_lies_between_its_neighbours(db, sessions, on, start_time):
    with pytest.raises(Invalid, match="after 1 February 2027 and before 8 February 2027"):
        insert_session(db, sessions[3], on, start_time, NOW)


def test_an_open_cycle_can_go_on_for_one_more(db, alice):
    group = make_group(db, alice, kind="open", minutes=75)
    _series, sessions = make_series(db, group, pathway_id="open-6", minutes=75)
    extra = insert_session(db, sessions[-1], sessions[-1].on_date + WEEK, HALF_SIX, NOW, require_review=False)
    assert (extra.position, extra.focus) == (7, "weaving")
