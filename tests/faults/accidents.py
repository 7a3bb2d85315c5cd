"""Runs a worker with an accident built in: at a named point of a hand-over the process signals itself.

The points are seen from outside the program: by what a commit changes in the outbox, and by what travels over the
socket. The program has no hook for them. Waits that are minutes long in reality are shortened here, in this process.
An order is a dict:

    at          {"point": one of POINTS, "nth": 1, "signal": "KILL" or "STOP"}
    shorten     {"GATE_TO_DOT": 1.0}: durations in seconds for module constants of the program, wherever they stand
    timeouts    {"reply": 2.0}: what to wait for the mail server
    every       {"reap": 0.5}: periods of ticks
    ticks       ["dispatch", "reap"]: run no others
    verb        another verb of the command line than ["worker"]
"""

import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from datetime import timedelta

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, configure_mappers

from config import Config
from facilitator import cli, create_app, migrations
from facilitator.db import Database
from facilitator.mail.connection import Timeouts
from facilitator.prepared import Prepared
from facilitator.reminders.health import TICK_PERIODS
from facilitator.vault import Vault

BEFORE_CLAIM, AFTER_CLAIM = "before the claim is committed", "after the claim is committed"
BEFORE_GATE, AFTER_GATE = "before the gate is committed", "after the gate is committed"
AFTER_MAIL, AFTER_RCPT, AFTER_354 = "after MAIL", "after RCPT", "after the 354"
HALF_BODY, BEFORE_DOT, AFTER_DOT = "after half of the body", "before the dot", "after the dot"
AFTER_250, BEFORE_DONE = "after the 250 is read", "before the result is committed"
AFTER_DONE = "after the result is committed"
POINTS = (
    BEFORE_CLAIM,
    AFTER_CLAIM,
    BEFORE_GATE,
    AFTER_GATE,
    AFTER_MAIL,
    AFTER_RCPT,
    AFTER_354,
    HALF_BODY,
    BEFORE_DOT,
    AFTER_DOT,
    AFTER_250,
    BEFORE_DONE,
    AFTER_DONE,
)
STEPS = {
    "leased": (BEFORE_CLAIM, AFTER_CLAIM),
    "sending": (BEFORE_GATE, AFTER_GATE),
    "sent": (BEFORE_DONE, AFTER_DONE),
}
DOT = b".\r\n"


def warm_up():
    """Do once what every worker does at its start, so that those forked from here have it behind them."""
    configure_mappers()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": folder}
        config = Config.from_env(environment)
        with closing(Database(config.database_url, Vault(config.vault_key))) as database:
            migrations.upgrade(database)
            create_app(config, database)


def run(order):
    """Run the worker as ordered and return its exit status."""
    for name, seconds in order.get("shorten", {}).items():
        _shorten(name, timedelta(seconds=seconds))
    waits = {name: timedelta(seconds=seconds) for name, seconds in order.get("timeouts", {}).items()}
    Timeouts.__init__.__kwdefaults__.update(waits)
    TICK_PERIODS.update({name: timedelta(seconds=seconds) for name, seconds in order.get("every", {}).items()})
    for name in set(TICK_PERIODS) - set(order.get("ticks", TICK_PERIODS)):
        del TICK_PERIODS[name]
    if "at" in order:
        accident = _Accident(**order["at"])
        _watch_commits(accident)
        _watch_sockets(accident)
    return cli.main(order.get("verb", ["worker"]))


def _shorten(name, duration):
    """Replace a constant in every module of the program that knows it by this name."""
    found = [module for key, module in sys.modules.items() if key.startswith("facilitator") and hasattr(module, name)]
    if not found:
        raise LookupError(f"no module has {name}")
    for module in found:
        whole = isinstance(getattr(module, name), timedelta)
        setattr(module, name, duration if whole else duration.total_seconds())


class _Accident:
    """Signals this process when it comes to the nth time of a point."""

    def __init__(self, point, nth=1, signal="KILL"):
        self.point, self._left, self._name = point, nth, signal

    def reach(self, point):
        if point != self.point:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), getattr(signal, f"SIG{self._name}"))
            time.sleep(0.05)  # the signal may come to another thread first


