"""Use cases of reminders: rules of a group, pausing, and what a change would tell.

Every change that may touch messages ends with a call of `follow`, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.service import find_setting, keep_setting
from facilitator.errors import Invalid
from facilitator.groups.models import Group, MailState, Participant
from facilitator.planning.models import GroupSession
from facilitator.reminders.follow import MAY_BE_TOLD, Followed, follow, follow_group
from facilitator.reminders.models import OutboxMessage, ReminderRule
from facilitator.reminders.plan import DEFAULT_LEADS, MOST_REMINDERS
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.sight import PAUSED_SETTING

__all__ = ["Followed", "follow", "follow_group"]

SHORTEST_LEAD, LONGEST_LEAD = timedelta(minutes=30), timedelta(days=14)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldTell:
    """Who would hear of a change of one session, in numbers of people and messages.

    Args:
        people: have been told of the session and would get a notice.
        planned: messages not sent yet that would be withdrawn.
    """

    people: int
    planned: int


def add_default_rules(db: Session, group: Group) -> None:
    """Give a new group the reminders that most groups want: 48 and 3 hours before."""
    db.add_all(ReminderRule(group_id=group.id, lead_minutes=lead // MINUTE) for lead in DEFAULT_LEADS)
    db.flush()


def list_rules(db: Session, group: Group) -> list[timedelta]:
    """Return how long before a session the group's people are reminded, the earliest first."""
    minutes = db.scalars(
        select(ReminderRule.lead_minutes)
        .where(ReminderRule.group_id == group.id)
        .order_by(ReminderRule.lead_minutes.desc())
    )
    return [lead * MINUTE for lead in minutes]


def change_rules(db: Session, group: Group, leads: Sequence[timedelta], now: datetime) -> Followed:
    """Replace the reminders of a group and bring the messages of its coming sessions up to date.

    Raises:
        Invalid: when there are too many, one stands twice, or one is out of range.
    """
    if len(leads) > MOST_REMINDERS:
        raise Invalid("Choose at most {most} reminders for a session.", "leads", most=MOST_REMINDERS)
    if len(set(leads)) != len(leads):
        raise Invalid("Choose two different times.", "leads")
    if any(not SHORTEST_LEAD <= lead <= LONGEST_LEAD for lead in leads):
        raise Invalid("Choose a time between 30 minutes and 14 days before the session.", "leads")
    db.execute(delete(ReminderRule).where(ReminderRule.group_id == group.id))
    db.add_all(ReminderRule(group_id=group.id, lead_minutes=lead // MINUTE) for lead in leads)
    db.flush()
    return follow_group(db, group, now)


def choose_aftercare(db: Session, group: Group, *, wanted: bool) -> None:
    """Choose whether a few words go to everybody on the morning after; what waits already is judged at the gate."""
    group.aftercare = wanted
    db.flush()


def pause_group(db: Session, group: Group, now: datetime) -> None:
    """Hold back every message of a group from now on; nothing is deleted."""
    group.reminders_paused_at = now
    db.flush()


def resume_group(db: Session, group: Group) -> None:
    """Let the messages of a group go again; those whose time has passed stay unsent."""
    group.reminders_paused_at = None
    db.flush()


def pause_all(db: Session, now: datetime) -> None:
    """Hold back every message of the installation from now on; nothing is deleted."""
    keep_setting(db, PAUSED_SETTING, now.isoformat())


def resume_all(db: Session) -> None:
    """Let messages go again; those whose time has passed stay unsent."""
    keep_setting(db, PAUSED_SETTING, None)


def is_all_paused(db: Session) -> bool:
    """Tell whether every message of the installation is held back."""
    return find_setting(db, PAUSED_SETTING) is not None


def would_tell(db: Session, sessions: Sequence[GroupSession]) -> WouldTell:
    """Return how many people would be told if these sessions changed now, and how many messages withdrawn."""
    ids = [session.id for session in sessions]
    people = db.scalar(
        select(func.count(func.distinct(Participant.id)))
        .join(OutboxMessage, OutboxMessage.participant_id == Participant.id)
        .where(OutboxMessage.session_id.in_(ids), MAY_BE_TOLD, Participant.state == MailState.ACTIVE)
    )
    planned = db.scalar(
        select(func.count())
        .select_from(OutboxMessage)
        .where(
            OutboxMessage.session_id.in_(ids),
            OutboxMessage.state.in_((OutboxState.PENDING, OutboxState.LEASED)),
            OutboxMessage.kind != MessageKind.TEST,
        )
    )
    return WouldTell(people=people or 0, planned=planned or 0)
