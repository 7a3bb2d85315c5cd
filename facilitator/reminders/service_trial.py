"""A test to oneself: one message to the address of the account that asks for it, by the same way as all others.

It tells nobody of the group anything, stands in no ledger, and keeps neither an address nor words.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict
from facilitator.groups.models import Group, Wording
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState, Priority
from facilitator.tokens import new_id

MOST_TESTS, PER = 5, timedelta(hours=1)
VALID_FOR = timedelta(hours=1)
MADE_UP_AHEAD = timedelta(days=2)  # of the session that a test is about when there is none
ON_ITS_WAY = frozenset({OutboxState.PENDING, OutboxState.LEASED, OutboxState.SENDING, OutboxState.UNKNOWN})


def find_next_session(db: Session, group: Group, now: datetime) -> GroupSession | None:
    """Return the session of a group that begins next, or None."""
    return db.scalars(
        select(GroupSession)
        .where(GroupSession.group_id == group.id, GroupSession.starts_at > now)
        .where(GroupSession.status == SessionStatus.SCHEDULED)
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(1)
    ).first()


def list_tests(db: Session, me: Facilitator, now: datetime) -> Sequence[OutboxMessage]:
    """Return the tests that this facilitator asked for within the last hour, the newest first."""
    return db.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.asked_by == me.id,
            OutboxMessage.kind == MessageKind.TEST,
            OutboxMessage.planned_at > now - PER,
        )
        .order_by(OutboxMessage.id.desc())
    ).all()


def plan_test(
    db: Session, me: Facilitator, group: Group | None, *, kind: MessageKind, wording: Wording, now: datetime
) -> OutboxMessage:
    """Plan a message to one's own address that reads like one of the group's.

    Args:
        db: a writing session.
        me: who asks for it and gets it.
        group: whose next session it is about; None for a made-up one.
        kind: what it says; kept at the end of its key.
        wording: how much of it.
        now: the present instant.

    Raises:
        Conflict: when five were asked for within an hour.
    """
    # whoever presses twice at once waits here, and is counted
    db.execute(select(Facilitator.id).where(Facilitator.id == me.id).with_for_update())
    if len(list_tests(db, me, now)) >= MOST_TESTS:
        raise Conflict("You asked for {most} tests within an hour. Wait a little before the next one.", most=MOST_TESTS)
    session = find_next_session(db, group, now) if group else None
    message = OutboxMessage(
        dedup_key=f"test:{me.id}:{new_id()}:{kind}",
        session_id=session.id if session else None,
        time_rev=session.time_rev if session else 0,
        participant_id=None,
        kind=MessageKind.TEST,
        lead_minutes=0,
        session_starts_at=session.starts_at if session else now + MADE_UP_AHEAD,
        details_sha="",
        priority=Priority.NOTICE,
        due_at=now,
        valid_until_at=now + VALID_FOR,
        next_attempt_at=now,
        planned_at=now,
        asked_by=me.id,
        wording=wording,
    )
    db.add(message)
    db.flush()
    return message


def kind_of_test(row: OutboxMessage) -> MessageKind:
    """Return what a test says: a reminder, or one of the notices."""
    kind = row.dedup_key.rpartition(":")[2]
    return MessageKind(kind) if kind in set(MessageKind) - {MessageKind.TEST} else MessageKind.REMINDER


def is_on_its_way(row: OutboxMessage) -> bool:
    """Tell whether it is not settled yet what becomes of a test."""
    return row.state in ON_ITS_WAY
