"""The audit: whether every message that should exist does, and whether none vanished by any way but a deletion.

It runs after a sweep, so what it still misses is what the sweep could not mend. What it finds is
kept as figures in the table `counter`, beside the worker's other figures: health reads two of them by their key, and
settings stay what people choose on screen. Safe to run twice, or late. Nothing here names a person.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from facilitator.planning.models import GroupSession
from facilitator.reminders.counts import AUDIT_EXTRA, AUDIT_LOST, AUDIT_MISSING, MESSAGES, labels, set_figures
from facilitator.reminders.follow import REPLANNED, RULE_REMOVED, Scene, look, wanted
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.models_worker import OutboxTally
from facilitator.reminders.personal import count_missing, groups_to_look_at
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.sweep import sweep

AUDIT_AHEAD = timedelta(days=16)  # beyond the longest lead of 14 days
ENDED = "ended"
_TAKEN = in_states(OutboxState.LEASED, OutboxState.SENDING)
_DOUBTFUL = in_states(OutboxState.UNKNOWN, OutboxState.HELD)
# the words of an index come first, where it knows two states together
UNDER_WAY = {
    OutboxState.PENDING: (in_states(OutboxState.PENDING),),
    OutboxState.LEASED: (_TAKEN, in_states(OutboxState.LEASED)),
    OutboxState.SENDING: (_TAKEN, in_states(OutboxState.SENDING)),
    OutboxState.UNKNOWN: (_DOUBTFUL, in_states(OutboxState.UNKNOWN)),
    OutboxState.HELD: (_DOUBTFUL, in_states(OutboxState.HELD)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What one audit found, in messages.

    Args:
        repaired: what the sweep had to add or take back, because a change was not followed.
        missing: what should exist and does not, after the sweep.
        extra: what waits although nothing calls for it; the gate will turn it away.
        lost: planned, neither there nor deleted; below zero when more are there than were planned.
        states: how many are under way or wait in each state, and how many are at an end.
    """

    repaired: int
    missing: int
    extra: int
    lost: int
    states: Mapping[str, int]


def audit(db: Session, now: datetime, between: Callable[[], None] = lambda: None) -> AuditResult:
    """Bring the messages up to date as far ahead as any reminder reaches, then compare and count, and keep the figures.

    Args:
        db: a writing session.
        now: the present instant.
        between: called after each group; a worker commits there, so that nobody waits for the whole round.
    """
    followed = sweep(db, AUDIT_AHEAD, now, between)
    missing, extra = _compare(db, now, between)
    planned, states = _count(db)
    _fold(db)
    result = AuditResult(
        repaired=followed.planned + followed.notices + followed.withdrawn,
        missing=missing,
        extra=extra,
        lost=planned - sum(states.values()),
        states=states,
    )
    _keep(db, result)
    return result


def _compare(db: Session, now: datetime, between: Callable[[], None]) -> tuple[int, int]:
    """Return how many messages of the coming sessions are missing, and how many nobody expects."""
    by_group: defaultdict[str, list[GroupSession]] = defaultdict(list)
    coming = select(GroupSession).where(GroupSession.starts_at > now, GroupSession.starts_at <= now + AUDIT_AHEAD)
    for session in db.scalars(coming):
        by_group[session.group_id].append(session)
    missing = extra = 0
    for group_id, sessions in by_group.items():
        scene = look(db, group_id, sessions, now)
        for session in sessions:
            keys = {occasion.dedup_key for occasions in wanted(scene, session, now) for occasion in occasions}
            rows = scene.rows[session.id]
            missing += len(keys - {_base(row) for row in rows if row.reason != RULE_REMOVED})
            extra += _count_extra(scene, keys, rows)
        between()
    return missing + sum(count_missing(db, group, now) for group in groups_to_look_at(db, now)), extra


def _base(row: OutboxMessage) -> str:
    return row.dedup_key.partition(REPLANNED)[0]


def _count_extra(scene: Scene, keys: Collection[str], rows: Sequence[OutboxMessage]) -> int:
    """Count the waiting messages without an occasion.

    One more copy has none, because a person asked for it; and what waits for somebody who is not written to any more
    is turned away by the gate when its time comes.
    """
    written_to = {person.id for person in scene.people.values() if person.reachable and not person.stopped}
    planned = (row for row in rows if row.asked_by is None and row.participant_id in written_to)
    return sum(row.state == OutboxState.PENDING and _base(row) not in keys for row in planned)


def _count(db: Session) -> tuple[int, dict[str, int]]:
    """Return how many messages there should be, and how many there are in each state that is no end, and at one.

    One statement, so that what others plan meanwhile is in both or in neither. Every message has one state by the
    schema, so the ended ones are the rest; to count them by state would read every row, and the others have indexes.
    """
    left = select(func.coalesce(func.sum(OutboxTally.planned - OutboxTally.deleted), 0))
    every = select(func.count()).select_from(OutboxMessage)
    figures = [left, every, *(every.where(*condition) for condition in UNDER_WAY.values())]
    planned, rows, *numbers = db.execute(select(*(figure.scalar_subquery() for figure in figures))).one()
    states = dict(zip(UNDER_WAY, numbers, strict=True))
    return int(planned), {**states, ENDED: rows - sum(numbers)}


def _fold(db: Session) -> None:
    """Make one line of the tally of the many that planners wrote; what they write meanwhile stays for the next time.

    SQLite has one line from the start.
    """
    if db.get_bind().dialect.name == "sqlite":
        return
    gone = delete(OutboxTally).returning(OutboxTally.planned, OutboxTally.deleted).cte("gone")
    summed = select(func.sum(gone.c.planned), func.sum(gone.c.deleted)).having(func.count() > 0)
    db.execute(insert(OutboxTally).from_select(["planned", "deleted"], summed, include_defaults=False))


def _keep(db: Session, result: AuditResult) -> None:
    figures = {(MESSAGES, labels(state=state)): float(number) for state, number in result.states.items()}
    figures |= {(AUDIT_MISSING, ""): result.missing, (AUDIT_EXTRA, ""): result.extra, (AUDIT_LOST, ""): result.lost}
    set_figures(db, figures)
