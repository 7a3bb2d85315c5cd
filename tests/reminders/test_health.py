"""The health of delivery: each figure has a limit, and each limit that is passed has a name."""

import re
import sqlite3
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from facilitator.reminders import service
from facilitator.reminders.counts import set_figures
from facilitator.reminders.delivery import CHANNEL, deliver_due
from facilitator.reminders.health import TICK_PERIODS, check_delivery
from facilitator.reminders.models import Channel, OutboxMessage, Tick
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, SENDING, UNKNOWN, pretend

SECOND = timedelta(seconds=1)
LIMITS = {
    "dispatch": 30 * SECOND,
    "reap": 50 * SECOND,
    "plan": 5 * MINUTE,
    "audit": 50 * MINUTE,
    "ping": 5 * MINUTE,
    "returns": 5 * MINUTE,
    "purge": 120 * HOUR,
    "backup": 25 * MINUTE,
}


def tick(scene, *names, error=""):
    """Let ticks have finished now; all of them without names."""
    with scene.change() as db:
        for name in names or TICK_PERIODS:
            at = scene.clock()
            db.merge(Tick(name=name, owner="worker:1", epoch=1, started_at=at, finished_at=at, error=error))


def health(scene):
    with scene.database.read() as db:
        return check_delivery(db, scene.clock())


def counts(scene):
    return Counter(row.state for row in scene.rows())


@pytest.fixture
def well(scene):
    """Everything ticks, and Pat's early reminder is due this very moment."""
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    tick(scene)
    return scene


def test_all_is_well_while_every_figure_is_within_its_limit(well):
    found = health(well)
    assert found.ok
    assert found.problems == ()
    assert counts(well) == {"pending": 2}
    assert (found.oldest_due, found.held, found.paused, found.last_error) == (timedelta(), 0, False, "")


def test_an_installation_whose_worker_never_ran_says_so(scene):
    assert health(scene).problems == tuple(f"tick_{name}" for name in TICK_PERIODS)


def test_while_nobody_sends_that_alone_is_said_of_the_worker(scene):
    assert health(scene).told == ("tick_dispatch",)
    tick(scene, "dispatch")
    assert health(scene).told == tuple(f"tick_{name}" for name in TICK_PERIODS if name != "dispatch")


@pytest.mark.parametrize("name", TICK_PERIODS)
def test_a_tick_is_late_after_five_periods_and_never_within_half_a_minute(well, name):
    well.clock.advance(LIMITS[name])
    tick(well, *(set(TICK_PERIODS) - {name}))
    assert f"tick_{name}" not in health(well).problems
    well.clock.advance(SECOND)
    tick(well, *(set(TICK_PERIODS) - {name}))
    assert f"tick_{name}" in health(well).problems
    [late] = [one for one in health(well).ticks if one.late]
    assert (late.name, late.period) == (name, TICK_PERIODS[name])


def test_the_error_of_a_tick_is_shown_by_its_type(well):
    tick(well, "plan", error="OperationalError")
    assert {one.name: one.error for one in health(well).ticks}["plan"] == "OperationalError"


def test_messages_are_late_when_one_has_been_due_for_two_minutes(well):
    well.clock.advance(120 * SECOND)
    tick(well)
    assert health(well).ok
    assert health(well).oldest_due == 120 * SECOND
    well.clock.advance(SECOND)
    tick(well)
    assert health(well).problems == ("messages_late",)


def test_paused_messages_are_not_late(well):
    well.clock.advance(HOUR)
    tick(well)
    with well.change() as db:
        service.pause_all(db, well.clock())
    found = health(well)
    assert (found.ok, found.paused, found.oldest_due) == (True, True, timedelta())


def test_the_messages_of_a_paused_group_are_not_late_while_the_worker_looks_at_them(well, station):
    well.set_group(reminders_paused_at=well.clock())
    with Liar() as server:
        for _ in range(4):
            deliver_due(station(server.url))
            well.clock.advance(MINUTE)
    tick(well)
    assert health(well).ok


