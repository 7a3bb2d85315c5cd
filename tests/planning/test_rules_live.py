"""The rules of the run screen: what a press makes of a session, and what is shown of it at an instant."""

from datetime import UTC, datetime, timedelta

import pytest

from facilitator.curriculum.rules import SegmentKind
from facilitator.planning.rules_live import (
    GIVING,
    Act,
    Became,
    LivePart,
    LiveState,
    list_allowed,
    look,
    may_run,
    press,
    read_outcomes,
)

STARTS = datetime(2027, 1, 11, 17, 30, tzinfo=UTC)
AGENDA = (
    ("welcome", 3),
    ("agreements", 4),
    ("ground_open", 4),
    ("checkin", 15),
    ("teach", 8),
    ("explore_a", 14),
    ("pause", 3),
    ("explore_b", 16),
    ("integrate", 10),
    ("checkout", 8),
    ("ground_close", 5),
)
PARTS = tuple(LivePart(part_id=kind, kind=SegmentKind(kind), minutes=minutes) for kind, minutes in AGENDA)
ENDS = STARTS + timedelta(minutes=90)


def after(minutes: float) -> datetime:
    return STARTS + timedelta(minutes=minutes)


def run(*steps: tuple[str, float]) -> LiveState:
    """Press in order, each at so many minutes after the planned start."""
    state = LiveState()
    for act, minutes in steps:
        state = press(state, Act(act), PARTS, STARTS, after(minutes))
    return state


def see(state: LiveState, minutes: float):
    return look(state, PARTS, STARTS, ENDS, after(minutes))


@pytest.mark.parametrize(
    ("steps", "at", "part", "left", "behind"),
    [
        ([], -10, "welcome", 3, 0),
        ([], 5, "welcome", 3, 5),
        ([("start", 0)], 1, "welcome", 2, 0),
        ([("start", -2)], 0, "welcome", 1, -2),
        ([("start", 5)], 5, "welcome", 3, 5),
        ([("start", 0)], 4, "welcome", -1, 1),
        ([("start", 0), ("next", 3)], 3, "agreements", 4, 0),
        ([("start", 0), ("next", 1)], 1, "agreements", 4, -2),
        ([("start", 0), ("more", 1)], 1, "welcome", 4, 2),
        ([("start", 0), ("skip", 0)], 0, "agreements", 4, -3),
        ([("start", 0), ("slow", 1)], 3, "welcome", 2, 2),
        ([("start", 0), ("slow", 1), ("resume", 6)], 7, "welcome", 1, 5),
        ([("start", 0), ("slow", 1), ("next", 6)], 7, "agreements", 3, 3),
        ([("start", 0), ("next", 2), ("back", 3)], 3, "welcome", 1, 1),
        ([("start", 0), ("next", 2), ("back", 3), ("next", 4)], 4, "agreements", 4, 1),
        ([("clock", 20)], 20, "checkin", 6, 0),
        ([("clock", 200)], 200, "ground_close", -110, 110),
        ([("start", 0), ("land", 1)], 1, "ground_close", 5, -84),
        ([("clock", 86), ("next", 90)], 95, "ground_close", 0, 0),
        ([("clock", 86), ("next", 90), ("back", 91)], 92, "ground_close", -1, 2),
    ],
)
def test_time_left_and_ahead_or_behind_follow_from_the_presses(steps, at, part, left, behind):
    seen = see(run(*steps), at)
    assert PARTS[seen.at].part_id == part
    assert (seen.left, seen.behind) == (timedelta(minutes=left), timedelta(minutes=behind))


@pytest.mark.parametrize(
    ("steps", "allowed"),
    [
        ([], "start clock count"),
        ([("start", 0)], "next more skip slow land count"),
        ([("start", 0), ("next", 1)], "next back more skip slow land count"),
        ([("start", 0), ("slow", 1)], "next more skip resume land count"),
        ([("start", 0), ("land", 1)], "next back more slow count"),
        ([("start", 0), ("land", 1), ("next", 6)], "back count"),
    ],
)
def test_the_closing_is_never_skipped_and_only_what_makes_sense_can_be_pressed(steps, allowed):
    state = run(*steps)
    assert set(list_allowed(state, PARTS)) == {Act(word) for word in allowed.split()}
    for act in set(Act) - set(list_allowed(state, PARTS)):
        assert press(state, act, PARTS, STARTS, after(10)) is state


