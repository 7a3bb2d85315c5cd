"""The schema: the newest revision is what the models say, it goes down and up, and it guards the state machine."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DatabaseError

from facilitator import migrations
from facilitator.db import Base, Database
from facilitator.reminders.models import OutboxEdge, OutboxMessage
from facilitator.reminders.rules import LEGAL_EDGES, OutboxState
from facilitator.schema import MODELS
from facilitator.vault import Vault
from tests.conftest import VAULT_KEY
from tests.reminders.conftest import Clock, Scene

ROOT = Path(__file__).parents[1]
LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade():
"""
ILLEGAL_EDGES = sorted(
    {(start, end) for start in OutboxState for end in OutboxState if start != end} - LEGAL_EDGES, key=str
)


def tables(database):
    return set(inspect(database.engine).get_table_names())


def test_the_newest_schema_is_what_the_models_say(database):
    assert MODELS
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []
    assert tables(database) == {*Base.metadata.tables, "alembic_version"}


def test_checks_of_the_models_stand_in_the_database(database):
    """Autogenerate does not compare them, so they are counted by name."""
    said = {
        constraint.name
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }
    inspector = inspect(database.engine)
    found = {one["name"] for table in tables(database) for one in inspector.get_check_constraints(table)}
    assert said == found
    assert len(said) > 10


def test_the_schema_goes_down_and_up_again(database):
    before = tables(database)
    migrations.downgrade(database, "base")
    assert tables(database) == {"alembic_version"}
    assert migrations.current(database) == ""
    migrations.upgrade(database)
    assert tables(database) == before
    assert migrations.current(database) == migrations.head() != ""


def test_the_schema_goes_down_and_up_over_rows(database, now):
    scene = Scene(database, Clock(now)).build()
    scene.follow()
    migrations.downgrade(database, "base")
    migrations.upgrade(database)
    assert scene.rows() == []
    again = Scene(database, Clock(now)).build()
    again.follow()
    assert len(again.rows()) == 2


def test_a_second_upgrade_changes_nothing_and_keeps_every_row(database, now):
    scene = Scene(database, Clock(now)).build()
    scene.follow()
    migrations.upgrade(database)
    assert len(scene.rows()) == 2


def test_processes_that_start_together_upgrade_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    program = (
        "import sys; from facilitator import migrations; from facilitator.db import Database;"
        "from facilitator.vault import Vault; migrations.upgrade(Database(sys.argv[1], Vault(bytes(32))))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, url], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(3)
    ]
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in started] == [(b"", 0)] * 3
    opened = Database(url, Vault(VAULT_KEY))
    assert migrations.current(opened) == migrations.head()
    opened.close()


@pytest.fixture
def grown(database, now, tmp_path, monkeypatch):
    """Let the program know one more revision; the database holds rows."""
    scene = Scene(database, Clock(now)).build()
    scene.follow()
    home = tmp_path / "migrations"
    shutil.copytree(migrations.HERE, home, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "HERE", home)

    def add_revision(statement):
        (home / "versions" / "0002_later.py").write_text(LATER + statement)
        return scene

    return add_revision


def watches_references(database):
    with database.engine.connect() as connection:
        return not database.is_sqlite or connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_table_rebuilt_by_a_later_revision_keeps_what_hangs_on_it(database, grown):
    """SQLite changes a column by building the table anew; with references watched, dropping the old one erases rows."""
    scene = grown("""
    with op.batch_alter_table("support_group") as batch:
        batch.alter_column("label", type_=sa.String(100))
""")
    migrations.upgrade(database)
    assert migrations.current(database) == "0002"
    assert len(scene.rows()) == 2
    assert watches_references(database)


def test_a_later_revision_that_breaks_references_changes_nothing(database, grown):
    scene = grown("""
    op.execute("DELETE FROM support_group")
    op.execute("SELECT no_such_column FROM facilitator") if op.get_bind().dialect.name != "sqlite" else None
""")
    with pytest.raises((RuntimeError, DatabaseError), match=r"broke references|no_such_column"):
        migrations.upgrade(database)
    assert migrations.current(database) == "0001"
    assert len(scene.rows()) == 2
    assert watches_references(database)


def test_an_sqlite_file_is_copied_aside_before_its_schema_changes(tmp_path, migrated_file, monkeypatch):
    path = tmp_path / "facilitator.db"
    path.write_bytes(migrated_file.read_bytes())
    path.chmod(0o600)
    opened = Database(f"sqlite:///{path}", Vault(VAULT_KEY))
    migrations.upgrade(opened)
    assert list(tmp_path.glob("*.before-*")) == []
    monkeypatch.setattr(migrations, "head", lambda: "0002")
    migrations.upgrade(opened)
    [copy] = tmp_path.glob("*.before-*")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    opened.close()
    aside = Database(f"sqlite:///{copy}", Vault(VAULT_KEY))
    assert tables(aside) >= set(Base.metadata.tables)
    aside.close()


def test_the_edges_in_the_database_are_those_of_the_rules(database):
    with database.read() as db:
        stored = {(edge.from_state, edge.to_state) for edge in db.scalars(select(OutboxEdge))}
    assert stored == {(str(start), str(end)) for start, end in LEGAL_EDGES}


def step(scene, row_id, start, end):
    """Put a row into one state past the guard, and take one step under it."""
    scene.force(row_id, state=str(start))
    with scene.change() as db:
        db.execute(text("UPDATE outbox SET state = :end WHERE id = :id"), {"end": str(end), "id": row_id})


@pytest.fixture
def planned(database, now):
    scene = Scene(database, Clock(now)).build()
    scene.follow()
    return scene


def test_the_guard_refuses_every_step_that_the_drawing_does_not_have(planned):
    row_id = planned.rows()[0].id
    assert len(ILLEGAL_EDGES) > 70
    for start, end in ILLEGAL_EDGES:
        with pytest.raises(DatabaseError, match="not legal"):
            step(planned, row_id, start, end)
        assert planned.row(id=row_id).state == start


def test_the_guard_lets_every_legal_step_and_every_other_change_pass(planned):
    row_id = planned.rows()[0].id
    for start, end in LEGAL_EDGES:
        step(planned, row_id, start, end)
        assert planned.row(id=row_id).state == end
    for state in OutboxState:
        planned.force(row_id, state=str(state))
        with planned.change() as db:
            db.get_one(OutboxMessage, row_id).reason = f"still {state}"
            db.execute(text("UPDATE outbox SET state = state"))


def test_a_state_that_does_not_exist_is_refused(planned):
    with pytest.raises(DatabaseError):
        planned.force(planned.rows()[0].id, state="lost")


def test_only_one_message_to_a_person_about_a_session_can_be_in_hand_over(planned):
    first, second = planned.rows()
    planned.force(first.id, state="sending")
    with pytest.raises(DatabaseError, match=r"(?i)unique|uq_outbox_in_flight"):
        planned.force(second.id, state="sending")
    bob = planned.add_person("bob")
    planned.follow()
    planned.force(planned.rows(participant_id=bob)[0].id, state="sending")
