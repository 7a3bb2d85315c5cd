"""The worker as a real process: what it says and leaves when it cannot go on; tests/faults kills and doubles it."""

import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from facilitator.reminders.claim import claim_due
from tests.faults.installation import CALL, Installation, wait_until
from tests.mail.servers import Liar
from tests.reminders.conftest import MINUTE

pytestmark = pytest.mark.processes


@pytest.fixture
def installation(tmp_path, migrated_file):
    path = tmp_path / "facilitator.db"
    path.write_bytes(migrated_file.read_bytes())
    made = Installation(tmp_path, f"sqlite:///{path}")
    yield made
    made.close()


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


def test_a_worker_whose_clock_died_leaves_with_an_error(installation):
    broken = """
from facilitator import cli, worker
start = worker._start
def dying(*parts):
    scheduler = start(*parts)
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