def test_every_press_but_a_count_is_a_turn():
    state = run(("start", 0), ("next", 1), ("more", 2), ("slow", 3), ("resume", 4), ("back", 5), ("skip", 6))
    assert state.turn == 7
    counted = press(state, Act.COUNT, PARTS, STARTS, after(7), 8)
    assert (counted.turn, counted.heads) == (7, 8)
    assert press(state, Act.COUNT, PARTS, STARTS, after(7), 501).heads == 500
    assert press(state, Act.COUNT, PARTS, STARTS, after(7), -1).heads == 0


def test_minutes_can_be_added_up_to_an_hour():
    state = run(("start", 0), *[("more", 1)] * 40)
    assert state.extra == {"welcome": 60}


def test_a_skipped_part_that_is_taken_up_again_is_skipped_no_more():
    state = run(("start", 0), ("skip", 1))
    assert state.skipped == {"welcome"}
    assert press(state, Act.BACK, PARTS, STARTS, after(2)).skipped == frozenset()


@pytest.mark.parametrize(
    ("late", "gives", "beyond"),
    [
        (1, {}, 0),
        (2, {"teach": 2}, 0),
        (5, {"teach": 4, "explore_b": 1}, 0),
        (14, {"teach": 4, "explore_b": 6, "explore_a": 4}, 0),
        (25, {"teach": 4, "explore_b": 6, "explore_a": 4, "checkin": 7, "checkout": 4}, 0),
        (35, {"teach": 4, "explore_b": 6, "explore_a": 4, "checkin": 7, "checkout": 4, "integrate": 4}, 6),
    ],
)
def test_what_is_late_is_taken_from_where_it_hurts_least_and_never_from_the_closing(late, gives, beyond):
    seen = see(run(("start", late), ("next", late + 3)), late + 3)
    assert {each.part_id: each.minutes for each in seen.shorten} == gives
    assert list(gives) == [each.part_id for each in seen.shorten]
    assert seen.beyond == beyond


def test_no_grounding_and_no_pause_ever_gives_a_minute():
    assert not {SegmentKind.GROUND_OPEN, SegmentKind.GROUND_CLOSE, SegmentKind.PAUSE} & set(GIVING)


def test_a_part_keeps_what_its_prompt_needs_and_what_was_before_gives_nothing():
    parts = [LivePart(part_id=p.part_id, kind=p.kind, minutes=p.minutes, least=16) for p in PARTS]
    state = press(LiveState(), Act.START, parts, STARTS, after(30))
    assert look(state, parts, STARTS, ENDS, after(30)).shorten == ()
    landed = run(("start", 0), ("land", 100))
    assert see(landed, 100).shorten == ()
    assert see(landed, 100).beyond == 15


@pytest.mark.parametrize(("minutes", "can"), [(-61, False), (-60, True), (0, True), (200, True)])
def test_a_session_can_be_begun_from_an_hour_before(minutes, can):
    assert may_run(STARTS, after(minutes)) is can


def test_the_closing_begins_with_what_became_of_each_part():
    state = run(("start", 0), ("next", 3), ("skip", 4), ("next", 5), ("next", 20), ("land", 22))
    found = read_outcomes(state, PARTS, after(26))
    assert found["welcome"] == (Became.USED, 3)
    assert found["agreements"] == (Became.SKIPPED, None)
    assert found["ground_open"] == (Became.CUT_SHORT, 1)
    assert found["checkin"] == (Became.USED, 15)
    assert found["teach"] == (Became.CUT_SHORT, 2)
    assert found["explore_b"] == (Became.SKIPPED, None)
    assert found["ground_close"] == (Became.USED, 4)


def test_nothing_is_said_of_parts_that_were_not_reached_yet():
    assert set(read_outcomes(run(("start", 0)), PARTS, after(2))) == {"welcome"}
    assert read_outcomes(LiveState(), PARTS, after(2)) == {}
