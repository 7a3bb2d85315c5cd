"""The use cases of series and sessions: find one, plan, move, call off, bring back, finish.

Every path to a session goes through the groups of the person who asks; somebody else's session is not there.
Planning and moving have modules of their own and are named here, so that callers need to know one place.
Nothing here sends a message: whoever changes a session tells the reminders to follow, in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups.models import Group
from facilitator.groups.service import get_group, only_mine
from facilitator.planning.building import PAGE_PURPOSE, page_hash
from facilitator.planning.filling import open_desk, refit
from facilitator.planning.models import Assignment, GroupSession, Outcome, Series, SessionStatus
from facilitator.planning.moving import (
    TimeChange,
    change_of,
    change_series_time,
    move_session,
    plan_change,
    plan_skip,
    skip_session,
)
from facilitator.planning.rules_slots import Reach, Slot, reached, slot_at
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.scheduling import (
    SeriesDraft,
    date_plan,
    insert_session,
    plan_extra,
    refuse_after_closing,
    schedule_series,
)
from facilitator.planning.timetable import (
    can_change,
    lock_timetable,
    mark_changed,
    refuse_begun,
    refuse_cancelled,
    refuse_overlaps,
)
from facilitator.times import get_zone
from facilitator.tokens import link_token, token_hash
from facilitator.vault import vault_of

__all__ = [
    "SeriesDraft",
    "TimeChange",
    "cancel_session",
    "change_of",
    "change_place",
    "change_series_time",
    "date_plan",
    "find_session_by_page_token",
    "get_series",
    "get_session",
    "get_session_with_group",
    "insert_session",
    "is_past",
    "list_sessions_with_groups",
    "mark_done",
    "move_session",
    "page_token",
    "plan_change",
    "plan_extra",
    "plan_restore",
    "plan_skip",
    "record_outcomes",
    "refuse_after_closing",
    "renew_page",
    "restore_session",
    "schedule_series",
    "set_released",
    "skip_session",
]

LONGEST_PLACE = 200
LONGEST_LINK = 300
LONGEST_REASON = 200
MOST_MINUTES = 120
"""The longest that one prompt is said to take."""


def get_session(db: Session, me: Facilitator, session_id: str) -> GroupSession:
    """Return a session of one of a person's groups.

    Raises:
        NotFound: when there is none, or it is somebody else's.
    """
    return get_session_with_group(db, me, session_id)[0]


def get_session_with_group(db: Session, me: Facilitator, session_id: str) -> tuple[GroupSession, Group]:
    """Return a session of one of a person's groups, and the group.

    Raises:
        NotFound: when there is none, or it is somebody else's.
    """
    found = select(GroupSession, Group).join(Group, Group.id == GroupSession.group_id)
    row = db.execute(only_mine(found, me).where(GroupSession.id == session_id)).one_or_none()
    if row is None:
        raise NotFound
    return row.GroupSession, row.Group


def list_sessions_with_groups(
    db: Session, me: Facilitator, session_ids: Collection[str]
) -> dict[str, tuple[GroupSession, Group]]:
    """Return those of some sessions that are of a person's groups, each with its group, by session id, in one query."""
    found = select(GroupSession, Group).join(Group, Group.id == GroupSession.group_id)
    rows = db.execute(only_mine(found, me).where(GroupSession.id.in_(session_ids)))
    return {session.id: (session, group) for session, group in rows}


def get_series(db: Session, me: Facilitator, series_id: str) -> tuple[Series, Group]:
    """Return a series of one of a person's groups, and the group.

    Raises:
        NotFound: when there is none, or it is somebody else's.
    """
    series = db.get(Series, series_id)
    if series is None:
        raise NotFound
    return series, get_group(db, me, series.group_id)


def find_session_by_page_token(db: Session, token: str) -> GroupSession | None:
    """Return the session whose shared page a link opens."""
    return db.scalar(select(GroupSession).where(GroupSession.page_hash == token_hash(token)))


def page_token(db: Session, session: GroupSession) -> str:
    """Return the token of a session's shared page."""
    return link_token(vault_of(db).link_key, PAGE_PURPOSE, session.id, session.link_version)


def renew_page(db: Session, session: GroupSession) -> None:
    """Give a session's shared page another address; the old one ends at once."""
    session.link_version += 1
    session.page_hash = page_hash(db, session.id, session.link_version)
    db.flush()


def is_past(session: GroupSession, now: datetime) -> bool:
    """Say whether a session has ended; it stays scheduled until its room is closed."""
    return session.ends_at <= now


