"""Kills workers while they deliver and sessions change, a thousand times, and counts what went wrong.

Exactly once cannot be had over SMTP (RFC 1047). What is asked for is that nothing is lost, that every second copy was
flagged as doubtful before it went, and that nothing passes the gate once a change was saved.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from facilitator.db import Database
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState
from tests.bench.chaos_sink import logging_sink, read_log
from tests.bench.chaos_verdict import judge
from tests.bench.chaos_writer import Writer
from tests.bench.delivery_ours import LEAD
from tests.bench.delivery_stream import environment_of
from tests.bench.outbox_crowd import PEOPLE_EACH, add_groups, add_sessions, engines, plan_messages
from tests.bench.report import print_table
from tests.faults.nursery import Nursery, Worker

WORKERS = {"sqlite": 1, "postgresql": 3}  # an SQLite database has one
SHORTEST_LIFE_S, LONGEST_LIFE_S = 0.15, 0.45  # between two kills; a worker needs a tenth of a second to start
# a whole worker looks at every session first; most of those killed only deliver, or they would never come to it
QUICK, WHOLE = {"ticks": ["dispatch", "reap"]}, {}
WHOLE_ONES = 0.05
BUSY_ONES = 0.5  # of the kills wait until something was accepted since the one before, or nothing would ever get done
LONGEST_WAIT_S = 3.0
CHANGED = 0.15  # of the sessions
DRAIN_S = 900.0
UNDECIDED = (OutboxState.PENDING, OutboxState.LEASED, OutboxState.SENDING, OutboxState.UNKNOWN)
Fork = Callable[[dict[str, list[str]]], Worker]


def run(arguments: Sequence[str]) -> int:
    """Kill and judge on each engine; return 1 when a figure that must be 0 is not."""
    parser = argparse.ArgumentParser(prog="dev.py bench chaos", description=run.__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    verdicts = [_torment(name, options.kills, options.messages, options.seed) for name in options.engines.split(",")]
    return 0 if all(verdicts) else 1


def _torment(engine: str, kills: int, messages: int, seed: int) -> bool:
    # due as evenly as the kills come, so that the backlog is now small and now large
    span = timedelta(seconds=kills * (SHORTEST_LIFE_S + LONGEST_LIFE_S) / 2)
    with TemporaryDirectory(prefix="facilitator-chaos-") as made, engines(engine) as databases:
        folder = Path(made)
        log = folder / "accepted.log"
        for database in databases.values():
            sessions, begin = _prepare(database, messages, span)
            pause_s = span.total_seconds() / (CHANGED * len(sessions))
            writer = Writer(database, sessions, begin, span, pause_s, seed)
            with logging_sink(log) as target, Nursery(folder) as nursery:
                environment = environment_of(database, folder, target)
                fork = partial(nursery.fork, environment)
                _kill_again_and_again(fork, writer, log, WORKERS[engine], kills, seed)
                drained_s = _drain(database, fork, WORKERS[engine])
            return _report(engine, database, log, writer, kills, drained_s)
    print(f"{engine} is not installed here, so nothing was tried on it.")
    return False


def _prepare(database: Database, messages: int, span: timedelta) -> tuple[list[str], datetime]:
    """Plan the reminders, due one after the other over the span; return the sessions and when the first is due."""
    add_groups(database, 200, [LEAD])
    count = messages // PEOPLE_EACH
    begin = datetime.now(UTC) + timedelta(seconds=5 + messages / 5000)  # while they are planned
    sessions = add_sessions(database, [begin + span / count * at + LEAD for at in range(count)])
    plan_messages(database, sessions, datetime.now(UTC))
    return sessions, begin


def _kill_again_and_again(fork: Fork, writer: Writer, log: Path, workers: int, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    alive = [fork(QUICK) for _ in range(workers)]
    writer.start()
    for kill in range(kills):
        if rng.random() < BUSY_ONES:
            _wait_for_more(log)
        time.sleep(rng.uniform(SHORTEST_LIFE_S, LONGEST_LIFE_S))
        at = rng.randrange(workers)
        alive[at].kill()
        alive[at].wait(20)
        alive[at] = fork(WHOLE if rng.random() < WHOLE_ONES else QUICK)
        if (kill + 1) % 100 == 0:
            print(f"{kill + 1} kills, {len(writer.changes)} changes", flush=True)
    writer.stop()
    for worker in alive:
        worker.kill()
        worker.wait(20)


def _wait_for_more(log: Path) -> None:
    until, size = time.monotonic() + LONGEST_WAIT_S, log.stat().st_size
    while time.monotonic() < until and log.stat().st_size == size:
        time.sleep(0.005)


def _drain(database: Database, fork: Fork, workers: int) -> float:
    """Let workers that nobody kills finish; return how many seconds it took, the silence of the dead included."""
    begun = time.monotonic()
    alive = [fork(WHOLE) for _ in range(workers)]
    undecided = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state.in_(UNDECIDED))
    while time.monotonic() - begun < DRAIN_S:
        time.sleep(1)
        with database.read() as db:
            if not db.scalar(undecided):
                break
    for worker in alive:
        worker.terminate()
        worker.wait(30)
    return time.monotonic() - begun


def _report(engine: str, database: Database, log: Path, writer: Writer, kills: int, drained_s: float) -> bool:
    verdict = judge(database, read_log(log), writer.changes, writer.refused)
    rows = [(name, f"{count:,}", "0", "yes" if not count else "NO") for name, count in verdict.zeros.items()]
    print_table((f"{engine}: {WORKERS[engine]} worker(s), {kills:,} kills", "figure", "limit", "met"), rows)
    drained = ("drained after the last kill in", f"{drained_s:.0f} s")
    states = [(f"ended as {state}", f"{count:,}") for state, count in verdict.states.items()]
    print_table((f"{engine}: figures to look at", "figure"), [*verdict.others.items(), drained, *states])
    return verdict.ok
