"""The ledger: by occasion and in numbers, one by one only where somebody decides, and gone 30 days after the session."""

from dataclasses import fields
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from facilitator.planning.models import GroupSession
from facilitator.reminders.delivery import CHANNEL, deliver_due
from facilitator.reminders.ledger import PER_PAGE, Occasion, list_occasions
from facilitator.reminders.lines import Line, list_lines
from facilitator.reminders.models import Attempt, Channel, OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.service_held import HeldKey, list_held
from facilitator.ticks import erase_ledger
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START, Scene
from tests.reminders.test_follow import FAILED, HELD, LEASED, SENDING, TOLD_WAYS, UNKNOWN, pretend

FAR, DAY = START - 48 * HOUR, timedelta(days=1)


@pytest.fixture
def three(scene):
    scene.add_person("bob")
    scene.add_person("charlie")
    scene.follow()
    return scene


def occasions(scene, *, coming, **more):
    with scene.database.read() as db:
        return list_occasions(db, [scene.group_id], coming=coming, **more)


def waiting(scene, lead=180, reason=""):
    with scene.database.read() as db:
        about = db.get_one(GroupSession, scene.session_id)
        key = HeldKey(about=about, kind=MessageKind.REMINDER, lead_minutes=lead, reason=reason)
        return list_held(db, key)


def lines(scene, *, needs_you):
    with scene.database.read() as db:
        return [one for one in list_lines(db, [scene.group_id], scene.clock()) if one.needs_you == needs_you]


def test_an_occasion_is_a_number_of_messages_and_names_nobody(three):
    far, near = occasions(three, coming=True)
    assert (far.kind, far.lead, far.counts, far.total) == (MessageKind.REMINDER, 48 * HOUR, {OutboxState.PENDING: 3}, 3)
    assert near.lead == 3 * HOUR
    assert (far.at, far.earlier, far.later) == (FAR, 0, 0)
    about = far.about
    assert (about.session_id, about.group_id, about.label) == (three.session_id, three.group_id, "Thursday")
    assert (about.position, about.on_date, about.zone) == (1, START.date(), "Europe/London")
    assert not any(person in repr(far) for person in three.people)


def test_states_are_counted_apart(three):
    pretend(three, *TOLD_WAYS["sent"], participant_id=three.people[0], lead_minutes=48 * 60)
    far, _ = occasions(three, coming=True)
    assert far.counts == {OutboxState.PENDING: 2, OutboxState.SENT: 1}


def test_what_was_sent_is_in_the_ledger_while_another_message_of_its_occasion_waits(three):
    pretend(three, *TOLD_WAYS["sent"], participant_id=three.people[0], lead_minutes=48 * 60)
    (past,) = occasions(three, coming=False)
    assert (past.counts[OutboxState.SENT], past.to_come) == (1, 2)


