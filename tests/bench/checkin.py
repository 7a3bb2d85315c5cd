"""How long a check-in takes while reminders go out: 200 people in 20 rooms within one minute, against real processes.

Everything shares one machine: the web processes, the worker, the mail server that throws mail away and the people. On
SQLite there is one web process, on PostgreSQL there are two. A tap is lost when its thanks came back and it is not
counted; none may be.
"""

import argparse
import http.client
import itertools
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from sqlalchemy import func, select

from facilitator.attendance import service_room
from facilitator.attendance.models import OpenRoom
from facilitator.attendance.rules_room import Answer, Way
from facilitator.db import Database
from facilitator.mail.urls import MailUrl
from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.reminders.rules import OutboxState
from tests import sinks
from tests.bench.delivery_ours import LEAD
from tests.bench.delivery_stream import environment_of, worker_on
from tests.bench.outbox_crowd import PEOPLE_EACH, add_groups, add_sessions, engines, plan_messages
from tests.bench.report import print_table

ROOT = Path(__file__).resolve().parents[2]
WEB_PROCESSES = {"sqlite": 1, "postgresql": 2}
LIMIT_MS = 100.0
WARM_UP_S = 30.0  # the processes start, and the worker makes its first round through everything
PATIENCE_S = 30.0
HANDS = 64  # more people than ever wait at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured: people over so many seconds in so many rooms, while so many reminders fall due."""

    people: int
    rooms: int
    seconds: float
    reminders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One check-in as the phone saw it: both times in milliseconds, and whether it was thanked."""

    get_ms: float
    post_ms: float
    thanked: bool


def run(arguments: Sequence[str]) -> int:
    """Print how long opening the page and pressing take, how many taps were lost, and how many reminders went out."""
    parser = argparse.ArgumentParser(prog="dev.py bench checkin", description=run.__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="over which people come")
    parser.add_argument("--reminders", type=int, default=2000, help="that fall due in that time")
    parser.add_argument("--engines", default="sqlite,postgresql")
    options = parser.parse_args(arguments)
    if sinks.find_programs() is None:
        print("smtp-sink is not installed (apt-get install postfix), so nothing was measured.")
        return 1
    size = Size(people=options.people, rooms=options.rooms, seconds=options.seconds, reminders=options.reminders)
    verdicts = [_measure(name, size) for name in options.engines.split(",")]
    return 0 if all(verdicts) else 1


def _measure(engine: str, size: Size) -> bool:
    with ExitStack() as stack:
        databases = stack.enter_context(engines(engine))
        if engine not in databases:
            print(f"{engine} is not installed, so it was not measured.")
            return True
        database, target = databases[engine], stack.enter_context(sinks.sink())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rooms, begin = _prepare(database, size)
        doors = [stack.enter_context(_web_on(database, folder, target)) for _ in range(WEB_PROCESSES[engine])]
        stack.enter_context(worker_on(database, folder, target))
        _require_settled(database, begin)
        visits = _let_in(doors, rooms, begin, size)
        return _report(engine, database, visits, size)


def _prepare(database: Database, size: Size) -> tuple[list[str], datetime]:
    """Plan the reminders and open the rooms; return the words of each room, and when the first person comes."""
    sessions_due = max(size.reminders // PEOPLE_EACH, size.rooms)
    add_groups(database, sessions_due, [LEAD])
    begin = datetime.now(UTC) + timedelta(seconds=WARM_UP_S + size.reminders / 1000)
    apart = timedelta(seconds=size.seconds) / sessions_due
    sessions = add_sessions(database, [begin + apart * at + LEAD for at in range(sessions_due)])
    plan_messages(database, sessions, datetime.now(UTC))
    with database.write() as db:
        opened = [service_room.open_room(db, each, Way.WORDS, "en", begin) for each in sessions[: size.rooms]]
        words = ["-".join(service_room.room_words(room, begin)) for room in opened]
        db.commit()
    return words, begin


@contextmanager
def _web_on(database: Database, folder: Path, target: MailUrl) -> Iterator[int]:
    """Run `facilitator web` and give its port once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = os.environ | environment_of(database, folder, target)
    process = subprocess.Popen(
        [sys.executable, "-m", "facilitator", "web", "--port", str(port)], cwd=ROOT, env=environment
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            _ask(port, "GET", "/here")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("A web process does not answer.")


def _require_settled(database: Database, begin: datetime) -> None:
    """Wait until the worker has made its first round, which takes a while and comes once a start."""
    while datetime.now(UTC) < begin:
        with database.read() as db:
            audit = db.get(Tick, "audit")
        if audit is not None and audit.finished_at is not None:
            return
        time.sleep(0.2)
    raise RuntimeError("The worker is not up in time; the machine is too busy to measure anything.")


def _let_in(doors: Sequence[int], rooms: Sequence[str], begin: datetime, size: Size) -> list[Visit]:
    """Let everybody come at an instant of their own; the wait for a free hand would count as theirs, so there are many."""
    rng = random.Random(20)
    begins = time.monotonic() + (begin - datetime.now(UTC)).total_seconds()
    comes = sorted(rng.uniform(0, size.seconds) for _ in range(size.people))
    every = zip(comes, itertools.cycle(doors), itertools.cycle(rooms), itertools.cycle(Answer), strict=False)
    with ThreadPoolExecutor(HANDS) as hands:
        pending = []
        for at, door, words, answer in every:
            time.sleep(max(0.0, begins + at - time.monotonic()))
            pending.append(hands.submit(_visit, door, words, answer))
        return [each.result() for each in pending]


def _visit(door: int, words: str, answer: Answer) -> Visit:
    get_ms, status, _location = _timed(door, "GET", "/here")
    if status != http.HTTPStatus.OK:
        raise RuntimeError(f"/here answers {status}")
    body = urllib.parse.urlencode({"words": words, "answer": answer.value})
    post_ms, status, location = _timed(door, "POST", "/here", body)
    return Visit(get_ms=get_ms, post_ms=post_ms, thanked=(status, location) == (303, "/here/done"))


def _timed(door: int, method: str, path: str, body: str | None = None) -> tuple[float, int, str]:
    begun = time.perf_counter()
    status, location = _ask(door, method, path, body)
    return (time.perf_counter() - begun) * 1000, status, location


def _ask(door: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    """Ask over a connection of its own, as a phone does."""
    link = http.client.HTTPConnection("127.0.0.1", door, timeout=PATIENCE_S)
    try:
        link.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        response = link.getresponse()
        response.read()
        return response.status, response.headers.get("Location", "")
    finally:
        link.close()


def _report(engine: str, database: Database, visits: Sequence[Visit], size: Size) -> bool:
    with database.read() as db:
        counted = sum(service_room.taps(room) for room in db.scalars(select(OpenRoom)))
        sent = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == OutboxState.SENT)
        reminders = db.scalar(sent) or 0
    thanked = sum(visit.thanked for visit in visits)
    lost = max(0, thanked - counted) + len(visits) - thanked
    both = [visit.get_ms + visit.post_ms for visit in visits]
    rows = [
        (f"{engine}: {words}, {name}", f"{figure:.1f} ms", f"{LIMIT_MS:.0f} ms" if limited else "")
        for words, times, limited in (
            ("open the page", [visit.get_ms for visit in visits], False),
            ("press", [visit.post_ms for visit in visits], False),
            ("both together", both, True),
        )
        for name, figure in (("p50", quantiles(times, n=100)[49]), ("p99", quantiles(times, n=100)[98]))
    ]
    rows.append((f"{engine}: taps lost of {size.people}", str(lost), "0"))
    rows.append((f"{engine}: reminders accepted meanwhile", f"{reminders:,} of {size.reminders:,}", ""))
    # ours alone make about 1; what is above it is somebody else's work on the same machine
    rows.append((f"{engine}: load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", ""))
    name = f"{size.people} people in {size.rooms} rooms, {size.seconds:.0f} s, {WEB_PROCESSES[engine]} web"
    print_table((name, "figure", "limit"), rows)
    return lost == 0 and quantiles(both, n=100)[98] <= LIMIT_MS
