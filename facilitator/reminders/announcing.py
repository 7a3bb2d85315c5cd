"""Keeps the messages true that say that there is something to read: one to a person, session and instant of release.

A message exists only once the material may be read, so nothing is planned ahead. What waits for the morning is taken
back when the material was taken off or changed meanwhile, or its session called off, and planned anew when there is
something to read after all. Nothing here sends, and nothing is ever deleted.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.groups.consent import is_written_to
from facilitator.groups.models import Group, Participant
from facilitator.materials.announcing import Announcement, due_announcements
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.people import person_facts
from facilitator.reminders.plan import Occasion
from facilitator.reminders.plan_personal import plan_materials, released_by
from facilitator.reminders.rules import WITHDRAWABLE, MessageKind, OutboxState

AGAIN = "#"  # between a key and how often its row was taken back
NOTHING_TO_READ, CANCELLED = "nothing_to_read", "session_cancelled"  # a row taken back for these may be planned again


def list_to_tell(
    db: Session, group: Group, people: Sequence[tuple[Participant, bool]], now: datetime
) -> Iterable[tuple[GroupSession, Occasion]]:
    """Yield what should exist, whether it does or not: one message to a person for what is released at one instant."""
    due = due_announcements(db, now, GroupSession.group_id == group.id)
    rows = _rows(db, [one.session.id for one in due])
    taken_back = Counter(_base(row) for row in rows if row.reason in (NOTHING_TO_READ, CANCELLED))
    for person, suppressed in people:
        if suppressed or not is_written_to(person, group, now.date()):
            continue
        facts = person_facts(person, group, now, suppressed=False)
        for one in due:
            occasion = plan_materials(facts, one.session.id, one.released_at, one.session.ends_at, now)
            if occasion:
                again = taken_back[occasion.dedup_key]
                key = f"{occasion.dedup_key}{AGAIN}{again}" if again else occasion.dedup_key
                yield one.session, replace(occasion, dedup_key=key)


def take_back(db: Session, group: Group, now: datetime) -> None:
    """End the waiting messages of a group whose material cannot be read, or is not told of, any more."""
    waiting = db.execute(
        select(OutboxMessage, GroupSession.status)
        .join(GroupSession, GroupSession.id == OutboxMessage.session_id)
        .where(
            GroupSession.group_id == group.id,
            OutboxMessage.kind == MessageKind.MATERIALS,
            OutboxMessage.state.in_(WITHDRAWABLE),
        )
        .order_by(OutboxMessage.id)
        .with_for_update(of=OutboxMessage)  # a row that passes the gate meanwhile would be withdrawn in mid-air
        .execution_options(populate_existing=True)
    ).all()
    due = due_announcements(db, now, GroupSession.group_id == group.id) if waiting else ()
    for row, status in waiting:
        if is_due(row, due):
            continue
        if status == SessionStatus.CANCELLED:
            row.state, row.reason = OutboxState.CANCELLED, CANCELLED
        else:
            row.state, row.reason = OutboxState.SUPERSEDED, NOTHING_TO_READ
        row.lease_owner = row.lease_until_at = None
    db.flush()


def is_due(row: OutboxMessage, due: Collection[Announcement]) -> bool:
    """Tell whether what a message tells of is among what may be read by now."""
    return any(_base(row) == released_by(one.session.id, one.released_at, row.participant_id or "") for one in due)


def _rows(db: Session, session_ids: Sequence[str]) -> Sequence[OutboxMessage]:
    return db.scalars(
        select(OutboxMessage).where(
            OutboxMessage.session_id.in_(session_ids), OutboxMessage.kind == MessageKind.MATERIALS
        )
    ).all()


def _base(row: OutboxMessage) -> str:
    return row.dedup_key.partition(AGAIN)[0]
