"""Writes down what became of hand-overs: the message, the ledger of attempts, the way to the server, the address.

A hand-over decides its row only while the row is still in its hands; whoever was overtaken adds a line to the ledger
and changes nothing else. Nothing here commits.
"""

import logging
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, literal_column, or_, select, update
from sqlalchemy.orm import Session

from facilitator.db import Instant, insert_missing
from facilitator.mail.outcome import Outcome, OutcomeKind
from facilitator.prepared import Prepared
from facilitator.reminders.counts import Counts
from facilitator.reminders.models import Attempt, Channel, OutboxMessage
from facilitator.reminders.opening import MINE, MINE_IN_HAND, outbox, table_of
from facilitator.reminders.rules import (
    REFUSALS_TO_OPEN,
    OutboxState,
    Settlement,
    breaker_pause,
    next_attempt,
    settle,
)
from facilitator.reminders.suppression import suppress

log = logging.getLogger(__name__)
CHANNEL = "smtp"
SEEN_WELL = timedelta(seconds=5)  # how exactly it is known when the server last took a message


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """One message that was tried.

    Args:
        row: as claimed.
        outcome: what became of it.
        sha: of the bytes.
        gated: False when the way was closed before the gate was asked.
    """

    row: OutboxMessage
    outcome: Outcome
    sha: str = ""
    gated: bool = True


SENT = Prepared(
    update(outbox)
    .where(MINE_IN_HAND)
    .values(
        state=literal_column(f"'{OutboxState.SENT}'"),
        reason=literal_column("'accepted'"),
        reply=bindparam("said"),
        enhanced=bindparam("code"),
        sent_at=bindparam("at", type_=Instant),
        lease_owner=literal_column("NULL"),
        lease_until_at=literal_column("NULL"),
        rendered_sha=bindparam("sha"),
    )
)
_FREE: dict[str, ColumnElement[Any]] = {
    "state": literal_column(f"'{OutboxState.PENDING}'"),
    "lease_owner": literal_column("NULL"),
    "lease_until_at": literal_column("NULL"),
}
GIVE_BACK = Prepared(update(outbox).where(MINE).values(_FREE))
TAKE_BACK = Prepared(
    update(outbox).where(MINE_IN_HAND).values(_FREE | {"attempts": outbox.c.attempts - literal_column("1")})
)
NOTED = ("outbox_id", "number", "outcome", "phase", "code", "enhanced", "text", "owner", "at")
NOTE = Prepared(insert(table_of(Attempt)).values({name: bindparam(f"new_{name}") for name in NOTED}).inline())
_channel = table_of(Channel)
SERVER_WELL = Prepared(
    update(_channel)
    .where(
        _channel.c.name == CHANNEL,
        or_(
            _channel.c.failures > 0,
            _channel.c.open_until_at.is_not(None),
            _channel.c.last_sent_at.is_(None),
            _channel.c.last_sent_at <= bindparam("long_ago", type_=Instant),
        ),
    )
    .values(
        failures=0,
        open_since_at=None,
        open_until_at=None,
        reason="",
        last_error="",
        last_sent_at=bindparam("at", type_=Instant),
    )
)


@dataclass(slots=True, kw_only=True)
class Writer:
    """Who writes, and what it writes with.

    Args:
        owner: names the worker in the ledger.
        rng: draws the jitter of retries.
        counts: what is counted on the way, for monitors.
        well_at: when this writer last noted that the server takes messages.
    """

    owner: str
    rng: random.Random
    counts: Counts
    well_at: datetime | None = None


def write_down(db: Session, handed: Sequence[HandedOver], writer: Writer, now: datetime) -> Counter[str]:
    """Write what became of these hand-overs, in their order; return how many messages ended in which state."""
    ended: Counter[str] = Counter()
    for accepted, run in groupby(handed, lambda one: one.outcome.kind is OutcomeKind.ACCEPTED):
        others = list(run)
        if accepted:
            sent, others = _write_accepted(db, others, writer, now)
            ended[OutboxState.SENT] += sent
        for one in others:
            ended[_write_other(db, one, writer, now)] += 1
    return ended


def give_back(db: Session, rows: Sequence[OutboxMessage]) -> None:
    """Free claimed rows that did not come to the gate."""
    for row in rows:
        GIVE_BACK.run(db.connection(), {"message": row.id, "token": row.lease_token})


def take_back(db: Session, rows: Sequence[OutboxMessage]) -> None:
    """Free rows that passed the gate and of which nothing was handed over; they are not charged for it."""
    for row in rows:
        TAKE_BACK.run(db.connection(), {"message": row.id, "token": row.lease_token})


def is_closed(db: Session, now: datetime) -> bool:
    """Tell whether the server is left alone for now."""
    until = db.scalar(select(Channel.open_until_at).where(Channel.name == CHANNEL))
    return until is not None and until > now


def keep_channel(db: Session) -> None:
    """Make sure that the row of the server is there; whoever else makes it meanwhile wins."""
    insert_missing(db, Channel, [{"name": CHANNEL, "failures": 0, "reason": "", "last_error": ""}])


