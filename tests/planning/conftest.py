"""Fixtures of planning: a database with the library, and the group that is planned for."""

import pytest

from tests.planning import stage
from tests.worlds import shelve


@pytest.fixture
def db(db):
    shelve(db)
    return db


@pytest.fixture
def group(db, alice, bob):
    return stage.make_group(db, alice, bob, place="Old Mill 3", link="")
