"""What stands in somebody's calendar: the sessions of their group, or of the groups they lead.

A participant's calendar says when and nothing else. Reading one writes nothing, and nothing here knows who came.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.errors import NotFound
from facilitator.groups.consent import consent
from facilitator.groups.models import Group, GroupFacilitator, MailState, Participant
from facilitator.groups.rules_consent import Consent
from facilitator.planning.ical import CalendarEntry
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.times import get_zone
from facilitator.tokens import token_hash

KEPT_FOR = timedelta(days=7)  # after its end a session leaves the calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a calendar address opens.

    Args:
        language: that of its reader.
        sessions: each with the label of its group, in time; cancelled ones too.
        full: whether the reader chose to see which session of which group it is, and where.
    """

    language: str
    sessions: tuple[tuple[GroupSession, str], ...]
    full: bool = False


def get_feed(db: Session, token: str, now: datetime) -> Feed:
    """Return what a calendar address opens.

    Raises:
        NotFound: when it is unknown or was ended, or its person is not one to be told of meetings.
    """
    key = token_hash(token)
    found = db.execute(select(Participant, Group).join(Group).where(Participant.feed_hash == key)).one_or_none()
    if found is not None:
        person, group = found
        if not may_follow(person, group, now.date()):
            raise NotFound
        return Feed(language=person.language or group.language, sessions=_of_group(db, group, now))
    lead = db.scalar(select(Facilitator).where(Facilitator.feed_hash == key))
    if lead is None:
        raise NotFound
    return Feed(language=lead.language, sessions=_of_lead(db, lead, now), full=lead.feed_titles)


def may_follow(person: Participant, group: Group, on: date) -> bool:
    """Tell whether somebody may have a calendar: they agreed and are in, and did not stop; a pause is of messages."""
    is_in = person.waiting == 0 and person.state != MailState.STOPPED
    return is_in and consent(person, group, on) is Consent.GIVEN


def calendar_entry(
    session: GroupSession, title: str, *, location: str = "", alarm: timedelta | None = None, alarm_words: str = ""
) -> CalendarEntry:
    """Return how a calendar shows a session: when, and what it is told to say."""
    return CalendarEntry(
        uid=session.id,
        sequence=session.ical_sequence,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        zone=get_zone(session.zone),
        title=title,
        cancelled=session.status == SessionStatus.CANCELLED,
        location=location,
        alarm=alarm,
        alarm_words=alarm_words or title,
    )


def _of_group(db: Session, group: Group, now: datetime) -> tuple[tuple[GroupSession, str], ...]:
    found = select(GroupSession).where(GroupSession.group_id == group.id, GroupSession.ends_at > now - KEPT_FOR)
    ordered = found.order_by(GroupSession.starts_at, GroupSession.id)
    return tuple((session, group.label) for session in db.scalars(ordered))


def _of_lead(db: Session, lead: Facilitator, now: datetime) -> tuple[tuple[GroupSession, str], ...]:
    found = (
        select(GroupSession, Group.label)
        .join(Group, Group.id == GroupSession.group_id)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == lead.id, GroupSession.ends_at > now - KEPT_FOR)
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    return tuple((session, label) for session, label in db.execute(found))
