"""The worker as a real process: killed, stopped, doubled and broken while it sends to a slow server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from facilitator.db import Database
from facilitator.reminders.claim import claim_due
from facilitator.reminders.models import Tick
from facilitator.vault import Vault
from tests.conftest import VAULT_KEY
from tests.mail.servers import Liar, Strict, honest
from tests.reminders.conftest import HOUR, MINUTE, Clock, Scene
from tests.reminders.test_delivery import message_id

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
CALL = [sys.executable, "-m", "facilitator"]


class Slow(Strict):
    """Counts a message as accepted, and says so a little later: the window in which a sender may die."""

    pause = 0.1

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.pause)
        return answer


class Installation:
    """A data folder with a group whose people are to be reminded now, and the processes that work on it."""

    def __init__(self, folder, migrated_file):
        self.folder = folder
        path = folder / "facilitator.db"
        path.write_bytes(migrated_file.read_bytes())
        self.database = Database(f"sqlite:///{path}", Vault(VAULT_KEY))
        self.mail_url = "mailbox:"
        self.processes = []
        now = datetime.now(UTC)
        self.scene = Scene(self.database, Clock(now)).build(leads=(3 * HOUR,), people=(), start=now + 179 * MINUTE)

    def remind(self, count):
        """Plan one reminder, due now, for so many people without quiet hours."""
        midnight = datetime.min.time()
        for number in range(count):
            self.scene.add_person(f"person{number}", quiet_from_time=midnight, quiet_to_time=midnight)
        assert self.scene.follow().planned == count

    def send_to(self, target):
        self.mail_url = f"smtp://{target.host}:{target.port}?tls=none"

    @property
    def environment(self):
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("FACILITATOR_")},
            "FACILITATOR_MODE": "demo",
            "FACILITATOR_DATA_DIR": str(self.folder),
            "FACILITATOR_VAULT_KEY": urlsafe_b64encode(VAULT_KEY).decode(),
            "FACILITATOR_MAIL_URL": self.mail_url,
        }

    def start(self, *command):
        process = subprocess.Popen(
            command or [*CALL, "worker"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def run(self, *verb):
        return subprocess.run(
            [*CALL, *verb], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def states(self):
        return Counter(row.state for row in self.scene.rows())

    def ticked(self, name="dispatch"):
        with self.database.read() as db:
            return db.get(Tick, name) is not None


@pytest.fixture
def installation(tmp_path, migrated_file):
    made = Installation(tmp_path, migrated_file)
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)
    made.database.close()


def wait_until(condition, seconds=30.0):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def slow_server(installation):
    handler = Slow()
    with honest(handler) as target:
        installation.send_to(target)
        yield handler


def accepted(handler):
    return Counter(message_id(envelope.original_content) for envelope in list(handler.accepted))


def test_a_worker_killed_again_and_again_loses_nothing_and_flags_what_it_repeats(installation):
    installation.remind(40)
    with slow_server(installation) as handler:
        for kill in range(5):
            process = installation.start()
            before = len(handler.accepted)
            wait_until(lambda before=before, kill=kill: len(handler.accepted) >= before + 3 + kill)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        assert sum(installation.states().values()) == 40
        installation.start()
        wait_until(lambda: set(installation.states()) <= {"sent", "held"})
    rows, copies = {row.uuid: row for row in installation.scene.rows()}, accepted(handler)
    assert len(rows) == 40
    assert all(copies[uuid] >= 1 for uuid, row in rows.items() if row.state == "sent")
    twice = {uuid for uuid, count in copies.items() if count > 1}
    assert twice <= {uuid for uuid, row in rows.items() if row.unknowns}
    assert 1 <= sum(row.unknowns for row in rows.values()) <= 5  # at most the one in hand at each kill
    assert max(copies.values()) <= 2


def test_a_worker_asked_to_stop_finishes_the_message_in_hand(installation):
    installation.remind(30)
    with slow_server(installation) as handler:
        process = installation.start()
        wait_until(lambda: len(handler.accepted) >= 5)
        asked = time.monotonic()
        process.terminate()
        assert process.wait(15) == 0
        assert time.monotonic() - asked < 5
        states = installation.states()
        assert set(states) == {"sent", "pending"}
        assert states["sent"] == len(handler.accepted) < 30
        installation.start()
        wait_until(lambda: installation.states() == {"sent": 30})
    assert set(accepted(handler).values()) == {1}


def test_a_worker_that_cannot_finish_leaves_all_the_same_and_its_message_is_unknown(installation):
    installation.remind(1)
    impatient = "from facilitator import cli, worker; worker.DRAIN_S = 0.5; raise SystemExit(cli.main(['worker']))"
    with Liar(dot=[60.0]) as server:
        installation.send_to(server.url)
        process = installation.start(sys.executable, "-c", impatient)
        wait_until(lambda: server.messages)
        process.terminate()
        assert process.wait(10) == 1
        assert "did not end in time" in process.stderr.read()
        assert installation.states() == {"sending": 1}
    with Liar() as server:
        installation.send_to(server.url)
        installation.start()
        wait_until(lambda: installation.states() == {"sent": 1})
    assert installation.scene.row().unknowns == 1


def test_a_second_worker_on_one_file_says_so_and_leaves(installation):
    with Liar() as server:
        installation.send_to(server.url)
        first = installation.start()
        wait_until(installation.ticked)
        second = installation.run("worker")
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == "Another worker runs on this database. Stop it first; one is enough.\n"
        first.terminate()
        assert first.wait(15) == 0
        third = installation.start()
        wait_until(lambda: third.poll() is None and installation.ticked("plan"))


def test_a_worker_whose_clock_died_leaves_with_an_error(installation):
    broken = """
