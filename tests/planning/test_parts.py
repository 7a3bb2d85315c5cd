"""Which parts an agenda has: split, taken out, a pause put in, a note beside one; and what undo makes of it."""

from datetime import timedelta

import pytest

from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.planning import history, parts
from facilitator.planning.agenda import lay_again, list_segments, set_minutes
from facilitator.planning.assigning import regenerate
from facilitator.planning.history import ChangeCode, recorded
from facilitator.planning.models import PlanChange, Segment
from facilitator.planning.scene import load_scene
from tests.planning.stage import NOW, assignment, list_warnings, make_facilitator, make_series, segments


@pytest.fixture
def sessions(db, group):
    return make_series(db, group)[1]


@pytest.fixture
def fear(sessions):
    return sessions[2]


@pytest.fixture
def alice(db):
    return make_facilitator(db, "Alice P")


@pytest.fixture
def bob(db):
    return make_facilitator(db, "Bob P")


def slot(db, session, kind):
    return segments(db, session)[kind].id


def plan(db, session):
    return [(each.kind, each.minutes) for each in list_segments(db, session)]


def filled(db, session):
    return [
        (s.kind, s.minutes, row and (row.prompt_version_id, row.locked)) for s, row in history.load_rows(db, session)
    ]


def split(db, session, kind):
    return parts.split_part(db, session, slot(db, session, kind), NOW, require_review=False)


def test_a_part_is_split_into_halves_the_first_a_minute_longer(db, fear):
    part = db.get(Segment, slot(db, fear, "teach"))
    part.minutes = 9
    second = split(db, fear, "teach")
    assert (part.minutes, second.minutes) == (5, 4)
    kinds = [kind for kind, _minutes in plan(db, fear)]
    assert kinds[kinds.index("teach") + 1] == "teach"


def test_what_stands_in_a_part_stays_in_the_first_half_and_the_second_gets_its_own(db, group, fear):
    before = assignment(db, fear, "explore_a").prompt_version_id
    first = slot(db, fear, "explore_a")
    db.get(Segment, first).minutes = 40
    second = split(db, fear, "explore_a")
    rows = {segment.id: row for segment, row in history.load_rows(db, fear)}
    assert rows[first].prompt_version_id == before
    assert rows[second.id].prompt_version_id not in {None, before}
    assert [w.code for w in list_warnings(db, fear, group) if w.segment_id in {first, second.id}] in (
        [],
        ["not_reviewed"] * 2,
    )


def test_minutes_that_are_kept_free_go_to_the_second_half(db, fear):
    part = db.get(Segment, slot(db, fear, "checkout"))
    minutes, reserved = part.minutes, part.reserved_minutes
    assert reserved
    second = split(db, fear, "checkout")
    assert (part.reserved_minutes, second.reserved_minutes) == (0, reserved)
    assert part.minutes + second.minutes == minutes


def test_neither_a_grounding_nor_a_minute_is_split(db, fear):
    db.get(Segment, slot(db, fear, "pause")).minutes = 1
    for kind in ("ground_open", "ground_close", "pause"):
        with pytest.raises(Conflict):
            split(db, fear, kind)
    with pytest.raises(NotFound):
        parts.split_part(db, fear, "gone", NOW)


def test_a_part_that_was_taken_out_leaves_its_minutes_free(db, fear):
    before = plan(db, fear)
    parts.take_out(db, fear, slot(db, fear, "teach"), NOW)
    assert plan(db, fear) == [each for each in before if each[0] != "teach"]
    assert [each.position for each in list_segments(db, fear)] == list(range(1, len(before)))


@pytest.mark.parametrize("kind", sorted(parts.FRAME))
def test_what_frames_a_session_stays_unless_it_is_one_half(db, fear, kind):
    with pytest.raises(Conflict, match="arrive and leave"):
        parts.take_out(db, fear, slot(db, fear, kind), NOW)
    if kind == "checkin":
        parts.take_out(db, fear, split(db, fear, kind).id, NOW)


def test_a_pause_comes_after_a_part_and_never_after_the_closing_grounding(db, fear):
    words = {"title": "Pause", "purpose": "Water"}
    pause = parts.add_pause(db, fear, slot(db, fear, "teach"), NOW, **words)
    kinds = [kind for kind, _minutes in plan(db, fear)]
    assert kinds[kinds.index("teach") + 1] == "pause"
    assert (pause.minutes, pause.title) == (3, "Pause")
    with pytest.raises(Conflict):
        parts.add_pause(db, fear, slot(db, fear, "ground_close"), NOW, **words)


def test_the_parts_of_a_session_that_has_begun_stay(db, fear):
    begun = fear.starts_at
    for act in (parts.split_part, parts.take_out):
        with pytest.raises(Conflict, match="has begun"):
            act(db, fear, slot(db, fear, "teach"), begun)
    with pytest.raises(Conflict, match="has begun"):
        parts.add_pause(db, fear, slot(db, fear, "teach"), begun, title="", purpose="")


def test_a_split_part_is_whole_again_when_the_agenda_is_laid_for_another_length(db, group, fear):
    split(db, fear, "teach")
    fear.minutes = 60
    lay_again(db, load_scene(db, group, require_review=False), fear)
    kinds = [kind for kind, _minutes in plan(db, fear)]
    assert len(kinds) == len(set(kinds))


