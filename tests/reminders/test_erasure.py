"""The end of a list: 30 days after the last session everything about its people is erased, and numbers stay."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import ErasureReceipt, Group, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.erasure import erase_ended, erase_list, find_erasure_day, list_own_and_endings, list_receipts
from facilitator.reminders.ledger_personal import list_personal
from facilitator.reminders.models import Attempt, OutboxMessage, ReturnedMail, Suppression
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.service import follow_group
from tests.factories import add_confirmed, entry, make_group
from tests.mail.servers import Strict, honest
from tests.reminders.conftest import HOUR, START

DAY = timedelta(days=1)
ENDS = START + timedelta(minutes=90)


def end(scene, after):
    with scene.change() as db:
        return len(erase_ended(db, ENDS + after))


def count(scene, model):
    with scene.database.read() as db:
        return db.scalar(select(func.count()).select_from(model))


def test_thirty_days_after_the_last_session_people_and_their_messages_are_erased(scene):
    scene.add_person("kim")
    scene.follow()
    messages = len(scene.rows())
    assert messages > 2
    assert end(scene, 29 * DAY) == 0
    assert count(scene, Participant) == 2
    assert end(scene, 30 * DAY) == 1
    assert [count(scene, model) for model in (Participant, OutboxMessage)] == [0, 0]
    with scene.database.read() as db:
        [receipt] = list_receipts(db, db.get_one(Group, scene.group_id))
        assert (receipt.people, receipt.messages, receipt.by_hand) == (2, messages, False)


def test_running_it_twice_writes_one_receipt(scene):
    assert [end(scene, 40 * DAY), end(scene, 41 * DAY)] == [1, 0]
    assert count(scene, ErasureReceipt) == 1


@pytest.mark.parametrize(("status", "erased"), [(SessionStatus.SCHEDULED, 0), (SessionStatus.CANCELLED, 1)])
def test_a_session_to_come_puts_it_off_and_a_cancelled_one_does_not(scene, status, erased):
    other = scene.add_session(START + 60 * DAY, position=2)
    with scene.change() as db:
        db.get_one(GroupSession, other).status = status
    assert end(scene, 40 * DAY) == erased


def test_a_group_that_never_met_keeps_its_list(scene):
    with scene.change() as db:
        db.delete(db.get_one(GroupSession, scene.session_id))
    assert end(scene, 400 * DAY) == 0


def test_what_came_back_from_an_address_goes_unless_another_list_has_it(scene):
    with scene.change() as db:
        [index] = db.scalars(select(Participant.address_index))
        lead = db.get_one(Facilitator, scene.lead_id)
        other = make_group(db, lead, scene.clock(), label="Other")
        [kept] = (one.address_index for one in add_confirmed(db, other, [entry("Kim")]))
        for address in (index, kept):
            db.add(ReturnedMail(address_index=address, code="4.2.2", at=START))
            db.add(Suppression(address_index=address, cause="no_such_mailbox"))
    end(scene, 30 * DAY)
    with scene.database.read() as db:
        for model in (ReturnedMail, Suppression):
            assert db.scalars(select(model.address_index)).all() == [kept]


def test_the_day_is_said_when_the_last_session_is_over(scene):
    with scene.database.read() as db:
        group = db.get_one(Group, scene.group_id)
        assert find_erasure_day(db, group, START) is None
        assert find_erasure_day(db, group, ENDS + HOUR) == ENDS.date() + 30 * DAY


def test_messages_beside_the_sessions_are_counted_by_group_and_kind(scene):
    scene.set_person(scene.people[0], consent_round=0)
    scene.add_person("kim", consent_round=0)
    with scene.change() as db:
        follow_group(db, db.get_one(Group, scene.group_id), scene.clock())
    with scene.database.read() as db:
        [line] = list_personal(db, [scene.group_id])
        assert (line.kind, line.counts, line.to_come) == (MessageKind.CONFIRM, {OutboxState.PENDING: 2}, 2)
        assert list_personal(db, []) == []


def endings(scene, now):
    with scene.database.read() as db:
        return [ending.erased_on for ending in list_own_and_endings(db, db.get_one(Facilitator, scene.lead_id), now)[1]]


def test_the_end_is_announced_for_seven_days_and_a_day_that_passed_is_today(scene):
    day = ENDS.date() + 30 * DAY
    found = [endings(scene, ENDS + after * DAY) for after in (0, 22, 23, 29, 30, 33)]
    assert found == [[], [], [day], [day], [day], [day + 3 * DAY]]
    end(scene, 33 * DAY)
    assert endings(scene, ENDS + 33 * DAY) == []


def test_a_list_is_erased_on_the_day_that_was_said_whatever_the_hour(scene):
    with scene.database.read() as db:
        said = find_erasure_day(db, db.get_one(Group, scene.group_id), ENDS)
    midnight = datetime.combine(said, time(), UTC)  # London keeps UTC in winter
    assert end(scene, midnight - timedelta(seconds=1) - ENDS) == 0
    assert end(scene, midnight - ENDS) == 1


@pytest.mark.parametrize(("zone", "hours"), [("Pacific/Pago_Pago", 11), ("Asia/Tokyo", 15)])
def test_the_day_is_that_of_the_groups_clock(scene, zone, hours):
    """The session ends at 20:00 UTC: in Tokyo that is the next day, and days begin at 15:00 UTC there."""
    scene.set_group(zone=zone)
    begins = datetime.combine(ENDS.date() + 30 * DAY, time(hours), UTC)
    assert [end(scene, begins - timedelta(seconds=1) - ENDS), end(scene, begins - ENDS)] == [0, 1]


class Erasing(Strict):
    """A server between whose words and whose last word the list is erased."""

    def __init__(self, scene):
        super().__init__()
        self.scene = scene

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        with self.scene.change() as db:
            erase_list(db, db.get_one(Group, self.scene.group_id), START.date())
        return await super().handle_DATA(server, session, envelope)


def test_a_list_that_is_erased_during_a_hand_over_leaves_no_row_and_breaks_nothing(scene, station):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    server = Erasing(scene)
    with honest(server) as url:
        deliver_due(station(url))
    assert len(server.accepted) == 1
    assert [count(scene, model) for model in (Participant, OutboxMessage, Attempt)] == [0, 0, 0]


@pytest.mark.parametrize("listed_elsewhere", [True, False])
def test_an_address_that_is_on_another_list_too_is_remembered_until_it_is_on_none(scene, listed_elsewhere):
    with scene.change() as db:
        [index] = db.scalars(select(Participant.address_index))
        db.add(Suppression(address_index=index, cause="no_such_mailbox"))
        if listed_elsewhere:
            other = make_group(db, db.get_one(Facilitator, scene.lead_id), scene.clock(), label="Other")
            add_confirmed(db, other, [entry("pat")])
    end(scene, 30 * DAY)
    assert count(scene, Suppression) == listed_elsewhere
