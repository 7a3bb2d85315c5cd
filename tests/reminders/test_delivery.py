"""Delivery against servers that answer, refuse, hang up and lie: what each row becomes, and what was really handed over."""

import json
import logging
import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator import logs
from facilitator.groups.models import Participant
from facilitator.mail.smtp import SmtpClient
from facilitator.mail.urls import MailUrl
from facilitator.planning.models import GroupSession
from facilitator.reminders.claim import SENDING_LEASE, claim_due, free_expired
from facilitator.reminders.delivery import BATCH, CHANNEL, deliver_due
from facilitator.reminders.models import Attempt, Channel, OutboxMessage, Suppression
from facilitator.reminders.policy import policies, resolve_unknown, set_policy
from facilitator.reminders.posting import composer
from facilitator.reminders.rules import TERMINAL, MessageKind, OutboxState, UnknownPolicy
from facilitator.reminders.sweep import sweep
from tests.mail.servers import HOST, QUICK, Liar, Strict, free_port, honest
from tests.reminders.conftest import FROM, HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, SENDING, pretend

FAR = START - 48 * HOUR
WEEK = timedelta(days=7)
ENDS = TERMINAL | {OutboxState.HELD}


@pytest.fixture
def due(scene):
    """Pat's early reminder is due."""
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(FAR)
    return scene


@pytest.fixture
def crowd(scene):
    """The early reminders of twelve people are due."""
    for number in range(11):
        scene.add_person(f"person{number}")
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(FAR)
    return scene


def message_id(content):
    return re.search(rb"^Message-ID: <([^@>]+)@", content, re.MULTILINE)[1].decode()


def attempts(scene):
    with scene.database.read() as db:
        return db.scalars(select(Attempt).order_by(Attempt.id)).all()


def channel(scene):
    with scene.database.read() as db:
        return db.get(Channel, CHANNEL)


def reap(scene):
    with scene.change() as db:
        free_expired(db, scene.clock())
        resolve_unknown(db, scene.clock())


def test_everything_due_is_delivered_over_one_connection(crowd, station):
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 12}
        assert deliver_due(station(server.url)) == {}
    assert server.connections == 1
    assert {message_id(one) for one in server.messages} == {row.uuid for row in crowd.rows()}
    assert len(server.messages) == 12
    assert {(row.state, row.reason, row.attempts, row.unknowns, row.sent_at) for row in crowd.rows()} == {
        ("sent", "accepted", 1, 0, FAR)
    }
    assert all(row.lease_owner is None and row.rendered_sha for row in crowd.rows())


def test_every_hand_over_stands_in_the_ledger_of_attempts(due, station):
    with Liar(rcpt=["450 4.2.0 greylisted"]) as server:
        deliver_due(station(server.url))
        due.clock.advance(2 * MINUTE)
        deliver_due(station(server.url))
    assert [(one.number, one.outcome, one.phase, one.code, one.enhanced, one.owner) for one in attempts(due)] == [
        (1, "deferred", "rcpt", 450, "4.2.0", "worker:1"),
        (2, "accepted", "reply", 250, "", "worker:1"),
    ]


def test_more_than_a_batch_is_delivered_in_one_go(scene, station):
    scene.remove_rule(3 * HOUR)
    for number in range(BATCH):
        scene.add_person(f"person{number}")
    scene.follow()
    scene.clock.go_to(FAR)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": BATCH + 1}


def test_with_nothing_due_no_connection_is_even_prepared(scene, station):
    def never():
        raise AssertionError("nothing is due")

    scene.follow()
    assert deliver_due(station(MailUrl(), open_client=never)) == {}


def test_asked_to_stop_the_rest_goes_back_for_somebody_else(crowd, station):
    asked = []

    def should_stop():
        asked.append(None)
        return len(asked) > 4

    with Liar() as server:
        counts = deliver_due(station(server.url), should_stop)
    assert counts == {"sent": 4} == Counter(row.state for row in crowd.rows() if row.state != "pending")
    assert {(row.lease_owner, row.attempts) for row in crowd.rows(state="pending")} == {(None, 0)}


