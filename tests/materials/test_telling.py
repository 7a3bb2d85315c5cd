"""What facilitators add, change and take off is told, or not told any more, from that very moment on."""

import pytest
from sqlalchemy import select

from facilitator.materials.models import Material
from facilitator.reminders.models import OutboxMessage
from tests import evening
from tests.materials.test_views import ENTERED

ANNOUNCED = ENTERED | {"announced": "y"}


@pytest.fixture
def stage(config, database, now):
    """An evening on which two people are on the list and the session has just ended, in their quiet hours."""
    begun = evening.begin(config, database, now, people=("Pat", "Kim"))
    begun.after(hours=1)
    return begun


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def add(stage, client, **values):
    path = f"/sessions/{stage.session_ids[0]}/materials/words"
    assert client.post(path, data=ANNOUNCED | values).status_code == 303
    with stage.database.read() as db:
        return db.scalars(select(Material.id).order_by(Material.position.desc())).first()


def told(stage):
    with stage.database.read() as db:
        found = select(OutboxMessage).where(OutboxMessage.kind == "materials").order_by(OutboxMessage.id)
        return [(row.state, row.reason) for row in db.scalars(found)]


def test_what_may_be_read_already_is_told_when_it_is_added(stage, alice):
    add(stage, alice)
    assert told(stage) == [("pending", "")] * 2


def test_what_is_only_to_be_handed_out_is_not(stage, alice):
    add(stage, alice, announced="")
    add(stage, alice, audience="facilitators")
    assert told(stage) == []


@pytest.mark.parametrize("values", [{"announced": ""}, {"audience": "facilitators"}])
def test_a_change_takes_back_what_waits_at_once(stage, alice, values):
    material_id = add(stage, alice)
    entered = {name: value for name, value in (ANNOUNCED | values).items() if value}
    assert alice.post(f"/materials/{material_id}", data=entered).status_code == 303
    assert told(stage) == [("superseded", "nothing_to_read")] * 2


def test_taking_it_off_takes_back_what_waits_at_once(stage, alice):
    material_id = add(stage, alice)
    assert alice.post(f"/materials/{material_id}/remove").status_code == 303
    assert told(stage) == [("superseded", "nothing_to_read")] * 2
