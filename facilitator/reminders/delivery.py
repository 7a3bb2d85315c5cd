"""The delivery loop: claim, gate, hand over, write down. The only service that commits.

Two commits stand around each hand-over, and no transaction is open across it: the gate of one message and the result of
the one before share a commit, so that there is one for each message. What was gated and not written down is unknown
and is found by the lease; what was claimed and not gated is certainly unsent.
"""

import hashlib
import logging
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from facilitator.db import Database
from facilitator.mail.outcome import Outcome, OutcomeKind
from facilitator.mail.smtp import SmtpClient
from facilitator.reminders.claim import claim_due, is_due, is_due_more_than
from facilitator.reminders.counts import Counts, labels
from facilitator.reminders.gate import LOST, Refusal, judge, pass_gate, refuse, wait_a_moment
from facilitator.reminders.locks import hold_in_order
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.opening import first_gate
from facilitator.reminders.posting import Draft
from facilitator.reminders.rules import OutboxState, next_attempt, settle
from facilitator.reminders.settling import (
    CHANNEL,
    HandedOver,
    Writer,
    give_back,
    is_closed,
    keep_channel,
    take_back,
    write_down,
)
from facilitator.reminders.sight import Sight, look

__all__ = ["CHANNEL", "Station", "deliver_due"]
log = logging.getLogger(__name__)
BATCH = 50
GATE_TO_DOT = timedelta(seconds=30)  # a sender frozen for longer drops the connection instead of the dot
POISONED_AFTER = 3
LARGE_BACKLOG = 500  # with more due than this, ten messages share the commit of their gates
LARGE_GROUP = 10
SAVING_TRIES = 5  # a second apart: what was accepted is not given up as unknown for one locked moment
SAVING_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Everything one worker delivers with.

    Args:
        database: where the outbox is.
        open_client: returns a connection to the mail server, or None when it cannot be named.
        compose: drafts a message from what was seen of it.
        owner: names this worker in leases and in the ledger.
        clock: tells the present instant.
        monotonic: tells seconds that never go back.
        rng: draws the jitter of retries.
        group: how many messages pass the gate in one commit while the backlog is large; after a death in the middle
            at most so many are unknown.
        counts: what is counted on the way, for monitors.
    """

    database: Database
    open_client: Callable[[], SmtpClient]
    compose: Callable[[Session, Sight], Draft]
    owner: str
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    rng: random.Random
    group: int = LARGE_GROUP
    counts: Counts = field(default_factory=Counts)


def deliver_due(station: Station, should_stop: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Deliver everything that is due, over one connection.

    Args:
        station: what to deliver with.
        should_stop: asked between messages; True leaves the rest to somebody else.

    Returns:
        how many messages ended in which state.
    """
    with station.database.read() as db:
        if is_closed(db, station.clock()) or not is_due(db, station.clock()):
            return Counter()
    with closing(station.open_client()) as client:
        writer = Writer(owner=station.owner, rng=station.rng, counts=station.counts)
        lane = _Lane(station=station, client=client, should_stop=should_stop, writer=writer)
        try:
            lane.run()
        except DBAPIError:
            lane.save()
            raise
        finally:
            lane.let_go()
    return lane.counts


@dataclass(slots=True, kw_only=True)
class _Ready:
    """A claimed message with its letter, or without one when it is not to go or cannot be built."""

    seen: Sight
    draft: Draft | None = None
    broken: bool = False


