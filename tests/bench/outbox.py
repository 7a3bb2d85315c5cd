"""An outbox of a million messages: what a worker does all day stays as quick as with few, on both engines."""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator import create_app
from facilitator.db import Database
from facilitator.mail.urls import MailUrl
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.claim import claim_due, free_all, free_expired
from facilitator.reminders.delivery import BATCH
from facilitator.reminders.follow import follow
from facilitator.reminders.health import check_delivery
from facilitator.reminders.policy import resolve_unknown
from facilitator.reminders.sweep import expire_overdue
from facilitator.ticks import Worker
from facilitator.worker import make_station
from tests.bench.delivery_ours import settings_for
from tests.bench.outbox_crowd import engines, fill_outbox
from tests.bench.report import print_table

GROUPS, WEEKS = 500, 100  # times 20 messages for each session
ROUNDS = 200
CANCELLED = 50  # sessions
LATER = timedelta(weeks=9)  # when tens of thousands of messages are due
NOWHERE = MailUrl(host="127.0.0.1", port=9)  # nothing is handed over here

Step = Callable[[Session, datetime], object]


def run(arguments: Sequence[str]) -> int:
    """Print what each step takes beside its limit; return 1 when one is above."""
    parser = argparse.ArgumentParser(prog="dev.py bench outbox", description=run.__doc__)
    parser.add_argument("--groups", type=int, default=GROUPS, help=f"{WEEKS * 20:,} messages each")
    parser.add_argument("--engines", default="sqlite,postgresql")
    options = parser.parse_args(arguments)
    met = True
    with engines(*options.engines.split(",")) as databases:
        for name, database in databases.items():
            now = datetime.now(UTC)
            begun = time.perf_counter()
            count = fill_outbox(database, options.groups, WEEKS, now)
            print(f"{name}: {count:,} messages written and counted in {time.perf_counter() - begun:.0f} s", flush=True)
            met = _measure(name, database, options.groups, now) and met
    return 0 if met else 1


def _measure(name: str, database: Database, groups: int, now: datetime) -> bool:
    later = now + LATER
    steps = (
        # what, milliseconds, which figure is held against the limit, the limit
        ("idle tick", _time_ticks(database), median, 3.0),
        ("claim of 50", _time_each(database, [_claim] * min(ROUNDS, 3 * groups), later), _p99, 20.0),
        ("cancel one session", _time_each(database, _cancellations(database, now), now), median, 10.0),
        ("health", _time_each(database, [check_delivery] * ROUNDS, now), median, 3.0),
        ("free what dead workers held", _time_each(database, [_free], later), median, None),
        ("reap", _time_each(database, [_reap] * 20, now), median, None),
        ("end what is too late", _time_each(database, [expire_overdue] * 20, now), median, None),
    )
    table, met = [], True
    for step, found, judged, limit in steps:
        within = limit is None or judged(found) < limit
        met = met and within
        held = "" if limit is None else f"{'p99' if judged is _p99 else 'p50'} < {limit:.0f}"
        figures = [f"{of(found):.2f}" for of in (median, _p99, max)]
        table.append((f"{name}: {step}", *figures, held, "" if limit is None else "yes" if within else "NO"))
    print_table(("milliseconds", "p50", "p99", "longest", "limit", "met"), table)
    return met


def _time_each(database: Database, steps: Iterable[Step], now: datetime) -> list[float]:
    """Carry out and commit each step; return how many milliseconds each took."""
    found = []
    for step in steps:
        begun = time.perf_counter()
        with database.write() as db:
            step(db, now)
            db.commit()
        found.append((time.perf_counter() - begun) * 1000)
    return found


def _time_ticks(database: Database) -> list[float]:
    """Time the tick that comes every second while nothing is due, with the note that it ran."""
    with tempfile.TemporaryDirectory() as folder:
        config = settings_for(database, Path(folder), NOWHERE)
        worker = Worker(
            station=make_station(config, database, lambda: datetime.now(UTC), NOWHERE),
            app=create_app(config, database),
            stopping=threading.Event(),
        )
        found = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            worker.tick("dispatch")
            found.append((time.perf_counter() - begun) * 1000)
    return found


def _cancellations(database: Database, now: datetime) -> Iterator[Step]:
    """Cancel coming sessions, of which people were told already."""
    with database.read() as db:
        coming = select(GroupSession.id).where(GroupSession.starts_at > now).order_by(GroupSession.starts_at)
        ids = db.scalars(coming.limit(CANCELLED)).all()
    for session_id in ids:

        def cancel(db: Session, now: datetime, session_id: str = session_id) -> None:
            session = db.get_one(GroupSession, session_id, with_for_update=True)
            session.status, session.time_rev = SessionStatus.CANCELLED, session.time_rev + 1
            db.flush()
            follow(db, [session], now)

        yield cancel


def _claim(db: Session, now: datetime) -> None:
    if len(claim_due(db, "bench:1", BATCH, now)) != BATCH:
        raise RuntimeError("There was not enough to claim.")


def _free(db: Session, _now: datetime) -> None:
    free_all(db)


def _reap(db: Session, now: datetime) -> None:
    free_expired(db, now)
    resolve_unknown(db, now)


def _p99(figures: Sequence[float]) -> float:
    return quantiles(figures, n=100, method="inclusive")[98] if len(figures) > 1 else figures[0]
