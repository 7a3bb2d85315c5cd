"""Last night's backup is brought back: what may have gone out since waits for a person."""

import signal
import sqlite3
from contextlib import closing

import pytest

from tests.faults.installation import conserved, copies, on_sqlite, wait_until
from tests.mail.servers import Liar

pytestmark = pytest.mark.processes


@pytest.mark.fault(32)
@on_sqlite
def test_after_an_older_database_was_brought_back_nothing_goes_out_again_by_itself(installation):
    """PostgreSQL is restored by its own tools; the guard works on the count of ticks there as well."""
    path = installation.folder / "facilitator.db"
    with Liar() as server:
        installation.send_to(server)
        early = installation.fork()
        wait_until(lambda: installation.ticked("audit"))
        early.terminate()
        early.wait(20)
        rows = installation.remind(6)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(installation.folder / "backup")) as kept:
            source.backup(kept)

        worker = installation.fork()
        wait_until(lambda: installation.states() == {"sent": 6})
        epoch = installation.epoch("reap")
        wait_until(lambda: installation.epoch("reap") > epoch)  # the mark is left on the way
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
        assert copies(server).total() == 6

        installation.database.close()
        for name in ("facilitator.db-wal", "facilitator.db-shm"):
            (installation.folder / name).unlink(missing_ok=True)
        (installation.folder / "backup").replace(path)
        assert installation.states() == {"pending": 6}

        epochs = {name: installation.epoch(name) for name in ("plan", "audit")}
        worker = installation.fork()
        wait_until(lambda: installation.states() == {"held": 6})
        wait_until(lambda: all(installation.epoch(name) > epoch for name, epoch in epochs.items()))
        assert {row.reason for row in installation.scene.rows()} == {"restored"}
        later = installation.remind(1)  # what is planned from now on goes out as ever
        wait_until(lambda: installation.states() == {"held": 6, "sent": 1})
        worker.terminate()
        worker.wait(20)
        assert copies(server) == {row.uuid: 1 for row in (*rows, *later)}
    conserved(installation, server)