def test_a_mail_server_that_does_not_answer_is_a_problem_after_five_minutes(well):
    with well.change() as db:
        since = well.clock()
        db.add(Channel(name=CHANNEL, failures=3, open_since_at=since, open_until_at=since, last_error="refused"))
        for row in well.rows():
            db.get_one(OutboxMessage, row.id).next_attempt_at = well.clock() + HOUR
    well.clock.advance(5 * MINUTE)
    tick(well)
    assert health(well).ok
    assert (health(well).breaker_open_since, health(well).last_error) == (since, "refused")
    well.clock.advance(SECOND)
    assert health(well).problems == ("mail_server",)


def test_a_message_of_unknown_fate_is_a_problem_after_a_quarter_of_an_hour(well):
    pretend(well, LEASED, SENDING, UNKNOWN, lead_minutes=48 * 60)
    well.clock.advance(15 * MINUTE)
    tick(well)
    assert health(well).ok
    well.clock.advance(SECOND)
    assert health(well).problems == ("unknown",)


def test_what_waits_for_a_person_is_counted(well):
    pretend(well, LEASED, SENDING, UNKNOWN, "held", lead_minutes=48 * 60)
    found = health(well)
    assert (found.held, counts(well)) == (1, {"held": 1, "pending": 1})


def test_looking_writes_nothing(well):
    before = [(row.id, row.state, row.next_attempt_at) for row in well.rows()]
    health(well)
    assert [(row.id, row.state, row.next_attempt_at) for row in well.rows()] == before


@pytest.mark.parametrize(("name", "problem"), [("audit_missing", "audit_missing"), ("audit_lost", "conservation")])
@pytest.mark.parametrize("number", [1, -1, 0])
def test_what_the_last_audit_found_is_a_problem_until_the_next_finds_nothing(well, name, problem, number):
    with well.change() as db:
        set_figures(db, {(name, ""): number})
    assert health(well).problems == ((problem,) if number else ())


@pytest.mark.parametrize(
    ("version", "has_fault"),
    [
        ("", False),
        ("3.6.23", False),
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.51.2", True),
        ("3.51.3", False),
        ("4.0", False),
    ],
)
def test_the_fault_of_sqlite_is_known_by_its_version(well, version, has_fault):
    assert replace(health(well), sqlite_version=version).has_sqlite_fault == has_fault


def test_the_version_of_sqlite_is_shown_and_is_no_problem(well):
    found = health(well)
    assert found.sqlite_version == (sqlite3.sqlite_version if well.database.is_sqlite else "")
    assert found.ok


def fill_outbox(scene, number):
    """Copy a message so many times, as sent, and let the engine count its rows."""
    taken = {"id", "uuid", "dedup_key", "state"}
    columns = ", ".join(column.name for column in OutboxMessage.__table__.columns if column.name not in taken)
    with scene.change() as db:
        db.execute(
            text(
                f"WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {number}) "  # noqa: S608 - names of columns
                f"INSERT INTO outbox (uuid, dedup_key, state, {columns}) "
                f"SELECT 'row' || n, 'row' || n, 'sent', {columns} FROM outbox, many WHERE outbox.id = 1"
            )
        )
        db.execute(text("ANALYZE"))


@contextmanager
def recorded(database):
    """Give the statements that are sent meanwhile, with their parameters."""
    statements = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def explain(database, statement, parameters):
    verb = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.read() as db:
        lines = db.connection().exec_driver_sql(f"{verb} {statement}", parameters).all()
    return "\n".join(str(line[-1]) for line in lines)


def reads_it_all(plan):
    return re.search(r"Seq Scan on outbox|SCAN outbox(?! USING (COVERING )?INDEX)", plan)


def test_health_is_one_query_that_no_number_of_sent_messages_slows(well):
    fill_outbox(well, 20_000)
    with recorded(well.database) as statements:
        assert health(well).ok
    [(statement, parameters)] = [one for one in statements if not one[0].startswith("BEGIN")]
    plan = explain(well.database, statement, parameters)
    assert "ix_outbox_next" in plan
    assert "ix_outbox_open" in plan
    assert not reads_it_all(plan), plan
    whole = explain(well.database, "SELECT count(*) FROM outbox WHERE reply = ''", ())
    assert reads_it_all(whole)  # so the line above can fail
