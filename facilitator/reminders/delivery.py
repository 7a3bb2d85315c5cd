"""The delivery loop: claim, gate, hand over, write down. The only service that commits.

Two commits stand around each hand-over, and no transaction is open across it. What was gated and not written down
is unknown and is found by the lease; what was claimed and not gated is certainly unsent.
"""

import hashlib
import logging
import random
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from facilitator.db import Database, insert_missing
from facilitator.groups.models import Participant
from facilitator.mail.outcome import Outcome, OutcomeKind
from facilitator.mail.smtp import SmtpClient
from facilitator.reminders.claim import claim_due
from facilitator.reminders.gate import Passage, Refusal, pass_gate
from facilitator.reminders.models import Attempt, Channel, OutboxMessage, Suppression
from facilitator.reminders.rules import (
    REFUSALS_TO_OPEN,
    OutboxState,
    Settlement,
    UnknownPolicy,
    after_unknown,
    breaker_pause,
    next_attempt,
    settle,
)

log = logging.getLogger(__name__)
CHANNEL = "smtp"
BATCH = 50
GATE_TO_DOT = timedelta(seconds=30)  # a sender frozen for longer drops the connection instead of the dot
POISONED_AFTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One message ready to hand over."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Everything one worker delivers with.

    Args:
        database: where the outbox is.
        open_client: returns a connection to the mail server, or None when it cannot be named.
        compose: builds the bytes of a message from what the gate saw.
        owner: names this worker in leases and in the ledger.
        clock: tells the present instant.
        monotonic: tells seconds that never go back.
        rng: draws the jitter of retries.
        policy: what to do when nobody can tell whether a message was accepted.
    """

    database: Database
    open_client: Callable[[], SmtpClient]
    compose: Callable[[Session, Passage], Package]
    owner: str
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    rng: random.Random
    policy: UnknownPolicy = UnknownPolicy.RESEND_ONCE


def deliver_due(station: Station, should_stop: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Deliver everything that is due, over one connection.

    Args:
        station: what to deliver with.
        should_stop: asked between messages; True leaves the rest to somebody else.

    Returns:
        how many messages ended in which state.
    """
    counts: Counter[str] = Counter()
    rows = _claim(station)
    if not rows:
        return counts
    with closing(station.open_client()) as client:
        while rows:
            for index, row in enumerate(rows):
                if should_stop() or _is_closed(station):
                    _give_back(station, rows[index:])
                    return counts
                counts[_deliver_one(station, client, row)] += 1
            rows = _claim(station)
    return counts


def resolve_unknown(db: Session, policy: UnknownPolicy, now: datetime) -> int:
    """Send messages of unknown fate once more, or hold them for a person; returns how many."""
    unknown = select(OutboxMessage).where(OutboxMessage.state == OutboxState.UNKNOWN)
    rows = db.scalars(unknown.with_for_update(skip_locked=True)).all()  # what somebody holds is settled next time
    for row in rows:
        row.state = after_unknown(policy, row.unknowns, row.valid_until_at, now)
        row.next_attempt_at = now
    db.flush()
    return len(rows)


def _claim(station: Station) -> list[OutboxMessage]:
    if _is_closed(station):
        return []
    with station.database.write() as db:
        rows = list(claim_due(db, station.owner, BATCH, station.clock()))
        db.commit()
    return rows


def _is_closed(station: Station) -> bool:
    with station.database.read() as db:
        channel = db.get(Channel, CHANNEL)
        return bool(channel and channel.open_until_at and channel.open_until_at > station.clock())


def _give_back(station: Station, rows: list[OutboxMessage]) -> None:
    with station.database.write() as db:
        for row in rows:
            db.execute(
                _mine(row, OutboxState.LEASED)
                .values(state=OutboxState.PENDING, lease_owner=None, lease_until_at=None)
                .execution_options(synchronize_session=False)
            )
        db.commit()


def _deliver_one(station: Station, client: SmtpClient, row: OutboxMessage) -> str:
    """Take one leased row through the gate and hand it over; return the state it ends in."""
    with station.database.write() as db:
        passed = pass_gate(db, row, station.clock())
        try:
            package = station.compose(db, passed) if isinstance(passed, Passage) else None
        except Exception:  # one letter that cannot be built must not stop its neighbours
            log.exception("a message cannot be built", extra={"event": "poisoned", "outbox_id": row.id})
            db.rollback()
            return _set_aside(station, row)
        db.commit()
    if package is None:
        return passed.state if isinstance(passed, Refusal) else "lost_lease"
    gated = station.monotonic()
    outcome = client.send(
        package.sender,
        package.recipient,
        package.content,
        lambda: station.monotonic() - gated < GATE_TO_DOT.total_seconds(),
    )
    return _write_down(station, row, outcome, package.content)