@pytest.mark.parametrize("step", ["rcpt", "dot"])
def test_greylisting_is_answered_with_the_same_bytes_a_minute_later(due, station, step):
    due.clock.advance(timedelta(milliseconds=1))  # so that the date of the letter is not when it was due
    due.clock.advance(7 * MINUTE)
    with Liar(**{step: ["450 4.7.1 come back", "450 4.7.1 come back"]}) as server:
        assert deliver_due(station(server.url)) == {"pending": 1}
        first = due.row()
        assert (first.attempts, first.reason, first.unknowns, first.reply) == (1, "try_later", 0, "4.7.1 come back")
        assert MINUTE * 0.8 <= first.next_attempt_at - due.clock() <= MINUTE * 1.2
        due.clock.go_to(first.next_attempt_at)
        assert deliver_due(station(server.url)) == {"pending": 1}
        due.clock.go_to(due.row().next_attempt_at)
        assert deliver_due(station(server.url)) == {"sent": 1}
    assert len(set(server.messages)) == 1
    assert len(server.messages) == (1 if step == "rcpt" else 3)
    assert b"Date: Tue, 24 Nov 2026 18:37:00 +0000" in server.messages[0]
    assert message_id(server.messages[0]) == due.row().uuid


def test_a_refused_person_does_not_spoil_the_next_one_on_the_same_connection(crowd, station):
    with Liar(rcpt=["450 4.2.0 greylisted", "550 5.2.2 full"]) as server:
        assert deliver_due(station(server.url)) == {"pending": 1, "failed": 1, "sent": 10}
    assert server.connections == 1


def test_a_message_that_is_deferred_until_its_time_is_over_expires(due, station):
    with Liar(rcpt=["450 4.2.0 no"] * 200) as server:
        ended = run_to_the_end(due, station(server.url), step=107 * MINUTE)
    assert ended == ["expired"]
    assert server.messages == []
    assert 10 < len(attempts(due)) < 30


def run_to_the_end(scene, one, until=START + HOUR, step=17 * MINUTE):
    """Deliver and sweep every few minutes until the session has begun, as the worker's ticks do."""
    while scene.clock() < until:
        scene.clock.go_to(min(scene.clock() + step, until))
        deliver_due(one)
        reap(scene)
        with scene.change() as db:
            sweep(db, timedelta(days=3), scene.clock())
    return [row.state for row in scene.rows()]


def test_a_mailbox_that_does_not_exist_is_never_written_to_again(due, station):
    later = due.add_session(START + WEEK, position=2)
    due.follow(later)
    with Liar(rcpt=["550 5.1.1 no such person"]) as server:
        assert deliver_due(station(server.url)) == {"failed": 1}
        row = due.row(session_id=due.session_id)
        assert (row.state, row.reason, row.enhanced, row.attempts) == ("failed", "no_such_mailbox", "5.1.1", 1)
        with due.database.read() as db:
            index = db.get_one(Participant, due.people[0]).address_index
            assert db.get_one(Suppression, index).until_at is None
        due.clock.go_to(START + WEEK - 48 * HOUR)
        heard = len(server.heard)
        assert deliver_due(station(server.url)) == {"suppressed": 1}
        assert len(server.heard) == heard
    assert due.row(session_id=later).reason == "address_refused"


def test_a_refusal_that_lasts_replaces_one_that_would_have_ended(due, station):
    with due.change() as db:
        index = db.get_one(Participant, due.people[0]).address_index
        db.add(Suppression(address_index=index, cause="soft", until_at=due.clock() - HOUR))
    with Liar(rcpt=["550 5.1.1 no such person"]) as server:
        deliver_due(station(server.url))
    with due.database.read() as db:
        found = db.get_one(Suppression, index)
    assert (found.cause, found.until_at) == ("no_such_mailbox", None)


def test_a_full_mailbox_fails_one_message_and_suppresses_nobody(due, station):
    with Liar(rcpt=["552 5.2.2 mailbox full"]) as server:
        assert deliver_due(station(server.url)) == {"failed": 1}
    with due.database.read() as db:
        assert db.scalars(select(Suppression)).all() == []


def test_a_policy_refusal_of_everybody_stops_after_five(crowd, station):
    with Liar(rcpt=["550 5.7.1 not you"] * 12) as server:
        assert deliver_due(station(server.url)) == {"failed": 5}
    assert Counter(row.state for row in crowd.rows()) == {"failed": 5, "pending": 7}
    assert channel(crowd).open_until_at > crowd.clock()


def broken_targets():
    return {
        "nobody listens": lambda: MailUrl(host=HOST, port=free_port()),
        "hangs up at once": lambda: Liar(greeting=[None] * 9),
        "closes for maintenance": lambda: Liar(mail=["421 4.3.2 closing"] * 9),
        "does not know us": lambda: Liar(mail=["550 5.7.1 who are you"] * 9),
        "hangs up before the body": lambda: Liar(data=[None] * 9),
        "wants us to sign in": lambda: Liar(mail=["530 5.7.0 sign in"] * 9),
    }


