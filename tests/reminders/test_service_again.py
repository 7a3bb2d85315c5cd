"""One more copy because a person asks for it: to whom it goes, when it is of no use, and that nothing undoes it."""

import pytest

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict, NotFound
from facilitator.groups.models import MailState
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.follow import Followed
from facilitator.reminders.ledger import list_occasions
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.service_again import count_again, resend
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, TOLD_WAYS, pretend

FAR, NEAR = 48 * 60, 180


@pytest.fixture
def told(scene):
    """Pat and Bob were sent the reminder of two days before."""
    scene.people.append(scene.add_person("bob"))
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=FAR)
    scene.clock.advance(HOUR)
    return scene


def again(scene, kind=MessageKind.REMINDER, lead_minutes=FAR, me=None):
    with scene.change() as db:
        alice = me or db.get_one(Facilitator, scene.lead_id)
        people = count_again(db, alice, scene.session_id, kind=kind, lead_minutes=lead_minutes, now=scene.clock())
        sent = resend(db, alice, scene.session_id, kind=kind, lead_minutes=lead_minutes, now=scene.clock())
        assert people == sent
        return sent


def copies(scene):
    return [row for row in scene.rows() if ":manual:" in row.dedup_key]


def test_everybody_who_was_sent_it_gets_one_more_under_a_key_of_its_own(told, station):
    assert again(told) == 2
    for row, person in zip(copies(told), told.people, strict=True):
        assert row.dedup_key == f"reminder:{told.session_id}:1:{FAR}:{person}:manual:1"
        assert (row.asked_by, row.due_at, row.valid_until_at) == (told.lead_id, told.clock(), START - 10 * MINUTE)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 2}
    assert again(told) == 2
    assert {row.dedup_key[-9:] for row in copies(told)} == {":manual:1", ":manual:2"}


def test_who_has_a_copy_on_its_way_or_may_not_be_written_to_gets_none(told):
    told.set_person(told.people[1], state=MailState.STOPPED)
    assert again(told) == 1
    with pytest.raises(Conflict, match="Nobody is left"):
        again_uncounted(told)


def again_uncounted(scene):
    with scene.change() as db:
        alice = db.get_one(Facilitator, scene.lead_id)
        return resend(db, alice, scene.session_id, kind=MessageKind.REMINDER, lead_minutes=FAR, now=scene.clock())


@pytest.mark.parametrize("way", ["unknown", "waiting for a person", "on its way"])
def test_what_is_not_settled_is_not_sent_again(scene, way):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS[way], lead_minutes=FAR)
    with pytest.raises(Conflict, match="Nobody is left"):
        again_uncounted(scene)


def test_a_sweep_neither_takes_a_copy_back_nor_doubles_it(told):
    again(told)
    before = [(row.dedup_key, row.state, row.next_attempt_at) for row in told.rows()]
    assert told.follow() == Followed()
    assert [(row.dedup_key, row.state, row.next_attempt_at) for row in told.rows()] == before


def test_a_copy_outlives_its_rule_because_a_person_asked_for_it(told):
    again(told)
    told.remove_rule(48 * HOUR)
    assert told.follow().withdrawn == 0
    told.add_rule(48 * HOUR)
    assert told.follow() == Followed()
    assert {row.state for row in copies(told)} == {"pending"}


def test_a_copy_of_what_was_planned_twice_keeps_the_first_key_and_its_time(scene):
    scene.follow()
    scene.remove_rule(48 * HOUR)
    scene.follow()
    scene.add_rule(48 * HOUR)
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=FAR, state="pending")
    scene.clock.advance(HOUR)
    assert again(scene) == 1
    [copy] = copies(scene)
    assert "#" not in copy.dedup_key
    assert scene.follow() == Followed()
    assert copies(scene)[0].due_at == scene.clock()


@pytest.mark.parametrize("change", ["move", "cancel"])
def test_a_change_of_the_session_takes_a_copy_back_and_each_person_hears_of_it_once(told, change):
    again(told)
    followed = told.move(START + 24 * HOUR) if change == "move" else told.cancel()
    assert followed.notices == 2
    assert {row.state for row in copies(told)} == {"superseded" if change == "move" else "cancelled"}


def test_who_was_sent_two_copies_hears_of_a_move_once(told, station):
    again(told)
    with Liar() as server:
        deliver_due(station(server.url))
    assert told.move(START + 24 * HOUR).notices == 2


def test_who_left_gets_no_copy(told):
    again(told)
    told.remove_person(told.people[0])
    told.follow()
    assert sorted(row.state for row in copies(told)) == ["cancelled", "pending"]


def test_what_no_longer_tells_how_the_session_stands_is_not_sent_again(told):
    told.move(START + 24 * HOUR)
    with pytest.raises(Conflict, match="changed meanwhile"):
        again(told, lead_minutes=60)


def test_what_is_too_late_is_not_sent_again(told):
    told.clock.go_to(START - 10 * MINUTE)
    with pytest.raises(Conflict, match="has passed"):
        again(told)


def test_an_earlier_reminder_is_not_sent_again_after_a_later_one(told):
    told.clock.go_to(START - 3 * HOUR)
    pretend(told, LEASED, lead_minutes=NEAR)
    with pytest.raises(Conflict, match="later reminder"):
        again(told)


def test_a_notice_can_be_sent_once_more_as_well(told, station):
    told.cancel()
    with Liar() as server:
        deliver_due(station(server.url))
        assert again(told, MessageKind.CANCELLED, 0) == 2
        assert deliver_due(station(server.url)) == {"sent": 2}


def test_the_session_of_another_group_does_not_exist(told):
    with told.change() as db:
        charlie = Facilitator(name="Charlie", email_sealed=b"-", email_index="c", password_hash="-")
        db.add(charlie)
    with pytest.raises(NotFound):
        again(told, me=charlie)
    assert copies(told) == []


def test_the_ledger_tells_copies_apart_and_says_who_asked(told, station):
    again(told)
    with Liar() as server:
        deliver_due(station(server.url))
    with told.database.read() as db:
        by_hand, planned = list_occasions(db, [told.group_id], coming=False)
    assert (by_hand.asked_by, by_hand.counts, by_hand.may_repeat) == ("Alice", {OutboxState.SENT: 2}, False)
    assert (planned.asked_by, planned.counts, planned.may_repeat) == ("", {OutboxState.SENT: 2}, True)


def test_of_two_reminders_that_went_out_the_later_alone_may_be_repeated(told):
    told.clock.go_to(START - 3 * HOUR)
    pretend(told, *TOLD_WAYS["sent"], lead_minutes=NEAR)
    with told.database.read() as db:
        found = list_occasions(db, [told.group_id], coming=False)
    assert [(one.lead, one.may_repeat) for one in found] == [(3 * HOUR, True), (48 * HOUR, False)]
