"""Tables of groups, their facilitators and their mailing lists.

A participant row holds what mail needs and nothing else: no attendance, no last-seen, no finer date than a day.
"""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.accounts.models import Facilitator
from facilitator.db import Base, Instant
from facilitator.tokens import new_id

ALIAS_PLACE = "participant.alias"
ADDRESS_PLACE = "participant.address"


class GroupRole(StrEnum):
    """What a facilitator is in one group."""

    LEAD = "lead"
    CO = "co"


class Wording(StrEnum):
    """How much a message to this person may say."""

    VAGUE = "vague"
    PLAIN = "plain"
    FULL = "full"


class MailState(StrEnum):
    """Whether a participant is written to."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class Group(Base, kw_only=True):
    """A group under its neutral public label."""

    __tablename__ = "support_group"
    __table_args__ = (
        CheckConstraint("kind IN ('closed', 'open')", name="kind"),
        CheckConstraint("capacity BETWEEN 2 AND 30", name="capacity"),
        CheckConstraint("minutes IN (60, 75, 90)", name="minutes"),
        CheckConstraint("pace IN ('gentle', 'standard')", name="pace"),
        CheckConstraint("precision IN ('protected', 'exact', 'guarded')", name="precision"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(8))
    capacity: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(300), default="")
    language: Mapped[str] = mapped_column(String(8), default="en")
    country: Mapped[str] = mapped_column(String(4), default="INT")
    pace: Mapped[str] = mapped_column(String(10), default="gentle")
    precision: Mapped[str] = mapped_column(String(10), default="protected")
    reminders_paused_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    # everybody is asked anew in rounds whether their address is still safe; the day belongs to the group, to nobody alone
    consent_round: Mapped[int] = mapped_column(default=1)
    consent_since_on: Mapped[date | None] = mapped_column(default=None)
    aftercare: Mapped[bool] = mapped_column(default=False)  # whether a few words go out on the morning after
    created_on: Mapped[date | None] = mapped_column(default=None)


class GroupFacilitator(Base, kw_only=True):
    """Who leads a group with whom."""

    __tablename__ = "group_facilitator"
    __table_args__ = (
        CheckConstraint("role IN ('lead', 'co')", name="role"),
        Index("ix_group_facilitator_facilitator_id", "facilitator_id"),
    )

    group_id: Mapped[str] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"), primary_key=True)
    facilitator_id: Mapped[str] = mapped_column(ForeignKey(Facilitator.id, ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(4))


class Participant(Base, kw_only=True):
    """One address on a group's mailing list, under an alias; both sealed."""

    __tablename__ = "participant"
    __table_args__ = (
        # one address stands once on a list
        Index("uq_participant_group_id_address_index", "group_id", "address_index", unique=True),
        CheckConstraint("wording IN ('vague', 'plain', 'full')", name="wording"),
        CheckConstraint("state IN ('active', 'paused', 'stopped')", name="state"),
        CheckConstraint("consent_round >= 0", name="consent_round"),
        CheckConstraint("days BETWEEN 1 AND 127", name="days"),
        CheckConstraint("waiting >= 0", name="waiting"),
        # without a rowid the file keeps no order of joining
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    group_id: Mapped[str] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"))
    key_wrapped: Mapped[bytes]  # of this person alone; no dated backup holds it, so an erasure reaches older ones too
    alias_sealed: Mapped[bytes]
    address_sealed: Mapped[bytes]
    address_index: Mapped[str] = mapped_column(String(64))
    settings_hash: Mapped[str] = mapped_column(String(64), unique=True)
    link_version: Mapped[int] = mapped_column(default=1)
    wording: Mapped[str] = mapped_column(String(8), default=Wording.VAGUE)
    state: Mapped[str] = mapped_column(String(8), default=MailState.ACTIVE)
    zone: Mapped[str | None] = mapped_column(String(64), default=None)
    quiet_from_time: Mapped[time] = mapped_column(default=time(20))
    quiet_to_time: Mapped[time] = mapped_column(default=time(8))
    consent_round: Mapped[int] = mapped_column(default=0)  # of the group, in which they last confirmed; 0 for never
    language: Mapped[str | None] = mapped_column(String(8), default=None)  # None for the group's
    leads: Mapped[list[int] | None] = mapped_column(
        JSON(none_as_null=True), default=None
    )  # minutes; None for every one
    days: Mapped[int] = mapped_column(default=127)  # on which messages may come, Monday is 1, Tuesday 2, Wednesday 4
    waiting: Mapped[int] = mapped_column(default=0)  # place in the queue of an open group; 0 is in
    feed_version: Mapped[int] = mapped_column(default=0)  # of the calendar link; 0 where there never was one
    feed_hash: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)


class ErasureReceipt(Base, kw_only=True):
    """What was erased of a list at the end of a series: numbers alone, and never whose."""

    __tablename__ = "erasure_receipt"
    __table_args__ = (Index("ix_erasure_receipt_group_id", "group_id"),)

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    group_id: Mapped[str] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"))
    erased_on: Mapped[date]
    by_hand: Mapped[bool] = mapped_column(default=False)  # a facilitator pressed it before its day
    people: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    materials: Mapped[int] = mapped_column(default=0)