@pytest.mark.parametrize("fault", broken_targets())
def test_a_broken_way_charges_no_attempt_fails_nothing_and_everything_goes_out_afterwards(crowd, station, fault):
    target = broken_targets()[fault]()
    opened = target.__enter__() if isinstance(target, Liar) else None
    url = opened.url if opened else target
    pauses = []
    for _ in range(3):
        assert deliver_due(station(url)) == {"pending": 1}
        assert deliver_due(station(url)) == {}  # the way is closed
        pauses.append(channel(crowd).open_until_at - crowd.clock())
        crowd.clock.go_to(channel(crowd).open_until_at)
    if opened:
        opened.__exit__()
    assert pauses == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert channel(crowd).open_since_at == FAR
    assert {(row.state, row.attempts, row.unknowns, row.lease_owner) for row in crowd.rows()} == {
        ("pending", 0, 0, None)
    }
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 12}
    assert len(server.messages) == 12
    healed = channel(crowd)
    assert (healed.failures, healed.open_since_at, healed.open_until_at, healed.last_error) == (0, None, None, "")
    assert healed.last_sent_at == crowd.clock()


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [("mail", "530 5.7.0 sign in", "sign_in_refused"), ("rcpt", "501 5.5.4 odd", "protocol")],
)
def test_a_refusal_of_the_installation_is_logged_at_once(due, station, caplog, step, answer, reason):
    with Liar(**{step: [answer]}) as server, caplog.at_level(logging.ERROR):
        deliver_due(station(server.url))
    [record] = caplog.records
    line = json.loads(logs.LineFormatter().format(record))
    assert (line["level"], line["event"]) == ("error", reason)
    assert "pat@example.org" not in json.dumps(line)


def test_a_lost_answer_is_unknown_and_repeated_once_with_the_same_identification(due, station):
    with Liar(dot=[None]) as server:
        assert deliver_due(station(server.url)) == {"unknown": 1}
        assert (due.row().state, due.row().unknowns, due.row().reason) == ("unknown", 1, "no_answer")
        assert deliver_due(station(server.url)) == {}  # never pending by itself
        due.clock.advance(timedelta(seconds=10))
        reap(due)
        assert deliver_due(station(server.url)) == {"sent": 1}
    assert len(server.messages) == 2
    assert len(set(server.messages)) == 1
    assert (due.row().unknowns, due.row().attempts) == (1, 2)


def test_a_second_lost_answer_waits_for_a_person(due, station):
    with Liar(dot=[None, None]) as server:
        for _ in range(3):
            deliver_due(station(server.url))
            reap(due)
    assert len(server.messages) == 2
    assert (due.row().state, due.row().unknowns) == ("held", 2)


def test_a_server_that_never_answers_is_left_alone_before_everybody_gets_two_copies(crowd, station):
    with Liar(dot=[None] * 20) as server:
        assert deliver_due(station(server.url)) == {"unknown": 5}
        reap(crowd)
        assert deliver_due(station(server.url)) == {}
    assert channel(crowd).open_until_at > crowd.clock()
    crowd.clock.go_to(channel(crowd).open_until_at)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 12}


def test_under_the_careful_policy_a_lost_answer_waits_for_a_person(due, station):
    with due.change() as db:
        set_policy(db, MessageKind.REMINDER, UnknownPolicy.HOLD)
    with Liar(dot=[None]) as server:
        assert deliver_due(station(server.url)) == {"unknown": 1}
        reap(due)
        assert deliver_due(station(server.url)) == {}
    assert (len(server.messages), due.row().state) == (1, "held")


def test_the_policy_is_chosen_for_each_kind(due, station):
    """Reminders wait for a person here, and a cancellation is repeated once all the same."""
    with due.change() as db:
        set_policy(db, MessageKind.REMINDER, UnknownPolicy.HOLD)
    with Liar(dot=[None, None]) as server:
        deliver_due(station(server.url))
        reap(due)
        due.cancel()
        deliver_due(station(server.url))
        reap(due)
        assert deliver_due(station(server.url)) == {"sent": 1}
    assert [(row.kind, row.state) for row in due.rows()] == [("reminder", "cancelled"), ("cancelled", "sent")]


