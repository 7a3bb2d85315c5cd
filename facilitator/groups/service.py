"""Use cases of groups and the people who lead them.

Every path to a group goes through `get_group`, or through `only_mine` where more is read in the same query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.accounts.service import find_by_address
from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Conflict, Invalid, NotAllowed, NotFound
from facilitator.groups.consent import count_unsaid
from facilitator.groups.draft import GroupDraft, checked
from facilitator.groups.models import Group, GroupFacilitator, GroupRole, Participant
from facilitator.times import get_zone

__all__ = ["GroupDraft"]

AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """A group in a list: how many are on its mailing list, and what one is in it."""

    group: Group
    people: int
    role: GroupRole


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDetails:
    """A group with what its page shows of people.

    Args:
        group: itself.
        people: how many are on its mailing list.
        unasked: how many of them never confirmed their address.
        stale: how many have to confirm it anew before they are written to.
        leaders: who leads it, the lead first.
    """

    group: Group
    people: int
    unasked: int
    stale: int
    leaders: tuple[tuple[Facilitator, GroupRole], ...]


def create_group(db: Session, me: Facilitator, draft: GroupDraft, now: datetime) -> Group:
    """Make a group that this facilitator leads.

    Raises:
        Invalid: naming the field that cannot be used.
    """
    group = Group(**checked(draft), created_on=now.date(), consent_since_on=now.date())
    db.add(group)
    db.flush()
    db.add(GroupFacilitator(group_id=group.id, facilitator_id=me.id, role=GroupRole.LEAD))
    db.flush()
    return group


def change_group(db: Session, group: Group, draft: GroupDraft) -> None:
    """Change what is said about a group; sessions that are planned already keep their time, place and length.

    Raises:
        Invalid: naming the field that cannot be used; a closed group has a place for everybody on its list.
    """
    values = checked(draft)
    if draft.kind is GroupKind.CLOSED and draft.capacity < count_participants(db, group):
        raise Invalid("There are more people on the list than places. Take somebody off the list first.", "capacity")
    for name, value in values.items():
        setattr(group, name, value)
    db.flush()


def get_group(db: Session, me: Facilitator, group_id: str) -> Group:
    """Return a group that this facilitator leads or co-facilitates.

    Raises:
        NotFound: for every other id; somebody else's group is nobody's business.
    """
    group: Group | None = db.scalar(only_mine(select(Group), me).where(Group.id == group_id))
    if group is None:
        raise NotFound
    return group


def only_mine(found: AnySelect, me: Facilitator) -> AnySelect:
    """Narrow a statement that selects groups, or what hangs on them, to those that a person leads or co-facilitates."""
    mine = found.join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
    return mine.where(GroupFacilitator.facilitator_id == me.id)


def get_details(db: Session, me: Facilitator, group_id: str, on: date) -> GroupDetails:
    """Return a group that this facilitator leads or co-facilitates, with what its page shows of people: in one query.

    Args:
        db: a session.
        me: who asks.
        group_id: of the group.
        on: the day on which it is told what the word of each person is worth.

    Raises:
        NotFound: as `get_group`.
    """
    people = select(func.count()).where(Participant.group_id == Group.id).scalar_subquery()
    own = select(GroupFacilitator.group_id).where(GroupFacilitator.facilitator_id == me.id)
    found = db.execute(
        select(Group, people, *count_unsaid(on), Facilitator, GroupFacilitator.role)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .join(Facilitator, Facilitator.id == GroupFacilitator.facilitator_id)
        .where(Group.id == group_id, Group.id.in_(own))
        .order_by(GroupFacilitator.role.desc(), Facilitator.name)
    ).all()
    if not found:
        raise NotFound
    group, listed, unasked, stale, *_ = found[0]
    leaders = tuple((facilitator, GroupRole(role)) for *_counts, facilitator, role in found)
    return GroupDetails(group=group, people=listed, unasked=unasked, stale=stale, leaders=leaders)


def get_led_group(db: Session, me: Facilitator, group_id: str) -> Group:
    """Return a group that this facilitator leads; co-facilitators see plan, room and count, but no addresses.

    Raises:
        NotFound: when it is somebody else's group.
        NotAllowed: when this facilitator co-facilitates it.
    """
    group = get_group(db, me, group_id)
    if find_role(db, me, group) is not GroupRole.LEAD:
        raise NotAllowed("Only the person who leads this group can see and change the people on its list.")
    return group


def find_role(db: Session, me: Facilitator, group: Group) -> GroupRole | None:
    """Return what this facilitator is in a group."""
    membership = db.get(GroupFacilitator, (group.id, me.id))
    return GroupRole(membership.role) if membership else None


def list_own(db: Session, me: Facilitator) -> Sequence[Group]:
    """Return the groups of this facilitator by their label."""
    return db.scalars(
        select(Group)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id)
        .order_by(func.lower(Group.label), Group.id)
    ).all()


def list_groups(db: Session, me: Facilitator) -> list[GroupSummary]:
    """Return the groups of this facilitator with how many people are on each list."""
    found = db.execute(
        select(Group, GroupFacilitator.role, func.count(Participant.id))
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .outerjoin(Participant, Participant.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id)
        .group_by(Group.id, GroupFacilitator.role)
        .order_by(func.lower(Group.label), Group.id)
    )
    return [GroupSummary(group=group, role=GroupRole(role), people=people) for group, role, people in found]


def count_participants(db: Session, group: Group) -> int:
    """Return how many people are on a group's list, those who paused or stopped messages included."""
    counted = db.scalar(select(func.count()).select_from(Participant).where(Participant.group_id == group.id))
    return counted or 0


