"""Use cases of reminders: rules, pausing, what a change would tell, and the decisions of a person."""

from datetime import timedelta

import pytest

from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group, MailState
from facilitator.planning.models import GroupSession
from facilitator.reminders import service
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.follow import Followed
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.service import WouldTell
from facilitator.reminders.service_held import HeldKey, decide_held
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, TOLD_WAYS, pretend

DAY = timedelta(days=1)
HELD_WAY = TOLD_WAYS["waiting for a person"]


def with_group(scene, use, *arguments, **named):
    with scene.change() as db:
        return use(db, db.get_one(Group, scene.group_id), *arguments, **named)


def rules(scene):
    return with_group(scene, service.list_rules)


def test_a_new_group_reminds_two_days_and_three_hours_before(scene):
    scene.remove_rule(48 * HOUR)
    scene.remove_rule(3 * HOUR)
    with_group(scene, service.add_default_rules)
    assert rules(scene) == [48 * HOUR, 3 * HOUR]


def test_rules_are_listed_the_earliest_first(scene):
    scene.add_rule(DAY)
    assert rules(scene) == [48 * HOUR, DAY, 3 * HOUR]


def test_other_rules_replace_the_old_ones_and_their_messages(scene):
    scene.follow()
    assert with_group(scene, service.change_rules, [DAY, 3 * HOUR], scene.clock()) == Followed(planned=1, withdrawn=1)
    assert rules(scene) == [DAY, 3 * HOUR]
    assert {row.lead_minutes for row in scene.rows(state="pending")} == {24 * 60, 180}
    assert with_group(scene, service.change_rules, [DAY, 3 * HOUR], scene.clock()) == Followed()


def test_a_group_may_do_without_reminders(scene):
    scene.follow()
    assert with_group(scene, service.change_rules, [], scene.clock()) == Followed(withdrawn=2)
    assert rules(scene) == []


@pytest.mark.parametrize(
    "leads",
    [[DAY, 2 * DAY, 3 * HOUR], [DAY, DAY], [29 * MINUTE], [14 * DAY + MINUTE], [timedelta()], [-HOUR]],
)
def test_rules_that_make_no_sense_are_refused_and_change_nothing(scene, leads):
    scene.follow()
    with pytest.raises(Invalid) as caught:
        with_group(scene, service.change_rules, leads, scene.clock())
    assert caught.value.field == "leads"
    assert rules(scene) == [48 * HOUR, 3 * HOUR]
    assert {row.state for row in scene.rows()} == {"pending"}


@pytest.mark.parametrize("leads", [[30 * MINUTE], [14 * DAY]])
def test_the_shortest_and_the_longest_lead_are_allowed(scene, leads):
    with_group(scene, service.change_rules, leads, scene.clock())
    assert rules(scene) == leads


def test_a_paused_group_sends_nothing_and_loses_nothing(scene, station):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    with_group(scene, service.pause_group, scene.clock())
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"pending": 1}
        assert len(scene.rows(state="pending")) == 2
        with_group(scene, service.resume_group)
        scene.clock.advance(MINUTE)
        assert deliver_due(station(server.url)) == {"sent": 1}


def test_a_paused_installation_sends_nothing_and_what_came_too_late_stays_unsent(scene, station):
    scene.follow()
    with scene.change() as db:
        service.pause_all(db, scene.clock())
        assert service.is_all_paused(db)
    scene.clock.go_to(START - 48 * HOUR)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"pending": 1}
        with scene.change() as db:
            service.resume_all(db)
            assert not service.is_all_paused(db)
        scene.clock.go_to(START)
        assert deliver_due(station(server.url)) == {"expired": 2}
        assert server.messages == []


def would_tell(scene):
    with scene.database.read() as db:
        return service.would_tell(db, [db.get_one(GroupSession, scene.session_id)])


@pytest.mark.parametrize("way", TOLD_WAYS)
def test_a_change_would_tell_those_who_were_or_may_have_been_told(scene, way):
    scene.add_person("bob")
    scene.follow()
    assert would_tell(scene) == WouldTell(people=0, planned=4)
    pretend(scene, *TOLD_WAYS[way], lead_minutes=48 * 60, participant_id=scene.people[0])
    expected = would_tell(scene).people
    assert expected == 1 == scene.cancel().notices


def test_a_change_would_not_tell_who_wants_no_messages_or_left(scene):
    bob = scene.add_person("bob")
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    assert would_tell(scene).people == 2
    scene.set_person(scene.people[0], state=MailState.STOPPED)
    scene.remove_person(bob)
    assert would_tell(scene).people == 0 == scene.cancel().notices


def test_a_claimed_message_counts_as_planned_because_it_would_be_taken_back(scene):
    scene.follow()
    pretend(scene, LEASED, lead_minutes=180)
    assert would_tell(scene) == WouldTell(people=0, planned=2)


@pytest.fixture
def held(scene):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *HELD_WAY, lead_minutes=48 * 60)
    return scene


def decide(scene, *, send, **other):
    """Decide on the reminders of two days before that wait."""
    usual = {"kind": MessageKind.REMINDER, "lead_minutes": 48 * 60, "reason": ""}
    with scene.change() as db:
        usual["about"] = db.get_one(GroupSession, scene.session_id)
        return decide_held(db, HeldKey(**usual | other), send=send, now=scene.clock())


def test_a_person_may_send_what_waits_once_more(held, station):
    decide(held, send=True)
    assert held.row(lead_minutes=48 * 60).reason == "sent_again_by_hand"
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 1}


def test_a_message_sent_once_more_that_gets_lost_again_waits_again(held, station):
    decide(held, send=True)
    with Liar(dot=[None]) as server:
        assert deliver_due(station(server.url)) == {"unknown": 1}
    assert held.row(lead_minutes=48 * 60).unknowns == 2


def test_a_person_may_leave_what_waits_unsent(held, station):
    decide(held, send=False)
    row = held.row(lead_minutes=48 * 60)
    assert (row.state, row.reason) == ("cancelled", "left_by_hand")
    with Liar() as server:
        assert deliver_due(station(server.url)) == {}


def test_what_does_not_wait_cannot_be_decided(held):
    with pytest.raises(Conflict, match="do not wait"):
        decide(held, lead_minutes=180, send=True)


def test_what_is_too_late_cannot_be_sent_but_left(held):
    held.clock.go_to(START - 10 * MINUTE)
    with pytest.raises(Conflict, match="has passed"):
        decide(held, send=True)
    decide(held, send=False)


def test_equal_messages_are_decided_on_together_and_others_are_left_alone(scene):
    for name in ("bob", "charlie"):
        scene.add_person(name)
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *HELD_WAY)
    with pytest.raises(Conflict, match="do not wait"):
        decide(scene, send=True, reason="restored")
    assert len(decide(scene, send=False)) == 3
    assert {(row.lead_minutes, row.state) for row in scene.rows()} == {(48 * 60, "cancelled"), (180, "held")}
