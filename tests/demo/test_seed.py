"""The made-up past: what could not be delivered in it begins at the present, and nothing claims to be days old."""

from datetime import timedelta

import pytest

from facilitator.demo.seed import deliver_past, forget_past_troubles
from facilitator.reminders.delivery import CHANNEL
from facilitator.reminders.health import check_delivery
from facilitator.reminders.models import Channel
from tests.mail.servers import Liar
from tests.reminders.conftest import START, clock, letters_app, scene, station

__all__ = ["clock", "letters_app", "scene", "station"]
AFTER = START - timedelta(hours=1)


@pytest.fixture
def overdue(scene):
    scene.follow()
    scene.clock.go_to(AFTER)
    return scene


def test_a_mail_server_that_was_down_is_down_since_now_and_no_message_is_days_late(overdue, station):
    with Liar() as gone:
        made = station(gone.url)
    assert deliver_past(made, AFTER) == 0
    with overdue.change() as db:
        forget_past_troubles(db, AFTER)
    with overdue.database.read() as db:
        channel, health = db.get_one(Channel, CHANNEL), check_delivery(db, AFTER)
    assert (channel.open_since_at, channel.open_until_at) == (AFTER, AFTER)
    assert not {"mail_server", "messages_late"} & set(health.problems)


def test_reminders_of_the_past_go_out_at_their_own_times(overdue, station):
    with Liar() as server:
        assert deliver_past(station(server.url), AFTER) == 2
    assert [START - row.sent_at for row in overdue.rows()] == [timedelta(hours=48), timedelta(hours=3)]
    with overdue.database.read() as db:
        assert db.get_one(Channel, CHANNEL).open_since_at is None
