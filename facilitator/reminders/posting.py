"""Turns what the gate saw into the bytes of one message to one person.

The address is opened here, for this one message, and nowhere kept. The identification and the date of a message stay
the same on every try, so that a second copy can be told for what it is.
"""

from collections.abc import Callable
from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.groups.models import ADDRESS_PLACE, Participant, Wording
from facilitator.groups.people import settings_token
from facilitator.mail.message import Envelope, build_bytes, wire_address
from facilitator.planning.models import GroupSession
from facilitator.planning.service import page_token
from facilitator.reminders.delivery import Package
from facilitator.reminders.follow import MAY_BE_TOLD
from facilitator.reminders.gate import Passage
from facilitator.reminders.letters import LetterFacts, render
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import MessageKind
from facilitator.times import get_zone
from facilitator.vault import vault_of


def composer(base_url: str, mail_from: str) -> Callable[[Session, Passage], Package]:
    """Return the function that builds messages for this installation.

    Args:
        base_url: where the links lead.
        mail_from: "Name <address>" of the neutral sender.
    """
    name, given = parseaddr(mail_from)
    address = wire_address(given)
    domain = address.rpartition("@")[2]

    def compose(db: Session, passage: Passage) -> Package:
        letter = render(letter_facts(db, passage, base_url, name))
        person = passage.participant
        recipient = vault_of(db).open(ADDRESS_PLACE, person.id, person.address_sealed)
        envelope = Envelope(
            from_name=name,
            from_address=address,
            to_address=recipient,
            message_id=f"{passage.row.uuid}@{domain}",
            date_at=passage.row.first_gated_at or passage.row.due_at,
            list_id=f"notes.{domain}",
            unsubscribe_url=f"{settings_link(db, person, base_url)}/stop",
        )
        return Package(sender=address, recipient=recipient, content=build_bytes(letter, envelope))

    return compose


def letter_facts(db: Session, passage: Passage, base_url: str, sender_name: str) -> LetterFacts:
    """Return what the letter to this person says, in the person's zone."""
    session, person, row = passage.session, passage.participant, passage.row
    zone = get_zone(person.zone or session.zone)
    kind = MessageKind(row.kind)
    before = _told_start(db, row) if kind is MessageKind.MOVED else None
    return LetterFacts(
        kind=kind,
        wording=Wording(person.wording),
        language=passage.group.language,
        local_start=session.starts_at.astimezone(zone),
        minutes=session.minutes,
        stop_link=settings_link(db, person, base_url),
        page_link=session_link(db, session, base_url),
        place=session.place,
        link=session.link,
        sender_name=sender_name,
        previous_start=before.astimezone(zone) if before else None,
    )


def session_link(db: Session, session: GroupSession, base_url: str) -> str:
    """Return the address of the shared page of a session."""
    return f"{base_url}/s/{page_token(db, session)}"


def settings_link(db: Session, person: Participant, base_url: str) -> str:
    """Return the address of one person's message settings."""
    return f"{base_url}/m/{settings_token(db, person)}"


def _told_start(db: Session, row: OutboxMessage) -> datetime | None:
    return db.scalar(
        select(OutboxMessage.session_starts_at)
        .where(
            OutboxMessage.session_id == row.session_id,
            OutboxMessage.participant_id == row.participant_id,
            OutboxMessage.time_rev < row.time_rev,
            MAY_BE_TOLD,
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
