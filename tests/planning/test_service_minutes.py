"""What ran long and what was skipped: kept when the room is closed, and known where the prompt is placed again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.errors import Invalid
from facilitator.planning.filling import read_reason
from facilitator.planning.models import Assignment, Outcome
from facilitator.planning.offers import list_offers
from facilitator.planning.scene import history_of, load_scene
from facilitator.planning.service import mark_done, record_outcomes
from facilitator.prompts.rules_cards import Run
from facilitator.prompts.rules_reasons import ReasonCode
from tests.planning.stage import assignment, content, make_group, make_series, segments


@pytest.fixture
def sessions(db, group):
    return make_series(db, group, pathway_id="closed-8")[1]


def close(db, session, kind, *, outcome=Outcome.USED, minutes=None):
    where = segments(db, session)[kind].id
    record_outcomes(db, session, {where: outcome}, {where: minutes} if minutes is not None else {})
    mark_done(db, session)
    return db.get(Assignment, where)


@pytest.mark.parametrize("minutes", [1, 18, 120])
def test_minutes_from_1_to_120_are_kept(db, sessions, minutes):
    assert close(db, sessions[0], "explore_a", minutes=minutes).actual_minutes == minutes


@pytest.mark.parametrize("minutes", [0, -1, 121])
def test_other_minutes_are_refused(db, sessions, minutes):
    with pytest.raises(Invalid, match="Enter minutes from 1 to 120"):
        close(db, sessions[0], "explore_a", minutes=minutes)


def test_minutes_that_are_not_said_again_are_forgotten(db, sessions):
    close(db, sessions[0], "explore_a", minutes=18)
    assert close(db, sessions[0], "explore_a").actual_minutes is None


def test_what_was_skipped_took_no_time_and_an_exercise_is_not_timed(db, sessions):
    assert close(db, sessions[0], "explore_a", outcome=Outcome.SKIPPED, minutes=18).actual_minutes is None
    assert close(db, sessions[0], "ground_open", minutes=5).actual_minutes is None


def test_minutes_alone_are_kept_beside_an_outcome_that_is_not_said(db, sessions):
    row = close(db, sessions[0], "explore_a", outcome=Outcome.NOT_SAID, minutes=18)
    assert (row.outcome, row.actual_minutes) == (Outcome.NOT_SAID, 18)


def test_the_history_knows_how_long_a_prompt_took_beside_what_its_part_gave_it(db, group, sessions):
    prompt_id = content(db, sessions[0])["explore_a"]
    close(db, sessions[0], "explore_a", minutes=50)
    part = segments(db, sessions[0])["explore_a"]
    scene = load_scene(db, group)
    planned = part.minutes - part.reserved_minutes
    run = Run(took=50, planned=planned, on=sessions[0].on_date)
    assert history_of(scene, sessions[1]).runs == {prompt_id: run}
    assert history_of(scene, sessions[0]).runs == {}


def test_the_last_time_is_the_one_that_counts(db, alice):
    group, sessions, prompt_id = make_open(db, alice)
    for session, minutes in ((sessions[0], 50), (sessions[1], 20)):
        row = assignment(db, session, "checkin")
        row.prompt_version_id = assignment(db, sessions[0], "checkin").prompt_version_id
        close(db, session, "checkin", minutes=minutes)
    assert history_of(load_scene(db, group), sessions[2]).runs[prompt_id].took == 20


def make_open(db, alice):
    group = make_group(db, alice, kind="open", minutes=75)
    sessions = make_series(db, group, pathway_id="open-6", cycles=3, minutes=75)[1]
    return group, sessions, content(db, sessions[0])["checkin"]


def reasons_for(db, alice, group, session, prompt_id):
    where = segments(db, session)["checkin"].id
    found = list_offers(db, alice, session, group, where, require_review=False).prompts
    offer = next(each for each in found if each.prompt.prompt_id == prompt_id)
    return {reason.code: dict(reason.params) for reason in offer.reasons}


def free_everywhere(db, sessions, prompt_id):
    """Take a prompt out of every later check-in, so that an open group may have it again."""
    for session in sessions:
        if content(db, session)["checkin"] == prompt_id:
            assignment(db, session, "checkin").prompt_version_id = None
    db.flush()


def test_an_open_group_is_told_what_ran_long_where_the_prompt_comes_again(db, alice):
    group, sessions, prompt_id = make_open(db, alice)
    close(db, sessions[0], "checkin", minutes=40)
    free_everywhere(db, sessions[1:], prompt_id)
    said = reasons_for(db, alice, group, sessions[13], prompt_id)[ReasonCode.RAN_LONG]
    assert (said["took"], said["on"]) == (40, sessions[0].on_date.isoformat())


def test_what_was_skipped_says_when_it_was_where_it_comes_back(db, alice):
    group, sessions, prompt_id = make_open(db, alice)
    close(db, sessions[0], "checkin", outcome=Outcome.SKIPPED)
    free_everywhere(db, sessions[1:], prompt_id)
    said = reasons_for(db, alice, group, sessions[1], prompt_id)[ReasonCode.SKIPPED]
    assert said == {"on": sessions[0].on_date.isoformat()}


def test_a_series_planned_later_says_so_in_the_plan_itself(db, alice):
    group, sessions, _ = make_open(db, alice)
    for session in sessions:
        parts = segments(db, session)
        record_outcomes(db, session, dict.fromkeys((part.id for part in parts.values()), Outcome.SKIPPED))
        mark_done(db, session)
    later = sessions[-1].on_date + timedelta(days=7)
    again = make_series(db, group, pathway_id="open-6", minutes=75, first_on=later, seed="two")[1]
    codes = [
        read_reason(stored).code
        for session in again
        for row in db.scalars(select(Assignment).where(Assignment.session_id == session.id))
        for stored in row.reasons
    ]
    assert ReasonCode.SKIPPED in codes
