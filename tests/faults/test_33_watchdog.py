"""A worker whose clock dies inside it, and a release in which every function of the clock has another name."""

import os
import pickletools
import signal
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import MetaData, select

from facilitator.reminders.health import check_delivery
from facilitator.ticks import TICKS
from tests.faults.installation import CALL, conserved, wait_until
from tests.mail.servers import Liar
from tests.reminders.test_worker import alive, children

pytestmark = pytest.mark.processes
# Python reads this in every process that it finds it for; a signal then ends the scheduler's thread and nothing else
KILLER = """
import ctypes, signal, threading

def kill_the_clock(*_):
    for thread in threading.enumerate():
        if thread.name == "APScheduler":
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))

signal.signal(signal.SIGUSR1, kill_the_clock)
"""


@pytest.mark.fault(33)
def test_a_worker_whose_clock_was_killed_is_replaced_within_ten_seconds(installation):
    (installation.folder / "sitecustomize.py").write_text(KILLER)
    installation.settings["PYTHONPATH"] = str(installation.folder)
    with Liar() as server:
        installation.send_to(server)
        program = installation.start(*CALL, "run", "--port", "0")
        wait_until(lambda: program.poll() is not None or (installation.ticked("audit") and children(program.pid)))
        [worker] = children(program.pid)
        installation.remind(3)
        wait_until(lambda: installation.states() == {"sent": 3})
        killed = time.monotonic()
        os.kill(worker, signal.SIGUSR1)
        wait_until(lambda: not alive(worker), 10)
        installation.remind(5)  # while nobody is there to send it
        wait_until(lambda: children(program.pid) not in ([], [worker]), killed + 10 - time.monotonic())
        oldest = timedelta()
        while installation.states()["sent"] < 8:
            with installation.database.read() as db:
                oldest = max(oldest, check_delivery(db, datetime.now(UTC)).oldest_due)
            assert time.monotonic() < killed + 60
            time.sleep(0.2)
        assert oldest < timedelta(seconds=30)
        program.terminate()
        assert program.wait(20) == 0
    conserved(installation, server)


# what a later release may look like: other functions, in another module, under other names
RENAMED = """
import sys, types
from facilitator import cli, ticks

moved = types.ModuleType("facilitator.clockwork")
sys.modules[moved.__name__] = moved
for name, tick in list(ticks.TICKS.items()):
    fresh = types.FunctionType(tick.__code__, tick.__globals__, f"renamed_{name}", tick.__defaults__, tick.__closure__)
    fresh.__kwdefaults__, fresh.__module__, fresh.__qualname__ = tick.__kwdefaults__, moved.__name__, f"renamed_{name}"
    setattr(moved, fresh.__name__, fresh)
    ticks.TICKS[name] = fresh
    if getattr(ticks, tick.__name__, None) is tick:
        delattr(ticks, tick.__name__)
raise SystemExit(cli.main(sys.argv[1:]))
"""


def values(installation):
    """Return every text and every run of bytes in the database, with the table it stands in."""
    with installation.database.read() as db:
        found = MetaData()
        found.reflect(db.connection())
        for table in found.tables.values():
            for row in db.execute(select(table)).mappings():
                yield from ((table, column, value) for column, value in row.items() if isinstance(value, str | bytes))


def is_pickle(value):
    try:
        return any(opcode.name == "STOP" for opcode, *_ in pickletools.genops(value)) and value[-1:] == b"."
    except Exception:  # noqa: BLE001 - whatever it says, these bytes are no pickle
        return False


@pytest.mark.fault(34)
def test_a_release_in_which_every_tick_was_renamed_finds_every_message(installation):
    planned = installation.remind(7)
    with Liar() as server:
        installation.send_to(server)
        old = installation.fork()
        wait_until(lambda: installation.states() == {"sent": 7} and installation.ticked("purge"))
        old.terminate()
        old.wait(20)
        planned += installation.remind(5)
        upgraded = installation.start(sys.executable, "-c", RENAMED, "init-db")
        assert upgraded.wait(60) == 0
        assert {row.id for row in installation.scene.rows()} == {row.id for row in planned}
        new = installation.start(sys.executable, "-c", RENAMED, "worker")
        wait_until(lambda: new.poll() is not None or installation.states() == {"sent": 12})
        new.terminate()
        new.wait(20)
    names = {f"{tick.__module__}:{tick.__name__}" for tick in TICKS.values()}
    names |= {f"{tick.__module__}.{tick.__qualname__}" for tick in TICKS.values()} | {"renamed_", "apscheduler"}
    for table, column, value in values(installation):
        if isinstance(value, bytes):
            assert not is_pickle(value), f"{table}.{column}"
        else:
            assert not any(name in value for name in names), f"{table}.{column}"
    assert is_pickle(b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08dispatch\x94.")
    assert set(conserved(installation, server).values()) == {1}
