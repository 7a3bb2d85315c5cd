"""Whether delivery keeps its word right now, in figures that a light, a page and a monitor can read.

Reads only, and little: a monitor asks every few seconds. Nothing here names a person.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select, true
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator, InstallationSetting
from facilitator.db import Instant
from facilitator.groups.models import GroupFacilitator, Participant
from facilitator.planning.models import GroupSession
from facilitator.reminders.counts import AUDIT_LOST, AUDIT_MISSING, BACKUP_AT
from facilitator.reminders.delivery import CHANNEL
from facilitator.reminders.models import Channel, OutboxMessage, Tick, in_states
from facilitator.reminders.models_worker import Counter
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.sight import PAUSED_SETTING

RETURNS = "returns"
# how often each tick runs; a tick older than five periods is late
TICK_PERIODS = {
    "dispatch": timedelta(seconds=1),
    "reap": timedelta(seconds=10),
    "plan": timedelta(seconds=60),
    "audit": timedelta(minutes=10),
    "ping": timedelta(seconds=60),
    RETURNS: timedelta(seconds=60),
    "backup": timedelta(minutes=5),
    "purge": timedelta(days=1),
}
LATE_PERIODS = 5
LEAST_TICK_AGE = timedelta(seconds=30)  # a tick of one second may wait for one slow hand-over
LATEST_DUE = timedelta(seconds=120)
LONGEST_BREAK = timedelta(minutes=5)
LONGEST_UNKNOWN = timedelta(minutes=15)
OLDEST_BACKUP = timedelta(hours=26)
OPEN = in_states(OutboxState.UNKNOWN, OutboxState.HELD)
# two connections that write at the same instant can damage the file, rarely: https://sqlite.org/wal.html#walresetbug
SQLITE_FAULT_FROM, SQLITE_FAULT_MENDED = (3, 7, 0), (3, 51, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickHealth:
    """One tick of the worker: when it last ran, and whether that is too long ago."""

    name: str
    period: timedelta
    finished_at: datetime | None
    error: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryHealth:
    """What can be said about delivery at one instant.

    Args:
        problems: codes of what is wrong; empty when all is well.
        oldest_due: how long the oldest due message has been waiting.
        held: messages that wait for a person: of the whole installation, or of one facilitator's groups.
        undelivered: messages of that facilitator about sessions still to come that failed or were too late.
        ticks: the worker's clock.
        breaker_open_since: when the mail server stopped answering, or None.
        server_reason: a code for why it takes no mail; empty while it does.
        last_error: its last answer, without addresses; raw, for whoever runs the installation.
        paused: whether somebody holds back all mail.
        sqlite_version: empty on PostgreSQL.
    """

    problems: tuple[str, ...]
    oldest_due: timedelta
    held: int
    undelivered: int
    ticks: tuple[TickHealth, ...]
    breaker_open_since: datetime | None
    server_reason: str
    last_error: str
    paused: bool
    sqlite_version: str

    @property
    def ok(self) -> bool:
        """Tell whether every figure is within its limit."""
        return not self.problems

    @property
    def is_silent(self) -> bool:
        """Tell whether nobody sends: the tick that hands messages over has not run for too long."""
        return any(tick.late for tick in self.ticks if tick.name == "dispatch")

    @property
    def told(self) -> tuple[str, ...]:
        """Return the problems that are worth saying: while nobody sends, that its other ticks are late says nothing more."""
        return tuple(
            code
            for code in self.problems
            if not (self.is_silent and code.startswith("tick_") and code != "tick_dispatch")
        )

    @property
    def last_dispatch_at(self) -> datetime | None:
        """Return when somebody last looked for what is due, or None."""
        return next((tick.finished_at for tick in self.ticks if tick.name == "dispatch"), None)

    @property
    def returns_unread(self) -> bool:
        """Tell whether the box of returned mail cannot be read; a note for people, because messages go out all the same."""
        return any(tick.error for tick in self.ticks if tick.name == RETURNS)

    @property
    def has_sqlite_fault(self) -> bool:
        """Tell whether this SQLite can damage its file; a note for people, because the fault is rare."""
        numbers = tuple(int(number) for number in self.sqlite_version.split(".") if number)
        return bool(numbers) and SQLITE_FAULT_FROM <= numbers < SQLITE_FAULT_MENDED


def check_delivery(db: Session, now: datetime, *, me: Facilitator | None = None) -> DeliveryHealth:
    """Return the figures of this instant, in one query whatever the size of the outbox.

    Args:
        db: the database.
        now: the present instant.
        me: whose decisions are counted as waiting; None for everybody's.
    """
    found = _read(db, me, now)
    ticks = tuple(_tick(name, period, found.ticks.get(name), now) for name, period in TICK_PERIODS.items())
    oldest_due = timedelta() if found.paused else _age(found.due_at, now)
    problems = [f"tick_{tick.name}" for tick in ticks if tick.late]
    if oldest_due > LATEST_DUE:
        problems.append("messages_late")
    if _age(found.open_since_at, now) > LONGEST_BREAK:
        problems.append("mail_server")
    if _age(found.unknown_at, now) > LONGEST_UNKNOWN:
        problems.append("unknown")
    if found.missing:
        problems.append("audit_missing")
    if found.lost:
        problems.append("conservation")
    if _age(found.backup_at, now) > OLDEST_BACKUP:
        problems.append("backup_old")
    return DeliveryHealth(
        problems=tuple(problems),
        oldest_due=oldest_due,
        held=found.held,
        undelivered=found.undelivered,
        ticks=ticks,
        breaker_open_since=found.open_since_at,
        server_reason=found.reason,
        last_error=found.last_error,
        paused=found.paused,
        sqlite_version=sqlite3.sqlite_version if db.get_bind().dialect.name == "sqlite" else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the database says, before it is judged."""

    due_at: datetime | None
    unknown_at: datetime | None
    held: int
    undelivered: int
    open_since_at: datetime | None
    reason: str
    last_error: str
    paused: bool
    missing: float | None
    lost: float | None
    backup_at: datetime | None
    ticks: dict[str, Tick]


