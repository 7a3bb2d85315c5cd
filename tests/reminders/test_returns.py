"""Returned mail applied: to its message, to its address, to what goes out next, and to nothing else."""

import json
import logging
import mailbox
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.groups.models import Participant
from facilitator.logs import LineFormatter
from facilitator.mail.box_urls import parse_box_url
from facilitator.mail.returned import Action, Kind, Report, Returned
from facilitator.mail.returned_box import BoxError, Fate, ReturnedBox
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.delivery_returns import apply_returned
from facilitator.reminders.models import OutboxMessage, ReturnedMail, Suppression, Tick
from facilitator.reminders.returns import Applied, apply, forget_returned
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.suppression import find_suppression, suppress
from facilitator.ticks import Worker
from facilitator.tokens import new_id
from tests.mail.servers import Liar
from tests.mail.test_returned import MARK, sample
from tests.reminders.conftest import HOUR, START
from tests.reminders.test_follow import HELD, SENDING, TOLD_WAYS, UNKNOWN, pretend

DAY = timedelta(days=1)
DEAD, FULL, LATE = ("failed", "5.1.1"), ("failed", "5.2.2"), ("delayed", "4.4.1")
EARLY = 48 * 60


def report(uuid, *lines, by_envelope=True):
    recipients = tuple(Returned(action=Action(action), status=code) for action, code in lines or [DEAD])
    marks = {"envelope_id": uuid} if by_envelope else {"message_id": f"{uuid}@mail.example"}
    return Report(kind=Kind.REPORT, recipients=recipients, **marks)


def come_back(scene, uuid, *lines, **options):
    with scene.change() as db:
        return apply(db, report(uuid, *lines, **options), scene.clock())


def everything(scene, model):
    with scene.database.read() as db:
        return db.scalars(select(model)).all()


def suppression(scene, person=0):
    with scene.database.read() as db:
        return find_suppression(db, db.get_one(Participant, scene.people[person]), scene.clock())


@pytest.fixture
def sent(scene):
    """Pat's early reminder was accepted; the late one is to come."""
    scene.follow()
    pretend(scene, *TOLD_WAYS["sent"], lead_minutes=EARLY)
    return scene


def early(scene):
    return scene.row(lead_minutes=EARLY)


@pytest.mark.parametrize("by_envelope", [True, False])
def test_a_dead_mailbox_flags_its_message_and_stops_all_messages_to_the_address(sent, by_envelope):
    assert come_back(sent, early(sent).uuid, by_envelope=by_envelope) is Applied.FLAGGED
    row = early(sent)
    assert (row.state, row.returned_at, row.returned_code) == ("sent", sent.clock(), "5.1.1")
    found = suppression(sent)
    assert (found.cause, found.until_at) == ("no_such_mailbox", None)
    assert everything(sent, ReturnedMail) == []


def test_the_same_report_twice_changes_nothing(sent):
    uuid = early(sent).uuid
    for lines in [FULL], [FULL], [DEAD]:
        before = sent.clock()
        answer = come_back(sent, uuid, *lines)
        sent.clock.advance(HOUR)
    assert answer is Applied.KNOWN
    assert len(everything(sent, ReturnedMail)) == 1
    assert early(sent).returned_at < before
    assert suppression(sent) is None


def test_three_messages_that_come_back_for_now_stop_messages_for_thirty_days(scene):
    for week in range(1, 4):
        scene.follow(scene.add_session(START + week * 7 * DAY, position=week + 1))
    pretend(scene, *TOLD_WAYS["sent"])
    rows = scene.rows(lead_minutes=EARLY)
    for row in rows:
        assert suppression(scene) is None
        assert come_back(scene, row.uuid, FULL) is Applied.FLAGGED
        scene.clock.advance(DAY)
    found = suppression(scene)
    stopped_at = scene.clock() - DAY
    assert (found.cause, found.until_at) == ("returned_often", stopped_at + 30 * DAY)
    scene.clock.go_to(stopped_at + 30 * DAY)
    assert suppression(scene) is None


def test_what_came_back_long_ago_does_not_count(scene):
    for week in range(1, 4):
        scene.follow(scene.add_session(START + week * 7 * DAY, position=week + 1))
    pretend(scene, *TOLD_WAYS["sent"])
    for row in scene.rows(lead_minutes=EARLY):
        come_back(scene, row.uuid, FULL)
        scene.clock.advance(8 * DAY)
    assert suppression(scene) is None


@pytest.mark.parametrize(("first", "last"), [("for good", "for a while"), ("for a while", "for good")])
def test_an_address_that_is_stopped_for_good_stays_so(scene, first, last):
    ends = {"for good": None, "for a while": scene.clock() + 30 * DAY}
    for which in (first, last):
        with scene.change() as db:
            suppress(db, scene.people[0], which, ends[which])
    found = suppression(scene)
    assert (found.cause, found.until_at) == ("for good", None)


