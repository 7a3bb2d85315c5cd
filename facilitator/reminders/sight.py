"""What there is to know of a message before it may leave: read for many at once when they are claimed, or for one anew.

Reads only. A sight grows old at once; the gate opens on it only while nothing of it has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from facilitator.accounts.models import Facilitator, InstallationSetting
from facilitator.db import Instant
from facilitator.groups.models import Group, Participant
from facilitator.materials.announcing import due_announcements
from facilitator.planning.models import GroupSession
from facilitator.reminders.announcing import is_due
from facilitator.reminders.follow import MAY_BE_TOLD, TOLD
from facilitator.reminders.models import OutboxMessage, Suppression
from facilitator.reminders.rules import MessageKind, OutboxState

PAUSED_SETTING = "mail_paused"
# as constants: this is asked for every message that leaves, and a list of parameters is laid out anew each time
STANDS_FOR_EARLIER: list[ColumnElement[str]] = [
    literal_column(f"'{state}'") for state in sorted(TOLD | {OutboxState.PENDING, OutboxState.LEASED})
]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The person that a message goes to, their group, and the session that it is about, if it is about one."""

    session: GroupSession | None
    group: Group
    participant: Participant
    suppression: Suppression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One message with everything that its letter is made of and that may hold it back.

    Args:
        row: the message.
        about: its person and session; None when the person is gone, and for a test.
        asker: the facilitator who gets a test.
        session: the session of a test, if it is about one, and its group.
        paused: whether somebody holds back all mail.
        later: whether a later reminder for the same time is due as well, or went before it.
        told_start: the start that the person was last told, for a message about a move.
        readable: whether what the message says is there to read is, and is told of; true for all that say no such thing.
    """

    row: OutboxMessage
    about: About | None
    asker: Facilitator | None
    session: GroupSession | None
    group: Group | None
    paused: bool
    later: bool
    told_start: datetime | None
    readable: bool = True


def look(db: Session, rows: Sequence[OutboxMessage], now: datetime, *, again: bool = False) -> list[Sight]:
    """Return what there is to know of messages, in their order, in one query (two more for moves and materials).

    Args:
        db: the open session.
        rows: the messages.
        now: the present instant.
        again: whether to read anew what this session has seen before.
    """
    found = {
        message_id: _sight(tuple(values))
        for message_id, *values in db.execute(
            LOOK, {"ids": [row.id for row in rows], "at": now}, execution_options={"populate_existing": again}
        )
    }
    starts = _told_starts(db, [row.id for row in rows if row.kind == MessageKind.MOVED])
    gone = {"about": None, "asker": None, "session": None, "group": None, "paused": False, "later": False}
    empty = _nothing_to_read(db, rows, now)
    return [
        Sight(row=row, told_start=starts.get(row.id), readable=row.id not in empty, **found.get(row.id, gone))
        for row in rows
    ]


def later_reminder(row: type[OutboxMessage], now: Any) -> ColumnElement[bool]:
    """Return the condition that a later reminder for the same time stands for the one in `row`."""
    other = aliased(OutboxMessage)
    return exists(
        select(other.id).where(
            other.session_id == row.session_id,
            other.participant_id == row.participant_id,
            other.time_rev == row.time_rev,
            other.kind == MessageKind.REMINDER,
            row.kind == MessageKind.REMINDER,
            other.lead_minutes < row.lead_minutes,
            other.due_at <= now,
            other.state.in_(STANDS_FOR_EARLIER),
        )
    )


def paused_setting() -> ColumnElement[bool]:
    """Return the condition that somebody holds back all mail."""
    return exists(select(InstallationSetting.name).where(InstallationSetting.name == PAUSED_SETTING))


# laid out once: the batch of every connection asks it
LOOK = (
    select(
        OutboxMessage.id,
        GroupSession,
        Group,
        Participant,
        Suppression,
        Facilitator,
        paused_setting(),
        later_reminder(OutboxMessage, bindparam("at", type_=Instant)),
    )
    .select_from(OutboxMessage)
    .outerjoin(GroupSession, GroupSession.id == OutboxMessage.session_id)
    .outerjoin(Participant, Participant.id == OutboxMessage.participant_id)
    .outerjoin(Group, Group.id == func.coalesce(GroupSession.group_id, Participant.group_id))
    .outerjoin(Suppression, Suppression.address_index == Participant.address_index)
    .outerjoin(Facilitator, Facilitator.id == OutboxMessage.asked_by)
    .where(OutboxMessage.id.in_(bindparam("ids", expanding=True)))
)


def _sight(values: tuple[Any, ...]) -> dict[str, Any]:
    session, group, participant, suppression, asker, paused, later = values
    about = None
    if group and participant:
        about = About(session=session, group=group, participant=participant, suppression=suppression)
    return {
        "about": about,
        "asker": asker,
        "session": session,
        "group": group,
        "paused": bool(paused),
        "later": bool(later),
    }


def _nothing_to_read(db: Session, rows: Sequence[OutboxMessage], now: datetime) -> set[int]:
    """Return the messages that say that there is something to read while there is not."""
    telling = [row for row in rows if row.kind == MessageKind.MATERIALS]
    if not telling:
        return set()
    due = due_announcements(db, now, GroupSession.id.in_({row.session_id for row in telling}))
    return {row.id for row in telling if not is_due(row, due)}


def _told_starts(db: Session, moved_ids: Sequence[int]) -> dict[int, datetime]:
    """Return the start that each person of a message about a move was last told."""
    if not moved_ids:
        return {}
    moved = aliased(OutboxMessage)
    told = db.execute(
        select(moved.id, OutboxMessage.session_starts_at)
        .join(
            OutboxMessage,
            (OutboxMessage.session_id == moved.session_id)
            & (OutboxMessage.participant_id == moved.participant_id)
            & (OutboxMessage.time_rev < moved.time_rev),
        )
        .where(moved.id.in_(moved_ids), MAY_BE_TOLD)
        .order_by(OutboxMessage.id)  # the last one stays
    )
    return {message_id: starts_at for message_id, starts_at in told}  # noqa: C416 - to mypy a row is no pair
