"""Planning a series: dates, sessions, agendas, and every hard rule kept in the database."""

import threading
import time as clock
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from facilitator.errors import Conflict, Invalid
from facilitator.planning.models import Assignment, GroupSession, Segment, Series
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import find_session_by_page_token, page_token, schedule_series
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.service import approve
from tests.factories import counted
from tests.planning.stage import (
    FIRST_ON,
    NOW,
    content,
    filled_rows,
    in_order,
    make_draft,
    make_group,
    make_series,
    segments,
)


@pytest.mark.parametrize(
    ("zone", "first_on", "instants"),
    [
        ("Europe/Berlin", date(2027, 3, 22), {"2027-03-22T17:30", "2027-03-29T16:30"}),
        ("America/New_York", date(2027, 3, 8), {"2027-03-08T23:30", "2027-03-15T22:30"}),
        ("Australia/Lord_Howe", date(2027, 3, 29), {"2027-03-29T07:30", "2027-04-05T08:00"}),
    ],
)
def test_the_wall_time_stays_on_both_sides_of_a_clock_change(db, alice, zone, first_on, instants):
    series, sessions = make_series(db, make_group(db, alice), zone=zone, first_on=first_on)
    assert {s.start_time for s in sessions} == {time(18, 30)}
    assert {s.zone for s in sessions} == {zone}
    assert {s.starts_at.strftime("%Y-%m-%dT%H:%M") for s in sessions[:2]} == instants
    assert all(s.ends_at - s.starts_at == timedelta(minutes=90) for s in in_order(db, series))


def test_a_session_carries_its_step_its_place_and_an_address_of_its_own(db, group):
    _series, sessions = make_series(db, group)
    first, fifth = sessions[0], sessions[4]
    assert (first.session_kind, first.focus, first.depth_cap, first.place) == ("first", "core", 1, "Old Mill 3")
    assert (fifth.focus, fifth.depth_cap, fifth.pathway_position, fifth.cycle) == ("powerlessness", 3, 5, 0)
    assert (fifth.time_rev, fifth.ical_sequence, fifth.status) == (1, 0, "scheduled")
    assert find_session_by_page_token(db, page_token(db, fifth)) is fifth
    assert find_session_by_page_token(db, fifth.id) is None
    assert len({s.page_hash for s in sessions}) == 8


def test_an_open_cycle_repeats_its_steps(db, alice):
    group = make_group(db, alice, kind="open", minutes=75)
    _series, sessions = make_series(db, group, pathway_id="open-6", minutes=75, cycles=2)
    assert [(s.position, s.cycle, s.pathway_position) for s in sessions[5:8]] == [(6, 0, 6), (7, 1, 1), (8, 1, 2)]
    assert {s.depth_cap for s in sessions} == {2}


def test_every_choice_carries_its_reason_and_segments_add_up(db, group):
    series, sessions = make_series(db, group)
    for session in sessions:
        assert sum(segment.minutes for segment in segments(db, session).values()) == 90
    rows = db.scalars(select(Assignment).join(GroupSession).where(GroupSession.series_id == series.id)).all()
    assert all(row.reasons for row in rows)
    assert {key for row in rows for reason in row.reasons for key in reason} == {"code", "params"}


def test_the_same_seed_gives_the_same_plan_and_another_seed_another(db, alice):
    plans = []
    for seed in ("one", "one", "two"):
        _series, sessions = make_series(db, make_group(db, alice), seed=seed)
        plans.append([content(db, session) for session in sessions])
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]


def test_without_a_seed_one_is_drawn(db, alice):
    series, _sessions = make_series(db, make_group(db, alice), seed=None)
    assert len(series.seed) == 22


def test_dates_left_out_do_not_shorten_a_series(db, group):
    skip = frozenset({FIRST_ON + timedelta(days=7), date(2027, 6, 1)})
    series, sessions = make_series(db, group, skip_on=skip, rhythm=Rhythm.FORTNIGHTLY)
    assert len(sessions) == 8
    skipped, _sessions = make_series(db, group, skip_on=skip, start_time=time(9))
    assert _sessions[1].on_date == FIRST_ON + timedelta(days=14)
    assert series.skip_on == skipped.skip_on == ["2027-01-18", "2027-06-01"]


def test_a_limit_can_be_lowered_for_one_session_and_is_kept_to(db, group):
    _series, sessions = make_series(db, group, lowered={5: 1, 6: 3})
    assert [sessions[n].depth_limit for n in (4, 5)] == [1, None]
    found = db.scalars(
        select(PromptVersion.depth)
        .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        .where(Assignment.session_id == sessions[4].id)
    )
    assert set(found) == {1}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"first_on": date(2026, 11, 22)}, "first_on", "still to come"),
        ({"first_on": date(2026, 11, 23), "start_time": time(9, 30)}, "start_time", "still to come"),
        ({"weekday": 3}, "weekday", "This date is a Monday, not a Thursday"),
        ({"zone": "Europe/Nowhere"}, "zone", "time zone from the list"),
        ({"minutes": 80}, "minutes", "60, 75, 90"),
        ({"pathway_id": "open-6"}, "pathway_id", "closed groups"),
        ({"pathway_id": "nothing"}, "pathway_id", "closed groups"),
        ({"cycles": 2}, "cycles", "Only an open cycle repeats"),
        ({"cycles": 0}, "cycles", "Enter 1"),
        ({"lowered": {1: 2}}, "lowered", "Session 1 goes to depth 1 at most"),
        ({"lowered": {2: 0}}, "lowered", "can only be lowered"),
        (
            {"first_on": date(2027, 2, 28), "start_time": time(2, 30), "weekday": 6},
            "start_time",
            "02:30 does not exist",
        ),
    ],
)
def test_what_cannot_stand_is_refused_with_its_field_and_a_sentence(db, group, change, field, words):
    with pytest.raises(Invalid, match=words) as refusal:
        make_series(db, group, **change)
    assert refusal.value.field == field
    assert not db.scalars(select(Series)).all()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"cycles": 11}, "count", "1 to 60 sessions"),
        ({"cycles": 5, "rhythm": Rhythm.MONTHLY}, "count", "2 years at most"),
    ],
)
def test_a_series_has_its_limits(db, alice, change, field, words):
    group = make_group(db, alice, kind="open")
    with pytest.raises(Invalid, match=words) as refusal:
        make_series(db, group, pathway_id="open-6", **change)
    assert refusal.value.field == field