def _watch_commits(accident):
    """Look at the outbox through the connection that is about to commit, and compare with what was committed before."""
    known, mine = {}, threading.local()

    @event.listens_for(Engine, "before_cursor_execute")
    def before_execute(connection, cursor, statement, parameters, context, executemany):
        if "UPDATE outbox" in statement:
            connection.info["touched"] = True

    @event.listens_for(Engine, "commit")
    def before_commit(connection):
        mine.steps = []
        if not connection.info.pop("touched", False):
            return
        cursor = connection.connection.cursor()
        cursor.execute("SELECT id, state, lease_owner FROM outbox")
        seen = {row: (state, f":{os.getpid()}" in (owner or "")) for row, state, owner in cursor.fetchall()}
        cursor.close()
        mine.steps = [STEPS[state] for state in STEPS if any(_is_new(known, row, state, seen) for row in seen)]
        known.update({row: state for row, (state, own) in seen.items() if _counts(known, row, state, own=own)})
        for before, _ in mine.steps:
            accident.reach(before)

    def come_after():
        for _, after in getattr(mine, "steps", ()):
            accident.reach(after)
        mine.steps = []

    event.listen(Session, "after_commit", lambda _session: come_after())
    _watch_kept_connections(come_after)


def _watch_kept_connections(come_after):
    """Note what passes SQLAlchemy's own events by: prepared statements, and commits of a connection that is kept."""
    write_on, run, run_all = Database.write_on, Prepared.run, Prepared.run_all

    @contextmanager
    def watched(self, link):
        with write_on(self, link) as db:
            yield db
        come_after()

    def touching(execute):
        def touch(self, link, values):
            link.info["touched"] = True
            return execute(self, link, values)

        return touch

    Database.write_on, Prepared.run, Prepared.run_all = watched, touching(run), touching(run_all)


def _is_new(known, row, state, seen):
    now, own = seen[row]
    return now == state != known.get(row) and _counts(known, row, now, own=own)


def _counts(known, row, state, *, own):
    """Tell whether this process brought the row there; another thread may still see where it was before."""
    order = [None, *STEPS]
    ours = row in known if state == "sent" else own
    return ours and state in STEPS and order.index(state) > order.index(known.get(row))


def _watch_sockets(accident):
    """Look at every byte that goes to the mail server and comes from it; the databases do not use Python's sockets."""
    speak, hear = socket.socket.sendall, socket.socket.recv_into
    writing, waiting = set(), set()  # sockets in the middle of a letter, and behind its dot

    def sendall(self, data, *flags):
        data = bytes(data)
        if self.fileno() in writing:
            write_letter(self, data)
            return
        speak(self, data, *flags)
        for start, point in ((b"MAIL FROM", AFTER_MAIL), (b"RCPT TO", AFTER_RCPT)):
            if any(line.startswith(start) for line in data.split(b"\r\n")):
                accident.reach(point)

    def write_letter(self, data):
        ends = data == DOT or data.endswith(b"\r\n" + DOT)
        body = data[: -len(DOT)] if ends else data
        half = len(body) // 2
        if half:
            speak(self, body[:half])
            accident.reach(HALF_BODY)
        speak(self, body[half:])
        if ends:
            accident.reach(BEFORE_DOT)
            writing.discard(self.fileno())
            waiting.add(self.fileno())
            speak(self, DOT)
            accident.reach(AFTER_DOT)

    def recv_into(self, buffer, *options):
        count = hear(self, buffer, *options)
        for line in bytes(buffer[:count]).split(b"\r\n"):
            if line.startswith(b"220"):  # a new connection may have the number of one that broke
                writing.discard(self.fileno()), waiting.discard(self.fileno())
            elif line.startswith(b"354"):
                writing.add(self.fileno())
                accident.reach(AFTER_354)
            elif line.startswith(b"250") and self.fileno() in waiting:
                waiting.discard(self.fileno())
                accident.reach(AFTER_250)
        return count

    socket.socket.sendall, socket.socket.recv_into = sendall, recv_into