def test_a_refusal_that_says_nothing_of_the_address_flags_the_message_alone(sent):
    assert come_back(sent, early(sent).uuid, ("failed", "5.7.1")) is Applied.FLAGGED
    assert early(sent).returned_code == "5.7.1"
    assert suppression(sent) is None
    assert everything(sent, ReturnedMail) == []


def test_a_message_that_came_back_without_a_code_is_flagged(sent):
    come_back(sent, early(sent).uuid, ("failed", ""))
    assert early(sent).returned_code == "5.0.0"


@pytest.mark.parametrize("lines", [[LATE], [("delivered", "2.1.5")], [DEAD, ("relayed", "2.0.0")]])
def test_what_is_on_its_way_or_arrived_is_a_note(sent, lines):
    assert come_back(sent, early(sent).uuid, *lines) is Applied.NOTED
    assert (early(sent).returned_at, early(sent).state) == (None, "sent")
    assert suppression(sent) is None
    assert come_back(sent, early(sent).uuid, DEAD) is Applied.FLAGGED


@pytest.mark.parametrize("lines", [[DEAD], [LATE]])
def test_what_came_back_was_accepted_although_nobody_could_tell(scene, lines):
    scene.follow()
    pretend(scene, OutboxState.LEASED, SENDING, UNKNOWN, lead_minutes=EARLY)
    scene.force(early(scene).id, gated_at=1_000_000)
    come_back(scene, early(scene).uuid, *lines)
    row = early(scene)
    assert (row.state, row.reason) == ("sent", "accepted")
    assert row.sent_at == row.gated_at
    assert (row.returned_at is not None) == (lines == [DEAD])


def test_a_message_that_waits_for_a_person_is_flagged_and_still_waits(scene):
    scene.follow()
    pretend(scene, OutboxState.LEASED, SENDING, UNKNOWN, HELD, lead_minutes=EARLY)
    assert come_back(scene, early(scene).uuid) is Applied.FLAGGED
    assert early(scene).state == "held"
    assert suppression(scene).until_at is None


def test_a_report_that_overtakes_the_answer_of_the_server_waits_for_it(scene):
    scene.follow()
    pretend(scene, OutboxState.LEASED, SENDING, lead_minutes=EARLY)
    assert come_back(scene, early(scene).uuid) is Applied.TOO_EARLY
    assert (early(scene).returned_at, suppression(scene)) == (None, None)


@pytest.mark.parametrize("mark", ["", MARK, "x" * 200, "%" * 22, "not ours"])
def test_what_is_about_no_message_of_ours_is_not_ours(sent, mark):
    assert come_back(sent, mark) is Applied.NOT_OURS
    assert come_back(sent, mark, by_envelope=False) is Applied.NOT_OURS
    assert everything(sent, Suppression) == []


def test_the_mark_of_the_envelope_goes_before_that_of_the_message(sent):
    other = sent.row(lead_minutes=180)
    both = Report(
        kind=Kind.REPORT,
        envelope_id=early(sent).uuid,
        message_id=f"{other.uuid}@mail.example",
        recipients=(Returned(action=Action.FAILED, status="5.1.1"),),
    )
    with sent.change() as db:
        apply(db, both, sent.clock())
    assert early(sent).returned_at
    assert sent.row(lead_minutes=180).returned_at is None


def test_mail_to_somebody_who_has_left_flags_its_message_alone(sent):
    sent.remove_person(sent.people[0])
    assert come_back(sent, early(sent).uuid) is Applied.FLAGGED
    assert everything(sent, Suppression) == []


def test_a_suppressed_address_gets_nothing_more(sent, station):
    come_back(sent, early(sent).uuid)
    sent.clock.go_to(START - 3 * HOUR)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"suppressed": 1}
    assert server.messages == []
    late = sent.row(lead_minutes=180)
    assert (late.state, late.reason) == ("suppressed", "address_refused")


def test_what_no_decision_rests_on_is_forgotten(scene):
    for week in range(1, 3):
        scene.follow(scene.add_session(START + week * 7 * DAY, position=week + 1))
    pretend(scene, *TOLD_WAYS["sent"])
    old, new = scene.rows(lead_minutes=EARLY)
    come_back(scene, old.uuid, FULL)
    scene.clock.advance(14 * DAY)
    come_back(scene, new.uuid, FULL)
    with scene.change() as db:
        suppress(db, scene.people[0], "returned_often", scene.clock() + HOUR)
    for kept, suppressed in ((2, 1), (1, 0)):
        with scene.change() as db:
            forget_returned(db, scene.clock())
        assert (len(everything(scene, ReturnedMail)), len(everything(scene, Suppression))) == (kept, suppressed)
        scene.clock.advance(HOUR)


def test_a_suppression_for_good_is_never_forgotten(sent):
    come_back(sent, early(sent).uuid)
    sent.clock.advance(1000 * DAY)
    with sent.change() as db:
        forget_returned(db, sent.clock())
    assert suppression(sent)


