"""Copies of everything, taken again and again while a room is open, show counters that move and nothing else.

So a copy tells how many had come by then, and two worlds in which others pressed at the same times have the same copies.
After a crash the room stands as it stood, and closing it leaves no trace of it.
"""

import shutil
from itertools import pairwise

import pytest
from sqlalchemy import select, text

from facilitator.attendance.models import OpenRoom
from facilitator.db import Database
from facilitator.proof.evening import Moment, sign_in, visits_of
from facilitator.vault import Vault
from tests.privacy import twins
from tests.privacy.evenings import play, settled

FIRST, SECOND = (0, 1, 2, 3), (4, 5, 6, 7)
LIVE = (Moment.OPENED, Moment.TAPPED, Moment.OPEN)
COUNTERS = {"first_time", "been_before", "unsaid", "wrong"}
THE_ROOM = {"table open_room", "file facilitator.db", "file facilitator.db-wal", "file facilitator.db-shm"}


def copies(stage, cookie, people, habit=None):
    """Return a copy of everything after each press: its image and the row of the room."""
    found = []

    def watch(moment):
        if moment in LIVE:
            taken = settled(stage)
            with stage.ground.database.read() as db:
                found.append((taken, dict(db.execute(select(OpenRoom.__table__)).mappings().one())))

    play(stage, cookie, visits_of(people), Moment.OPEN, habit, watch)
    return found


def moved(found):
    """Return which parts and which columns of the room differ from one copy to the next."""
    pairs = list(pairwise(found))
    parts = {part for (one, _), (other, _) in pairs for part in one.differences(other)}
    columns = {name for (_, one), (_, other) in pairs for name in one if one[name] != other[name]}
    return parts, columns


def tap_log(stage):
    """Note each press with its time, as a twin might."""
    if twins.request.method == "POST" and twins.request.path == "/here":
        twins.change(stage, "CREATE TABLE IF NOT EXISTS tap (at BIGINT)")
        twins.change(stage, "INSERT INTO tap VALUES (:at)", at=int(stage.clock().timestamp()))


def test_copies_of_a_live_room_differ_by_its_counters_alone(stage, cookie):
    found = copies(stage, cookie, FIRST)
    assert len(found) == len(FIRST) + 2
    parts, columns = moved(found)
    assert "table open_room" in parts
    assert parts <= THE_ROOM
    assert columns == COUNTERS


def test_two_worlds_with_the_same_presses_at_the_same_times_have_the_same_copies(stage, cookie):
    one, other = copies(stage, cookie, FIRST), copies(stage, cookie, SECOND)
    assert [first.differences(second) for (first, _), (second, _) in zip(one, other, strict=True)] == [[]] * len(one)


@pytest.mark.parametrize("habit", [tap_log, twins.access_log], ids=lambda habit: habit.__name__)
def test_a_twin_that_notes_each_press_is_found_out(stage, cookie, habit):
    assert not moved(copies(stage, cookie, FIRST, habit))[0] <= THE_ROOM


def test_a_crash_in_the_middle_loses_nothing_that_counts_and_closing_leaves_no_trace(stage, cookie, tmp_path):
    secret = []

    def watch(moment):
        if moment is Moment.OPEN:
            for path in stage.folder.glob("facilitator.db*"):
                shutil.copy(path, tmp_path)  # what a power cut leaves
            with stage.ground.database.read() as db:
                secret.append(db.scalar(select(OpenRoom.secret)).encode())

    play(stage, cookie, visits_of(FIRST), Moment.OPEN, watch=watch)
    after = Database(f"sqlite:///{tmp_path}/facilitator.db", Vault(stage.config.vault_key))
    with after.write() as db:
        room = db.scalars(select(OpenRoom)).one()
        assert room.first_time + room.been_before + room.unsaid == len(FIRST)
        db.execute(text("DELETE FROM open_room"))
        db.commit()
    after.checkpoint()
    kept = [path.read_bytes() for path in tmp_path.iterdir()]
    after.close()
    assert not [content for content in kept if secret[0] in content]


def test_the_same_is_so_on_postgresql(stage_on_postgresql):
    stage = stage_on_postgresql
    cookie = sign_in(stage)
    one, other = copies(stage, cookie, FIRST), copies(stage, cookie, SECOND)
    assert moved(one)[0] == {"table open_room"}
    assert [first.differences(second) for (first, _), (second, _) in zip(one, other, strict=True)] == [[]] * len(one)
