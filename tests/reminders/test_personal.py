"""Messages to people as such: the question, its one repeat, the welcome, the question asked again, goodbye, aftercare."""

from datetime import timedelta

import pytest

from facilitator.errors import Conflict
from facilitator.groups.consent import ask_again, reaffirm
from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.audit import audit
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.personal import open_rounds, repeat_confirm
from facilitator.reminders.service import follow_group
from facilitator.reminders.sweep import sweep
from facilitator.ticks import erase_ledger
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, START

DAY = timedelta(days=1)


def plan(scene, **group):
    if group:
        scene.set_group(**group)
    with scene.change() as db:
        return follow_group(db, db.get_one(Group, scene.group_id), scene.clock())


def look_after(scene):
    with scene.change() as db:
        sweep(db, 3 * DAY, scene.clock())
        sweep(db, 3 * DAY, scene.clock())
        found = audit(db, scene.clock())
    assert (found.missing, found.extra, found.lost) == (0, 0, 0)


def kinds(scene, *states):
    return sorted(row.kind for row in scene.rows() if not states or row.state in states)


@pytest.fixture
def new(scene):
    """Return the scene with nobody on its list who has confirmed, but one who has not."""
    scene.set_person(scene.people[0], consent_round=0)
    return scene


def test_who_was_added_is_asked_once_and_gets_nothing_else(new):
    for _ in range(3):
        plan(new)
    look_after(new)
    assert kinds(new) == ["confirm"]
    assert new.row().session_id is None


def test_nobody_who_waits_or_paused_is_asked(new):
    for values in ({"waiting": 1}, {"waiting": 0, "state": MailState.PAUSED}):
        new.set_person(new.people[0], **values)
        look_after(new)
        assert kinds(new) == []


def test_the_sweep_asks_whom_nobody_asked(new):
    look_after(new)
    assert kinds(new) == ["confirm"]


def test_a_facilitator_repeats_the_question_once_and_never_twice(new):
    plan(new)
    with new.change() as db:
        group, person = db.get_one(Group, new.group_id), db.get_one(Participant, new.people[0])
        repeat_confirm(db, group, person, new.clock())
        with pytest.raises(Conflict):
            repeat_confirm(db, group, person, new.clock())
    assert kinds(new) == ["confirm", "confirm"]


def test_the_question_is_not_forgotten_with_the_ledger_while_it_has_no_answer(new):
    plan(new)
    new.clock.advance(40 * DAY)
    with new.change() as db:
        assert erase_ledger(db, new.clock()) == 0
        db.get_one(Participant, new.people[0]).consent_round = 1
        db.flush()
        assert erase_ledger(db, new.clock()) == 1
    look_after(new)
    assert kinds(new) == []


def test_who_confirms_is_welcomed_and_told_of_sessions_and_the_question_is_taken_back(new):
    plan(new)
    with new.change() as db:
        reaffirm(db, db.get_one(Participant, new.people[0]))
        follow_group(db, db.get_one(Group, new.group_id), new.clock())
    look_after(new)
    assert kinds(new) == ["confirm", "reminder", "reminder", "welcome"]
    assert (new.row(kind="confirm").state, new.row(kind="confirm").reason) == ("superseded", "confirmed")


def test_who_is_on_the_list_without_having_been_asked_is_not_welcomed(scene):
    look_after(scene)
    assert kinds(scene) == ["reminder", "reminder"]


def test_a_round_asks_everybody_who_confirmed_and_nobody_who_answered(scene):
    kim = scene.add_person("kim")
    lee = scene.add_person("lee", consent_round=0)
    with scene.change() as db:
        ask_again(db, db.get_one(Group, scene.group_id), scene.clock().date())
        reaffirm(db, db.get_one(Participant, kim))
    look_after(scene)
    [check] = scene.rows(kind="safe_check")
    assert check.participant_id == scene.people[0]
    assert [row.participant_id for row in scene.rows(kind="confirm")] == [lee]


def test_rounds_open_after_56_days_for_groups_with_sessions_to_come(scene):
    scene.set_group(consent_since_on=scene.clock().date() - 55 * DAY)
    for opened in (0, 1, 0):
        with scene.change() as db:
            assert open_rounds(db, scene.clock()) == opened
        scene.clock.advance(DAY)
    assert kinds(scene, "pending") == ["safe_check"]
    scene.clock.go_to(START + 70 * DAY)
    with scene.change() as db:
        assert open_rounds(db, scene.clock()) == 0


@pytest.mark.parametrize(("round_", "since", "kept"), [(2, 0, 2), (2, 14, 0), (3, 0, 0)])
def test_a_word_too_old_plans_no_reminder(scene, round_, since, kept):
    scene.set_group(consent_round=round_, consent_since_on=scene.clock().date() - since * DAY)
    look_after(scene)
    assert len(scene.rows(kind="reminder")) == kept