def change_place(  # noqa: PLR0917 - a use case names its inputs
    db: Session, session: GroupSession, place: str, link: str, reach: Reach, now: datetime
) -> list[GroupSession]:
    """Change the place and the link of one session, of it and the later ones, or of all to come.

    Returns those that changed; people who were told of the old ones are to hear of it.

    Raises:
        Invalid: when one of them is too long.
        Conflict: when the session has begun or is cancelled.
    """
    place, link = " ".join(place.split()), link.strip()
    _refuse_long(place, LONGEST_PLACE, "place")
    _refuse_long(link, LONGEST_LINK, "link")
    sessions = _lock_series(db, session)
    refuse_cancelled(session)
    refuse_begun(session, now)
    changed = []
    for at in reached(len(sessions), sessions.index(session) + 1, reach):
        other = sessions[at - 1]
        if can_change(other, now) and (other.place, other.link) != (place, link):
            other.place, other.link = place, link
            mark_changed(other)
            changed.append(other)
    db.flush()
    return changed


def cancel_session(db: Session, session: GroupSession, reason: str, now: datetime) -> None:
    """Call a session off. Its plan is kept, and its prompts are free for the others.

    Raises:
        Invalid: when the reason is too long.
        Conflict: when it has begun or is cancelled already.
    """
    reason = " ".join(reason.split())
    _refuse_long(reason, LONGEST_REASON, "reason")
    _lock_series(db, session)
    if session.status == SessionStatus.CANCELLED:
        raise Conflict("This session is cancelled already.")
    refuse_begun(session, now)
    session.status, session.cancel_reason = SessionStatus.CANCELLED, reason
    mark_changed(session)
    db.flush()


def restore_session(db: Session, session: GroupSession, now: datetime, *, require_review: bool = True) -> None:
    """Bring a cancelled session back at its old time.

    What another session took from its plan meanwhile is chosen anew; what is locked stays.

    Raises:
        Conflict: when it is not cancelled, its time has passed, or the group now meets then.
    """
    plan_restore(lock_timetable(db, session.group_id), session, now)
    session.status, session.cancel_reason = SessionStatus.SCHEDULED, ""
    mark_changed(session)
    db.flush()
    scene = load_scene(db, db.get_one(Group, session.group_id), require_review=require_review)
    refit(db, open_desk(db, add_pool(db, scene), session))


def plan_restore(sessions: Sequence[GroupSession], session: GroupSession, now: datetime) -> Slot:
    """Return when a cancelled session would take place again; nothing is written.

    Args:
        sessions: the timetable of the group.
        session: the one that was called off.
        now: the present instant.

    Raises:
        Conflict: when it is not cancelled, its time has passed, or the group now meets then.
    """
    if session.status != SessionStatus.CANCELLED:
        raise Conflict("This session is not cancelled.")
    if session.starts_at <= now:
        raise Conflict("The time of this session has begun or is past, so it stays cancelled.")
    slot = slot_at(session.on_date, session.start_time, get_zone(session.zone), session.minutes)
    refuse_overlaps(sessions, {session.id: slot})
    return slot


def mark_done(db: Session, session: GroupSession) -> None:
    """Mark a session as held, when its room is closed; doing it twice changes nothing.

    Raises:
        Conflict: when it was cancelled.
    """
    if session.status == SessionStatus.CANCELLED:
        raise Conflict("A cancelled session cannot be closed.")
    session.status = SessionStatus.DONE
    db.flush()


def record_outcomes(
    db: Session, session: GroupSession, outcomes: Mapping[str, str], minutes: Mapping[str, int] | None = None
) -> None:
    """Keep what became of each part of a session in the room, by segment id; a part left out is kept as not said.

    Args:
        db: the open session.
        session: the session whose room is closed.
        outcomes: what became of each part.
        minutes: how long a prompt took; what was skipped took none, whatever is entered.

    Raises:
        Invalid: when there is no such outcome, or the minutes are not from 1 to 120.
    """
    took = minutes or {}
    for row in db.scalars(select(Assignment).where(Assignment.session_id == session.id)):
        said = outcomes.get(row.segment_id, Outcome.NOT_SAID)
        if said not in set(Outcome):
            raise Invalid("Choose used, cut short or skipped.", field="outcome")
        row.outcome = Outcome(said)
        row.actual_minutes = _took(row, took.get(row.segment_id))
    db.flush()


def _took(row: Assignment, minutes: int | None) -> int | None:
    if minutes is None or row.prompt_version_id is None or row.outcome == Outcome.SKIPPED:
        return None
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid("Enter minutes from 1 to {most}, or leave it blank.", field="minutes", most=MOST_MINUTES)
    return minutes


def set_released(db: Session, session: GroupSession, *, materials: bool, note: bool) -> None:
    """Show or hide the materials, and the content note beside them, on the participants' page."""
    session.released, session.note_released = materials, materials and note
    db.flush()


def _refuse_long(text: str, most: int, field: str) -> None:
    if len(text) > most:
        raise Invalid(
            "Enter at most {most} characters. There are {count} now.", field=field, most=most, count=len(text)
        )


def _lock_series(db: Session, session: GroupSession) -> Sequence[GroupSession]:
    """Lock the timetable and return the sessions of the series as people count them."""
    sessions = lock_timetable(db, session.group_id)
    return sorted((s for s in sessions if s.series_id == session.series_id), key=lambda s: s.position)
