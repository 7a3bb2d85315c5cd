"""One more copy of what went out already, because a person asks for it: to everybody who was sent the first.

A copy is a row of its own under the key of the first one, `:manual:` and a number, and keeps who asked. Whatever
follows sessions leaves it alone until the session changes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.db import insert_missing
from facilitator.errors import Conflict
from facilitator.groups.models import MailState, Participant
from facilitator.planning.models import GroupSession
from facilitator.planning.service import get_session
from facilitator.reminders.follow import MINUTE, REPLANNED, TOLD, values_of
from facilitator.reminders.models import OutboxMessage, Suppression, holds
from facilitator.reminders.plan import Occasion
from facilitator.reminders.rules import MessageKind, OutboxState, Priority

MANUAL = ":manual:"  # between the key of a message and the number of its copy
WAITS = frozenset({OutboxState.PENDING, OutboxState.LEASED})
UNDECIDED = frozenset({OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.HELD})


def count_again(
    db: Session, me: Facilitator, session_id: str, *, kind: MessageKind, lead_minutes: int, now: datetime
) -> int:
    """Return how many people would be sent it once more.

    Raises:
        NotFound: when it is no session of a group of this facilitator.
        Conflict: when it is of no use any more.
    """
    session = get_session(db, me, session_id)
    return len(_originals(db, session, kind, lead_minutes, now, lock=False))


def resend(
    db: Session, me: Facilitator, session_id: str, *, kind: MessageKind, lead_minutes: int, now: datetime
) -> int:
    """Plan one more copy for everybody who was sent this message and has none on its way; return how many.

    Raises:
        NotFound: when it is no session of a group of this facilitator.
        Conflict: when it is of no use any more, or nobody was sent it.
    """
    session = get_session(db, me, session_id)
    # as whoever follows the session does, so that a cancellation waits for the copies or they for it
    db.scalar(
        select(GroupSession)
        .where(GroupSession.id == session.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    originals = _originals(db, session, kind, lead_minutes, now, lock=True)
    if not originals:
        raise Conflict("Nobody is left who was sent this message.")
    return insert_missing(db, OutboxMessage, [_copy(session, row, number, me, now) for row, number in originals])


def _originals(
    db: Session, session: GroupSession, kind: MessageKind, lead_minutes: int, now: datetime, *, lock: bool
) -> Sequence[tuple[OutboxMessage, int]]:
    """Return, for each person to be sent it, the first message and the number of the next copy."""
    found = select(OutboxMessage).where(
        OutboxMessage.session_id == session.id,
        OutboxMessage.time_rev == session.time_rev,
        OutboxMessage.kind == kind,
    )
    found = found.order_by(OutboxMessage.id)
    rows = db.scalars(found.with_for_update() if lock else found).all()
    _refuse_useless(rows, lead_minutes, now)
    reachable = _reachable(db, session.group_id, now)
    by_person: Mapping[str | None, list[OutboxMessage]] = defaultdict(list)
    for row in rows:
        if row.lead_minutes == lead_minutes and row.participant_id in reachable:
            by_person[row.participant_id].append(row)
    return [
        (next(row for row in own if row.state == OutboxState.SENT), 1 + sum(row.asked_by is not None for row in own))
        for own in by_person.values()
        if any(row.state == OutboxState.SENT for row in own) and not any(row.state in WAITS | UNDECIDED for row in own)
    ]


def _refuse_useless(rows: Sequence[OutboxMessage], lead_minutes: int, now: datetime) -> None:
    mine = [row for row in rows if row.lead_minutes == lead_minutes]
    if not mine:
        raise Conflict("The session changed meanwhile; this message no longer tells how it stands.")
    if all(row.valid_until_at <= now for row in mine):
        raise Conflict("The time of this message has passed; it cannot go out any more.")
    later = (row for row in rows if row.kind == MessageKind.REMINDER and row.lead_minutes < lead_minutes)
    if any(row.due_at <= now and row.state in TOLD | WAITS for row in later):
        raise Conflict("A later reminder says the same. Send that one once more instead.")


def _reachable(db: Session, group_id: str, now: datetime) -> frozenset[str | None]:
    found = db.execute(
        select(Participant.id, Suppression)
        .outerjoin(Suppression, Suppression.address_index == Participant.address_index)
        .where(Participant.group_id == group_id, Participant.state == MailState.ACTIVE)
    )
    return frozenset(person_id for person_id, suppression in found if not holds(suppression, now))


def _copy(session: GroupSession, row: OutboxMessage, number: int, me: Facilitator, now: datetime) -> dict[str, object]:
    planned_key = row.dedup_key.partition(MANUAL)[0].partition(REPLANNED)[0]
    occasion = Occasion(
        dedup_key=planned_key,
        kind=MessageKind(row.kind),
        participant_id=row.participant_id or "",
        lead=row.lead_minutes * MINUTE,
        due_at=now,
        valid_until=row.valid_until_at,
        next_attempt_at=now,
        priority=Priority(row.priority),
    )
    return values_of(session, occasion, f"{planned_key}{MANUAL}{number}", now) | {"asked_by": me.id}
