"""A disk that is full, and a database file that everybody wants at once."""

import json
import resource
import sys
import time

import pytest
from sqlalchemy import select

from facilitator.reminders.models_worker import Counter as Figure
from tests.faults.clockwork import let_time_pass
from tests.faults.installation import conserved, kill, on_sqlite, wait_until
from tests.mail.servers import Liar, Slow, honest

pytestmark = [pytest.mark.processes, on_sqlite]


def fill_disk(process):
    """Let no file of this process grow any more, as a full disk does."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))


def make_room(process):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.fault(28)
def test_with_a_full_disk_at_the_gate_nothing_leaves_and_with_room_again_everything_does(installation):
    with Liar() as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: installation.ticked("purge"))
        fill_disk(worker)
        installation.remind(5)
        time.sleep(3)
        assert server.messages == []
        assert set(installation.states()) <= {"pending", "leased"}
        make_room(worker)
        wait_until(lambda: installation.states() == {"sent": 5})
        assert worker.poll() is None
        kill(worker)
    assert set(conserved(installation, server).values()) == {1}
    assert not any(row.unknowns for row in installation.scene.rows())


class Thoughtful(Slow):
    pause = 0.6


@pytest.mark.fault(28)
def test_a_result_that_a_full_disk_swallows_leaves_its_message_doubtful_and_never_unsent(installation):
    handler = Thoughtful()
    with honest(handler) as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: installation.ticked("purge"))
        [first] = installation.remind(1)
        wait_until(lambda: handler.accepted)
        fill_disk(worker)
        time.sleep(2)
        assert installation.states() == {"sending": 1}
        make_room(worker)
        more = installation.remind(2)
        wait_until(lambda: {installation.scene.row(id=row.id).state for row in more} == {"sent"})
        assert worker.poll() is None
        let_time_pass(installation)  # the lease of a hand-over is eleven minutes
        wait_until(lambda: installation.states() == {"sent": 3})
        kill(worker)
    accepted = conserved(installation, handler)
    assert accepted[first.uuid] == 1 + installation.scene.row(id=first.id).unknowns


# eight people at work on their pages, each press a transaction of its own, and a copy of the file made meanwhile
STORM = """
import json, os, random, sqlite3, sys, time
from facilitator.db import Database
from facilitator.accounts.models import InstallationSetting
from facilitator.vault import Vault

url, seconds, writers = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
ends = time.monotonic() + seconds

def write(number):
    database, waits, errors = Database(url, Vault(bytes(32))), [], []
    while time.monotonic() < ends:
        began = time.monotonic()
        try:
            with database.write() as db:
                db.merge(InstallationSetting(name=f"storm{number}", value=str(began)))
                db.commit()
        except Exception as error:
            errors.append(repr(error))
        waits.append(time.monotonic() - began)
        time.sleep(random.uniform(0.001, 0.01))
    return {"writes": len(waits), "longest": max(waits), "errors": errors}

def back_up(_number):
    path, copies = url.removeprefix("sqlite:///"), 0
    while time.monotonic() < ends:
        source, copy = sqlite3.connect(path), sqlite3.connect(f"{path}.copy")
        source.backup(copy, pages=50, sleep=0.005)
        source.close(), copy.close()
        copies += 1
    return {"copies": copies}

for number in range(writers + 1):
    if os.fork() == 0:
        said = (back_up if number == writers else write)(number)
        os.write(1, (json.dumps(said) + "\\n").encode())
        os._exit(0)
for _ in range(writers + 1):
    os.wait()
"""
WRITERS, SECONDS = 8, 5


def shares(installation, name):
    """Return the share of a histogram at or below each bound."""
    with installation.database.read() as db:
        buckets = {
            float(figure.labels.partition('le="')[2].rstrip('"').replace("+Inf", "inf")): figure.value
            for figure in db.scalars(select(Figure).where(Figure.name == f"{name}_bucket"))
        }
    total = sum(buckets.values())
    return total, {bound: sum(n for other, n in buckets.items() if other <= bound) / total for bound in buckets}


@pytest.mark.fault(29)
def test_in_a_storm_of_writers_and_a_backup_nobody_is_turned_away_and_the_sender_keeps_its_pace(installation):
    installation.remind(400)
    with Liar() as server:
        installation.send_to(server)
        storm = installation.start(sys.executable, "-c", STORM, installation.url, str(SECONDS), str(WRITERS))
        worker = installation.fork()
        said, complaints = storm.communicate(timeout=60)
        wait_until(installation.settled, 60)
        worker.terminate()
        worker.wait(20)  # the last figures are written with the last tick
    assert storm.returncode == 0, complaints
    people = [json.loads(line) for line in said.splitlines()]
    assert sum(one.get("copies", 0) for one in people) >= 1
    assert [one["errors"] for one in people if one.get("errors")] == []
    assert max(one.get("longest", 0) for one in people) < 5
    total, at_most = shares(installation, "gate_commit_s")
    assert total > 20
    assert at_most.get(1.0, at_most[max(bound for bound in at_most if bound <= 1)]) > 0.99
    assert set(conserved(installation, server).values()) == {1}
