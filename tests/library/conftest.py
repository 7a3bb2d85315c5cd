"""A library that was worked on, and an empty installation beside it on the same engine."""

import shutil

import pytest

from facilitator.db import Database
from facilitator.vault import Vault
from tests.conftest import VAULT_KEY
from tests.library.shelf import work_on
from tests.worlds import lay_out


@pytest.fixture
def library(database):
    """The shipped library with every kind of change that people make to one."""
    with database.write() as db:
        lay_out(db, "worked on", lambda session: work_on(session) and None)
        db.commit()
    return database


@pytest.fixture
def elsewhere(database, tmp_path, request):
    """An installation of the same engine in which nothing was brought in yet."""
    if database.is_sqlite:
        path = tmp_path / "elsewhere.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        opened = Database(f"sqlite:///{path}", Vault(VAULT_KEY))
        yield opened
        opened.close()
        return
    with request.getfixturevalue("postgres_server").fresh() as url:
        opened = Database(url, Vault(VAULT_KEY))
        yield opened
        opened.close()
