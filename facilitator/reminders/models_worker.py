"""Tables of the worker's own book-keeping: which workers live, what they counted, and how many messages there should be.

Nothing here names a person or a session. The tally is kept by triggers of the database, so that a message which
vanishes by any way but a deletion is noticed.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from facilitator.db import Base, Instant


class WorkerBeat(Base, kw_only=True):
    """A worker that was alive at an instant; one that is silent for a minute has its messages taken over."""

    __tablename__ = "worker_beat"

    owner: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class Counter(Base, kw_only=True):
    """One figure: most only rise and are summed over all workers; those of the audit are what it found last.

    A histogram is one figure for each of its buckets.
    """

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    labels: Mapped[str] = mapped_column(String(120), primary_key=True)  # as a monitor reads them: state="sent"
    value: Mapped[float] = mapped_column(Float)


class OutboxTally(Base, kw_only=True):
    """How many messages were planned and deleted; the difference is how many there are."""

    __tablename__ = "outbox_tally"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, init=False
    )
    planned: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[int] = mapped_column(BigInteger)
