"""Moves an installation to PostgreSQL: every row, counted on both sides before anything is kept.

The old database is not changed, and nobody else writes to it meanwhile.
"""

from collections.abc import Mapping
from contextlib import closing

from facilitator import migrations
from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.keeping.restore import require_empty
from facilitator.keeping.rows import TableWriter, count_rows, go_on_counting, list_tables, read_rows


def copy_database(source: Database, target: Database) -> Mapping[str, int]:
    """Copy every row into an empty database, all of it or nothing; return how many rows each table has.

    Args:
        source: at this program's schema; no worker runs on it.
        target: without accounts; it need not have tables yet.

    Raises:
        Conflict: when the target is in use, or has another number of rows in the end.
    """
    require_empty(target)
    migrations.upgrade(target)
    with closing(source.keep_writer()) as old, old.begin(), closing(target.keep_writer()) as new, new.begin():
        for table in list_tables(new):
            writer = TableWriter(new, table)
            for row in read_rows(old, table):
                writer.add(row)
            writer.end()
        go_on_counting(new)
        wanted, found = count_rows(old), count_rows(new)
        if found != wanted:
            tables = ", ".join(name for name in wanted if found.get(name) != wanted[name])
            raise Conflict(f"Other numbers of rows arrived than were sent: {tables}. Nothing was kept.")
    return found