def test_a_note_is_kept_beside_a_part_until_thirty_days_after_the_session(db, fear):
    part = slot(db, fear, "teach")
    parts.keep_own_note(db, fear, part, "  read it \n slowly ", NOW)
    assert db.get(Segment, part).own_note == "read it slowly"
    with pytest.raises(Invalid, match="200"):
        parts.keep_own_note(db, fear, part, "x" * 201, NOW)
    ended = fear.ends_at + timedelta(days=30)
    assert parts.clear_own_notes(db, ended) == 0
    assert parts.clear_own_notes(db, ended + timedelta(seconds=1)) == 1
    db.expire_all()
    assert db.get(Segment, part).own_note == ""


def test_what_leaves_a_plan_as_it_was_is_not_kept(db, fear, alice):
    part = slot(db, fear, "teach")
    with recorded(db, alice, fear, ChangeCode.TIMES, part="Bind"):
        set_minutes(db, fear, part, db.get(Segment, part).minutes, NOW)
    assert history.list_changes(db, alice, fear) == []
    assert fear.looked_over is False


def test_whoever_changes_a_plan_has_looked_at_it(db, fear, alice, bob):
    with recorded(db, alice, fear, ChangeCode.TIMES, part="Bind"):
        set_minutes(db, fear, slot(db, fear, "teach"), 20, NOW)
    assert fear.looked_over is True
    [change] = history.list_changes(db, bob, fear)
    assert (change.number, change.by, change.is_mine, change.params) == (1, "Alice P", False, {"part": "Bind"})
    assert history.list_changes(db, alice, fear)[0].is_mine
    assert fear.plan_rev == 1


def undo(db, me, session):
    change = history.find_undoable(session, history.load_rows(db, session))
    return history.undo(db, me, session, change.number if change else 0, NOW)


def test_undo_takes_back_one_change_after_the_other_whole(db, fear, alice):
    steps = [filled(db, fear)]
    for act in (
        lambda: split(db, fear, "explore_a"),
        lambda: regenerate(db, fear, NOW, require_review=False),
        lambda: parts.take_out(db, fear, slot(db, fear, "teach"), NOW),
        lambda: set_minutes(db, fear, slot(db, fear, "pause"), 7, NOW),
    ):
        with recorded(db, alice, fear, ChangeCode.AGAIN):
            act()
        steps.append(filled(db, fear))
    assert len({str(each) for each in steps}) == len(steps)
    for wanted in reversed(steps[:-1]):
        undo(db, alice, fear)
        db.expire_all()
        assert filled(db, fear) == wanted
    with pytest.raises(Conflict):
        undo(db, alice, fear)
    assert fear.attempt == 0


def test_undo_is_told_to_the_other_like_any_change(db, fear, alice, bob):
    with recorded(db, alice, fear, ChangeCode.MINUTES, part="Bind", was=1, minutes=20, segment="x"):
        set_minutes(db, fear, slot(db, fear, "teach"), 20, NOW)
    undo(db, bob, fear)
    last = history.list_changes(db, alice, fear)[0]
    assert (last.code, last.by, last.params["code"]) == (ChangeCode.UNDONE, "Bob P", "minutes")


def test_what_was_changed_in_a_way_that_is_not_kept_is_never_overwritten_by_undo(db, fear, alice):
    with recorded(db, alice, fear, ChangeCode.TIMES, part="Bind"):
        set_minutes(db, fear, slot(db, fear, "teach"), 20, NOW)
    set_minutes(db, fear, slot(db, fear, "pause"), 9, NOW)
    with pytest.raises(Conflict, match="has changed since"):
        history.undo(db, alice, fear, 1, NOW)
    assert db.get(Segment, slot(db, fear, "pause")).minutes == 9


def test_the_last_thirty_changes_are_kept_and_all_go_when_the_session_has_ended(db, sessions, alice):
    first, second = sessions[2:4]
    for session in (first, second):
        for minutes in range(10, 45):
            with recorded(db, alice, session, ChangeCode.TIMES, part="Bind"):
                set_minutes(db, session, slot(db, session, "teach"), minutes, NOW)
    assert len(history.list_changes(db, alice, first)) == history.KEPT
    assert history.clear_changes(db, first.ends_at) == 0
    assert history.clear_changes(db, first.ends_at + timedelta(seconds=1)) == history.KEPT
    assert history.list_changes(db, alice, first) == []
    assert db.query(PlanChange).count() == history.KEPT


def test_minutes_given_to_one_part_again_and_again_are_one_change(db, fear, alice, bob):
    teach, pause = slot(db, fear, "teach"), slot(db, fear, "pause")
    was = db.get(Segment, teach).minutes

    def give(who, segment_id, minutes):
        params = {"part": "x", "was": db.get(Segment, segment_id).minutes, "minutes": minutes, "segment": segment_id}
        with recorded(db, who, fear, ChangeCode.MINUTES, **params):
            set_minutes(db, fear, segment_id, minutes, NOW)

    give(alice, teach, 20)
    give(alice, teach, 21)
    [change] = history.list_changes(db, alice, fear)
    assert (change.number, change.params["was"], change.params["minutes"]) == (2, was, 21)
    give(bob, teach, 22)
    give(bob, pause, 7)
    assert [each.number for each in history.list_changes(db, alice, fear)] == [4, 3, 2]
    for minutes in (22, 21, was):
        undo(db, alice, fear)
        assert db.get(Segment, teach).minutes == minutes
