"""What everybody may see who holds the link of a session.

A page is the same for everybody who holds its link. Reading one writes nothing, and nothing here knows who came.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.catalogue import ANYWHERE, Catalogue
from facilitator.curriculum.editions import edition
from facilitator.curriculum.materials import Exercise, HelpLine
from facilitator.curriculum.rules import SegmentKind
from facilitator.errors import Conflict, NotFound
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning.feeds import calendar_entry
from facilitator.planning.ical import CalendarEntry
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.queries import PlannedSegment, SessionPlan, session_plan
from facilitator.planning.service import find_session_by_page_token
from facilitator.times import get_zone, to_local, utc_offset, zone_city

PAGE_LIVES_FOR = timedelta(hours=24)  # after the end of the session
MOST_OTHER_ZONES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a session starts and ends on the wall clocks of one zone, as naive local times."""

    zone: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Whom anyone may call, the same for everybody.

    Args:
        checked_on: since when every line is known to be right, or None when one was never checked.
        outdated: whether that was too long ago, so that a number may have changed since.
        elsewhere: lines that lead to help in other countries.
    """

    intro: str
    limits: str
    lines: tuple[HelpLine, ...]
    elsewhere: tuple[HelpLine, ...]
    checked_on: date | None
    outdated: bool
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Everything that the page of one session shows.

    Args:
        on_now: whether it has begun and is not over.
        next: whether none of the group's other meetings begins before it or is on now.
        clock: in the zone of the session.
        others: the same on other clocks: the reader's when they chose one, else those of the group.
        questions: the prompts in order; none until a facilitator released them.
        coming: whether it stands and has not begun, so that one may say "I can't make it this time".
        note_shown: whether content notes were released with them.
        names: the first names of those who lead, as they wrote them.
        exercise: something steadying: the one planned for the opening, or one that fits any moment.
        language: that of the questions, the exercise and the help.
    """

    session: GroupSession
    cancelled: bool
    over: bool
    on_now: bool
    next: bool
    coming: bool
    clock: Clock
    others: tuple[Clock, ...]
    questions: tuple[PlannedSegment, ...]
    note_shown: bool
    exercise: Exercise
    names: tuple[str, ...]
    help: Help
    language: str


def get_page(db: Session, token: str, reader_zone: str, now: datetime) -> SessionPage:
    """Return the page that a link opens.

    Args:
        db: the open session.
        token: from the link.
        reader_zone: IANA name that the reader chose, or an empty string.
        now: the present instant.

    Raises:
        NotFound: when the link is unknown, was renewed, or ended 24 hours after the session.
        Invalid: when the zone is unknown.
    """
    session, group = get_session(db, token, now)
    return session_page(db, session, group, reader_zone, now)


def session_page(db: Session, session: GroupSession, group: Group, reader_zone: str, now: datetime) -> SessionPage:
    """Return what the page of a session shows; a handout shows the same.

    Raises:
        Invalid: when the zone is unknown.
    """
    content = edition(db, group.language)
    plan = session_plan(db, session, group)
    # only the zone that the reader asked for: the zones of a group's people would tell every reader where others live
    zones = [get_zone(reader_zone)] if reader_zone else []
    return SessionPage(
        session=session,
        cancelled=session.status == SessionStatus.CANCELLED,
        over=session.ends_at <= now,
        on_now=session.starts_at <= now < session.ends_at,
        coming=_is_coming(session, now),
        next=now < session.starts_at and not _has_earlier(db, session, now),
        clock=_clock(session, get_zone(session.zone)),
        others=_other_clocks(session, zones),
        questions=tuple(part for part in plan.segments if part.prompt is not None) if session.released else (),
        note_shown=session.note_released,
        exercise=_exercise(plan, content),
        names=_first_names(db, group),
        help=get_help(db, group.language, now.date(), group.country),
        language=content.language,
    )


