"""The machine's clock is set two hours back, or forward, while a worker runs and a moment before it starts."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from facilitator.reminders.metrics import write_page
from tests.faults.installation import CALL, conserved, kill, wait_until
from tests.mail.servers import Liar
from tests.real import require
from tests.reminders.conftest import HOUR, MINUTE

pytestmark = pytest.mark.processes
JUMPS = {"back": -2 * HOUR, "forward": 2 * HOUR}


@pytest.fixture
def faketime(installation):
    """Give a function that sets the clock of every process started from here on; the clock that never goes back stays."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    require(bool(libraries), "faketime")
    file = installation.folder / "faketime"

    def jump(by):
        fresh = file.with_suffix(".new")
        fresh.write_text(f"{by.total_seconds():+.0f}s\n")
        fresh.replace(file)

    jump(timedelta())
    installation.settings |= {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    return jump


@pytest.mark.fault(27)
@pytest.mark.parametrize("by", JUMPS.values(), ids=JUMPS)
def test_a_clock_that_jumps_under_a_running_worker_repeats_nothing_and_stops_nothing(installation, faketime, by):
    """What is due goes out within seconds of true time: the worker wakes by a clock that never goes back.

    A clock that is ahead lets go what is due by it; nobody can help that who has no other clock to ask.
    """
    with Liar() as server:
        installation.send_to(server)
        worker = installation.start(*CALL, "worker")
        wait_until(lambda: worker.poll() is not None or installation.ticked("audit"))
        first = installation.remind(3)
        wait_until(lambda: installation.states() == {"sent": 3})
        faketime(by)
        time.sleep(1.5)
        epoch = installation.epoch()
        early = installation.remind(1, due_in=HOUR if by > timedelta() else -3 * HOUR)  # due by the worker's clock
        wait_until(lambda: installation.epoch() > epoch, 60)
        wait_until(lambda: installation.states() == {"sent": 4}, 60)
        kill(worker)
    assert set(conserved(installation, server)) == {row.uuid for row in (*first, *early)}


@pytest.mark.fault(27)
@pytest.mark.parametrize("by", JUMPS.values(), ids=JUMPS)
def test_a_worker_started_with_a_wrong_clock_repeats_nothing_unflagged(installation, faketime, by):
    """Two hours behind, nothing is due yet and nothing leaves; two hours ahead, everything does and once.

    What a clock that is ahead has dated, a lease or the next try, waits until true time gets there and no longer.
    """
    installation.remind(4)
    with Liar(dot=["250 ok", None]) as server:
        installation.send_to(server)
        faketime(by)
        wrong = installation.start(*CALL, "worker")
        wait_until(lambda: wrong.poll() is not None or installation.ticked("audit"))
        wait_until(lambda: installation.epoch() > 0 and bool(server.messages) >= (by > timedelta()))
        kill(wrong)
        assert bool(server.messages) is (by > timedelta())
        installation.skip(max(by, timedelta()) + 20 * MINUTE)
        faketime(timedelta())
        right = installation.fork()
        wait_until(installation.settled)
        kill(right)
    conserved(installation, server)
    assert installation.states().total() == 4


@pytest.mark.fault(27)
def test_the_page_of_figures_tells_how_far_the_two_clocks_are_apart(installation):
    """On PostgreSQL the database has a clock of its own to compare with; on SQLite there is only one."""
    skews = []
    with installation.database.read() as db:
        for by in (timedelta(), 2 * HOUR):
            page = write_page(db, datetime.now(UTC) - by)
            skews += [
                float(line.split()[1]) for line in page.splitlines() if line.startswith("facilitator_clock_skew_ms ")
            ]
    if installation.database.is_sqlite:
        assert skews == []
    else:
        assert abs(skews[0]) < 2_000
        assert abs(skews[1] - 2 * 3_600_000) < 2_000
