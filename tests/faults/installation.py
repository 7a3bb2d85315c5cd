"""A whole installation to break: a data folder or a PostgreSQL database, real worker processes on it, and one check.

The check is `conserved`: whatever was done to the processes, no message is lost, none vanishes, and none goes twice
without having been flagged as doubtful first.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from facilitator.db import Database
from facilitator.groups.models import Participant
from facilitator.groups.sealed import seal_person
from facilitator.planning.models import GroupSession
from facilitator.reminders.follow import follow
from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.tokens import new_id, token_hash
from facilitator.vault import Vault, vault_of
from tests.conftest import VAULT_KEY
from tests.mail.servers import Liar, Strict
from tests.mail.test_smtp_foreign import smtp_sink
from tests.reminders.conftest import HOUR, MINUTE, Clock, Scene

ROOT = Path(__file__).parents[2]
CALL = [sys.executable, "-m", "facilitator"]
MIDNIGHT = datetime.min.time()
IN_FULL = os.environ.get("FAULTS_IN_FULL") == "1"  # the sizes of a release rather than those of every commit
SETTLED = {"sent", "held"}

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

TABLE = "CREATE TABLE step (n {serial} PRIMARY KEY, outbox_id BIGINT, before TEXT, after TEXT)"
NOTE = "INSERT INTO step (outbox_id, before, after) VALUES (OLD.id, OLD.state, NEW.state);"
WHEN = "AFTER UPDATE OF state ON outbox FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)"
WATCH_SQLITE = (
    TABLE.format(serial="INTEGER"),
    f"CREATE TRIGGER note_step {WHEN.replace('IS DISTINCT FROM', '<>')} BEGIN {NOTE} END",
)
WATCH_POSTGRESQL = (
    TABLE.format(serial="SERIAL"),
    f"CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {NOTE} RETURN NULL; END $$",
    f"CREATE TRIGGER note_step {WHEN} EXECUTE FUNCTION note_step()",
)
# what a worker measures time by; moved back together, as if so much time had passed
WAITS = (
    ("outbox", "next_attempt_at"),
    ("outbox", "lease_until_at"),
    ("channel", "open_since_at"),
    ("channel", "open_until_at"),
    ("worker_beat", "at"),
)


class Installation:
    """A group whose people are to be reminded now, and the processes that work on it.

    Args:
        folder: the data folder.
        database_url: a migrated, empty database on either engine.
        nursery: forks workers from a process that has loaded the program already (see `nursery.py`).
        start: when the session starts; by default such that the reminder 3 hours before is due.
    """

    def __init__(self, folder, database_url, nursery=None, *, start=None):
        self.folder, self.url, self._nursery = folder, database_url, nursery
        self.database = Database(database_url, Vault(VAULT_KEY))
        self.mail_url = "mailbox:"
        self.settings = {}
        self.processes = []
        self._people = 0
        now = datetime.now(UTC)
        self.scene = Scene(self.database, Clock(now)).build(
            leads=(3 * HOUR,), people=(), start=start or now + 179 * MINUTE
        )
        self._change(*(WATCH_SQLITE if self.database.is_sqlite else WATCH_POSTGRESQL))

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=20)
        self.database.close()

    def remind(self, count, due_in=None):
        """Plan one reminder for so many more people without quiet hours, due now or so much later; return the new rows."""
        known = {row.id for row in self.scene.rows()} if self._people else set()
        with self.scene.change() as db:
            vault = vault_of(db)
            for _ in range(count):
                self._people += 1
                db.add(_person(vault, self.scene.group_id, f"person{self._people}"))
            db.flush()
            self.scene.clock.at = datetime.now(UTC)
            # in one transaction, or a worker that sweeps meanwhile plans them first
            session = db.get_one(GroupSession, self.scene.session_id)
            assert follow(db, [session], self.scene.clock()).planned == count
            if due_in is not None:
                new = update(OutboxMessage).where(OutboxMessage.id.not_in(known))
                db.execute(new.values(next_attempt_at=datetime.now(UTC) + due_in))
        return [row for row in self.scene.rows() if row.id not in known]

    def send_to(self, target):
        """Hand mail over at a server: a MailUrl, or whatever has one as `url`."""
        target = getattr(target, "url", target)
        user = f"{target.user}:{target.password}@" if target.user else ""
        self.mail_url = f"smtp://{user}{target.host}:{target.port}?tls=none"

    @property
    def environment(self):
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("FACILITATOR_")},
            "FACILITATOR_MODE": "demo",
            "FACILITATOR_DATA_DIR": str(self.folder),
            "FACILITATOR_DATABASE_URL": self.url,
            "FACILITATOR_VAULT_KEY": urlsafe_b64encode(VAULT_KEY).decode(),
            "FACILITATOR_MAIL_URL": self.mail_url,
            **self.settings,
        }

    def start(self, *command):
        """Start a process of its own: the worker, unless another command is given."""
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

    def fork(self, **order):
        """Start a worker in a tenth of the time, with an accident built in; `accidents.py` tells what can be ordered."""
        process = self._nursery.fork(self.environment, order)
        self.processes.append(process)
        return process

    def run(self, *verb):
        return subprocess.run(
            [*CALL, *verb], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def states(self):
        return Counter(row.state for row in self.scene.rows())

    def settled(self):
        return set(self.states()) <= SETTLED

    def steps(self):
        """Return every step of every row so far, as (row, before, after), in the order of their commits."""
        with self.database.read() as db:
            return [tuple(step) for step in db.execute(text("SELECT outbox_id, before, after FROM step ORDER BY n"))]

    def tally(self):
        """Return how many rows there should be by the triggers' own count."""
        with self.database.read() as db:
            return db.scalar(text("SELECT sum(planned) - sum(deleted) FROM outbox_tally"))

    def skip(self, by=timedelta(minutes=20)):
        """Let time pass for leases, retries, the breaker and silent workers, without waiting for it."""
        by_ms = by // timedelta(milliseconds=1)
        self._change(*(f"UPDATE {table} SET {name} = {name} - {by_ms}" for table, name in WAITS))  # noqa: S608 - numbers

    def _change(self, *statements):
        with self.scene.change() as db:
            for statement in statements:
                db.execute(text(statement))

    def ticked(self, name="dispatch"):
        with self.database.read() as db:
            return db.get(Tick, name) is not None

    def epoch(self, name="dispatch"):
        """Return how often a tick has run."""
        with self.database.read() as db:
            tick = db.get(Tick, name)
            return tick.epoch if tick else 0


