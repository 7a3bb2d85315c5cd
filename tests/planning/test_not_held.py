"""A session that did not take place after all: said afterwards, counted as cancelled, told to nobody, taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from facilitator.attendance.forms import REASONS
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession
from facilitator.planning.not_held import NotHeld, mark_not_held, take_back
from facilitator.planning.prompt_uses import count_uses
from facilitator.planning.scene import history_of, load_scene
from facilitator.planning.service import mark_done
from facilitator.prompts.models import PromptVersion
from tests.planning import stage
from tests.worlds import shelve


@pytest.fixture
def sessions(db):
    shelve(db)
    found = stage.make_series(db, stage.make_group(db, stage.make_facilitator(db, "Alice")))[1]
    db.commit()
    return found


@pytest.mark.parametrize("reason", NotHeld)
def test_it_counts_as_cancelled_with_its_reason_and_its_plan_is_kept(db, sessions, reason):
    session = sessions[0]
    planned = db.scalar(select(func.count()).select_from(Assignment).where(Assignment.session_id == session.id))
    mark_not_held(db, session, reason, session.ends_at)
    assert (session.status, session.not_held) == ("cancelled", reason)
    assert planned == db.scalar(select(func.count()).select_from(Assignment).where(Assignment.session_id == session.id))
    assert len(reason) <= GroupSession.not_held.type.length


def test_the_reasons_that_are_offered_are_those_that_there_are_and_none_says_that_nobody_came():
    assert [code for code, _words in REASONS] == list(NotHeld)
    assert not any("came" in str(words._args[0]) for _code, words in REASONS)


@pytest.mark.parametrize("reason", ["", "nobody_came", "weather "])
def test_another_reason_is_refused(db, sessions, reason):
    with pytest.raises(Invalid) as refusal:
        mark_not_held(db, sessions[0], reason, sessions[0].ends_at)
    assert (refusal.value.field, sessions[0].status) == ("reason", "scheduled")


def test_before_the_start_it_is_cancelled_instead(db, sessions):
    with pytest.raises(Conflict, match="Cancel it instead"):
        mark_not_held(db, sessions[0], "weather", sessions[0].starts_at - timedelta(minutes=1))


def test_a_session_that_was_held_can_turn_out_not_to_have_been(db, sessions):
    mark_done(db, sessions[0])
    mark_not_held(db, sessions[0], "other", sessions[0].ends_at)
    assert sessions[0].status == "cancelled"


def test_it_is_said_once(db, sessions):
    mark_not_held(db, sessions[0], "other", sessions[0].ends_at)
    with pytest.raises(Conflict, match="cancelled"):
        mark_not_held(db, sessions[0], "weather", sessions[0].ends_at)
    assert sessions[0].not_held == "other"


def test_it_can_be_taken_back_and_the_room_closed(db, sessions):
    mark_not_held(db, sessions[0], "other", sessions[0].ends_at)
    take_back(db, sessions[0])
    assert (sessions[0].status, sessions[0].not_held) == ("scheduled", "")
    mark_done(db, sessions[0])


def test_what_was_not_said_is_not_taken_back(db, sessions):
    sessions[0].status = "cancelled"
    with pytest.raises(Conflict, match="Nobody said"):
        take_back(db, sessions[0])


def test_it_is_not_taken_back_when_the_group_meets_at_its_time_by_now(db, sessions):
    first, second = sessions[:2]
    mark_not_held(db, first, "facilitator", first.starts_at)
    second.starts_at, second.ends_at = first.starts_at, first.ends_at
    db.flush()
    with pytest.raises(Conflict, match="already meets"):
        take_back(db, first)


def test_calendars_hear_of_it_and_messages_do_not(db, sessions):
    session = sessions[0]
    before = session.time_rev, session.ical_sequence
    mark_not_held(db, session, "no_room", session.ends_at)
    assert (session.time_rev, session.ical_sequence) == (before[0], before[1] + 1)
    take_back(db, session)
    assert session.ical_sequence == before[1] + 2


def test_the_prompts_of_such_a_session_are_free_for_others(db, sessions):
    first = sessions[0]
    group = db.get_one(Group, first.group_id)
    prompts = prompts_of(db, first)

    def times():
        counted = count_uses([group], first.ends_at)
        return set(db.scalars(select(counted.c.prompt_id)))

    assert times() == prompts
    mark_not_held(db, first, "no_room", first.ends_at)
    assert times() == set()
    take_back(db, first)
    assert times() == prompts


def test_the_others_are_planned_as_if_it_had_not_been(db, sessions):
    first, later = sessions[0], sessions[4]
    group = db.get_one(Group, first.group_id)
    before = history_of(load_scene(db, group, require_review=False), later)
    mark_not_held(db, first, "no_room", first.ends_at)
    assert history_of(load_scene(db, group, require_review=False), later) != before
    take_back(db, first)
    assert history_of(load_scene(db, group, require_review=False), later) == before


def prompts_of(db, session):
    found = select(PromptVersion.prompt_id).join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
    return set(db.scalars(found.where(Assignment.session_id == session.id)))
