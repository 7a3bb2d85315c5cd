"""Messages that wait for a person's word: equal ones are decided on together.

Nothing here decides by itself, and nothing names a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from facilitator.errors import Conflict
from facilitator.groups.models import Group, Participant
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.rules import MessageKind, OutboxState

SENT_AGAIN, LEFT = "sent_again_by_hand", "left_by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """What equal waiting messages have in common; the caller has made sure of who may ask about them.

    Args:
        about: the session that they are about, or the group to whose people they go as such.
        lead_minutes: before the session.
        reason: why they wait, or None for whatever reason.
    """

    about: GroupSession | Group
    kind: MessageKind
    lead_minutes: int = 0
    reason: str | None = None

    def matches(self) -> ColumnElement[bool]:
        """Return the condition of the messages that wait."""
        alike = (OutboxMessage.kind == self.kind) & (OutboxMessage.lead_minutes == self.lead_minutes)
        if self.reason is not None:
            alike &= OutboxMessage.reason == self.reason
        return self._place() & alike & in_states(OutboxState.HELD)

    def _place(self) -> ColumnElement[bool]:
        if isinstance(self.about, GroupSession):
            return OutboxMessage.session_id == self.about.id
        people = select(Participant.id).where(Participant.group_id == self.about.id)
        return OutboxMessage.session_id.is_(None) & OutboxMessage.participant_id.in_(people)


def list_held(db: Session, key: HeldKey) -> Sequence[int]:
    """Return the ids of the messages that wait, in their order."""
    return db.scalars(select(OutboxMessage.id).where(key.matches()).order_by(OutboxMessage.id)).all()


def decide_held(db: Session, key: HeldKey, *, send: bool, now: datetime) -> Sequence[int]:
    """Send equal messages that wait for a decision once more, or leave them unsent; return their ids in order.

    Raises:
        Conflict: when none waits any more, or their time has passed.
    """
    rows = db.scalars(
        select(OutboxMessage)
        .where(key.matches())
        .order_by(OutboxMessage.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        raise Conflict("These messages do not wait for you any more.")
    if send and any(row.valid_until_at <= now for row in rows):
        raise Conflict("The time of these messages has passed; they cannot go out any more.")
    for row in rows:
        row.state = OutboxState.PENDING if send else OutboxState.CANCELLED
        row.reason = SENT_AGAIN if send else LEFT
        row.next_attempt_at = now
    db.flush()
    return [row.id for row in rows]
