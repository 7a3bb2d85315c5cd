"""Applies a report of returned mail to the message that it is about and to the address that it went to.

A message is found by a mark of 128 random bits that only its recipient and the mail servers on its way have seen, so
nobody can have another person's address suppressed. The same report twice changes nothing. No address is read here.
"""

import logging
import re
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from facilitator.groups.models import Participant
from facilitator.mail.returned import Report
from facilitator.reminders.models import OutboxMessage, ReturnedMail, Suppression
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.rules_returns import OFTEN_WITHIN, Verdict, effective_code, judge_all, suppressed_until
from facilitator.reminders.suppression import suppress

log = logging.getLogger(__name__)
NO_SUCH_MAILBOX, RETURNED_OFTEN = "no_such_mailbox", "returned_often"
UNNAMED = "5.0.0"  # a refusal for which no server gave a code
_MARK = re.compile(r"[A-Za-z0-9_-]{22}")


class Applied(StrEnum):
    """What a report did."""

    NOT_OURS = "not_ours"
    KNOWN = "known"  # it was applied before
    TOO_EARLY = "too_early"  # its message is in hand-over at this moment
    NOTED = "noted"  # the message is still on its way, or arrived after all
    FLAGGED = "flagged"  # the message came back


def apply(db: Session, report: Report, now: datetime) -> Applied:
    """Write down what a report means; the caller commits, and only then lets go of the report."""
    row = _find(db, report)
    if row is None:
        return Applied.NOT_OURS
    if row.state == OutboxState.SENDING:
        # were the sender to die now, the message would be repeated and this report forgotten
        return Applied.TOO_EARLY
    if row.returned_at is not None:
        return Applied.KNOWN
    if row.state == OutboxState.UNKNOWN:
        _accepted(row, now)
    verdict, code = judge_all([(one.action, effective_code(one.status, one.said)) for one in report.recipients])
    if verdict is not Verdict.NOTE:
        row.returned_at, row.returned_code = now, code or UNNAMED
        _judge_address(db, row, verdict, now)
    db.flush()
    log.info("returned mail", extra={"event": "returned", "outbox_id": row.id, "state": verdict, "code": code})
    return Applied.NOTED if verdict is Verdict.NOTE else Applied.FLAGGED


def forget_returned(db: Session, now: datetime) -> None:
    """Delete what no decision rests on any more: soft returns of 14 days ago, and suppressions that are over."""
    db.execute(delete(ReturnedMail).where(ReturnedMail.at < now - OFTEN_WITHIN))
    db.execute(delete(Suppression).where(Suppression.until_at <= now))


def forget_unlisted(db: Session) -> None:
    """Delete what is remembered of addresses that stand on no list any more; part of every erasure."""
    for model in (ReturnedMail, Suppression):
        listed = select(Participant.id).where(Participant.address_index == model.address_index).exists()
        db.execute(delete(model).where(~listed).execution_options(synchronize_session=False))


def _find(db: Session, report: Report) -> OutboxMessage | None:
    """Return the message that a report is about, held until the end of the transaction."""
    marks = [report.envelope_id, report.message_id.partition("@")[0]]
    ours = [mark for mark in marks if _MARK.fullmatch(mark)]
    found = db.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.uuid.in_(ours))
        .order_by(OutboxMessage.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    by_uuid = {row.uuid: row for row in found}
    return next((by_uuid[mark] for mark in ours if mark in by_uuid), None)


def _accepted(row: OutboxMessage, now: datetime) -> None:
    """Write that a message of unknown fate was sent: what nobody took over cannot come back."""
    row.state, row.reason = OutboxState.SENT, "accepted"
    row.sent_at = row.gated_at or now


def _judge_address(db: Session, row: OutboxMessage, verdict: Verdict, now: datetime) -> None:
    person = db.get(Participant, row.participant_id) if row.participant_id else None
    if person is None:
        return  # they have left the list, or the message was a test to oneself
    if verdict is Verdict.DEAD:
        suppress(db, person.id, NO_SUCH_MAILBOX)
    elif verdict is Verdict.SOFT:
        earlier = db.scalars(select(ReturnedMail.at).where(ReturnedMail.address_index == person.address_index)).all()
        db.add(ReturnedMail(address_index=person.address_index, code=row.returned_code, at=now))
        if until_at := suppressed_until(earlier, now):
            suppress(db, person.id, RETURNED_OFTEN, until_at)
