"""Two workers and more: one that froze, one too many, and four that take rows from a database with bad statistics."""

import re
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from facilitator.db import Database
from facilitator.reminders.claim import claim_due
from facilitator.vault import Vault
from tests.conftest import VAULT_KEY
from tests.faults import accidents
from tests.faults.installation import IN_FULL, conserved, kill, on_postgresql, on_sqlite, stopped, wait_until
from tests.mail.servers import Liar

OTHERS = {"sqlite": {"verb": ["send-due"]}, "postgresql": {}}  # the lock keeps a second worker away from SQLite
ROWS = 100_000 if IN_FULL else 4_000


def freeze(installation, point, **order):
    """Start a worker that stands still at a point."""
    installation.settings["FACILITATOR_MAIL_CONNECTIONS"] = "1"
    frozen = installation.fork(at={"point": point, "signal": "STOP"}, ticks=["dispatch"], **order)
    wait_until(lambda: stopped(frozen.pid))
    return frozen


def let_another_take_over(installation):
    """Let minutes pass and another process deliver what the frozen one had taken."""
    installation.skip()
    engine = "sqlite" if installation.database.is_sqlite else "postgresql"
    other = installation.fork(**OTHERS[engine])
    wait_until(lambda: installation.states() == {"sent": len(installation.scene.rows())})
    kill(other)


@pytest.mark.fault(4)
def test_a_worker_frozen_between_claim_and_gate_finds_its_rows_taken_over(installation):
    """The 90 s of standing still are 20 minutes here, taken from the data and not from the clock."""
    installation.remind(3)
    with Liar() as server:
        installation.send_to(server)
        frozen = freeze(installation, accidents.AFTER_CLAIM)
        let_another_take_over(installation)
        epoch = installation.epoch()
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: installation.epoch() > epoch)
        kill(frozen)
    assert set(conserved(installation, server).values()) == {1}
    assert Counter(step[1:] for step in installation.steps())["leased", "sending"] == 3
    assert not any(row.unknowns for row in installation.scene.rows())


@pytest.mark.fault(5)
def test_a_worker_frozen_in_the_middle_of_a_letter_withholds_the_dot(installation):
    """The 30 s from gate to dot are 0.5 s here."""
    installation.remind(1)
    with Liar() as server:
        installation.send_to(server)
        frozen = freeze(installation, accidents.HALF_BODY, shorten={"GATE_TO_DOT": 0.5})
        time.sleep(0.7)
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: installation.states() == {"pending": 1})
        assert server.messages == []
        assert installation.scene.row().reason == "out_of_time"
        installation.skip()
        wait_until(installation.settled)
        kill(frozen)
    assert set(conserved(installation, server).values()) == {1}
    assert installation.scene.row().unknowns == 0


@pytest.mark.fault(5)
def test_a_worker_frozen_beyond_its_lease_sends_no_dot_after_the_other_has_sent(installation):
    installation.remind(1)
    with Liar() as server:
        installation.send_to(server)
        frozen = freeze(installation, accidents.HALF_BODY, shorten={"GATE_TO_DOT": 0.5})
        time.sleep(0.7)
        let_another_take_over(installation)
        epoch = installation.epoch()
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: installation.epoch() > epoch)
        kill(frozen)
    assert set(conserved(installation, server).values()) == {1}
    assert (installation.scene.row().state, installation.scene.row().unknowns) == ("sent", 1)


@pytest.mark.fault(6)
@on_sqlite
def test_a_second_worker_on_one_file_says_so_and_leaves(installation):
    with Liar() as server:
        installation.send_to(server)
        first = installation.start()
        wait_until(installation.ticked)
        second = installation.run("worker")
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == "Another worker runs on this database. Stop it first; one is enough.\n"
        first.terminate()
        assert first.wait(15) == 0
        third = installation.start()
        wait_until(lambda: third.poll() is None and installation.ticked("plan"))
        kill(third)
    conserved(installation, server)


@pytest.mark.fault(6)
@on_sqlite
def test_two_workers_whose_lock_was_taken_away_still_claim_nothing_twice(installation):
    with Liar(dot=[0.01] * 300) as server:
        installation.send_to(server)
        first = installation.fork()
        wait_until(installation.ticked)
        epoch = installation.epoch()
        [lock] = installation.folder.glob("*.worker")
        lock.unlink()
        second = installation.fork()
        wait_until(lambda: installation.epoch() > epoch + 2)
        installation.remind(300)
        wait_until(lambda: installation.states() == {"sent": 300})
        owners = {row[0] for row in _owners(installation)}
        kill(first), kill(second)
    assert owners == {first.pid, second.pid}, "both were at work"
    assert set(conserved(installation, server).values()) == {1}
    assert Counter(step[1:] for step in installation.steps())["pending", "leased"] >= 300
    assert not any(row.unknowns for row in installation.scene.rows())


def _owners(installation):
    with installation.database.read() as db:
        found = db.scalars(text("SELECT DISTINCT owner FROM attempt")).all()
    return [(int(re.findall(r":(\d+)", owner)[0]),) for owner in found]


@pytest.mark.fault(7)
@on_postgresql
def test_a_claim_never_takes_more_than_it_asks_for_whatever_the_plan(installation):
    """Four owners, 4,000 rows (100,000 in full), no statistics, and a planner that may only use nested loops.

    A sub-select with a limit is run anew for every row of the outer loop there, and locks more rows each time.
    """
    installation.remind(1)
    with installation.scene.change() as db:
        db.execute(text("DELETE FROM pg_statistic WHERE starelid = 'outbox'::regclass"))
        columns = [name for (name,) in db.execute(COLUMNS) if name not in {"id", "uuid", "dedup_key"}]
        listed = ", ".join(columns)
        db.execute(
            text(
                f"INSERT INTO outbox (uuid, dedup_key, {listed}) "  # noqa: S608 - names of columns
                f"SELECT 'row' || n, 'row' || n, {listed} FROM outbox, generate_series(2, {ROWS}) AS n"
            )
        )
    taken, together = [], threading.Barrier(4)
    bad = "-c plan_cache_mode=force_generic_plan " + " ".join(
        f"-c enable_{way}=off" for way in ("hashjoin", "mergejoin", "material", "memoize", "sort", "hashagg")
    )
    url = f"{installation.url}?options={bad.replace(' ', '%20').replace('=', '%3D')}"

    def take(owner):
        database = Database(url, Vault(VAULT_KEY))
        together.wait(20)
        for limit in range(1, 41):
            with database.write() as db:
                rows = claim_due(db, owner, limit, datetime.now(UTC))
                db.commit()
            taken.append((limit, [row.id for row in rows]))
        database.close()

    threads = [threading.Thread(target=take, args=(f"owner:{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == 160
    assert [limit for limit, rows in taken if len(rows) != limit] == []
    every = [row for _, rows in taken for row in rows]
    assert len(set(every)) == len(every) == installation.states()["leased"] == 4 * sum(range(1, 41))
    conserved(installation)


COLUMNS = text("SELECT column_name FROM information_schema.columns WHERE table_name = 'outbox'")
