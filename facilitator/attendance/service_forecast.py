"""How many people said beforehand that they cannot come: one counter a session, and nobody's name.

A press adds one and writes nothing else. The row goes when the room is closed, or a while after the session.
This module must never be given a person and never writes a log line.
"""

from datetime import datetime

from sqlalchemy import String, column, delete, select, table, update
from sqlalchemy.orm import Session

from facilitator.attendance.models import Forecast
from facilitator.attendance.rules_room import KEPT_AFTER
from facilitator.db import Instant, insert_missing

# the one thing of a session that this module looks at: whether it is long over
_SESSION = table("group_session", column("id", String), column("ends_at", Instant()))


def press_away(db: Session, session_id: str, list_size: int) -> None:
    """Count one more who cannot come, up to as many as there are on the list.

    The counter moves in one statement, so that of presses at the same moment none is lost.
    """
    insert_missing(db, Forecast, [{"session_id": session_id, "away": 0}])
    db.execute(
        update(Forecast)
        .where(Forecast.session_id == session_id, Forecast.away < list_size)
        .values(away=Forecast.away + 1)
        .execution_options(synchronize_session=False)
    )


def away(db: Session, session_id: str) -> int:
    """Return how often it was said of a session."""
    return db.scalar(select(Forecast.away).where(Forecast.session_id == session_id)) or 0


def drop_forecast(db: Session, session_id: str) -> None:
    """Forget what was said of a session beforehand."""
    db.execute(delete(Forecast).where(Forecast.session_id == session_id))


def clear_forecasts(db: Session, now: datetime) -> int:
    """Forget what was said of sessions that ended 12 hours ago and more; return of how many."""
    over = select(_SESSION.c.id).where(_SESSION.c.ends_at < now - KEPT_AFTER)
    gone = delete(Forecast).where(Forecast.session_id.in_(over)).returning(Forecast.session_id)
    return len(db.execute(gone.execution_options(synchronize_session=False)).all())
