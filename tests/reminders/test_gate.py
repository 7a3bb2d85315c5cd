"""The last look: what passes, and that every refusal writes an end or a later time, so that no row goes round for ever."""

import threading
import time as clocks
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from facilitator.accounts.service import keep_setting
from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.claim import LEASE, SENDING_LEASE, claim_due
from facilitator.reminders.gate import LOST, Refusal, pass_gate, wait_a_moment
from facilitator.reminders.models import OutboxMessage, Suppression
from facilitator.reminders.opening import first_gate
from facilitator.reminders.rules import OutboxState, Priority
from facilitator.reminders.sight import PAUSED_SETTING, look
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import FAILED, LEASED, SENDING, SENT, TOLD_WAYS, UNKNOWN, pretend

FAR = START - 48 * HOUR
WEEK = timedelta(days=7)


@pytest.fixture
def due(scene):
    """Pat's early reminder is due."""
    scene.follow()
    scene.clock.go_to(FAR)
    return scene


def claim_one(scene):
    with scene.change() as db:
        return claim_due(db, "worker:1", 1, scene.clock())[0]


def knock(scene, row=None):
    row = row or claim_one(scene)
    with scene.change() as db:
        [seen] = look(db, [row], scene.clock())
        return pass_gate(db, seen, scene.clock())


def refused(scene, state, reason, again_at=None):
    answer = knock(scene)
    assert answer == Refusal(state=state, reason=reason, again_at=again_at)
    row = next(row for row in scene.rows() if row.reason == reason)
    assert (row.state, row.lease_owner, row.lease_until_at, row.attempts, row.gated_at) == (state, None, None, 0, None)
    if again_at:
        assert row.next_attempt_at == again_at
    return row


def test_what_passes_is_in_hand_over_and_carries_what_a_letter_is_made_of(due):
    row = claim_one(due)
    with due.change() as db:
        [seen] = look(db, [row], due.clock())
        assert pass_gate(db, seen, due.clock()) is None
    about = seen.about
    assert (about.session.id, about.group.id, about.participant.id) == (due.session_id, due.group_id, due.people[0])
    row = due.rows()[0]
    assert (row.state, row.reason, row.attempts, row.lease_owner) == ("sending", "", 1, "worker:1")
    assert row.gated_at == row.first_gated_at == due.clock()
    assert row.lease_until_at == due.clock() + SENDING_LEASE


def test_the_first_passage_dates_every_later_one(due):
    """The Date header of a repeat is that of the first try, to the millisecond that the database keeps."""
    due.clock.advance(timedelta(microseconds=999_700))
    row = claim_one(due)
    assert knock(due, row) is None
    first = first_gate(row, due.clock())
    assert first == due.rows()[0].first_gated_at
    pretend(due, OutboxState.PENDING, id=due.rows()[0].id)
    due.clock.advance(MINUTE)
    again = claim_one(due)
    assert knock(due, again) is None
    assert first_gate(again, due.clock()) == first
    assert due.rows()[0].first_gated_at == first != due.rows()[0].gated_at


def test_another_owner_ends_the_matter(due):
    row = claim_one(due)
    pretend(due, OutboxState.PENDING, id=row.id)
    claim_one(due)
    assert knock(due, row) is LOST
    assert due.rows()[0].state == "leased"


def test_a_lease_that_is_about_to_end_does_not_pass(due):
    row = claim_one(due)
    due.clock.advance(LEASE - timedelta(seconds=5))
    assert knock(due, row) == wait_a_moment(due.clock())
    assert (due.rows()[0].state, due.rows()[0].lease_owner) == ("pending", None)