@pytest.fixture
def box(tmp_path):
    made = mailbox.Maildir(tmp_path / "returned")
    yield made
    made.close()


def put(box, name, uuid=MARK):
    return box.add(sample(name).replace(MARK.encode(), uuid.encode()))


def pass_over(scene, opened):
    return dict(apply_returned(opened, scene.database, scene.clock))


def opened(box):
    return ReturnedBox(parse_box_url(f"maildir:{box._path}"))


@pytest.mark.parametrize(
    ("name", "code", "stopped"),
    [
        ("postfix_no_such_mailbox", "5.1.1", True),
        ("exim_unknown", "5.1.1", True),
        ("exchange_not_found", "5.1.10", True),
        ("gmail_mailbox_full", "5.2.2", False),
        ("postfix_gave_up", "4.2.2", False),
        ("exim_without_the_message", "5.0.0", False),
    ],
)
def test_a_report_in_the_box_is_applied_and_taken_away(sent, box, name, code, stopped):
    put(box, name, early(sent).uuid)
    assert pass_over(sent, opened(box)) == {Fate.DONE: 1}
    assert (early(sent).returned_code, suppression(sent) is not None) == (code, stopped)
    assert len(box) == 0


def test_what_is_not_ours_stays_in_the_box(sent, box):
    for name in ("person", "qmail", "forwarded_report", "postfix_no_such_mailbox"):
        put(box, name, new_id())
    one = opened(box)
    assert pass_over(sent, one) == {Fate.LEFT: 4}
    assert pass_over(sent, one) == {}
    assert len(box) == 4


def test_a_report_that_came_too_early_is_applied_later(scene, box):
    scene.follow()
    pretend(scene, OutboxState.LEASED, SENDING, lead_minutes=EARLY)
    put(box, "postfix_no_such_mailbox", early(scene).uuid)
    one = opened(box)
    assert pass_over(scene, one) == {Fate.LATER: 1}
    pretend(scene, OutboxState.SENT, lead_minutes=EARLY)
    assert pass_over(scene, one) == {Fate.DONE: 1}


def test_what_could_not_be_committed_is_read_again(sent, box, monkeypatch):
    put(box, "postfix_no_such_mailbox", early(sent).uuid)
    with monkeypatch.context() as broken:
        broken.setattr("facilitator.reminders.delivery_returns.apply", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pass_over(sent, opened(box))
    assert len(box) == 1
    assert pass_over(sent, opened(box)) == {Fate.DONE: 1}


def test_a_box_that_is_gone_is_an_error_and_changes_nothing(sent, tmp_path):
    with pytest.raises(BoxError):
        pass_over(sent, ReturnedBox(parse_box_url(f"maildir:{tmp_path}/nowhere")))
    assert early(sent).returned_at is None


def test_no_address_is_logged(sent, box, caplog):
    caplog.set_level(logging.INFO)
    for name in ("postfix_no_such_mailbox", "qmail", "person"):
        put(box, name, early(sent).uuid)
    pass_over(sent, opened(box))
    lines = [LineFormatter().format(record) for record in caplog.records if record.name.startswith("facilitator")]
    assert len(lines) == 2
    assert json.loads(lines[0] if "outbox_id" in lines[0] else lines[1])["outbox_id"] == early(sent).id
    assert not any("@" in line or "pat" in line or "example" in line for line in lines)


def test_a_message_of_a_test_to_oneself_that_comes_back_is_flagged_alone(sent):
    with sent.change() as db:
        row = db.get_one(OutboxMessage, early(sent).id)
        row.participant_id, row.kind, row.asked_by, row.session_id = None, "test", sent.lead_id, None
    assert come_back(sent, early(sent).uuid) is Applied.FLAGGED
    assert everything(sent, Suppression) == []


@pytest.fixture
def work(station, letters_app):
    def make(target, returned=None):
        return Worker(station=station(target), app=letters_app, returned=returned)

    return make


def test_returned_mail_is_read_where_the_settings_name_a_box_and_forgotten_after_its_time(sent, work, box):
    put(box, "gmail_mailbox_full", early(sent).uuid)
    with Liar() as server:
        one = work(server.url)
        one.tick("returns")
        assert len(box) == 1
        one.returned = opened(box)
        one.tick("returns")
        one.tick("purge")
        assert (len(box), len(everything(sent, ReturnedMail))) == (0, 1)
        sent.clock.advance(14 * 24 * HOUR + timedelta(seconds=1))
        one.tick("purge")
    assert everything(sent, ReturnedMail) == []


def test_a_box_that_cannot_be_opened_is_the_error_of_its_tick(scene, work, tmp_path):
    with Liar() as server:
        one = work(server.url, ReturnedBox(parse_box_url(f"maildir:{tmp_path}/nowhere")))
        with pytest.raises(BoxError):
            one.tick("returns")
    [tick] = everything(scene, Tick)
    assert tick.error == "BoxError"
