"""Table of the library's entries as this installation has them; discussion prompts have tables of their own."""

from datetime import date

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.accounts.models import Facilitator
from facilitator.db import Base
from facilitator.tokens import new_id


class LibraryEntry(Base, kw_only=True):
    """One version of an entry. Its content never changes; other words are another row, so that history stays true."""

    __tablename__ = "library_entry"
    __table_args__ = (
        Index("uq_library_entry_version", "kind", "slug", "language", "version", unique=True),
        CheckConstraint("origin IN ('shipped', 'local')", name="origin"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    slug: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    # the entry as a table of its TOML file, without the columns of this row
    content: Mapped[dict[str, object]] = mapped_column(JSON)
    origin: Mapped[str] = mapped_column(String(8))
    # which version of the original a translation was made from; 0 for an original
    translation_of: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey(Facilitator.id, ondelete="SET NULL"), default=None)
    shared: Mapped[bool] = mapped_column(default=True)
    retired: Mapped[bool] = mapped_column(default=False)
    reviewed_by_role: Mapped[str] = mapped_column(String(80), default="")
    reviewed_on: Mapped[date | None] = mapped_column(default=None)
