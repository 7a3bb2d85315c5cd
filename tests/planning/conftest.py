"""Fixtures of planning: a database with the library, and the group that is planned for."""

import pytest

from facilitator.prompts.importing import import_library
from tests.planning import stage


@pytest.fixture
def db(db):
    import_library(db, "en")
    return db


@pytest.fixture
def group(db, alice, bob):
    return stage.make_group(db, alice, bob, place="Old Mill 3", link="")
