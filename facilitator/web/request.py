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
from facilitator.errors import NotFound

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# a mistyped link too is opened by a participant
PARTICIPANT_PATHS = ("/s/", "/m/", "/here", "/c/", "/kept", "/leave")


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


def is_for_participants() -> bool:
    """Tell whether this request is for a page of participants, or for one that was meant to be."""
    return request.path.startswith(PARTICIPANT_PATHS)


def undo() -> None:
    """Take back what this request has not committed, so that a page about an error can still be read from the database."""
    if "db" in g:
        g.db.rollback()


def _refuse_nul() -> None:
    # no address of ours holds one, and PostgreSQL refuses to look for it
    if "\x00" in request.path:
        raise NotFound


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()
