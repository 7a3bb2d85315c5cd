"""Several workers, planners and people at once: nothing goes twice, nothing goes after its cancellation, nobody fails."""

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.groups.models import Group, Participant
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.timetable import lock_timetable
from facilitator.reminders.claim import claim_due
from facilitator.reminders.delivery import CHANNEL, deliver_due
from facilitator.reminders.follow import follow, follow_group
from facilitator.reminders.gate import pass_gate
from facilitator.reminders.models import Channel, OutboxMessage, Suppression
from facilitator.reminders.sight import look
from facilitator.reminders.sweep import sweep
from tests.mail.servers import Liar, Strict, honest
from tests.reminders.conftest import HOUR, START, Scene
from tests.reminders.test_delivery import message_id, watched

FAR = START - 48 * HOUR


@contextmanager
def threads(*targets):
    """Run each target in a thread of its own while the block runs; raise what one of them raised."""
    errors = []

    def guarded(target):
        try:
            target()
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    running = [threading.Thread(target=guarded, args=(target,)) for target in targets]
    for thread in running:
        thread.start()
    yield
    for thread in running:
        thread.join(30)
    assert not any(thread.is_alive() for thread in running)
    if errors:
        raise errors[0]


def in_app(letters_app, target):
    def run():
        with letters_app.app_context():
            target()

    return run


@pytest.fixture
def crowd(scene):
    for number in range(23):
        scene.add_person(f"person{number}")
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(FAR)
    return scene


def test_three_workers_share_the_work_and_send_nothing_twice(crowd, station, letters_app):
    handler = Strict()
    with honest(handler) as url:
        ones = [station(url, owner=f"worker:{number}") for number in range(3)]
        with threads(*(in_app(letters_app, lambda one=one: deliver_due(one)) for one in ones)):
            pass
    accepted = Counter(message_id(envelope.original_content) for envelope in handler.accepted)
    assert set(accepted.values()) == {1}
    assert set(accepted) == {row.uuid for row in crowd.rows(state="sent")}
    assert len(accepted) == 24


def test_the_first_message_ever_of_two_workers_is_written_down_by_both(crowd, station, letters_app):
    """The row of the breaker is made by whoever is first; the other must not lose what it sent."""
    with Liar() as server:
        one = station(server.url)
        with crowd.database.write() as other:
            other.add(Channel(name=CHANNEL))
            other.flush()
            with threads(in_app(letters_app, lambda: deliver_due(one))):
                time.sleep(0.2)
                other.commit()
    assert Counter(row.state for row in crowd.rows()) == {"sent": 24}


def test_one_address_on_two_lists_is_suppressed_by_both_workers(scene, station, letters_app):
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(FAR)
    with scene.database.read() as db:
        index = db.get_one(Participant, scene.people[0]).address_index
    with Liar(rcpt=["550 5.1.1 no such person"]) as server:
        one = station(server.url)
        with scene.database.write() as other:
            other.add(Suppression(address_index=index, cause="no_such_mailbox"))
            other.flush()
            with threads(in_app(letters_app, lambda: deliver_due(one))):
                time.sleep(0.2)
                other.commit()
    assert scene.row().state in {"failed", "suppressed"}  # on SQLite the gate itself waited, and knew


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_leaves_after_its_cancellation_and_the_canceller_never_fails(crowd, station, letters_app, seed):
    """A facilitator cancels, restores and moves while workers send and sweeps run.

    At each commit the canceller notes which messages of the older time had passed the gate. Whatever of that time the
    server accepted must be among them.
    """
    crowd.add_rule(3 * HOUR)
    rng, passed, handler, done = random.Random(seed), {}, Strict(), threading.Event()

    def facilitate():
        try:
            for _ in range(12):
                change_at_random()
                time.sleep(rng.uniform(0, 0.03))
        finally:
            done.set()

    def change_at_random():
        with crowd.change() as db:
            lock_timetable(db, crowd.group_id)
            session = db.get_one(GroupSession, crowd.session_id)
            stands = session.status == SessionStatus.SCHEDULED
            if rng.random() < 0.3:
                session.starts_at = rng.choice([START, START + HOUR])
            else:
                session.status = SessionStatus.CANCELLED if stands else SessionStatus.SCHEDULED
            session.time_rev += 1
            db.flush()
            if rng.random() < 0.3:  # else the sweep follows, and until then the gate alone stands in between
                follow(db, [session], crowd.clock())
            gone = select(OutboxMessage).where(OutboxMessage.gated_at.is_not(None))
            passed[session.time_rev] = {row.uuid for row in db.scalars(gone)}

    def send(one):
        while not done.is_set():
            deliver_due(one)
        crowd.clock.advance(timedelta(seconds=10))  # a notice that waited its turn
        deliver_due(one)

    def plan():
        while not done.is_set():
            with crowd.change() as db:
                sweep(db, timedelta(days=3), crowd.clock())
            with crowd.change() as db:
                follow_group(db, db.get_one(Group, crowd.group_id), crowd.clock())
            time.sleep(0.1)

    with honest(handler) as url:
        ones = [station(url, owner=f"worker:{number}") for number in range(2)]
        senders = [in_app(letters_app, lambda one=one: send(one)) for one in ones]
        with threads(facilitate, plan, *senders):
            pass
    rows = {row.uuid: row for row in crowd.rows()}
    accepted = Counter(message_id(envelope.original_content) for envelope in handler.accepted)
    assert set(accepted.values()) <= {1}
    late = [rows[one].time_rev for one in accepted if one not in passed.get(rows[one].time_rev + 1, {one})]
    assert late == []
    assert {row.state for row in rows.values()} <= {"sent", "pending", "superseded", "cancelled"}
    assert {one for one, row in rows.items() if row.state == "sent"} == set(accepted)


