"""Changes the agenda of one session: its minutes, its order, and all of it when the session gets another length.

The opening grounding stays before the check-in and the closing grounding stays last, whatever is moved.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.rules import SegmentKind
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.planning.filling import lay_agenda
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.scene import Scene
from facilitator.planning.timetable import refuse_over

LONGEST = 90  # minutes of one part
ASIDE = 1000  # beyond any position; parts wait there while the order is written


def lay_again(db: Session, scene: Scene, session: GroupSession) -> None:
    """Bring a session's agenda to its present length.

    A part of the same kind keeps what is in it; parts that the new agenda does not know go, with what was in them.
    """
    present: dict[str, Segment] = {}
    for segment in list_segments(db, session):
        if segment.kind in present:  # the second half of a part that was split
            db.delete(segment)
        else:
            present[segment.kind] = segment
    wanted = {segment.kind: segment for segment in lay_agenda(scene, session)}
    for kind in present.keys() - wanted.keys():
        db.delete(present.pop(kind))
    set_aside(db, present.values())
    for kind, segment in wanted.items():
        if kind in present:
            _take_over(present[kind], segment)
        else:
            db.add(segment)
    db.flush()


def set_minutes(db: Session, session: GroupSession, segment_id: str, minutes: int, now: datetime) -> None:
    """Give a part of the agenda another length in minutes; whether the sum still fits is told by the checks.

    Raises:
        NotFound: when the part is not one of this session.
        Invalid: when it is not 1 to 90 minutes, or shorter than what is reserved in it.
        Conflict: when the session is over or cancelled.
    """
    refuse_over(session, now)
    segment = get_segment(db, session, segment_id)
    least = segment.reserved_minutes + 1
    if not least <= minutes <= LONGEST:
        raise Invalid("Enter {least} to {most} minutes.", field=f"min-{segment_id}", least=least, most=LONGEST)
    segment.minutes = minutes
    db.flush()


def place_segment(db: Session, session: GroupSession, segment_id: str, before_id: str, now: datetime) -> None:
    """Put a part of the agenda right before another, or at the end where the other is empty.

    Raises:
        NotFound: when the part is not one of this session.
        Conflict: when the other is not there any more, when a grounding would lose its place, or when the session is
            over or cancelled.
    """
    refuse_over(session, now)
    moved = get_segment(db, session, segment_id)
    order = [segment for segment in list_segments(db, session) if segment is not moved]
    at = next((n for n, segment in enumerate(order) if segment.id == before_id), None if before_id else len(order))
    if at is None:
        raise Conflict("The part beside it is not in the plan any more. Look again.")
    order.insert(at, moved)
    _refuse_order(order)
    set_order(db, order)


def set_order(db: Session, order: Sequence[Segment]) -> None:
    """Write the order of an agenda."""
    set_aside(db, order)
    for position, segment in enumerate(order, start=1):
        segment.position = position
    db.flush()


def list_segments(db: Session, session: GroupSession) -> list[Segment]:
    """List the parts of an agenda in order."""
    return list(db.scalars(select(Segment).where(Segment.session_id == session.id).order_by(Segment.position)))


def get_segment(db: Session, session: GroupSession, segment_id: str) -> Segment:
    """Return one part of a session's agenda.

    Raises:
        NotFound: when it is not one of this session.
    """
    segment = db.get(Segment, segment_id)
    if segment is None or segment.session_id != session.id:
        raise NotFound
    return segment


def _refuse_order(order: Sequence[Segment]) -> None:
    kinds = [segment.kind for segment in order]
    if kinds[-1] != SegmentKind.GROUND_CLOSE:
        raise Conflict("The closing grounding is always the last part.")
    if SegmentKind.CHECKIN in kinds and SegmentKind.GROUND_OPEN not in kinds[: kinds.index(SegmentKind.CHECKIN)]:
        raise Conflict("The opening grounding comes before the check-in.")


def set_aside(db: Session, segments: Iterable[Segment]) -> None:
    """Take parts out of the order for a moment: two may never share a position, and rows are written in any order."""
    for segment in segments:
        segment.position += ASIDE
    db.flush()


def _take_over(segment: Segment, wanted: Segment) -> None:
    segment.position, segment.minutes = wanted.position, wanted.minutes
    segment.reserved_minutes, segment.title = wanted.reserved_minutes, wanted.title
    segment.purpose, segment.facilitator_note = wanted.purpose, wanted.facilitator_note
