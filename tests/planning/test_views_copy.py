"""The pages that take a plan over, and the wizard when a series is planned again."""

import re
from datetime import date, time

import pytest
from sqlalchemy import func, select

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group, Participant
from facilitator.planning import assigning
from facilitator.planning.models import Assignment, GroupSession, Segment, Series
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.service import list_rules
from tests import evening
from tests.factories import ON_SQLITE, counted
from tests.planning import stage as planning
from tests.planning.pages import path, press, read_form, segment_id, session
from tests.worlds import shelve_entries

pytestmark = ON_SQLITE
MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    found = evening.begin(config, database, now)
    with database.write() as db:
        shelve_entries(db)
        db.commit()
    return found


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def lead(stage, who="Alice Stone", label="Sea Circle", *, planned=True, **values):
    """Let somebody lead another group, and plan a series for it on Thursdays."""
    with stage.database.write() as db:
        group = planning.make_group(
            db, db.scalars(select(Facilitator).where(Facilitator.name == who)).one(), label=label
        )
        for name, value in values.items():
            setattr(group, name, value)
        made = planning.make_series(db, group, first_on=date(2027, 1, 14), seed=label)[1] if planned else []
        ids = group.id, [each.id for each in made]
        db.commit()
    return ids


def fillings(stage, session_id):
    with stage.database.read() as db:
        found = select(Segment.kind, Assignment.prompt_version_id, Assignment.exercise_id)
        joined = found.join(Assignment, Assignment.segment_id == Segment.id).where(Segment.session_id == session_id)
        return {kind: prompt or exercise for kind, prompt, exercise in db.execute(joined.order_by(Segment.position))}


def test_a_plan_is_chosen_for_another_session_looked_at_and_taken_over(stage, alice):
    _group, sea = lead(stage)
    url = f"{path(stage)}/copy"
    listed = alice.get(url)
    assert f"to={sea[2]}" in listed.text
    look = alice.get(f"{url}?to={sea[2]}")
    taken, all_ = map(int, re.search(r"(\d+) of (\d+) prompts and exercises are taken over", look.text).groups())
    assert all_ >= taken > 0
    assert fillings(stage, sea[2]) != fillings(stage, stage.session_ids[2])
    answer = press(alice, look, url)
    assert answer.location == f"/sessions/{sea[2]}"
    assert f"{taken} of {all_} prompts and exercises were taken over." in alice.get(answer.location).text
    assert fillings(stage, sea[2])["explore_a"] == fillings(stage, stage.session_ids[2])["explore_a"]
    with stage.database.read() as db:
        assert db.scalars(select(OutboxMessage)).all() == []


def test_each_prompt_that_is_not_taken_over_is_named_with_its_rule(stage, alice):
    _group, sea = lead(stage)
    look = alice.get(f"{path(stage)}/copy?to={sea[4]}")  # on another theme
    assert re.search(
        "Theme and both sides</span> Today is about [^.]*; this prompt is about [^.]*. Chosen anew.", look.text
    )
    opening = alice.get(f"{path(stage)}/copy?to={sea[0]}").text
    assert "Its own order and minutes stay." in opening


def test_only_sessions_of_ones_own_groups_that_are_to_come_take_a_plan_over(stage, alice):
    _group, sea = lead(stage)
    _theirs, blue = lead(stage, "Charlie", "Blue Room")
    url = f"{path(stage)}/copy"
    assert blue[2] not in alice.get(url).text
    for to, status in ((blue[2], 404), ("nowhere", 404), (stage.session_ids[2], 409)):
        assert alice.get(f"{url}?to={to}").status_code == status
        assert alice.post(url, data={"to": to}).status_code == status
    assert stage.client("charlie").get(f"/sessions/{blue[2]}/copy?to={sea[2]}").status_code == 404
    assert stage.client("charlie").get(f"{url}?to={blue[2]}").status_code == 404
    look = alice.get(f"{url}?to={sea[2]}")
    with stage.database.read() as db:
        stage.clock.at = db.get(GroupSession, sea[2]).starts_at
    assert press(alice, look, url).status_code == 409


def test_a_plan_that_changed_meanwhile_is_shown_anew(stage, alice):
    _group, sea = lead(stage)
    url = f"{path(stage)}/copy"
    look, before = alice.get(f"{url}?to={sea[2]}"), fillings(stage, sea[2])
    with stage.database.write() as db:
        assigning.set_locked(db, db.get(GroupSession, stage.session_ids[2]), segment_id(stage, "checkin"), locked=True)
        db.commit()
    answer = press(alice, look, url)
    assert answer.status_code == 409
    assert "This was changed elsewhere meanwhile." in answer.text
    assert fillings(stage, sea[2]) == before


