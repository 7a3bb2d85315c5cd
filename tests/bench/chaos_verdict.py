"""Judges a run of chaos by what the mail server accepted and what the outbox says of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, func, select

from facilitator.db import Database
from facilitator.planning.models import GroupSession
from facilitator.reminders.delivery import GATE_TO_DOT
from facilitator.reminders.follow import follow
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.models_worker import OutboxTally
from facilitator.reminders.rules import TERMINAL, WITHDRAWN, OutboxState
from tests.bench.chaos_writer import Change

ENDS = TERMINAL | {OutboxState.HELD}
SESSIONS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The figures of one run.

    Args:
        zeros: figures that must be 0, by what they count.
        others: figures to look at.
        states: how many messages ended in which state.
    """

    zeros: Mapping[str, int]
    others: Mapping[str, str]
    states: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Tell whether every figure that must be 0 is."""
        return not any(self.zeros.values())


def judge(
    database: Database, accepted: Mapping[str, Sequence[float]], changes: Sequence[Change], refused: int
) -> Verdict:
    """Compare acceptances, messages and saved changes."""
    rows = _read(database)
    states = Counter(row.state for row in rows)
    copies = {row.uuid: len(accepted.get(row.uuid, ())) for row in rows}
    late_gates, latest = _after_changes(rows, accepted, changes)
    twice = [row for row in rows if copies[row.uuid] > 1]
    sent_unknown = [row for row in rows if row.unknowns]
    return Verdict(
        zeros={
            "lost: sent but never accepted": sum(
                row.state == OutboxState.SENT and not copies[row.uuid] for row in rows
            ),
            "accepted more often than flagged": sum(copies[row.uuid] > 1 + row.unknowns for row in rows),
            "accepted and in no message's name": len(set(accepted) - set(copies)),
            "passed the gate after the change was saved": late_gates,
            "withdrawn, never doubtful, yet accepted": sum(
                row.state in WITHDRAWN and copies[row.uuid] > row.unknowns for row in rows
            ),
            "accepted later after the change than a hand-over takes": int(latest > GATE_TO_DOT),
            "not at an end": sum(count for state, count in states.items() if state not in ENDS),
            "planned and vanished": abs(_tally(database) - len(rows)),
            "missing: ought to be planned": _missing(database),
            "changes that the database refused": refused,
        },
        others={
            "messages": f"{len(rows):,}",
            "accepted": f"{sum(map(len, accepted.values())):,}",
            "accepted twice, all flagged before": f"{len(twice):,}",
            "were of unknown fate": f"{len(sent_unknown):,}",
            "of these accepted / not": f"{sum(copies[row.uuid] > 0 for row in sent_unknown):,} / "
            f"{sum(copies[row.uuid] == 0 for row in sent_unknown):,}",
            "changes saved": str(dict(Counter(change.kind for change in changes))),
            "latest acceptance of an older time after its change": f"{latest.total_seconds() * 1000:.0f} ms",
        },
        states=dict(sorted(states.items())),
    )


def _read(database: Database) -> Sequence[Row[tuple[str, str, int, str | None, int, datetime | None]]]:
    message = OutboxMessage
    columns = (message.uuid, message.state, message.unknowns, message.session_id, message.time_rev, message.gated_at)
    with database.read() as db:
        return db.execute(select(*columns)).all()


def _after_changes(
    rows: Sequence[Row[tuple[str, str, int, str | None, int, datetime | None]]],
    accepted: Mapping[str, Sequence[float]],
    changes: Sequence[Change],
) -> tuple[int, timedelta]:
    """Return how many messages passed the gate after a change that should have held them, and the latest acceptance."""
    by_session: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_session[change.session_id].append(change)
    late, latest = 0, timedelta()
    for row in rows:
        first = next((one for one in by_session.get(row.session_id or "", ()) if one.time_rev > row.time_rev), None)
        if first is None:
            continue
        late += row.gated_at is not None and row.gated_at > first.saved_at
        for at in accepted.get(row.uuid, ()):
            latest = max(latest, datetime.fromtimestamp(at, UTC) - first.saved_at)
    return late, latest


def _tally(database: Database) -> int:
    with database.read() as db:
        return int(db.scalar(select(func.sum(OutboxTally.planned - OutboxTally.deleted))) or 0)


def _missing(database: Database) -> int:
    """Return how many messages a planning pass would still add; it adds none."""
    missing = 0
    with database.read() as db:
        ids = list(db.scalars(select(GroupSession.id)))
    for at in range(0, len(ids), SESSIONS_AT_ONCE):
        with database.write() as db:
            some = db.scalars(select(GroupSession).where(GroupSession.id.in_(ids[at : at + SESSIONS_AT_ONCE]))).all()
            followed = follow(db, some, datetime.now(UTC))
            missing += followed.planned + followed.notices
            db.rollback()
    return missing
