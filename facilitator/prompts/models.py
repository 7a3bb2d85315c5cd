"""Tables of discussion prompts and their versions; editing makes a new version, so history stays true."""

from datetime import date

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.accounts.models import Facilitator
from facilitator.db import Base
from facilitator.tokens import new_id


class Prompt(Base, kw_only=True):
    """A prompt through all its versions; shipped ones have no owner."""

    __tablename__ = "prompt"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    current_version: Mapped[int]
    owner_id: Mapped[str | None] = mapped_column(ForeignKey(Facilitator.id, ondelete="SET NULL"), default=None)
    shared: Mapped[bool] = mapped_column(default=True)


class PromptVersion(Base, kw_only=True):
    """One wording of a prompt with everything the assignment rules look at."""

    __tablename__ = "prompt_version"
    __table_args__ = (
        Index("uq_prompt_version_prompt_id_version", "prompt_id", "version", unique=True),
        CheckConstraint("depth BETWEEN 1 AND 3", name="depth"),
        CheckConstraint("status IN ('draft', 'reviewed', 'retired')", name="status"),
        CheckConstraint("minutes_default >= minutes_min", name="minutes"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    prompt_id: Mapped[str] = mapped_column(ForeignKey(Prompt.id, ondelete="CASCADE"))
    version: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(10))
    sub_bind: Mapped[str] = mapped_column(String(16))
    pole: Mapped[str] = mapped_column(String(12))
    arenas: Mapped[list[str]] = mapped_column(JSON)
    depth: Mapped[int]
    phase: Mapped[str] = mapped_column(String(12))
    format: Mapped[str] = mapped_column(String(12))
    fallback_format: Mapped[str] = mapped_column(String(12))
    minutes_default: Mapped[int]
    minutes_min: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    content_note: Mapped[str] = mapped_column(String(200))
    opt_out: Mapped[str] = mapped_column(Text)
    follow_ups: Mapped[list[str]] = mapped_column(JSON)
    facilitator_note: Mapped[str] = mapped_column(Text)
    group_types: Mapped[list[str]] = mapped_column(JSON)
    min_people: Mapped[int]
    online_ok: Mapped[bool]
    tags: Mapped[list[str]] = mapped_column(JSON)
    provenance: Mapped[str] = mapped_column(String(16))
    reviewed_by_role: Mapped[str] = mapped_column(String(80), default="")
    reviewed_on: Mapped[date | None] = mapped_column(default=None)
