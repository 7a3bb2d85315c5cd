"""T21: the web process is killed in the middle of a check-in; nothing is lost, and whoever leads closes by count."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from facilitator.attendance import service_room as rooms
from facilitator.attendance.models import OpenRoom, Tally
from facilitator.attendance.rules_room import Way
from tests.conftest import VAULT_KEY

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
PATIENCE_S = 30


@contextmanager
def web(config):
    """Run `facilitator web` on the database of this test; give its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACILITATOR_")} | {
        "FACILITATOR_MODE": "demo",
        "FACILITATOR_DATA_DIR": str(config.data_dir),
        "FACILITATOR_DATABASE_URL": config.database_url,
        "FACILITATOR_VAULT_KEY": urlsafe_b64encode(VAULT_KEY).decode(),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "facilitator", "web", "--port", str(port)], cwd=ROOT, env=environment
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/here", process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def wait_for(address):
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


def tap(address, words, answer="been_before"):
    """Press as a phone does; return whether the thanks came back, which is when a tap must not be lost."""
    data = urllib.parse.urlencode({"words": words, "answer": answer}).encode()
    try:
        with urllib.request.urlopen(address, data, timeout=10) as response:
            return response.url.endswith("/here/done")
    except (urllib.error.URLError, OSError):
        return False


def counted(stage):
    with stage.database.read() as db:
        room = rooms.find_room(db, stage.session_ids[0])
        return room and rooms.taps(room)


def test_a_killed_process_loses_no_tap_and_the_room_is_closed_by_count(stage, alice, config):
    with stage.database.write() as db:
        now = datetime.now(UTC)
        words = " ".join(rooms.room_words(rooms.open_room(db, stage.session_ids[0], Way.WORDS, "en", now), now))
        db.commit()
    with web(config) as (address, process), ThreadPoolExecutor(4) as hands:
        pressed = [hands.submit(tap, address, words) for _ in range(60)]
        while not any(each.done() and each.result() for each in pressed):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        thanked = sum(each.result() for each in pressed)
    assert 1 <= thanked < 60
    # a press may have been counted whose thanks were cut off on the way; none that was thanked for is lost
    assert thanked <= counted(stage) <= thanked + 4
    with web(config) as (address, _process):
        before = counted(stage)
        assert tap(address, words)
        assert counted(stage) == before + 1
    closing = f"/sessions/{stage.session_ids[0]}/close"
    assert alice.post(closing, data={"headcount": "5", "do": "close"}).status_code == 303
    with stage.database.read() as db:
        assert db.get(Tally, stage.session_ids[0]).headcount == "5"
        assert db.get(OpenRoom, stage.session_ids[0]) is None


def test_two_web_processes_count_every_tap(stage, config):
    with stage.database.write() as db:
        now = datetime.now(UTC)
        room = rooms.open_room(db, stage.session_ids[0], Way.WORDS, "en", now)
        words = " ".join(rooms.room_words(room, now))
        db.commit()
    with web(config) as (first, _one), web(config) as (second, _two), ThreadPoolExecutor(8) as hands:
        done = list(hands.map(lambda turn: tap((first, second)[turn % 2], words), range(40)))
    assert (all(done), counted(stage)) == (True, 40)


def test_two_web_processes_spend_a_slip_once(stage, config):
    with stage.database.write() as db:
        now = datetime.now(UTC)
        room = rooms.open_room(db, stage.session_ids[0], Way.TICKETS, "en", now)
        slips = [" ".join(slip) for slip in rooms.make_slips(db, room, 5, now)]
        db.commit()
    with web(config) as (first, _one), web(config) as (second, _two), ThreadPoolExecutor(8) as hands:
        done = list(hands.map(lambda turn: tap((first, second)[turn % 2], slips[turn // 3]), range(15)))
    assert (done.count(True), counted(stage)) == (5, 5)
