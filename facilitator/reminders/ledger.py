"""What people see of the outbox: by occasion, in numbers, and one by one only where somebody has to decide.

Grouped on purpose: the page must not read as a register of people. Reads only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from facilitator.db import Instant
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState

MINUTE = timedelta(minutes=1)
PER_PAGE = 30
MOST_SHOWN = 20
COMING = (OutboxState.PENDING, OutboxState.LEASED, OutboxState.SENDING)
# held waits for a decision; failed and expired are told while the session is still to come
TOLD_UNTIL_START = (OutboxState.FAILED, OutboxState.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which session a line of the ledger is about."""

    session_id: str
    group_id: str
    label: str
    position: int
    on_date: date
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """All messages of one kind, lead and time about one session.

    Args:
        about: the session.
        kind: what they say.
        lead: how long before the session; zero for a notice.
        counts: messages by state, only states that occur.
        first_at: the earliest time one was sent, or is due.
        last_at: the latest.
    """

    about: About
    kind: MessageKind
    lead: timedelta
    counts: dict[OutboxState, int]
    first_at: datetime
    last_at: datetime

    @property
    def total(self) -> int:
        """Return how many messages it has."""
        return sum(self.counts.values())

    @property
    def to_come(self) -> int:
        """Return how many of them are still to be sent."""
        return sum(count for state, count in self.counts.items() if state in COMING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One message that a person may have to look at; who it is for is not said."""

    id: int
    about: About
    kind: MessageKind
    lead: timedelta
    state: OutboxState
    reason: str
    enhanced: str
    attempts: int
    gated_at: datetime | None
    next_attempt_at: datetime
    valid_until_at: datetime


_ABOUT = (
    OutboxMessage.session_id,
    GroupSession.group_id,
    Group.label,
    GroupSession.position,
    GroupSession.on_date,
    GroupSession.zone,
)


def list_occasions(
    db: Session, group_ids: Collection[str], *, coming: bool, page: int = 1, session_id: str | None = None
) -> Sequence[Occasion]:
    """Return occasions with their counts, 30 a page; the coming ones soonest first, the others latest first.

    Args:
        db: the database.
        group_ids: whose groups' sessions.
        coming: those that still have a message to send; otherwise those of which at least one is settled.
        page: counted from 1.
        session_id: only those of one session.
    """
    key = (OutboxMessage.kind, OutboxMessage.lead_minutes, OutboxMessage.time_rev)
    moment = func.coalesce(OutboxMessage.sent_at, OutboxMessage.next_attempt_at, type_=Instant)
    still = func.count().filter(OutboxMessage.state.in_(COMING))
    states = [func.count().filter(OutboxMessage.state == state).label(state) for state in OutboxState]
    found = db.execute(
        select(*_ABOUT, *key, func.min(moment, type_=Instant), func.max(moment, type_=Instant), *states)
        .join(GroupSession, GroupSession.id == OutboxMessage.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .where(_of(group_ids), *([OutboxMessage.session_id == session_id] if session_id else []))
        .group_by(*_ABOUT, *key)
        .having(still > 0 if coming else func.count() > still)
        # the key makes the order whole: occasions of one moment would stand on two pages, or on none
        .order_by(func.min(moment).asc() if coming else func.max(moment).desc(), OutboxMessage.session_id, *key)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return [_occasion(tuple(row)) for row in found]


def list_waiting(db: Session, group_ids: Collection[str], now: datetime) -> Sequence[Waiting]:
    """Return the messages that need a person: held ones, and failed or missed ones of sessions still to come."""
    return _list_single(
        db,
        group_ids,
        (OutboxMessage.state == OutboxState.HELD)
        | (OutboxMessage.state.in_(TOLD_UNTIL_START) & (GroupSession.starts_at > now)),
    )


def list_retrying(db: Session, group_ids: Collection[str]) -> Sequence[Waiting]:
    """Return the messages that were tried or held back and will be tried again."""
    return _list_single(
        db,
        group_ids,
        OutboxMessage.state.in_((OutboxState.PENDING, OutboxState.UNKNOWN)) & (OutboxMessage.reason != ""),
    )


def _of(group_ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of a group's messages; by their sessions, so that only those rows are read."""
    return OutboxMessage.session_id.in_(select(GroupSession.id).where(GroupSession.group_id.in_(group_ids)))


def _list_single(db: Session, group_ids: Collection[str], condition: ColumnElement[bool]) -> Sequence[Waiting]:
    found = db.execute(
        select(OutboxMessage, *_ABOUT)
        .join(GroupSession, GroupSession.id == OutboxMessage.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .where(_of(group_ids), condition)
        .order_by(OutboxMessage.valid_until_at, OutboxMessage.id)
        .limit(MOST_SHOWN)
    )
    return [
        Waiting(
            id=row.id,
            about=_about(tuple(about)),
            kind=MessageKind(row.kind),
            lead=row.lead_minutes * MINUTE,
            state=OutboxState(row.state),
            reason=row.reason,
            enhanced=row.enhanced,
            attempts=row.attempts,
            gated_at=row.gated_at,
            next_attempt_at=row.next_attempt_at,
            valid_until_at=row.valid_until_at,
        )
        for row, *about in found
    ]


def _about(values: tuple[object, ...]) -> About:
    names = ("session_id", "group_id", "label", "position", "on_date", "zone")
    return About(**dict(zip(names, values, strict=True)))  # type: ignore[arg-type] # the columns of _ABOUT


def _occasion(row: tuple[object, ...]) -> Occasion:
    about, rest = row[: len(_ABOUT)], row[len(_ABOUT) :]
    kind, lead_minutes, _time_rev, first_at, last_at, *counts = rest
    by_state = {state: int(str(count)) for state, count in zip(OutboxState, counts, strict=True) if count}
    return Occasion(
        about=_about(about),
        kind=MessageKind(str(kind)),
        lead=int(str(lead_minutes)) * MINUTE,
        counts=by_state,
        first_at=first_at,  # type: ignore[arg-type] # typed by the column
        last_at=last_at,  # type: ignore[arg-type] # typed by the column
    )
