"""What was done to the plan of a session, by whom, and how it stood before: for undo, and for whoever plans beside.

Every press that changes a plan is made inside `recorded`. A change is kept as a code with its parameters and the plan
as it stood before, until the session has ended. It must never say when, and never hold anything of participants.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.errors import Conflict
from facilitator.planning.agenda import set_aside
from facilitator.planning.models import Assignment, GroupSession, PlanChange, Segment
from facilitator.planning.shown import plan_facts
from facilitator.planning.timetable import refuse_over

KEPT = 30  # changes of one session
LIMITS = ("depth_limit", "lone", "newcomers", "attempt")
PART = (
    "id",
    "position",
    "kind",
    "title",
    "minutes",
    "reserved_minutes",
    "phase",
    "purpose",
    "facilitator_note",
    "own_note",
)
FILLING = ("prompt_version_id", "exercise_id", "exercise_version", "reasons", "emptied_by", "locked")
Row = tuple[Segment, Assignment | None]


class ChangeCode(StrEnum):
    """What was done; the names of its parameters stand behind each."""

    MOVED = "moved"  # part, segment
    MINUTES = "minutes"  # part, was, minutes, segment
    TIMES = "times"  # count: of several parts at once
    SPLIT = "split"  # part
    TAKEN_OUT = "taken_out"  # part
    PAUSE = "pause"  # part: after which it stands
    NOTE = "note"  # part
    SWAPPED = "swapped"  # part
    LOCKED = "locked"  # part
    UNLOCKED = "unlocked"  # part
    SILENT = "silent"  # part
    OWN = "own"  # part
    LIMIT = "limit"  # limit
    EVENING = "evening"
    AGAIN = "again"
    LAID = "laid"  # name: of the agenda that was laid instead
    COPIED = "copied"  # title: of the session whose plan was taken over
    UNDONE = "undone"  # code and its parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """What undo would take back.

    Args:
        number: counted from 1 for each session.
    """

    number: int
    code: ChangeCode
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Undoable):
    """One thing that was done to a plan.

    Args:
        by: the name of who did it; empty where the account is gone.
        is_mine: whether the reader did.
        is_undone: whether it was taken back.
        mark: of the plan as the change left it.
    """

    by: str
    is_mine: bool
    is_undone: bool
    mark: str


@contextmanager
def recorded(db: Session, me: Facilitator, session: GroupSession, code: ChangeCode, **params: object) -> Iterator[None]:
    """Keep what is done to a plan inside; where it leaves the plan as it was, nothing is kept.

    Whoever changes a plan has looked at it, so it counts as looked over. Minutes that one person gives to one part
    again and again are one change, as they are one thing to take back.
    """
    rows = load_rows(db, session)
    before, params = _go_on(db, me, session, rows, code, params) or (_take(session, rows), params)
    yield
    db.flush()
    rows = load_rows(db, session)
    if _take(session, rows) == before:
        return
    session.looked_over = True
    _add(db, me, session, code, params, before, rows)


def undo(db: Session, me: Facilitator, session: GroupSession, number: int, now: datetime) -> Undoable:
    """Take back the last change of a plan and return it; before it comes the one before, and so on.

    Raises:
        Conflict: when it is not the last one, when the plan was changed in a way that is not kept here since, or when
            the session is over or cancelled.
    """
    refuse_over(session, now)
    rows = load_rows(db, session)
    change = find_undoable(session, rows)
    if change is None or change.number != number:
        raise Conflict("The plan has changed since, so this cannot be undone by itself. Look again.")
    before = _take(session, rows)
    row = db.get_one(PlanChange, (session.id, number))
    _restore(db, session, row.before, rows)
    row.is_undone = True
    params = {"code": change.code, **change.params}
    _add(db, me, session, ChangeCode.UNDONE, params, before, load_rows(db, session))
    standing = (each for each in list_changes(db, me, session) if not each.is_undone)
    last = next((each for each in standing if each.code is not ChangeCode.UNDONE), None)
    session.undoable = _undoable(last.number, last.code, last.params, last.mark) if last else None
    db.flush()
    return change


def list_changes(db: Session, me: Facilitator, session: GroupSession) -> list[Change]:
    """List what was done to a plan, the last change first, in one query."""
    found = (
        select(
            PlanChange.number,
            PlanChange.code,
            PlanChange.params,
            PlanChange.is_undone,
            PlanChange.mark,
            PlanChange.facilitator_id,
            Facilitator.name,
        )
        .outerjoin(Facilitator, Facilitator.id == PlanChange.facilitator_id)
        .where(PlanChange.session_id == session.id)
        .order_by(PlanChange.number.desc())
    )
    return [
        Change(
            number=row.number,
            code=ChangeCode(row.code),
            params=row.params,
            by=row.name or "",
            is_mine=row.facilitator_id == me.id,
            is_undone=row.is_undone,
            mark=row.mark,
        )
        for row in db.execute(found)
    ]


def find_undoable(session: GroupSession, rows: Iterable[Row]) -> Undoable | None:
    """Return the change that undo takes back: the last that stands, if the plan is as it left it; no query is made."""
    kept = session.undoable
    if kept is None or kept["mark"] != _mark(session, rows):
        return None
    return Undoable(number=kept["number"], code=ChangeCode(kept["code"]), params=kept["params"])


def _undoable(number: int, code: ChangeCode, params: Mapping[str, object], mark: str) -> dict[str, object]:
    return {"number": number, "code": str(code), "params": dict(params), "mark": mark}


def load_rows(db: Session, session: GroupSession) -> list[Row]:
    """Return the parts of a plan in order, each with what fills it."""
    found = (
        select(Segment, Assignment)
        .outerjoin(Assignment, Assignment.segment_id == Segment.id)
        .where(Segment.session_id == session.id)
        .order_by(Segment.position)
    )
    return [(segment, row) for segment, row in db.execute(found)]


def clear_changes(db: Session, now: datetime) -> int:
    """Forget what was done to the plans of sessions that have ended; return how many changes there were."""
    over = select(GroupSession.id).where(GroupSession.ends_at < now)
    gone = delete(PlanChange).where(PlanChange.session_id.in_(over)).returning(PlanChange.number)
    return len(db.scalars(gone.execution_options(synchronize_session=False)).all())


def _add(  # noqa: PLR0917 - the parts of one row
    db: Session,
    me: Facilitator,
    session: GroupSession,
    code: ChangeCode,
    params: Mapping[str, object],
    before: dict[str, object],
    rows: Iterable[Row],
) -> None:
    number, mark = session.plan_rev + 1, _mark(session, rows)
    session.plan_rev, session.undoable = number, _undoable(number, code, params, mark)
    db.add(
        PlanChange(
            session_id=session.id,
            number=number,
            facilitator_id=me.id,
            code=code,
            params=dict(params),
            before=before,
            mark=mark,
        )
    )
    db.execute(delete(PlanChange).where(PlanChange.session_id == session.id, PlanChange.number <= number - KEPT))
    db.flush()


def _go_on(  # noqa: PLR0917 - what is compared
    db: Session,
    me: Facilitator,
    session: GroupSession,
    rows: Iterable[Row],
    code: ChangeCode,
    params: Mapping[str, object],
) -> tuple[dict[str, object], dict[str, object]] | None:
    """Return how the plan stood before the last change and what it was from, if this one goes on with it."""
    last = find_undoable(session, rows)
    if code is not ChangeCode.MINUTES or last is None or last.code is not code:
        return None
    row = db.get_one(PlanChange, (session.id, last.number))
    if row.facilitator_id != me.id or row.params["segment"] != params["segment"]:
        return None
    db.delete(row)
    return row.before, {**params, "was": row.params["was"]}


def _mark(session: GroupSession, rows: Iterable[Row]) -> str:
    return hashlib.sha256(repr(plan_facts(session, rows)).encode()).hexdigest()[:16]


def _take(session: GroupSession, rows: Iterable[Row]) -> dict[str, object]:
    """Return a whole plan as values."""
    return {
        "limits": {name: getattr(session, name) for name in LIMITS},
        "parts": [{name: getattr(segment, name) for name in PART} for segment, _row in rows],
        "fillings": {segment.id: {name: getattr(row, name) for name in FILLING} for segment, row in rows if row},
    }


def _restore(db: Session, session: GroupSession, before: Mapping[str, Any], rows: Iterable[Row]) -> None:
    """Write a plan as it was taken; what a part became in the room stays with it."""
    limits, parts, fillings = before["limits"], before["parts"], before["fillings"]
    for name, value in limits.items():
        setattr(session, name, value)
    present = {segment.id: (segment, row) for segment, row in rows}
    for segment_id in present.keys() - {part["id"] for part in parts}:
        db.delete(present.pop(segment_id)[0])
    set_aside(db, (segment for segment, _row in present.values()))
    for part in parts:
        segment, row = present.get(part["id"], (None, None))
        if segment is None:
            db.add(Segment(session_id=session.id, **part))
            db.flush()
        else:
            _write(segment, part)
        if part["id"] not in fillings:
            continue
        if row is None:
            row = Assignment(segment_id=part["id"], session_id=session.id)
            db.add(row)
        _write(row, fillings[part["id"]])
    db.flush()


def _write(row: Segment | Assignment, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
