"""A session that did not take place after all: its messages stay as they are, and no new ones are made."""

import pytest
from sqlalchemy import select

from facilitator.planning.models import GroupSession
from facilitator.planning.not_held import mark_not_held, take_back
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.sweep import sweep
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, SENDING, SENT, pretend


def outbox(scene):
    with scene.database.read() as db:
        return db.execute(select(OutboxMessage.__table__).order_by(OutboxMessage.id)).all()


@pytest.mark.parametrize("later", [0 * MINUTE, 30 * MINUTE, 2 * HOUR, 40 * HOUR])
def test_who_was_told_of_the_session_hears_nothing_more_of_it(scene, later):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, LEASED, SENDING, SENT, lead_minutes=48 * 60)
    scene.clock.go_to(START + later)
    with scene.change() as db:
        sweep(db, 72 * HOUR, scene.clock())
    before = outbox(scene)
    with scene.change() as db:
        mark_not_held(db, db.get_one(GroupSession, scene.session_id), "weather", scene.clock())
    assert look(scene) == before
    with scene.change() as db:
        take_back(db, db.get_one(GroupSession, scene.session_id))
    assert look(scene) == before


def look(scene):
    """Return the messages after everything that brings them up to date has run."""
    scene.follow()
    with scene.change() as db:
        sweep(db, 72 * HOUR, scene.clock())
    return outbox(scene)