def list_zones(db: Session, group: Group) -> frozenset[ZoneInfo]:
    """Return the zones in which people of a group live, as a set; never who lives where."""
    return count_with_zones(db, group)[1]


def count_with_zones(db: Session, group: Group) -> tuple[int, frozenset[ZoneInfo]]:
    """Return how many people are on a group's list, and the zones in which they live, in one query."""
    found = select(Participant.zone, func.count()).where(Participant.group_id == group.id).group_by(Participant.zone)
    counts = dict(db.execute(found).all())
    return sum(counts.values()), frozenset(get_zone(name) for name in counts if name)


def list_facilitators(db: Session, group: Group) -> list[tuple[Facilitator, GroupRole]]:
    """Return who leads a group, the lead first."""
    found = db.execute(
        select(Facilitator, GroupFacilitator.role)
        .join(GroupFacilitator, GroupFacilitator.facilitator_id == Facilitator.id)
        .where(GroupFacilitator.group_id == group.id)
        .order_by(GroupFacilitator.role.desc(), Facilitator.name)
    )
    return [(facilitator, GroupRole(role)) for facilitator, role in found]


def add_co_facilitator(db: Session, group: Group, email: str) -> Facilitator:
    """Let another account co-facilitate a group: it sees plan, room and count, no addresses.

    Raises:
        Invalid: when no account has this address.
        Conflict: when it is in the group already.
    """
    facilitator = find_by_address(db, email)
    if facilitator is None:
        raise Invalid("No account has this address. Ask the person to have one made first.", "email")
    if db.get(GroupFacilitator, (group.id, facilitator.id)):
        raise Conflict("This person is in the group already.")
    db.add(GroupFacilitator(group_id=group.id, facilitator_id=facilitator.id, role=GroupRole.CO))
    db.flush()
    return facilitator


def remove_co_facilitator(db: Session, group: Group, facilitator_id: str) -> None:
    """Take a co-facilitator out of a group.

    Raises:
        NotFound: when there is no such co-facilitator.
        Conflict: for the lead; a group always has one.
    """
    membership = db.get(GroupFacilitator, (group.id, facilitator_id))
    if membership is None:
        raise NotFound
    if membership.role == GroupRole.LEAD:
        raise Conflict("The person who leads a group cannot leave it without another lead.")
    db.delete(membership)
    db.flush()
