"""Reading plans in a fixed number of queries."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from facilitator.planning import queries
from facilitator.planning.assigning import empty_slot
from facilitator.planning.service import cancel_session, mark_done
from facilitator.prompts.wording import say
from tests.factories import counted
from tests.planning.stage import FIRST_ON, NOW, list_warnings, make_group, make_series, segments


@pytest.fixture
def planned(db, group):
    return make_series(db, group)


def test_a_plan_holds_everything_that_its_page_shows_in_two_queries(database, db, group, planned):
    session = planned[1][2]
    db.flush()
    with counted(database) as found:
        plan = queries.session_plan(db, session, group)
    assert found["SELECT"] <= 2  # the second asks whether the library changed, once for each session of the database
    parts = {part.segment.kind: part for part in plan.segments}
    assert plan.total_minutes == 90
    assert plan.deepest == max(part.prompt.depth for part in plan.segments if part.prompt)
    assert (parts["checkin"].start_time, parts["checkin"].start_minute) == (time(18, 41), 11)
    assert parts["checkin"].starts_at == session.starts_at + timedelta(minutes=11)
    assert parts["checkin"].prompt.text
    assert parts["checkin"].seconds_each == (15 * 60 - 60) // 8
    assert parts["ground_open"].exercise.steps
    assert all(say(reason.code, reason.params) for part in plan.segments for reason in part.reasons)
    assert (parts["welcome"].empty, parts["welcome"].silent, parts["welcome"].reasons) == (False, False, ())
    assert (parts["checkin"].own, parts["checkin"].reviewed) == (False, False)


def test_an_empty_slot_says_which_rule_emptied_it_and_a_silent_minute_does_not(db, alice):
    group = make_group(db, alice)
    _series, sessions = make_series(db, group, require_review=True)
    empty_slot(db, sessions[2], segments(db, sessions[2])["integrate"].id, NOW)
    parts = {part.segment.kind: part for part in queries.session_plan(db, sessions[2], group).segments}
    assert parts["checkin"].empty
    assert "Reviewed" in say(parts["checkin"].emptied_by.code, parts["checkin"].emptied_by.params)
    assert parts["integrate"].silent
    assert not parts["integrate"].empty
    assert parts["integrate"].emptied_by is None


def test_checks_take_a_fixed_number_of_queries(database, db, alice):
    for pathway in ("closed-8", "closed-16"):
        group = make_group(db, alice)
        _series, sessions = make_series(db, group, pathway_id=pathway)
        with counted(database) as found:
            list_warnings(db, sessions[4], group, require_review=True)
        assert found["SELECT"] <= 5


def test_a_plan_reads_local_times_across_a_clock_change(db, alice):
    group = make_group(db, alice)
    _series, sessions = make_series(db, group, first_on=date(2027, 3, 28), start_time=time(1, 30), zone="Europe/Berlin")
    times = [part.start_time for part in queries.session_plan(db, sessions[0], group).segments]
    assert times[0] == time(1, 30)
    assert times[-1] > time(3)


def test_a_series_at_a_glance_says_what_is_missing(database, db, alice):
    group = make_group(db, alice)
    series, sessions = make_series(db, group, require_review=True)
    empty_slot(db, sessions[2], segments(db, sessions[2])["integrate"].id, NOW)
    with counted(database) as found:
        lines = queries.series_overview(db, series)
    assert found["SELECT"] == 1
    assert [line.session for line in lines] == sessions
    assert [line.empty_slots for line in lines] == [3, 5, 4, 5, 5, 5, 5, 4]
    other, _sessions = make_series(db, make_group(db, alice))
    assert [(line.empty_slots, line.unreviewed) for line in queries.series_overview(db, other)] == [
        (0, unreviewed) for unreviewed in (3, 5, 5, 5, 5, 5, 5, 4)
    ]
    assert queries.list_series(db, group) == [series]


def test_what_is_coming_is_ones_own_in_time_with_cancelled_ones(db, alice, charlie, group, planned):
    _series, sessions = planned
    cancel_session(db, sessions[1], "", NOW)
    from_at, until_at = sessions[0].starts_at, sessions[2].starts_at
    assert queries.upcoming(db, alice, from_at, until_at) == [(sessions[0], group), (sessions[1], group)]
    assert queries.upcoming(db, charlie, from_at, until_at) == []


def test_sessions_that_are_over_wait_until_their_room_is_closed(db, alice, bob, charlie, group, planned):
    _series, sessions = planned
    now = sessions[1].ends_at
    assert queries.list_day(db, bob, now, now)[0] == [(sessions[0], group), (sessions[1], group)]
    mark_done(db, sessions[0])
    assert queries.list_day(db, alice, now, now)[0] == [(sessions[1], group)]
    assert queries.list_day(db, charlie, now, now)[0] == []


def test_clashes_are_told_under_the_labels_of_ones_own_groups(db, alice, charlie, planned):
    _series, sessions = planned
    cancel_session(db, sessions[1], "", NOW)
    found = queries.busy(db, alice, FIRST_ON, FIRST_ON + timedelta(days=14))
    assert [(each.starts_at, each.label) for each in found] == [
        (datetime(2027, 1, 11, 17, 30, tzinfo=UTC), "Monday Circle"),
        (datetime(2027, 1, 25, 17, 30, tzinfo=UTC), "Monday Circle"),
    ]
    assert queries.busy(db, charlie, FIRST_ON, FIRST_ON + timedelta(days=14)) == ()
