"""Sessions that were planned and did not take place: said afterwards, with a reason, and taken back while it can be.

Such a session counts as cancelled everywhere, so what was planned for it is free for the others. It is nothing to
tell people, as its time has passed: the messages of the session are left as they are.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from facilitator.errors import Conflict, Invalid
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.rules_slots import slot_at
from facilitator.planning.timetable import lock_timetable, refuse_cancelled, refuse_overlaps
from facilitator.times import get_zone


class NotHeld(StrEnum):
    """Why a session did not take place. None says that nobody came, as that would be a word about everybody."""

    FACILITATOR = "facilitator"
    NO_ROOM = "no_room"
    WEATHER = "weather"
    TOO_FEW = "too_few"
    OTHER = "other"


def mark_not_held(db: Session, session: GroupSession, reason: str, now: datetime) -> None:
    """Say that a session did not take place; its plan is kept, and its prompts are free for the others.

    Raises:
        Invalid: when there is no such reason.
        Conflict: when it was cancelled, or has not begun: until then it is cancelled, and people hear of it.
    """
    if reason not in set(NotHeld):
        raise Invalid("Choose why it did not take place.", field="reason")
    lock_timetable(db, session.group_id)
    refuse_cancelled(session)
    if now < session.starts_at:
        raise Conflict("This session has not begun. Cancel it instead, so that people hear of it.")
    _set(session, SessionStatus.CANCELLED, NotHeld(reason))
    db.flush()


def take_back(db: Session, session: GroupSession) -> None:
    """Say that a session took place after all. Its plan is as it was, and its room can be closed.

    Raises:
        Conflict: when nobody said that it did not, or the group meets at its time by now.
    """
    timetable = lock_timetable(db, session.group_id)
    if not session.not_held:
        raise Conflict("Nobody said that this session did not take place.")
    slot = slot_at(session.on_date, session.start_time, get_zone(session.zone), session.minutes)
    refuse_overlaps(timetable, {session.id: slot})
    _set(session, SessionStatus.SCHEDULED, "")
    db.flush()


def _set(session: GroupSession, status: SessionStatus, reason: str) -> None:
    session.status, session.not_held = status, reason
    session.ical_sequence += 1  # calendars take a new status with a higher number alone
