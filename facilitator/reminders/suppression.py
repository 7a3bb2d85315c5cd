"""Addresses that nothing is sent to: for good when the mailbox is dead, for a while when mail came back often.

An address stands here under its blind index alone, for every list that it is on.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from facilitator.db import insert_missing
from facilitator.groups.models import Participant
from facilitator.reminders.models import Suppression, holds


def suppress(db: Session, participant_id: str, cause: str, until_at: datetime | None = None) -> None:
    """Write nothing more to a person's address, on any list; what is suppressed for longer stays so.

    Args:
        db: a writing session.
        participant_id: nothing happens when this person is gone.
        cause: a code for people.
        until_at: the end, or None for good.
    """
    person = db.get(Participant, participant_id)
    if person is None:
        return
    row = {"address_index": person.address_index, "cause": cause, "until_at": until_at}
    insert_missing(db, Suppression, [row])
    found = db.get_one(Suppression, person.address_index, with_for_update=True)
    if until_at is None or (found.until_at is not None and found.until_at < until_at):
        found.cause, found.until_at = cause, until_at
    db.flush()


def find_suppression(db: Session, participant: Participant, now: datetime) -> Suppression | None:
    """Return why nothing is sent to the address of a person, or None while it takes mail."""
    found = db.get(Suppression, participant.address_index)
    return found if holds(found, now) else None
