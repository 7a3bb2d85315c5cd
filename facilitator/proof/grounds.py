"""Where evenings are played: a database of the proof's own that can be put back to where it began.

On SQLite it is a file beside a copy of itself; on PostgreSQL a database made from a template, when the account of the
settings may make databases. Of the installation's own database nothing is read but its shape: which tables, columns
and triggers it has.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from facilitator.db import Database
from facilitator.vault import Vault

FILE, BEGINNING = "facilitator.db", "beginning.db"
COMPANIONS = ("", "-wal", "-shm", "-journal")
TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')",
    "postgresql": "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT tgisinternal",
}


@dataclass(slots=True, kw_only=True)
class Ground:
    """One database of the proof.

    Args:
        name: what it is, for people.
        database: open on it, and the same from first to last.
        keep: remembers what it holds now as its beginning.
        begin_again: puts it back to its beginning.
    """

    name: str
    database: Database
    keep: Callable[[], None]
    begin_again: Callable[[], None]


@contextmanager
def sqlite_ground(folder: Path, vault: Vault, played_in: Path) -> Iterator[Ground]:
    """Give a ground that is an SQLite file.

    Args:
        folder: where its beginning is kept.
        vault: a key of the proof's own.
        played_in: the data folder in which the file lies.
    """
    path, beginning = played_in / FILE, folder / BEGINNING
    database = Database(f"sqlite:///{path}", vault)

    def keep() -> None:
        database.checkpoint()
        database.close()
        shutil.copyfile(path, beginning)

    def begin_again() -> None:
        database.close()
        for ending in COMPANIONS:
            path.with_name(FILE + ending).unlink(missing_ok=True)
        shutil.copyfile(beginning, path)

    try:
        yield Ground(name="SQLite", database=database, keep=keep, begin_again=begin_again)
    finally:
        database.close()


@contextmanager
def postgresql_ground(installation: Engine, vault: Vault) -> Iterator[Ground]:
    """Give a ground that is a database of its own on the server of the installation.

    Raises:
        SQLAlchemyError: when the account of the settings may not make databases.
    """
    name = f"facilitator_proof_{secrets.token_hex(4)}"
    beginning = f"{name}_beginning"
    database = Database(_beside(installation, name), vault)

    def keep() -> None:
        database.close()
        _command(installation, f'ALTER DATABASE "{name}" RENAME TO "{beginning}"')

    def begin_again() -> None:
        database.close()
        _command(
            installation,
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{beginning}"',
        )

    _command(installation, f'CREATE DATABASE "{name}"')
    try:
        yield Ground(name="PostgreSQL", database=database, keep=keep, begin_again=begin_again)
    finally:
        database.close()
        _command(installation, *(f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)' for each in (name, beginning)))


def may_make_databases(engine: Engine) -> bool:
    """Tell whether the account of a PostgreSQL address may make databases."""
    try:
        with engine.connect() as link:
            allowed = link.scalar(text("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"))
    except SQLAlchemyError:
        return False
    return bool(allowed)


def read_shape(engine: Engine) -> dict[str, object]:
    """Return every table with its columns, and every trigger and view; no row of any table is read."""
    with engine.connect() as link:
        found = inspect(link)
        shape: dict[str, object] = {
            f"table {name}": sorted(column["name"] for column in found.get_columns(name))
            for name in found.get_table_names()
        }
        shape |= {f"trigger or view {name}": sql for name, sql in link.execute(text(TRIGGERS[engine.dialect.name]))}
    return shape


def _beside(installation: Engine, name: str) -> str:
    return make_url(str(installation.url.set(database=name))).render_as_string(hide_password=False)


def _command(installation: Engine, *statements: str) -> None:
    with installation.execution_options(isolation_level="AUTOCOMMIT").connect() as link:
        for statement in statements:
            link.execute(text(statement))
