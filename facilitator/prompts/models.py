"""Tables of discussion prompts and their versions; editing makes a new version, so history stays true."""

from datetime import date

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnClause,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    column,
    func,
    select,
    table,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.accounts.models import Facilitator
from facilitator.db import Base
from facilitator.prompts.rules_search import join_words
from facilitator.tokens import new_id

NO_NOTE = "none"


class Prompt(Base, kw_only=True):
    """A prompt through all its versions; shipped ones have no owner."""

    __tablename__ = "prompt"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey(Facilitator.id, ondelete="SET NULL"), default=None)
    shared: Mapped[bool] = mapped_column(default=True)


def _list_search_words(context: DefaultExecutionContext) -> str:
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy has not typed it yet
    note = row["content_note"] if row["content_note"] != NO_NOTE else ""
    return join_words([row["text"], note, row["opt_out"], *row["follow_ups"], row["facilitator_note"], *row["tags"]])


_SERIAL: ColumnClause[int] = column("serial", Integer)
_NEXT_SERIAL = select(func.coalesce(func.max(_SERIAL), 0) + 1).select_from(table("prompt_version", _SERIAL))


class PromptVersion(Base, kw_only=True):
    """One wording of a prompt with everything the assignment rules look at; each language counts its own versions."""

    __tablename__ = "prompt_version"
    __table_args__ = (
        Index("uq_prompt_version_prompt_id_language_version", "prompt_id", "language", "version", unique=True),
        Index("ix_prompt_version_serial", "serial"),
        CheckConstraint("depth BETWEEN 1 AND 3", name="depth"),
        CheckConstraint("status IN ('draft', 'reviewed', 'retired')", name="status"),
        CheckConstraint("origin IN ('shipped', 'local')", name="origin"),
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
    origin: Mapped[str] = mapped_column(String(8))
    # which version of the original a translation was made from; 0 for an original
    translation_of: Mapped[int] = mapped_column(default=0)
    reviewed_by_role: Mapped[str] = mapped_column(String(80), default="")
    reviewed_on: Mapped[date | None] = mapped_column(default=None)
    # written with the version, wherever it is made, and never changed, as its words never are
    search_words: Mapped[str] = mapped_column(Text, init=False, deferred=True, insert_default=_list_search_words)
    # what came later has a higher one; it is no date, so that it tells of nobody's evening
    serial: Mapped[int] = mapped_column(init=False, deferred=True, insert_default=_NEXT_SERIAL.scalar_subquery())
