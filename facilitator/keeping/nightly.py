"""What the worker does for the backups: one a day, the last fourteen kept, and the file of keys never behind.

When the last one was made stands among the figures of delivery, so that its absence alarms.
"""

import hashlib
import logging
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.groups.models import Participant
from facilitator.keeping.backup import backup_path, forget_old, list_backups, make_backup, renew_keys
from facilitator.reminders.counts import BACKUP_AT, set_figures

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Nightly:
    """The backups of one installation.

    Args:
        folder: where they lie.
        recipient: the public key that they are sealed to.
    """

    folder: Path
    recipient: str
    _whose: str = field(default="", repr=False)

    def keep(self, database: Database, now: datetime) -> None:
        """Make the backup of the day where there is none yet, or bring the file of keys up to date.

        While people check in no backup is made; the next round tries again.

        Raises:
            Invalid: when a file cannot be written.
        """
        today, whose = now.date(), _people(database)
        if not any(on == today for on, _ in list_backups(self.folder)):
            try:
                made = make_backup(database, backup_path(self.folder, today), self.recipient)
            except Conflict:
                return
            forget_old(self.folder, today)
            with database.write() as db:
                set_figures(db, {(BACKUP_AT, ""): now.timestamp()})
                db.commit()
            log.info("a backup was made", extra={"event": "backup", "count": made.rows})
        elif whose != self._whose:
            renew_keys(database, self.folder, self.recipient)
        self._whose = whose


def _people(database: Database) -> str:
    """Return a short text that is another as soon as somebody came or went."""
    with database.read() as db:
        ids = db.scalars(select(Participant.id).order_by(Participant.id))
        return hashlib.sha256("".join(ids).encode()).hexdigest()
