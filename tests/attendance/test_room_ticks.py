"""What the worker's clock does for open rooms: it eases those that were guessed at, and forgets those left open."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from facilitator.attendance import service_room as rooms
from facilitator.attendance.rules_room import Answer, Way
from facilitator.mail.urls import MailUrl
from facilitator.ticks import Worker
from facilitator.worker import make_station

NOWHERE = MailUrl(host="127.0.0.1", port=9)  # no tick below sends mail


@pytest.fixture
def stage(stage):
    """The evening, ten minutes after it began, with a room that bore ten wrong guesses."""
    stage.clock.at = at = stage.starts_at + timedelta(minutes=10)
    with stage.database.write() as db:
        rooms.open_room(db, stage.session_ids[0], Way.WORDS, "en", at)
        for _ in range(10):
            rooms.check_in(db, "wrong words", Answer.UNSAID, at)
        db.commit()
    return stage


@pytest.fixture
def hire(stage, config):
    """Return a function that gives a worker under a name."""

    def make(owner):
        station = replace(make_station(config, stage.database, stage.clock, NOWHERE), owner=owner)
        return Worker(station=station, app=stage.app, stopping=threading.Event())

    return make


def wrong(stage):
    with stage.database.read() as db:
        room = rooms.find_room(db, stage.session_ids[0])
        return room and room.wrong


def test_the_tick_of_ten_seconds_eases_rooms(stage, hire):
    worker = hire("one")
    for expected in (7, 4):
        worker.tick("reap")
        assert wrong(stage) == expected


def test_several_workers_ease_no_faster_than_one(stage, hire):
    workers = [hire(name) for name in "abc"]
    left = []
    for _round in range(3):
        for worker in workers:
            worker.tick("reap")
        left.append(wrong(stage))
        stage.clock.advance(seconds=10)
    assert left == [7, 4, 1]


def test_when_the_first_worker_dies_another_takes_its_part(stage, hire):
    hire("a").tick("reap")
    assert wrong(stage) == 7
    other = hire("b")
    other.tick("reap")
    assert wrong(stage) == 7
    stage.clock.advance(seconds=20)
    other.tick("reap")
    assert wrong(stage) == 4


@pytest.mark.parametrize(("hours", "kept"), [(11, True), (13, False)])
def test_the_tick_of_a_minute_forgets_a_room_twelve_hours_after_its_session_and_empties_the_log(
    stage, hire, hours, kept
):
    stage.clock.at = stage.ends_at + timedelta(hours=hours)
    with stage.database.read() as db:
        secret = rooms.find_room(db, stage.session_ids[0]).secret
    hire("one").tick("plan")
    assert (wrong(stage) is not None) is kept
    if stage.database.is_sqlite and not kept:
        for ending in ("", "-wal"):
            path = Path(f"{stage.database.engine.url.database}{ending}")
            assert secret.encode() not in path.read_bytes()