def test_a_group_does_not_meet_twice_at_once(db, group):
    make_series(db, group)
    with pytest.raises(Conflict, match="already meets on 1 March 2027 at 18:30"):
        make_series(db, group, first_on=date(2027, 3, 1), start_time=time(19, 59))
    make_series(db, group, first_on=date(2027, 3, 1), start_time=time(20))


def test_two_plans_made_at_the_same_moment_do_not_overlap(database, db, group):
    group_id = group.id
    db.commit()
    outcomes = []

    def plan_too():
        with database.write() as other:
            try:
                schedule_series(other, other.get_one(type(group), group_id), make_draft(), NOW)
                other.commit()
                outcomes.append("planned")
            except Conflict:
                outcomes.append("refused")

    with database.write() as first:
        schedule_series(first, first.get_one(type(group), group_id), make_draft(), NOW)
        thread = threading.Thread(target=plan_too)
        thread.start()
        clock.sleep(0.2)
        first.commit()
    thread.join(timeout=20)
    assert outcomes == ["refused"]


def test_nothing_unreviewed_is_placed_while_review_is_required(db, group):
    _series, sessions = make_series(db, group, require_review=True)
    filled = content(db, sessions[2])
    assert filled["explore_a"] is None
    assert filled["ground_close"]
    row = db.get(Assignment, segments(db, sessions[2])["explore_a"].id)
    assert row.emptied_by["code"] == "emptied"
    assert row.emptied_by["params"]["rule"] == "H10"


def test_reviewed_prompts_are_placed_while_review_is_required(db, group):
    approve(db, list(db.scalars(select(PromptVersion.id))), "clinical psychologist", date(2026, 11, 1))
    _series, sessions = make_series(db, group, require_review=True)
    assert all(content(db, session)["checkin"] for session in sessions)


def test_a_second_series_of_a_closed_group_keeps_back_the_themed_explores_alone(db, group):
    make_series(db, group)
    second, sessions = make_series(db, group, first_on=date(2027, 4, 5), seed="two")
    first_explores = _themed(db, group, before=sessions[0].starts_at)
    assert not first_explores & _themed(db, group, after=sessions[0].starts_at)
    rows = filled_rows(db, second)
    assert not [row for row in rows if row.prompt_id is None and row.exercise_id is None]


def test_an_open_group_goes_on_without_a_repeat_from_series_to_series(db, alice):
    group = make_group(db, alice, kind="open", minutes=75)
    _first, sessions = make_series(db, group, pathway_id="open-6", minutes=75)
    _second, more = make_series(db, group, pathway_id="open-6", minutes=75, first_on=date(2027, 2, 22), seed="two")
    had = {pid for session in sessions for pid in content(db, session).values()}
    has = {pid for session in more for pid in content(db, session).values()}
    assert not {pid for pid in had & has if not db.scalar(select(Assignment.exercise_id).filter_by(exercise_id=pid))}


def _themed(db, group, before=None, after=None):
    found = (
        select(PromptVersion.prompt_id)
        .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        .join(GroupSession, GroupSession.id == Assignment.session_id)
        .where(GroupSession.group_id == group.id, PromptVersion.phase == "explore", PromptVersion.sub_bind != "core")
    )
    found = found.where(GroupSession.starts_at < before) if before else found.where(GroupSession.starts_at >= after)
    return set(db.scalars(found))


def test_what_was_planned_is_there_after_the_commit(database, db, group):
    series, _sessions = make_series(db, group)
    db.commit()
    with database.read() as reader:
        sessions = in_order(reader, reader.get_one(Series, series.id))
        assert sessions[0].starts_at == datetime(2027, 1, 11, 17, 30, tzinfo=UTC)
        assert reader.scalar(select(func.count()).select_from(Segment)) == sum(
            len(segments(reader, s)) for s in sessions
        )


def test_a_longer_series_takes_no_more_queries(database, db, alice):
    counts = []
    for pathway in ("closed-8", "closed-16"):
        group = make_group(db, alice)
        with counted(database) as found:
            make_series(db, group, pathway_id=pathway)
        counts.append(found["SELECT"])
    assert 7 >= counts[0] >= counts[1]  # the first asks whether the library changed


def test_twelve_sessions_are_planned_in_well_under_a_second(db, group):
    started = clock.perf_counter()
    make_series(db, group, pathway_id="closed-12")
    assert clock.perf_counter() - started < 1
