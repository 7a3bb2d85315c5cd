"""Whether the process answers and whether the database takes a write; nothing about people."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from facilitator.web.login import public
from facilitator.web.request import database

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def answer() -> ResponseReturnValue:
    """Say that the process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def check_database() -> ResponseReturnValue:
    """Say whether the database takes a write; nothing is kept of the attempt."""
    try:
        with database().write() as db:
            db.execute(text("DELETE FROM sign_in_attempts WHERE until_at < 0"))
            db.rollback()
    except SQLAlchemyError:
        return {"status": "the database takes no write"}, 503
    return {"status": "ok"}
