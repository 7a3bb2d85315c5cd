"""Following a session: what is planned, what is taken back, who hears of a change and who does not."""

from datetime import UTC, datetime, time, timedelta

import pytest

from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.follow import Followed, follow, follow_group
from facilitator.reminders.models import OutboxMessage, Suppression
from facilitator.reminders.rules import TERMINAL, OutboxState
from facilitator.reminders.sweep import expire_overdue, sweep
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START

WEEK = timedelta(days=7)
PLANNED = ["reminder 48h r1 pending", "reminder 3h r1 pending"]


def pretend(scene, *states, **equal):
    """Walk matching rows along legal steps, as the delivery of another moment would have."""
    for row in scene.rows(**equal):
        with scene.change() as db:
            mine = db.get_one(OutboxMessage, row.id)
            for state in states:
                mine.state = state
                if state == OutboxState.SENDING:
                    mine.gated_at = mine.first_gated_at = scene.clock()
                if state == OutboxState.UNKNOWN:
                    mine.unknowns += 1
                db.flush()


LEASED, SENDING, SENT = OutboxState.LEASED, OutboxState.SENDING, OutboxState.SENT
UNKNOWN, HELD, FAILED = OutboxState.UNKNOWN, OutboxState.HELD, OutboxState.FAILED
TOLD_WAYS = {
    "sent": (LEASED, SENDING, SENT),
    "on its way": (LEASED, SENDING),
    "unknown": (LEASED, SENDING, UNKNOWN),
    "waiting for a person": (LEASED, SENDING, UNKNOWN, HELD),
    "unknown and to be repeated": (LEASED, SENDING, UNKNOWN, OutboxState.PENDING),
}


def test_each_rule_gives_each_person_one_message_however_often_it_is_followed(scene):
    bob = scene.add_person("bob")
    assert scene.follow() == Followed(planned=4)
    for _ in range(3):
        assert scene.follow() == Followed()
    assert sorted(scene.states()) == sorted(PLANNED * 2)
    assert len(scene.rows(participant_id=bob)) == 2


def test_a_message_is_due_when_its_rule_says(scene):
    scene.follow()
    far, near = scene.rows()
    assert (far.due_at, near.due_at) == (START - 48 * HOUR, START - 3 * HOUR)
    assert far.valid_until_at == near.valid_until_at == START - 10 * MINUTE
    assert far.next_attempt_at == far.due_at


def test_a_move_takes_back_what_was_planned_and_plans_anew_and_tells_nobody_who_knew_nothing(scene):
    scene.follow()
    assert scene.move(START + WEEK) == Followed(planned=2, withdrawn=2)
    assert scene.states() == [
        "reminder 48h r1 superseded",
        "reminder 3h r1 superseded",
        "reminder 48h r2 pending",
        "reminder 3h r2 pending",
    ]
    assert {row.reason for row in scene.rows(time_rev=1)} == {"session_changed"}
    assert scene.rows(time_rev=2)[0].due_at == START + WEEK - 48 * HOUR


@pytest.mark.parametrize("way", TOLD_WAYS)
def test_who_was_or_may_have_been_told_gets_exactly_one_notice_of_a_move(scene, way):
    scene.follow()
    bob = scene.add_person("bob")
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS[way], lead_minutes=48 * 60, participant_id=scene.people[0])
    assert scene.move(START + WEEK).notices == 1
    for _ in range(2):
        assert scene.follow() == Followed()
    [notice] = scene.rows(kind="moved")
    assert (notice.participant_id, notice.state) == (scene.people[0], OutboxState.PENDING)
    assert len(scene.rows(kind="reminder", time_rev=2, participant_id=bob)) == 2


@pytest.mark.parametrize("field", ["place", "link"])
def test_a_new_place_or_link_is_told_like_a_new_time(scene, field):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    assert scene.alter(**{field: "elsewhere"}).notices == 1
    assert scene.row(kind="moved").state == OutboxState.PENDING
    # the early reminder was about the old place, and the notice says the new one; the late one comes again
    assert [row.lead_minutes for row in scene.rows(kind="reminder", time_rev=2)] == [48 * 60, 3 * 60]


