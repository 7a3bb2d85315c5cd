"""The worker's ticks without its clock: what each does, that it is safe to run twice, and what is written down of it."""

import logging
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator import ticks as clockwork
from facilitator.logs import ALLOWED
from facilitator.reminders.audit import AUDIT_AHEAD
from facilitator.reminders.claim import LEASE, SENDING_LEASE, claim_due
from facilitator.reminders.delivery import CHANNEL, deliver_due
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import Channel, OutboxMessage, Tick
from facilitator.ticks import TICKS, Worker
from facilitator.worker import WorkerRunningError, only_worker
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, START
from tests.reminders.test_delivery_together import in_app, threads
from tests.reminders.test_follow import LEASED, SENDING, pretend

FAR = START - 48 * HOUR


@pytest.fixture
def work(station, letters_app):
    def make(target, **other):
        return Worker(station=station(target, **other), app=letters_app, stopping=threading.Event())

    return make


def ticks(scene):
    with scene.database.read() as db:
        return {tick.name: tick for tick in db.scalars(select(Tick))}


def test_every_tick_has_a_period_and_every_period_a_tick():
    assert TICKS.keys() == TICK_PERIODS.keys()


def test_a_message_is_planned_and_sent_by_ticks_alone(scene, work):
    with Liar() as server:
        one = work(server.url)
        one.tick("audit")
        scene.clock.go_to(FAR)
        for _ in range(2):
            for name in TICKS:
                one.tick(name)
    assert len(server.messages) == 1
    assert scene.states() == ["reminder 48h r1 sent", "reminder 3h r1 pending"]


def test_planning_looks_three_days_ahead_and_the_audit_beyond_every_lead(scene, work):
    with Liar() as server:
        one = work(server.url)
        one.tick("plan")
        assert scene.rows() == []
        one.tick("audit")
        assert len(scene.rows()) == 2
    assert timedelta(days=14) < AUDIT_AHEAD


def test_a_tick_writes_down_when_it_ran_and_counts_itself(scene, work):
    with Liar() as server:
        one = work(server.url)
        one.tick("plan")
        scene.clock.advance(HOUR)
        one.tick("plan")
    found = ticks(scene)["plan"]
    assert (found.owner, found.epoch, found.error) == ("worker:1", 2, "")
    assert found.started_at == found.finished_at == scene.clock()


def test_a_tick_of_every_second_that_finds_nothing_is_written_down_every_five(scene, work):
    with Liar() as server:
        one = work(server.url)
        for _ in range(11):
            one.tick("dispatch")
            scene.clock.advance(timedelta(seconds=1))
    assert ticks(scene)["dispatch"].epoch == 3


def test_a_tick_that_did_something_is_written_down_at_once(scene, work):
    scene.follow()
    scene.clock.go_to(FAR - timedelta(seconds=1))
    with Liar() as server:
        one = work(server.url)
        one.tick("dispatch")
        scene.clock.go_to(FAR)
        one.tick("dispatch")
        assert server.messages
    assert ticks(scene)["dispatch"].epoch == 2


def test_a_tick_that_fails_says_with_what_and_heals(scene, work):
    with Liar() as server:
        one = work(server.url)
        scene.set_group(zone="Nowhere/Land")
        with pytest.raises(Exception, match="time zone"):
            one.tick("audit")
        assert ticks(scene)["audit"].error == "Invalid"
        scene.set_group(zone="Europe/London")
        one.tick("audit")
        assert ticks(scene)["audit"].error == ""


def test_two_workers_that_tick_for_the_first_time_both_write_it_down(scene, work, letters_app):
    with Liar() as server:
        one = work(server.url)
        with scene.database.write() as other:
            other.add(Tick(name="plan", owner="worker:2", epoch=1, started_at=scene.clock()))
            other.flush()
            with threads(in_app(letters_app, lambda: one._note("plan", scene.clock(), ""))):
                time.sleep(0.2)
                other.commit()
    assert ticks(scene)["plan"].epoch == 2