@cache  # putting it together takes longer than the database takes to answer
def _question(*, of_one: bool) -> Select[Any]:
    """Return the one query; what waits is that of everybody, or of the facilitator `me_id`."""
    held = select(func.count()).select_from(OutboxMessage).where(OPEN, in_states(OutboxState.HELD))
    undelivered: Select[Any] = select(literal(0))
    if of_one:
        mine = select(GroupFacilitator.group_id).where(GroupFacilitator.facilitator_id == bindparam("me_id"))
        sessions = select(GroupSession.id).where(GroupSession.group_id.in_(mine))
        people = select(Participant.id).where(Participant.group_id.in_(mine))
        beside = OutboxMessage.session_id.is_(None) & OutboxMessage.participant_id.in_(people)
        held = held.where(OutboxMessage.session_id.in_(sessions) | beside, OutboxMessage.kind != MessageKind.TEST)
        coming = sessions.where(GroupSession.starts_at > bindparam("me_now", type_=Instant))
        undelivered = (
            select(func.count())
            .select_from(OutboxMessage)
            .where(OutboxMessage.session_id.in_(coming), in_states(OutboxState.FAILED, OutboxState.EXPIRED))
            .where(OutboxMessage.kind != MessageKind.TEST)
        )
    figures = (
        select(func.min(OutboxMessage.next_attempt_at, type_=Instant)).where(in_states(OutboxState.PENDING)),
        # the index knows unknown and held messages together, so its words come first
        select(func.min(OutboxMessage.gated_at, type_=Instant)).where(OPEN, in_states(OutboxState.UNKNOWN)),
        held,
        undelivered,
        select(Channel.open_since_at).where(Channel.name == CHANNEL),
        select(Channel.reason).where(Channel.name == CHANNEL),
        select(Channel.last_error).where(Channel.name == CHANNEL),
        select(func.count()).select_from(InstallationSetting).where(InstallationSetting.name == PAUSED_SETTING),
        # what the last audit found; nobody asks for it here, because that reads all of the outbox
        select(Counter.value).where(Counter.name == AUDIT_MISSING, Counter.labels == ""),
        select(Counter.value).where(Counter.name == AUDIT_LOST, Counter.labels == ""),
        select(Counter.value).where(Counter.name == BACKUP_AT),
    )
    once = select(*(figure.label(f"figure_{at}") for at, figure in enumerate(figures))).cte("once")
    # the figures stand beside every tick, and alone where none has run yet
    return select(Tick, *once.c).outerjoin_from(once, Tick, true())


def _read(db: Session, me: Facilitator | None, now: datetime) -> _Found:
    question = _question(of_one=me is not None)
    rows = [tuple(row) for row in db.execute(question, {"me_id": me.id, "me_now": now} if me else {})]
    due_at, unknown_at, waiting, undelivered, open_since_at, reason, last_error, paused, missing, lost, backed_up = (
        rows[0][1:]
    )
    return _Found(
        due_at=due_at,
        unknown_at=unknown_at,
        held=waiting,
        undelivered=undelivered,
        open_since_at=open_since_at,
        reason=reason or "",
        last_error=last_error or "",
        paused=bool(paused),
        missing=missing,
        lost=lost,
        backup_at=datetime.fromtimestamp(backed_up, UTC) if backed_up else None,
        ticks={tick.name: tick for tick, *_ in rows if tick},
    )


def _age(at: datetime | None, now: datetime) -> timedelta:
    return max(now - at, timedelta()) if at else timedelta()


def _tick(name: str, period: timedelta, tick: Tick | None, now: datetime) -> TickHealth:
    limit = max(period * LATE_PERIODS, LEAST_TICK_AGE)
    finished_at = tick.finished_at if tick else None
    return TickHealth(
        name=name,
        period=period,
        finished_at=finished_at,
        error=tick.error if tick else "",
        late=finished_at is None or now - finished_at > limit,
    )
