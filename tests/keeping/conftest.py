"""An installation with people, plans, messages and papers in it, and empty databases to bring it back into."""

from contextlib import contextmanager

import pytest

from facilitator.accounts.vault_proof import prove_vault_key
from facilitator.attendance.models import Tally
from facilitator.db import Database
from facilitator.groups.models import Group
from facilitator.keeping.rows import list_tables, read_rows
from facilitator.keeping.sealed_files import new_identity
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Release
from facilitator.materials.rules import PDF
from facilitator.materials.service import add_file, add_text
from facilitator.vault import Vault
from tests import factories
from tests.conftest import ENGINES, VAULT_KEY

PAPER = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def identity():
    return new_identity()


@pytest.fixture
def kept(house):
    """A group with eight sessions, messages about them, three people, two papers and a closed room."""
    sessions = house.plan()
    with house.change() as db:
        prove_vault_key(db)
        group = db.get_one(Group, house.group_id)
        factories.add_confirmed(db, group, [factories.entry("Kim"), factories.entry("Ari")])
        add_text(db, sessions[1], MaterialDraft(title="Tea", release=Release.BEFORE, days_before=7, text="A warm one."))
        add_file(db, sessions[1], MaterialDraft(title="Cup", release=Release.BEFORE, days_before=7), PDF, PAPER)
        db.add(Tally(session_id=sessions[0].id, headcount="5-6"))
        factories.make_message(db, sessions[0], participant_id=house.person_id)
        factories.make_message(db, sessions[1], participant_id=house.person_id)
    return house


@pytest.fixture(params=ENGINES)
def other(request, tmp_path):
    """An empty database of either engine, whatever the first one is."""
    with empty(request, tmp_path / "other.db", request.param) as database:
        yield database


@contextmanager
def empty(request, path, engine, key=VAULT_KEY):
    if engine == "sqlite":
        database = Database(f"sqlite:///{path}", Vault(key))
        yield database
        database.close()
    else:
        with request.getfixturevalue("postgres_server").fresh() as url:
            database = Database(url, Vault(key))
            yield database
            database.close()


def everything_in(database, *, without=()):
    """Return every row of every table."""
    with database.engine.connect() as link:
        return {table.name: list(read_rows(link, table)) for table in list_tables(link) if table.name not in without}
