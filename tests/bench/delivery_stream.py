"""A real worker process with its ticks: how late reminders are that fall due within one minute, and its memory."""

import os
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from sqlalchemy import func, select

from facilitator.db import Database
from facilitator.mail.urls import MailUrl
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState
from tests import sinks
from tests.bench.delivery_ours import LEAD
from tests.bench.outbox_crowd import KEY, PEOPLE_EACH, add_groups, add_sessions, engines, plan_messages
from tests.bench.report import print_table

ROOT = Path(__file__).resolve().parents[2]
STREAM, BACKLOG = 20_000, 80_000
GROUPS = 200
MINUTE = timedelta(minutes=1)
WARM_UP = timedelta(seconds=8)
LATENESS_AIM_S = 2.0
PATIENCE_S = 1200.0
FLAT_MB = 8.0  # what the memory of a worker may rise by from the first messages to the last


def run(engine: str, *, with_backlog: bool) -> None:
    """Let 20,000 reminders fall due within a minute, then 80,000 at once, and print what the worker did."""
    with engines(engine) as databases, sinks.sink() as target, tempfile.TemporaryDirectory() as folder:
        for database in databases.values():
            begin = _prepare(database, with_backlog=with_backlog)
            with worker_on(database, Path(folder), target) as process:
                _run(database, process, begin, with_backlog=with_backlog)


def _prepare(database: Database, *, with_backlog: bool) -> datetime:
    """Plan the reminders; return when the first falls due. What takes long comes first, so the instants are moved on."""
    add_groups(database, GROUPS, [LEAD])
    begin = datetime.now(UTC) + timedelta(seconds=(STREAM + with_backlog * BACKLOG) / 3000) + WARM_UP
    apart = MINUTE / (STREAM // PEOPLE_EACH)
    dues = [begin + apart * at for at in range(STREAM // PEOPLE_EACH)]
    if with_backlog:
        dues += [begin + MINUTE * 1.25] * (BACKLOG // PEOPLE_EACH)
    sessions = add_sessions(database, [due + LEAD for due in dues])
    plan_messages(database, sessions, datetime.now(UTC))
    if datetime.now(UTC) + WARM_UP / 2 > begin:
        raise RuntimeError("Planning took longer than foreseen; the machine is too busy to measure lateness.")
    return begin


@contextmanager
def worker_on(database: Database, folder: Path, target: MailUrl) -> Iterator[subprocess.Popen[bytes]]:
    """Run `facilitator worker` on this database and end it afterwards."""
    environment = os.environ | environment_of(database, folder, target)
    process = subprocess.Popen(
        [sys.executable, "-m", "facilitator", "worker"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def environment_of(database: Database, folder: Path, target: MailUrl) -> dict[str, str]:
    """Return the settings of an installation on this database and mail server."""
    return {
        "FACILITATOR_MODE": "demo",
        "FACILITATOR_DATA_DIR": str(folder),
        "FACILITATOR_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "FACILITATOR_VAULT_KEY": urlsafe_b64encode(KEY).decode(),
        "FACILITATOR_MAIL_URL": f"smtp://{target.host}:{target.port}?tls=none",
    }


def _run(database: Database, process: subprocess.Popen[bytes], begin: datetime, *, with_backlog: bool) -> None:
    total = STREAM + with_backlog * BACKLOG
    memory = []
    for reached in (1000, STREAM, (STREAM + total) // 2, total):
        _wait_for(database, process, reached)
        memory.append((reached, _memory_mb(process.pid)))
    stream_ends = begin + MINUTE
    with database.read() as db:
        rows = db.execute(select(OutboxMessage.due_at, OutboxMessage.sent_at)).all()
    lateness = sorted((sent - due).total_seconds() for due, sent in rows if due < stream_ends)
    last = max(sent for due, sent in rows if due < stream_ends)
    cuts = quantiles(lateness, n=100)
    name = database.engine.dialect.name
    table = [
        (f"{name}: {STREAM:,} due within a minute, handed over in", f"{(last - begin).total_seconds():.1f} s", ""),
        (f"{name}: accepted after due, p50", f"{cuts[49]:.2f} s", ""),
        (f"{name}: accepted after due, p99", f"{cuts[98]:.2f} s", f"{LATENESS_AIM_S} s"),
        (f"{name}: accepted after due, last", f"{lateness[-1]:.2f} s", ""),
    ]
    if with_backlog:
        backlog = [sent for due, sent in rows if due >= stream_ends]
        seconds = (max(backlog) - min(backlog)).total_seconds()
        table.append((f"{name}: {BACKLOG:,} due at once, per second", f"{BACKLOG / seconds:,.0f}", ""))
    table += [(f"{name}: memory after {reached:,} messages", f"{size:.1f} MB", "") for reached, size in memory]
    table.append((f"{name}: memory rose by", f"{memory[-1][1] - memory[0][1]:.1f} MB", f"{FLAT_MB} MB"))
    print_table(("a worker process", "figure", "limit"), table)


def _wait_for(database: Database, process: subprocess.Popen[bytes], sent: int) -> None:
    until = time.monotonic() + PATIENCE_S
    count = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == OutboxState.SENT)
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"The worker ended with {process.returncode}.")
        with database.read() as db:
            if (db.scalar(count) or 0) >= sent:
                return
        time.sleep(1)
    raise RuntimeError(f"Fewer than {sent} messages were sent.")


def _memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
