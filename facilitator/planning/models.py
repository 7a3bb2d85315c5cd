"""Tables of series, sessions, their segments and what was assigned to them.

Wall time and zone are what the person said; the instant stands beside them. `time_rev` rises when the start, the
place or the link changes, and everything that was planned for an older one is out of date.
"""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.accounts.models import Facilitator
from facilitator.db import Base, Instant
from facilitator.groups.models import Group
from facilitator.prompts.models import PromptVersion
from facilitator.tokens import new_id


class SessionStatus(StrEnum):
    """Whether a session stands, was called off, or is over."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    DONE = "done"


class Outcome(StrEnum):
    """What became of an assignment in the room; blank is kept as not said."""

    NOT_SAID = "not_said"
    USED = "used"
    CUT_SHORT = "cut_short"
    SKIPPED = "skipped"


class Series(Base, kw_only=True):
    """A run of sessions along one pathway."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("rhythm IN ('weekly', 'fortnightly', 'monthly')", name="rhythm"),
        Index("ix_series_group_id", "group_id"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    group_id: Mapped[str] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"))
    pathway_id: Mapped[str] = mapped_column(String(80))
    pathway_version: Mapped[int] = mapped_column(default=0)
    first_on: Mapped[date]
    start_time: Mapped[time]
    zone: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int]
    rhythm: Mapped[str] = mapped_column(String(12))
    skip_on: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    seed: Mapped[str] = mapped_column(String(22), default_factory=new_id)
    created_on: Mapped[date | None] = mapped_column(default=None)


class GroupSession(Base, kw_only=True):
    """One gathering; "session" on screen."""

    __tablename__ = "group_session"
    __table_args__ = (
        CheckConstraint("status IN ('scheduled', 'cancelled', 'done')", name="status"),
        CheckConstraint("depth_cap BETWEEN 1 AND 3", name="depth_cap"),
        CheckConstraint("depth_limit IS NULL OR depth_limit BETWEEN 1 AND 3", name="depth_limit"),
        Index("ix_group_session_group_id_starts_at", "group_id", "starts_at"),
        Index("ix_group_session_starts_at", "starts_at"),
        Index("ix_group_session_series_id", "series_id"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    group_id: Mapped[str] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"))
    series_id: Mapped[str] = mapped_column(ForeignKey(Series.id, ondelete="CASCADE"))
    position: Mapped[int]  # its place in the series as people count; kept when it moves
    pathway_position: Mapped[int]
    focus: Mapped[str] = mapped_column(String(16))
    session_kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(120))
    participant_title: Mapped[str] = mapped_column(String(60))
    depth_cap: Mapped[int]
    on_date: Mapped[date]
    start_time: Mapped[time]
    zone: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    page_hash: Mapped[str] = mapped_column(String(64), unique=True)
    place: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(300), default="")
    status: Mapped[str] = mapped_column(String(10), default=SessionStatus.SCHEDULED)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    not_held: Mapped[str] = mapped_column(String(12), default="")  # why it did not take place after all, as a code
    cycle: Mapped[int] = mapped_column(default=0)
    depth_limit: Mapped[int | None] = mapped_column(default=None)
    lone: Mapped[bool] = mapped_column(default=False)
    newcomers: Mapped[bool] = mapped_column(default=False)
    attempt: Mapped[int] = mapped_column(default=0)
    time_rev: Mapped[int] = mapped_column(default=1)
    ical_sequence: Mapped[int] = mapped_column(default=0)
    link_version: Mapped[int] = mapped_column(default=1)
    released: Mapped[bool] = mapped_column(default=False)
    note_released: Mapped[bool] = mapped_column(default=False)
    next_note: Mapped[str] = mapped_column(String(200), default="")  # for the plan after it; forgotten after 30 days
    looked_over: Mapped[bool] = mapped_column(default=False)  # whether somebody has looked at its plan
    plan_rev: Mapped[int] = mapped_column(default=0)  # number of the last change of its plan
    undoable: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)  # what undo would take back


