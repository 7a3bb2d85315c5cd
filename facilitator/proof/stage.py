"""The stage of the proof: a made-up group of 8 on a ground of its own, the web application over it, and its worker.

Everything on it is written through the use cases that people press. The settings are those of the installation, but
keys, mail server, returned mail and outside addresses: those would reach somebody.
"""

import logging
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from sqlalchemy.orm import Session

from config import Config
from facilitator import create_app, logs, migrations
from facilitator.accounts import service as accounts
from facilitator.accounts.models import Facilitator, Role
from facilitator.accounts.vault_proof import prove_vault_key
from facilitator.curriculum.entries import import_shipped
from facilitator.curriculum.rules import GroupKind
from facilitator.groups.consent import reaffirm
from facilitator.groups.feeds import renew_feed
from facilitator.groups.models import Wording
from facilitator.groups.people import Entry, add_participants, settings_token
from facilitator.groups.service import GroupDraft, create_group
from facilitator.mail import mailbox
from facilitator.mail.smtp import SmtpClient
from facilitator.mail.urls import MailUrl
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Release
from facilitator.materials.rules import PDF
from facilitator.materials.service import add_file
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import SeriesDraft, page_token, schedule_series
from facilitator.prompts.importing import import_library
from facilitator.proof.grounds import Ground
from facilitator.reminders.delivery import Station
from facilitator.reminders.posting import composer
from facilitator.reminders.service import change_rules, follow
from facilitator.ticks import Worker

