"""What a reviewer left for another day. It is about versions of the library, never about who left them."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.db import Base


class LeftForLater(Base, kw_only=True):
    """A version that a reviewer put off: of a prompt or of another entry, so it points to no single table.

    A row of its own and no cookie, because a sitting is resumed on another day, at another desk, by another reviewer.
    """

    __tablename__ = "left_for_later"

    version_id: Mapped[str] = mapped_column(String(22), primary_key=True)
