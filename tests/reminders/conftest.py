"""A scene for the tests of delivery: a group with its session and people, a clock to move, and a station to send from."""

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import select, text

from facilitator.accounts.models import Facilitator
from facilitator.db import Database
from facilitator.groups.models import Group, GroupFacilitator, GroupRole, Participant
from facilitator.groups.sealed import seal_person
from facilitator.mail.smtp import SmtpClient
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.reminders.delivery import Station
from facilitator.reminders.follow import follow
from facilitator.reminders.models import OutboxMessage, ReminderRule
from facilitator.reminders.posting import composer
from facilitator.tokens import new_id, token_hash
from facilitator.vault import vault_of
from tests.mail.servers import QUICK

ROOT = Path(__file__).parents[2]
FROM = "Notes <notes@mail.example>"
LONDON = "Europe/London"
# a Thursday evening, three and a half days after the `now` of the suite; London keeps UTC then
START = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Clock:
    """The present instant, moved by hand."""

    at: datetime
    seconds: float = 0.0

    def __call__(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, by: timedelta) -> datetime:
        self.at += by
        self.seconds += by.total_seconds()
        return self.at

    def go_to(self, at: datetime) -> datetime:
        return self.advance(at - self.at)


@dataclass
class Scene:
    """One group with one session, and the short words that the tests speak in.

    Every call is a transaction of its own that is committed.
    """

    database: Database
    clock: Clock
    people: list[str] = field(default_factory=list)
    group_id: str = ""
    session_id: str = ""
    series_id: str = ""
    lead_id: str = ""

    @contextmanager
    def change(self):
        with self.database.write() as db:
            yield db
            db.commit()

    def build(self, leads=(48 * HOUR, 3 * HOUR), people=("pat",), start=START):
        with self.change() as db:
            vault = vault_of(db)
            self.lead_id = new_id()
            email = vault.seal("facilitator.email", self.lead_id, "alice@example.org")
            db.add(
                Facilitator(id=self.lead_id, name="Alice", email_sealed=email, email_index=new_id(), password_hash="-")
            )
            group = Group(label="Thursday", kind="closed", capacity=12, zone=LONDON, minutes=90)
            db.add(group)
            db.flush()
            self.group_id = group.id
            db.add(GroupFacilitator(group_id=group.id, facilitator_id=self.lead_id, role=GroupRole.LEAD))
            db.add_all(ReminderRule(group_id=group.id, lead_minutes=lead // MINUTE) for lead in leads)
            series = Series(
                group_id=group.id,
                pathway_id="steady",
                first_on=start.date(),
                start_time=time(18, 30),
                zone=LONDON,
                minutes=90,
                rhythm="weekly",
                skip_on=[],
            )
            db.add(series)
            db.flush()
            self.series_id = series.id
        self.session_id = self.add_session(start)
        self.people = [self.add_person(name) for name in people]
        return self

    def add_session(self, start=START, position=1):
        with self.change() as db:
            local = start.astimezone(ZoneInfo(LONDON))
            session = GroupSession(
                group_id=self.group_id,
                series_id=self.series_id,
                position=position,
                pathway_position=position,
                focus="open",
                session_kind="themed",
                title="Session",
                participant_title="Session",
                depth_cap=2,
                on_date=local.date(),
                start_time=local.time(),
                zone=LONDON,
                minutes=90,
                starts_at=start,
                ends_at=start + 90 * MINUTE,
                page_hash=token_hash(new_id()),
            )
            db.add(session)
            db.flush()
            return session.id

    def add_person(self, name, **values):
        with self.change() as db:
            vault, person_id, address = vault_of(db), new_id(), name if "@" in name else f"{name}@example.org"
            person = Participant(
                id=person_id,
                group_id=self.group_id,
                **seal_person(vault, person_id, name, address),
                settings_hash=token_hash(new_id()),
                **{"consent_round": 1, **values},
            )
            db.add(person)
            return person_id

    def add_rule(self, lead):
        with self.change() as db:
            db.add(ReminderRule(group_id=self.group_id, lead_minutes=lead // MINUTE))

    def remove_rule(self, lead):
        with self.change() as db:
            rules = select(ReminderRule).where(ReminderRule.lead_minutes == lead // MINUTE)
            db.delete(db.scalars(rules.where(ReminderRule.group_id == self.group_id)).one())

    def set_person(self, person_id, **values):
        with self.change() as db:
            person = db.get_one(Participant, person_id)
            for name, value in values.items():
                setattr(person, name, value)

    def set_group(self, **values):
        with self.change() as db:
            group = db.get_one(Group, self.group_id)
            for name, value in values.items():
                setattr(group, name, value)

    def remove_person(self, person_id):
        with self.change() as db:
            db.delete(db.get_one(Participant, person_id))

    def follow(self, session_id=None):
        with self.change() as db:
            return follow(db, [db.get_one(GroupSession, session_id or self.session_id)], self.clock())

    def alter(self, **values):
        """Change the session as planning does, and follow it in the same transaction."""
        with self.change() as db:
            session = db.get_one(GroupSession, self.session_id, with_for_update=True)
            for name, value in values.items():
                setattr(session, name, value)
            if "starts_at" in values:
                session.ends_at = session.starts_at + 90 * MINUTE
            session.time_rev += 1
            return follow(db, [session], self.clock())

    def move(self, to):
        return self.alter(starts_at=to)

    def cancel(self):
        return self.alter(status=SessionStatus.CANCELLED)

    def restore(self):
        return self.alter(status=SessionStatus.SCHEDULED)

    def rows(self, **equal):
        with self.database.read() as db:
            found = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        return [row for row in found if all(getattr(row, name) == value for name, value in equal.items())]

    def row(self, **equal):
        [found] = self.rows(**equal)
        return found

    def states(self):
        """Return what stands in the outbox, as short words in the order of writing."""
        return [f"{row.kind} {row.lead_minutes // 60}h r{row.time_rev} {row.state}" for row in self.rows()]

    def force(self, row_id, **values):
        """Write columns as an accident would, past the guard of the state machine."""
        with self.change() as db:
            disable_guard(db)
            assignments = ", ".join(f"{name} = :{name}" for name in values)
            db.execute(text(f"UPDATE outbox SET {assignments} WHERE id = :id"), {"id": row_id, **values})  # noqa: S608 - test
            enable_guard(db)


def disable_guard(db):
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("ALTER TABLE outbox DISABLE TRIGGER outbox_guard"))
    else:
        db.info["guard"] = db.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'outbox_guard'"))
        db.execute(text("DROP TRIGGER outbox_guard"))


def enable_guard(db):
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("ALTER TABLE outbox ENABLE TRIGGER outbox_guard"))
    else:
        db.connection().exec_driver_sql(db.info.pop("guard"))


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def scene(database, clock):
    """A closed group in London with one session on Thursday at 18:30, reminders 48 and 3 hours before, and Pat."""
    return Scene(database, clock).build()


@pytest.fixture(scope="session")
def letters_app():
    made = Flask("letters", template_folder=ROOT / "templates")
    Babel(made)
    return made


@pytest.fixture
def station(database, clock, letters_app):
    """Make stations that send to a server; their clock is the scene's."""

    def make(target, owner="worker:1", **other):
        options = {
            "database": database,
            "open_client": lambda: SmtpClient(
                target, hello_name="mail.example", monotonic=clock.monotonic, timeouts=QUICK
            ),
            "compose": composer("https://notes.example", FROM),
            "owner": owner,
            "clock": clock,
            "monotonic": clock.monotonic,
            "rng": random.Random(7),
        }
        return Station(**(options | other))

    with letters_app.app_context():
        yield make
