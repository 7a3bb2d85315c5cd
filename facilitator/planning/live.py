"""A running session: where it stands, and what a press makes of it, the same for everyone who leads it.

A press names the turn that its screen showed. The first of two for one turn counts; the other is told how things
stand. It must never tell who pressed, and it never ends a part by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from facilitator.curriculum.rules import SegmentKind
from facilitator.db import insert_missing
from facilitator.errors import Conflict
from facilitator.planning import rules_live
from facilitator.planning.agenda import list_segments
from facilitator.planning.easing import ease_rest
from facilitator.planning.models import GroupSession, LiveSession, SessionStatus
from facilitator.planning.queries import SessionPlan
from facilitator.planning.rules_live import SECOND, ZERO, Act, LivePart, LiveState
from facilitator.planning.timetable import refuse_cancelled

KEPT_AFTER = timedelta(hours=12)
"""A session whose room nobody closed is forgotten here so long after its end, as its check-in is."""
REMEMBERED = 20
"""How many presses are known again when they are sent twice."""
LONGEST_AGO = timedelta(hours=2)
"""A screen that had no connection sends its presses with how long ago they were made, at most this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press on a screen.

    Args:
        act: what was pressed.
        turn: what the screen showed; nothing where it does not matter.
        key: drawn by the screen, so that a press that is sent again is known.
        ago: how long before it arrived it was made.
        heads: the number of people, of a count.
    """

    act: Act
    turn: int | None = None
    key: str = ""
    ago: timedelta = ZERO
    heads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Where a session stands after a press, and whether the press counted."""

    live: LiveSession
    counted: bool


def find_live(db: Session, session_id: str) -> LiveSession | None:
    """Return where a session stands, or None when nobody has pressed anything."""
    return db.get(LiveSession, session_id, populate_existing=True)


def read_state(live: LiveSession | None) -> LiveState:
    """Return a row as the rules see it."""
    if live is None:
        return LiveState()
    return LiveState(
        turn=live.turn,
        part_id=live.segment_id,
        counted_from=live.counted_from_at,
        spent=live.spent_seconds * SECOND,
        is_slowed=live.is_slowed,
        is_over=live.is_over,
        extra=live.extra_minutes,
        taken=live.taken_seconds,
        skipped=frozenset(live.skipped),
        heads=live.heads,
    )


def list_parts(plan: SessionPlan) -> tuple[LivePart, ...]:
    """Return the agenda as the rules see it, with what each prompt needs at least."""
    return tuple(
        LivePart(
            part_id=part.segment.id,
            kind=SegmentKind(part.segment.kind),
            minutes=part.segment.minutes,
            least=part.prompt.minutes_min + part.segment.reserved_minutes if part.prompt else 0,
        )
        for part in plan.segments
    )


def press(db: Session, session: GroupSession, given: Press, now: datetime, *, require_review: bool = True) -> Pressed:
    """Take a press and keep what it makes of the session.

    A press whose key is known has been done, and counts without being done again. One that was made on an older turn,
    or is not allowed as things stand, changes nothing. It counts from when it was made, but never from before the
    press that stands before it. Slowing down also chooses gentler prompts for what is still to come.

    Raises:
        Conflict: when the session is cancelled or closed, or does not begin within the hour.
    """
    refuse_closed(session, now)
    live = _lock(db, session)
    if given.key and given.key in live.presses:
        return Pressed(live=live, counted=True)
    state = read_state(live)
    if given.act != Act.COUNT and given.turn not in {None, state.turn}:
        return Pressed(live=live, counted=False)
    segments = list_segments(db, session)
    parts = [LivePart(part_id=s.id, kind=SegmentKind(s.kind), minutes=s.minutes) for s in segments]
    at = max(now - min(max(given.ago, ZERO), LONGEST_AGO), state.counted_from or session.starts_at - LONGEST_AGO)
    after = rules_live.press(state, given.act, parts, session.starts_at, at, given.heads)
    if after is state:
        return Pressed(live=live, counted=False)
    if given.act == Act.SLOW and now < session.ends_at:
        ease_rest(db, session, _until(parts, state.part_id), now, require_review=require_review)
    _write(live, after)
    live.presses = [*live.presses, given.key][-REMEMBERED:] if given.key else live.presses
    db.flush()
    return Pressed(live=live, counted=True)


def note_change(db: Session, session: GroupSession) -> None:
    """Let every screen of a running session know that its plan was changed."""
    live = find_live(db, session.id)
    if live is not None:
        live.revision += 1
        db.flush()


def refuse_closed(session: GroupSession, now: datetime) -> None:
    """Refuse to run a session that was called off or whose room is closed, or that begins later than in an hour.

    Raises:
        Conflict: when it is so.
    """
    refuse_cancelled(session)
    if session.status == SessionStatus.DONE:
        raise Conflict("The room of this session is closed, so it stays as it is.")
    if not rules_live.may_run(session.starts_at, now):
        raise Conflict("A session can be begun from one hour before its start.")


def forget_run(db: Session, session_id: str) -> None:
    """Forget where a session stood; for whoever closes its room."""
    db.execute(delete(LiveSession).where(LiveSession.session_id == session_id))


def clear_runs(db: Session, now: datetime) -> int:
    """Forget the sessions that nobody closed within 12 hours of their end; return how many there were."""
    over = select(GroupSession.id).where(GroupSession.ends_at < now - KEPT_AFTER)
    gone = delete(LiveSession).where(LiveSession.session_id.in_(over)).returning(LiveSession.session_id)
    return len(db.scalars(gone.execution_options(synchronize_session=False)).all())


def _lock(db: Session, session: GroupSession) -> LiveSession:
    """Return the row of a session, made at the first press, under a lock until the end of the transaction."""
    found = select(LiveSession).where(LiveSession.session_id == session.id)
    locked = found.with_for_update().execution_options(populate_existing=True)
    live = db.scalar(locked)
    if live is None:
        row: dict[str, object] = {column.key: None for column in LiveSession.__table__.columns}
        row |= {"session_id": session.id, "revision": 0, "turn": 0, "spent_seconds": 0}
        row |= {"is_slowed": False, "is_over": False}
        row |= {"extra_minutes": {}, "taken_seconds": {}, "skipped": [], "presses": []}
        insert_missing(db, LiveSession, [row])
        live = db.scalars(locked).one()
    return live


def _write(live: LiveSession, state: LiveState) -> None:
    live.revision += 1
    live.turn, live.segment_id = state.turn, state.part_id
    live.counted_from_at, live.spent_seconds = state.counted_from, state.spent // SECOND
    live.is_slowed, live.is_over, live.heads = state.is_slowed, state.is_over, state.heads
    live.extra_minutes, live.taken_seconds = dict(state.extra), dict(state.taken)
    live.skipped = sorted(state.skipped)


def _until(parts: Sequence[LivePart], part_id: str | None) -> list[str]:
    """List the parts up to and with the present one."""
    ids = [part.part_id for part in parts]
    return ids[: ids.index(part_id) + 1] if part_id in ids else []