class Segment(Base, kw_only=True):
    """One part of a session's agenda, in minutes."""

    __tablename__ = "segment"
    __table_args__ = (
        Index("uq_segment_session_id_position", "session_id", "position", unique=True),
        CheckConstraint("minutes > 0", name="minutes"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey(GroupSession.id, ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(80))
    minutes: Mapped[int]
    reserved_minutes: Mapped[int]
    phase: Mapped[str] = mapped_column(String(12))
    purpose: Mapped[str] = mapped_column(String(300))
    facilitator_note: Mapped[str] = mapped_column(String(400))
    own_note: Mapped[str] = mapped_column(String(200), default="")  # of who plans; forgotten 30 days after the session


class Assignment(Base, kw_only=True):
    """What fills a segment and why: a prompt version, an exercise, or nothing and the rule that emptied it."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("outcome IN ('not_said', 'used', 'cut_short', 'skipped')", name="outcome"),
        CheckConstraint("prompt_version_id IS NULL OR exercise_id IS NULL", name="one_filling"),
        CheckConstraint("actual_minutes IS NULL OR actual_minutes BETWEEN 1 AND 120", name="actual_minutes"),
        Index("ix_assignment_session_id", "session_id"),
        Index("ix_assignment_prompt_version_id", "prompt_version_id"),
    )

    segment_id: Mapped[str] = mapped_column(ForeignKey(Segment.id, ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey(GroupSession.id, ondelete="CASCADE"))
    prompt_version_id: Mapped[str | None] = mapped_column(ForeignKey(PromptVersion.id), default=None)
    exercise_id: Mapped[str | None] = mapped_column(String(80), default=None)
    exercise_version: Mapped[int] = mapped_column(default=0)
    # [{"code": …, "params": {…}}]: ids and numbers, never words, so that they read in any language
    reasons: Mapped[list[dict[str, object]]] = mapped_column(JSON, default_factory=list)
    emptied_by: Mapped[dict[str, object] | None] = mapped_column(JSON, default=None)
    locked: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(String(10), default=Outcome.NOT_SAID)
    actual_minutes: Mapped[int | None] = mapped_column(default=None)


class LiveSession(Base, kw_only=True):
    """Where a running session stands, for everyone who has its screen open; deleted when the room is closed.

    It is overwritten in place and keeps nothing of who pressed. `heads` is a number that is coded at close like any
    other count, and goes with the row.
    """

    __tablename__ = "live_session"
    __table_args__ = (
        CheckConstraint("spent_seconds >= 0", name="spent_seconds"),
        CheckConstraint("heads IS NULL OR heads BETWEEN 0 AND 500", name="heads"),
        {"sqlite_with_rowid": False},
    )

    session_id: Mapped[str] = mapped_column(ForeignKey(GroupSession.id, ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)  # rises with every change
    turn: Mapped[int] = mapped_column(default=0)  # rises with every change but a count
    segment_id: Mapped[str | None] = mapped_column(ForeignKey(Segment.id, ondelete="SET NULL"), default=None)
    counted_from_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    spent_seconds: Mapped[int] = mapped_column(default=0)
    is_slowed: Mapped[bool] = mapped_column(default=False)
    is_over: Mapped[bool] = mapped_column(default=False)
    heads: Mapped[int | None] = mapped_column(default=None)
    extra_minutes: Mapped[dict[str, int]] = mapped_column(JSON, default_factory=dict)
    taken_seconds: Mapped[dict[str, int]] = mapped_column(JSON, default_factory=dict)
    skipped: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    # the last presses by the keys that their screens drew, so that one that is sent again is not done again
    presses: Mapped[list[str]] = mapped_column(JSON, default_factory=list)


class PlanChange(Base, kw_only=True):
    """One thing that was done to the plan of a session, and the plan as it stood before; gone once the session ended."""

    __tablename__ = "plan_change"

    session_id: Mapped[str] = mapped_column(ForeignKey(GroupSession.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1 for each session
    facilitator_id: Mapped[str | None] = mapped_column(ForeignKey(Facilitator.id, ondelete="SET NULL"), default=None)
    code: Mapped[str] = mapped_column(String(12))
    params: Mapped[dict[str, object]] = mapped_column(JSON, default_factory=dict)
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    mark: Mapped[str] = mapped_column(String(16))
    is_undone: Mapped[bool] = mapped_column(default=False)
