"""The clock: APScheduler runs a few ticks, each a pure function of the database and safe to run twice.

APScheduler remembers nothing of ours. Its jobs live in memory under fixed names; what is due stands in the outbox.
If every tick were lost, messages would be late and nothing else. The main thread watches the scheduler and leaves
when it dies, so that whoever supervises the process starts it anew.
"""

import fcntl
import logging
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config import Config
from facilitator import create_app
from facilitator.db import Database, insert_missing
from facilitator.mail import mailbox
from facilitator.mail.smtp import SmtpClient
from facilitator.mail.urls import MailUrl
from facilitator.planning.models import GroupSession
from facilitator.reminders.claim import free_all, free_expired
from facilitator.reminders.delivery import Station, deliver_due, resolve_unknown
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.reminders.posting import composer
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.sweep import sweep

log = logging.getLogger(__name__)
SWEEP_AHEAD = timedelta(days=3)
AUDIT_AHEAD = timedelta(days=16)  # beyond the longest lead of 14 days
KEEP_LEDGER = timedelta(days=30)  # after the session
LONGEST_DISPATCH_S = 10.0  # far below the 60 s for which a batch is leased
WATCH_EVERY_S = 1.0
DRAIN_S = 13.0
# how the log calls the state in which a hand-over ends
OUTCOMES: dict[str, str] = {
    OutboxState.SENT: "accepted",
    OutboxState.FAILED: "refused",
    OutboxState.PENDING: "deferred",
    OutboxState.UNKNOWN: "unknown",
}


class WorkerRunningError(Exception):
    """Say that another worker holds this SQLite database."""


@dataclass(slots=True)
class Worker:
    """One worker process: its parts, and whether it was asked to stop."""

    station: Station
    app: Flask
    stopping: threading.Event

    def tick(self, name: str) -> None:
        """Run one tick by name and write down when it ran."""
        with self.app.app_context():
            started_at = self.station.clock()
            error = ""
            try:
                TICKS[name](self)
            except Exception as problem:
                error = type(problem).__name__
                raise
            finally:
                self._note(name, started_at, error)

    def _note(self, name: str, started_at: datetime, error: str) -> None:
        with self.station.database.write() as db:
            if db.get(Tick, name) is None:
                new = {"name": name, "owner": self.station.owner, "epoch": 0, "started_at": started_at, "error": ""}
                insert_missing(db, Tick, [new])
            tick = db.get_one(Tick, name, with_for_update=True)
            tick.owner, tick.epoch, tick.error = self.station.owner, tick.epoch + 1, error
            tick.started_at, tick.finished_at = started_at, self.station.clock()
            db.commit()


def dispatch(worker: Worker) -> None:
    """Deliver what is due, for a few seconds at most; the next second goes on, and the clock is seen to be alive."""
    ends = worker.station.monotonic() + LONGEST_DISPATCH_S
    counts = deliver_due(worker.station, lambda: worker.stopping.is_set() or worker.station.monotonic() > ends)
    if counts:
        log.info("delivery pass", extra={"event": "dispatch", **_outcomes(counts)})


