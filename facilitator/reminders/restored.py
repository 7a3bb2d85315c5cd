"""Notices that an older state of the database was brought back, and holds what may have gone out since.

The worker keeps a mark beside its data: how far the count of its ticks had come, and when. A database whose count is
behind the mark has lost what came after; which of the messages due until then went out nobody can tell, so a person
decides. This is the one thing the worker remembers outside the database.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.reminders.rules import OutboxState

REASON = "restored"
DOUBTFUL = (OutboxState.PENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a worker had come.

    Args:
        epoch: the sum of the ticks that ever ran on the database.
        at: when that was.
    """

    epoch: int
    at: datetime

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what was left, or None when there is nothing that can be read."""
        try:
            kept = json.loads(path.read_text("ascii"))
            return cls(epoch=int(kept["epoch"]), at=datetime.fromisoformat(kept["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Keep the mark, whole or not at all, and on disk before anything else is done."""
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with unfinished.open("w", encoding="ascii") as file:
            json.dump({"epoch": self.epoch, "at": self.at.isoformat()}, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def leave_mark(db: Session, path: Path, now: datetime) -> None:
    """Write how far this database has come."""
    Mark(epoch=_epoch(db), at=now).write(path)


def hold_doubtful(db: Session, mark: Mark | None) -> int:
    """Hold for a person what may have gone out before an older state was brought back; return how many.

    Args:
        db: a writing session; nothing is leased any more.
        mark: what the last worker left, or None.
    """
    return 0 if mark is None or _epoch(db) >= mark.epoch else hold_due(db, mark.at)


def hold_due(db: Session, until: datetime) -> int:
    """Hold for a person what was to go out until an instant; return how many.

    Columns are named one by one, so that a database of an older schema can be asked as well.

    Args:
        db: a writing session; nothing is leased any more.
        until: what falls due later leaves on its own.
    """
    doubtful = (OutboxMessage.state.in_(DOUBTFUL), OutboxMessage.next_attempt_at <= until)
    held = update(OutboxMessage).where(*doubtful).values(state=OutboxState.HELD, reason=REASON)
    rows = db.scalars(held.returning(OutboxMessage.id).execution_options(synchronize_session=False))
    return len(rows.all())


def _epoch(db: Session) -> int:
    return db.scalar(select(func.coalesce(func.sum(Tick.epoch), 0))) or 0
