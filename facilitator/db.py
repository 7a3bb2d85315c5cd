"""The database: one engine for SQLite and PostgreSQL, column types and the two ways to open a session.

`Database.read()` and `Database.write()` are the only ways in. On SQLite a writing session starts with BEGIN
IMMEDIATE, because a deferred transaction that reads and then writes fails at once when somebody committed in
between. The settings that durability and erasure rest on are set and asserted on every connection.
This module must never import a model.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Dialect,
    Engine,
    MetaData,
    create_engine,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from facilitator.vault import Vault

BUSY_TIMEOUT_MS = 10_000
SQLITE_LEAST = (3, 35, 0)  # RETURNING came with it
LOOK_AGAIN_S = 0.001  # how long a writer of SQLite waits before it looks again whether the other one has finished
MILLISECOND = 1000
_A_MOMENT = threading.Event()  # never set: a wait that a clock set anew does not lengthen, as `time.sleep` may be
# what each SQLite setting reads back as, once set
SQLITE_SETTINGS: dict[str, tuple[str, object]] = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "secure_delete": ("ON", 1),
    "foreign_keys": ("ON", 1),
    "busy_timeout": (str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
    "temp_store": ("MEMORY", 2),
}


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The declarative base of every model, with one naming convention for constraints."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, stored as integer milliseconds since 1970 on both engines."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - given by the API
        """Refuse a naive datetime; return milliseconds."""
        return None if value is None else to_milliseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given by the API
        """Return an aware datetime in UTC."""
        return None if value is None else from_milliseconds(int(value))


def to_milliseconds(at: datetime) -> int:
    """Return the stored form of an aware instant.

    Raises:
        ValueError: if the datetime is naive.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no zone; an instant is always aware")
    return round(at.timestamp() * MILLISECOND)


def from_milliseconds(value: int) -> datetime:
    """Return the aware UTC instant of a stored number of milliseconds."""
    return datetime.fromtimestamp(value / MILLISECOND, UTC)


class Database:
    """Owns the engine and opens sessions.

    Args:
        url: an SQLAlchemy URL; sqlite or postgresql.
        vault: opened with every session, because sealed columns need it.
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self.engine = _engine(url)
        self._info = {"vault": vault}
        reader: Engine = self.engine
        self._writer = self.engine.execution_options(facilitator_write=True)
        self.read: Callable[[], Session] = sessionmaker(reader, info=self._info, expire_on_commit=False)
        self.write: Callable[..., Session] = sessionmaker(self._writer, info=self._info, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the SQLite engine."""
        return self.engine.dialect.name == "sqlite"

    def go_on_with(self, vault: Vault) -> None:
        """Open every later session with this vault."""
        self._info["vault"] = vault

    def keep_writer(self) -> Connection:
        """Return a connection for many short transactions; taking one from the pool costs more than most of them."""
        return self._writer.connect()

    @contextmanager
    def write_on(self, link: Connection) -> Iterator[Session]:
        """Give a writing session on a kept connection; what it wrote is committed when the block ends well."""
        with link.begin(), self.write(bind=link) as db:
            yield db
            db.flush()

    def checkpoint(self) -> bool:
        """Fold SQLite's write-ahead log into the file and empty it; needed after every erasure.

        Returns:
            False when readers held on to the log for 10 seconds; whoever erases next, or the daily purge, tries again.
        """
        if not self.is_sqlite:
            return True
        connection = self.engine.raw_connection()  # no transaction may be open around a checkpoint
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, *_) = cursor.fetchone() or (1,)
            return not busy
        finally:
            connection.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def insert_missing(db: Session, model: type[Base], rows: Sequence[Mapping[str, object]]) -> int:
    """Insert the rows that break no unique key and return how many; whoever else inserts the same one meanwhile wins.

    Args:
        db: a writing session.
        model: their table.
        rows: complete, by column name; no default is filled in.
    """
    if not rows:
        return 0
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    # the rows stay apart from the statement, so that it is compiled once however many there are
    statement = insert(Base.metadata.tables[model.__tablename__]).on_conflict_do_nothing().returning(literal(1))
    return len(db.execute(statement, [dict(row) for row in rows]).all())


def try_lead(db: Session, work: str) -> bool:
    """Tell whether this transaction may do a piece of work that one process does at a time; it may until it ends.

    The lock lives in the transaction that does the work, so a pooled connection can neither lose nor keep it.
    """
    if db.get_bind().dialect.name == "sqlite":
        return True  # it has one writer
    return bool(db.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(work)))))


def _engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True)  # an error's text holds no value of a row
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, hide_parameters=True, pool_pre_ping=True)


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # pysqlite's own transaction handling emits no BEGIN for SELECT; we emit ours in _begin_sqlite
    connection.isolation_level = None
    cursor = connection.cursor()
    for name, (value, expected) in SQLITE_SETTINGS.items():
        cursor.execute(f"PRAGMA {name}={value}")
        cursor.execute(f"PRAGMA {name}")
        row = cursor.fetchone()
        if row is None or row[0] != expected:
            raise RuntimeError(f"SQLite refused {name}={value}; it answers {row and row[0]!r}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("facilitator_write", False):
        connection.exec_driver_sql("BEGIN")
    elif not _take_turn(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _take_turn(connection: Connection) -> bool:
    """Begin to write as soon as nobody else does; return whether that came within the time to wait.

    SQLite's own waiting sleeps longer each time, up to 100 ms. Beside somebody who writes one short transaction after
    another it wakes at the wrong moment again and again: a press of a button waited for half a second, a message for
    seven.
    """
    link: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    ends = time.monotonic() + BUSY_TIMEOUT_MS / MILLISECOND
    link.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < ends:
            try:
                link.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorname != "SQLITE_BUSY":
                    return False  # told as SQLAlchemy tells it, by the one more try of whoever called
                _A_MOMENT.wait(LOOK_AGAIN_S)
            else:
                return True
        return False
    finally:
        link.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
