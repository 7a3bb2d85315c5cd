"""Tables of account holders and of sign-in attempts; never anything about participants."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.db import Base, Instant
from facilitator.tokens import new_id

EMAIL_PLACE = "facilitator.email"


class Role(StrEnum):
    """What an account may do in the whole installation; per-group roles are the group's."""

    FACILITATOR = "facilitator"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class GuideChoice(StrEnum):
    """What a person made of the guide of the first days; how far they are in it is read from what there is."""

    SHOWN = "shown"
    LIST_LATER = "list_later"  # shown, and the list of people is for later
    HIDDEN = "hidden"


class Facilitator(Base, kw_only=True):
    """A person who signs in. The address is sealed; the blind index finds it at sign-in."""

    __tablename__ = "facilitator"
    __table_args__ = (
        CheckConstraint("role IN ('facilitator', 'reviewer', 'admin')", name="role"),
        CheckConstraint("guide IN ('shown', 'list_later', 'hidden')", name="guide"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    name: Mapped[str] = mapped_column(String(80))
    email_sealed: Mapped[bytes]
    email_index: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    # rotates at every password change and sign-out everywhere; the cookie holds it instead of the id
    session_token: Mapped[str] = mapped_column(String(22), unique=True, default_factory=new_id)
    role: Mapped[str] = mapped_column(String(12), default=Role.FACILITATOR)
    zone: Mapped[str] = mapped_column(String(64), default="Etc/UTC")
    language: Mapped[str] = mapped_column(String(8), default="en")
    created_on: Mapped[date | None] = mapped_column(default=None)
    feed_version: Mapped[int] = mapped_column(default=0)  # of the calendar link; 0 where there never was one
    feed_hash: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)
    feed_titles: Mapped[bool] = mapped_column(default=False)  # whether it says which session of which group
    guide: Mapped[str] = mapped_column(String(10), default=GuideChoice.SHOWN)
    mail_proved_on: Mapped[date | None] = mapped_column(default=None)  # a test of theirs was in their hands


class SignInAttempts(Base, kw_only=True):
    """Wrong passwords per account in the present window; keyed by a blind index, never by an address on the net."""

    __tablename__ = "sign_in_attempts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    wrong: Mapped[int]
    until_at: Mapped[datetime] = mapped_column(Instant)


class InstallationSetting(Base, kw_only=True):
    """One setting of the whole installation that people change on screen."""

    __tablename__ = "installation_setting"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(400))


class KeptAnswer(Base, kw_only=True):
    """What one press of a button was answered with, so that a second press of the same one does nothing twice.

    Kept for a day. The request itself is kept as a hash alone.
    """

    __tablename__ = "kept_answer"
    __table_args__ = (Index("ix_kept_answer_at", "at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    facilitator_id: Mapped[str] = mapped_column(ForeignKey(Facilitator.id, ondelete="CASCADE"), primary_key=True)
    route: Mapped[str] = mapped_column(String(200))
    request_sha: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(default=0)  # 0 until the first request has its answer
    location: Mapped[str] = mapped_column(String(400), default="")
    at: Mapped[datetime] = mapped_column(Instant)
