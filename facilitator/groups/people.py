"""Use cases of a mailing list: add people, change how they are written to, take them off.

Addresses and aliases are sealed the moment they come in, and opened only for the person who leads the group, for the
one message that is being written, or for the person themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.accounts.service import has_control_characters, normal_address
from facilitator.curriculum.rules import GroupKind
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.groups.models import ADDRESS_PLACE, ALIAS_PLACE, Group, MailState, Participant, Wording
from facilitator.groups.sealed import Person, open_person, seal_person, sealer_of
from facilitator.times import get_zone
from facilitator.tokens import link_token, new_id, token_hash
from facilitator.vault import vault_of

LONGEST_ALIAS = 40
LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3
SETTINGS_PURPOSE = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One person to add: an alias, an address, and how they are written to."""

    alias: str = field(repr=False)
    address: str = field(repr=False)
    wording: Wording = Wording.VAGUE
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDraft:
    """How a person is called and written to.

    Args:
        alias: what the lead calls them.
        wording: how much a message says.
        zone: the person's zone, or None for the group's.
        quiet_from_time: when nothing is sent any more, by the person's clock.
        quiet_to_time: when messages may be sent again.
    """

    alias: str = field(repr=False)
    wording: Wording
    zone: str | None
    quiet_from_time: time
    quiet_to_time: time


def add_participants(db: Session, group: Group, entries: Sequence[Entry]) -> list[Participant]:
    """Put people on a group's list, all or none; none of them is written to before they confirm.

    In an open group whose places are taken the next ones wait in a queue, in the order in which they were added.

    Raises:
        Invalid: for the first entry whose alias, address or zone cannot be used.
        Conflict: when an address is on the list already, stands twice, or a closed group has too few places.
    """
    # two lists sent at once are added one after the other; the key stays free for rows that point at the group
    db.refresh(group, with_for_update={"key_share": True})
    present = list_address_indexes(db, group)
    left = places_left(group, len(present))
    if left is not None and len(entries) > left:
        raise Conflict(
            "The group has {places} places and {count} people on its list. Take somebody off the list or offer more places.",
            places=group.capacity,
            count=len(present),
        )
    added = [_new(db, group, entry) for entry in entries]
    _queue(db, group, added)
    indexes = [participant.address_index for participant in added]
    if len(set(indexes)) != len(indexes) or present & set(indexes):
        raise Conflict("An address stands twice. Each person has an address of their own on the list.")
    db.add_all(added)
    db.flush()
    return added


def list_address_indexes(db: Session, group: Group) -> set[str]:
    """Return the blind indexes of the addresses on a group's list."""
    return set(db.scalars(select(Participant.address_index).where(Participant.group_id == group.id)))


def places_left(group: Group, people: int) -> int | None:
    """Return how many people may still join a list, or None where nobody is turned away.

    A closed group has as many people as places. Of an open group only some come each time.
    """
    return max(group.capacity - people, 0) if group.kind == GroupKind.CLOSED else None


def address_index(db: Session, address: str) -> str:
    """Return the blind index of an address, by which a duplicate is found."""
    return vault_of(db).blind_index(ADDRESS_PLACE, normal_address(address, "address"))


def checked_entry(entry: Entry) -> str:
    """Return the address of an entry in the one form under which it is compared.

    Raises:
        Invalid: when its alias, address or zone cannot be used.
    """
    checked_alias(entry.alias)
    if entry.zone:
        get_zone(entry.zone)
    address = normal_address(entry.address, "address")
    if len(address) > LONGEST_ADDRESS:
        raise Invalid("Enter an address of at most {most} characters.", "address", most=LONGEST_ADDRESS)
    return address


def _queue(db: Session, group: Group, added: Sequence[Participant]) -> None:
    """Give those for whom an open group has no place left one in its queue; whoever waits already goes first."""
    if group.kind == GroupKind.CLOSED:
        return
    people = func.count().filter(Participant.waiting == 0)
    inside, last = db.execute(
        select(people, func.coalesce(func.max(Participant.waiting), 0)).where(Participant.group_id == group.id)
    ).one()
    free = 0 if last else max(group.capacity - inside, 0)
    for place, person in enumerate(added[free:], last + 1):
        person.waiting = place


def admit_next(db: Session, group: Group) -> Participant | None:
    """Give the first in the queue a place that is free; return them, or None when nobody waits or no place is free.

    The caller brings the messages of the group up to date afterwards.
    """
    db.refresh(group, with_for_update={"key_share": True})
    inside = select(func.count()).where(Participant.group_id == group.id, Participant.waiting == 0)
    if (db.scalar(inside) or 0) >= group.capacity:
        return None
    queue = select(Participant).where(Participant.group_id == group.id, Participant.waiting > 0)
    first = db.scalars(queue.order_by(Participant.waiting, Participant.id).limit(1)).first()
    if first is not None:
        first.waiting = 0
        db.flush()
    return first


