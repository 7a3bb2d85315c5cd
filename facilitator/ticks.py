"""What the worker's clock calls: a few ticks, each a pure function of the database and safe to run twice, or late.

On PostgreSQL several workers run. Delivering and freeing is everybody's; planning, auditing and purging is done by
whoever takes the lock of that work first, inside the transaction that does it. Nothing rests on that but effort.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.service import erase_answers
from facilitator.attendance.service_forecast import clear_forecasts
from facilitator.attendance.service_pulse import settle_pulses
from facilitator.attendance.service_room import clear_rooms, ease_wrong
from facilitator.db import insert_missing, try_lead
from facilitator.keeping.nightly import Nightly
from facilitator.mail.returned_box import Fate, ReturnedBox
from facilitator.planning.history import clear_changes
from facilitator.planning.live import clear_runs
from facilitator.planning.models import GroupSession
from facilitator.planning.notes import clear_notes
from facilitator.planning.parts import clear_own_notes
from facilitator.reminders.audit import audit as run_audit
from facilitator.reminders.claim import beat, free_expired
from facilitator.reminders.delivery import Station, deliver_due
from facilitator.reminders.delivery_returns import apply_returned
from facilitator.reminders.erasure import erase_ended
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.reminders.models_worker import WorkerBeat
from facilitator.reminders.personal import is_unanswered, open_rounds
from facilitator.reminders.ping import report_well
from facilitator.reminders.policy import resolve_unknown
from facilitator.reminders.restored import leave_mark
from facilitator.reminders.returns import forget_returned, forget_unlisted
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.sweep import sweep
from facilitator.reminders.traces import erase_traces

log = logging.getLogger(__name__)
SWEEP_AHEAD = timedelta(days=3)
KEEP_LEDGER = timedelta(days=30)  # after the session
KEEP_BEATS = timedelta(days=1)
BREATH_S = 0.003  # whoever waits to write looks every millisecond
NOTED_EVERY = timedelta(seconds=5)
LONGEST_DISPATCH_S = 10.0  # far below the 60 s for which a batch is leased
# how the log calls the state in which a hand-over ends
OUTCOMES: dict[str, str] = {
    OutboxState.SENT: "accepted",
    OutboxState.FAILED: "refused",
    OutboxState.PENDING: "deferred",
    OutboxState.UNKNOWN: "unknown",
}


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker process: its parts, and whether it was asked to stop."""

    station: Station
    app: Flask
    stopping: threading.Event = field(default_factory=threading.Event)
    mark: Path | None = None
    ping_url: str = ""
    returned: ReturnedBox | None = None
    mailbox: Path | None = None
    backups: Nightly | None = None
    _noted: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def tick(self, name: str) -> None:
        """Run one tick by name, write down when it ran, and add what was counted to the figures."""
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
        """Write down when a tick ran; of one that comes every second and finds nothing, now and then is enough."""
        noted_at, last_error = self._noted.get(name, (None, ""))
        is_news = error != last_error or self.station.counts.snapshot()
        if noted_at and not is_news and timedelta() <= started_at - noted_at < NOTED_EVERY:
            return
        self._write(name, started_at, error)
        self._noted[name] = started_at, error

    def _write(self, name: str, started_at: datetime, error: str) -> None:
        with self.station.database.write() as db, self.station.counts.flushed(db):
            if db.get(Tick, name) is None:
                new = {"name": name, "owner": self.station.owner, "epoch": 0, "started_at": started_at, "error": ""}
                insert_missing(db, Tick, [new])
            tick = db.get_one(Tick, name, with_for_update=True)
            tick.owner, tick.epoch, tick.error = self.station.owner, tick.epoch + 1, error
            tick.started_at, tick.finished_at = started_at, self.station.clock()
            db.commit()


def dispatch(worker: Worker) -> None:
    """Deliver what is due, for a few seconds at most; the next second goes on, and the clock is seen to be alive."""
    station = worker.station
    ends = station.monotonic() + LONGEST_DISPATCH_S
    counts = deliver_due(station, lambda: worker.stopping.is_set() or station.monotonic() > ends)
    if counts:
        log.info("delivery pass", extra={"event": "dispatch", **_outcomes(counts)})
        _leave_mark(worker)


def reap(worker: Worker) -> None:
    """Say that this worker lives, free what dead workers held, settle unknown fates, and ease rooms that were guessed at."""
    now = worker.station.clock()
    with worker.station.database.write() as db:
        beat(db, worker.station.owner, now)
        free_expired(db, now, counts=worker.station.counts)
        resolve_unknown(db, now, counts=worker.station.counts)
        if _comes_first(db, worker, now):
            ease_wrong(db)
        db.commit()
    _leave_mark(worker)


