"""What the timetable of a group allows: no two sessions at once, nothing that has begun is changed.

It also holds the locks under which a timetable is changed, and writes the new slot of a session.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.errors import Conflict
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.rules_slots import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A session and the slot that it is to take."""

    session: GroupSession
    slot: Slot
    zone: ZoneInfo
    minutes: int

    @property
    def changes(self) -> bool:
        """Say whether anything about the session would be different."""
        return self.changes_start or self.minutes != self.session.minutes

    @property
    def changes_start(self) -> bool:
        """Say whether people would have to be told: another start, or the same under another clock."""
        was, slot = self.session, self.slot
        return (was.starts_at, was.zone, was.on_date, was.start_time) != (
            slot.starts_at,
            self.zone.key,
            slot.on,
            slot.start_time,
        )


def lock_timetable(db: Session, group_id: str) -> list[GroupSession]:
    """Lock a group's timetable until the end of the transaction and return its sessions as they are now.

    The lock on the group keeps out a second plan made at the same moment; the locks on the sessions put this change
    and the last look before a message in order. SQLite needs neither: its writers take turns.
    """
    db.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))
    found = select(GroupSession).where(GroupSession.group_id == group_id).order_by(GroupSession.id).with_for_update()
    sessions = db.scalars(found.execution_options(populate_existing=True)).all()
    return sorted(sessions, key=lambda s: s.starts_at)


def load_timetable(db: Session, group_id: str) -> list[GroupSession]:
    """Return the sessions of a group in time, without a lock."""
    found = select(GroupSession).where(GroupSession.group_id == group_id).order_by(GroupSession.starts_at)
    return list(db.scalars(found))


def refuse_overlaps(sessions: Sequence[GroupSession], slots: Mapping[str, Slot]) -> None:
    """Refuse two sessions of a group at once.

    Args:
        sessions: all of the group; cancelled ones take no time.
        slots: what is to be, by session id; an id that is not among the sessions is a new session.

    Raises:
        Conflict: naming when the other one is.
    """
    standing = [
        (s.starts_at, s.ends_at, s.on_date, s.start_time)
        for s in sessions
        if s.status != SessionStatus.CANCELLED and s.id not in slots
    ]
    for slot in slots.values():
        for starts_at, ends_at, on, start_time in standing:
            if _overlap(slot, starts_at, ends_at):
                raise Conflict(
                    "This group already meets on {day} at {start_time:%H:%M}. Choose another time.",
                    day=on,
                    start_time=start_time,
                )
        standing.append((slot.starts_at, slot.ends_at, slot.on, slot.start_time))


def find_clash(sessions: Iterable[GroupSession], slot: Slot) -> GroupSession | None:
    """Return the session of a group that stands at the time of a slot, or None."""
    return next(
        (s for s in sessions if s.status != SessionStatus.CANCELLED and _overlap(slot, s.starts_at, s.ends_at)), None
    )


def _overlap(slot: Slot, starts_at: datetime, ends_at: datetime) -> bool:
    return slot.starts_at < ends_at and starts_at < slot.ends_at


def refuse_begun(session: GroupSession, now: datetime) -> None:
    """Refuse to change a session that has begun or is over.

    Raises:
        Conflict: when it has.
    """
    if session.status == SessionStatus.DONE or session.starts_at <= now:
        raise Conflict("This session has begun, so its time, place and agenda length stay as they are.")


def refuse_over(session: GroupSession, now: datetime) -> None:
    """Refuse to change the plan of a session that is over or was called off; while it runs, it can be changed.

    Raises:
        Conflict: when it is.
    """
    refuse_cancelled(session)
    if session.status == SessionStatus.DONE or session.ends_at <= now:
        raise Conflict("This session is over, so its plan stays as it is.")


def refuse_cancelled(session: GroupSession) -> None:
    """Refuse to change a session that was called off.

    Raises:
        Conflict: when it was.
    """
    if session.status == SessionStatus.CANCELLED:
        raise Conflict("This session is cancelled. Restore it first.")


def can_change(session: GroupSession, now: datetime) -> bool:
    """Say whether a session stands and is still to come."""
    return session.status == SessionStatus.SCHEDULED and session.starts_at > now


def apply_moves(moves: Iterable[Move]) -> list[GroupSession]:
    """Write new slots into their sessions and return the sessions that changed.

    `time_rev` rises when the start does, as everything planned for the old one is then out of date;
    `ical_sequence` rises with every change that a calendar shows.
    """
    changed = []
    for move in moves:
        if not move.changes:
            continue
        session = move.session
        session.time_rev += move.changes_start
        session.ical_sequence += 1
        session.on_date, session.start_time = move.slot.on, move.slot.start_time
        session.zone, session.minutes = move.zone.key, move.minutes
        session.starts_at, session.ends_at = move.slot.starts_at, move.slot.ends_at
        changed.append(session)
    return changed


def mark_changed(session: GroupSession) -> None:
    """Note a change of place, link or standing that people and calendars are told about."""
    session.time_rev += 1
    session.ical_sequence += 1