def _set_aside(station: Station, row: OutboxMessage) -> str:
    """Try a letter that cannot be built a little later, and give it up after three tries; nothing was handed over."""
    now = station.clock()
    attempts = row.attempts + 1
    again_at = next_attempt(attempts, row.valid_until_at, station.rng, now)
    failed = attempts >= POISONED_AFTER or again_at is None
    with station.database.write() as db:
        db.execute(
            _mine(row, OutboxState.LEASED)
            .values(
                state=OutboxState.FAILED if failed else OutboxState.PENDING,
                reason="cannot_be_built",
                attempts=attempts,
                next_attempt_at=again_at or now,
                lease_owner=None,
                lease_until_at=None,
            )
            .execution_options(synchronize_session=False)
        )
        db.commit()
    return OutboxState.FAILED if failed else OutboxState.PENDING


def _mine(row: OutboxMessage, state: OutboxState) -> Update:
    """Return an update of the row that does nothing once it has another owner or state."""
    return update(OutboxMessage).where(
        OutboxMessage.id == row.id, OutboxMessage.lease_token == row.lease_token, OutboxMessage.state == state
    )


def _write_down(station: Station, row: OutboxMessage, outcome: Outcome, content: bytes) -> str:
    """Write what became of a hand-over, unless the row has another owner by now; then only the attempt."""
    now = station.clock()
    settlement = settle(outcome)
    with station.database.write() as db:
        found = db.scalar(select(OutboxMessage).where(OutboxMessage.id == row.id).with_for_update())
        if found is None:
            return "gone"
        db.add(_attempt(station, row, outcome, now))
        if not _is_ours(found, row, outcome):
            db.commit()
            return "lost_fence"
        _settle_row(station, found, settlement, outcome, now)
        if outcome.kind in {OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN}:
            found.rendered_sha = hashlib.sha256(content).hexdigest()
        _settle_channel(db, settlement, outcome, now)
        if settlement.suppress and found.participant_id:
            _suppress(db, found.participant_id, settlement.reason)
        db.commit()
    if settlement.alarm:
        fields = {"event": settlement.reason, "code": outcome.code, "phase": outcome.phase}
        log.error("the mail server refuses this installation", extra=fields)
    return found.state


def _is_ours(found: OutboxMessage, row: OutboxMessage, outcome: Outcome) -> bool:
    """Tell whether this hand-over decides the row; an acceptance does so even after the lease ran out."""
    decided = {OutboxState.SENDING}
    if outcome.kind is OutcomeKind.ACCEPTED:
        decided.add(OutboxState.UNKNOWN)
    return found.lease_token == row.lease_token and found.state in decided


def _settle_row(station: Station, row: OutboxMessage, settlement: Settlement, outcome: Outcome, now: datetime) -> None:
    row.state, row.reason = settlement.state, settlement.reason
    row.reply, row.enhanced = outcome.text, outcome.enhanced
    row.lease_owner = row.lease_until_at = None
    if not settlement.charged:
        row.attempts -= 1
    if settlement.state == OutboxState.SENT:
        row.sent_at = now
    elif settlement.state == OutboxState.UNKNOWN:
        row.unknowns += 1
    elif settlement.state == OutboxState.PENDING and not settlement.breaker:
        # with no time left the row stays pending and the gate or the sweep ends it as expired
        again_at = next_attempt(max(row.attempts, 1), row.valid_until_at, station.rng, now)
        row.next_attempt_at = again_at or row.valid_until_at


def _attempt(station: Station, row: OutboxMessage, outcome: Outcome, now: datetime) -> Attempt:
    return Attempt(
        outbox_id=row.id,
        number=row.attempts + 1,
        outcome=outcome.kind,
        phase=outcome.phase,
        code=outcome.code,
        enhanced=outcome.enhanced,
        text=outcome.text,
        owner=station.owner,
        at=now,
    )


def _settle_channel(db: Session, settlement: Settlement, outcome: Outcome, now: datetime) -> None:
    """Close the breaker after a success, and open it after a failure of the channel or several refusals running."""
    channel = db.get(Channel, CHANNEL, with_for_update=True)
    if channel is None:
        insert_missing(db, Channel, [{"name": CHANNEL, "failures": 0, "reason": "", "last_error": ""}])
        channel = db.get_one(Channel, CHANNEL, with_for_update=True)
    if outcome.kind is OutcomeKind.ACCEPTED:
        channel.failures, channel.open_since_at, channel.open_until_at = 0, None, None
        channel.reason, channel.last_error, channel.last_sent_at = "", "", now
        return
    # a server that takes letters and never answers would have every one of them repeated
    if not (settlement.breaker or settlement.counts or outcome.kind is OutcomeKind.UNKNOWN):
        return
    channel.failures += 1
    channel.reason, channel.last_error = settlement.reason, outcome.text
    if settlement.breaker or channel.failures >= REFUSALS_TO_OPEN:
        if channel.open_since_at is None:
            fields = {"event": settlement.reason, "code": outcome.code, "phase": outcome.phase}
            log.warning("the mail server takes nothing; what is due waits", extra=fields)
        channel.open_since_at = channel.open_since_at or now
        channel.open_until_at = now + breaker_pause(channel.failures)


def _suppress(db: Session, participant_id: str, cause: str) -> None:
    person = db.get(Participant, participant_id)
    if person:
        insert_missing(db, Suppression, [{"address_index": person.address_index, "cause": cause}])
        found = db.get_one(Suppression, person.address_index, with_for_update=True)
        found.cause, found.until_at = cause, None
