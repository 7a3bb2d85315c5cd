"""Moving, skipping and inserting sessions, and what everybody can rely on afterwards."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from facilitator.errors import Conflict, Invalid
from facilitator.planning.checking import CheckCode
from facilitator.planning.models import Segment
from facilitator.planning.rules import Rhythm
from facilitator.planning.rules_slots import Reach
from facilitator.planning.service import (
    TimeChange,
    cancel_session,
    change_of,
    change_place,
    change_series_time,
    mark_done,
    move_session,
    plan_change,
    skip_session,
)
from facilitator.prompts.rules_reasons import RefusalCode
from tests.factories import counted
from tests.planning.stage import (
    FIRST_ON,
    NOW,
    assignment,
    content,
    days,
    facts,
    list_warnings,
    make_group,
    make_series,
    revisions,
    segments,
)

WEEK = timedelta(days=7)
ADVICE = {CheckCode.NOT_REVIEWED, CheckCode.SPEAKING_SHORT}
HALF_SIX = time(18, 30)


@pytest.fixture
def sessions(db, group):
    return make_series(db, group)[1]


def test_one_session_moves_alone_and_is_told_of(db, sessions):
    changed = move_session(db, sessions[2], date(2027, 1, 27), time(19), Reach.ONE, NOW)
    assert changed == [sessions[2]]
    assert facts(sessions[2]) == (date(2027, 1, 27), time(19), 2, 1)
    assert sessions[2].starts_at == datetime(2027, 1, 27, 18, tzinfo=UTC)
    assert sessions[2].ends_at == datetime(2027, 1, 27, 19, 30, tzinfo=UTC)
    assert revisions(sessions[3:]) == [(1, 0)] * 5


def test_a_session_keeps_its_number_plan_and_address_when_it_moves(db, sessions):
    before = content(db, sessions[2]), sessions[2].position, sessions[2].page_hash
    move_session(db, sessions[2], date(2027, 3, 3), HALF_SIX, Reach.ONE, NOW)
    assert (content(db, sessions[2]), sessions[2].position, sessions[2].page_hash) == before


def test_later_sessions_follow_by_days_and_take_the_new_time(db, sessions):
    changed = move_session(db, sessions[5], date(2027, 2, 17), time(19), Reach.LATER, NOW)
    assert changed == sessions[5:]
    assert days(sessions) == [0, 7, 14, 21, 28, 37, 44, 51]
    assert [s.start_time for s in sessions] == [HALF_SIX] * 5 + [time(19)] * 3
    assert revisions(sessions) == [(1, 0)] * 5 + [(2, 1)] * 3


def test_a_session_moved_by_hand_keeps_its_distance_when_all_follow(db, sessions):
    move_session(db, sessions[3], date(2027, 2, 3), HALF_SIX, Reach.ONE, NOW)
    move_session(db, sessions[0], FIRST_ON + timedelta(days=1), HALF_SIX, Reach.ALL, NOW)
    assert days(sessions) == [1, 8, 15, 24, 29, 36, 43, 50]
    assert sessions[3].time_rev == 3


def test_all_means_all_that_are_still_to_come_and_stand(db, sessions):
    mark_done(db, sessions[0])
    cancel_session(db, sessions[4], "ill", NOW)
    now = sessions[1].ends_at + timedelta(hours=1)
    changed = move_session(db, sessions[5], date(2027, 2, 16), HALF_SIX, Reach.ALL, now)
    assert changed == [sessions[n] for n in (2, 3, 5, 6, 7)]
    assert days(sessions) == [0, 7, 15, 22, 28, 36, 43, 50]


def test_the_wall_time_is_kept_when_a_move_crosses_a_clock_change(db, sessions):
    move_session(db, sessions[7], date(2027, 3, 29), HALF_SIX, Reach.ONE, NOW)
    assert sessions[7].starts_at == datetime(2027, 3, 29, 16, 30, tzinfo=UTC)


def test_moving_a_session_to_where_it_stands_changes_nothing(db, sessions):
    assert move_session(db, sessions[2], sessions[2].on_date, HALF_SIX, Reach.ALL, NOW) == []
    assert revisions(sessions) == [(1, 0)] * 8


def test_a_preview_says_what_would_move_and_writes_nothing(database, db, sessions):
    change = change_of(sessions[6], date(2027, 2, 23), time(20), Reach.LATER)
    with counted(database) as found:
        moves = plan_change(db, sessions, sessions[6], change, NOW)
    assert [(move.session, move.slot.on, move.slot.start_time) for move in moves] == [
        (sessions[6], date(2027, 2, 23), time(20)),
        (sessions[7], date(2027, 3, 2), time(20)),
    ]
    assert set(found) <= {"SELECT"}
    assert days(sessions[6:]) == [42, 49]


@pytest.mark.parametrize(
    ("to_on", "to_time", "reach", "field", "words"),
    [
        (date(2027, 3, 28), time(2, 30), Reach.ONE, "start_time", "02:30 does not exist on 28 March 2027 in Berlin"),
        (date(2026, 11, 23), time(9), Reach.ONE, "on", "still to come"),
        (date(2027, 1, 18), HALF_SIX, Reach.LATER, "on", "after the session before it"),
        (date(2029, 1, 12), HALF_SIX, Reach.ONE, "on", "12 January 2029 is too far ahead. .* up to 11 January 2029"),
        (date(2028, 12, 10), HALF_SIX, Reach.LATER, "on", "14 January 2029 is too far ahead"),
        (date(2100, 1, 25), HALF_SIX, Reach.ALL, "on", "too far ahead"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_nothing_moves(db, sessions, to_on, to_time, reach, field, words):
    with pytest.raises(Invalid, match=words) as refusal:
        move_session(db, sessions[2], to_on, to_time, reach, NOW)
    assert refusal.value.field == field
    assert days(sessions) == [7 * n for n in range(8)]
    assert revisions(sessions) == [(1, 0)] * 8


def test_a_group_does_not_meet_twice_at_once_after_a_move(db, group, sessions):
    with pytest.raises(Conflict, match="already meets on 1 February 2027 at 18:30"):
        move_session(db, sessions[2], date(2027, 2, 1), time(17, 30), Reach.ONE, NOW)
    make_series(db, group, first_on=date(2027, 3, 2), seed="two")
    with pytest.raises(Conflict, match="already meets on 2 March 2027"):
        move_session(db, sessions[6], date(2027, 2, 23), HALF_SIX, Reach.LATER, NOW)


def test_another_group_may_meet_at_the_same_time(db, alice, sessions):
    make_series(db, make_group(db, alice))


def test_a_session_may_be_moved_over_a_cancelled_one(db, sessions):
    cancel_session(db, sessions[3], "", NOW)
    assert move_session(db, sessions[2], sessions[3].on_date, HALF_SIX, Reach.ONE, NOW) == [sessions[2]]


@pytest.mark.parametrize("act", ["move", "place", "skip", "cancel"])
def test_a_session_that_has_begun_stays_as_it_is(db, sessions, act):
    begun = sessions[2].starts_at
    with pytest.raises(Conflict, match="has begun"):
        _act(db, sessions[2], act, begun)


@pytest.mark.parametrize("act", ["move", "place", "skip", "cancel"])
def test_a_cancelled_session_is_restored_before_it_changes(db, sessions, act):
    cancel_session(db, sessions[2], "", NOW)
    with pytest.raises(Conflict, match="is cancelled"):
        _act(db, sessions[2], act, NOW)


def _act(db, session, act, now):
    if act == "move":
        move_session(db, session, date(2027, 5, 3), HALF_SIX, Reach.ONE, now)
    elif act == "place":
        change_place(db, session, "Elsewhere", "", Reach.ALL, now)
    elif act == "skip":
        skip_session(db, session, now)
    else:
        cancel_session(db, session, "", now)


@pytest.mark.parametrize(
    ("reach", "reached"), [(Reach.ONE, [2]), (Reach.LATER, [2, 4, 5, 6, 7]), (Reach.ALL, [1, 2, 4, 5, 6, 7])]
)
def test_place_and_link_change_for_one_later_or_all_that_stand(db, sessions, reach, reached):
    cancel_session(db, sessions[3], "", NOW)
    now = sessions[0].ends_at
    changed = change_place(db, sessions[2], " New  Hall ", "https://meet.example/x", reach, now)
    assert changed == [sessions[n] for n in reached]
    assert {(s.place, s.link, s.time_rev, s.ical_sequence) for s in changed} == {
        ("New Hall", "https://meet.example/x", 2, 1)
    }
    assert change_place(db, sessions[2], "New Hall", "https://meet.example/x", reach, now) == []


@pytest.mark.parametrize(("place", "link", "field"), [("x" * 201, "", "place"), ("", "x" * 301, "link")])
def test_a_place_that_is_too_long_is_refused(db, sessions, place, link, field):
    with pytest.raises(Invalid) as refusal:
        change_place(db, sessions[2], place, link, Reach.ONE, NOW)
    assert refusal.value.field == field


def test_the_zone_can_change_with_the_wall_time_kept(db, sessions):
    change = TimeChange(
        on=sessions[2].on_date, start_time=HALF_SIX, zone="Europe/London", minutes=90, reach=Reach.LATER
    )
    changed = change_series_time(db, sessions[2], change, NOW)
    assert changed == sessions[2:]
    assert sessions[2].starts_at == datetime(2027, 1, 25, 18, 30, tzinfo=UTC)
    assert revisions(sessions) == [(1, 0)] * 2 + [(2, 1)] * 6


def test_the_series_takes_over_what_was_said_for_several_sessions(db, group):
    series, sessions = make_series(db, group)
    move_session(db, sessions[0], date(2027, 1, 13), time(19), Reach.ONE, NOW)
    assert (series.first_on, series.start_time) == (FIRST_ON, HALF_SIX)
    move_session(db, sessions[0], date(2027, 1, 14), time(19), Reach.ALL, NOW)
    assert (series.first_on, series.start_time) == (date(2027, 1, 14), time(19))


def test_a_monthly_series_follows_by_the_place_in_the_month(db, group):
    _series, sessions = make_series(db, group, rhythm=Rhythm.MONTHLY)  # second Mondays
    move_session(db, sessions[0], date(2027, 1, 14), HALF_SIX, Reach.ALL, NOW)
    assert [s.on_date.day for s in sessions[:4]] == [14, 11, 11, 8]
    assert {s.on_date.weekday() for s in sessions} == {3}


@pytest.mark.parametrize(("minutes", "caps"), [(75, [1, 2, 2, 2, 3, 3, 2, 1]), (60, [1, 2, 2, 2, 2, 2, 2, 1])])
def test_another_length_brings_its_agenda_and_keeps_what_still_fits(db, group, minutes, caps):
    series, sessions = make_series(db, group)
    before = [content(db, session) for session in sessions]
    row = assignment(db, sessions[2], "explore_a")
    row.locked = True
    change = TimeChange(
        on=sessions[0].on_date, start_time=HALF_SIX, zone="Europe/Berlin", minutes=minutes, reach=Reach.ALL
    )
    changed = change_series_time(db, sessions[0], change, NOW, require_review=False)
    assert changed == sessions
    # nobody is told of a new time, as the start is the old one; calendars show the new end
    assert revisions(sessions) == [(1, 1)] * 8
    assert [s.depth_cap for s in sessions] == caps
    assert series.minutes == minutes
    for session, old in zip(sessions, before, strict=True):
        assert session.ends_at - session.starts_at == timedelta(minutes=minutes)
        laid = segments(db, session)
        assert sum(segment.minutes for segment in laid.values()) == minutes
        assert [segment.position for segment in laid.values()] == list(range(1, len(laid) + 1))
        found = {warning.code for warning in list_warnings(db, session, group)}
        # with one explore part left, what is locked there may take up one side alone
        assert found <= ADVICE | ({RefusalCode.H8_ONE_SIDED} if session is sessions[2] else set())
        assert sum(content(db, session).get(kind) == pid for kind, pid in old.items()) >= 3
    assert content(db, sessions[2])["explore_a"] == before[2]["explore_a"]
    assert assignment(db, sessions[2], "explore_a").locked


def test_a_longer_session_gets_the_parts_that_it_lacked(db, alice):
    group = make_group(db, alice, minutes=60)
    _series, sessions = make_series(db, group, minutes=60)
    change = TimeChange(on=sessions[4].on_date, start_time=HALF_SIX, zone="Europe/Berlin", minutes=90)
    change_series_time(db, sessions[4], change, NOW, require_review=False)
    assert content(db, sessions[4])["explore_b"]
    assert sessions[4].depth_cap == 3
    assert {s.minutes for s in sessions} == {60, 90}
    orphans = db.query(Segment).filter(Segment.position > 100).count()
    assert orphans == 0


def test_a_length_outside_the_agendas_is_refused(db, sessions):
    change = TimeChange(on=sessions[4].on_date, start_time=HALF_SIX, zone="Europe/Berlin", minutes=80)
    with pytest.raises(Invalid) as refusal:
        change_series_time(db, sessions[4], change, NOW)
    assert refusal.value.field == "minutes"
