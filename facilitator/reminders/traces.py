"""Finishes an erasure outside the rows: messages in the local mailbox, and the log of the database.

An address says whose a message is, and only its blind index is known here. So every message goes whose address stands
nowhere any more: on no list, and with no account. What arrives after an erasure goes with the next one.
"""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import EMAIL_PLACE, Facilitator
from facilitator.accounts.service import normal_address
from facilitator.db import Database
from facilitator.errors import Invalid
from facilitator.groups.models import ADDRESS_PLACE, Participant
from facilitator.mail import mailbox
from facilitator.vault import vault_of


def erase_traces(database: Database, folder: Path) -> int:
    """Erase what an erasure that was committed left outside its rows.

    Args:
        database: its log is folded.
        folder: of the local mailbox, which need not be there.

    Returns:
        how many messages of the local mailbox went.
    """
    erased = 0
    if folder.is_dir():
        with database.read() as db:
            erased = erase_mail(db, folder)
    database.checkpoint()
    return erased


def erase_mail(db: Session, folder: Path) -> int:
    """Erase the messages of a local mailbox whose address is on no list and has no account; return how many."""
    vault = vault_of(db)
    known = set(db.scalars(select(Participant.address_index).distinct()))
    known |= set(db.scalars(select(Facilitator.email_index)))

    def is_gone(address: str) -> bool:
        try:
            address = normal_address(address)
        except Invalid:
            return True  # no list and no account can have it
        return known.isdisjoint(vault.blind_index(place, address) for place in (ADDRESS_PLACE, EMAIL_PLACE))

    return mailbox.erase(folder, is_gone)
