"""The single write that keeps how many people came, and the reading of what was kept.

A headcount is coded before it is written; the number itself is stored nowhere, and neither is who wrote it or when.
Correcting overwrites the one row. This module must never be given a person and never writes a log line.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import String, column, delete, select, table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facilitator.attendance.models import PulseCount, PulseKept, Tally
from facilitator.attendance.rules import (
    Answers,
    Level,
    Precision,
    code_headcount,
    code_returning,
    correctable_until,
    keep_level,
    validate_headcount,
)
from facilitator.attendance.service_forecast import drop_forecast
from facilitator.attendance.service_room import close_open_room, find_room
from facilitator.db import Instant
from facilitator.errors import Conflict

# what this package may know of a session: whose it is, and when
_SESSION = table("group_session", column("id", String), column("group_id", String), column("starts_at", Instant()))


def refuse_early(starts_at: datetime, now: datetime) -> None:
    """Refuse to count before a session has begun.

    Raises:
        Conflict: when it has not.
    """
    if now < starts_at:
        raise Conflict("This session has not begun, so there is nobody to count yet.")


def refuse_late(ends_at: datetime, now: datetime) -> None:
    """Refuse to count or correct when what was kept stands for good.

    Raises:
        Conflict: from 48 hours after the end.
    """
    if now >= correctable_until(ends_at):
        raise Conflict("The count can be corrected until 48 hours after the session. It now stays as it is.")


def close_room(  # noqa: PLR0917 - a use case names its inputs
    db: Session,
    session_id: str,
    ends_at: datetime,
    headcount: int,
    list_size: int,
    precision: Precision,
    now: datetime,
    *,
    returning: Level | None = None,
    is_answered: bool = False,
) -> Tally:
    """Keep the coded headcount of a session and its returning level, in place of what was kept of it before.

    The open room, its slips and the forecast are forgotten in the same transaction; what nobody closes, the clock
    forgets later. A correction is coded by no more people than the list had the first time: whoever joined since was
    not there, and a longer list would let a full room pass for one that was not.

    Args:
        db: the open session.
        session_id: which session.
        ends_at: when it ends; 48 hours later the count stands for good.
        headcount: participants who were counted, 0 to 500.
        list_size: people on the mailing list now.
        precision: the group's choice.
        now: the present instant.
        returning: how many had been before, by a show of hands.
        is_answered: whether `returning` rules as it is, None for nothing to keep. Otherwise None leaves it to the
            check-in, or to what is kept where its room is closed already.

    Raises:
        Invalid: when the headcount cannot be right.
        Conflict: when it is too late to count or correct.
    """
    refuse_late(ends_at, now)
    validate_headcount(headcount)
    tally = find_tally(db, session_id) or _add(db, session_id, code_headcount(headcount, list_size, precision))
    size = tally.list_size = coding_size(tally, list_size)
    level = returning if returning is not None or is_answered else _find_level(db, tally, headcount, size)
    tally.headcount = code_headcount(headcount, size, precision)
    tally.returning_level = keep_level(level, headcount, size, precision)
    db.flush()
    close_open_room(db, session_id)
    drop_forecast(db, session_id)
    return tally


def coding_size(tally: Tally | None, list_size: int) -> int:
    """Return by how many people a count is coded: those on the list now, or fewer when it was closed with fewer."""
    return list_size if tally is None or tally.list_size is None else min(list_size, tally.list_size)


def _find_level(db: Session, tally: Tally, headcount: int, list_size: int) -> Level | None:
    answers = find_answers(db, tally.session_id)
    if answers is None:
        return None if tally.returning_level is None else Level(tally.returning_level)
    return code_returning(answers.first, answers.been, answers.taps, headcount, list_size)


def find_answers(db: Session, session_id: str) -> Answers | None:
    """Return what was tapped at the check-in of a session, or None when no room is open."""
    room = find_room(db, session_id)
    if room is None:
        return None
    return Answers(first=room.first_time, been=room.been_before, unsaid=room.unsaid)


def _add(db: Session, session_id: str, code: str) -> Tally:
    tally = Tally(session_id=session_id, headcount=code)
    try:
        with db.begin_nested():
            db.add(tally)
    except IntegrityError:
        # the other facilitator closed the room at the same moment: the later word stands
        return db.get_one(Tally, session_id, populate_existing=True)
    return tally


def forget_evening(db: Session, session_id: str) -> None:
    """Forget everything that was counted of a session that did not take place."""
    db.execute(delete(Tally).where(Tally.session_id == session_id))
    for model in (PulseCount, PulseKept):
        db.execute(delete(model).where(model.session_id == session_id))
    close_open_room(db, session_id)
    drop_forecast(db, session_id)


def find_tally(db: Session, session_id: str) -> Tally | None:
    """Return what is kept of a session, or None while its room was not closed."""
    return db.get(Tally, session_id)


def find_last_kept(db: Session, group_id: str, before: datetime) -> Tally | None:
    """Return what is kept of the last session of a group that began before an instant and was counted, or None."""
    found = select(Tally).join(_SESSION, _SESSION.c.id == Tally.session_id)
    earlier = (_SESSION.c.group_id == group_id) & (_SESSION.c.starts_at < before)
    return db.scalar(found.where(earlier).order_by(_SESSION.c.starts_at.desc()).limit(1))


def tallies(db: Session, session_ids: Collection[str]) -> dict[str, Tally]:
    """Return what is kept of these sessions, by session id, in one query."""
    found = db.scalars(select(Tally).where(Tally.session_id.in_(session_ids)))
    return {tally.session_id: tally for tally in found}