def _line(one: HandedOver, owner: str, now: datetime) -> dict[str, object]:
    outcome = one.outcome
    line = (
        one.row.id,
        one.row.attempts + 1,
        outcome.kind,
        outcome.phase,
        outcome.code,
        outcome.enhanced,
        outcome.text,
        owner,
        now,
    )
    return {f"new_{name}": value for name, value in zip(NOTED, line, strict=True)}


def _write_accepted(
    db: Session, handed: Sequence[HandedOver], writer: Writer, now: datetime
) -> tuple[int, list[HandedOver]]:
    """Write what the server accepted; return how many, and what had left this worker's hands meanwhile."""
    link = db.connection()
    rows = [
        {
            "message": one.row.id,
            "token": one.row.lease_token,
            "said": one.outcome.text,
            "code": one.outcome.enhanced,
            "at": now,
            "sha": one.sha,
        }
        for one in handed
    ]
    overtaken: list[HandedOver] = []
    if SENT.run_all(link, rows) != len(handed):
        marks = select(OutboxMessage.id, OutboxMessage.lease_token).where(OutboxMessage.state == OutboxState.SENT)
        sent = set(map(tuple, db.execute(marks.where(OutboxMessage.id.in_([one.row.id for one in handed])))))
        overtaken = [one for one in handed if (one.row.id, one.row.lease_token) not in sent]
    settled = [one for one in handed if one not in overtaken]
    if settled:
        NOTE.run_all(link, [_line(one, writer.owner, now) for one in settled])
        _server_is_well(db, writer, now)
    return len(settled), overtaken


def _server_is_well(db: Session, writer: Writer, now: datetime) -> None:
    if writer.well_at is None or now - writer.well_at >= SEEN_WELL:
        SERVER_WELL.run(db.connection(), {"at": now, "long_ago": now - SEEN_WELL})
        writer.well_at = now


def _write_other(db: Session, one: HandedOver, writer: Writer, now: datetime) -> str:
    """Write what was not plainly accepted, or was accepted after the row had left this worker's hands."""
    settlement = settle(one.outcome)
    found = db.scalar(
        select(OutboxMessage)
        .where(OutboxMessage.id == one.row.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        return "gone"
    NOTE.run(db.connection(), _line(one, writer.owner, now))
    if not _is_ours(found, one):
        writer.counts.count("fence_lost_total")
        return "lost_fence"
    _settle_row(found, one, settlement, writer.rng, now)
    _settle_channel(db, settlement, one.outcome, writer, now)
    if settlement.suppress and found.participant_id:
        suppress(db, found.participant_id, settlement.reason)
    db.flush()
    return found.state


def _is_ours(found: OutboxMessage, one: HandedOver) -> bool:
    """Tell whether this hand-over decides the row; an acceptance does so even after the lease ran out."""
    decided = {OutboxState.SENDING if one.gated else OutboxState.LEASED}
    if one.outcome.kind is OutcomeKind.ACCEPTED:
        decided.add(OutboxState.UNKNOWN)
    return found.lease_token == one.row.lease_token and found.state in decided


def _settle_row(row: OutboxMessage, one: HandedOver, settlement: Settlement, rng: random.Random, now: datetime) -> None:
    row.state, row.reason = settlement.state, settlement.reason
    row.reply, row.enhanced = one.outcome.text, one.outcome.enhanced
    row.lease_owner = row.lease_until_at = None
    if one.gated and not settlement.charged:
        row.attempts -= 1
    if settlement.state in {OutboxState.SENT, OutboxState.UNKNOWN}:
        row.rendered_sha = one.sha
    if settlement.state == OutboxState.SENT:
        row.sent_at = now
    elif settlement.state == OutboxState.UNKNOWN:
        row.unknowns += 1
    elif settlement.state == OutboxState.PENDING and not settlement.breaker:
        # with no time left the row stays pending and the gate or the sweep ends it as expired
        again_at = next_attempt(max(row.attempts, 1), row.valid_until_at, rng, now)
        row.next_attempt_at = again_at or row.valid_until_at


def _settle_channel(db: Session, settlement: Settlement, outcome: Outcome, writer: Writer, now: datetime) -> None:
    """Open the breaker after a failure of the channel or several refusals running; close it after a success."""
    if outcome.kind is OutcomeKind.ACCEPTED:
        _server_is_well(db, writer, now)
        return
    # a server that takes letters and never answers would have every one of them repeated
    if not (settlement.breaker or settlement.counts or outcome.kind is OutcomeKind.UNKNOWN):
        return
    writer.well_at = None
    fields = {"event": settlement.reason, "code": outcome.code, "phase": outcome.phase}
    channel = db.get_one(Channel, CHANNEL, with_for_update=True, populate_existing=True)
    channel.failures += 1
    if settlement.alarm and channel.reason != settlement.reason:  # once, however often it is tried until it is mended
        log.error("the mail server refuses this installation", extra=fields)
    channel.reason, channel.last_error = settlement.reason, outcome.text
    if settlement.breaker or channel.failures >= REFUSALS_TO_OPEN:
        writer.counts.count("breaker_open")
        if channel.open_since_at is None:
            log.warning("the mail server takes nothing; what is due waits", extra=fields)
        channel.open_since_at = channel.open_since_at or now
        channel.open_until_at = now + breaker_pause(channel.failures)