CHANGES = {
    "session cancelled": (GroupSession, {"status": "cancelled"}, "session_cancelled"),
    "session moved": (GroupSession, {"time_rev": 2}, "session_changed"),
    "session longer": (GroupSession, {"minutes": 60}, "waits_its_turn"),
    "page has another address": (GroupSession, {"link_version": 2}, "waits_its_turn"),
    "person stopped": (Participant, {"state": "stopped"}, "person_stopped"),
    "person has another address": (Participant, {"address_sealed": b"\x01" + bytes(60)}, "waits_its_turn"),
    "person wants other words": (Participant, {"wording": "full"}, "waits_its_turn"),
    "person's link renewed": (Participant, {"link_version": 2}, "waits_its_turn"),
    "person sleeps now": (Participant, {"quiet_from_time": time(18), "quiet_to_time": time(19)}, "quiet_hours"),
    "person lives elsewhere": (Participant, {"zone": "Pacific/Auckland"}, "quiet_hours"),
    "person lives in another zone awake": (Participant, {"zone": "Europe/Paris"}, "waits_its_turn"),
    "person never confirmed": (Participant, {"consent_round": 0}, "not_confirmed"),
    "person confirmed anew": (Participant, {"consent_round": 2}, "waits_its_turn"),
    "person waits for a place": (Participant, {"waiting": 1}, "waiting"),
    "person speaks Spanish": (Participant, {"language": "es"}, "waits_its_turn"),
    "person wants messages on Sundays alone": (Participant, {"days": 64}, "day_excluded"),
    "people asked again long ago": (Group, {"consent_round": 2}, "consent_stale"),
    "group paused": (Group, {"reminders_paused_at": FAR}, "paused"),
    "group speaks Spanish": (Group, {"language": "es"}, "waits_its_turn"),
    "group elsewhere": (Group, {"zone": "Europe/Paris"}, "waits_its_turn"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_after_the_letter_was_made_does_not_leave_in_old_words(due, change):
    model, values, reason = CHANGES[change]
    row = claim_one(due)
    with due.change() as db:
        [seen] = look(db, [row], due.clock())
    with due.change() as db:
        db.execute(update(model).values(values))
    with due.change() as db:
        assert pass_gate(db, seen, due.clock()).reason == reason
    assert (due.rows()[0].reason, due.rows()[0].lease_owner) == (reason, None)


@pytest.mark.parametrize("what", ["pause", "refused", "later"])
def test_what_came_to_be_after_the_letter_was_made_holds_it_back(due, what):
    row = claim_one(due)
    with due.change() as db:
        [seen] = look(db, [row], due.clock())
    with due.change() as db:
        if what == "pause":
            keep_setting(db, PAUSED_SETTING, "now")
        elif what == "refused":
            db.add(Suppression(address_index=db.get_one(Participant, due.people[0]).address_index, cause="gone"))
        else:
            db.execute(update(OutboxMessage).where(OutboxMessage.lead_minutes == 180).values(due_at=due.clock()))
    with due.change() as db:
        reasons = {"pause": "paused", "refused": "address_refused", "later": "later_reminder"}
        assert pass_gate(db, seen, due.clock()).reason == reasons[what]


def test_a_row_deleted_meanwhile_does_not_pass(due):
    row = claim_one(due)
    with due.change() as db:
        db.delete(db.get_one(GroupSession, due.session_id))
    assert knock(due, row) is LOST


@pytest.mark.parametrize("status", [SessionStatus.CANCELLED, SessionStatus.DONE])
def test_a_session_that_does_not_stand_is_not_reminded_of(due, status):
    with due.change() as db:
        db.get_one(GroupSession, due.session_id).status = status
    refused(due, OutboxState.CANCELLED, f"session_{status}")


def test_a_session_that_changed_is_not_reminded_of_in_old_words(due):
    with due.change() as db:
        db.get_one(GroupSession, due.session_id).time_rev += 1
    refused(due, OutboxState.SUPERSEDED, "session_changed")


def test_a_person_who_left_is_not_written_to(due):
    row = claim_one(due)
    due.remove_person(due.people[0])
    assert knock(due, row) == Refusal(state=OutboxState.CANCELLED, reason="person_left")
    assert due.rows()[0].state == "cancelled"


@pytest.mark.parametrize("state", [MailState.PAUSED, MailState.STOPPED])
def test_a_person_who_wants_no_messages_is_not_written_to(due, state):
    due.set_person(due.people[0], state=state)
    refused(due, OutboxState.SUPPRESSED, f"person_{state}")


@pytest.mark.parametrize(("until", "passes"), [(None, False), (HOUR, False), (-HOUR, True)])
def test_a_suppressed_address_is_not_written_to_while_that_lasts(due, until, passes):
    with due.change() as db:
        index = db.get_one(Participant, due.people[0]).address_index
        until_at = due.clock() + until if until else None
        db.add(Suppression(address_index=index, cause="no_such_mailbox", until_at=until_at))
    if passes:
        assert knock(due) is None
    else:
        refused(due, OutboxState.SUPPRESSED, "address_refused")


def test_a_message_that_is_too_late_expires(due):
    due.clock.go_to(START - 10 * MINUTE)
    refused(due, OutboxState.EXPIRED, "too_late")


def test_a_paused_group_waits_a_minute_at_a_time(due):
    due.set_group(reminders_paused_at=due.clock())
    refused(due, OutboxState.PENDING, "paused", due.clock() + MINUTE)


def test_a_paused_installation_waits_a_minute_at_a_time(due):
    with due.change() as db:
        keep_setting(db, PAUSED_SETTING, due.clock().isoformat())
    refused(due, OutboxState.PENDING, "paused", due.clock() + MINUTE)


def test_what_is_paused_still_ends_in_time(due):
    due.set_group(reminders_paused_at=due.clock())
    due.clock.go_to(START - 10 * MINUTE)
    refused(due, OutboxState.EXPIRED, "too_late")


def test_a_reminder_delayed_into_the_night_waits_for_the_morning(due):
    due.clock.go_to(datetime(2026, 11, 24, 22, tzinfo=UTC))
    refused(due, OutboxState.PENDING, "quiet_hours", datetime(2026, 11, 25, 8, tzinfo=UTC))


def test_a_reminder_delayed_into_a_night_that_ends_too_late_expires(due):
    due.set_person(due.people[0], quiet_from_time=time(18, 30), quiet_to_time=time(18, 25))
    refused(due, OutboxState.PENDING, "quiet_hours", datetime(2026, 11, 25, 18, 25, tzinfo=UTC))
    due.clock.go_to(datetime(2026, 11, 25, 18, 40, tzinfo=UTC))
    refused(due, OutboxState.EXPIRED, "quiet_hours")


def test_the_night_is_that_of_the_person_or_else_of_the_group(due):
    due.clock.go_to(datetime(2026, 11, 25, 12, tzinfo=UTC))  # 21:00 in Tokyo, noon in London
    due.set_person(due.people[0], zone="Asia/Tokyo")
    assert refused(due, OutboxState.PENDING, "quiet_hours", datetime(2026, 11, 25, 23, tzinfo=UTC))
    due.set_person(due.people[0], zone=None)
    due.set_group(zone="Asia/Tokyo")
    due.clock.go_to(datetime(2026, 11, 26, 11, 30, tzinfo=UTC))
    assert refused(due, OutboxState.EXPIRED, "quiet_hours").due_at == FAR


def test_an_urgent_message_passes_in_the_night(due):
    with due.change() as db:
        db.get_one(OutboxMessage, due.rows()[0].id).priority = Priority.URGENT
    due.clock.go_to(datetime(2026, 11, 24, 22, tzinfo=UTC))
    assert knock(due) is None


def test_a_notice_that_the_night_would_swallow_passes(scene):
    """People who would set out in vain are told at night rather than never."""
    early = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
    with scene.change() as db:
        db.get_one(GroupSession, scene.session_id).starts_at = early
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.cancel()
    assert scene.row(kind="cancelled").priority == Priority.NOTICE
    scene.clock.go_to(datetime(2026, 11, 25, 7, tzinfo=UTC))
    assert knock(scene) == Refusal(
        state=OutboxState.PENDING, reason="quiet_hours", again_at=datetime(2026, 11, 25, 8, tzinfo=UTC)
    )
    scene.clock.go_to(datetime(2026, 11, 25, 21, tzinfo=UTC))
    assert knock(scene) is None


def test_of_two_late_reminders_the_earlier_gives_way(due):
    due.clock.go_to(START - 2 * HOUR)
    refused(due, OutboxState.SUPERSEDED, "later_reminder")
    assert knock(due) is None
    assert [row.state for row in due.rows()] == ["superseded", "sending"]


@pytest.mark.parametrize("states", [(LEASED, SENDING, SENT), (LEASED, SENDING, UNKNOWN), (LEASED,)])
def test_a_late_reminder_gives_way_to_a_later_one_that_went_before_it(due, states):
    due.clock.go_to(START - 2 * HOUR)
    pretend(due, *states, lead_minutes=180)
    refused(due, OutboxState.SUPERSEDED, "later_reminder")


@pytest.mark.parametrize("states", [(LEASED, SENDING, FAILED), (OutboxState.CANCELLED,), (OutboxState.EXPIRED,)])
def test_a_late_reminder_does_not_give_way_to_one_that_told_nobody(due, states):
    due.clock.go_to(START - 2 * HOUR)
    pretend(due, *states, lead_minutes=180)
    assert knock(due) is None


def test_a_reminder_gives_way_neither_to_another_person_nor_to_one_that_is_not_due(due):
    due.add_person("bob")
    due.follow()
    due.clock.go_to(START - 4 * HOUR)
    assert knock(due) is None


def test_an_older_message_that_is_on_its_way_goes_first(due):
    assert knock(due) is None
    due.cancel()
    answer = refused(due, OutboxState.PENDING, "waits_its_turn", due.clock() + timedelta(seconds=5))
    assert answer.kind == "cancelled"
    pretend(due, SENT, state=SENDING)
    due.clock.advance(timedelta(seconds=5))
    assert knock(due) is None


def test_a_notice_passes_only_while_the_session_is_what_it_says(due):
    pretend(due, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    due.cancel()
    row = claim_one(due)
    assert row.kind == "cancelled"
    with due.change() as db:
        db.get_one(GroupSession, due.session_id).status = SessionStatus.SCHEDULED
    assert knock(due, row) == Refusal(state=OutboxState.CANCELLED, reason="session_scheduled")


def test_a_cancellation_and_the_gate_wait_for_each_other(due):
    """Whoever comes second sees what the first did; neither fails."""
    row = claim_one(due)
    answers = []
    with due.database.write() as canceller:
        session = canceller.get_one(GroupSession, due.session_id, with_for_update=True)
        thread = threading.Thread(target=lambda: answers.append(knock(due, row)))
        thread.start()
        clocks.sleep(0.2)
        assert answers == []  # the gate waits
        session.status, session.time_rev = SessionStatus.CANCELLED, session.time_rev + 1
        canceller.commit()
    thread.join(15)
    assert answers == [Refusal(state=OutboxState.CANCELLED, reason="session_cancelled")]
    assert due.rows()[0].state == "cancelled"
