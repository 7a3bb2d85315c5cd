"""Who a person on a list is: alias and address, sealed with a key that is theirs alone and goes with them.

Nothing else opens them, and only for the person who leads the group, for the one message that is being written, or for
the person themselves.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.groups.models import ADDRESS_PLACE, ALIAS_PLACE, Participant
from facilitator.vault import Sealer, Vault, vault_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person on a list with the alias and address opened; for the lead's eyes."""

    participant: Participant
    alias: str = field(repr=False)
    address: str = field(repr=False)


def seal_person(vault: Vault, person_id: str, alias: str, address: str) -> dict[str, Any]:
    """Return the columns of a row that hold who a person is: sealed with a key of their own, which is fresh."""
    wrapped = vault.new_key(person_id)
    sealer = vault.unwrap(person_id, wrapped)
    return {
        "key_wrapped": wrapped,
        "alias_sealed": sealer.seal(ALIAS_PLACE, person_id, alias),
        "address_sealed": sealer.seal(ADDRESS_PLACE, person_id, address),
        "address_index": vault.blind_index(ADDRESS_PLACE, address),
    }


def open_person(db: Session, participant: Participant) -> Person:
    """Return a person with the alias and address opened."""
    sealer = sealer_of(db, participant)
    return Person(
        participant=participant,
        alias=sealer.open(ALIAS_PLACE, participant.id, participant.alias_sealed),
        address=sealer.open(ADDRESS_PLACE, participant.id, participant.address_sealed),
    )


def list_aliases(db: Session, group_id: str) -> list[str]:
    """List what the people of a group are called, in one query; for what no text may hold."""
    found = select(Participant.id, Participant.key_wrapped, Participant.alias_sealed)
    vault, rows = vault_of(db), db.execute(found.where(Participant.group_id == group_id))
    return [vault.unwrap(person_id, key).open(ALIAS_PLACE, person_id, sealed) for person_id, key, sealed in rows]


def sealer_of(db: Session, participant: Participant) -> Sealer:
    """Return what seals and opens for one person."""
    return vault_of(db).unwrap(participant.id, participant.key_wrapped)