def test_an_occasion_with_nothing_left_to_send_is_past(three):
    pretend(three, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    assert [one.lead for one in occasions(three, coming=True)] == [3 * HOUR]
    assert [one.lead for one in occasions(three, coming=False)] == [48 * HOUR]


def test_a_notice_and_each_time_of_a_session_are_occasions_of_their_own(three):
    pretend(three, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    three.move(START + 7 * DAY)
    kinds = [(one.kind, one.lead) for one in occasions(three, coming=True)]
    assert kinds == [
        (MessageKind.MOVED, timedelta()),
        (MessageKind.REMINDER, 48 * HOUR),
        (MessageKind.REMINDER, 3 * HOUR),
    ]
    assert len(occasions(three, coming=False)) == 2


def test_coming_occasions_are_soonest_first_and_past_ones_latest_first(scene):
    for week in (3, 1, 2):
        scene.follow(scene.add_session(START + 7 * week * DAY, position=week + 1))
    coming = [one.at for one in occasions(scene, coming=True)]
    assert coming == sorted(coming)
    for days, row in enumerate(scene.rows()):
        scene.clock.advance(timedelta(days=days))
        pretend(scene, *TOLD_WAYS["sent"], id=row.id)
    past = [one.at for one in occasions(scene, coming=False)]
    assert past == sorted(past, reverse=True)
    assert len(set(past)) > 1


def test_what_was_never_sent_comes_after_all_that_was_however_late_it_was_due(three):
    other = three.add_session(START + 28 * DAY, position=2)
    three.follow(other)
    pretend(three, OutboxState.SUPERSEDED, session_id=other, lead_minutes=180)
    pretend(three, *TOLD_WAYS["sent"], session_id=three.session_id, lead_minutes=48 * 60)
    went_out, replaced = occasions(three, coming=False)
    assert (went_out.settled, went_out.never_sent) == ({OutboxState.SENT: 3}, {})
    assert (replaced.settled, replaced.never_sent, replaced.at) == ({}, {OutboxState.SUPERSEDED: 3}, None)


def test_the_usual_time_is_that_of_most_people_and_the_others_are_numbers(scene):
    for name, zone in (("early", "Asia/Tokyo"), ("bob", None), ("charlie", None), ("late", "America/New_York")):
        scene.add_person(name, zone=zone)
    scene.follow()
    far, near = occasions(scene, coming=True)
    # two days before by each person's own clock: in Tokyo the session is at 03:30, before which lie quiet hours
    assert (far.at, far.earlier, far.later) == (FAR, 1, 0)
    assert (near.at, near.earlier, near.later) == (START - 3 * HOUR, 1, 0)
    [one] = scene.rows(participant_id=scene.people[0], lead_minutes=180)
    with scene.change() as db:
        db.get_one(OutboxMessage, one.id).next_attempt_at = START - HOUR
    near = occasions(scene, coming=True)[1]
    assert (near.at, near.earlier, near.later, near.to_come) == (START - 3 * HOUR, 1, 1, 5)


def test_what_was_sent_already_does_not_set_the_time_of_what_is_to_come(three):
    pretend(three, *TOLD_WAYS["sent"], lead_minutes=48 * 60, participant_id=three.people[0])
    later = FAR + HOUR
    for row in three.rows(state="pending", lead_minutes=48 * 60):
        with three.change() as db:
            db.get_one(OutboxMessage, row.id).next_attempt_at = later
    assert occasions(three, coming=True)[0].at == later


def test_a_reminder_of_a_time_that_was_left_keeps_the_date_it_told(three):
    pretend(three, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    three.move(START + 7 * DAY)
    dates = {(one.kind, one.about.on_date) for one in occasions(three, coming=False)}
    assert dates == {(MessageKind.REMINDER, START.date())}
    assert {one.about.on_date for one in occasions(three, coming=True)} == {(START + 7 * DAY).date()}


def test_pages_hold_thirty_each_and_every_occasion_once(scene):
    for number in range(16):
        scene.follow(scene.add_session(START, position=number + 2))  # all at the same time: no order by time alone
    first, second, third = (occasions(scene, coming=True, page=page) for page in (1, 2, 3))
    assert [len(first), len(second), len(third)] == [PER_PAGE, 2, 0]
    assert len({(one.about.session_id, one.lead) for one in [*first, *second]}) == 32


def test_one_session_can_be_looked_at_alone(three):
    other = three.add_session(START + 7 * DAY, position=2)
    three.follow(other)
    assert {one.about.session_id for one in occasions(three, coming=True, session_id=other)} == {other}


def test_other_groups_are_not_seen(three, database, clock):
    stranger = Scene(database, clock).build()
    stranger.follow()
    pretend(stranger, *TOLD_WAYS["waiting for a person"], participant_id=stranger.people[0], lead_minutes=180)
    assert {one.about.group_id for one in occasions(three, coming=True)} == {three.group_id}
    assert waiting(three) == []
    assert lines(three, needs_you=True) == []
    with database.read() as db:
        assert list_occasions(db, [], coming=True) == []


@pytest.mark.parametrize(
    ("way", "shown"),
    [
        (TOLD_WAYS["waiting for a person"], True),
        ((LEASED, SENDING, FAILED), True),
        ((OutboxState.EXPIRED,), True),
        ((OutboxState.CANCELLED,), False),
        ((OutboxState.SUPPRESSED,), False),
        (TOLD_WAYS["sent"], False),
        (TOLD_WAYS["unknown"], False),
    ],
)
def test_what_needs_a_person_is_listed_and_what_waits_for_a_decision_one_by_one(scene, way, shown):
    scene.follow()
    pretend(scene, *way, lead_minutes=180)
    assert [one.state for one in lines(scene, needs_you=True)] == ([way[-1]] if shown else [])
    assert waiting(scene) == ([row.id for row in scene.rows(state="held")])


def test_a_missed_message_is_told_until_the_session_and_a_held_one_beyond(three):
    pretend(three, *TOLD_WAYS["waiting for a person"], participant_id=three.people[0], lead_minutes=48 * 60)
    pretend(three, OutboxState.EXPIRED, lead_minutes=180)
    assert {one.state: one.count for one in lines(three, needs_you=True)} == {HELD: 1, OutboxState.EXPIRED: 3}
    three.clock.go_to(START)
    assert [one.state for one in lines(three, needs_you=True)] == [HELD]


def test_who_a_message_is_for_is_not_said():
    told = {field.name for kind in (Occasion, Line) for field in fields(kind)}
    assert not told & {"participant_id", "uuid", "address", "reply"}


def test_waiting_messages_say_what_a_decision_rests_on(scene):
    scene.follow()
    scene.clock.go_to(FAR)
    pretend(scene, *TOLD_WAYS["waiting for a person"], lead_minutes=48 * 60)
    [one] = lines(scene, needs_you=True)
    assert (one.kind, one.lead, one.count, one.valid_until_at) == (
        MessageKind.REMINDER,
        48 * HOUR,
        1,
        START - 10 * MINUTE,
    )
    assert waiting(scene, lead=48 * 60) == [scene.row(state="held").id]


def test_equal_waiting_messages_are_one_line_whatever_their_number(scene):
    for number in range(24):
        scene.add_person(f"person{number}")
    scene.follow()
    pretend(scene, *TOLD_WAYS["waiting for a person"], lead_minutes=180)
    [line] = lines(scene, needs_you=True)
    assert line.count == 25 == len(waiting(scene))


def test_what_was_tried_or_held_back_is_listed_as_coming_again(three, station):
    three.clock.go_to(FAR)
    with Liar(rcpt=["450 4.2.0 later"], dot=[None]) as server:
        deliver_due(station(server.url), lambda: len(server.messages) >= 1)
    assert [(one.state, one.reason, one.enhanced, one.count) for one in lines(three, needs_you=False)] == [
        (OutboxState.PENDING, "try_later", "", 1),
        (UNKNOWN, "no_answer", "", 1),
    ]


def test_messages_that_wait_for_one_reason_are_one_line_whose_next_try_is_when_the_server_is_asked_again(
    three, station
):
    three.clock.go_to(FAR)
    with Liar(mail=["421 4.3.2 closing"]) as server:
        deliver_due(station(server.url))
    with three.change() as db:
        channel = db.get_one(Channel, CHANNEL)
        asked_again_at = channel.open_until_at
        assert asked_again_at > three.clock()
    [line] = lines(three, needs_you=False)
    # one was tried and two wait behind it
    assert (line.reason, line.count, line.next_attempt_at) == ("server_closing", 3, asked_again_at)


@pytest.mark.parametrize("until", [-HOUR, -MINUTE, timedelta(), MINUTE])
@pytest.mark.parametrize("tried", [-HOUR, timedelta(), 5 * MINUTE])
def test_no_try_is_ever_promised_for_a_time_that_has_passed(three, tried, until):
    three.clock.go_to(FAR)
    now = three.clock()
    with three.change() as db:
        db.add(
            Channel(name=CHANNEL, failures=3, open_since_at=now - HOUR, open_until_at=now + until, reason="unreachable")
        )
        for row in three.rows(lead_minutes=48 * 60):
            db.get_one(OutboxMessage, row.id).next_attempt_at = now + tried
            db.get_one(OutboxMessage, row.id).reason = "try_later"
    [line] = lines(three, needs_you=False)
    assert line.next_attempt_at == max(now, now + tried, now + until)
    assert not line.ends_first


def test_a_try_after_its_time_is_known_to_be_none(three):
    three.clock.go_to(START - 11 * MINUTE)
    until = three.clock() + 15 * MINUTE
    with three.change() as db:
        db.add(Channel(name=CHANNEL, failures=9, open_since_at=FAR, open_until_at=until, reason="unreachable"))
    found = lines(three, needs_you=False)
    assert found
    assert all(line.ends_first for line in found)


def count(scene, table):
    with scene.database.read() as db:
        return db.scalar(select(func.count()).select_from(table))


def test_the_messages_of_a_session_are_erased_thirty_days_after_it(three, station):
    other = three.add_session(START + 7 * DAY, position=2)
    three.follow(other)
    three.clock.go_to(FAR)
    with Liar() as server:
        deliver_due(station(server.url))
    assert count(three, Attempt) == 3
    ended = START + 90 * MINUTE
    for at, rows, attempts in [(ended + 30 * DAY, 12, 3), (ended + 30 * DAY + timedelta(milliseconds=1), 6, 0)]:
        with three.change() as db:
            assert erase_ledger(db, at) == 12 - rows
        assert (count(three, OutboxMessage), count(three, Attempt)) == (rows, attempts)
    assert {row.session_id for row in three.rows()} == {other}