def _outcomes(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many messages ended how in one pass; what the gate turned away for good was never handed over."""
    named: Counter[str] = Counter()
    for state, count in counts.items():
        named[OUTCOMES.get(state, "turned_away")] += count
    return {name: named[name] for name in (*OUTCOMES.values(), "turned_away")}


def reap(worker: Worker) -> None:
    """Free the rows of workers that went silent, and settle messages of unknown fate."""
    now = worker.station.clock()
    with worker.station.database.write() as db:
        free_expired(db, now)
        resolve_unknown(db, worker.station.policy, now)
        db.commit()


def plan(worker: Worker, ahead: timedelta = SWEEP_AHEAD) -> None:
    """Bring the messages of the coming sessions up to date, should a change have been missed."""
    with worker.station.database.write() as db:
        followed = sweep(db, ahead, worker.station.clock())
        db.commit()
    if followed.planned or followed.notices:
        log.info("planned", extra={"event": "plan", "count": followed.planned + followed.notices})


def audit(worker: Worker) -> None:
    """Do the same as far ahead as any reminder reaches."""
    plan(worker, AUDIT_AHEAD)


def purge(worker: Worker) -> None:
    """Delete the messages of sessions that ended 30 days ago, and fold the log of the database."""
    with worker.station.database.write() as db:
        erase_ledger(db, worker.station.clock())
        db.commit()
    worker.station.database.checkpoint()


def erase_ledger(db: Session, now: datetime) -> int:
    """Delete the messages of sessions that ended 30 days ago; return how many."""
    past = select(GroupSession.id).where(GroupSession.ends_at < now - KEEP_LEDGER)
    result = db.execute(
        delete(OutboxMessage)
        .where(OutboxMessage.session_id.in_(past))
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


TICKS: dict[str, Callable[[Worker], None]] = {
    "dispatch": dispatch,
    "reap": reap,
    "plan": plan,
    "audit": audit,
    "purge": purge,
}


def make_station(config: Config, database: Database, clock: Callable[[], datetime], target: MailUrl) -> Station:
    """Return what a worker of this installation delivers with."""
    hello_name = config.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    return Station(
        database=database,
        open_client=lambda: SmtpClient(target, hello_name=hello_name, monotonic=time.monotonic),
        compose=composer(config.base_url, config.mail_from),
        owner=f"{socket.gethostname()}:{os.getpid()}",
        clock=clock,
        monotonic=time.monotonic,
        rng=random.Random(),  # noqa: S311 - spreads retries, keeps no secret
    )


@contextmanager
def mail_target(config: Config) -> Iterator[MailUrl]:
    """Give the mail server of the settings; for the local mailbox, its listener, started when none answers."""
    if config.mail_url.is_mailbox:
        with mailbox.serve(config.mailbox_dir, lambda: datetime.now(UTC)) as target:
            yield target
    else:
        yield config.mail_url


def run(config: Config, database: Database, parent: int | None = None) -> int:
    """Run until asked to stop; return 0. When the clock dies or a hand-over does not end, the process ends with 1.

    Args:
        config: the settings.
        database: the open database.
        parent: the process that started this one; when it is gone, the worker stops as well.

    Raises:
        WorkerRunningError: when another worker holds this SQLite database.
    """
    stopping = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(only_worker(config, database))
        target = stack.enter_context(mail_target(config))
        clock = lambda: datetime.now(UTC)  # noqa: E731 - a clock, handed on
        worker = Worker(
            station=make_station(config, database, clock, target), app=create_app(config, database), stopping=stopping
        )
        if database.is_sqlite:
            # the lock proves that every earlier worker is dead, so nobody has to wait for its leases
            with database.write() as db:
                free_all(db)
                db.commit()
        signal.signal(signal.SIGTERM, lambda *_: stopping.set())
        signal.signal(signal.SIGINT, lambda *_: stopping.set())
        return _watch(_start(worker), stopping, parent)


@contextmanager
def only_worker(config: Config, database: Database) -> Iterator[None]:
    """Hold the lock of the one worker that an SQLite database has; the kernel frees it at death."""
    if not database.is_sqlite:
        yield
        return
    path = Path(f"{database.engine.url.database or config.data_dir / 'facilitator.db'}.worker")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkerRunningError("Another worker runs on this database. Stop it first; one is enough.") from None
        yield


def _start(worker: Worker) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": MemoryJobStore()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_listener(_complain, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
    now = datetime.now(UTC)
    for name, period in TICK_PERIODS.items():
        scheduler.add_job(
            worker.tick, "interval", args=[name], id=name, seconds=period.total_seconds(), next_run_time=now
        )
    scheduler.start()
    return scheduler


def _complain(event: JobEvent) -> None:
    # a dispatch that is still busy skips its next second; that is not worth a line
    if event.code != EVENT_JOB_MAX_INSTANCES:
        log.error("a tick failed", extra={"event": "tick", "tick": event.job_id})


def _watch(scheduler: BackgroundScheduler, stopping: threading.Event, parent: int | None) -> int:
    """Wait until asked to stop or until the clock dies; finish the message in hand first."""
    while not stopping.wait(WATCH_EVERY_S):
        if not scheduler._thread.is_alive():  # noqa: SLF001 - the scheduler tells nobody else when its thread dies
            _leave("the clock died")
        if parent and os.getppid() != parent:
            stopping.set()
    ender = threading.Thread(target=scheduler.shutdown, daemon=True)
    ender.start()
    ender.join(DRAIN_S)
    if ender.is_alive():
        _leave("a hand-over did not end in time; its message is unknown")
    return 0


def _leave(message: str) -> NoReturn:
    """End the process with 1, whatever its threads are waiting for: Python would wait for them without end."""
    log.error(message, extra={"event": "worker"})
    os._exit(1)