def get_session(db: Session, token: str, now: datetime) -> tuple[GroupSession, Group]:
    """Return the session that a link opens, with its group.

    Raises:
        NotFound: when the link is unknown, was renewed, or ended 24 hours after the session.
    """
    session = find_session_by_page_token(db, token)
    if session is None or now >= session.ends_at + PAGE_LIVES_FOR:
        raise NotFound
    return session, db.get_one(Group, session.group_id)


def get_coming(db: Session, token: str, now: datetime) -> tuple[GroupSession, int]:
    """Return the session that a link opens while it is still to come, and how many people are on its list.

    Raises:
        NotFound: when the link has ended.
        Conflict: when the session has begun or was called off.
    """
    session, group = get_session(db, token, now)
    if not _is_coming(session, now):
        raise Conflict("This meeting has begun or was called off, so there is nothing to say beforehand.")
    return session, groups.count_participants(db, group)


def _is_coming(session: GroupSession, now: datetime) -> bool:
    return session.status == SessionStatus.SCHEDULED and now < session.starts_at


def get_help(db: Session, language: str, on: date, country: str = ANYWHERE) -> Help:
    """Return the help block of a country as of a day in a language, or in the source language without an edition."""
    content = edition(db, language)
    lines = content.help_lines(country)
    checked = [line.last_verified_on for line in lines]
    allowed_age = timedelta(days=content.help.warn_after_days)
    return Help(
        intro=content.help.intro,
        limits=content.help.limits_line,
        lines=lines,
        elsewhere=tuple(line for line in content.help_lines(ANYWHERE) if line not in lines),
        checked_on=None if None in checked else min(day for day in checked if day),
        outdated=any(line.needs_checking(on, allowed_age) for line in lines),
        language=content.language,
    )


def get_appointment(db: Session, token: str, title: str, alarm: timedelta | None, now: datetime) -> CalendarEntry:
    """Return the calendar entry of a session: when, and nothing else.

    Args:
        db: the open session.
        token: from the link.
        title: in neutral words.
        alarm: how long before the start the calendar is to remind, or None for not at all.
        now: the present instant.

    Raises:
        NotFound: when the link has ended.
    """
    session, _group = get_session(db, token, now)
    return calendar_entry(session, title, alarm=alarm)


def _has_earlier(db: Session, session: GroupSession, now: datetime) -> bool:
    """Tell whether another meeting of the group comes before this one, or is on now."""
    earlier = select(GroupSession.id).where(
        GroupSession.group_id == session.group_id,
        GroupSession.status == SessionStatus.SCHEDULED,
        GroupSession.ends_at > now,
        GroupSession.starts_at < session.starts_at,
    )
    return db.scalar(earlier.limit(1)) is not None


def _other_clocks(session: GroupSession, zones: Iterable[ZoneInfo]) -> tuple[Clock, ...]:
    """Return the clocks that differ from the session's, one for each offset, by city: no order tells how many."""
    seen = {utc_offset(session.starts_at, get_zone(session.zone))}
    clocks = []
    for zone in sorted(zones, key=lambda each: zone_city(each.key)):
        offset = utc_offset(session.starts_at, zone)
        if offset not in seen:
            seen.add(offset)
            clocks.append(_clock(session, zone))
    return tuple(clocks[:MOST_OTHER_ZONES])


def _clock(session: GroupSession, zone: ZoneInfo) -> Clock:
    return Clock(zone=zone.key, starts=to_local(session.starts_at, zone), ends=to_local(session.ends_at, zone))


def _first_names(db: Session, group: Group) -> tuple[str, ...]:
    return tuple(leader.name.split()[0] for leader, _role in groups.list_facilitators(db, group) if leader.name.strip())


def _exercise(plan: SessionPlan, content: Catalogue) -> Exercise:
    opening = (part.exercise for part in plan.segments if part.segment.kind == SegmentKind.GROUND_OPEN)
    return next((exercise for exercise in opening if exercise is not None), content.crisis_exercises()[0])
