"""A worker inside the test's own process whose clock is moved by hand: nights and weeks pass in a second."""

import threading
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError

from facilitator import create_app
from facilitator.ticks import Worker
from facilitator.worker import make_station
from tests.faults.installation import Installation, identify

PASS = ("plan", "reap", "dispatch")


class Clockwork:
    """The ticks of a worker on an installation's scene, one after the other at the instants that a test chooses."""

    def __init__(self, installation, config, server):
        self.scene, self._server = installation.scene, server
        app = create_app(config, installation.database)
        station = make_station(config, installation.database, self.scene.clock, server.url)
        self._worker = Worker(station=station, app=app, stopping=threading.Event())
        self._seen = 0

    def tick(self, *names):
        """Run ticks at the present instant of the scene and return to whom mail went, goodbyes aside.

        Every scene has one session, so that its group is at an end the day after.
        """
        for name in names or PASS:
            self._worker.tick(name)
        fresh = self._server.messages[self._seen :]
        self._seen += len(fresh)
        goodbyes = {row.uuid for row in self.scene.rows(kind="goodbye")}
        return [recipient(content) for content in fresh if identify(content) not in goodbyes]

    def walk(self, until, step):
        """Go on in steps to an instant, a pass at each; return (instant, recipient) of everything that was sent."""
        sent = [(self.scene.clock.at, to) for to in self.tick()]
        while self.scene.clock.at < until:
            self.scene.clock.advance(min(step, until - self.scene.clock.at))
            sent += [(self.scene.clock.at, to) for to in self.tick()]
        return sent


def recipient(content):
    """Return the name before the @ of the one person whom a message is addressed to."""
    return message_from_bytes(content)["To"].strip("<>").partition("@")[0]


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(text, zone):
    """Return the instant at which a wall clock first shows "2027-03-15 02:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.fixture(name="begin")
def provide_begin(tmp_path, database_url, config):
    """Make an installation whose session starts at an instant, and its worker that sends to a server."""
    made = []

    def make(start, server, now):
        one = Installation(tmp_path, database_url, start=start)
        made.append(one)
        one.scene.clock.at = now
        return one, Clockwork(one, config, server)

    yield make
    for one in made:
        one.close()


def let_time_pass(installation):
    """Move every wait back while a worker runs; the one big change may cross the worker's many small ones."""
    for _ in range(20):
        with suppress(OperationalError):
            installation.skip()
            return
    raise AssertionError("the worker let nobody in")
