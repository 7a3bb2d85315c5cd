"""Every row of a database, read table by table and written into another one of the same schema, on either engine.

Tables are taken as they stand in the database and not from the models, so that a backup of an older program is read
by that program's schema. Nothing is left out here; whoever reads decides.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import JSON, Connection, MetaData, Table, func, select, text

VERSIONS = "alembic_version"
COUNTED = "outbox_tally"  # by triggers, as rows are written to another table; so it comes last
BATCH = 500
Row = dict[str, Any]


def list_tables(link: Connection) -> list[Table]:
    """List the tables of a database, each after those that it refers to."""
    found = MetaData()
    found.reflect(link)
    for table in found.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=bool(column.nullable))
    tables = [table for table in found.sorted_tables if table.name != VERSIONS]
    return sorted(tables, key=lambda table: table.name == COUNTED)


def read_rows(link: Connection, table: Table) -> Iterator[Row]:
    """Yield the rows of a table by their key, a batch in memory at a time."""
    found = link.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key.columns))
    return (dict(row) for row in found.mappings())


class TableWriter:
    """Writes rows into a table in place of those that the schema itself brought, a batch at a time.

    Args:
        link: in a transaction.
        table: where to; nothing else refers to it yet.
    """

    def __init__(self, link: Connection, table: Table) -> None:
        self._link, self._table = link, table
        self._batch: list[Row] = []
        link.execute(table.delete())

    def add(self, row: Row) -> None:
        """Take a row."""
        self._batch.append(row)
        if len(self._batch) == BATCH:
            self.end()

    def end(self) -> None:
        """Write what is still in memory."""
        if self._batch:
            self._link.execute(self._table.insert(), self._batch)
            self._batch = []


def count_rows(link: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {table.name: link.scalar(select(func.count()).select_from(table)) or 0 for table in list_tables(link)}


def go_on_counting(link: Connection) -> None:
    """Let PostgreSQL number new rows behind those that were written with their numbers."""
    if link.dialect.name != "postgresql":
        return
    for table in list_tables(link):
        for column in table.primary_key.columns:
            name = link.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
            if name:
                last = link.scalar(select(func.max(column)))
                link.execute(
                    text("SELECT setval(:name, :last, :used)"),
                    {"name": name, "last": last or 1, "used": last is not None},
                )
