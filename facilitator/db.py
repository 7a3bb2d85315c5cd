"""The database: one engine for SQLite and PostgreSQL, column types and the two ways to open a session.

`Database.read()` and `Database.write()` are the only ways in. On SQLite a writing session starts with BEGIN
IMMEDIATE, because a deferred transaction that reads and then writes fails at once when somebody committed in
between. The settings that durability and erasure rest on are set and asserted on every connection.
This module must never import a model.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CursorResult,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Select,
    Update,
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
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

from facilitator.vault import Vault

BUSY_TIMEOUT_MS = 10_000
MILLISECOND = 1000
# what each SQLite setting reads back as, once set
SQLITE_SETTINGS: dict[str, tuple[str, object]] = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "secure_delete": ("ON", 1),
    "foreign_keys": ("ON", 1),
    "busy_timeout": (str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
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
        info = {"vault": vault}
        reader: Engine = self.engine
        writer = self.engine.execution_options(facilitator_write=True)
        self.read: Callable[[], Session] = sessionmaker(reader, info=info, expire_on_commit=False)
        self.write: Callable[[], Session] = sessionmaker(writer, info=info, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the SQLite engine."""
        return self.engine.dialect.name == "sqlite"

    def checkpoint(self) -> None:
        """Fold SQLite's write-ahead log into the file and empty it; needed after every erasure."""
        if self.is_sqlite:
            connection = self.engine.raw_connection()  # no transaction may be open around a checkpoint
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
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
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values([dict(row) for row in rows]).on_conflict_do_nothing().returning(literal(1))
    return len(db.execute(statement).all()) if rows else 0


class Prepared:
    """A statement that runs for every message: laid out once for each engine, and afterwards only filled in.

    SQLAlchemy finds its way through a statement anew at each execution, which takes longer than SQLite takes to run it.

    Args:
        statement: of tables, with named parameters.
    """

    def __init__(self, statement: Insert | Update | Select[Any]) -> None:
        self._statement = statement
        self._laid_out: dict[str, _LaidOut] = {}

    def run(self, link: Connection, values: Mapping[str, object]) -> CursorResult[Any]:
        """Execute with these parameters."""
        laid_out = self._for(link)
        return link.exec_driver_sql(laid_out.text, laid_out.fill(values))

    def run_all(self, link: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Execute once for each set of parameters, at least one; return how many rows were touched in all."""
        laid_out = self._for(link)
        return link.exec_driver_sql(laid_out.text, [laid_out.fill(values) for values in rows]).rowcount

    def _for(self, link: Connection) -> "_LaidOut":
        laid_out = self._laid_out.get(link.dialect.name)
        if laid_out is None:
            laid_out = self._laid_out[link.dialect.name] = _LaidOut(self._statement, link.dialect)
        return laid_out


class _LaidOut:
    """The text of a statement for one driver, and what each parameter has to pass through on its way there."""

    def __init__(self, statement: Insert | Update | Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("Only a statement of SQL can be laid out.")
        self.text = str(compiled)
        self._order = compiled.positiontup  # None where the driver takes parameters by name
        self._processors = {
            name: processor
            for name, parameter in compiled.binds.items()
            if (processor := parameter.type.dialect_impl(dialect).bind_processor(dialect))
        }
        self._fixed = self._processed(
            {name: parameter.value for name, parameter in compiled.binds.items() if not parameter.required}
        )

    def fill(self, values: Mapping[str, object]) -> Any:
        """Return the parameters as the driver takes them: by place or by name."""
        given = self._fixed | self._processed(values)
        return given if self._order is None else tuple(given[name] for name in self._order)

    def _processed(self, values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: self._processors[name](value) if name in self._processors else value for name, value in values.items()
        }


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
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("facilitator_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
