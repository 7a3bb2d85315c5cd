"""The versioned schema on both engines, and the one function that brings a database up to date."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from facilitator.db import Database

HERE = Path(__file__).parent
LOCK_NUMBER = 7_305_119  # any constant; processes that start together queue on it


def upgrade(database: Database, target: str = "head") -> None:
    """Bring the schema to a revision; the SQLite file is copied aside before it is changed.

    Two processes that start together take turns, and the second finds nothing left to do.
    """
    if database.is_sqlite:
        _keep_copy(database)
    with _changing(database) as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
        command.upgrade(_settings(connection), target)


def downgrade(database: Database, target: str) -> None:
    """Bring the schema back to an older revision."""
    with _changing(database) as connection:
        command.downgrade(_settings(connection), target)


def head() -> str:
    """Return the newest revision that this program knows."""
    found = ScriptDirectory.from_config(_settings()).get_current_head()
    return found or ""


def current(database: Database) -> str:
    """Return the revision of a database, or an empty string when it has none."""
    with database.engine.connect() as connection:
        return current_of(connection)


def current_of(connection: Connection) -> str:
    """Return the revision that a connection sees, or an empty string when there is none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def is_known(revision: str) -> bool:
    """Tell whether this program can bring a database of this revision up to date."""
    return any(known.revision == revision for known in ScriptDirectory.from_config(_settings()).walk_revisions())


@contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    """Give a connection whose changes are kept when the block ends well.

    SQLite changes a column by building its table anew, and dropping the old one would erase every row that refers to
    it. So the references are not watched meanwhile but checked as a whole at the end.
    """
    with database.engine.execution_options(facilitator_write=True).connect() as connection:
        cursor = connection.connection.cursor()
        if database.is_sqlite:
            cursor.execute("PRAGMA foreign_keys=OFF")  # cannot change inside a transaction
        try:
            with connection.begin():
                yield connection
                if database.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()):
                    raise RuntimeError(f"the change of the schema broke references of {broken[0]}")
        finally:
            if database.is_sqlite:
                cursor.execute("PRAGMA foreign_keys=ON")


def _settings(connection: Connection | None = None) -> AlembicConfig:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(HERE).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def _keep_copy(database: Database) -> None:
    before = current(database)
    path = database.engine.url.database
    if before and before != head() and path:
        database.checkpoint()
        shutil.copy2(path, f"{path}.before-{head()}")