def test_a_change_that_says_nothing_new_tells_nobody(scene):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    assert scene.alter() == Followed(planned=1, withdrawn=1)
    assert scene.states()[2:] == ["reminder 3h r2 pending"]


def test_a_reminder_whose_time_had_passed_at_the_move_does_not_follow_its_notice(scene):
    """The notice says the new time a day before; the 48-hour reminder of the new time would say it again."""
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.clock.advance(6 * HOUR)
    assert scene.move(START + HOUR) == Followed(planned=1, withdrawn=1, notices=1)
    scene.clock.advance(MINUTE)
    assert scene.follow() == Followed()
    pretend(scene, LEASED, SENDING, kind="moved")
    assert scene.follow() == Followed()
    pretend(scene, SENT, kind="moved")
    assert scene.follow() == Followed()
    assert [row.lead_minutes for row in scene.rows(time_rev=2)] == [0, 180]


def test_in_the_night_one_message_waits_for_the_morning_and_not_two(scene):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.clock.go_to(datetime(2026, 11, 24, 23, tzinfo=UTC))
    scene.move(START + HOUR)
    assert [row.kind for row in scene.rows(time_rev=2, next_attempt_at=datetime(2026, 11, 25, 8, tzinfo=UTC))] == [
        "moved"
    ]


def test_a_reminder_missed_while_nobody_worked_is_caught_up_although_an_earlier_one_was_sent(scene):
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS["sent"])
    scene.clock.go_to(START - 2 * HOUR)
    scene.add_rule(3 * HOUR)
    assert scene.follow() == Followed(planned=1)
    assert scene.row(lead_minutes=180).next_attempt_at == scene.clock()


def test_moving_back_and_forth_tells_only_those_who_hold_something_else(scene):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.move(START + WEEK)
    assert scene.move(START) == Followed(planned=1, withdrawn=3)  # before the notice went: nobody hears of it
    scene.move(START + WEEK)
    pretend(scene, LEASED, SENDING, SENT, kind="moved", time_rev=4)
    assert scene.move(START).notices == 1
    assert [row.state for row in scene.rows(kind="moved")] == ["superseded", "sent", "pending"]


def test_a_second_change_reaches_who_may_have_got_a_message_that_was_taken_back(scene):
    """A row of unknown fate is withdrawn at the first change; whoever got it still holds the first time."""
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS["waiting for a person"], lead_minutes=48 * 60)
    scene.move(START + WEEK)
    scene.move(START + 2 * WEEK)
    assert [row.state for row in scene.rows(kind="moved")] == ["superseded", "pending"]


def test_a_cancellation_before_anything_was_sent_tells_nobody(scene):
    scene.follow()
    assert scene.cancel() == Followed(withdrawn=2)
    assert scene.states() == ["reminder 48h r1 cancelled", "reminder 3h r1 cancelled"]
    assert {row.reason for row in scene.rows()} == {"session_cancelled"}


def test_a_cancellation_takes_back_what_a_worker_has_claimed(scene):
    scene.follow()
    pretend(scene, LEASED)
    with scene.change() as db:
        db.get_one(OutboxMessage, scene.rows()[0].id).lease_owner = "worker:1"
    assert scene.cancel() == Followed(withdrawn=2)
    assert {(row.lease_owner, row.lease_until_at) for row in scene.rows()} == {(None, None)}


@pytest.mark.parametrize("way", TOLD_WAYS)
def test_a_cancellation_after_something_went_out_is_told_once(scene, way):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *TOLD_WAYS[way], lead_minutes=48 * 60)
    assert scene.cancel().notices == 1
    assert scene.follow() == Followed()
    pretend(scene, SENT, state=SENDING)
    pretend(scene, LEASED, SENDING, SENT, kind="cancelled")
    assert scene.follow() == Followed()
    assert scene.row(kind="cancelled").valid_until_at == START


