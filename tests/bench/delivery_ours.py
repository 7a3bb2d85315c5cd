"""Our own contender: real outbox rows for real people through `deliver_due`, as a worker runs it."""

import smtplib
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from config import Config, Mode
from facilitator import create_app
from facilitator.db import Database
from facilitator.mail.urls import MailUrl
from facilitator.reminders.delivery import Station, deliver_due
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState
from facilitator.tokens import new_id
from facilitator.worker import make_station
from tests.bench.outbox_crowd import CHUNK, KEY, PEOPLE_EACH, add_groups, add_sessions, clear_messages, plan_messages
from tests.bench.report import Speed, Stopwatch

LEAD = timedelta(hours=3)
DONE = "UPDATE outbox SET state = 'sent', sent_at = 1 WHERE id = ? AND lease_token = 1 AND state = 'sending'"
NOTE = (
    "INSERT INTO attempt (outbox_id, number, outcome, phase, enhanced, text, owner, at) "
    "SELECT id, 1, 'accepted', 'reply', '', '', '', 1 FROM outbox WHERE id = ?"
)
GATE = "UPDATE outbox SET state = 'sending', gated_at = 1 WHERE id = ? AND lease_token = 1 AND state = 'leased'"
GROUPS = 100


def settings_for(database: Database, folder: Path, target: MailUrl) -> Config:
    """Return the settings of an installation with this database and mail server."""
    return Config(
        mode=Mode.DEMO,
        data_dir=folder,
        database_url=database.engine.url.render_as_string(hide_password=False),
        secret_key="bench",
        vault_key=KEY,
        base_url="http://localhost",
        mail_url=target,
        mail_from="Notes <notes@mail.example>",
    )


class Ours:
    """One installation on one engine, whose reminders fall due again and again.

    Args:
        database: migrated and empty.
        target: the mail server.
        messages: how many reminders there are.
    """

    def __init__(self, database: Database, target: MailUrl, messages: int) -> None:
        self._database, self._target, self._messages = database, target, messages
        now = datetime.now(UTC)
        add_groups(database, GROUPS, [LEAD])
        sessions = add_sessions(database, [now + LEAD - timedelta(seconds=1)] * (messages // PEOPLE_EACH))
        planned = plan_messages(database, sessions, now)
        if planned != messages:
            raise RuntimeError(f"{planned} reminders were planned, not {messages}.")
        with database.read() as db:
            self._rows = [dict(row) for row in db.execute(select(OutboxMessage.__table__)).mappings()]
        config = settings_for(database, Path(tempfile.gettempdir()), target)
        self._app = create_app(config, database)
        self.station = make_station(config, database, lambda: datetime.now(UTC), target)

    def rate(self, connections: int, group: int | None) -> Speed:
        """Deliver every reminder anew and return how fast it went.

        Args:
            connections: how many lanes deliver at once.
            group: how many messages share the commit of their gates; None for what the program chooses.
        """
        self._fall_due()
        station = self.station if group is None else replace(self.station, group=group)
        watch = Stopwatch()
        with ThreadPoolExecutor(connections) as lanes:
            counts = sum(lanes.map(self._deliver, [station] * connections), Counter[str]())
        speed = watch.speed(self._messages)
        if counts != {OutboxState.SENT: self._messages}:
            raise RuntimeError(f"Not every reminder was sent: {counts}.")
        return speed

    def least(self, content: bytes) -> Speed:
        """Do by hand, on SQLite, the least that one commit for each message can be: no gate looks at anything.

        Two updates, a line in the ledger, and the hand-over; what is quicker than this promises less.
        """
        self._fall_due()
        link = sqlite3.connect(self._database.engine.url.database or "", isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            link.execute(f"PRAGMA {setting}")
        link.execute("UPDATE outbox SET state = 'leased', lease_token = 1")
        numbers = [number for (number,) in link.execute("SELECT id FROM outbox ORDER BY id")]
        with closing(link), smtplib.SMTP(self._target.host, self._target.port) as server:
            watch, before = Stopwatch(), 0
            for number in numbers:
                link.execute("BEGIN IMMEDIATE")
                link.execute(DONE, (before,))
                link.execute(NOTE, (before,))
                link.execute(GATE, (number,))
                link.execute("COMMIT")
                server.sendmail("notes@mail.example", ["pat@example.org"], content)
                before = number
            return watch.speed(self._messages)

    def _deliver(self, station: Station) -> Counter[str]:
        with self._app.app_context():
            return deliver_due(station)

    def _fall_due(self) -> None:
        """Put the reminders back as they were planned, each under a new mark."""
        clear_messages(self._database)
        rows: list[Mapping[str, object]] = [row | {"uuid": new_id()} for row in self._rows]
        with self._database.write() as db:
            for at in range(0, len(rows), CHUNK):
                db.execute(insert(OutboxMessage.__table__), rows[at : at + CHUNK])
            db.commit()
