"""Turns what was seen of a message into the bytes for one person.

A letter is set once for everybody who gets the same words and filled in for each; that is some thousand times faster.
The address is opened here, for this one message, and nowhere kept. The identification and the date of a message stay
the same on every try, so that a second copy can be told for what it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache

from sqlalchemy.orm import Session

from facilitator.accounts.models import EMAIL_PLACE, Facilitator
from facilitator.groups.models import ADDRESS_PLACE, Wording
from facilitator.groups.people import settings_token
from facilitator.groups.rules_erasure import erase_on
from facilitator.mail.message import PERSONAL, Envelope, Form, wire_address
from facilitator.mail.smtp import Parties
from facilitator.planning.models import GroupSession
from facilitator.planning.service import page_token
from facilitator.reminders.letters import LetterFacts, render
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.samples import sample_facts
from facilitator.reminders.service_proof import proof_of
from facilitator.reminders.service_trial import kind_of_test
from facilitator.reminders.sight import About, Sight
from facilitator.times import get_zone, to_local
from facilitator.vault import vault_of

FORMS_KEPT = 256  # letters that stand ready; a batch to a few groups needs a handful


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One message that lacks nothing but the date of its first try."""

    parties: Parties
    form: Form = field(repr=False)
    personal: str = field(repr=False)
    from_name: str
    domain: str
    unsubscribe_url: str = field(repr=False)

    def dated(self, at: datetime) -> bytes:
        """Return the complete bytes; `at` is when the message passed the gate for the first time."""
        envelope = Envelope(
            from_name=self.from_name,
            from_address=self.parties.sender,
            to_address=self.parties.recipient,
            message_id=f"{self.parties.envelope_id}@{self.domain}",
            date_at=at,
            list_id=f"notes.{self.domain}",
            unsubscribe_url=self.unsubscribe_url,
        )
        return self.form.fill(envelope, self.personal)


def composer(base_url: str, mail_from: str) -> Callable[[Session, Sight], Draft]:
    """Return the function that drafts messages for this installation; it needs an application context.

    Args:
        base_url: where the links lead.
        mail_from: "Name <address>" of the neutral sender.
    """
    name, given = parseaddr(mail_from)
    sender = wire_address(given)
    domain = sender.rpartition("@")[2]

    @lru_cache(maxsize=FORMS_KEPT)
    def set_letter(facts: LetterFacts, _zone: str) -> Form:
        # two equal instants in two zones are one key to a dictionary and two times of day to a reader
        return Form.of(render(facts))

    def draft(row_uuid: str, recipient: str, facts: LetterFacts, personal: str) -> Draft:
        return Draft(
            parties=Parties(sender=sender, recipient=wire_address(recipient), envelope_id=row_uuid),
            form=set_letter(facts, facts.zone),
            personal=personal,
            from_name=name,
            domain=domain,
            unsubscribe_url=f"{base_url}/m/{personal}/stop" if personal else "",
        )

    def compose(db: Session, sight: Sight) -> Draft:
        vault, row = vault_of(db), sight.row
        if sight.asker is not None and row.kind == MessageKind.TEST:
            address = vault.open(EMAIL_PLACE, sight.asker.id, sight.asker.email_sealed)
            return draft(row.uuid, address, test_facts(db, sight, sight.asker, base_url, name), "")
        if sight.about is None:
            raise LookupError("A letter needs a session and a person.")
        person = sight.about.participant
        address = vault.unwrap(person.id, person.key_wrapped).open(ADDRESS_PLACE, person.id, person.address_sealed)
        return draft(
            row.uuid, address, letter_facts(db, sight, sight.about, base_url, name), settings_token(db, person)
        )

    return compose


def letter_facts(db: Session, sight: Sight, about: About, base_url: str, sender_name: str) -> LetterFacts:
    """Return what the letter to this person says, in the person's zone; the personal link is left open."""
    session, person = about.session, about.participant
    zone = get_zone(person.zone or (session or about.group).zone)
    personal = f"{base_url}/m/{PERSONAL}"
    told_on = to_local(sight.row.session_starts_at, get_zone(about.group.zone)).date()
    before = sight.told_start if sight.row.kind == MessageKind.MOVED else None
    return LetterFacts(
        kind=MessageKind(sight.row.kind),
        wording=Wording(person.wording),
        language=person.language or about.group.language,
        local_start=session.starts_at.astimezone(zone) if session else None,
        minutes=session.minutes if session else 0,
        stop_link=personal,
        page_link=session_link(db, session, base_url) if session else "",
        place=session.place if session else "",
        link=session.link if session else "",
        confirm_link=f"{personal}/confirm",
        safe_link=f"{personal}/still",
        erased_on=erase_on(told_on) if sight.row.kind == MessageKind.GOODBYE else None,
        sender_name=sender_name,
        previous_start=before.astimezone(zone) if before else None,
    )


def test_facts(db: Session, sight: Sight, asker: Facilitator, base_url: str, sender_name: str) -> LetterFacts:
    """Return what a facilitator's test says: what the group's people get, with links that open nothing personal."""
    row, session, group = sight.row, sight.session, sight.group
    proof = proof_of(db, row)
    return sample_facts(
        kind=kind_of_test(row),
        wording=Wording(row.wording or Wording.VAGUE),
        language=group.language if group else asker.language,
        starts_at=row.session_starts_at,
        zone=session.zone if session else asker.zone,
        about=session,
        links=(f"{base_url}/m/test", session_link(db, session, base_url) if session else f"{base_url}/s/test"),
        sender_name=sender_name,
        proof=(base_url + proof.path, proof.digits),
    )


def session_link(db: Session, session: GroupSession, base_url: str) -> str:
    """Return the address of the shared page of a session."""
    return f"{base_url}/s/{page_token(db, session)}"