def test_a_sweep_and_a_cancellation_never_lock_each_other_out(crowd):
    """The sweep plans new messages, which need their session, while the canceller holds the session."""
    if crowd.database.is_sqlite:
        return  # writers take turns there
    crowd.add_rule(3 * HOUR)
    started = threading.Event()

    def sweep_now():
        with crowd.change() as db:
            db.connection()
            started.set()
            sweep(db, timedelta(days=3), crowd.clock())

    with crowd.database.write() as canceller:
        lock_timetable(canceller, crowd.group_id)
        with threads(sweep_now):
            started.wait(10)
            time.sleep(0.3)  # the sweep is as far as it gets
            session = canceller.get_one(GroupSession, crowd.session_id)
            session.status, session.time_rev = SessionStatus.CANCELLED, session.time_rev + 1
            canceller.connection().exec_driver_sql("SET lock_timeout = '3s'")
            assert follow(canceller, [session], crowd.clock()).withdrawn == 24
            canceller.commit()
    assert Counter(row.state for row in crowd.rows()) == {"cancelled": 24}


def test_a_change_and_a_commit_that_writes_down_and_opens_never_wait_for_each_other(crowd, station):
    """The change holds its session and waits for the messages; the lane holds a message and waits for the session."""
    holds, others = threading.Event(), []

    def cancel():
        with crowd.change() as db:
            session = db.get_one(GroupSession, crowd.session_id, with_for_update=True)
            holds.set()
            time.sleep(0.4)
            session.status, session.time_rev = SessionStatus.CANCELLED, session.time_rev + 1
            follow(db, [session], crowd.clock())

    def while_the_third_is_handed_over():
        if len(server.messages) == 3 and not others:
            others.append(threading.Thread(target=cancel))
            others[0].start()
            assert holds.wait(10)

    with Liar() as server:
        counts = deliver_due(watched(station, crowd, server.url, while_the_third_is_handed_over))
        others[0].join(10)
    assert counts["sent"] == 6  # three reminders, and the cancellation to those who had one
    assert Counter(row.state for row in crowd.rows(kind="reminder")) == {"sent": 3, "cancelled": 21}
    assert len(crowd.rows(kind="cancelled")) == 3


def test_a_rule_removed_while_its_message_passes_the_gate_fails_nobody(scene):
    """On PostgreSQL the planner waits for the row and sees it in hand-over; withdrawing it in mid-air would raise."""
    scene.follow()
    scene.clock.go_to(FAR)
    with scene.change() as db:
        [row] = claim_due(db, "worker:1", 1, scene.clock())

    def remove():
        scene.remove_rule(48 * HOUR)
        scene.follow()

    with scene.database.write() as gate:
        [seen] = look(gate, [row], scene.clock())
        assert pass_gate(gate, seen, scene.clock()) is None
        with threads(remove):
            time.sleep(0.3)
            gate.commit()
    assert [one.state for one in scene.rows()] == ["sending", "pending"]


def test_two_planners_at_once_plan_each_message_once(database, clock):
    scene = Scene(database, clock).build(people=[f"person{number}" for number in range(8)])
    together = threading.Barrier(4)

    def plan():
        together.wait(10)
        with scene.change() as db:
            sweep(db, timedelta(days=16), scene.clock())

    with threads(*[plan] * 4):
        pass
    assert Counter(row.lead_minutes for row in scene.rows()) == {48 * 60: 8, 3 * 60: 8}
