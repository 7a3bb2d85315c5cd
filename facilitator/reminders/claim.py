"""Takes due rows for one worker, and frees the rows of workers that died.

A claim is a lease with a token that rises with every owner; whatever an earlier owner still tries is refused by the
token. No row is sent here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from facilitator.db import insert_missing
from facilitator.reminders.counts import Counts
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.models_worker import WorkerBeat
from facilitator.reminders.rules import OutboxState

LEASE = timedelta(seconds=60)
SILENCE = timedelta(seconds=60)  # of a worker whose rows are taken over; its dot is withheld long before
SENDING_LEASE = timedelta(seconds=660)  # longer than the 600 s that the answer to the dot may take


def is_due(db: Session, now: datetime) -> bool:
    """Tell whether any message is due; what a worker asks every second, so it reads one entry of an index."""
    return is_due_more_than(db, 0, now)


def is_due_more_than(db: Session, count: int, now: datetime) -> bool:
    """Tell whether more messages than so many are due."""
    due = select(OutboxMessage.id).where(in_states(OutboxState.PENDING), OutboxMessage.next_attempt_at <= now)
    return db.scalar(due.order_by(OutboxMessage.next_attempt_at).offset(count).limit(1)) is not None


def claim_due(db: Session, owner: str, limit: int, now: datetime) -> Sequence[OutboxMessage]:
    """Lease at most `limit` due rows to this owner, the most urgent and oldest first.

    On PostgreSQL other workers' rows are skipped, and the list is materialised: a plain sub-select may be run again
    inside the update and lease more rows than asked for.
    """
    picked = (
        select(OutboxMessage.id)
        .where(in_states(OutboxState.PENDING), OutboxMessage.next_attempt_at <= now)
        .order_by(OutboxMessage.priority, OutboxMessage.next_attempt_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    leased = db.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(select(picked.c.id)))
        .values(
            state=OutboxState.LEASED,
            lease_owner=owner,
            lease_token=OutboxMessage.lease_token + 1,
            lease_until_at=now + LEASE,
        )
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    # RETURNING promises no order
    return sorted(leased, key=lambda row: (row.priority, row.next_attempt_at, row.id))


def free_expired(db: Session, now: datetime, *, counts: Counts | None = None) -> int:
    """Take back rows whose owner went silent: a leased one is certainly unsent, a sending one is unknown.

    Silent is an owner whose lease ran out, or who beats no more.

    Args:
        db: a writing session.
        now: the present instant.
        counts: told of every step, for monitors.

    Returns:
        how many rows were freed.
    """
    silent = select(WorkerBeat.owner).where(WorkerBeat.at <= now - SILENCE)
    return _free(db, (OutboxMessage.lease_until_at <= now) | OutboxMessage.lease_owner.in_(silent), counts)


def beat(db: Session, owner: str, now: datetime) -> None:
    """Write down that a worker lives; it does so every few seconds, and its rows are its own as long as it does."""
    if not insert_missing(db, WorkerBeat, [{"owner": owner, "at": now}]):
        db.execute(update(WorkerBeat).where(WorkerBeat.owner == owner).values(at=now))


def free_all(db: Session) -> int:
    """Take back every leased and sending row; only for a caller that knows every earlier worker to be dead."""
    return _free(db, OutboxMessage.lease_owner.is_not(None), None)


def _free(db: Session, condition: ColumnElement[bool], counts: Counts | None) -> int:
    rows = db.scalars(
        select(OutboxMessage)
        .where(in_states(OutboxState.LEASED, OutboxState.SENDING), condition)
        # whoever holds a row is about to change it; waiting here could lock two rows the other way round
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        before = row.state
        if before == OutboxState.LEASED:
            row.state = OutboxState.PENDING
        else:
            row.state, row.reason, row.unknowns = OutboxState.UNKNOWN, "worker_died", row.unknowns + 1
        row.lease_owner = row.lease_until_at = None
        if counts is not None:
            counts.step(before, row.state, row.reason)
    db.flush()
    return len(rows)
