"""Fixtures of the prompt library in the database."""

import pytest

from tests.planning import stage


@pytest.fixture
def db(database):
    with database.write() as session:
        yield session


@pytest.fixture
def alice(db):
    return stage.make_facilitator(db, "Alice")


@pytest.fixture
def charlie(db):
    return stage.make_facilitator(db, "Charlie")
