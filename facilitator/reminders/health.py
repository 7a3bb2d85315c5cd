"""Whether delivery keeps its word right now, in figures that a light, a page and a monitor can read.

Reads only. Nothing here names a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from facilitator.accounts.models import InstallationSetting
from facilitator.db import Instant
from facilitator.reminders.delivery import CHANNEL
from facilitator.reminders.gate import PAUSED_SETTING
from facilitator.reminders.models import Channel, OutboxMessage, Tick, in_states
from facilitator.reminders.rules import OutboxState

# how often each tick runs; a tick older than five periods is late
TICK_PERIODS = {
    "dispatch": timedelta(seconds=1),
    "reap": timedelta(seconds=10),
    "plan": timedelta(seconds=60),
    "audit": timedelta(minutes=10),
    "purge": timedelta(days=1),
}
LATE_PERIODS = 5
LEAST_TICK_AGE = timedelta(seconds=30)  # a tick of one second may wait for one slow hand-over
LATEST_DUE = timedelta(seconds=120)
LONGEST_BREAK = timedelta(minutes=5)
LONGEST_UNKNOWN = timedelta(minutes=15)
OPEN = in_states(OutboxState.UNKNOWN, OutboxState.HELD)


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
        held: messages that wait for a person.
        ticks: the worker's clock.
        breaker_open_since: when the mail server stopped answering, or None.
        server_reason: a code for why it takes no mail; empty while it does.
        last_error: its last answer, without addresses; raw, for whoever runs the installation.
        paused: whether somebody holds back all mail.
    """

    problems: tuple[str, ...]
    oldest_due: timedelta
    held: int
    ticks: tuple[TickHealth, ...]
    breaker_open_since: datetime | None
    server_reason: str
    last_error: str
    paused: bool

    @property
    def ok(self) -> bool:
        """Tell whether every figure is within its limit."""
        return not self.problems


def check_delivery(db: Session, now: datetime) -> DeliveryHealth:
    """Return the figures of this instant, in one query whatever the size of the outbox."""
    found = _read(db)
    ticks = tuple(_tick(name, period, found.ticks.get(name), now) for name, period in TICK_PERIODS.items())
    oldest_due = timedelta() if found.paused else _age(found.due_at, now)
    problems = [f"tick_{tick.name}" for tick in ticks if tick.late]
    if oldest_due > LATEST_DUE:
        problems.append("messages_late")
    if _age(found.open_since_at, now) > LONGEST_BREAK:
        problems.append("mail_server")
    if _age(found.unknown_at, now) > LONGEST_UNKNOWN:
        problems.append("unknown")
    return DeliveryHealth(
        problems=tuple(problems),
        oldest_due=oldest_due,
        held=found.held,
        ticks=ticks,
        breaker_open_since=found.open_since_at,
        server_reason=found.reason,
        last_error=found.last_error,
        paused=found.paused,
    )


def count_states(db: Session) -> dict[str, int]:
    """Return how many messages are in which state; reads the whole outbox, so it is for monitors and not for pages."""
    by_state = db.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state))
    return {state: count for state, count in by_state}  # noqa: C416 - to mypy a row is no pair


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the database says, before it is judged."""

    due_at: datetime | None
    unknown_at: datetime | None
    held: int
    open_since_at: datetime | None
    reason: str
    last_error: str
    paused: bool
    ticks: dict[str, Tick]


def _read(db: Session) -> _Found:
    figures = (
        select(func.min(OutboxMessage.next_attempt_at, type_=Instant)).where(in_states(OutboxState.PENDING)),
        # the index knows unknown and held messages together, so its words come first
        select(func.min(OutboxMessage.gated_at, type_=Instant)).where(OPEN, in_states(OutboxState.UNKNOWN)),
        select(func.count()).select_from(OutboxMessage).where(OPEN, in_states(OutboxState.HELD)),
        select(Channel.open_since_at).where(Channel.name == CHANNEL),
        select(Channel.reason).where(Channel.name == CHANNEL),
        select(Channel.last_error).where(Channel.name == CHANNEL),
        select(func.count()).select_from(InstallationSetting).where(InstallationSetting.name == PAUSED_SETTING),
    )
    once = select(*(figure.label(f"figure_{at}") for at, figure in enumerate(figures))).cte("once")
    # the figures stand beside every tick, and alone where none has run yet
    rows = [tuple(row) for row in db.execute(select(Tick, *once.c).outerjoin_from(once, Tick, true()))]
    due_at, unknown_at, held, open_since_at, reason, last_error, paused = rows[0][1:]
    return _Found(
        due_at=due_at,
        unknown_at=unknown_at,
        held=held,
        open_since_at=open_since_at,
        reason=reason or "",
        last_error=last_error or "",
        paused=bool(paused),
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
