"""What many tests begin with: built once in each process through the use cases, and from then on laid out row by row.

The rows are the same whichever engine they were read from. Ids and sealed values are those of the first time.
"""

from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import TypeVar

from sqlalchemy import BigInteger, Table, func, insert, select, text
from sqlalchemy.orm import Session

from facilitator import schema
from facilitator.curriculum.entries import import_shipped
from facilitator.curriculum.models import LibraryEntry
from facilitator.db import Base
from facilitator.prompts.importing import import_library
from facilitator.prompts.models import Prompt

Facts = TypeVar("Facts")
Row = dict[str, object]

assert schema.MODELS  # with every table in the metadata
_built: dict[Hashable, tuple[list[tuple[Table, list[Row]]], object]] = {}


def lay_out(db: Session, key: Hashable, build: Callable[[Session], Facts]) -> Facts:
    """Write the rows that `build` writes and return what it returned, whether it runs now or ran before.

    Args:
        db: a writing session of a database that holds nothing the rows could collide with.
        key: everything that `build` depends on.
        build: returns plain values, no rows.
    """
    if key not in _built:
        before = {table.name: _keys(db, table) for table in Base.metadata.sorted_tables}
        facts = build(db)
        db.flush()
        written = [(table, _rows_besides(db, table, before[table.name])) for table in Base.metadata.sorted_tables]
        _built[key] = ([(table, rows) for table, rows in written if rows and table.name != "outbox_tally"], facts)
        return deepcopy(facts)
    tables, facts = _built[key]
    for table, rows in tables:
        db.execute(insert(table), rows)
        _count_on(db, table)
    return deepcopy(facts)  # type: ignore[return-value]


def shelve(db: Session, language: str | None = "en") -> None:
    """Bring in the shipped prompts of one language, or of all."""
    if db.scalar(select(Prompt.id).limit(1)):
        import_library(db, language)
        return
    lay_out(db, ("prompts", language), lambda session: import_library(session, language) and None)


def shelve_entries(db: Session) -> None:
    """Bring in everything else that is shipped."""
    if db.scalar(select(LibraryEntry.id).limit(1)):
        import_shipped(db)
        return
    lay_out(db, "entries", lambda session: import_shipped(session) and None)


def _keys(db: Session, table: Table) -> set[tuple[object, ...]]:
    return {tuple(row) for row in db.execute(select(*table.primary_key))}


def _rows_besides(db: Session, table: Table, known: set[tuple[object, ...]]) -> list[Row]:
    names = [column.name for column in table.primary_key]
    rows = [dict(row) for row in db.execute(select(table)).mappings()]
    return [row for row in rows if tuple(row[name] for name in names) not in known]


def _count_on(db: Session, table: Table) -> None:
    """Let PostgreSQL number the next row behind those that brought their numbers along."""
    for column in table.primary_key:
        if isinstance(column.type, BigInteger) and db.get_bind().dialect.name == "postgresql":
            name = db.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
            if name is not None:
                db.execute(text("SELECT setval(:name, :last)"), {"name": name, "last": _last(db, table, column.name)})


def _last(db: Session, table: Table, name: str) -> int:
    return db.scalar(select(func.max(table.c[name]))) or 1
