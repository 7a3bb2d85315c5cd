"""The single write that keeps how many people came, and the reading of what was kept.

A headcount is coded before it is written; the number itself is stored nowhere, and neither is who wrote it or when.
Correcting overwrites the one row. This module must never be given a person and never writes a log line.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facilitator.attendance.models import Tally
from facilitator.attendance.rules import Precision, code_headcount, correctable_until, validate_headcount
from facilitator.errors import Conflict


def refuse_early(starts_at: datetime, now: datetime) -> None:
    """Refuse to count before a session has begun.

    Raises:
        Conflict: when it has not.
    """
    if now < starts_at:
        raise Conflict("This session has not begun, so there is nobody to count yet.")


def close_room(  # noqa: PLR0917 - a use case names its inputs
    db: Session,
    session_id: str,
    ends_at: datetime,
    headcount: int,
    list_size: int,
    precision: Precision,
    now: datetime,
) -> Tally:
    """Keep the coded headcount of a session, in place of what was kept of it before.

    Args:
        db: the open session.
        session_id: which session.
        ends_at: when it ends; 48 hours later the count stands for good.
        headcount: participants who were counted, 0 to 500.
        list_size: people on the mailing list now.
        precision: the group's choice.
        now: the present instant.

    Raises:
        Invalid: when the headcount cannot be right.
        Conflict: when it is too late to count or correct.
    """
    if now >= correctable_until(ends_at):
        raise Conflict("The count can be corrected until 48 hours after the session. It now stays as it is.")
    code = code_headcount(validate_headcount(headcount), list_size, precision)
    tally = find_tally(db, session_id) or _add(db, session_id, code)
    tally.headcount = code
    db.flush()
    return tally


def _add(db: Session, session_id: str, code: str) -> Tally:
    tally = Tally(session_id=session_id, headcount=code)
    try:
        with db.begin_nested():
            db.add(tally)
    except IntegrityError:
        # the other facilitator closed the room at the same moment: the later word stands
        return db.get_one(Tally, session_id, populate_existing=True)
    return tally


def find_tally(db: Session, session_id: str) -> Tally | None:
    """Return what is kept of a session, or None while its room was not closed."""
    return db.get(Tally, session_id)


def tallies(db: Session, session_ids: Collection[str]) -> dict[str, Tally]:
    """Return what is kept of these sessions, by session id, in one query."""
    found = db.scalars(select(Tally).where(Tally.session_id.in_(session_ids)))
    return {tally.session_id: tally for tally in found}
