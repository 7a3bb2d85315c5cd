"""A group with a planned series, and rooms that were closed."""

import pytest

from facilitator.attendance.service import close_room
from tests.planning import stage
from tests.worlds import shelve


@pytest.fixture
def db(db):
    shelve(db)
    return db


@pytest.fixture
def group(db, alice):
    return stage.make_group(db, alice, capacity=8)


@pytest.fixture
def sessions(db, group):
    return stage.make_series(db, group)[1]


@pytest.fixture
def close(db, group):
    """Close the room of a session with a headcount, on a list of eight people."""

    def close_one(session, headcount):
        session.status = "done"
        close_room(db, session.id, session.ends_at, headcount, 8, group.precision, session.ends_at)

    return close_one
