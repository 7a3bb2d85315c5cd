"""Accounts, groups and people made through the use cases that pages press, and the app with its four personas.

Alice leads a group, Bob co-facilitates it, Charlie is a stranger to it, Pat is on its list. A browser of the house
reads every page it fetches: a page with a fault fails the test that fetched it, whatever the test is about.
"""

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import has_app_context
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from sqlalchemy import event, select

from facilitator import create_app
from facilitator.accounts.models import EMAIL_PLACE, Facilitator, Role
from facilitator.accounts.passwords import hash_password
from facilitator.curriculum.rules import GroupKind
from facilitator.db import Database
from facilitator.groups.consent import reaffirm
from facilitator.groups.models import Group, Participant
from facilitator.groups.people import Entry, add_participants
from facilitator.groups.service import GroupDraft, add_co_facilitator, create_group
from facilitator.planning.models import GroupSession
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import SeriesDraft, schedule_series
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState, Priority
from facilitator.reminders.service import add_default_rules
from facilitator.tokens import new_id
from facilitator.vault import vault_of
from tests.web.html import check_page
from tests.worlds import lay_out, shelve

PASSWORD = "three quiet evenings"
# for tests of pages, where nothing depends on the engine; services are tested on both
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@cache
def password_hash() -> str:
    """Return the hash of everybody's password; making one takes 0.3 s, so it is made once."""
    return hash_password(PASSWORD)


def email(name: str) -> str:
    return f"{name.lower()}@example.org"


def make_account(db, name, **values) -> Facilitator:
    """Make an account as the use case does, but with the hash made before."""
    vault, account_id = vault_of(db), values.pop("id", None) or new_id()
    account = Facilitator(
        id=account_id,
        name=name,
        email_sealed=vault.seal(EMAIL_PLACE, account_id, email(name)),
        email_index=vault.blind_index(EMAIL_PLACE, email(name)),
        password_hash=password_hash(),
        **{"role": Role.FACILITATOR, "zone": "Europe/London", **values},
    )
    db.add(account)
    db.flush()
    return account


def make_draft(**values) -> GroupDraft:
    usual = {"label": "Monday Circle", "kind": GroupKind.CLOSED, "capacity": 8, "zone": "Europe/London", "minutes": 90}
    return GroupDraft(**{**usual, **values})


def make_group(db, lead, now, **values):
    group = create_group(db, lead, make_draft(**values), now)
    add_default_rules(db, group)
    return group


def entry(name: str, **values) -> Entry:
    return Entry(**{"alias": name, "address": email(name), **values})


def add_confirmed(db, group, entries) -> list[Participant]:
    """Put people on a list who have confirmed their address in the group's present round."""
    added = add_participants(db, group, entries)
    for person in added:
        reaffirm(db, person)
    return added


def make_series(db, group, now, **values):
    """Plan eight weekly sessions, the first today at half past six."""
    usual = {
        "pathway_id": "closed-8",
        "first_on": now.date(),
        "start_time": time(18, 30),
        "zone": group.zone,
        "minutes": 90,
        "rhythm": Rhythm.WEEKLY,
        "seed": "one",
    }
    return schedule_series(db, group, SeriesDraft(**{**usual, **values}), now, require_review=False)


def make_message(db, session, **values) -> OutboxMessage:
    """Write a message about a session as it stands in the outbox, three hours before it begins."""
    due_at = session.starts_at - timedelta(hours=3)
    usual = {
        "dedup_key": new_id(),
        "session_id": session.id,
        "time_rev": session.time_rev,
        "participant_id": None,
        "kind": MessageKind.REMINDER,
        "lead_minutes": 180,
        "session_starts_at": session.starts_at,
        "details_sha": "",
        "priority": Priority.REMINDER,
        "due_at": due_at,
        "valid_until_at": session.starts_at,
        "next_attempt_at": due_at,
        "planned_at": due_at,
        "state": OutboxState.PENDING,
    }
    message = OutboxMessage(**{**usual, **values})
    db.add(message)
    db.flush()
    return message


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **duration: float) -> datetime:
        self.at += timedelta(**duration)
        return self.at


