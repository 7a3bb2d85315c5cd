"""Whether delivery keeps its word right now, in figures that a light, a page and a monitor can read.

Reads only. Nothing here names a person.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.reminders.delivery import CHANNEL
from facilitator.reminders.models import Channel, OutboxMessage, Tick
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.service import is_all_paused

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
        counts: messages by state.
        held: messages that wait for a person.
        ticks: the worker's clock.
        breaker_open_since: when the mail server stopped answering, or None.
        last_error: its last answer, without addresses.
        paused: whether somebody holds back all mail.
    """

    problems: tuple[str, ...]
    oldest_due: timedelta
    counts: dict[str, int]
    held: int
    ticks: tuple[TickHealth, ...]
    breaker_open_since: datetime | None
    last_error: str
    paused: bool

    @property
    def ok(self) -> bool:
        """Tell whether every figure is within its limit."""
        return not self.problems


def check_delivery(db: Session, now: datetime) -> DeliveryHealth:
    """Return the figures of this instant."""
    by_state = db.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state))
    counts: Counter[str] = Counter({state: count for state, count in by_state})  # noqa: C416 - rows are no pairs to mypy
    ticks = _ticks(db, now)
    channel = db.get(Channel, CHANNEL)
    paused = is_all_paused(db)
    oldest_due = timedelta() if paused else _oldest_due(db, now)
    open_since = channel.open_since_at if channel else None
    problems = [f"tick_{tick.name}" for tick in ticks if tick.late]
    if oldest_due > LATEST_DUE:
        problems.append("messages_late")
    if open_since and now - open_since > LONGEST_BREAK:
        problems.append("mail_server")
    if _oldest_unknown(db, now) > LONGEST_UNKNOWN:
        problems.append("unknown")
    return DeliveryHealth(
        problems=tuple(problems),
        oldest_due=oldest_due,
        counts=dict(counts),
        held=counts[OutboxState.HELD],
        ticks=ticks,
        breaker_open_since=open_since,
        last_error=channel.last_error if channel else "",
        paused=paused,
    )


def _ticks(db: Session, now: datetime) -> tuple[TickHealth, ...]:
    found = {tick.name: tick for tick in db.scalars(select(Tick))}
    return tuple(_tick(name, period, found.get(name), now) for name, period in TICK_PERIODS.items())


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


def _oldest_due(db: Session, now: datetime) -> timedelta:
    oldest = db.scalar(
        select(func.min(OutboxMessage.next_attempt_at)).where(OutboxMessage.state == OutboxState.PENDING)
    )
    return max(now - oldest, timedelta()) if oldest else timedelta()


def _oldest_unknown(db: Session, now: datetime) -> timedelta:
    oldest = db.scalar(select(func.min(OutboxMessage.gated_at)).where(OutboxMessage.state == OutboxState.UNKNOWN))
    return now - oldest if oldest else timedelta()