def test_a_series_is_planned_again_for_another_group(stage, alice):
    sea, _none = lead(stage, planned=False)
    series = session(stage).series_id
    with stage.database.write() as db:
        assigning.lower_depth(db, db.get(GroupSession, stage.session_ids[4]), 1, stage.clock(), require_review=False)
        db.get(GroupSession, stage.session_ids[3]).next_note = "Slower"
        db.get(Series, series).start_time = time(17, 45)
        db.commit()
    choice = alice.get(f"/series/{series}/again")
    address = f"/groups/{sea}/plan?source={series}"
    assert address in choice.text.replace("&amp;", "&")
    plan = f"/groups/{sea}/plan"
    page = alice.get(address)
    assert "Planned again from Monday Circle" in page.text
    sent = read_form(page, plan)
    assert (sent["pathway_id"], sent["minutes"], sent["start_time"]) == (["closed-8"], ["90"], ["17:45"])
    page = step(alice, page, plan, do="next")
    page = step(alice, page, plan, day="1", month="3", year="2027", do="next")
    page = step(alice, page, plan, do="next")
    assert "Planned again from Monday Circle" in page.text
    done = press(alice, page, plan, do="create")
    said = alice.get(done.location).text
    assert "8 sessions are planned. Nothing was sent." in said
    taken, all_ = map(int, re.search(r"(\d+) of (\d+) prompts and exercises were taken over", said).groups())
    assert taken == all_ > 30
    with stage.database.read() as db:
        made = db.scalars(
            select(GroupSession).where(GroupSession.group_id == sea).order_by(GroupSession.position)
        ).all()
        assert [fillings(stage, each.id) for each in made] == [fillings(stage, each) for each in stage.session_ids]
        assert [each.depth_limit for each in made] == [None] * 4 + [1] + [None] * 3
        assert {each.next_note for each in made} == {""}
        assert {(each.start_time, each.on_date.weekday()) for each in made} == {(time(17, 45), 0)}
        assert db.scalar(select(func.count()).where(Participant.group_id == sea)) == 0
        assert list_rules(db, db.get(Group, sea)) == list_rules(db, db.get(Group, stage.group_id))


def step(alice, page, plan, **pressed):
    """Press a button of the wizard and go where it leads."""
    answer = press(alice, page, plan, **pressed)
    assert answer.status_code == 303
    return alice.get(answer.location)


def test_a_series_of_somebody_else_is_never_the_source(stage, alice):
    _theirs, blue = lead(stage, "Charlie", "Blue Room")
    with stage.database.read() as db:
        foreign = db.get(GroupSession, blue[0]).series_id
    assert alice.get(f"/series/{foreign}/again").status_code == 404
    sea, _none = lead(stage, planned=False)
    page = alice.get(f"/groups/{sea}/plan?source={foreign}")
    assert "Planned again" not in page.text
    plan = f"/groups/{sea}/plan"
    page = step(alice, page, plan, source=foreign, do="check")
    said = alice.get(press(alice, page, plan, do="create").location).text
    assert "sessions are planned. Nothing was sent." in said
    assert "taken over" not in said


def test_groups_that_the_path_does_not_fit_are_named_and_not_offered(stage, alice):
    hill, _none = lead(stage, label="Hill Circle", planned=False, kind="open")
    page = alice.get(f"/series/{session(stage).series_id}/again")
    assert f"/groups/{hill}/plan" not in page.text
    assert "Hill Circle" in page.text


def test_each_page_takes_at_most_eight_queries(stage, alice):
    sea, sessions = lead(stage)
    series = session(stage).series_id
    for url in (
        f"{path(stage)}/copy",
        f"{path(stage)}/copy?to={sessions[2]}",
        f"/series/{series}/again",
        f"/groups/{sea}/plan?source={series}",
    ):
        with counted(stage.database) as statements:
            assert alice.get(url).status_code == 200
        assert len(statements) <= MOST_QUERIES, (url, len(statements))
    plan = f"/groups/{sea}/plan"
    press(alice, alice.get(f"{plan}?source={series}"), plan, do="next")
    with counted(stage.database) as statements:
        assert "Planned again" in alice.get(f"{plan}/dates").text
    assert len(statements) <= MOST_QUERIES