def test_a_message_that_failed_told_nobody(scene):
    scene.follow()
    pretend(scene, LEASED, SENDING, FAILED)
    assert scene.cancel() == Followed()


def test_a_cancellation_undone_before_its_notice_went_tells_nobody_twice(scene):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.cancel()
    assert scene.restore() == Followed(planned=1, withdrawn=1)
    assert scene.follow() == Followed()
    assert scene.states() == [
        "reminder 48h r1 sent",
        "reminder 3h r1 cancelled",
        "cancelled 0h r2 superseded",
        "reminder 3h r3 pending",
    ]


def test_who_was_told_of_the_cancellation_is_told_that_it_was_undone(scene):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.cancel()
    pretend(scene, LEASED, SENDING, SENT, kind="cancelled")
    assert scene.restore() == Followed(planned=1, notices=1)
    assert scene.states()[-2:] == ["restored 0h r3 pending", "reminder 3h r3 pending"]
    pretend(scene, LEASED, SENDING, SENT, kind="restored")
    assert scene.follow() == Followed()


def test_a_session_that_is_over_or_cancelled_gets_no_reminders(scene):
    scene.alter(status=SessionStatus.DONE)
    scene.cancel()
    assert scene.rows() == []
    scene.restore()
    scene.clock.go_to(START)
    assert scene.follow() == Followed()


def test_a_rule_removed_takes_its_messages_back_and_added_again_plans_them_again(scene):
    scene.follow()
    for turn in range(3):
        scene.remove_rule(3 * HOUR)
        assert scene.follow() == Followed(withdrawn=1)
        assert scene.follow() == Followed()
        scene.add_rule(3 * HOUR)
        assert scene.follow() == Followed(planned=1), turn
        assert scene.follow() == Followed()
    near = scene.rows(lead_minutes=180)
    assert [row.state for row in near] == ["cancelled"] * 3 + ["pending"]
    assert {row.reason for row in near[:3]} == {"rule_removed"}
    assert len(scene.rows(lead_minutes=48 * 60)) == 1


def test_a_rule_added_again_does_not_repeat_what_was_sent(scene):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=180)
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.add_rule(3 * HOUR)
    assert scene.follow() == Followed()


@pytest.mark.parametrize("state", [MailState.PAUSED, MailState.STOPPED])
def test_nothing_is_planned_for_who_is_not_written_to_and_it_is_once_they_are_again(scene, state):
    scene.set_person(scene.people[0], state=state)
    assert scene.follow() == Followed()
    scene.set_person(scene.people[0], state=MailState.ACTIVE)
    assert scene.follow() == Followed(planned=2)


def test_who_is_not_written_to_hears_of_no_change(scene):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.set_person(scene.people[0], state=MailState.STOPPED)
    assert scene.cancel().notices == 0


def test_the_messages_of_a_person_who_left_are_taken_back(scene):
    scene.follow()
    scene.remove_person(scene.people[0])
    with scene.change() as db:
        assert follow_group(db, db.get_one(Group, scene.group_id), scene.clock()) == Followed(withdrawn=2)
    assert {(row.state, row.reason, row.participant_id) for row in scene.rows()} == {("cancelled", "person_left", None)}


def test_a_suppressed_address_is_not_written_to_until_that_ends(scene):
    with scene.change() as db:
        index = scene_index(db, scene)
        db.add(Suppression(address_index=index, cause="no_such_mailbox", until_at=scene.clock() + HOUR))
    assert scene.follow() == Followed()
    scene.clock.advance(2 * HOUR)
    assert scene.follow() == Followed(planned=2)


def scene_index(db, scene):
    return db.get_one(Participant, scene.people[0]).address_index


def test_another_zone_or_other_quiet_hours_move_what_was_not_tried_yet(scene):
    scene.follow()
    far, near = scene.rows()
    scene.set_person(scene.people[0], zone="Asia/Tokyo")  # 18:30 in London is 03:30 there
    scene.follow()
    moved_far, moved_near = scene.rows()
    assert moved_far.due_at < far.due_at
    assert moved_near.due_at < near.due_at
    scene.set_person(scene.people[0], quiet_from_time=time(0), quiet_to_time=time(0))
    scene.follow()
    assert [row.due_at for row in scene.rows()] == [far.due_at, near.due_at]
    assert scene.states() == PLANNED


