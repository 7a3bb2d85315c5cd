"""Fixtures of the fault tests: an installation on both engines, and a process that forks its workers."""

import pytest

from tests.faults.installation import Installation
from tests.faults.nursery import Nursery


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    with Nursery(tmp_path_factory.mktemp("nursery")) as opened:
        yield opened


@pytest.fixture
def installation(tmp_path, database_url, nursery):
    """An installation on SQLite, and one on PostgreSQL; `on_sqlite` and `on_postgresql` ask for one of them."""
    made = Installation(tmp_path, database_url, nursery)
    yield made
    made.close()
