"""The evening of a group, when its room is closed."""

import pytest

from tests import evening


@pytest.fixture
def stage(config, database, now):
    begun = evening.begin(config, database, now)
    begun.after(minutes=5)
    return begun


@pytest.fixture
def alice(stage):
    return stage.client("alice")
