"""The figures of delivery as Prometheus reads them: text exposition format 0.0.4.

Counters and histograms are what the workers added up; gauges are looked up at the moment of asking, through indexes, and
the number of messages in each state is what the last audit counted. Nothing here names a person, a group or a session.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import BigInteger, cast, func, literal, select
from sqlalchemy.orm import Session

from facilitator.db import Instant
from facilitator.reminders.counts import (
    AUDIT_EXTRA,
    AUDIT_LOST,
    AUDIT_MISSING,
    BUCKETS,
    ENDLESS,
    MESSAGES,
    labels,
)
from facilitator.reminders.health import DeliveryHealth, check_delivery
from facilitator.reminders.models import OutboxMessage, in_states
from facilitator.reminders.models_worker import Counter
from facilitator.reminders.rules import OutboxState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "facilitator_"
COUNTERS = {
    "outbox_transitions": "Messages that went from one state to another.",
    "smtp_replies": "Answers of the mail server by class and enhanced status code.",
    "unknown_total": "Hand-overs whose end nobody can tell.",
    "fence_lost_total": "Results that came after the message had another owner.",
    "gate_refused": "Messages that the gate turned away.",
    "dedup_hits": "Messages that were planned already.",
    "breaker_open": "How often the way to the mail server was closed for a while.",
    "scheduler_events": "Ticks that failed, were missed, or found the one before them still at work.",
    "audit_repaired": "Messages that the audit had to put right.",
    "ping_failures": "Pings to the monitor outside that did not arrive.",
}
HISTOGRAMS = {
    "due_to_accept_s": "Seconds from when a message was due to when the mail server accepted it.",
    "claim_s": "Seconds that one claim took.",
    "gate_commit_s": "Seconds that one commit at the gate took.",
    "smtp_phase_s": "Seconds that one phase of the talk with the mail server took.",
}
KEPT = {
    MESSAGES: "Messages in each state that is no end, and at an end, as the last audit counted them.",
    AUDIT_MISSING: "Messages that should exist and do not, at the last audit.",
    AUDIT_EXTRA: "Waiting messages that nothing calls for, at the last audit.",
    AUDIT_LOST: "Messages that were planned and neither exist nor were deleted, at the last audit.",
}
MILLISECOND = timedelta(milliseconds=1)
Samples = Mapping[str, float]  # by labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with its samples; the name of a sample may end in more than the metric's own."""

    name: str
    kind: str
    words: str
    samples: tuple[tuple[str, str, float], ...]


def write_page(db: Session, now: datetime) -> str:
    """Return the page; its cost grows with the messages that are due, waiting or under way, not with the outbox."""
    skew = _clock_skew(db, now)  # first, so that no other query stands between the two clocks
    stored = _stored(db)
    health = check_delivery(db, now)
    families = [
        *(_plain(name, "counter", words, stored.get(name)) for name, words in COUNTERS.items()),
        *(_histogram(name, words, stored) for name, words in HISTOGRAMS.items()),
        *(_plain(name, "gauge", words, stored.get(name)) for name, words in KEPT.items()),
        *_delivery(db, health, now),
        *_database(db, skew),
    ]
    return "".join(line for family in families for line in _lines(family))


def _stored(db: Session) -> Mapping[str, dict[str, float]]:
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for figure in db.scalars(select(Counter).order_by(Counter.name, Counter.labels)):
        found[figure.name][figure.labels] = figure.value
    return found


def _plain(name: str, kind: str, words: str, samples: Samples | None) -> Family:
    return Family(
        name=name,
        kind=kind,
        words=words,
        samples=tuple(("", labels, value) for labels, value in (samples or {}).items()),
    )


def _histogram(name: str, words: str, stored: Mapping[str, Samples]) -> Family:
    """Return a histogram; each bucket is stored by itself and shown with all that is smaller."""
    by_labels: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for kept, value in stored.get(f"{name}_bucket", {}).items():
        rest, _le, bound = kept.rpartition("le=")
        by_labels[rest.rstrip(",")][bound.strip('"')] = value
    samples: list[tuple[str, str, float]] = []
    for rest, buckets in by_labels.items():
        total = 0.0
        for bound in (*(f"{each:g}" for each in BUCKETS[name]), ENDLESS):
            total += buckets.get(bound, 0)
            samples.append(("_bucket", _joined(rest, labels(le=bound)), total))
        samples.append(("_sum", rest, stored.get(f"{name}_sum", {}).get(rest, 0)))
        samples.append(("_count", rest, total))
    return Family(name=name, kind="histogram", words=words, samples=tuple(samples))


def _delivery(db: Session, health: DeliveryHealth, now: datetime) -> Iterable[Family]:
    pending, gated_at = db.execute(
        select(
            select(func.count())
            .select_from(OutboxMessage)
            .where(in_states(OutboxState.PENDING), OutboxMessage.next_attempt_at <= now)
            .scalar_subquery(),
            select(func.min(OutboxMessage.gated_at, type_=Instant))
            # the index knows leased and sending messages together, so its words come first
            .where(in_states(OutboxState.LEASED, OutboxState.SENDING), in_states(OutboxState.SENDING))
            .scalar_subquery(),
        )
    ).one()
    ages = {labels(tick=tick.name): _seconds(tick.finished_at, now) for tick in health.ticks}
    under_way = _seconds(gated_at, now) if gated_at else 0
    return (
        _plain("pending_due", "gauge", "Messages that are due and wait.", {"": pending}),
        _plain(
            "oldest_due_age_s", "gauge", "How long the oldest due one waits.", {"": health.oldest_due.total_seconds()}
        ),
        _plain("sending_age_max_s", "gauge", "How long the oldest hand-over has been under way.", {"": under_way}),
        _plain("held", "gauge", "Messages that wait for a person.", {"": health.held}),
        _plain("tick_age_s", "gauge", "How long ago each tick of the worker ended.", ages),
    )


def _seconds(at: datetime | None, now: datetime) -> float:
    return (now - at).total_seconds() if at else float("inf")


def _database(db: Session, skew_ms: float | None) -> Iterable[Family]:
    if skew_ms is not None:
        return (_plain("clock_skew_ms", "gauge", "The database's clock ahead of ours, and one query.", {"": skew_ms}),)
    version = labels(version=sqlite3.sqlite_version)
    return (
        _plain("sqlite_version", "gauge", "The version of SQLite.", {version: 1}),
        _plain("wal_bytes", "gauge", "The size of SQLite's write-ahead log.", {"": _wal_bytes(db)}),
    )


def _clock_skew(db: Session, now: datetime) -> float | None:
    if db.get_bind().dialect.name == "sqlite":
        return None  # it has no clock but ours
    milliseconds = cast(func.extract("epoch", func.clock_timestamp()) * literal(1000), BigInteger)
    there = db.scalar(select(func.coalesce(milliseconds, type_=Instant)))
    return (there - now) / MILLISECOND if there else None


def _wal_bytes(db: Session) -> int:
    log = Path(f"{db.connection().engine.url.database}-wal")
    return log.stat().st_size if log.exists() else 0


def _joined(*several: str) -> str:
    return ",".join(each for each in several if each)


def _lines(family: Family) -> Iterator[str]:
    name = f"{PREFIX}{family.name}"
    yield f"# HELP {name} {family.words}\n"
    yield f"# TYPE {name} {family.kind}\n"
    for ending, its_labels, value in family.samples:
        yield f"{name}{ending}{'{' + its_labels + '}' if its_labels else ''} {_number(value)}\n"


def _number(value: float) -> str:
    if value == float("inf"):
        return ENDLESS
    return str(int(value)) if value == int(value) else repr(float(value))
