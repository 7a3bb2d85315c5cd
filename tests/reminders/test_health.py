"""The health of delivery: each figure has a limit, and each limit that is passed has a name."""

from datetime import timedelta

import pytest

from facilitator.reminders import service
from facilitator.reminders.delivery import CHANNEL, deliver_due
from facilitator.reminders.health import TICK_PERIODS, check_delivery, count_states
from facilitator.reminders.models import Channel, OutboxMessage, Tick
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, SENDING, UNKNOWN, pretend

SECOND = timedelta(seconds=1)
LIMITS = {"dispatch": 30 * SECOND, "reap": 50 * SECOND, "plan": 5 * MINUTE, "audit": 50 * MINUTE, "purge": 120 * HOUR}


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
    with scene.database.read() as db:
        return count_states(db)


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
