"""A running session as rows: presses, two at once, what is sent twice, what slowing down changes, what is forgotten."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.errors import Conflict
from facilitator.planning import live, service
from facilitator.planning.assigning import set_locked
from facilitator.planning.live import Press, Pressed
from facilitator.planning.models import Assignment, GroupSession, LiveSession, Segment
from facilitator.planning.rules_live import Act
from facilitator.prompts.models import PromptVersion
from tests.planning import stage

MINUTE = timedelta(minutes=1)


@pytest.fixture
def sessions(db, group):
    return stage.in_order(db, stage.make_series(db, group)[0])


@pytest.fixture
def session(sessions):
    return sessions[3]


def begin(db, session, **more):
    return live.press(db, session, Press(act=Act.START, turn=0), session.starts_at, require_review=False, **more)


def go(db, session, act, minutes, **values) -> Pressed:
    at = session.starts_at + minutes * MINUTE
    return live.press(db, session, Press(act=Act(act), **values), at, require_review=False)


def kind_now(db, session) -> str:
    return db.get_one(Segment, live.find_live(db, session.id).segment_id).kind


def depths(db, session) -> dict[str, int]:
    found = (
        select(Segment.kind, PromptVersion.depth)
        .join(Assignment, Assignment.segment_id == Segment.id)
        .join(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .where(Segment.session_id == session.id)
        .order_by(Segment.position)
    )
    return dict(db.execute(found).all())


def test_nothing_stands_before_anybody_pressed(db, session):
    assert live.find_live(db, session.id) is None
    assert live.read_state(None).part_id is None


def test_a_press_is_kept_and_read_back_as_it_was_made(db, session):
    begin(db, session)
    go(db, session, "next", 3, turn=1)
    go(db, session, "more", 4, turn=2)
    go(db, session, "slow", 5, turn=3)
    row = live.find_live(db, session.id)
    state = live.read_state(row)
    assert (row.revision, state.turn, state.is_slowed, state.counted_from) == (4, 4, True, None)
    assert state.spent == 2 * MINUTE
    assert list(state.extra.values()) == [2]
    assert list(state.taken.values()) == [180]


def test_a_press_made_on_an_older_turn_changes_nothing(db, session):
    begin(db, session)
    assert go(db, session, "next", 3, turn=1).counted
    late = go(db, session, "next", 3, turn=1)
    assert not late.counted
    assert late.live.turn == 2
    assert kind_now(db, session) == "agreements"


def test_what_is_not_allowed_changes_nothing_and_says_so(db, session):
    assert not go(db, session, "next", 0, turn=0).counted
    begin(db, session)
    assert not go(db, session, "start", 1, turn=1).counted


def test_a_press_that_is_sent_again_counts_without_being_done_again(db, session):
    begin(db, session)
    first = go(db, session, "next", 3, turn=1, key="a")
    again = go(db, session, "next", 4, turn=1, key="a")
    assert first.counted
    assert again.counted
    assert again.live.turn == 2
    for number in range(live.REMEMBERED):
        go(db, session, "count", 5, key=f"c{number}", heads=number)
    assert len(live.find_live(db, session.id).presses) == live.REMEMBERED
    assert not go(db, session, "next", 6, turn=1, key="a").counted


def test_a_count_never_stands_in_the_way_of_a_press(db, session):
    begin(db, session)
    assert go(db, session, "count", 1, heads=7).counted
    assert go(db, session, "next", 2, turn=1).counted
    assert go(db, session, "count", 3, heads=8, turn=1).counted
    row = live.find_live(db, session.id)
    assert (row.heads, row.turn, row.revision) == (8, 2, 4)


def test_a_press_that_waited_for_a_connection_counts_from_when_it_was_made(db, session):
    begin(db, session)
    go(db, session, "next", 6, turn=1, ago=3 * MINUTE)
    assert live.find_live(db, session.id).counted_from_at == session.starts_at + 3 * MINUTE
    go(db, session, "next", 7, turn=2, ago=60 * MINUTE)
    assert live.find_live(db, session.id).counted_from_at == session.starts_at + 3 * MINUTE


def test_a_screen_cannot_say_that_it_pressed_in_the_future_or_days_ago(db, session):
    at = session.starts_at + 5 * MINUTE
    live.press(db, session, Press(act=Act.START, ago=-90 * MINUTE), at, require_review=False)
    assert live.find_live(db, session.id).counted_from_at == at
    go(db, session, "slow", 6, turn=1)
    go(db, session, "resume", 300, turn=2, ago=timedelta(days=3))
    assert live.find_live(db, session.id).counted_from_at == session.starts_at + 180 * MINUTE


def test_a_session_that_is_cancelled_closed_or_far_ahead_takes_no_press(db, session, sessions):
    with pytest.raises(Conflict, match="one hour before"):
        live.press(db, session, Press(act=Act.START), session.starts_at - 61 * MINUTE)
    service.cancel_session(db, sessions[4], "", stage.NOW)
    with pytest.raises(Conflict, match="cancelled"):
        begin(db, sessions[4])
    service.mark_done(db, session)
    with pytest.raises(Conflict, match="closed"):
        begin(db, session)
    assert db.scalars(select(LiveSession)).all() == []


def reach(db, session, kind):
    """Go to a part, a minute each."""
    begin(db, session)
    for turn in range(1, 12):
        if kind_now(db, session) == kind:
            return
        go(db, session, "next", turn, turn=turn)
    raise AssertionError(kind)


def test_slowing_down_makes_what_is_to_come_one_depth_gentler_and_rewrites_nothing_that_was(db, group, sessions):
    session = sessions[4]
    before, fillings = depths(db, session), stage.content(db, session)
    assert max(before.values()) == before["explore_b"] > 1
    reach(db, session, "explore_a")
    go(db, session, "slow", 30, turn=live.find_live(db, session.id).turn)
    now_deep, now_filled = depths(db, session), stage.content(db, session)
    for kind in ("checkin", "explore_a", "ground_open"):
        assert now_filled[kind] == fillings[kind]
    assert now_deep["explore_b"] == before["explore_b"] - 1
    assert all(
        now_deep[kind] <= before["explore_b"] - 1 for kind in ("explore_b", "integrate", "checkout") if kind in now_deep
    )
    assert db.get_one(GroupSession, session.id).depth_limit == before["explore_b"] - 1


def test_slowing_down_again_goes_one_lower_and_never_below_the_first(db, sessions):
    session = sessions[4]
    reach(db, session, "explore_a")
    for _again in range(4):
        turn = live.find_live(db, session.id).turn
        go(db, session, "slow", 30, turn=turn)
        go(db, session, "resume", 31, turn=turn + 1)
    found = depths(db, session)
    assert found.get("explore_b", 1) == 1
    assert live.find_live(db, session.id).turn > 8


def test_slowing_down_leaves_a_locked_prompt_and_an_empty_past_alone(db, alice, sessions):
    session = sessions[4]
    parts = stage.segments(db, session)
    set_locked(db, session, parts["explore_b"].id, locked=True)
    checkin = stage.assignment(db, session, "checkin")
    checkin.prompt_version_id, checkin.emptied_by = None, {"code": "H3", "params": {}}
    db.flush()
    locked = stage.content(db, session)["explore_b"]
    reach(db, session, "explore_a")
    go(db, session, "slow", 30, turn=live.find_live(db, session.id).turn)
    assert stage.content(db, session)["explore_b"] == locked
    assert stage.assignment(db, session, "checkin").prompt_version_id is None
    assert stage.assignment(db, session, "checkin").emptied_by == {"code": "H3", "params": {}}


def test_slowing_down_after_the_planned_end_pauses_the_time_and_leaves_the_plan(db, sessions):
    session = sessions[4]
    reach(db, session, "explore_a")
    before = stage.content(db, session)
    assert go(db, session, "slow", 95, turn=live.find_live(db, session.id).turn).counted
    assert stage.content(db, session) == before
    assert live.find_live(db, session.id).is_slowed


def test_a_change_of_the_plan_is_a_new_revision_of_a_running_session_alone(db, session):
    live.note_change(db, session)
    assert live.find_live(db, session.id) is None
    begin(db, session)
    live.note_change(db, session)
    row = live.find_live(db, session.id)
    assert (row.revision, row.turn) == (2, 1)


def test_what_nobody_closed_is_forgotten_twelve_hours_after_the_end(db, session, sessions):
    begin(db, session)
    begin(db, sessions[4])
    ended = session.ends_at + live.KEPT_AFTER
    assert live.clear_runs(db, ended) == 0
    assert live.clear_runs(db, ended + MINUTE) == 1
    assert live.find_live(db, session.id) is None
    live.forget_run(db, sessions[4].id)
    assert live.find_live(db, sessions[4].id) is None


@pytest.mark.parametrize("act", ["start", "next"])
def test_of_two_presses_at_once_one_counts(database, db, session, act):
    if act == "next":
        begin(db, session)
    db.commit()
    turn, session_id, at = int(act == "next"), session.id, session.starts_at + MINUTE
    ready, counted = threading.Barrier(2), []

    def press_once():
        with database.write() as own:
            mine = own.get_one(GroupSession, session_id)
            own.rollback()
            ready.wait(10)
            mine = own.get_one(GroupSession, session_id)
            counted.append(live.press(own, mine, Press(act=Act(act), turn=turn), at, require_review=False).counted)
            own.commit()

    threads = [threading.Thread(target=press_once) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert sorted(counted) == [False, True]
    with database.read() as reader:
        row = reader.get_one(LiveSession, session_id)
        assert (row.turn, row.revision) == (turn + 1, turn + 1)