class Reader(FlaskClient):
    """A browser that reads every page to its end."""

    def open(self, *arguments, **options):
        response = super().open(*arguments, **options)
        check_page(response)
        return response


@dataclass(kw_only=True)
class House:
    """The app and its people; forms are sent without their token unless a test turns that on."""

    app: Any
    database: Database
    clock: Clock
    group_id: str
    person_id: str

    @contextmanager
    def change(self):
        with self.database.write() as db:
            yield db
            db.commit()

    def read(self):
        return self.database.read()

    def account(self, db, name: str) -> Facilitator:
        return db.scalars(select(Facilitator).where(Facilitator.name == name.capitalize())).one()

    def client(self, who: str | None = "alice") -> Reader:
        """Return a browser, signed in as one of the facilitators or as nobody."""
        client = self.app.test_client()
        if who is not None:
            with self.read() as db, client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = self.account(db, who).session_token, True
        return client

    def plan(self, *, looked_over: bool = True, **values) -> list[GroupSession]:
        """Plan a series of the group, look its plans over, and return its sessions."""
        with self.change() as db:
            shelve(db)
            sessions = make_series(db, db.get_one(Group, self.group_id), self.clock(), **values)[1]
            for session in sessions:
                session.looked_over = looked_over
            return sessions

    def at(self, ending: str = "") -> str:
        """Return an address below the group's."""
        return f"/groups/{self.group_id}{ending}"

    def people(self) -> list[Participant]:
        with self.read() as db:
            return list(db.scalars(select(Participant).where(Participant.group_id == self.group_id)))


class CompiledOnce(BytecodeCache):
    """Keeps compiled templates for the whole process; every test opens an app of its own and would compile them anew."""

    def __init__(self):
        self._kept = {}

    def load_bytecode(self, bucket):
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket):
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledOnce()


class Apps:
    """The apps of this process: one that no test uses any more is given another database, settings and clock.

    Building one takes longer than most tests of pages; nothing in it depends on what it is given but what is put back
    here.
    """

    def __init__(self):
        self._idle, self._lent = defaultdict(list), []

    def lend(self, config, database, clock):
        """Return an app for the rest of the test."""
        built_from = replace(config, data_dir=Path(), database_url="")
        if self._idle[built_from]:
            app, settings, rules = self._idle[built_from].pop()
            app.config.clear()
            app.config |= settings
            app.extensions["facilitator"] = (config, database, clock)
        else:
            app = create_app(config, database, clock)
            app.jinja_env.bytecode_cache = COMPILED
            app.config["WTF_CSRF_ENABLED"] = False
            settings, rules = dict(app.config), count_rules(app)
        self._lent.append((built_from, app, settings, rules))
        app._got_first_request = False
        return app

    def take_back(self):
        """End the test: what was lent is idle, unless the test added routes of its own."""
        assert not has_app_context(), "a context that is still open would be shared with the next test of this app"
        for built_from, app, settings, rules in self._lent:
            app.__dict__.pop("test_client_class", None)
            if count_rules(app) == rules:
                self._idle[built_from].append((app, settings, rules))
        self._lent = []


def count_rules(app):
    return sum(1 for _ in app.url_map.iter_rules())


APPS = Apps()


def open_app(config, database, clock):
    app = APPS.lend(config, database, clock)
    app.test_client_class = Reader
    return app


def open_house(config, database, now, **group_values) -> House:
    """Write the personas and their group, and open the app."""
    clock = Clock(now)

    def build(db):
        alice, bob, _charlie = (make_account(db, name) for name in ("Alice", "Bob", "Charlie"))
        group = make_group(db, alice, now, **group_values)
        add_co_facilitator(db, group, email(bob.name))
        [pat] = add_confirmed(db, group, [entry("Pat")])
        return group.id, pat.id

    with database.write() as db:
        group_id, person_id = lay_out(db, ("house", now, tuple(sorted(group_values.items()))), build)
        db.commit()
    app = open_app(config, database, clock)
    return House(app=app, database=database, clock=clock, group_id=group_id, person_id=person_id)


@contextmanager
def counted(database):
    """Count the statements sent, by their first word."""
    found: Counter[str] = Counter()

    def note(_connection, _cursor, statement, *_rest):
        found[statement.split()[0].upper()] += 1

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
