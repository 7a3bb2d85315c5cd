"""What is expected when, as tables; wall times are the person's unless they end in Z."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.reminders.plan import (
    DEFAULT_LEADS,
    PersonFacts,
    RuleFacts,
    SessionFacts,
    expected,
    is_quiet,
    shift_out_of_quiet,
    when_due,
)
from facilitator.reminders.rules import MessageKind, Priority

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RULES = [RuleFacts(lead=lead) for lead in DEFAULT_LEADS]
LONDON = "Europe/London"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def at(text, zone=LONDON):
    """Read "2026-11-26 18:30" as a wall time of the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def wall(instant, zone=LONDON):
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def session(starts, zone=LONDON, **facts):
    return SessionFacts(**{"uid": "s", "starts_at": at(starts, zone), "time_rev": 1} | facts)


def person(zone=LONDON, **facts):
    return PersonFacts(**{"id": "pat", "zone": zone} | facts)


def times(occasions, zone=LONDON):
    return [wall(occasion.next_attempt_at, zone) for occasion in occasions]


def test_two_reminders_are_expected_48_and_3_hours_before():
    first, second = expected(session("2026-11-26 18:30"), RULES, [person()], LONG_AGO)
    assert times([first, second]) == ["2026-11-24 18:30", "2026-11-26 15:30"]
    assert (first.dedup_key, second.dedup_key) == ("reminder:s:1:2880:pat", "reminder:s:1:180:pat")
    assert {first.kind, second.kind} == {MessageKind.REMINDER}
    assert {first.priority, second.priority} == {Priority.REMINDER}
    assert (first.lead, second.lead) == DEFAULT_LEADS
    assert {first.valid_until, second.valid_until} == {at("2026-11-26 18:20")}
    assert first.due_at == first.next_attempt_at
    assert first.participant_id == "pat"


@pytest.mark.parametrize(
    ("starts", "lead", "zone", "due"),
    [
        # whole days keep the wall time across both clock changes; hours are hours
        ("2026-03-29 18:30", 24 * HOUR, LONDON, "2026-03-28 18:30"),
        ("2026-03-29 18:30", 23 * HOUR, LONDON, "2026-03-28 18:30"),
        ("2026-10-25 18:30", 24 * HOUR, LONDON, "2026-10-24 18:30"),
        ("2026-10-25 18:30", 25 * HOUR, LONDON, "2026-10-24 18:30"),
        ("2026-10-26 18:30", 48 * HOUR, LONDON, "2026-10-24 18:30"),
        ("2026-03-30 01:30", 24 * HOUR, LONDON, "2026-03-29 02:30"),  # 01:30 is skipped that night
        ("2026-10-26 01:30", 24 * HOUR, LONDON, "2026-10-25 01:30"),  # 01:30 comes twice: the first
        ("2026-10-05 18:30", 48 * HOUR, "Australia/Lord_Howe", "2026-10-03 18:30"),  # changes by 30 minutes
        ("2026-10-05 18:30", 3 * HOUR, "Australia/Lord_Howe", "2026-10-05 15:30"),
        ("2026-11-26 18:30", 36 * HOUR, LONDON, "2026-11-25 06:30"),
    ],
)
def test_days_are_wall_time_and_hours_are_hours(starts, lead, zone, due):
    assert wall(when_due(at(starts, zone), lead, zone), zone) == due