def test_every_kind_but_a_test_has_its_answer_on_the_page(house):
    alice, given = house.client(), {kind.value: "hold" for kind in MessageKind if kind != MessageKind.TEST}
    page = alice.get("/reminders").text
    assert all(f'name="{kind}"' in page for kind in given)
    assert alice.post("/reminders/policy", data=given).status_code == 303
    with house.read() as db:
        held = [kind.value for kind, policy in policies(db).items() if policy is UnknownPolicy.HOLD]
    assert held == list(given)


def test_a_doubtful_message_whose_time_is_over_is_not_repeated(due, station):
    with Liar(dot=[None]) as server:
        deliver_due(station(server.url))
        due.clock.go_to(START - 10 * MINUTE)
        reap(due)
    assert due.row().state == "held"
    with due.change() as db:
        sweep(db, timedelta(days=3), due.clock())
    assert due.row().state == "expired"


def poisoned(scene, name):
    """Spoil one person's address, so that the letter cannot be built."""
    scene.set_person(scene.people[0], address_sealed=b"\x01" + bytes(60))
    return name


def test_a_letter_that_cannot_be_built_fails_alone_after_three_tries(crowd, station, caplog):
    poisoned(crowd, "pat")
    with Liar() as server, caplog.at_level(logging.ERROR):
        assert deliver_due(station(server.url)) == {"sent": 11, "pending": 1}
        for state in ("pending", "failed"):
            assert crowd.row(participant_id=crowd.people[0]).state == "pending"
            crowd.clock.go_to(crowd.row(participant_id=crowd.people[0]).next_attempt_at)
            assert deliver_due(station(server.url)) == {state: 1}
        assert deliver_due(station(server.url)) == {}
    row = crowd.row(participant_id=crowd.people[0])
    assert (row.state, row.reason, row.attempts, row.gated_at, row.unknowns) == (
        "failed",
        "cannot_be_built",
        3,
        None,
        0,
    )
    assert len(caplog.records) == 3
    assert len(server.messages) == 11


def test_an_address_that_cannot_be_sent_to_fails_like_a_letter_that_cannot_be_built(scene, station):
    scene.add_person("bob")
    scene.add_person("not@one@address")
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(FAR)
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"sent": 2, "pending": 1}


def test_a_sender_in_another_script_is_carried(due, station):
    with Liar() as server:
        one = station(server.url, compose=composer("https://notes.example", "Notizen <notes@bücher.example>"))
        assert deliver_due(one) == {"sent": 1}
    assert b"notes@xn--bcher-kva.example" in server.messages[0]


class Watched(SmtpClient):
    """A client that does something in the middle of every hand-over."""

    meanwhile = staticmethod(lambda: None)

    def send(self, parties, message, may_finish):
        outcome = super().send(parties, message, may_finish)
        self.meanwhile()
        return outcome


def watched(station, scene, url, meanwhile, **other):
    def open_client():
        client = Watched(url, hello_name="mail.example", monotonic=scene.clock.monotonic, timeouts=QUICK)
        client.meanwhile = meanwhile
        return client

    return station(url, open_client=open_client, **other)


def test_no_transaction_is_open_across_a_hand_over(due, station):
    seen = []

    def meanwhile():
        seen.append(due.row().state)
        due.set_group(label="Written meanwhile")

    with Liar() as server:
        assert deliver_due(watched(station, due, server.url, meanwhile)) == {"sent": 1}
    assert seen == ["sending"]


def test_a_session_deleted_during_the_hand_over_disturbs_nobody(crowd, station):
    other = crowd.add_session(START + HOUR, position=2)
    crowd.follow(other)
    crowd.clock.advance(HOUR)

    def delete_the_first():
        with crowd.change() as db:
            session = db.get(GroupSession, crowd.session_id)
            if session:
                db.delete(session)

    with Liar() as server:
        counts = deliver_due(watched(station, crowd, server.url, delete_the_first))
    assert counts == {"gone": 1, "lost_lease": 11, "sent": 12}
    assert len(server.messages) == 13


def test_an_answer_that_comes_after_the_lease_still_counts(due, station):
    def the_machine_slept():
        due.clock.advance(SENDING_LEASE)
        with due.change() as db:
            free_expired(db, due.clock())

    with Liar() as server:
        assert deliver_due(watched(station, due, server.url, the_machine_slept)) == {"sent": 1}
    assert (due.row().state, due.row().unknowns) == ("sent", 1)


