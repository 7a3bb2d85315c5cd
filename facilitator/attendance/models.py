"""Everything that is ever written about an evening: numbers of people, never a row per person, never a time of day.

`Tally` and `PulseKept` stay. The open room, its tickets, the forecast and the running pulse are counters that are
deleted when the room is closed or the pulse ends; what participants press moves them and nothing else.
"""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.db import Base

SESSION = "group_session.id"


class Tally(Base, kw_only=True):
    """What is kept of one evening. Overwritten in place while it can be corrected; no history, no time."""

    __tablename__ = "tally"
    __table_args__ = (
        CheckConstraint(
            "returning_level IS NULL OR returning_level IN ('few', 'half', 'most')", name="returning_level"
        ),
        {"sqlite_with_rowid": False},
    )

    session_id: Mapped[str] = mapped_column(ForeignKey(SESSION, ondelete="CASCADE"), primary_key=True)
    headcount: Mapped[str] = mapped_column(String(8))
    returning_level: Mapped[str | None] = mapped_column(String(4), default=None)
    # people on the list when the room was closed; a correction is coded by no more, as newcomers were not there
    list_size: Mapped[int | None] = mapped_column(default=None)


class OpenRoom(Base, kw_only=True):
    """A room while people check themselves in: counters alone, deleted at close.

    The words that open it are worked out from `secret` and the clock, so that changing them writes nothing.
    """

    __tablename__ = "open_room"
    __table_args__ = (
        CheckConstraint("way IN ('words', 'tickets')", name="way"),
        {"sqlite_with_rowid": False},
    )

    session_id: Mapped[str] = mapped_column(ForeignKey(SESSION, ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(22))
    way: Mapped[str] = mapped_column(String(8), default="words")
    language: Mapped[str] = mapped_column(String(8), default="en")  # of its words
    first_time: Mapped[int] = mapped_column(default=0)
    been_before: Mapped[int] = mapped_column(default=0)
    unsaid: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)  # wrong words lately; the clock takes some away


class Ticket(Base, kw_only=True):
    """One slip of paper that was not yet spent; spending deletes it, and closing deletes the rest."""

    __tablename__ = "ticket"
    __table_args__ = ({"sqlite_with_rowid": False},)

    words_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("open_room.session_id", ondelete="CASCADE"), index=True)


class Forecast(Base, kw_only=True):
    """How often "I can't make it this time" was pressed for one session; deleted when its room is closed."""

    __tablename__ = "forecast"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session_id: Mapped[str] = mapped_column(ForeignKey(SESSION, ondelete="CASCADE"), primary_key=True)
    away: Mapped[int] = mapped_column(default=0)


class PulseCount(Base, kw_only=True):
    """How often one answer was given in a pulse that still runs, or that waits to be pooled with its neighbours."""

    __tablename__ = "pulse_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session_id: Mapped[str] = mapped_column(ForeignKey(SESSION, ondelete="CASCADE"), primary_key=True)
    question: Mapped[str] = mapped_column(String(10), primary_key=True)
    answer: Mapped[str] = mapped_column(String(12), primary_key=True)
    given: Mapped[int] = mapped_column(default=0)


class PulseKept(Base, kw_only=True):
    """What is kept of one question of a pulse that has ended, of one session or of three pooled under the last."""

    __tablename__ = "pulse_kept"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session_id: Mapped[str] = mapped_column(ForeignKey(SESSION, ondelete="CASCADE"), primary_key=True)
    question: Mapped[str] = mapped_column(String(10), primary_key=True)
    sessions: Mapped[int]  # 1, or how many were pooled
    answers: Mapped[str] = mapped_column(String(8))  # how many there were, coded as a headcount is
    well: Mapped[int]  # tenths of them that chose the two best answers
    slow: Mapped[int] = mapped_column(default=0)  # of the question about pace: tenths that found it too slow
    fast: Mapped[int] = mapped_column(default=0)
