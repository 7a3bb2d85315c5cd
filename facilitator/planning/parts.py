"""Changes which parts the agenda of a session has: one is split, one is taken out, a pause is put in, a note is kept.

The parts that frame a session stay whole and stay in: its groundings, the agreements, the check-in and the check-out.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from facilitator.curriculum.rules import SegmentKind
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.planning.agenda import get_segment, list_segments, set_order
from facilitator.planning.filling import open_desk, refit
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.notes import LONGEST_NOTE, NOTE_KEPT
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.timetable import refuse_begun, refuse_over

GROUNDINGS = frozenset({SegmentKind.GROUND_OPEN, SegmentKind.GROUND_CLOSE})
FRAME = GROUNDINGS | {SegmentKind.AGREEMENTS, SegmentKind.CHECKIN, SegmentKind.CHECKOUT}
PAUSE_MINUTES = 3
LEAST_MINUTES = 2  # of a part that is split


def split_part(
    db: Session, session: GroupSession, segment_id: str, now: datetime, *, require_review: bool = True
) -> Segment:
    """Split a part into halves of the same kind and return the second; the first is a minute longer where it is odd.

    What stands in the part stays in the first half. Minutes that are kept free at its end go to the second. A half
    that takes a prompt gets one by the rules.

    Raises:
        NotFound: when the part is not one of this session.
        Conflict: when it is a grounding, when it is too short, or when the session has begun or is cancelled.
    """
    refuse_over(session, now)
    refuse_begun(session, now)
    part = get_segment(db, session, segment_id)
    free = part.minutes - part.reserved_minutes
    if part.kind in GROUNDINGS:
        raise Conflict("A grounding stays in one piece.")
    if free < LEAST_MINUTES:
        raise Conflict("This part is too short to be split.")
    second = Segment(
        session_id=session.id,
        position=0,
        kind=part.kind,
        title=part.title,
        minutes=free // 2 + part.reserved_minutes,
        reserved_minutes=part.reserved_minutes,
        phase=part.phase,
        purpose=part.purpose,
        facilitator_note=part.facilitator_note,
    )
    part.minutes, part.reserved_minutes = free - free // 2, 0
    _put_after(db, session, part, second)
    if part.phase:
        scene = load_scene(db, db.get_one(Group, session.group_id), require_review=require_review)
        refit(db, open_desk(db, add_pool(db, scene), session))
    return second


def take_out(db: Session, session: GroupSession, segment_id: str, now: datetime) -> Segment:
    """Take a part out of a session with what stands in it, and return it; its minutes are free then.

    Raises:
        NotFound: when the part is not one of this session.
        Conflict: when it frames the session, unless it is one half of a part that was split, or when the session has
            begun or is cancelled.
    """
    refuse_over(session, now)
    refuse_begun(session, now)
    part = get_segment(db, session, segment_id)
    rest = [each for each in list_segments(db, session) if each is not part]
    if part.kind in FRAME and all(each.kind != part.kind for each in rest):
        raise Conflict("This part stays: people arrive and leave through it. It can be shorter.")
    db.delete(part)
    db.flush()
    set_order(db, rest)
    return part


def add_pause(db: Session, session: GroupSession, after_id: str, now: datetime, *, title: str, purpose: str) -> Segment:
    """Put a pause of 3 minutes after a part and return it.

    Args:
        db: a writing session.
        session: which gets the pause.
        after_id: the part that it comes after.
        now: the present instant.
        title: its name, in the group's language.
        purpose: what it is for, in the group's language.

    Raises:
        NotFound: when the part is not one of this session.
        Conflict: when it is the closing grounding, or when the session has begun or is cancelled.
    """
    refuse_over(session, now)
    refuse_begun(session, now)
    before = get_segment(db, session, after_id)
    if before.kind == SegmentKind.GROUND_CLOSE:
        raise Conflict("The closing grounding is always the last part.")
    pause = Segment(
        session_id=session.id,
        position=0,
        kind=SegmentKind.PAUSE,
        title=title,
        minutes=PAUSE_MINUTES,
        reserved_minutes=0,
        phase="",
        purpose=purpose,
        facilitator_note="",
    )
    _put_after(db, session, before, pause)
    return pause


def keep_own_note(db: Session, session: GroupSession, segment_id: str, words: str, now: datetime) -> None:
    """Keep a note of one's own beside a part, for everybody who leads the group; empty words take it away.

    Raises:
        NotFound: when the part is not one of this session.
        Invalid: when it is longer than 200 characters.
        Conflict: when the session is over or cancelled.
    """
    refuse_over(session, now)
    part = get_segment(db, session, segment_id)
    kept = " ".join(words.split())
    if len(kept) > LONGEST_NOTE:
        raise Invalid(
            "Enter at most {most} characters. There are {count} now.",
            field="note",
            most=LONGEST_NOTE,
            count=len(kept),
        )
    part.own_note = kept
    db.flush()


def clear_own_notes(db: Session, now: datetime) -> int:
    """Forget the notes beside the parts of sessions that ended 30 days ago; return how many there were."""
    old = select(GroupSession.id).where(GroupSession.ends_at < now - NOTE_KEPT)
    gone = update(Segment).where(Segment.session_id.in_(old), Segment.own_note != "").values(own_note="")
    return len(db.scalars(gone.returning(Segment.id).execution_options(synchronize_session=False)).all())


def _put_after(db: Session, session: GroupSession, before: Segment, new: Segment) -> None:
    order = list_segments(db, session)
    new.position = len(order) + 1  # a place that is free until the order is written
    db.add(new)
    db.flush()
    at = order.index(before) + 1
    set_order(db, [*order[:at], new, *order[at:]])
