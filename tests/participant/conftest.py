"""The evening of a group, seen by the people who come to it."""

import pytest

from tests import evening


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def visitor(stage):
    """A browser in which nobody ever signed in."""
    return stage.client()