def test_a_message_that_was_tried_keeps_its_own_time(scene):
    scene.follow()
    pretend(scene, LEASED, SENDING, OutboxState.PENDING)
    with scene.change() as db:
        for row in scene.rows():
            db.get_one(OutboxMessage, row.id).attempts = 1
    before = [row.next_attempt_at for row in scene.rows()]
    scene.set_person(scene.people[0], zone="Asia/Tokyo")
    scene.follow()
    assert [row.next_attempt_at for row in scene.rows()] == before


def test_following_a_group_reaches_its_coming_sessions_alone(scene):
    other = scene.add_session(START + WEEK, position=2)
    past = scene.add_session(scene.clock() - WEEK, position=3)
    with scene.change() as db:
        assert follow_group(db, db.get_one(Group, scene.group_id), scene.clock()) == Followed(planned=4)
    assert {row.session_id for row in scene.rows()} == {scene.session_id, other} != {past}


def test_the_sweep_finds_what_a_change_forgot_to_follow(scene):
    with scene.change() as db:
        assert sweep(db, timedelta(days=3), scene.clock()) == Followed()  # the session is further off than that
    with scene.change() as db:
        assert sweep(db, timedelta(days=4), scene.clock()) == Followed(planned=2)
    with scene.change() as db:
        assert sweep(db, timedelta(days=4), scene.clock()) == Followed()


def test_what_nobody_sent_in_time_expires_where_a_person_sees_it(scene):
    bob = scene.add_person("bob")
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], participant_id=bob)
    pretend(scene, LEASED, SENDING, UNKNOWN, lead_minutes=180, participant_id=scene.people[0])
    with scene.change() as db:
        assert expire_overdue(db, START - 11 * MINUTE) == 0
        assert expire_overdue(db, START - 10 * MINUTE) == 2
    gone = scene.rows(participant_id=scene.people[0])
    assert {(row.state, row.reason) for row in gone} == {("expired", "too_late")}
    assert {row.state for row in scene.rows(participant_id=bob)} == {"sent"}


def test_nothing_is_ever_deleted_and_terminal_rows_never_move_again(scene):
    scene.follow()
    seen = {}
    changes = [
        scene.cancel,
        scene.restore,
        lambda: scene.move(START + WEEK),
        lambda: scene.remove_rule(3 * HOUR),
        scene.follow,
        lambda: scene.remove_person(scene.people[0]),
        scene.follow,
    ]
    for change in changes:
        change()
        rows = {row.id: row for row in scene.rows()}
        assert seen.keys() <= rows.keys()
        assert all(rows[key].state == state for key, state in seen.items() if state in TERMINAL)
        seen = {key: row.state for key, row in rows.items()}


def test_a_session_of_many_people_is_planned_in_one_pass(scene):
    for number in range(29):
        scene.add_person(f"person{number}")
    assert scene.follow() == Followed(planned=60)


def test_a_stale_session_in_hand_is_looked_at_anew(scene):
    """A sweep that read the session before somebody else cancelled it must not plan for the time that is gone."""
    if scene.database.is_sqlite:
        with scene.database.read() as db:  # writers take turns there, so a stale object can only come from elsewhere
            stale = db.get_one(GroupSession, scene.session_id)
        scene.cancel()
        with scene.change() as db:
            assert follow(db, [stale], scene.clock()) == Followed()
        return
    with scene.database.write() as sweeper:
        stale = sweeper.get_one(GroupSession, scene.session_id)
        scene.cancel()
        assert follow(sweeper, [stale], scene.clock()) == Followed()
        sweeper.commit()
    assert scene.rows() == []


def test_the_notice_is_sent_in_the_state_that_it_tells(scene, station):
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=48 * 60)
    scene.cancel()
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 1}
    assert scene.row(kind="cancelled").state == "sent"