def test_a_word_that_grew_old_holds_what_was_planned_at_the_gate(scene, station):
    scene.follow()
    scene.set_group(consent_round=2, consent_since_on=scene.clock().date() - 14 * DAY)
    scene.clock.go_to(START - 3 * HOUR)
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
    assert {row.reason for row in scene.rows()} == {"consent_stale"}


@pytest.mark.parametrize(("values", "reason"), [({"consent_round": 0}, "not_confirmed"), ({"waiting": 2}, "waiting")])
def test_the_gate_reads_consent_and_place_anew(scene, station, values, reason):
    scene.follow()
    scene.clock.go_to(START - 3 * HOUR)
    scene.set_person(scene.people[0], **values)
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
    assert {row.reason for row in scene.rows()} == {reason}


def test_a_question_and_a_check_go_out_with_their_links(new, station):
    new.set_person(new.people[0], language="es")
    kim = new.add_person("kim", consent_round=1)
    new.set_group(consent_round=2, consent_since_on=new.clock().date())
    plan(new)
    with Liar() as server:
        deliver_due(station(server.url))
        texts = {row.kind: row for row in new.rows(state="sent")}
        assert set(texts) == {"confirm", "safe_check"}
        assert len(server.messages) == 2
    assert texts["safe_check"].participant_id == kim


def test_a_goodbye_goes_out_on_the_day_after_the_last_session(scene):
    scene.clock.go_to(START + 3 * HOUR)
    look_after(scene)
    goodbye = scene.row(kind="goodbye")
    assert goodbye.next_attempt_at == START.replace(hour=9, minute=0) + DAY
    scene.clock.advance(20 * DAY)
    look_after(scene)
    assert kinds(scene) == ["goodbye"]


def test_nobody_says_goodbye_while_a_session_is_to_come_or_when_all_were_cancelled(scene):
    scene.add_session(START + 7 * DAY, position=2)
    scene.clock.go_to(START + 3 * HOUR)
    look_after(scene)
    assert scene.rows(kind="goodbye") == []


def test_a_goodbye_is_taken_back_when_the_group_goes_on(scene):
    scene.clock.go_to(START + 3 * HOUR)
    look_after(scene)
    scene.add_session(START + 7 * DAY, position=2)
    look_after(scene)
    goodbye = scene.row(kind="goodbye")
    assert (goodbye.state, goodbye.reason) == ("superseded", "goes_on")


@pytest.mark.parametrize("status", list(SessionStatus))
def test_aftercare_comes_on_the_morning_after_to_everybody_if_the_group_wants_it(scene, status):
    scene.add_session(START + 7 * DAY, position=2)
    with scene.change() as db:
        db.get_one(GroupSession, scene.session_id).status = status
    scene.clock.go_to(START + 3 * HOUR)
    look_after(scene)
    assert scene.rows(kind="aftercare") == []
    scene.set_group(aftercare=True)
    look_after(scene)
    assert len(scene.rows(kind="aftercare")) == (status != SessionStatus.CANCELLED)


@pytest.mark.parametrize(
    ("days", "sent"),
    [
        (127, [(24, 18, 30), (26, 15, 30)]),
        # no Thursday: the later one goes out on Wednesday at the same time
        (127 - 8, [(24, 18, 30), (25, 15, 30)]),
        # Mondays alone: both would go out on Monday, so one remains
        (1, [(23, 15, 30)]),
    ],
)
def test_a_reminder_on_an_excluded_day_goes_out_on_the_last_allowed_day_before(scene, days, sent):
    scene.set_person(scene.people[0], days=days)
    scene.follow()
    at = [row.next_attempt_at for row in scene.rows()]
    assert sorted((one.day, one.hour, one.minute) for one in at) == sent


def test_a_reminder_whose_allowed_days_have_passed_is_left_out_with_its_reason(scene, station):
    scene.clock.go_to(START - 4 * HOUR)
    scene.set_person(scene.people[0], days=1)
    scene.follow()
    scene.clock.go_to(START - 3 * HOUR)
    with Liar() as server:
        deliver_due(station(server.url))
        assert server.messages == []
    assert (scene.row(lead_minutes=180).state, scene.row(lead_minutes=180).reason) == ("suppressed", "day_excluded")


def test_an_urgent_cancellation_goes_out_on_any_day(scene, station):
    scene.follow()
    scene.clock.go_to(START - 3 * HOUR)
    with Liar() as server:
        deliver_due(station(server.url))
        scene.set_person(scene.people[0], days=1)
        scene.cancel()
        deliver_due(station(server.url))
        assert len(server.messages) == 2
    assert scene.row(kind="cancelled").state == "sent"


def test_a_person_gets_the_reminders_they_chose_and_the_others_are_taken_back(scene):
    scene.follow()
    scene.set_person(scene.people[0], leads=[180])
    scene.follow()
    assert scene.states() == ["reminder 48h r1 cancelled", "reminder 3h r1 pending"]
    scene.set_person(scene.people[0], leads=None)
    scene.follow()
    assert len(scene.rows(state="pending")) == 2
