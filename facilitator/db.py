"""The database: one engine for SQLite and PostgreSQL, column types and the two ways to open a session.

`Database.read()` and `Database.write()` are the only ways in. On SQLite a writing session starts with BEGIN
IMMEDIATE, because a deferred transaction that reads and then writes fails at once when somebody committed in
between. The settings that durability and erasure rest on are set and asserted on every connection.
This module must never import a model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
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
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError
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
        info = {"vault": vault}
        reader: Engine = self.engine
        self._writer = self.engine.execution_options(facilitator_write=True)
        self.read: Callable[[], Session] = sessionmaker(reader, info=info, expire_on_commit=False)
        self.write: Callable[..., Session] = sessionmaker(self._writer, info=info, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the SQLite engine."""
        return self.engine.dialect.name == "sqlite"

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

    def run(self, link: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Execute with these parameters; return the first row that the statement gives, if it gives rows."""
        laid_out = self._for(link)
        with _driver_cursor(link) as cursor:
            cursor.execute(laid_out.text, laid_out.fill(values))
            # to the end: SQLite commits nothing while a statement has more rows to give
            rows = cursor.fetchall() if cursor.description else ()
        return rows[0] if rows else None

    def run_all(self, link: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Execute once for each set of parameters, at least one; return how many rows were touched in all."""
        laid_out = self._for(link)
        with _driver_cursor(link) as cursor:
            if len(rows) == 1:
                cursor.execute(laid_out.text, laid_out.fill(rows[0]))
            else:
                cursor.executemany(laid_out.text, [laid_out.fill(values) for values in rows])
            return int(cursor.rowcount)

    def _for(self, link: Connection) -> "_LaidOut":
        laid_out = self._laid_out.get(link.dialect.name)
        if laid_out is None:
            laid_out = self._laid_out[link.dialect.name] = _LaidOut(self._statement, link.dialect)
        return laid_out


@contextmanager
def _driver_cursor(link: Connection) -> Iterator[DBAPICursor]:
    """Give a cursor of the driver itself; its errors are raised as SQLAlchemy raises them, without any value of a row."""
    cursor = link.connection.cursor()
    errors = link.dialect.loaded_dbapi.Error
    try:
        yield cursor
    except errors as error:
        raise DBAPIError.instance(None, None, error, errors, hide_parameters=True, dialect=link.dialect) from error
    finally:
        cursor.close()


class _LaidOut:
    """The text of a statement for one driver, and what each parameter has to pass through on its way there."""

    def __init__(self, statement: Insert | Update | Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("Only a statement of SQL can be laid out.")
        self.text = str(compiled)
        processors = {
            name: parameter.type.dialect_impl(dialect).bind_processor(dialect)
            for name, parameter in compiled.binds.items()
        }
        places = compiled.positiontup or list(compiled.binds)
        self._by_name = compiled.positiontup is None
        self._places = places
        self._fixed = [self._value_of(compiled.binds[name], processors[name]) for name in places]
        self._given = [
            (place, name, processors[name]) for place, name in enumerate(places) if compiled.binds[name].required
        ]

    def fill(self, values: Mapping[str, object]) -> Any:
        """Return the parameters as the driver takes them: by place or by name."""
        filled = self._fixed.copy()
        for place, name, processor in self._given:
            filled[place] = processor(values[name]) if processor else values[name]
        return dict(zip(self._places, filled, strict=True)) if self._by_name else filled

    @staticmethod
    def _value_of(parameter: BindParameter[Any], processor: Callable[[Any], Any] | None) -> object:
        if parameter.required:
            return None
        return processor(parameter.value) if processor else parameter.value


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
    writes = connection.get_execution_options().get("facilitator_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