def test_the_first_of_two_same_wall_times_is_meant():
    assert when_due(at("2026-10-26 01:30"), 24 * HOUR, LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_days_are_counted_where_the_person_lives():
    # New York changes its clocks a week after London, between the reminder and the session
    starts = at("2026-11-02 18:30")
    assert wall(when_due(starts, 48 * HOUR, "America/New_York"), "America/New_York") == "2026-10-31 13:30"
    assert wall(when_due(starts, 48 * HOUR, LONDON), "America/New_York") == "2026-10-31 14:30"


@pytest.mark.parametrize(
    ("starts", "lead", "now", "goes_out"),
    [
        ("2026-11-26 18:30", 3 * HOUR, "2026-11-20 12:00", "2026-11-26 15:30"),
        ("2026-11-26 23:00", 3 * HOUR, "2026-11-20 12:00", "2026-11-26 19:30"),  # 20:00 is quiet already
        ("2026-11-26 22:59", 3 * HOUR, "2026-11-20 12:00", "2026-11-26 19:59"),
        ("2026-11-26 11:00", 3 * HOUR, "2026-11-20 12:00", "2026-11-26 08:00"),  # 08:00 is not quiet any more
        ("2026-11-26 10:00", 3 * HOUR, "2026-11-20 12:00", "2026-11-25 19:30"),  # the evening before
        ("2026-11-26 03:30", 3 * HOUR, "2026-11-20 12:00", "2026-11-25 19:30"),  # 00:30, after midnight
        ("2026-11-26 10:00", 3 * HOUR, "2026-11-25 19:45", "2026-11-25 19:45"),  # planned late in the evening
        ("2026-11-26 10:00", 3 * HOUR, "2026-11-25 20:00", "2026-11-26 08:00"),  # too late for it, 2 h are left
        ("2026-11-26 09:59", 3 * HOUR, "2026-11-25 20:00", None),  # 1 h 59 min are not enough
        ("2026-11-26 10:00", 3 * HOUR, "2026-11-26 03:00", "2026-11-26 08:00"),
        # the nights on which the clocks change
        ("2026-03-29 10:00", 3 * HOUR, "2026-03-20 12:00", "2026-03-28 19:30"),
        ("2026-03-29 11:00", 3 * HOUR, "2026-03-28 21:00", "2026-03-29 08:00"),
        ("2026-10-25 10:00", 3 * HOUR, "2026-10-20 12:00", "2026-10-24 19:30"),
        ("2026-10-25 10:30", 3 * HOUR, "2026-10-24 21:00", "2026-10-25 08:00"),
    ],
)
def test_a_reminder_in_quiet_hours_goes_out_before_them_and_after_them_only_when_that_has_passed(
    starts, lead, now, goes_out
):
    found = expected(session(starts), [RuleFacts(lead=lead)], [person()], at(now))
    assert times(found) == ([goes_out] if goes_out else [])


@pytest.mark.parametrize(
    ("quiet_from", "quiet_to", "goes_out"),
    [
        (time(20), time(8), "2026-11-25 19:30"),
        (time(0), time(8), "2026-11-25 23:30"),  # begins at midnight
        (time(6), time(12), "2026-11-26 05:30"),  # within one day
        (time(7, 1), time(9), "2026-11-26 07:00"),
        (time(8), time(8), "2026-11-26 07:00"),  # none
    ],
)
def test_quiet_hours_are_the_persons_own(quiet_from, quiet_to, goes_out):
    one = person(quiet_from=quiet_from, quiet_to=quiet_to)
    found = expected(session("2026-11-26 10:00"), [RuleFacts(lead=3 * HOUR)], [one], at("2026-11-20 12:00"))
    assert times(found) == [goes_out]


def test_quiet_hours_are_those_where_the_person_lives():
    # 18:30 in London is 07:30 the next morning in Auckland; 3 hours before is 04:30 there
    found = expected(session("2026-11-26 18:30"), RULES, [person("Pacific/Auckland")], LONG_AGO)
    assert times(found, "Pacific/Auckland") == ["2026-11-24 19:30", "2026-11-26 19:30"]


@pytest.mark.parametrize(
    ("starts", "now", "goes_out"),
    [
        ("2026-11-26 18:30", "2026-11-24 18:29", ["2026-11-24 18:30", "2026-11-26 15:30"]),
        ("2026-11-26 18:30", "2026-11-24 18:30", ["2026-11-24 18:30", "2026-11-26 15:30"]),
        ("2026-11-26 18:30", "2026-11-25 12:00", ["2026-11-25 12:00", "2026-11-26 15:30"]),  # one catches up
        ("2026-11-26 18:30", "2026-11-25 22:00", ["2026-11-26 08:00", "2026-11-26 15:30"]),  # not at night
        ("2026-11-26 18:30", "2026-11-26 14:30", ["2026-11-26 14:30", "2026-11-26 15:30"]),
        ("2026-11-26 18:30", "2026-11-26 14:31", ["2026-11-26 15:30"]),  # another is due within the hour
        ("2026-11-26 18:30", "2026-11-26 16:00", ["2026-11-26 16:00"]),  # both late: the later one alone
        ("2026-11-26 18:30", "2026-11-26 18:19", ["2026-11-26 18:19"]),
        ("2026-11-26 18:30", "2026-11-26 18:20", []),  # ten minutes before is too late
        ("2026-11-26 18:30", "2026-11-26 20:00", []),
        ("2026-11-26 10:00", "2026-11-25 21:00", ["2026-11-26 08:00"]),  # both would come at 08:00
        ("2026-11-26 09:00", "2026-11-25 21:00", []),  # 08:00 leaves one hour
        # its time was 06:00, or 19:30 the evening before; for who joins now it is not too late
        ("2026-11-26 09:00", "2026-11-26 08:10", ["2026-11-26 08:10"]),
    ],
)
def test_of_reminders_whose_time_has_passed_one_at_most_catches_up(starts, now, goes_out):
    assert times(expected(session(starts), RULES, [person()], at(now))) == goes_out


def test_what_catches_up_keeps_the_time_it_was_due():
    [late] = expected(session("2026-11-26 18:30"), RULES, [person()], at("2026-11-26 16:00"))
    assert (wall(late.due_at), wall(late.next_attempt_at)) == ("2026-11-26 15:30", "2026-11-26 16:00")
    assert late.lead == 3 * HOUR


@pytest.mark.parametrize(
    ("facts", "leads"),
    [
        ({}, [48, 3]),
        ({"stopped": True}, []),
        ({"reachable": False}, []),
        ({"leads": frozenset()}, []),
        ({"leads": frozenset({48 * HOUR})}, [48]),
        ({"leads": frozenset({3 * HOUR, 5 * HOUR})}, [3]),
        ({"paused_until": at("2026-11-30 12:00")}, []),
        ({"paused_until": at("2026-11-25 12:00")}, [3]),
        ({"paused_until": at("2026-11-20 12:00")}, [48, 3]),
    ],
)
def test_nothing_is_expected_for_who_does_not_want_it_or_cannot_be_reached(facts, leads):
    found = expected(session("2026-11-26 18:30"), RULES, [person(**facts)], at("2026-11-21 12:00"))
    assert [occasion.lead / HOUR for occasion in found] == leads


def test_a_session_that_does_not_stand_has_no_reminders():
    assert expected(session("2026-11-26 18:30", stands=False), RULES, [person()], LONG_AGO) == ()


def test_nobody_gets_more_than_two_reminders_however_many_rules_there_are():
    rules = [RuleFacts(lead=hours * HOUR) for hours in (3, 96, 24, 48, 3)]
    assert times(expected(session("2026-11-26 18:30"), rules, [person()], LONG_AGO)) == [
        "2026-11-25 18:30",
        "2026-11-26 15:30",
    ]


def test_two_rules_that_quiet_hours_push_together_make_one_reminder():
    rules = [RuleFacts(lead=10 * HOUR), RuleFacts(lead=3 * HOUR)]
    [only] = expected(session("2026-11-26 09:00"), rules, [person()], LONG_AGO)
    assert (only.lead, wall(only.next_attempt_at)) == (3 * HOUR, "2026-11-25 19:30")


def test_a_moved_session_has_new_keys_and_a_plan_made_twice_has_the_same():
    keys = [
        {one.dedup_key for one in expected(session("2026-11-26 18:30", time_rev=rev), RULES, [person()], LONG_AGO)}
        for rev in (1, 1, 2)
    ]
    assert keys[0] == keys[1]
    assert keys[0].isdisjoint(keys[2])


DAY_IN_MINUTES = 24 * 60
# the time left for mail is at least 90 minutes a day, or all of it
QUIET = st.tuples(st.integers(0, DAY_IN_MINUTES - 1), st.integers(0, DAY_IN_MINUTES - 90)).map(
    lambda drawn: tuple(time(*divmod(m % DAY_IN_MINUTES, 60)) for m in (drawn[0], drawn[0] + drawn[1]))
)
ZONES = st.sampled_from(
    [LONDON, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca"]
)


@given(
    starts=st.integers(0, 396 * 24 * 60).map(lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + minutes * MINUTE),
    ahead=st.timedeltas(timedelta(0), timedelta(days=4)),
    leads=st.lists(st.integers(1, 96), max_size=4),
    quiet=QUIET,
    zone=ZONES,
)
def test_no_reminder_is_ever_quiet_late_past_or_one_too_many(starts, ahead, leads, quiet, zone):
    one, now = person(zone, quiet_from=quiet[0], quiet_to=quiet[1]), starts - ahead
    facts = SessionFacts(uid="s", starts_at=starts, time_rev=1)
    found = expected(facts, [RuleFacts(lead=hours * HOUR) for hours in leads], [one], now)
    assert len(found) <= 2
    assert len({occasion.dedup_key for occasion in found}) == len(found)
    for occasion in found:
        assert not is_quiet(occasion.next_attempt_at, one)
        assert now <= occasion.next_attempt_at < occasion.valid_until == starts - 10 * MINUTE
    for earlier, later in pairwise(found):
        assert later.next_attempt_at - earlier.next_attempt_at >= HOUR


def test_a_message_that_meets_quiet_hours_on_its_way_waits_for_their_end():
    starts, one, night = at("2026-11-26 18:30"), person(), at("2026-11-26 05:00")
    assert wall(shift_out_of_quiet(night, starts, one, night)) == "2026-11-26 08:00"
    assert shift_out_of_quiet(night, at("2026-11-26 09:30"), one, night) is None
