"""Whether a test to oneself really arrived: only the message itself carries the link and the four digits that prove it.

That the mail server took a message says nothing of the mailbox. Neither link nor digits are kept; both follow from the
message and the link key. The digits are few because nobody gains anything by guessing what their own mailbox holds.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.errors import Invalid, NotFound
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import MessageKind
from facilitator.reminders.service_trial import MOST_TESTS
from facilitator.times import get_zone, to_local
from facilitator.tokens import link_token, token_hash
from facilitator.vault import vault_of

PURPOSE, DIGITS_PURPOSE = "mail_proof", "mail_proof_digits"
DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a test carries: the path behind its link, and the digits to type instead."""

    path: str = field(repr=False)
    digits: str = field(repr=False)


def proof_of(db: Session, row: OutboxMessage) -> Proof:
    """Return what proves that a test arrived."""
    drawn = token_hash(link_token(vault_of(db).link_key, DIGITS_PURPOSE, row.uuid, 0))
    digits = f"{int(drawn, 16) % 10**DIGITS:0{DIGITS}}"
    return Proof(path=f"/arrived/{row.uuid}/{_token(db, row)}", digits=digits)


def list_latest_tests(db: Session, me: Facilitator) -> Sequence[OutboxMessage]:
    """Return the last tests that this facilitator asked for, the newest first; as many as an hour allows."""
    found = select(OutboxMessage).where(own_tests(me))
    return db.scalars(found.order_by(OutboxMessage.id.desc()).limit(MOST_TESTS)).all()


def own_tests(me: Facilitator) -> ColumnElement[bool]:
    """Return the condition on messages that they are tests which this facilitator asked for."""
    return (OutboxMessage.asked_by == me.id) & (OutboxMessage.kind == MessageKind.TEST)


def get_asker(db: Session, message_uuid: str, token: str) -> Facilitator:
    """Return who asked for the test that a link stands in.

    Raises:
        NotFound: when the link is none of ours, or its message is gone.
    """
    found = db.execute(
        select(OutboxMessage, Facilitator)
        .join(Facilitator, Facilitator.id == OutboxMessage.asked_by)
        .where(OutboxMessage.uuid == message_uuid, OutboxMessage.kind == MessageKind.TEST)
    ).first()
    if found is None or not hmac.compare_digest(_token(db, found[0]).encode(), token.encode()):
        raise NotFound
    asker: Facilitator = found[1]
    return asker


def prove_by_digits(db: Session, me: Facilitator, typed: str, now: datetime) -> None:
    """Keep that a test arrived, by the digits in one of the last ones.

    Raises:
        Invalid: when they stand in none of them.
    """
    given = "".join(typed.split())
    if not any(
        hmac.compare_digest(proof_of(db, row).digits.encode(), given.encode()) for row in list_latest_tests(db, me)
    ):
        raise Invalid("Enter the 4 digits that stand at the end of the newest test.", "digits")
    keep_proved(db, me, now)


def keep_proved(db: Session, facilitator: Facilitator, now: datetime) -> None:
    """Keep the day, on their own clock, on which a test of a facilitator was in their hands."""
    facilitator.mail_proved_on = to_local(now, get_zone(facilitator.zone)).date()
    db.flush()


def _token(db: Session, row: OutboxMessage) -> str:
    return link_token(vault_of(db).link_key, PURPOSE, row.uuid, 0)
