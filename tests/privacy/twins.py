"""Leaky twins: the same application with one habit that careless programs have. They live here and nowhere else.

Each is put on a stage for a while, writes what it should not, and has to be found out by the test that it is made for.
"""

import logging
import re
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path

from flask import request
from sqlalchemy import text

PERSONAL = re.compile(r"/m/([\w-]{22})")
log = logging.getLogger("facilitator.twin")


@contextmanager
def before_each_request(stage, habit):
    """Have the application do something before each request while the block runs."""
    habits = stage.app.before_request_funcs.setdefault(None, [])
    habits.insert(0, habit)
    try:
        yield
    finally:
        habits.remove(habit)


def change(stage, statement, **values):
    with stage.ground.database.write() as db:
        db.execute(text(statement), values)
        db.commit()


def token_of_request():
    found = PERSONAL.match(request.path)
    return found[1] if found else None


def make_link_table(stage):
    """Add a table with a row for each personal link, as programs with one-time links have it."""
    change(stage, "CREATE TABLE link (token VARCHAR(22) PRIMARY KEY, used_at BIGINT)")
    for person in stage.cast.people:
        change(stage, "INSERT INTO link VALUES (:token, NULL)", token=person.settings_token)


def used_at(stage):
    """Note when a personal link is first used."""
    if token := token_of_request():
        at = int(stage.clock().timestamp())
        change(stage, "UPDATE link SET used_at = :at WHERE token = :token AND used_at IS NULL", at=at, token=token)


def used(stage):
    """Note that a personal link was used, but not when."""
    if token := token_of_request():
        change(stage, "UPDATE link SET used_at = 1 WHERE token = :token", token=token)


def consume(stage):
    """Delete a personal link when it is used."""
    if token := token_of_request():
        change(stage, "DELETE FROM link WHERE token = :token", token=token)


def last_seen(stage):
    """Note the last day on which a person opened a page."""
    if token := token_of_request():
        change(stage, "UPDATE link SET used_at = :at WHERE token = :token", at=stage.clock().toordinal(), token=token)


def touched(stage):
    """Write the row of whoever opens their page anew, as it was."""
    if token := token_of_request():
        change(stage, "DELETE FROM link WHERE token = :token", token=token)
        change(stage, "INSERT INTO link VALUES (:token, NULL)", token=token)


def access_log(_stage):
    """Write a line for each request, as servers do unless they are told not to."""
    log.info("request", extra={"route": request.path, "state": request.remote_addr})


def agents(stage):
    """Keep which kinds of devices were used."""
    change(stage, "CREATE TABLE IF NOT EXISTS agent (name VARCHAR(200) PRIMARY KEY)")
    change(stage, "INSERT INTO agent VALUES (:name) ON CONFLICT DO NOTHING", name=str(request.user_agent))


def put_aside(_stage):
    """Leave something in the folder for temporary files."""
    with Path(tempfile.gettempdir(), "visits").open("a", encoding="utf-8") as file:
        file.write(f"{request.remote_addr}\n")


nothing = nullcontext


@contextmanager
def twin(stage, habit):
    """Give the stage a habit while the block runs."""
    with before_each_request(stage, lambda: habit(stage) and None):
        yield
