"""Fixtures of planning: an open writing session with the library, and the personas."""

import pytest

from facilitator.prompts.service import import_library
from tests.planning import stage


@pytest.fixture
def db(database):
    with database.write() as session:
        import_library(session, "en")
        yield session


@pytest.fixture
def alice(db):
    return stage.make_facilitator(db, "Alice")


@pytest.fixture
def bob(db):
    return stage.make_facilitator(db, "Bob")


@pytest.fixture
def charlie(db):
    return stage.make_facilitator(db, "Charlie")


@pytest.fixture
def group(db, alice, bob):
    return stage.make_group(db, alice, bob, place="Old Mill 3", link="")