ALIASES = ("Amber", "Birch", "Cedar", "Dune", "Elm", "Fern", "Grove", "Hazel")
ZONES = (None, None, "Europe/Madrid", None, None, "Atlantic/Azores", None, None)
PASSWORD = "made up for the proof alone"  # noqa: S105 - opens nothing but the stage
ZONE = "Europe/London"
BEGUN_AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
FIRST_ON, STARTS, MINUTES = date(2027, 3, 11), time(18, 30), 90
LEAD = timedelta(hours=48)  # of the one reminder
PAPER = b"%PDF-1.7\n%%EOF\n"  # nobody looks at it
LOG, MARK, SPOOL = "log", "delivery.mark", "mailbox"


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime = BEGUN_AT

    def __call__(self) -> datetime:
        """Return the instant at which it stands."""
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of the 8 on the list, as the proof knows them."""

    alias: str
    address: str
    settings_token: str = field(repr=False)
    feed_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One session of the series, as the proof knows it."""

    id: str
    page_token: str = field(repr=False)
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who and what is on the stage."""

    lead_token: str = field(repr=False)
    group_id: str
    people: tuple[Person, ...]
    meetings: tuple[Meeting, ...]
    file_id: str


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything an evening is played with; the same for each of them, and put back before each.

    Args:
        config: the settings of the stage.
        ground: its database.
        folder: its data folder; everything in it is kept.
        app: the web application.
        clock: where the evening stands.
        mail: where messages are handed over.
        cast: who and what is on it.
    """

    config: Config
    ground: Ground
    folder: Path
    app: Any
    clock: Clock
    mail: MailUrl
    cast: Cast

    @classmethod
    @contextmanager
    def set(cls, config: Config, ground: Ground, folder: Path) -> Iterator[Self]:
        """Build the stage and keep its mailbox open while the block runs.

        Args:
            config: the settings of the stage, see `settings_of_stage`.
            ground: an empty database.
            folder: its data folder.
        """
        clock = Clock()
        migrations.upgrade(ground.database)
        with ground.database.write() as db:
            cast = _cast(db, config)
            db.commit()
        ground.keep()
        ground.begin_again()
        with mailbox.serve(folder / SPOOL, clock) as mail:
            app = create_app(config, ground.database, clock)
            yield cls(config=config, ground=ground, folder=folder, app=app, clock=clock, mail=mail, cast=cast)

    def begin_again(self) -> None:
        """Put the database, the data folder and the clock back to where every evening begins."""
        self.ground.begin_again()
        mailbox.clear(self.folder / SPOOL)
        for name in (LOG, MARK):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        self.clock.at = BEGUN_AT

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Write the log, and whatever is put aside for a while, into the data folder while the block runs."""
        aside = self.folder / "tmp"
        aside.mkdir(exist_ok=True)
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        with (self.folder / LOG).open("w", encoding="utf-8") as file, patch.object(tempfile, "tempdir", str(aside)):
            logs.set_up(file)
            try:
                yield
            finally:
                root.handlers[:] = handlers
                root.setLevel(level)

    def hire(self) -> Worker:
        """Return a worker that measures time in steps of its own, so that no two evenings measure it differently."""
        steps = count()

        def monotonic() -> float:
            return next(steps) / 1000

        hello = self.config.mail_from.rpartition("@")[2].rstrip(">")
        station = Station(
            database=self.ground.database,
            open_client=lambda: SmtpClient(self.mail, hello_name=hello, monotonic=monotonic),
            compose=composer(self.config.base_url, self.config.mail_from),
            owner="proof",
            clock=self.clock,
            monotonic=monotonic,
            rng=random.Random("retries"),  # noqa: S311 - spreads retries, keeps no secret
        )
        return Worker(station=station, app=self.app, mark=self.folder / MARK, mailbox=self.folder / SPOOL)


def settings_of_stage(config: Config, folder: Path) -> Config:
    """Return the settings of an installation with made-up keys, and with nothing in them that reaches anybody."""
    return replace(
        config,
        data_dir=folder,
        database_url="",
        secret_key="made up for the proof alone",  # noqa: S106 - signs nothing but the stage's cookies
        vault_key=b"made up for the proof alone, too",
        mail_url=MailUrl(),
        returns_url=None,
        ping_url="",
    )


def _cast(db: Session, config: Config) -> Cast:
    """Write the facilitator, the group, its list, its series and the messages that are planned for it."""
    prove_vault_key(db)
    import_library(db, "en")
    import_shipped(db)
    lead = accounts.create_facilitator(
        db, name="Lead", email="lead@example.org", password=PASSWORD, role=Role.FACILITATOR, zone=ZONE, now=BEGUN_AT
    )
    group, people = _group(db, lead)
    draft = SeriesDraft(
        pathway_id="closed-8",
        first_on=FIRST_ON,
        start_time=STARTS,
        zone=ZONE,
        minutes=MINUTES,
        rhythm=Rhythm.WEEKLY,
        seed="proof",
    )
    sessions = schedule_series(db, group, draft, BEGUN_AT, require_review=config.require_clinical_review)[1][:2]
    about = MaterialDraft(title="A page", release=Release.BEFORE, days_before=2)
    file = add_file(db, sessions[0], about, PDF, PAPER)
    follow(db, sessions, BEGUN_AT)
    meetings = tuple(
        Meeting(id=each.id, page_token=page_token(db, each), starts_at=each.starts_at, ends_at=each.ends_at)
        for each in sessions
    )
    return Cast(lead_token=lead.session_token, group_id=group.id, people=people, meetings=meetings, file_id=file.id)


def _group(db: Session, lead: Facilitator) -> tuple[Any, tuple[Person, ...]]:
    draft = GroupDraft(
        label="Proof", kind=GroupKind.CLOSED, capacity=len(ALIASES), zone=ZONE, minutes=MINUTES, place="Old Mill 3"
    )
    group = create_group(db, lead, draft, BEGUN_AT)
    change_rules(db, group, [LEAD], BEGUN_AT)
    entries = [
        Entry(alias=alias, address=f"{alias.lower()}@example.org", wording=tuple(Wording)[at % 3], zone=ZONES[at])
        for at, alias in enumerate(ALIASES)
    ]
    added = add_participants(db, group, entries)
    for person in added:
        reaffirm(db, person)
    return group, tuple(
        Person(
            alias=entry.alias,
            address=entry.address,
            settings_token=settings_token(db, person),
            feed_token=renew_feed(db, person),
        )
        for entry, person in zip(entries, added, strict=True)
    )
