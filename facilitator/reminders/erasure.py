"""Erases the list of a group whose last session is 30 days past: people, messages and what came back, and materials.

What stays is a receipt with numbers. The caller folds the database's log afterwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.db import Instant
from facilitator.errors import Conflict
from facilitator.groups.models import ErasureReceipt, Group, GroupFacilitator, GroupRole, Participant
from facilitator.groups.rules_erasure import KEPT_FOR, erase_on
from facilitator.materials.service import erase_materials
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.returns import forget_unlisted
from facilitator.times import get_zone, to_local

ANNOUNCED = timedelta(days=7)  # before a list is erased
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A list that is erased on a day; of one whose day has come, the day is that of today."""

    group: Group
    erased_on: date


def find_erasure_day(db: Session, group: Group, now: datetime) -> date | None:
    """Return the day on which the list of a group is erased, or None while a session is to come or none ever was."""
    last = db.scalar(select(func.max(GroupSession.ends_at)).where(_stands(), GroupSession.group_id == group.id))
    return None if last is None or last > now else erase_on(to_local(last, get_zone(group.zone)).date())


def list_receipts(db: Session, group: Group) -> Sequence[ErasureReceipt]:
    """Return what was erased of a group's lists, the latest first."""
    found = select(ErasureReceipt).where(ErasureReceipt.group_id == group.id)
    return db.scalars(found.order_by(ErasureReceipt.erased_on.desc())).all()


def list_own_and_endings(db: Session, me: Facilitator, now: datetime) -> tuple[Sequence[Group], Sequence[Ending]]:
    """Return the groups of a facilitator by label, and which lists that they lead are erased within 7 days.

    One query for both: the first page asks for them each time.
    """
    last = select(func.max(GroupSession.ends_at, type_=Instant)).where(_stands(), GroupSession.group_id == Group.id)
    found = db.execute(
        select(Group, GroupFacilitator.role, last.scalar_subquery(), _has_people())
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id)
        .order_by(func.lower(Group.label), Group.id)
    ).all()
    led = [(group, at) for group, role, at, people in found if role == GroupRole.LEAD and people and _is_past(at, now)]
    endings = sorted(_endings(led, now + ANNOUNCED, now), key=lambda ending: ending.erased_on)
    return [row[0] for row in found], endings


def erase_ended(db: Session, now: datetime) -> Sequence[ErasureReceipt]:
    """Erase every list whose day has come, on the clock of its group; return the receipts.

    Running it twice, or late, ends the same.
    """
    return [erase_list(db, ending.group, ending.erased_on) for ending in _list_ended(db, now)]


def erase_now(db: Session, group: Group, now: datetime) -> ErasureReceipt:
    """Erase a list before its day because a facilitator asks for it.

    Raises:
        Conflict: while a session is to come or none ever was, or when nobody is on the list.
    """
    if find_erasure_day(db, group, now) is None:
        raise Conflict("The list can be erased when the last session is over. Until then, take people off one by one.")
    if db.scalar(select(Participant.id).where(Participant.group_id == group.id).limit(1)) is None:
        raise Conflict("Nobody is on the list any more.")
    return erase_list(db, group, to_local(now, get_zone(group.zone)).date(), by_hand=True)


def erase_list(db: Session, group: Group, on: date, *, by_hand: bool = False) -> ErasureReceipt:
    """Erase the people of a list, every message to them and what came back, the materials, and write the receipt.

    What refused mail for good is remembered by a hash of the address; that goes too, where no other list has it.
    """
    db.refresh(group, with_for_update={"key_share": True})
    ids = db.scalars(select(Participant.id).where(Participant.group_id == group.id)).all()
    gone = delete(OutboxMessage).where(OutboxMessage.participant_id.in_(ids)).returning(OutboxMessage.id)
    messages = len(db.execute(gone.execution_options(synchronize_session=False)).all())
    db.execute(delete(Participant).where(Participant.group_id == group.id))
    sessions = db.scalars(select(GroupSession.id).where(GroupSession.group_id == group.id)).all()
    materials = erase_materials(db, sessions)
    forget_unlisted(db)
    receipt = ErasureReceipt(
        group_id=group.id, erased_on=on, by_hand=by_hand, people=len(ids), messages=messages, materials=materials
    )
    db.add(receipt)
    db.flush()
    return receipt


def _list_ended(db: Session, now: datetime) -> Sequence[Ending]:
    """Return the lists with people on them, without a session to come, whose day has come."""
    last = func.max(GroupSession.ends_at, type_=Instant)
    # a day is not over everywhere at once, so one more is looked at
    found = db.execute(
        select(Group, last)
        .join(GroupSession, GroupSession.group_id == Group.id)
        .where(_stands(), _has_people())
        .group_by(Group.id)
        .having(last <= now - KEPT_FOR + DAY)
        .order_by(Group.id)
    )
    return _endings([(group, last_at) for group, last_at in found], now, now)


def _endings(ended: Iterable[tuple[Group, datetime]], by: datetime, now: datetime) -> Sequence[Ending]:
    """Return the lists whose day has come by an instant, on the clock of each group."""
    days = [(group, erase_on(to_local(at, get_zone(group.zone)).date())) for group, at in ended]
    return [
        Ending(group=group, erased_on=max(day, to_local(now, get_zone(group.zone)).date()))
        for group, day in days
        if day <= to_local(by, get_zone(group.zone)).date()
    ]


def _is_past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _has_people() -> ColumnElement[bool]:
    return exists(select(Participant.id).where(Participant.group_id == Group.id))


def _stands() -> ColumnElement[bool]:
    return GroupSession.status != SessionStatus.CANCELLED
