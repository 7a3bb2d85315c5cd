"""The only table that keeps how many people came: one coded total per session, never a row per person."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.db import Base


class Tally(Base, kw_only=True):
    """What is kept of one evening. Overwritten in place while it can be corrected; no history, no time."""

    __tablename__ = "tally"
    __table_args__ = (
        CheckConstraint(
            "returning_level IS NULL OR returning_level IN ('few', 'half', 'most')", name="returning_level"
        ),
        {"sqlite_with_rowid": False},
    )

    session_id: Mapped[str] = mapped_column(ForeignKey("group_session.id", ondelete="CASCADE"), primary_key=True)
    headcount: Mapped[str] = mapped_column(String(8))
    returning_level: Mapped[str | None] = mapped_column(String(4), default=None)
