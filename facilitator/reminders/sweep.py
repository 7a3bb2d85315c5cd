"""The sweep: brings the outbox up to date without anybody having changed anything, and ends what came too late.

Safe to run twice, or late; a change that forgot to call `follow` is made good here. Nothing is sent or deleted.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.planning.models import GroupSession
from facilitator.reminders.follow import Followed, follow
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState


def sweep(db: Session, ahead: timedelta, now: datetime) -> Followed:
    """Bring the messages of every session that starts within `ahead` up to date, and end those whose time passed."""
    expire_overdue(db, now)
    sessions = db.scalars(
        select(GroupSession).where(GroupSession.starts_at > now, GroupSession.starts_at <= now + ahead)
    ).all()
    return follow(db, sessions, now)


def expire_overdue(db: Session, now: datetime) -> int:
    """End every message that nobody sent in time; returns how many. A person sees them in the ledger."""
    overdue = (
        select(OutboxMessage)
        .where(
            OutboxMessage.state.in_((OutboxState.PENDING, OutboxState.UNKNOWN, OutboxState.HELD)),
            OutboxMessage.valid_until_at <= now,
        )
        .with_for_update(skip_locked=True)  # what somebody holds is ended by the next sweep
    )
    rows = db.scalars(overdue).all()
    for row in rows:
        row.state, row.reason = OutboxState.EXPIRED, "too_late"
    db.flush()
    return len(rows)