def plan(worker: Worker) -> None:
    """Bring the messages of the coming sessions up to date, should a change have been missed.

    Rooms that were left open are forgotten, and pulses that have ended are coded.
    """
    now = worker.station.clock()
    with worker.station.database.write() as db:
        if not try_lead(db, "plan"):
            return
        cleared = clear_rooms(db, now) + clear_runs(db, now) + clear_forecasts(db, now) + settle_pulses(db, now)
        followed = sweep(db, SWEEP_AHEAD, now, lambda: _give_way(worker, db))
        db.commit()
    if cleared:
        worker.station.database.checkpoint()
    if followed.planned or followed.notices:
        log.info("planned", extra={"event": "plan", "count": followed.planned + followed.notices})


def audit(worker: Worker) -> None:
    """Do the same as far ahead as any reminder reaches, and compare what is there with what should be."""
    with worker.station.database.write() as db:
        if not try_lead(db, "audit"):
            return
        found = run_audit(db, worker.station.clock(), lambda: _give_way(worker, db))
        db.commit()
    if found.repaired:
        worker.station.counts.count("audit_repaired", by=found.repaired)
    if found.missing or found.extra or found.lost:
        fields = {"event": "audit", "missing": found.missing, "extra": found.extra, "lost": found.lost}
        log.error("the outbox is not what it should be", extra=fields)


def ping(worker: Worker) -> None:
    """Tell a monitor outside that delivery keeps its word, where the settings name one; silence is what alarms it."""
    report_well(worker.station.database, worker.ping_url, worker.station.counts, worker.station.clock())


def returns(worker: Worker) -> None:
    """Apply the mail that has come back, where the settings name a box for it."""
    if worker.returned is None:
        return
    station = worker.station
    fates = apply_returned(worker.returned, station.database, station.clock, worker.stopping.is_set)
    if fates[Fate.DONE]:
        log.info("returned mail was applied", extra={"event": "returns", "count": fates[Fate.DONE]})


def backup(worker: Worker) -> None:
    """Make the backup of the day, where the settings name a place for it."""
    if worker.backups is not None:
        worker.backups.keep(worker.station.database, worker.station.clock())


def purge(worker: Worker) -> None:
    """Delete what is kept for a while alone, ask people again whose word is old, erase lists that ended, and fold the log of the database."""
    database, now = worker.station.database, worker.station.clock()
    with database.write() as db:
        if not try_lead(db, "purge"):
            return
        open_rounds(db, now)
        erase_due(db, now)
        forget_returned(db, now)
        erase_answers(db, now)
        clear_notes(db, now)
        clear_own_notes(db, now)
        clear_changes(db, now)
        db.execute(delete(WorkerBeat).where(WorkerBeat.at < now - KEEP_BEATS))
        db.commit()
    if worker.mailbox is None:
        database.checkpoint()
    else:
        erase_traces(database, worker.mailbox)


def erase_due(db: Session, now: datetime) -> dict[str, int]:
    """Erase the lists and the messages whose day has come; return how much of what."""
    receipts = erase_ended(db, now)
    forget_unlisted(db)
    counts = {name: sum(getattr(one, name) for one in receipts) for name in ("people", "messages", "materials")}
    counts["messages"] += erase_ledger(db, now)
    return {"lists": len(receipts), **counts}


def erase_ledger(db: Session, now: datetime) -> int:
    """Delete the messages of sessions that ended 30 days ago, and those about none as old but unanswered questions; return how many."""
    past = select(GroupSession.id).where(GroupSession.ends_at < now - KEEP_LEDGER)
    old_test = OutboxMessage.session_id.is_(None) & (OutboxMessage.planned_at < now - KEEP_LEDGER)
    old_test &= ~is_unanswered(OutboxMessage)  # nobody is asked a third time because the first was forgotten
    result = db.execute(
        delete(OutboxMessage)
        .where(OutboxMessage.session_id.in_(past) | old_test)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


TICKS: dict[str, Callable[[Worker], None]] = {
    "dispatch": dispatch,
    "reap": reap,
    "plan": plan,
    "audit": audit,
    "ping": ping,
    "returns": returns,
    "backup": backup,
    "purge": purge,
}


def _give_way(worker: Worker, db: Session) -> None:
    """Commit what a round has done so far, and let somebody else write before it goes on."""
    db.commit()
    worker.stopping.wait(BREATH_S)


def _outcomes(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many messages ended how in one pass; what the gate turned away for good was never handed over."""
    named: Counter[str] = Counter()
    for state, count in counts.items():
        named[OUTCOMES.get(state, "turned_away")] += count
    return {name: named[name] for name in (*OUTCOMES.values(), "turned_away")}


def _comes_first(db: Session, worker: Worker, now: datetime) -> bool:
    """Tell whether this is the first by name of the workers that live; what is to be done once in a while is its part."""
    living = select(func.min(WorkerBeat.owner)).where(WorkerBeat.at > now - 2 * TICK_PERIODS["reap"])
    return db.scalar(living) == worker.station.owner


def _leave_mark(worker: Worker) -> None:
    if worker.mark is not None:
        with worker.station.database.read() as db:
            leave_mark(db, worker.mark, worker.station.clock())
