"""What delivery asks the database at every step: each statement finds its messages by an index, on both engines.

The statements are taken from the steps themselves while they run, and the engine is asked how it would carry them out
over an outbox that it has counted. One that reads every message is slow only once there are many.
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, text

from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.prepared import Prepared
from facilitator.reminders.claim import claim_due, free_expired, is_due, is_due_more_than
from facilitator.reminders.delivery import BATCH, LARGE_BACKLOG
from facilitator.reminders.follow import follow
from facilitator.reminders.gate import pass_gate
from facilitator.reminders.health import check_delivery
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.policy import resolve_unknown
from facilitator.reminders.sight import look
from facilitator.reminders.sweep import expire_overdue
from tests.bench.outbox_crowd import fill_outbox
from tests.reminders.conftest import HOUR

GROUPS, WEEKS = 20, 50  # 20,000 messages


def claim(db, now):
    return claim_due(db, "worker:1", BATCH, now + 60 * HOUR)


def ask_the_gate(db, now):
    later = now + 60 * HOUR
    rows = claim_due(db, "worker:1", BATCH, later)
    for seen in look(db, rows, later):
        pass_gate(db, seen, later)


def cancel(db, now):
    session = db.scalars(
        select(GroupSession).where(GroupSession.starts_at > now).order_by(GroupSession.starts_at).limit(1)
    ).one()
    session.status, session.time_rev = SessionStatus.CANCELLED, session.time_rev + 1
    follow(db, [session], now)


STEPS = {
    "claim": claim,
    "idle probe": is_due,
    "size of the backlog": lambda db, now: is_due_more_than(db, LARGE_BACKLOG, now),
    "gate": ask_the_gate,
    "reap": free_expired,
    "cancel": cancel,
    "end what is too late": expire_overdue,
    "resolve unknown": resolve_unknown,
    "health": check_delivery,
}


@pytest.fixture
def full(database, now):
    assert fill_outbox(database, GROUPS, WEEKS, now) == GROUPS * WEEKS * 20
    return database


def find_slow_steps(database, now):
    """Return the steps that read every message, each with what the engine says of it."""
    found = {}
    for name, step in STEPS.items():
        with database.write() as db:
            with statements_of(database) as asked:
                step(db, now)
            assert asked, f"{name} asked nothing about messages"
            assert name != "gate" or any("sending" in statement for statement, _ in asked)
            plans = [plan for statement, values in asked for plan in explain(db, statement, values)]
            db.rollback()
        slow = [line for line in plans if reads_all(line)]
        if slow:
            found[name] = slow
    return found


@contextmanager
def statements_of(database):
    asked = []

    def note(_connection, _cursor, statement, values, _context, many):
        if "outbox" in statement and not statement.startswith("INSERT") and "outbox_tally" not in statement:
            asked.append((statement, values[0] if many else values))

    def note_prepared(self, link, values):
        laid_out = self._for(link)
        filled = laid_out.fill(values)
        note(None, None, laid_out.text, tuple(filled) if isinstance(filled, list) else filled, None, many=False)
        return run(self, link, values)

    run = Prepared.run
    event.listen(database.engine, "before_cursor_execute", note)
    Prepared.run = note_prepared
    try:
        yield asked
    finally:
        Prepared.run = run
        event.remove(database.engine, "before_cursor_execute", note)


def explain(db, statement, values):
    word = "EXPLAIN QUERY PLAN" if db.get_bind().dialect.name == "sqlite" else "EXPLAIN"
    return [str(row[-1]) for row in db.connection().exec_driver_sql(f"{word} {statement}", values)]


def reads_all(line):
    """Tell whether a line of a plan reads every message; a whole partial index is read where it holds few."""
    return "Seq Scan on outbox" in line or (line.startswith("SCAN outbox") and not any(few in line for few in FEW))


FEW = [index.name for index in OutboxMessage.__table__.indexes if index.dialect_options["sqlite"]["where"] is not None]


def test_no_step_of_delivery_reads_every_message(full, now):
    assert find_slow_steps(full, now) == {}


def test_a_step_that_lost_its_index_is_noticed(full, now):
    with full.write() as db:
        for index in OutboxMessage.__table__.indexes:
            db.execute(text(f"DROP INDEX {index.name}"))
        db.execute(text("ANALYZE"))
        db.commit()
    # the gate finds its message by number, and whatever else it asks is about one session
    assert set(find_slow_steps(full, now)) == set(STEPS)
