"""A group that meets in a few days, with somebody who was added to it; every page that they can open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from config import Config
from facilitator.accounts.demo import LOGINS
from facilitator.accounts.service import find_by_address
from facilitator.curriculum.rules import GroupKind
from facilitator.db import Database
from facilitator.groups.consent import reaffirm
from facilitator.groups.draft import GroupDraft
from facilitator.groups.models import Group
from facilitator.groups.people import Entry, add_participants, settings_token
from facilitator.groups.service import create_group
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Release
from facilitator.materials.service import add_text
from facilitator.planning.models import GroupSession
from facilitator.planning.rules import Rhythm
from facilitator.planning.scheduling import SeriesDraft
from facilitator.planning.service import cancel_session, page_token, schedule_series, set_released
from facilitator.reminders.service import add_default_rules, follow, follow_group
from facilitator.times import get_zone, to_instant
from facilitator.vault import Vault
from tests.browser.conftest import Program

ZONE = "Europe/London"
IN_DAYS = 6
NOTE = "Bring a cup"  # the title of what is handed out before the meeting
LABEL, PLACE = "North Room", "Room 9, Canal Street"


@dataclass(frozen=True)
class Invited:
    """Somebody who was added to a group that meets in a few days.

    Args:
        starts_at: of its first meeting.
    """

    program: Program
    address: str
    starts_at: datetime

    def letter(self, at: int, when: datetime) -> str:
        """Send what is due at an instant and return one letter of this person, counted from 0."""
        self.program.command("send-due", "--now", when.isoformat())
        return self.program.letter(self.address, at)


def noon(in_days: int) -> datetime:
    """Return noon in London, when nothing is quiet."""
    on = datetime.now(get_zone(ZONE)).date() + timedelta(days=in_days)
    return to_instant(datetime.combine(on, time(12)), get_zone(ZONE))


@contextmanager
def writing(program: Program) -> Iterator[Session]:
    """Write beside the running program, as a verb of the command line does."""
    config = Config.from_env(program.environment)
    database = Database(config.database_url, Vault(config.vault_key))
    with database.write() as db:
        yield db
        db.commit()
    database.close()


def plan_group(db: Session, language: str, now: datetime) -> tuple[Group, list[GroupSession]]:
    """Make a group whose first meeting has something to read and questions that were released."""
    ana = find_by_address(db, LOGINS[0].email)
    draft = GroupDraft(
        label=LABEL,
        kind=GroupKind.CLOSED,
        capacity=9,
        zone=ZONE,
        minutes=90,
        place=PLACE,
        language=language,
        country="GB",
    )
    group = create_group(db, ana, draft, now)
    add_default_rules(db, group)
    series = SeriesDraft(
        pathway_id="closed-8",
        first_on=noon(IN_DAYS).date(),
        start_time=time(18, 30),
        zone=ZONE,
        minutes=90,
        rhythm=Rhythm.WEEKLY,
    )
    _, sessions = schedule_series(db, group, series, now, require_review=False)
    set_released(db, sessions[0], materials=True, note=True)
    note = MaterialDraft(title=NOTE, release=Release.BEFORE, days_before=7, text="A warm one.")
    add_text(db, sessions[0], note)
    return group, list(sessions)


def invite(program: Program, language: str, address: str) -> Invited:
    """Add one person to a new group, as a facilitator does."""
    now = datetime.now(UTC)
    with writing(program) as db:
        group, sessions = plan_group(db, language, now)
        add_participants(db, group, [Entry(alias="Pat", address=address)])
        follow(db, sessions, now)
        follow_group(db, group, now)
        starts_at = sessions[0].starts_at
    return Invited(program=program, address=address, starts_at=starts_at)


def list_pages(program: Program, language: str) -> dict[str, str]:
    """Return the address of every page that a person may open, by what it is; in meetings of all kinds."""
    now = datetime.now(UTC)
    with writing(program) as db:
        group, sessions = plan_group(db, language, now)
        entries = [Entry(alias=alias, address=f"{alias.lower()}-{language}@pages.example") for alias in ("Pat", "Ari")]
        pat, ari = add_participants(db, group, entries)
        reaffirm(db, pat)
        own, asked = (f"/m/{settings_token(db, each)}" for each in (pat, ari))
        cancel_session(db, sessions[1], "", now)
        sessions[2].starts_at, sessions[2].ends_at = now - timedelta(minutes=100), now - timedelta(minutes=10)
        coming, cancelled, over = (f"/s/{page_token(db, each)}" for each in sessions[:3])
    return {
        "the question": f"{asked}/confirm",
        "messages": own,
        "messages, saved": f"{own}?saved=1",
        "still": f"{own}/still",
        "stop": f"{own}/stop",
        "calendar": f"{own}/calendar",
        "erased": "/m/erased",
        "kept": "/kept",
        "coming": coming,
        "coming, elsewhere": f"{coming}?zone=Asia/Tokyo&noted=1",
        "cancelled": cancelled,
        "over": over,
        "asked how it was": f"{over}/pulse",
        "thanked": f"{over}/pulse/thanks",
        "here": "/here",
        "here, done": "/here/done",
        "unknown meeting": "/s/nothing",
        "unknown person": "/m/nothing",
    }