def _person(vault, group_id, name):
    person_id, address = new_id(), f"{name}@example.org"
    return Participant(
        id=person_id,
        group_id=group_id,
        **seal_person(vault, person_id, name, address),
        settings_hash=token_hash(new_id()),
        quiet_from_time=MIDNIGHT,
        quiet_to_time=MIDNIGHT,
        consent_round=1,
    )


class Sink:
    """Postfix's smtp-sink: a server that somebody else wrote, keeping every message that it accepted."""

    def __init__(self, folder, url):
        self._folder, self.url = folder, url

    @property
    def messages(self):
        # it adds headers of its own above ours
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in sorted(self._folder.glob("kept.*"))]


@contextmanager
def sink(*options):
    """Run smtp-sink and give it; pytest's own folders are closed to the user that it runs as."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o777)
        with smtp_sink("-d", f"{folder}/kept.", *options) as url:
            yield Sink(folder, url)


def identify(content):
    return re.search(rb"^Message-ID: <([^@>]+)@", content, re.MULTILINE)[1].decode()


def copies(server: Strict | Liar | Sink):
    """Return how often a server accepted each message."""
    taken = (
        [envelope.original_content for envelope in list(server.accepted)]
        if isinstance(server, Strict)
        else list(server.messages)
    )
    return Counter(identify(content) for content in taken)


def conserved(installation, *servers):
    """Assert that nothing is lost, nothing has vanished and nothing went twice unflagged; return copies by message.

    Args:
        installation: whose workers are at rest.
        servers: every server that they handed mail over to.
    """
    accepted = sum((copies(server) for server in servers), Counter())
    rows = {row.uuid: row for row in installation.scene.rows()}
    assert installation.states().total() == len(rows) == installation.tally(), "a message vanished"
    assert set(accepted) <= set(rows), "a message nobody planned"
    lost = {uuid for uuid, row in rows.items() if row.state == "sent" and not accepted[uuid]}
    assert lost == set(), "told to be sent, and never accepted"
    twice = {uuid for uuid, count in accepted.items() if count > 1}
    assert twice <= {uuid for uuid, row in rows.items() if row.unknowns}, "a second copy that nothing announced"
    assert all(count <= 1 + rows[uuid].unknowns for uuid, count in accepted.items())
    doubts = Counter(outbox_id for outbox_id, _, after in installation.steps() if after == "unknown")
    assert doubts == Counter({row.id: row.unknowns for row in rows.values() if row.unknowns})
    return accepted


def wait_until(condition, seconds=30.0):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def stopped(pid):
    """Tell whether a process stands still after SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def kill(process):
    """End a process without any warning, and wait until it is gone."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)