def test_a_dispatch_ends_after_a_few_seconds_and_the_next_goes_on(scene, work):
    """Otherwise a long backlog would look like a dead clock, and the leases of a batch would run out."""
    for number in range(9):
        scene.add_person(f"person{number}")
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(FAR)
    slow = iter(range(0, 1000, 1))  # every look at the clock finds a second gone
    with Liar() as server:
        one = work(server.url, monotonic=lambda: next(slow))
        one.tick("dispatch")
        first = len(server.messages)
        assert 0 < first < 10
        assert {row.lease_owner for row in scene.rows()} == {None}
        for _ in range(9):
            one.tick("dispatch")
    assert len(server.messages) == 10
    assert LEASE.total_seconds() / 2 > clockwork.LONGEST_DISPATCH_S


def test_the_log_counts_apart_what_was_accepted_refused_deferred_and_turned_away(scene, work, caplog):
    for name in ("bob", "charlie", "dora"):
        scene.add_person(name)
    scene.follow()
    scene.clock.go_to(FAR)
    scene.set_person(scene.people[0], state="stopped")
    caplog.set_level(logging.INFO, logger="facilitator.ticks")
    with Liar(rcpt=["250", "550 5.1.1 unknown", "450 4.2.0 later"]) as server:
        work(server.url).tick("dispatch")
    [line] = [record for record in caplog.records if getattr(record, "event", "") == "dispatch"]
    names = ("accepted", "refused", "deferred", "unknown", "turned_away")
    assert [getattr(line, name) for name in names] == [1, 1, 1, 0, 1]
    assert set(names) <= ALLOWED
    assert not hasattr(line, "count")


def test_a_server_that_stops_answering_is_told_to_the_log_once(scene, work, caplog):
    scene.follow()
    scene.clock.go_to(FAR)
    with Liar() as gone:
        nobody = work(gone.url)
    for _ in range(3):
        nobody.tick("dispatch")
        scene.clock.advance(timedelta(minutes=20))
    told = [record for record in caplog.records if "takes nothing" in record.message]
    assert [(record.event, record.phase) for record in told] == [("unreachable", "connect")]
    with scene.database.read() as db:
        channel = db.get_one(Channel, CHANNEL)
    assert (channel.reason, channel.open_since_at) == ("unreachable", FAR)


def test_the_reaper_frees_and_settles_what_silent_workers_left(scene, work):
    scene.follow()
    scene.clock.go_to(START - 3 * HOUR)
    with scene.change() as db:
        claim_due(db, "dead:1", 1, scene.clock())
    pretend(scene, SENDING, state=LEASED)
    with Liar() as server:
        one = work(server.url)
        one.tick("reap")
        assert len(scene.rows(state="sending")) == 1
        scene.clock.advance(SENDING_LEASE)
        one.tick("reap")
    assert [(row.state, row.unknowns) for row in scene.rows()] == [("pending", 1), ("pending", 0)]


def test_the_purge_erases_old_messages_for_good(scene, work, tmp_path):
    scene.follow()
    scene.clock.go_to(START + timedelta(days=31))
    with Liar() as server:
        work(server.url).tick("purge")
    with scene.database.read() as db:
        assert db.scalars(select(OutboxMessage)).all() == []
    if scene.database.is_sqlite:
        assert (tmp_path / "facilitator.db-wal").stat().st_size < 100_000


def test_a_worker_asked_to_stop_sends_nothing_more(scene, work):
    scene.follow()
    scene.clock.go_to(FAR)
    with Liar() as server:
        one = work(server.url)
        one.stopping.set()
        one.tick("dispatch")
        assert server.messages == []
        assert deliver_due(one.station) == {"sent": 1}


def test_one_file_has_one_worker_and_one_server_may_have_several(config, database):
    with only_worker(config, database):
        if not database.is_sqlite:
            with only_worker(config, database):
                return
        with pytest.raises(WorkerRunningError, match="Another worker runs"), only_worker(config, database):
            pass
    with only_worker(config, database):
        pass
