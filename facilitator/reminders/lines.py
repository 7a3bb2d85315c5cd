"""What needs somebody and what is tried again, equal messages as one line: eight that wait for one server are one.

Reads only. Nothing here names a person.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.db import Instant
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from facilitator.reminders.delivery import CHANNEL
from facilitator.reminders.ledger import ABOUT, MINUTE, About, about_of, of_groups
from facilitator.reminders.models import Channel, OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.rules_returns import why_returned

# held waits for a decision; failed and expired are told while the session is still to come
TOLD_UNTIL_START = (OutboxState.FAILED, OutboxState.EXPIRED)
NEEDS_SOMEBODY = (OutboxState.HELD, *TOLD_UNTIL_START)
ALIKE = ("kind", "lead_minutes", "state", "reason", "enhanced", "returned_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Equal messages of one occasion that need somebody, or are tried again: one line whatever their number.

    Args:
        enhanced: the mail server's code (RFC 3463), of what it refused for good.
        next_attempt_at: when the first is tried again, not before the mail server is asked again, and never an instant
            that has passed: what could go out by now goes out now.
        valid_until_at: when the first loses its use.
        returned: whether they were sent and came back.
    """

    about: About
    kind: MessageKind
    lead: timedelta
    state: OutboxState
    reason: str
    enhanced: str
    count: int
    next_attempt_at: datetime
    valid_until_at: datetime
    returned: bool = False

    @property
    def sign(self) -> OutboxState:
        """Return the state by whose mark it is shown: what came back was sent, and yet did not arrive."""
        return OutboxState.FAILED if self.returned else self.state

    @property
    def needs_you(self) -> bool:
        """Tell whether somebody has to look at it; otherwise it is tried again by itself."""
        return self.returned or self.state in NEEDS_SOMEBODY

    @property
    def ends_first(self) -> bool:
        """Tell whether it loses its use before it is tried again."""
        return self.next_attempt_at >= self.valid_until_at


def list_lines(db: Session, group_ids: Collection[str], now: datetime) -> Sequence[Line]:
    """Return what waits for a decision, then what else needs somebody or is tried again, the soonest to end first.

    Failed, missed and returned messages are told until their session begins. What is due while the mail server takes
    nothing waits for the reason that the server was left alone for, whether it was tried itself or not.
    """
    alike = (*ABOUT, *(getattr(OutboxMessage, name) for name in ALIKE))
    tried_or_due = (OutboxMessage.reason != "") | (OutboxMessage.next_attempt_at <= now)
    again = OutboxMessage.state.in_((OutboxState.PENDING, OutboxState.UNKNOWN)) & tried_or_due
    returned = (OutboxMessage.state == OutboxState.SENT) & OutboxMessage.returned_at.is_not(None)
    told = (OutboxMessage.state.in_(TOLD_UNTIL_START) | returned) & (GroupSession.starts_at > now)
    first_try = func.min(OutboxMessage.next_attempt_at, type_=Instant)
    first_end = func.min(OutboxMessage.valid_until_at, type_=Instant)
    found = db.execute(
        select(*alike, func.count(), first_try, first_end, Channel.reason, Channel.open_until_at)
        .join(GroupSession, GroupSession.id == OutboxMessage.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .outerjoin(Channel, (Channel.name == CHANNEL) & Channel.open_since_at.is_not(None))
        .where(of_groups(group_ids), (OutboxMessage.state == OutboxState.HELD) | told | again)
        .group_by(*alike, Channel.reason, Channel.open_until_at)
        .order_by(first_end, *alike)
    )
    lines = _join_alike(_line(tuple(row), now) for row in found)
    return sorted(lines, key=lambda line: line.state != OutboxState.HELD)


def _line(row: tuple[Any, ...], now: datetime) -> Line:
    kind, lead_minutes, state, reason, enhanced, code, *figures = row[len(ABOUT) :]
    count, try_at, end_at, server_reason, asked_at = figures
    returned = state == OutboxState.SENT
    if returned:
        reason, enhanced = why_returned(code), code
    return Line(
        about=about_of(row[: len(ABOUT)]),
        kind=MessageKind(kind),
        lead=lead_minutes * MINUTE,
        state=OutboxState(state),
        reason=reason or server_reason or "",
        enhanced=enhanced if returned or state in TOLD_UNTIL_START else "",
        count=count,
        next_attempt_at=max(try_at, asked_at or try_at, now),
        valid_until_at=end_at,
        returned=returned,
    )


def _join_alike(lines: Iterable[Line]) -> Iterable[Line]:
    """Return the lines with those of one reason put together; what is due and held back by nothing is on its way."""
    joined: dict[Line, Line] = {}
    for line in lines:
        key = replace(line, count=0, next_attempt_at=line.valid_until_at)
        had = joined.get(key)
        next_attempt_at = min(line.next_attempt_at, had.next_attempt_at) if had else line.next_attempt_at
        joined[key] = replace(line, count=line.count + (had.count if had else 0), next_attempt_at=next_attempt_at)
    return (line for line in joined.values() if line.needs_you or line.reason)
