"""Moves, cancels and restores sessions while their reminders go out, and notes when each change was saved.

As planning does it: the change, and what follows from it for the messages, in one transaction.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from facilitator.db import Database
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.follow import follow

NEARBY = 40  # sessions on either side of the one that falls due now
LONGEST_MOVE = 20  # minutes, to an earlier time, so that what is planned anew is due at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One saved change: what holds for messages of an older `time_rev` from then on."""

    session_id: str
    kind: str
    time_rev: int
    saved_at: datetime


class Writer(threading.Thread):
    """Changes sessions until it is stopped.

    Args:
        database: the installation.
        sessions: ids, in the order in which their reminders fall due.
        begin: when the first reminder falls due.
        span: from the first reminder to the last.
        pause_s: between two changes, on average.
        seed: of the choices.
    """

    def __init__(
        self, database: Database, sessions: Sequence[str], begin: datetime, span: timedelta, pause_s: float, seed: int
    ) -> None:
        super().__init__(name="writer")
        self._database, self._sessions, self._begin, self._span = database, sessions, begin, span
        self._pause_s, self._rng = pause_s, random.Random(seed)
        self._stopping = threading.Event()
        self.changes: list[Change] = []
        self.refused = 0  # by the database, when two transactions waited for each other
        self.error: Exception | None = None

    def run(self) -> None:
        """Change one session after the other."""
        try:
            while not self._stopping.wait(self._rng.uniform(0, 2 * self._pause_s)):
                try:
                    self._change_one(self._pick())
                except OperationalError:
                    self.refused += 1
        except Exception as error:  # noqa: BLE001 - the main thread raises it
            self.error = error

    def stop(self) -> None:
        """Finish the change in hand, and raise what went wrong, if anything did."""
        self._stopping.set()
        self.join()
        if self.error is not None:
            raise self.error

    def _pick(self) -> str:
        due = int((datetime.now(UTC) - self._begin) / self._span * len(self._sessions))
        at = due + self._rng.randint(-NEARBY, NEARBY)
        return self._sessions[min(max(at, 0), len(self._sessions) - 1)]

    def _change_one(self, session_id: str) -> None:
        with self._database.write() as db:
            session = db.get_one(GroupSession, session_id, with_for_update=True)
            kind = self._alter(session)
            self._follow(db, session)
            db.commit()
            saved_at = datetime.now(UTC)
        self.changes.append(Change(session_id=session_id, kind=kind, time_rev=session.time_rev, saved_at=saved_at))

    def _alter(self, session: GroupSession) -> str:
        session.time_rev += 1
        if session.status == SessionStatus.CANCELLED:
            session.status = SessionStatus.SCHEDULED
            return "restored"
        if self._rng.random() < 0.5:
            session.status = SessionStatus.CANCELLED
            return "cancelled"
        earlier = timedelta(minutes=self._rng.randint(1, LONGEST_MOVE))
        session.starts_at, session.ends_at = session.starts_at - earlier, session.ends_at - earlier
        return "moved"

    def _follow(self, db: Session, session: GroupSession) -> None:
        db.flush()
        follow(db, [session], datetime.now(UTC))
