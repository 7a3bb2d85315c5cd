"""Fills an empty database with two made-up facilitators and their groups, so that every page has something to show.

Dates are relative to the present. Everything is made through the same use cases that people press, only with an
earlier instant as "now"; the reminders of the past are then really delivered to the local mailbox.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from facilitator.accounts.demo import LOGINS
from facilitator.accounts.models import Facilitator, GuideChoice, Role
from facilitator.accounts.service import count_facilitators, create_facilitator
from facilitator.attendance.rules import Precision
from facilitator.attendance.service import close_room
from facilitator.curriculum.rules import GroupKind
from facilitator.demo.handouts import hand_out
from facilitator.groups.consent import reaffirm
from facilitator.groups.models import Group, Participant, Wording
from facilitator.groups.people import Entry, add_participants
from facilitator.groups.service import GroupDraft, add_co_facilitator, count_participants, create_group
from facilitator.planning.models import Assignment, GroupSession, Outcome
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import SeriesDraft, mark_done, record_outcomes, schedule_series, set_released
from facilitator.reminders.delivery import Station, deliver_due
from facilitator.reminders.models import Channel, OutboxMessage
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.service import add_default_rules, follow
from facilitator.times import get_zone, to_local

WEEK = timedelta(weeks=1)
MAIL_SINCE = timedelta(days=4)  # how far back reminders are really delivered
CLOSED_PEOPLE = ("Robin", "Kim", "Alex", "Noor", "Jules", "Sascha", "Toni", "Maxi")
OPEN_PEOPLE = (
    ("River", "America/New_York"),
    ("Sol", "America/Chicago"),
    ("Wren", "America/New_York"),
    ("Quinn", "America/Los_Angeles"),
    ("Ash", "Europe/Berlin"),
    ("Indigo", "America/New_York"),
)
CLOSED_COUNTS, OPEN_COUNTS = (8, 7, 6, 7), (5, 6, 4)
OUTCOMES = (Outcome.USED, Outcome.USED, Outcome.CUT_SHORT, Outcome.USED, Outcome.SKIPPED)


def seed_demo(db: Session, now: datetime) -> bool:
    """Fill an empty database; return whether it was empty."""
    if count_facilitators(db):
        return False
    ana, sam = (
        create_facilitator(
            db,
            name=login.name,
            email=login.email,
            password=login.password,
            role=role,
            zone="Europe/London",
            now=now,
        )
        for login, role in zip(LOGINS, (Role.ADMIN, Role.FACILITATOR), strict=True)
    )
    ana.guide = sam.guide = GuideChoice.HIDDEN  # their first days are behind them
    _seed_closed(db, ana, now)
    _seed_open(db, sam, now)
    return True


def _seed_closed(db: Session, ana: Facilitator, now: datetime) -> None:
    """Make a closed group in the middle of its 8 sessions; the fifth is today and can be run now."""
    begun = now - timedelta(days=40)
    local = to_local(now, get_zone("Europe/London"))
    start_time = time(local.hour, 30 if local.minute >= 30 else 0)  # noqa: PLR2004 - half past
    draft = GroupDraft(
        label="Harbour Circle",
        kind=GroupKind.CLOSED,
        capacity=9,
        zone="Europe/London",
        minutes=90,
        place="Room 2, 14 Mill Lane",
        country="GB",
    )
    group = create_group(db, ana, draft, begun)
    add_default_rules(db, group)
    add_co_facilitator(db, group, LOGINS[1].email)
    entries = [_entry(alias, at) for at, alias in enumerate(CLOSED_PEOPLE)]
    _confirm(db, add_participants(db, group, entries))
    first_on = local.date() - 4 * WEEK
    _, sessions = schedule_series(
        db,
        group,
        SeriesDraft(
            pathway_id="closed-8",
            first_on=first_on,
            start_time=start_time,
            zone=group.zone,
            minutes=90,
            rhythm=Rhythm.WEEKLY,
        ),
        begun,
        require_review=False,
    )
    _close_past(db, group, sessions, CLOSED_COUNTS, now)
    set_released(db, sessions[4], materials=True, note=True)
    hand_out(db, sessions[4])
    follow(db, sessions, now - MAIL_SINCE)


def _seed_open(db: Session, sam: Facilitator, now: datetime) -> None:
    """Make an open group online in another zone; its next session is soon enough that a reminder is nearly due."""
    begun = now - timedelta(days=40)
    zone = get_zone("America/New_York")
    draft = GroupDraft(
        label="Lunchtime Circle",
        kind=GroupKind.OPEN,
        capacity=10,
        zone=zone.key,
        minutes=75,
        link="https://meet.example/lunchtime-circle",
        country="US",
    )
    group = create_group(db, sam, draft, begun)
    add_default_rules(db, group)
    add_co_facilitator(db, group, LOGINS[0].email)
    entries = [replace(_entry(alias, at), zone=home) for at, (alias, home) in enumerate(OPEN_PEOPLE)]
    _confirm(db, add_participants(db, group, entries))
    next_on = to_local(now, zone).date() + timedelta(days=2)
    _, sessions = schedule_series(
        db,
        group,
        SeriesDraft(
            pathway_id="open-6",
            first_on=next_on - 3 * WEEK,
            start_time=time(12, 15),
            zone=zone.key,
            minutes=75,
            rhythm=Rhythm.WEEKLY,
            cycles=2,
        ),
        begun,
        require_review=False,
    )
    _close_past(db, group, sessions, OPEN_COUNTS, now)
    follow(db, sessions, now - MAIL_SINCE)


def _confirm(db: Session, people: Sequence[Participant]) -> None:
    for person in people:
        reaffirm(db, person)


def _entry(alias: str, at: int) -> Entry:
    wording = (Wording.VAGUE, Wording.PLAIN, Wording.FULL)[at % 3]
    return Entry(alias=alias, address=f"{alias.lower()}@example.org", wording=wording)


def _close_past(
    db: Session, group: Group, sessions: list[GroupSession], counts: tuple[int, ...], now: datetime
) -> None:
    for session, count in zip(sessions, counts, strict=False):
        if session.ends_at >= now:
            continue
        close_room(
            db,
            session.id,
            session.ends_at,
            count,
            count_participants(db, group),
            Precision(group.precision),
            session.ends_at,
        )
        ids = db.scalars(
            select(Assignment.segment_id).where(
                Assignment.session_id == session.id, Assignment.prompt_version_id.is_not(None)
            )
        ).all()
        record_outcomes(db, session, dict(zip(sorted(ids), OUTCOMES, strict=False)))
        mark_done(db, session)


def deliver_past(station: Station, now: datetime) -> int:
    """Deliver the reminders that were due before now, each at its own time; return how many were sent."""
    with station.database.read() as db:
        due = db.scalars(
            select(OutboxMessage.next_attempt_at)
            .where(OutboxMessage.state == OutboxState.PENDING, OutboxMessage.next_attempt_at < now)
            .distinct()
            .order_by(OutboxMessage.next_attempt_at)
        ).all()
    return sum(deliver_due(replace(station, clock=_fixed(at)))[OutboxState.SENT] for at in due)


def forget_past_troubles(db: Session, now: datetime) -> None:
    """Let what could not be delivered in the made-up past begin now: nobody's mail server has been silent for days."""
    db.execute(update(Channel).where(Channel.open_since_at < now).values(open_since_at=now, open_until_at=now))
    overdue = (OutboxMessage.state == OutboxState.PENDING) & (OutboxMessage.next_attempt_at < now)
    db.execute(update(OutboxMessage).where(overdue).values(next_attempt_at=now))


def _fixed(at: datetime) -> Callable[[], datetime]:
    return lambda: at.astimezone(UTC)
