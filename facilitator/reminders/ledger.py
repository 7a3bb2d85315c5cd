"""What people see of the outbox: by occasion and in numbers.

Grouped on purpose: the page must not read as a register of people. A facilitator's test is nobody's message and stands
nowhere here. Reads only.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, case, func, select, type_coerce
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.db import Instant
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.times import get_zone, to_local

MINUTE = timedelta(minutes=1)
PER_PAGE = 30
COMING = (OutboxState.PENDING, OutboxState.LEASED, OutboxState.SENDING)
# taken back before anything was handed over: nobody has read it and nobody has to act
NEVER_SENT = (OutboxState.CANCELLED, OutboxState.SUPERSEDED, OutboxState.SUPPRESSED)
SETTLED = tuple(state for state in OutboxState if state not in COMING and state not in NEVER_SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which session a line of the ledger is about; the date is the one that the messages tell, also after a move."""

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
        at: of a coming one, when most of what is to come goes out; of a past one, when it last went out, or None.
        ends_at: after this it is not sent any more.
        returned: how many of those that were sent came back.
        asked_by: the name of the facilitator who asked for these copies; empty for what was planned.
        may_repeat: whether a person may have it sent once more as far as its place among the others goes: it tells
            how the session stands, and no later reminder is about to do the same.
        earlier: of a coming one, how many go out before that.
        later: of a coming one, how many go out after it.
    """

    about: About
    kind: MessageKind
    lead: timedelta
    counts: dict[OutboxState, int]
    at: datetime | None
    ends_at: datetime
    returned: int = 0
    asked_by: str = ""
    may_repeat: bool = False
    earlier: int = 0
    later: int = 0

    @property
    def total(self) -> int:
        """Return how many messages it has."""
        return sum(self.counts.values())

    @property
    def to_come(self) -> int:
        """Return how many of them are still to be sent."""
        return sum(self.counts.get(state, 0) for state in COMING)

    @property
    def never_sent(self) -> dict[OutboxState, int]:
        """Return the messages that were taken back before they went out, by state."""
        return {state: count for state, count in self.counts.items() if state in NEVER_SENT}

    @property
    def settled(self) -> dict[OutboxState, int]:
        """Return the messages that went out, or ought to have, by state."""
        return {state: count for state, count in self.counts.items() if state in SETTLED}


ABOUT = (
    OutboxMessage.session_id,
    GroupSession.group_id,
    Group.label,
    GroupSession.position,
    GroupSession.zone,
    OutboxMessage.session_starts_at,
)
_KEY = ("session_id", "session_starts_at", "kind", "lead_minutes", "time_rev", "asked_by")


def list_occasions(
    db: Session, group_ids: Collection[str], *, coming: bool, page: int = 1, session_id: str | None = None
) -> Sequence[Occasion]:
    """Return occasions with their counts, 30 a page; the coming ones soonest first, the others latest first.

    Args:
        db: the database.
        group_ids: whose groups' sessions.
        coming: those that still have a message to send; otherwise those of which at least one is settled. Those of
            which none was ever sent come last.
        page: counted from 1.
        session_id: only those of one session.
    """
    times = _times(group_ids, session_id)
    key = [times.c[name] for name in _KEY]
    about = [times.c.get(column.key, column) for column in ABOUT]
    states = [func.sum(times.c[state]) for state in OutboxState]
    still, every = func.sum(times.c.coming), func.sum(times.c.every)
    before = func.sum(times.c.coming).filter(times.c.at < times.c.usual)
    after = func.sum(times.c.coming).filter(times.c.at > times.c.usual)
    latest = func.max(times.c.at, type_=Instant).filter(times.c.settled > 0)
    beside = (Facilitator.name, GroupSession.time_rev)
    ends_at, returned = func.max(times.c.ends_at, type_=Instant), func.sum(times.c.returned)
    figures = (times.c.usual if coming else latest, ends_at, returned, before, after)
    found = db.execute(
        select(*about, *key[2:5], *beside, *figures, *states)
        .join(GroupSession, GroupSession.id == times.c.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .outerjoin(Facilitator, Facilitator.id == times.c.asked_by)
        .group_by(*about, *key[2:], *beside, times.c.usual)
        .having(still > 0 if coming else every > still)
        # the key makes the order whole: occasions of one moment would stand on two pages, or on none
        .order_by(times.c.usual if coming else latest.desc().nulls_last(), *key)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return list(_without_earlier([_occasion(tuple(row)) for row in found]))


def _times(group_ids: Collection[str], session_id: str | None) -> CTE:
    """Return the messages counted by occasion and moment, with the moment at which most of those to come go out."""
    key = [getattr(OutboxMessage, name) for name in _KEY]
    is_coming, is_settled = in_states(*COMING), in_states(*SETTLED)
    went_at = func.coalesce(OutboxMessage.sent_at, OutboxMessage.gated_at, OutboxMessage.due_at)
    at = type_coerce(case((is_coming, OutboxMessage.next_attempt_at), else_=went_at), Instant)
    coming = func.count().filter(is_coming)
    usual = func.first_value(at, type_=Instant).over(partition_by=key, order_by=(coming.desc(), at))
    return (
        select(
            *key,
            at.label("at"),
            usual.label("usual"),
            func.max(OutboxMessage.valid_until_at, type_=Instant).label("ends_at"),
            func.count().label("every"),
            coming.label("coming"),
            func.count().filter(is_settled).label("settled"),
            func.count(OutboxMessage.returned_at).label("returned"),
            *(func.count().filter(OutboxMessage.state == state).label(state) for state in OutboxState),
        )
        .where(of_groups(group_ids), *([OutboxMessage.session_id == session_id] if session_id else []))
        .group_by(*key, at)
        .cte("times")
    )


def of_groups(group_ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of a group's messages; by their sessions, so that only those rows are read."""
    of_sessions = OutboxMessage.session_id.in_(select(GroupSession.id).where(GroupSession.group_id.in_(group_ids)))
    return of_sessions & (OutboxMessage.kind != MessageKind.TEST)