@dataclass(slots=True, kw_only=True)
class _Lane:
    """One connection and the messages on their way to it.

    Args:
        group: how many pass the gate in one commit.
        ready: claimed, with their letters, not yet at the gate.
        handed: tried, and not written down yet.
        untried: passed the gate with others of their group, and were not tried because of what became of those.
        link: to the database, kept for all of it.
    """

    station: Station
    client: SmtpClient
    should_stop: Callable[[], bool]
    writer: Writer
    counts: Counter[str] = field(default_factory=Counter)
    group: int = 1
    ready: deque[_Ready] = field(default_factory=deque)
    handed: list[HandedOver] = field(default_factory=list)
    untried: list[OutboxMessage] = field(default_factory=list)
    link: Connection | None = None

    def run(self) -> None:
        """Go on until nothing is due, the server is left alone, or somebody asks to stop."""
        while self.ready or self._claim():
            if self.should_stop():
                self._end()
                return
            self._announce()
            self._hand_over(self._gate())

    def save(self) -> None:
        """Write down what was handed over although the database failed a moment ago."""
        for _ in range(SAVING_TRIES):
            self.let_go()  # the connection may be what failed
            try:
                self._end()
            except DBAPIError:
                time.sleep(SAVING_PAUSE_S)
            else:
                return

    def let_go(self) -> None:
        """Give the connection to the database back."""
        link, self.link = self.link, None
        if link is not None:
            link.close()

    def _claim(self) -> bool:
        """Claim the next batch and draft its letters; return whether there is any."""
        now, begun = self.station.clock(), self.station.monotonic()
        with self._commit() as db:
            keep_channel(db)
            rows = [] if is_closed(db, now) else claim_due(db, self.station.owner, BATCH, now)
            sights = look(db, rows, now)
            large = bool(rows) and is_due_more_than(db, LARGE_BACKLOG, now)
        self.station.counts.observe("claim_s", self.station.monotonic() - begun)
        self.station.counts.step(OutboxState.PENDING, OutboxState.LEASED, by=len(rows))
        self.group = self.station.group if large else 1
        with self.station.database.read() as db:  # for its vault; nothing more is read
            self.ready.extend(self._draft(db, seen, now) for seen in sights)
        return bool(rows)

    def _draft(self, db: Session, seen: Sight, now: datetime) -> _Ready:
        try:
            return _Ready(seen=seen, draft=None if judge(seen, now) else self.station.compose(db, seen))
        except Exception:  # one letter that cannot be built must not stop its neighbours
            log.exception("a message cannot be built", extra={"event": "poisoned", "outbox_id": seen.row.id})
            return _Ready(seen=seen, broken=True)

    def _announce(self) -> None:
        """Open the way for the next message before its gate, so that a closed one is known before the row passes."""
        first = self.ready[0]
        if first.draft is None or (self.handed and ends_a_group(self.handed[-1].outcome)):
            return
        in_the_way = self.client.announce(first.draft.parties)
        if in_the_way:
            self.ready.popleft()
            self.handed.append(HandedOver(row=first.seen.row, outcome=in_the_way, gated=False))

    def _gate(self) -> list[tuple[OutboxMessage, Draft, bytes]]:
        """Bring the next group to the gate; return what passed, with its letters."""
        group = [self.ready.popleft() for _ in range(min(self.group, len(self.ready)))]
        try:
            return self._pass(group)
        except IntegrityError:
            # another worker passed an older message of one of these people at this very moment; that one goes first
            with self._commit() as db:
                for one in group:
                    refuse(db, one.seen.row, wait_a_moment(self.station.clock()))
            self.counts[OutboxState.PENDING] += len(group)
            return []

    def _pass(self, group: Sequence[_Ready]) -> list[tuple[OutboxMessage, Draft, bytes]]:
        now, passed, refused = self.station.clock(), [], Counter[str]()
        doubtful = any(one.outcome.kind is not OutcomeKind.ACCEPTED for one in self.handed)
        begun = self.station.monotonic()
        with self._commit(group) as db:
            if doubtful and is_closed(db, now):
                give_back(db, [one.seen.row for one in (*group, *self.ready)])
                self.ready.clear()
                return []
            for one in group:
                refusal = self._try_gate(db, one, now)
                if refusal is None and one.draft is not None:
                    row = one.seen.row
                    passed.append((row, one.draft, one.draft.dated(first_gate(row, now))))
                elif refusal is not None:
                    refused["lost_lease" if refusal is LOST else refusal.state] += 1
                    self.station.counts.count("gate_refused", labels(reason=refusal.reason))
        self.station.counts.step(OutboxState.LEASED, OutboxState.SENDING, by=len(passed))
        self.station.counts.observe("gate_commit_s", self.station.monotonic() - begun)
        self.counts += refused
        return passed

    def _try_gate(self, db: Session, one: _Ready, now: datetime) -> Refusal | None:
        if one.broken:
            return refuse(db, one.seen.row, self._set_aside(one.seen.row, now))
        return pass_gate(db, one.seen, now)

    def _set_aside(self, row: OutboxMessage, now: datetime) -> Refusal:
        """Try a letter that cannot be built a little later, and give it up after three tries; nothing was handed over."""
        again_at = next_attempt(row.attempts + 1, row.valid_until_at, self.station.rng, now)
        failed = row.attempts + 1 >= POISONED_AFTER or again_at is None
        state = OutboxState.FAILED if failed else OutboxState.PENDING
        return Refusal(state=state, reason="cannot_be_built", again_at=again_at, charged=True)

    def _hand_over(self, passed: Sequence[tuple[OutboxMessage, Draft, bytes]]) -> None:
        gated = self.station.monotonic()
        for at, (row, draft, content) in enumerate(passed):
            outcome = self.client.send(
                draft.parties,
                content,
                lambda: self.station.monotonic() - gated < GATE_TO_DOT.total_seconds(),
            )
            self.handed.append(HandedOver(row=row, outcome=outcome, sha=hashlib.sha256(content).hexdigest()))
            if ends_a_group(outcome):
                self.untried = [row for row, *_ in passed[at + 1 :]]
                return

    def _end(self) -> None:
        """Write down what was handed over and give back the rest."""
        with self._commit() as db:
            give_back(db, [one.seen.row for one in self.ready])
        self.ready.clear()

    @contextmanager
    def _commit(self, group: Sequence[_Ready] = ()) -> Iterator[Session]:
        """Write down what was handed over since the last commit, do what the block does, and commit both together."""
        now, database = self.station.clock(), self.station.database
        self.link = self.link or database.keep_writer()
        with database.write_on(self.link) as db:
            tried = [one.row for one in self.handed]
            hold_in_order(db, [*tried, *self.untried, *(one.seen.row for one in group)])
            written = write_down(db, self.handed, self.writer, now)
            take_back(db, self.untried)
            yield db
        self._count(now)
        self.counts += written
        self.handed, self.untried = [], []

    def _count(self, now: datetime) -> None:
        counts = self.station.counts
        for one in self.handed:
            outcome, settlement = one.outcome, settle(one.outcome)
            start = OutboxState.SENDING if one.gated else OutboxState.LEASED
            counts.step(start, settlement.state, settlement.reason)
            counts.count("smtp_replies", labels(class_=f"{outcome.code // 100}xx", enh=outcome.enhanced))
            if outcome.kind is OutcomeKind.ACCEPTED:
                counts.observe("due_to_accept_s", (now - one.row.due_at).total_seconds())
            elif outcome.kind is OutcomeKind.UNKNOWN:
                counts.count("unknown_total")


def ends_a_group(outcome: Outcome) -> bool:
    """Tell whether what became of one message is a reason not to try the others that passed the gate with it."""
    settlement = settle(outcome)
    doubtful = outcome.kind in {OutcomeKind.UNKNOWN, OutcomeKind.ABANDONED}
    return doubtful or settlement.breaker or settlement.counts
