"""The table of what is handed out for a session. It never says who read anything."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.db import Base
from facilitator.planning.models import GroupSession
from facilitator.tokens import new_id


class MaterialKind(StrEnum):
    """A file to take along, or words to read on the page."""

    FILE = "file"
    TEXT = "text"


class Audience(StrEnum):
    """Whose eyes it is for."""

    PARTICIPANTS = "participants"
    FACILITATORS = "facilitators"


class Release(StrEnum):
    """From when participants may have it."""

    BEFORE = "before"  # so many days before the session
    START = "start"
    END = "end"


class Material(Base, kw_only=True):
    """One file or text of one session."""

    __tablename__ = "material"
    __table_args__ = (
        CheckConstraint("kind IN ('file', 'text')", name="kind"),
        CheckConstraint("audience IN ('participants', 'facilitators')", name="audience"),
        CheckConstraint("release IN ('before', 'start', 'end')", name="release"),
        CheckConstraint("days_before BETWEEN 0 AND 14", name="days_before"),
        Index("ix_material_session_id", "session_id"),
    )

    id: Mapped[str] = mapped_column(String(22), primary_key=True, default_factory=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey(GroupSession.id, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(4))
    title: Mapped[str] = mapped_column(String(120))
    audience: Mapped[str] = mapped_column(String(12), default=Audience.PARTICIPANTS)
    release: Mapped[str] = mapped_column(String(6), default=Release.START)
    days_before: Mapped[int] = mapped_column(default=0)
    announced: Mapped[bool] = mapped_column(default=False)  # whether a message says that it is there
    text: Mapped[str] = mapped_column(Text, default="")  # Markdown
    media_type: Mapped[str] = mapped_column(String(80), default="")
    content: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)
    size: Mapped[int] = mapped_column(default=0)  # bytes of the file
    position: Mapped[int] = mapped_column(default=0)
