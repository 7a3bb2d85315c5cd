"""What the pages of one session show, as plain values, so that a press tells whether its page is out of date.

It reads; it must never decide what to do about a change.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.planning.models import Assignment, GroupSession, Segment

Facts = tuple[object, ...]


def part_facts(row: Assignment | None) -> Facts:
    """Return what stands in one part, and whether it is locked."""
    return (row.prompt_version_id, row.exercise_id, row.locked) if row is not None else ()


def agenda_facts(segments: Iterable[Segment]) -> Facts:
    """Return the order of an agenda with its minutes."""
    return tuple((segment.id, segment.minutes) for segment in segments)


def plan_facts(session: GroupSession, parts: Iterable[tuple[Segment, Assignment | None]]) -> Facts:
    """Return what is decided for a whole session: its limits, its agenda and everything in it."""
    standing = tuple((segment.id, segment.minutes, part_facts(row)) for segment, row in parts)
    return (session.depth_limit, session.lone, session.newcomers, standing)


def load_part_facts(db: Session, segment_id: str) -> Facts:
    """Return the facts of one part as they are now."""
    return part_facts(db.get(Assignment, segment_id, populate_existing=True))


def load_plan_facts(db: Session, session: GroupSession) -> Facts:
    """Return the facts of a whole session as they are now."""
    found = (
        select(Segment, Assignment)
        .outerjoin(Assignment, Assignment.segment_id == Segment.id)
        .where(Segment.session_id == session.id)
        .order_by(Segment.position)
        .execution_options(populate_existing=True)
    )
    return plan_facts(session, ((segment, row) for segment, row in db.execute(found)))
