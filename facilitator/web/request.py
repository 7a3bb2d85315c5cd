"""What one request works with: its database session and its clock.

A request that may change something opens a writing session, every other one a reading session. A view commits once,
just before it redirects; what was not committed is rolled back when the request ends.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session

from config import Config
from facilitator.db import Database
from facilitator.errors import Invalid, NotFound

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask, config: Config, database: Database, clock: Callable[[], datetime]) -> None:
    """Tie the database, the settings and the clock to the app, and close the session after each request."""
    app.extensions["facilitator"] = (config, database, clock)
    app.before_request(_refuse_nul)
    app.teardown_appcontext(_close)


def utc_now() -> datetime:
    """Return the present instant; the clock of every app that is not under test."""
    return datetime.now(UTC)


def settings() -> Config:
    """Return the settings of the running app."""
    config: Config = current_app.extensions["facilitator"][0]
    return config


def database() -> Database:
    """Return the database of the running app."""
    found: Database = current_app.extensions["facilitator"][1]
    return found


def now() -> datetime:
    """Return the instant of this request, the same through all of it."""
    if "now" not in g:
        g.now = current_app.extensions["facilitator"][2]()
    found: datetime = g.now
    return found


def db() -> Session:
    """Return the database session of this request, opened at first use."""
    if "db" not in g:
        source = database()
        g.db = source.read() if request.method in SAFE_METHODS else source.write()
    found: Session = g.db
    return found


def _refuse_nul() -> None:
    # PostgreSQL keeps no NUL and SQLite cuts a text at it; no keyboard types one
    if "\x00" in request.path or any("\x00" in value for value in request.args.values()):
        raise NotFound
    if any("\x00" in value for value in request.form.values()):
        raise Invalid("The text holds a character that cannot be kept. Type it anew.")


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()
