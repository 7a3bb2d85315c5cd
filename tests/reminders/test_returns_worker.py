"""Returned mail and the worker as a real process: what comes into the box while it runs is applied by its clock."""

import json
import mailbox
import sys
from datetime import UTC, datetime, timedelta

import pytest

from facilitator.reminders.health import check_delivery
from facilitator.reminders.models import OutboxMessage, Tick
from tests.faults.installation import Installation, on_sqlite, wait_until
from tests.mail.servers import Liar
from tests.mail.test_returned import MARK, sample

pytestmark = [pytest.mark.processes, on_sqlite]
SETTING = "FACILITATOR_RETURNS_URL"
# the box is looked at every second rather than every minute
IMPATIENT = (
    "from datetime import timedelta; from facilitator import cli; from facilitator.reminders.health import TICK_PERIODS; "
    "TICK_PERIODS['returns'] = timedelta(seconds=1); raise SystemExit(cli.main(['worker']))"
)


class WithBox(Installation):
    """An installation whose returned mail comes to a maildir."""

    def __init__(self, folder, database_url):
        super().__init__(folder, database_url)
        self.path = folder / "returned"
        self.settings[SETTING] = f"maildir:{self.path}"

    def make_box(self):
        return mailbox.Maildir(self.path)

    def health(self):
        with self.database.read() as db:
            return check_delivery(db, datetime.now(UTC))

    def error_of(self, name):
        with self.database.read() as db:
            tick = db.get(Tick, name)
            return None if tick is None else tick.error


@pytest.fixture
def installation(tmp_path, database_url):
    made = WithBox(tmp_path, database_url)
    yield made
    made.close()


def test_a_report_that_drops_into_the_box_stops_the_messages_of_the_next_session(installation):
    scene, box = installation.scene, installation.make_box()
    installation.remind(1)
    scene.follow(scene.add_session(datetime.now(UTC) + timedelta(days=7), position=2))
    with Liar() as server:
        installation.send_to(server.url)
        process = installation.start(sys.executable, "-c", IMPATIENT)
        wait_until(lambda: installation.states() == {"sent": 1, "pending": 1})
        box.add(sample("person"))
        box.add(sample("postfix_no_such_mailbox").replace(MARK.encode(), scene.row(state="sent").uuid.encode()))
        wait_until(lambda: scene.row(state="sent").returned_at)
        assert scene.row(state="sent").returned_code == "5.1.1"
        with scene.change() as db:
            db.get_one(OutboxMessage, scene.row(state="pending").id).next_attempt_at = datetime.now(UTC)
        wait_until(lambda: installation.states() == {"sent": 1, "suppressed": 1})
        wait_until(lambda: len(box) == 1)
        process.terminate()
        _, said = process.communicate(timeout=15)
        assert process.returncode == 0
    assert len(server.messages) == 1
    assert scene.row(state="suppressed").reason == "address_refused"
    assert [
        line["event"] for line in map(json.loads, said.splitlines()) if line.get("event") in {"returned", "returns"}
    ]
    assert "@" not in said


def test_a_box_that_cannot_be_opened_is_shown_and_stops_nothing_else_and_heals(installation):
    installation.remind(1)
    with Liar() as server:
        installation.send_to(server.url)
        process = installation.start(sys.executable, "-c", IMPATIENT)
        wait_until(lambda: installation.error_of("returns") == "BoxError")
        wait_until(lambda: installation.states() == {"sent": 1})
        wait_until(lambda: installation.health().ok)
        assert installation.health().returns_unread
        installation.make_box()
        wait_until(lambda: not installation.health().returns_unread)
        assert process.poll() is None


@pytest.mark.parametrize("address", ["mbox:here", "pop3://u:hush@mx.example", "imaps://mx.example"])
def test_a_box_that_is_written_wrongly_stops_the_start_in_plain_words(installation, address):
    installation.settings[SETTING] = address
    ended = installation.run("worker")
    assert ended.returncode == 1
    assert f"{SETTING} cannot be read: " in ended.stderr
    assert "hush" not in ended.stderr


def test_the_box_may_stand_in_a_file_of_its_own(installation, tmp_path):
    (tmp_path / "returns").write_text(installation.settings.pop(SETTING) + "\n")
    installation.settings[f"{SETTING}_FILE"] = str(tmp_path / "returns")
    with Liar() as server:
        installation.send_to(server.url)
        installation.start()
        wait_until(lambda: installation.error_of("returns") == "BoxError")
