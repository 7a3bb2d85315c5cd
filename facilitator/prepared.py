"""Statements that run for every message, laid out once for each engine and afterwards only filled in.

They run on the driver's own cursor, past the part of SQLAlchemy that costs more than most of them.
This module must never import a model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BindParameter, Dialect, Insert, Select, Update
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler


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
