"""Lets all databases of a process compile each statement once.

A program has one engine for its life and compiles each statement once; a test has an engine of its own, and would
compile all of them anew, which took a third of the time of small tests. The cache is keyed by the dialect object.
"""

from sqlalchemy import Engine

from facilitator.db import Database

_FIRST: dict[str, Engine] = {}


def share_statements(database: Database) -> None:
    """Give the engines of a database the dialect and the compiled statements of the first one of its kind."""
    engine = database.engine
    first = _FIRST.get(engine.dialect.name)
    if first is None:
        with engine.connect():  # the dialect learns of its server here
            _FIRST[engine.dialect.name] = engine
        return
    engine.pool._dialect = first.dialect
    for each in (engine, database._writer):
        each.dialect, each._compiled_cache = first.dialect, first._compiled_cache
