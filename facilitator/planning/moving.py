"""Moves sessions: one, this one and the later ones, or all that are still to come; and skips a date.

Every change is worked out as a whole before anything is written, so a page can show beforehand what would happen,
and a refusal leaves everything as it was. What has begun or was called off stays where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from facilitator.curriculum.rules import GroupKind, effective_cap
from facilitator.groups.models import Group
from facilitator.planning.agenda import lay_again
from facilitator.planning.filling import open_desk, refit
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.planning.rules import DatePlan, Rhythm, list_dates
from facilitator.planning.rules_shift import follow_dates, refuse_far
from facilitator.planning.rules_slots import Reach, moved, reached
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.timetable import (
    Move,
    apply_moves,
    can_change,
    lock_timetable,
    refuse_begun,
    refuse_cancelled,
    refuse_overlaps,
)
from facilitator.times import get_zone

CANDIDATES = 60  # dates of the rhythm looked at for the first one that is not left out


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeChange:
    """What one session is to have, and which others follow it; the zone by its IANA name, the length in minutes."""

    on: date
    start_time: time
    zone: str
    minutes: int
    reach: Reach = Reach.ONE


def change_of(session: GroupSession, on: date, start_time: time, reach: Reach = Reach.ONE) -> TimeChange:
    """Return the change that moves a session and leaves its zone and length."""
    return TimeChange(on=on, start_time=start_time, zone=session.zone, minutes=session.minutes, reach=reach)


def plan_change(
    db: Session, sessions: Sequence[GroupSession], session: GroupSession, change: TimeChange, now: datetime
) -> list[Move]:
    """Return what a change would do to which sessions; nothing is written or locked.

    Args:
        db: the open session.
        sessions: the timetable of the group.
        session: the one that is changed.
        change: what it is to have.
        now: the present instant.

    Raises:
        Invalid: when a time does not exist, is past or too far ahead, or several sessions would change places.
        Conflict: when the session has begun or is cancelled, or the group already meets then.
    """
    refuse_cancelled(session)
    refuse_begun(session, now)
    zone = get_zone(change.zone)
    series = db.get_one(Series, session.series_id)
    line = sorted(list_line(sessions, session), key=lambda s: s.position)
    at = line.index(session) + 1
    dates = follow_dates([s.on_date for s in line], at, change.reach, change.on, Rhythm(series.rhythm))
    moves = [
        Move(
            session=line[n - 1],
            slot=moved(dates[n - 1], change.start_time, zone, change.minutes, now),
            zone=zone,
            minutes=change.minutes,
        )
        for n in reached(len(line), at, change.reach)
        if can_change(line[n - 1], now)
    ]
    moves = [move for move in moves if move.changes]
    _refuse_moves(sessions, series, moves, now)
    return moves


def plan_skip(db: Session, sessions: Sequence[GroupSession], session: GroupSession, now: datetime) -> list[Move]:
    """Return which sessions would move where if the date of a session were left out; nothing is written or locked.

    Each takes the date and time of the next, and the last one the next date of the rhythm.

    Args:
        db: the open session.
        sessions: the timetable of the group.
        session: the one whose date is left out.
        now: the present instant.

    Raises:
        Invalid: when the new last date has no such time or is too far ahead.
        Conflict: when the session has begun or is cancelled, or the group already meets on the new last date.
    """
    refuse_cancelled(session)
    refuse_begun(session, now)
    series = db.get_one(Series, session.series_id)
    line = list_line(sessions, session)
    moving = [s for s in line if s.starts_at >= session.starts_at and can_change(s, now)]
    moves = _move_up(moving, series, now)
    _refuse_moves(sessions, series, moves, now)
    return moves


def list_line(sessions: Sequence[GroupSession], session: GroupSession) -> list[GroupSession]:
    """List the sessions of one series that were not called off, in the order of the timetable."""
    return [s for s in sessions if s.series_id == session.series_id and s.status != SessionStatus.CANCELLED]


def move_session(  # noqa: PLR0917 - a use case names its inputs
    db: Session, session: GroupSession, to_on: date, to_time: time, reach: Reach, now: datetime
) -> list[GroupSession]:
    """Move a session, and the later or all others with it, and return those that changed.

    The others keep their distance in days, or in a monthly series the weekday's place in the month; all that are
    reached take the new wall time. Moving to where it stands changes nothing.

    Raises:
        Invalid: when a time does not exist, is past or too far ahead, or several sessions would change places.
        Conflict: when the session has begun or is cancelled, or the group already meets then.
    """
    return change_series_time(db, session, change_of(session, to_on, to_time, reach), now)


def change_series_time(
    db: Session, session: GroupSession, change: TimeChange, now: datetime, *, require_review: bool = True
) -> list[GroupSession]:
    """Change weekday, wall time, zone or length of one session, of it and the later ones, or of all to come.

    A session of another length gets the agenda of that length: what still passes every rule stays, locked or not,
    and the rest is chosen anew. For more than one session the series takes over what was said.

    Raises:
        Invalid: when a time does not exist, is past, too far ahead or of no use to the pathway, or several sessions
            would change places.
        Conflict: when the session has begun or is cancelled, or the group already meets then.
    """
    sessions = lock_timetable(db, session.group_id)
    moves = plan_change(db, sessions, session, change, now)
    resized = [move.session for move in moves if move.minutes != move.session.minutes]
    changed = apply_moves(moves)
    if change.reach is not Reach.ONE and changed:
        _retell_series(db, session, change, sessions)
    db.flush()
    if resized:
        _lay_anew(db, resized, require_review=require_review)
    return changed


def skip_session(db: Session, session: GroupSession, now: datetime) -> list[GroupSession]:
    """Leave out the date of a session and return those that moved: it and every later one.

    Each takes the date and time of the next, and the last one the next date of the rhythm, so the series keeps its
    length and its order. The date left out is kept with the series.

    Raises:
        Invalid: when the new last date has no such time or is too far ahead.
        Conflict: when the session has begun or is cancelled, or the group already meets on the new last date.
    """
    sessions = lock_timetable(db, session.group_id)
    moves = plan_skip(db, sessions, session, now)
    series = db.get_one(Series, session.series_id)
    series.skip_on = sorted({*series.skip_on, session.on_date.isoformat()})
    changed = apply_moves(moves)
    db.flush()
    return changed


def _refuse_moves(sessions: Sequence[GroupSession], series: Series, moves: Sequence[Move], now: datetime) -> None:
    for move in moves:
        refuse_far(move.slot, series.first_on, now)
    refuse_overlaps(sessions, {move.session.id: move.slot for move in moves})


def _move_up(moving: Sequence[GroupSession], series: Series, now: datetime) -> list[Move]:
    last = moving[-1]
    last_on = _next_date(last, series)
    targets = [*((s.on_date, s.start_time, s.zone) for s in moving[1:]), (last_on, last.start_time, last.zone)]
    return [
        Move(
            session=s,
            slot=moved(on, start_time, get_zone(zone), s.minutes, now),
            zone=get_zone(zone),
            minutes=s.minutes,
        )
        for s, (on, start_time, zone) in zip(moving, targets, strict=True)
    ]


def _next_date(last: GroupSession, series: Series) -> date:
    plan = DatePlan(
        first_on=last.on_date,
        start_time=last.start_time,
        zone=get_zone(last.zone),
        minutes=last.minutes,
        rhythm=Rhythm(series.rhythm),
        count=CANDIDATES,
        skip_on=frozenset(date.fromisoformat(on) for on in series.skip_on),
    )
    return next(on for on in list_dates(plan) if on > last.on_date)


def _retell_series(db: Session, session: GroupSession, change: TimeChange, sessions: Sequence[GroupSession]) -> None:
    series = db.get_one(Series, session.series_id)
    series.start_time, series.zone, series.minutes = change.start_time, change.zone, change.minutes
    series.first_on = min(s.on_date for s in sessions if s.series_id == series.id)


def _lay_anew(db: Session, resized: Sequence[GroupSession], *, require_review: bool) -> None:
    group = db.get_one(Group, resized[0].group_id)
    scene = add_pool(db, load_scene(db, group, require_review=require_review))
    for session in resized:
        session.depth_cap = effective_cap(scene.step(session).depth_cap, GroupKind(group.kind), session.minutes)
        lay_again(db, scene, session)
        refit(db, open_desk(db, scene, session))