from facilitator import cli, worker
start = worker._start
def dying(one):
    scheduler = start(one)
    def die():
        raise RuntimeError("an accident")
    scheduler._process_jobs = die
    scheduler.wakeup()
    return scheduler
worker._start = dying
raise SystemExit(cli.main(["worker"]))
"""
    with Liar() as server:
        installation.send_to(server.url)
        process = installation.start(sys.executable, "-c", broken)
        assert process.wait(15) == 1
    assert "the clock died" in process.stderr.read()


def test_the_log_of_a_worker_holds_no_address(installation):
    installation.remind(3)
    installation.scene.set_person(installation.scene.rows()[0].participant_id, address_sealed=b"\x01" + bytes(60))
    with Liar(
        rcpt=["550 5.1.1 <person1@example.org> is unknown"], mail=["250", "250", "550 5.7.1 notes@localhost"]
    ) as server:
        installation.send_to(server.url)
        process = installation.start()
        wait_until(lambda: len(server.heard) >= 6 and installation.ticked("purge"))
        process.terminate()
        _, said = process.communicate(timeout=15)
    assert said
    assert "@" not in said
    assert all(json.loads(line)["logger"] for line in said.splitlines())


def test_one_pass_from_the_command_line_plans_and_sends(installation):
    installation.remind(0)
    installation.scene.add_person("pat", quiet_from_time=datetime.min.time(), quiet_to_time=datetime.min.time())
    with Liar() as server:
        installation.send_to(server.url)
        planned = installation.run("plan-due")
        assert (planned.returncode, json.loads(planned.stdout)["planned"]) == (0, 1)
        sent = installation.run("send-due")
        assert (sent.returncode, json.loads(sent.stdout)) == (0, {"messages": 1, "sent": 1})
        assert json.loads(installation.run("send-due").stdout) == {"messages": 0}
    assert len(server.messages) == 1


def test_one_pass_takes_over_what_an_earlier_pass_left_when_it_died(installation):
    installation.remind(2)
    with installation.scene.change() as db:
        claim_due(db, "dead:1", 1, datetime.now(UTC))
    with Liar() as server:
        installation.send_to(server.url)
        later = (datetime.now(UTC) + 2 * MINUTE).isoformat()
        assert json.loads(installation.run("send-due", "--now", later).stdout) == {"messages": 2, "sent": 2}


def children(pid):
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def running(installation):
    """The whole program on one machine, with its worker."""
    process = installation.start(*CALL, "run", "--port", "0")
    wait_until(lambda: installation.ticked() and children(process.pid))
    return process


def test_a_worker_that_dies_is_started_again_and_stops_with_the_program(installation, running):
    [worker] = children(running.pid)
    os.kill(worker, signal.SIGKILL)
    installation.remind(2)
    wait_until(lambda: installation.states() == {"sent": 2})
    [other] = children(running.pid)
    assert other != worker
    running.terminate()
    assert running.wait(15) == 0
    assert not alive(other)
    assert len(list((installation.folder / "mailbox").glob("*.eml"))) == 2


def test_a_worker_does_not_outlive_the_program_that_started_it(installation, running):
    [worker] = children(running.pid)
    running.kill()
    wait_until(lambda: not alive(worker), 10)


def test_a_port_that_is_taken_is_said_in_one_line(installation):
    with Liar() as somebody:
        port = somebody.url.port
        ended = installation.run("web", "--port", str(port))
    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} cannot be opened; another program may use it. Give another with --port.\n"