def about_of(values: tuple[Any, ...]) -> About:
    """Return the session of a row from the values of ABOUT; the date is that of the start which the messages tell."""
    session_id, group_id, label, position, zone, told_at = values
    on_date = to_local(told_at, get_zone(zone)).date()
    return About(session_id=session_id, group_id=group_id, label=label, position=position, on_date=on_date, zone=zone)


def _occasion(row: tuple[Any, ...]) -> Occasion:
    kind, lead_minutes, time_rev, asked_by, present_rev, *figures = row[len(ABOUT) :]
    at, ends_at, returned, earlier, later, *counts = figures
    by_state = {state: int(count) for state, count in zip(OutboxState, counts, strict=True) if count}
    return Occasion(
        about=about_of(row[: len(ABOUT)]),
        kind=MessageKind(kind),
        lead=lead_minutes * MINUTE,
        counts=by_state,
        at=at,
        ends_at=ends_at,
        returned=int(returned),
        asked_by=asked_by or "",
        may_repeat=time_rev == present_rev and not asked_by and OutboxState.SENT in by_state,
        earlier=int(earlier or 0),
        later=int(later or 0),
    )


def _without_earlier(occasions: Sequence[Occasion]) -> Iterable[Occasion]:
    """Yield the occasions; of the reminders of one session that went out the last alone may be repeated."""
    last: dict[str, timedelta] = {}
    for one in occasions:
        if one.kind == MessageKind.REMINDER and one.may_repeat:
            last[one.about.session_id] = min(one.lead, last.get(one.about.session_id, one.lead))
    for one in occasions:
        is_earlier = one.kind == MessageKind.REMINDER and one.lead > last.get(one.about.session_id, one.lead)
        yield replace(one, may_repeat=False) if is_earlier else one
