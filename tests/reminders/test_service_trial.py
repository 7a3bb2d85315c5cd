"""A test to oneself: planned at most five times an hour, delivered like every other message, and nobody else's."""

from datetime import timedelta

import pytest

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict
from facilitator.groups.models import Group, Wording
from facilitator.planning.models import GroupSession
from facilitator.reminders import service
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.follow import Followed
from facilitator.reminders.health import check_delivery
from facilitator.reminders.ledger import list_occasions
from facilitator.reminders.lines import list_lines
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.service_trial import kind_of_test, list_tests, plan_test
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import HELD, LEASED, SENDING, UNKNOWN, pretend


def ask(scene, kind=MessageKind.REMINDER, wording=Wording.VAGUE, *, with_group=True):
    with scene.change() as db:
        group = db.get_one(Group, scene.group_id) if with_group else None
        me = db.get_one(Facilitator, scene.lead_id)
        return plan_test(db, me, group, kind=kind, wording=wording, now=scene.clock()).id


def asked(scene):
    with scene.database.read() as db:
        return list_tests(db, db.get_one(Facilitator, scene.lead_id), scene.clock())


def test_a_test_is_due_now_for_an_hour_and_about_the_next_session(scene):
    ask(scene, MessageKind.MOVED, Wording.PLAIN)
    row = scene.row(kind="test")
    assert (row.session_id, row.participant_id, row.asked_by) == (scene.session_id, None, scene.lead_id)
    assert (row.wording, row.lead_minutes, row.session_starts_at, row.details_sha) == ("plain", 0, START, "")
    assert row.due_at == row.next_attempt_at == scene.clock()
    assert row.valid_until_at == scene.clock() + HOUR
    assert row.dedup_key.startswith(f"test:{scene.lead_id}:")
    assert kind_of_test(row) is MessageKind.MOVED


def test_a_test_without_a_session_is_about_one_in_two_days(scene):
    ask(scene, with_group=False)
    row = scene.row(kind="test")
    assert (row.session_id, row.session_starts_at) == (None, scene.clock() + timedelta(days=2))


@pytest.mark.parametrize("wording", Wording)
@pytest.mark.parametrize("kind", set(MessageKind) - {MessageKind.TEST})
def test_it_is_delivered_to_the_account_that_asked_in_the_chosen_words(scene, station, kind, wording):
    ask(scene, kind, wording)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 1}
    [message] = server.messages
    assert b"alice@example.org" in message
    assert b"pat@example.org" not in message


def test_neither_quiet_hours_nor_the_pause_of_the_group_hold_it_but_the_pause_of_everything_does(scene, station):
    scene.clock.go_to(START.replace(hour=23, day=24))
    scene.set_group(reminders_paused_at=scene.clock())
    ask(scene)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 1}
        with scene.change() as db:
            service.pause_all(db, scene.clock())
        ask(scene)
        assert deliver_due(station(server.url)) == {"pending": 1}
        assert scene.rows(kind="test")[1].reason == "paused"


def test_five_in_an_hour_are_enough(scene):
    for _ in range(5):
        ask(scene)
        scene.clock.advance(10 * MINUTE)
    with pytest.raises(Conflict, match="5 tests within an hour"):
        ask(scene)
    assert len(asked(scene)) == 5
    scene.clock.advance(10 * MINUTE)
    ask(scene)
    newest, *_ = asked(scene)
    assert newest.planned_at == scene.clock()


def test_the_tests_of_somebody_else_are_not_counted(scene):
    ask(scene)
    with scene.change() as db:
        other = Facilitator(name="Bob", email_sealed=b"-", email_index="b", password_hash="-")
        db.add(other)
        db.flush()
        assert list_tests(db, other, scene.clock()) == []


def test_a_sweep_and_a_move_leave_it_alone_and_it_tells_nobody_of_a_change(scene):
    scene.follow()
    ask(scene)
    assert scene.follow() == Followed()
    pretend(scene, LEASED, SENDING, kind="test")
    assert scene.move(START + 24 * HOUR).notices == 0
    assert scene.row(kind="test").state == SENDING


def test_it_stands_in_no_ledger_and_waits_for_nobody(scene):
    ask(scene)
    pretend(scene, LEASED, SENDING, UNKNOWN, HELD, kind="test")
    with scene.database.read() as db:
        assert list_occasions(db, [scene.group_id], coming=False) == []
        assert list_lines(db, [scene.group_id], scene.clock()) == []
        assert check_delivery(db, scene.clock(), me=db.get_one(Facilitator, scene.lead_id)).held == 0
        session = db.get_one(GroupSession, scene.session_id)
        assert service.would_tell(db, [session]) == service.WouldTell(people=0, planned=0)