def test_an_answer_for_a_row_of_another_owner_is_noted_and_changes_nothing(due, station):
    def somebody_else_took_it():
        due.clock.advance(SENDING_LEASE)
        reap(due)
        with due.change() as db:
            claim_due(db, "worker:2", 1, due.clock())

    with Liar() as server:
        assert deliver_due(watched(station, due, server.url, somebody_else_took_it)) == {"lost_fence": 1}
    assert (due.row().state, due.row().lease_owner, due.row().unknowns) == ("leased", "worker:2", 1)
    assert [one.outcome for one in attempts(due)] == ["accepted"]


def test_a_sender_that_froze_before_the_dot_withholds_it_and_does_not_spin(due, station):
    ticking = iter(range(0, 100_000, 31))
    with Liar() as server:
        one = station(server.url, monotonic=lambda: next(ticking))
        assert deliver_due(one) == {"pending": 1}
    row = due.row()
    assert (server.messages, row.reason, row.attempts, row.unknowns) == ([], "out_of_time", 0, 0)
    assert row.next_attempt_at > due.clock()


def test_two_messages_to_one_person_about_one_session_are_never_in_hand_over_together(due, station):
    pretend(due, LEASED, SENDING)
    due.cancel()
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"pending": 1}
        assert server.messages == []
        pretend(due, OutboxState.SENT, state=SENDING)
        due.clock.advance(timedelta(seconds=5))
        assert deliver_due(station(server.url)) == {"sent": 1}


@pytest.mark.parametrize("paused", [False, True])
def test_every_row_comes_to_an_end_by_itself(crowd, station, paused):
    """Answers of every kind, people of every kind, a move and a cancellation: nine days after nothing is open, the goodbye neither."""
    crowd.add_rule(3 * HOUR)
    second = crowd.add_session(START + 4 * HOUR, position=2)
    crowd.follow(), crowd.follow(second)
    poisoned(crowd, "pat")
    with crowd.database.read() as db:
        people = list(db.scalars(select(Participant.id)))
    crowd.set_person(people[3], state="paused")
    crowd.set_person(people[4], zone="Pacific/Auckland")
    crowd.remove_person(people[5])
    crowd.set_group(reminders_paused_at=crowd.clock() if paused else None)
    script = ["450 4.2.0 later", "250", "550 5.1.1 gone", "250", "552 5.2.2 full", "250"]
    answers = {"rcpt": [*script, *["250"] * 5, *script], "dot": ["250", None, "250", "451 later", None, None, "250"]}
    with Liar(**answers) as server:
        one = station(server.url)
        deliver_due(one)
        crowd.clock.advance(HOUR)
        crowd.move(START + 2 * HOUR)
        deliver_due(one)
        crowd.clock.advance(HOUR)
        ended = run_to_the_end(crowd, one, START + 9 * 24 * HOUR, 9 * HOUR if paused else 109 * MINUTE)
        accepted = Counter(message_id(content) for content in server.messages)
    assert set(ended) <= ENDS
    assert all(row.unknowns for row in crowd.rows() if accepted[row.uuid] > 1 and row.state != "sent")
    assert accepted.total() == 0 if paused else accepted.total() > 12


def test_after_an_outage_each_person_gets_one_reminder_and_none_after_its_use(crowd, station):
    crowd.add_rule(3 * HOUR)
    crowd.follow()
    crowd.clock.go_to(START - 2 * HOUR)  # nobody worked for two days
    with crowd.change() as db:
        sweep(db, timedelta(days=3), crowd.clock())
    with Liar() as server:
        assert deliver_due(station(server.url)) == {"superseded": 12, "sent": 12}
    assert {row.lead_minutes for row in crowd.rows(state="sent")} == {180}


def test_settling_what_is_unknown_counts_it_and_leaves_the_rest(crowd, station):
    with Liar(dot=[None] * 4) as server:
        deliver_due(station(server.url), lambda: len(server.messages) >= 4)
    with crowd.change() as db:
        assert resolve_unknown(db, crowd.clock()) == 4
        assert resolve_unknown(db, crowd.clock()) == 0
    assert {row.state for row in crowd.rows()} == {"pending"}
    with crowd.database.read() as db:
        assert db.scalars(select(OutboxMessage).where(OutboxMessage.unknowns == 1)).all()


def test_an_honest_server_finds_nothing_wrong_with_any_message(crowd, station):
    handler = Strict()
    with honest(handler) as url:
        assert deliver_due(station(url)) == {"sent": 12}
    assert {envelope.mail_from for envelope in handler.accepted} == {"notes@mail.example"}
    assert all(len(envelope.rcpt_tos) == 1 for envelope in handler.accepted)
    assert FROM.encode() in handler.accepted[0].original_content
