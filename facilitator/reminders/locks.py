"""The order in which a transaction that touches several messages takes its locks.

PostgreSQL alone needs it; SQLite has one writer. Nothing is read or written here but locks.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, BigInteger, BindParameter, String, Table, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from facilitator.prepared import Prepared
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.opening import outbox, people, sessions

SEVERAL = 2


def hold_in_order(db: Session, rows: Sequence[OutboxMessage]) -> None:
    """Take the locks of a transaction that touches several messages in the order in which everybody takes them.

    People, then sessions, then messages, each by id: a cancellation holds its session and waits for the messages of
    it, and a person's wish holds the person; whoever came the other way round would wait for them for ever. SQLite
    has one writer and needs none of it.
    """
    if db.get_bind().dialect.name != "sqlite" and len(rows) >= SEVERAL:
        ids = {
            "people_ids": [row.participant_id for row in rows if row.participant_id],
            "session_ids": [row.session_id for row in rows if row.session_id],
            "message_ids": [row.id for row in rows],
        }
        HOLD.run(db.connection(), ids)


def _locked(table: Table, ids: BindParameter[Any], after: CTE | None, *, shared: bool) -> CTE:
    """Return the rows to lock by id, once those of `after` are locked: its count is asked for first."""
    found = select(table.c.id).where(table.c.id == any_(ids)).order_by(table.c.id).with_for_update(read=shared)
    if after is not None:
        found = found.where(select(func.count()).select_from(after).scalar_subquery() >= 0)
    return found.cte(f"held_{table.name}").prefix_with("MATERIALIZED", dialect="postgresql")


_texts = postgresql.ARRAY(String)
_held_people = _locked(people, bindparam("people_ids", type_=_texts), None, shared=True)
_held_sessions = _locked(sessions, bindparam("session_ids", type_=_texts), _held_people, shared=True)
_held = _locked(outbox, bindparam("message_ids", type_=postgresql.ARRAY(BigInteger)), _held_sessions, shared=False)
HOLD = Prepared(select(func.count()).select_from(_held))
