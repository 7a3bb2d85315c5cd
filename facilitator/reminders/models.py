"""Tables of reminder rules and of the outbox: one durable row per person, session time and occasion.

No address and no text stands in a row: both are read at the gate, so they are never stale. The legal edges of the
state machine stand in `outbox_edge`, and a trigger refuses every other.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    bindparam,
    literal,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.accounts.models import Facilitator
from facilitator.db import Base, Instant
from facilitator.groups.models import Group, Participant
from facilitator.planning.models import GroupSession
from facilitator.reminders.rules import OutboxState
from facilitator.tokens import new_id

STATES = ", ".join(f"'{state}'" for state in OutboxState)


class ReminderRule(Base, kw_only=True):
    """How long before a session a group's people are reminded."""

    __tablename__ = "reminder_rule"
    __table_args__ = (
        Index("uq_reminder_rule_group_id_lead_minutes", "group_id", "lead_minutes", unique=True),
        CheckConstraint("lead_minutes BETWEEN 30 AND 20160", name="lead_minutes"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    group_id: Mapped[str] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"))
    lead_minutes: Mapped[int]


class OutboxMessage(Base, kw_only=True):
    """One message to one person, from planned to a named end."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="state"),
        Index(
            "ix_outbox_due",
            "priority",
            "next_attempt_at",
            "id",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index(
            "ix_outbox_lease",
            "lease_until_at",
            postgresql_where=text("state IN ('leased', 'sending')"),
            sqlite_where=text("state IN ('leased', 'sending')"),
        ),
        Index(
            "ix_outbox_next",
            "next_attempt_at",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index(
            "ix_outbox_open",
            "state",
            "gated_at",
            postgresql_where=text("state IN ('unknown', 'held')"),
            sqlite_where=text("state IN ('unknown', 'held')"),
        ),
        Index(
            "ix_outbox_overdue",
            "valid_until_at",
            postgresql_where=text("state IN ('pending', 'unknown', 'held')"),
            sqlite_where=text("state IN ('pending', 'unknown', 'held')"),
        ),
        Index("ix_outbox_session_id_participant_id", "session_id", "participant_id"),
        Index("ix_outbox_participant_id", "participant_id"),
        Index(
            "ix_outbox_asked_by",
            "asked_by",
            postgresql_where=text("asked_by IS NOT NULL"),
            sqlite_where=text("asked_by IS NOT NULL"),
        ),
        # one in flight per person and session keeps a notice behind the reminder it corrects
        Index(
            "uq_outbox_in_flight",
            "session_id",
            "participant_id",
            unique=True,
            postgresql_where=text("state = 'sending'"),
            sqlite_where=text("state = 'sending'"),
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, init=False
    )
    uuid: Mapped[str] = mapped_column(String(22), unique=True, default_factory=new_id)
    dedup_key: Mapped[str] = mapped_column(String(160), unique=True)
    # a test to oneself may be about no session
    session_id: Mapped[str | None] = mapped_column(ForeignKey(GroupSession.id, ondelete="CASCADE"))
    time_rev: Mapped[int]
    participant_id: Mapped[str | None] = mapped_column(ForeignKey(Participant.id, ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(12))
    lead_minutes: Mapped[int]
    # what the message tells: the start, and a hash of start, place and link, so that an undone change tells nobody
    session_starts_at: Mapped[datetime] = mapped_column(Instant)
    details_sha: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(Instant)
    valid_until_at: Mapped[datetime] = mapped_column(Instant)
    next_attempt_at: Mapped[datetime] = mapped_column(Instant)
    planned_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(12), default=OutboxState.PENDING)
    reason: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    unknowns: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(80), default=None)
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_until_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    gated_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    first_gated_at: Mapped[datetime | None] = mapped_column(Instant, default=None)  # the Date header on every try
    sent_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    reply: Mapped[str] = mapped_column(String(200), default="")
    enhanced: Mapped[str] = mapped_column(String(12), default="")
    rendered_sha: Mapped[str] = mapped_column(String(64), default="")
    # who asked for a test or for one more copy; a test goes to them, in the wording they chose
    asked_by: Mapped[str | None] = mapped_column(ForeignKey(Facilitator.id, ondelete="CASCADE"), default=None)
    wording: Mapped[str | None] = mapped_column(String(8), default=None)
    # what a mail server further on said after ours had accepted it (RFC 3464)
    returned_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    returned_code: Mapped[str] = mapped_column(String(12), default="")


def in_states(*states: OutboxState) -> ColumnElement[bool]:
    """Return a condition on the state in which the states stand as constants.

    A partial index is used only for a query that repeats its own words; a parameter hides them from the planner.
    """
    if len(states) == 1:
        return OutboxMessage.state == literal(states[0].value, literal_execute=True)
    return OutboxMessage.state.in_(
        bindparam(None, [state.value for state in states], expanding=True, literal_execute=True)
    )


class OutboxEdge(Base, kw_only=True):
    """A legal step of the state machine; the trigger on `outbox` reads this table."""

    __tablename__ = "outbox_edge"

    from_state: Mapped[str] = mapped_column(String(12), primary_key=True)
    to_state: Mapped[str] = mapped_column(String(12), primary_key=True)


class Attempt(Base, kw_only=True):
    """One hand-over to the mail server and how it ended; only ever appended."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_outbox_id", "outbox_id"),)

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, init=False
    )
    outbox_id: Mapped[int] = mapped_column(ForeignKey(OutboxMessage.id, ondelete="CASCADE"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(12))
    phase: Mapped[str] = mapped_column(String(12))
    code: Mapped[int | None]
    enhanced: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)


class Suppression(Base, kw_only=True):
    """An address that refused mail for good, under its blind index."""

    __tablename__ = "suppression"

    address_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    cause: Mapped[str] = mapped_column(String(40))
    until_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


def holds(suppression: Suppression | None, now: datetime) -> bool:
    """Tell whether an address is suppressed at an instant."""
    return suppression is not None and (suppression.until_at is None or suppression.until_at > now)


class ReturnedMail(Base, kw_only=True):
    """A message that came back for now ("mailbox full"), counted by address so that three in a row are noticed."""

    __tablename__ = "returned_mail"
    __table_args__ = (Index("ix_returned_mail_address_index_at", "address_index", "at"),)

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    address_index: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(Instant)


class Channel(Base, kw_only=True):
    """The circuit breaker of one mail server."""

    __tablename__ = "channel"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    open_since_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    open_until_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    reason: Mapped[str] = mapped_column(String(40), default="")  # the last failure as a code, for people
    last_error: Mapped[str] = mapped_column(String(200), default="")  # the same as the server or the system said it
    last_sent_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


class Tick(Base, kw_only=True):
    """When each tick of the worker last ran; how people and health checks see that the clock is alive."""

    __tablename__ = "tick"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    epoch: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    error: Mapped[str] = mapped_column(String(200), default="")
