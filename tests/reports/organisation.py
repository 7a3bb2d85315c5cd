"""Groups with series whose rooms were closed with given codes, written as rows: as many as an attack asks for."""

from datetime import UTC, date, datetime, time, timedelta

from facilitator.attendance.models import PulseKept, Tally
from facilitator.planning.models import GroupSession, Series
from facilitator.tokens import new_id

FOCUSES = ("core", "fear", "shame", "powerlessness", "vulnerability", "weaving")
CANCELLED, NOT_HELD, NOT_CLOSED = "cancelled", "not_held", ""
WEEK = timedelta(weeks=1)


def write_series(db, group, first_on: date, codes, *, closing=True, minutes=90, every=WEEK, levels=(), to_come=0):
    """Write one session for each code, a week apart, and some to come; return them in time.

    A code is what is kept of a headcount, or says that the session was cancelled, did not take place or is not closed.
    """
    lengths = [minutes] * len(codes) if isinstance(minutes, int) else minutes
    series = Series(
        group_id=group.id,
        pathway_id="closed-8",
        first_on=first_on,
        start_time=time(18),
        zone="Etc/UTC",
        minutes=lengths[0],
        rhythm="weekly",
    )
    db.add(series)
    db.flush()
    sessions = []
    for at, code in enumerate([*codes, *[NOT_CLOSED] * to_come]):
        is_last = closing and at == len(codes) + to_come - 1
        length = lengths[at] if at < len(lengths) else lengths[-1]
        sessions.append(_session(db, group, series, at, code, first_on + at * every, length, is_last))
        if code and code not in {CANCELLED, NOT_HELD}:
            level = levels[at] if at < len(levels) else None
            db.add(Tally(session_id=sessions[-1].id, headcount=code, returning_level=level))
    db.flush()
    return sessions


def _session(db, group, series, at, code, on_date, minutes, is_last):
    starts_at = datetime.combine(on_date, time(18), UTC)
    session = GroupSession(
        group_id=group.id,
        series_id=series.id,
        position=at + 1,
        pathway_position=at + 1,
        focus=FOCUSES[at % len(FOCUSES)],
        session_kind="last" if is_last else "standard",
        title="Evening",
        participant_title="Evening",
        depth_cap=2,
        on_date=on_date,
        start_time=time(18),
        zone="Etc/UTC",
        minutes=minutes,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        page_hash=new_id(),
        status="cancelled" if code in {CANCELLED, NOT_HELD} else "done" if code else "scheduled",
        not_held="weather" if code == NOT_HELD else "",
    )
    db.add(session)
    db.flush()
    return session


def write_pulse(db, session, question="steady", answers="6", well=7, sessions=1):
    db.add(
        PulseKept(
            session_id=session.id, question=question, sessions=sessions, answers=answers, well=well, slow=1, fast=2
        )
    )
    db.flush()
