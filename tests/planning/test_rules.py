"""Which dates a series falls on, and what about a plan cannot stand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.planning.rules import (
    DatePlan,
    ProblemCode,
    Rhythm,
    joins_until,
    left_out,
    list_dates,
    occurrences,
    validate,
)
from facilitator.times import get_zone, to_local

BERLIN = get_zone("Europe/Berlin")
NEW_YORK = get_zone("America/New_York")
LORD_HOWE = get_zone("Australia/Lord_Howe")
TOKYO = get_zone("Asia/Tokyo")
ZONES = [BERLIN, NEW_YORK, LORD_HOWE, TOKYO]

PLAN = DatePlan(
    first_on=date(2027, 1, 11), start_time=time(18, 30), zone=BERLIN, minutes=90, rhythm=Rhythm.WEEKLY, count=12
)
TODAY = date(2027, 1, 4)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def days(*texts):
    return tuple(map(date.fromisoformat, texts))


def test_a_weekly_series_keeps_its_weekday_and_counts_from_one():
    sessions = occurrences(PLAN)
    assert [session.position for session in sessions] == list(range(1, 13))
    assert {session.on.weekday() for session in sessions} == {0}
    assert (sessions[0].on, sessions[-1].on) == days("2027-01-11", "2027-03-29")


def test_a_session_lasts_its_minutes():
    session = occurrences(PLAN)[0]
    assert (session.starts_at, session.ends_at) == (utc(2027, 1, 11, 17, 30), utc(2027, 1, 11, 19, 0))
    assert (session.start_time, session.abbreviation) == (time(18, 30), "CET")


@pytest.mark.parametrize(
    ("zone", "first_on", "before", "after"),
    [
        (BERLIN, date(2027, 3, 22), utc(2027, 3, 22, 17, 30), utc(2027, 3, 29, 16, 30)),
        (BERLIN, date(2027, 10, 25), utc(2027, 10, 25, 16, 30), utc(2027, 11, 1, 17, 30)),
        (NEW_YORK, date(2027, 3, 8), utc(2027, 3, 8, 23, 30), utc(2027, 3, 15, 22, 30)),
        (NEW_YORK, date(2027, 11, 1), utc(2027, 11, 1, 22, 30), utc(2027, 11, 8, 23, 30)),
        (LORD_HOWE, date(2027, 3, 29), utc(2027, 3, 29, 7, 30), utc(2027, 4, 5, 8, 0)),
        (LORD_HOWE, date(2027, 9, 27), utc(2027, 9, 27, 8, 0), utc(2027, 10, 4, 7, 30)),
        (TOKYO, date(2027, 3, 22), utc(2027, 3, 22, 9, 30), utc(2027, 3, 29, 9, 30)),
    ],
)
def test_a_weekly_series_stays_at_half_past_six_across_a_clock_change(zone, first_on, before, after):
    sessions = occurrences(replace(PLAN, zone=zone, first_on=first_on, count=2))
    assert [session.starts_at for session in sessions] == [before, after]
    assert [to_local(session.starts_at, zone).time() for session in sessions] == [time(18, 30)] * 2


def test_a_fortnightly_series_stays_at_its_time_across_both_clock_changes():
    sessions = occurrences(replace(PLAN, rhythm=Rhythm.FORTNIGHTLY, count=26))
    gaps = {later.on - earlier.on for earlier, later in pairwise(sessions)}
    assert gaps == {timedelta(days=14)}
    assert {to_local(session.starts_at, BERLIN).time() for session in sessions} == {time(18, 30)}
    assert {session.abbreviation for session in sessions} == {"CET", "CEST"}


@pytest.mark.parametrize(
    ("first_on", "expected"),
    [
        # the second Monday
        (date(2027, 1, 11), days("2027-01-11", "2027-02-08", "2027-03-08", "2027-04-12")),
        # the first day of a month
        (date(2027, 1, 1), days("2027-01-01", "2027-02-05", "2027-03-05", "2027-04-02")),
        # a fourth stays a fourth although it was the last
        (date(2027, 2, 22), days("2027-02-22", "2027-03-22", "2027-04-26", "2027-05-24")),
        # a fifth is the last
        (date(2027, 3, 29), days("2027-03-29", "2027-04-26", "2027-05-31", "2027-06-28")),
        (date(2027, 1, 31), days("2027-01-31", "2027-02-28", "2027-03-28", "2027-04-25")),
        # leap day
        (date(2028, 2, 29), days("2028-02-29", "2028-03-28", "2028-04-25", "2028-05-30")),
    ],
)
def test_a_monthly_series_keeps_the_place_of_its_weekday_in_the_month(first_on, expected):
    assert list_dates(replace(PLAN, first_on=first_on, rhythm=Rhythm.MONTHLY, count=4)) == expected


def test_a_skipped_date_does_not_count_and_the_series_runs_on():
    plan = replace(PLAN, skip_on=frozenset(days("2027-03-29")))
    assert list_dates(plan)[-1] == date(2027, 4, 5)
    assert len(list_dates(plan)) == 12
    assert left_out(plan) == days("2027-03-29")


def test_a_date_after_the_last_session_is_not_left_out_of_anything():
    assert left_out(replace(PLAN, skip_on=frozenset(days("2027-02-01", "2027-04-12")))) == days("2027-02-01")


def test_dates_that_the_rhythm_never_meets_leave_nothing_out():
    plan = replace(PLAN, skip_on=frozenset(days("2027-01-12", "2026-01-12", "2027-12-25")))
    assert list_dates(plan) == list_dates(PLAN)
    assert left_out(plan) == ()


def test_a_first_date_that_is_left_out_moves_the_start():
    plan = replace(PLAN, skip_on=frozenset(days("2027-01-11", "2027-01-18")))
    assert list_dates(plan)[0] == date(2027, 1, 25)
    assert left_out(plan) == days("2027-01-11", "2027-01-18")


def test_a_series_crosses_the_year():
    plan = replace(PLAN, first_on=date(2026, 12, 17), count=4, skip_on=frozenset(days("2026-12-24", "2026-12-31")))
    assert list_dates(plan) == days("2026-12-17", "2027-01-07", "2027-01-14", "2027-01-21")
    assert occurrences(plan)[1].starts_at == utc(2027, 1, 7, 17, 30)


def test_a_plan_that_can_stand_has_no_problems():
    assert validate(PLAN, TODAY) == []
    assert validate(replace(PLAN, weekday=0), PLAN.first_on) == []


@pytest.mark.parametrize(
    ("change", "field", "code", "params"),
    [
        ({"first_on": date(2026, 12, 28)}, "first_on", ProblemCode.DATE_PAST, {"on": date(2026, 12, 28)}),
        ({"weekday": 3}, "weekday", ProblemCode.WEEKDAY_MISMATCH, {"said": 3, "actual": 0}),
        ({"minutes": 45}, "minutes", ProblemCode.BAD_MINUTES, {"allowed": (60, 75, 90)}),
        ({"count": 0}, "count", ProblemCode.BAD_COUNT, {"least": 1, "most": 60}),
        ({"count": 61}, "count", ProblemCode.BAD_COUNT, {"least": 1, "most": 60}),
        ({"count": 10**12}, "count", ProblemCode.BAD_COUNT, {"least": 1, "most": 60}),
        (
            {"count": 26, "rhythm": Rhythm.MONTHLY},
            "count",
            ProblemCode.TOO_LONG,
            {"last_on": date(2029, 2, 12), "latest_on": date(2029, 1, 11)},
        ),
        (
            {"first_on": date(2027, 3, 21), "start_time": time(2, 30)},
            "start_time",
            ProblemCode.START_MISSING,
            {"on": date(2027, 3, 28), "time": time(2, 30), "becomes": time(3, 30)},
        ),
    ],
)
def test_what_cannot_stand_is_named_with_its_field(change, field, code, params):
    (problem,) = validate(replace(PLAN, **change), TODAY)
    assert (problem.field, problem.code, dict(problem.params)) == (field, code, params)


def test_a_missing_start_can_be_left_out():
    plan = replace(
        PLAN, first_on=date(2027, 3, 21), start_time=time(2, 30), skip_on=frozenset({date(2027, 3, 28)}), count=3
    )
    assert validate(plan, TODAY) == []


def test_an_ambiguous_start_stands_and_is_the_first_of_the_two():
    plan = replace(PLAN, first_on=date(2027, 10, 31), start_time=time(2, 30), count=1)
    assert validate(plan, TODAY) == []
    assert occurrences(plan)[0].starts_at == utc(2027, 10, 31, 0, 30)


def test_a_monthly_series_of_just_two_years_stands():
    assert validate(replace(PLAN, rhythm=Rhythm.MONTHLY, count=24), TODAY) == []


def test_every_problem_is_reported_at_once():
    plan = replace(PLAN, first_on=date(2026, 12, 28), weekday=4, minutes=1, count=99)
    assert [problem.field for problem in validate(plan, TODAY)] == ["first_on", "weekday", "minutes", "count"]


@pytest.mark.parametrize(("kind", "number"), [("closed", 3), ("open", None)])
def test_a_closed_group_is_joined_before_session_three(kind, number):
    assert joins_until(kind) == number


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        DatePlan,
        first_on=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
        start_time=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        zone=st.sampled_from(ZONES),
        minutes=st.sampled_from([60, 75, 90]),
        rhythm=st.sampled_from(Rhythm),
        count=st.integers(1, 20),
        skip_on=st.frozensets(st.dates(date(2026, 1, 1), date(2031, 12, 31)), max_size=10),
        weekday=st.none(),
    )
)
def test_every_series_has_its_sessions_in_order_on_its_weekday_and_on_no_date_left_out(plan):
    sessions = occurrences(plan)
    assert len(sessions) == plan.count
    assert all(earlier.starts_at < later.starts_at for earlier, later in pairwise(sessions))
    assert {session.on.weekday() for session in sessions} == {plan.first_on.weekday()}
    assert not {session.on for session in sessions} & plan.skip_on
    refused_on = {p.params["on"] for p in validate(plan, plan.first_on) if p.code is ProblemCode.START_MISSING}
    for session in sessions:
        shown = to_local(session.starts_at, plan.zone)
        assert (shown == datetime.combine(session.on, plan.start_time)) == (session.on not in refused_on)


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.sampled_from(Rhythm), st.data())
def test_leaving_a_date_out_keeps_all_the_others(first_on, rhythm, data):
    plan = replace(PLAN, first_on=first_on, rhythm=rhythm)
    gone = data.draw(st.sampled_from(list_dates(plan)))
    without = list_dates(replace(plan, skip_on=frozenset({gone})))
    assert set(list_dates(plan)) - {gone} == set(without[:-1])
    assert without[-1] > list_dates(plan)[-1] or gone == list_dates(plan)[-1]
