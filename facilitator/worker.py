"""The clock: APScheduler calls the ticks, over as many connections to the mail server as the settings allow.

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from config import Config
from facilitator import create_app
from facilitator.db import Database
from facilitator.keeping.nightly import Nightly
from facilitator.keeping.place import recipient
from facilitator.mail import mailbox
from facilitator.mail.returned_box import ReturnedBox
from facilitator.mail.smtp import SmtpClient
from facilitator.mail.urls import MailUrl
from facilitator.reminders.claim import free_all
from facilitator.reminders.counts import Counts, labels
from facilitator.reminders.delivery import Station
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.posting import composer
from facilitator.reminders.restored import Mark, hold_doubtful
from facilitator.ticks import Worker

log = logging.getLogger(__name__)
MARK = "delivery.mark"
WATCH_EVERY_S = 1.0
SET_BACK_S = 1.0
DRAIN_S = 13.0


class WorkerRunningError(Exception):
    """Say that another worker holds this SQLite database."""


def make_station(config: Config, database: Database, clock: Callable[[], datetime], target: MailUrl) -> Station:
    """Return what a worker of this installation delivers with."""
    hello_name = config.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    counts = Counts()

    def open_client() -> SmtpClient:
        return SmtpClient(
            target,
            hello_name=hello_name,
            monotonic=time.monotonic,
            on_step=lambda phase, seconds: counts.observe("smtp_phase_s", seconds, labels(phase=phase)),
        )

    return Station(
        database=database,
        open_client=open_client,
        counts=counts,
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
    with ExitStack() as stack:
        stack.enter_context(only_worker(config, database))
        target = stack.enter_context(mail_target(config))
        worker = Worker(
            station=make_station(config, database, lambda: datetime.now(UTC), target),
            app=create_app(config, database),
            mark=config.data_dir / MARK,
            ping_url=config.ping_url,
            returned=ReturnedBox(config.returns_url) if config.returns_url else None,
            mailbox=config.mailbox_dir,
            backups=Nightly(folder=config.backup_dir, recipient=recipient(config)) if config.backup_dir else None,
        )
        _take_over(database, config.data_dir / MARK)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: _ask_to_stop(worker.stopping))
        return _watch(_start(worker, config.mail_connections), worker.stopping, parent)


def _take_over(database: Database, mark: Path) -> None:
    """Settle what an earlier worker left behind.

    On SQLite the lock proves that every earlier worker is dead, so nobody has to wait for its leases.
    """
    with database.write() as db:
        if database.is_sqlite:
            free_all(db)
        held = hold_doubtful(db, Mark.read(mark))
        db.commit()
    if held:
        log.error("an older database was brought back; messages wait for a person", extra={"event": "restored"})


def _ask_to_stop(stopping: threading.Event) -> None:
    if stopping.is_set():
        _leave("asked twice to stop; what is in hand-over is unknown")
    stopping.set()


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


def _start(worker: Worker, connections: int) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": MemoryJobStore()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_listener(
        lambda event: _complain(worker, event), EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES
    )
    # each connection is a job of its own, so that a server which keeps one of them waiting does not hold up the rest
    lanes = [("dispatch", f"dispatch-{lane}") for lane in range(2, connections + 1)]
    for name, job in [*((name, name) for name in TICK_PERIODS), *lanes]:
        seconds = TICK_PERIODS[name].total_seconds()
        scheduler.add_job(
            worker.tick, "interval", args=[name], id=job, seconds=seconds, next_run_time=datetime.now(UTC)
        )
    scheduler.start()
    return scheduler


def _complain(worker: Worker, event: JobEvent) -> None:
    kind = {EVENT_JOB_ERROR: "error", EVENT_JOB_MISSED: "missed"}.get(event.code, "busy")
    worker.station.counts.count("scheduler_events", labels(tick=event.job_id, event=kind))
    # a dispatch that is still busy skips its next second; that is not worth a line
    if event.code != EVENT_JOB_MAX_INSTANCES:
        log.error("a tick failed", extra={"event": "tick", "tick": event.job_id})


def _watch(scheduler: BackgroundScheduler, stopping: threading.Event, parent: int | None) -> int:
    """Wait until asked to stop or until the clock dies; finish the message in hand first."""
    ahead = time.time() - time.monotonic()
    while not stopping.wait(WATCH_EVERY_S):
        before, ahead = ahead, time.time() - time.monotonic()
        if before - ahead > SET_BACK_S:
            _call_anew(scheduler)
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


def _call_anew(scheduler: BackgroundScheduler) -> None:
    """Begin every tick now: somebody set the clock back, and the scheduler would wait until it is that late again."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC))
    log.warning("the clock was set back", extra={"event": "worker"})


def _leave(message: str) -> NoReturn:
    """End the process with 1, whatever its threads are waiting for: Python would wait for them without end."""
    log.error(message, extra={"event": "worker"})
    os._exit(1)