def move_participant(db: Session, person: Participant, to_group: Group) -> Participant:
    """Move a person to another list and return their new row; the old one is erased, its links with it.

    Alias, address and how they are written to go along, and so does their consent. In an open group whose places are
    taken they wait. The caller folds the database's log and brings the messages of both groups up to date.

    Raises:
        Conflict: when the address is on the other list already, or a closed group has no place left.
    """
    opened, from_group = open_person(db, person), db.get_one(Group, person.group_id)
    if from_group.id == to_group.id:
        raise Conflict("The person is in this group already.")
    entry = Entry(alias=opened.alias, address=opened.address, wording=Wording(person.wording), zone=person.zone)
    [moved] = add_participants(db, to_group, [entry])
    for name in ("state", "quiet_from_time", "quiet_to_time", "language", "leads", "days"):
        setattr(moved, name, getattr(person, name))
    # as many rounds behind the present one as before
    behind = from_group.consent_round - person.consent_round
    moved.consent_round = max(to_group.consent_round - behind, 1) if person.consent_round else 0
    remove_participant(db, person)
    return moved


def renew_settings_link(db: Session, participant: Participant) -> str:
    """Give a person a new link to their settings and return its token; the one before opens nothing any more."""
    participant.link_version += 1
    participant.feed_hash = None  # whoever had the old link could read the calendar's address there
    token = settings_token(db, participant)
    participant.settings_hash = token_hash(token)
    db.flush()
    return token


def _new(db: Session, group: Group, entry: Entry) -> Participant:
    person_id, address = new_id(), checked_entry(entry)
    return Participant(
        id=person_id,
        group_id=group.id,
        **seal_person(vault_of(db), person_id, checked_alias(entry.alias), address),
        settings_hash=token_hash(_settings_token(db, person_id, 1)),
        wording=entry.wording,
        zone=entry.zone,
    )


def checked_alias(alias: str) -> str:
    """Return an alias without spaces around it.

    Raises:
        Invalid: when it is empty or too long.
    """
    alias = " ".join(alias.split())
    if not 1 <= len(alias) <= LONGEST_ALIAS or has_control_characters(alias):
        raise Invalid("Enter an alias of 1 to {most} characters.", "alias", most=LONGEST_ALIAS)
    return alias


def change_person(db: Session, participant: Participant, draft: PersonDraft) -> None:
    """Change how a person is called and written to; the address stays, a new one is a new person.

    Raises:
        Invalid: when the alias or zone cannot be used.
    """
    alias = checked_alias(draft.alias)
    change_messages(db, participant, wording=draft.wording, zone=draft.zone)
    participant.alias_sealed = sealer_of(db, participant).seal(ALIAS_PLACE, participant.id, alias)
    participant.quiet_from_time, participant.quiet_to_time = draft.quiet_from_time, draft.quiet_to_time
    db.flush()


def change_messages(db: Session, participant: Participant, *, wording: Wording, zone: str | None) -> None:
    """Change how much messages to a person say and by which clock.

    Raises:
        Invalid: when the zone is unknown.
    """
    if zone:
        get_zone(zone)
    participant.wording, participant.zone = wording, zone
    db.flush()


def change_state(db: Session, participant: Participant, state: MailState) -> None:
    """Pause, stop or resume messages to a person; it takes effect before the next message leaves."""
    participant.state = state
    if state == MailState.STOPPED:
        participant.feed_hash = None  # the calendar ends too, and starting messages again does not bring it back
    db.flush()


def remove_participant(db: Session, participant: Participant) -> None:
    """Erase a person from a list, address and alias with them. The caller folds the database's log afterwards.

    The group is locked first, as a change of its timetable does, so that the two never wait for each other.
    """
    db.execute(select(Group.id).where(Group.id == participant.group_id).with_for_update(key_share=True))
    db.delete(participant)
    db.flush()


def get_participant(db: Session, group: Group, participant_id: str) -> Participant:
    """Return a person on this group's list.

    Raises:
        NotFound: when there is none.
    """
    participant = db.get(Participant, participant_id)
    if participant is None or participant.group_id != group.id:
        raise NotFound
    return participant


def list_people(db: Session, group: Group) -> list[Person]:
    """Return the people of a list, opened, by alias; only for the person who leads the group."""
    found = db.scalars(select(Participant).where(Participant.group_id == group.id))
    return sorted((open_person(db, participant) for participant in found), key=lambda person: person.alias.casefold())


def settings_token(db: Session, participant: Participant) -> str:
    """Return the token of a person's message settings."""
    return _settings_token(db, participant.id, participant.link_version)


def find_participant_by_settings_token(db: Session, token: str) -> Participant | None:
    """Return the person whose message settings a link opens."""
    return db.scalar(select(Participant).where(Participant.settings_hash == token_hash(token)))


def _settings_token(db: Session, person_id: str, version: int) -> str:
    return link_token(vault_of(db).link_key, SETTINGS_PURPOSE, person_id, version)
