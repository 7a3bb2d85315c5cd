"""Planning by many at once, and by nobody for half a day."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from facilitator.planning.models import GroupSession
from facilitator.planning.redating import redate_coming
from facilitator.reminders.models_worker import Counter as Figure
from tests.faults.installation import MIDNIGHT, conserved, wait_until
from tests.mail.servers import Liar
from tests.reminders.conftest import HOUR, MINUTE

pytestmark = pytest.mark.processes
ALWAYS = {"quiet_from_time": MIDNIGHT, "quiet_to_time": MIDNIGHT}
PLANNERS, PEOPLE, SESSIONS = 20, 12, 3


def waiting(installation):
    """Return how many planners wait for a lock; SQLite does not tell, so there every one of them that was started."""
    if installation.database.is_sqlite:
        return len(installation.processes)
    with installation.database.read() as db:
        return db.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


@pytest.mark.fault(22)
def test_twenty_planners_at_once_plan_each_message_once(installation):
    scene = installation.scene
    with scene.change() as db:
        redate_coming(db, scene.clock())  # an installation's very first pass writes its zone rules down, alone
    for number in range(PEOPLE):
        scene.add_person(f"person{number}", **ALWAYS)
    for number in range(1, SESSIONS):
        scene.add_session(scene.clock.at + (4 + number) * HOUR, position=number + 1)
    with scene.change() as db:
        db.scalars(select(GroupSession).with_for_update()).all()  # until every one of them stands at the door
        planners = [installation.fork(verb=["plan-due"]) for _ in range(PLANNERS)]
        wait_until(lambda: waiting(installation) >= PLANNERS)
    told = [planner.communicate(60)[1] for planner in planners]
    assert [(planner.poll(), words) for planner, words in zip(planners, told, strict=True) if planner.poll()] == []
    said = [json.loads(words.splitlines()[-1]) for words in told]
    rows = scene.rows()
    assert Counter((row.session_id, row.participant_id) for row in rows).total() == PEOPLE * SESSIONS
    assert len({row.dedup_key for row in rows}) == len(rows) == sum(one["planned"] for one in said)
    assert installation.tally() == len(rows)
    with installation.database.read() as db:
        hits = db.scalar(select(Figure.value).where(Figure.name == "dedup_hits"))
    if installation.database.is_sqlite:
        assert hits is None  # its writers take turns, so the second one finds the rows before it plans any
    else:
        assert hits
    conserved(installation)


@pytest.mark.fault(23)
@pytest.mark.parametrize("planned", [True, False], ids=["planned before", "planned by nobody"])
def test_after_half_a_day_without_a_worker_each_person_gets_one_reminder_and_none_after_its_use(installation, planned):
    scene, now = installation.scene, datetime.now(UTC)
    scene.add_rule(8 * HOUR)
    scene.clock.at = now - 12 * HOUR
    people = [scene.add_person(f"person{number}", **ALWAYS) for number in range(3)]
    starts = {
        # both reminders were missed: the later one goes out
        scene.session_id: 1,
        scene.add_session(now + 2 * HOUR, position=2): 1,
        # the early one was missed and the later one is still to come
        scene.add_session(now + 5 * HOUR, position=3): 1,
        # nothing was missed
        scene.add_session(now + 11 * HOUR, position=4): 0,
        # too late: it begins in eight minutes, began an hour ago, is over
        scene.add_session(now + 8 * MINUTE, position=5): 0,
        scene.add_session(now - HOUR, position=6): 0,
        scene.add_session(now - 6 * HOUR, position=7): 0,
    }
    if planned:
        for session_id in starts:
            scene.follow(session_id)
    with Liar() as server:
        installation.send_to(server)
        installation.fork()
        wait_until(lambda: installation.states()["sent"] == len(people) * sum(starts.values()))
        epoch = installation.epoch("dispatch")
        wait_until(lambda: installation.epoch("dispatch") > epoch + 2 and installation.ticked("audit"))
    sent = Counter((row.session_id, row.participant_id) for row in scene.rows(state="sent"))
    assert sent == {(session_id, person): 1 for session_id, due in starts.items() if due for person in people}
    assert all(row.gated_at < row.valid_until_at for row in scene.rows(state="sent"))
    assert {row.due_at > now - timedelta(seconds=1) for row in scene.rows(state="pending")} == {True}
    assert bool(installation.states()["expired"]) is planned
    assert set(conserved(installation, server).values()) == {1}
