"""Lays another agenda over sessions: which agendas fit, what would stay and go, and the laying itself.

A part of the same kind keeps what is in it, its lock and its note. The rest is chosen anew by the rules. What would
happen is worked out as values first, so that a page can show it; the same values are written afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.pathways import Agenda, AgendaSegment
from facilitator.curriculum.rules import GroupKind, SessionKind
from facilitator.errors import Conflict, NotFound
from facilitator.groups.models import Group
from facilitator.library import agendas
from facilitator.planning.agenda import set_aside
from facilitator.planning.filling import Refit, open_desk, refit
from facilitator.planning.history import ChangeCode, recorded
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.planning.rules_lengths import Stretch, fit_minutes, pair_parts
from facilitator.planning.rules_slots import Reach
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.timetable import can_change, refuse_begun, refuse_cancelled
from facilitator.tokens import new_id

WORDS = ("kind", "title", "minutes", "reserved_minutes", "purpose", "facilitator_note")


class Shelf(IntEnum):
    """Whose an agenda is, in the order in which they are offered."""

    MINE = 0
    SHARED = 1
    LIBRARY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An agenda that may be laid over a session.

    Args:
        minutes: of every part at the length of the session; None where it is too short.
    """

    shelf: Shelf
    agenda: Agenda
    minutes: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One part of an agenda over a session: what it says there, and the present part that takes its place, if any."""

    part: AgendaSegment
    segment: Segment | None
    segment_id: str

    def make(self, session: GroupSession, position: int) -> Segment:
        """Return a row for the place; one that takes a present part's place has its id, and is only looked at."""
        words = {name: getattr(self.part, name) for name in WORDS}
        phase = self.part.phase or ""
        return Segment(id=self.segment_id, session_id=session.id, position=position, phase=phase, **words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laying:
    """What laying an agenda over one session comes to.

    Args:
        places: the parts that it then has, in order.
        going: the parts that go, with what is in them.
    """

    session: GroupSession
    places: tuple[Place, ...]
    going: tuple[Segment, ...]

    @property
    def changes(self) -> bool:
        """Say whether anything about the agenda would be different."""
        same = (_is_same(place, at) for at, place in enumerate(self.places, start=1))
        return bool(self.going) or not all(same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What came of laying an agenda over one session."""

    laying: Laying
    refit: Refit


def list_offered(
    db: Session, me: Facilitator, content: Catalogue, group: Group, session: GroupSession
) -> list[Offered]:
    """List the agendas that fit a session: one's own, those that are shared, the library's; the same length first.

    An agenda fits when it is in the group's language and for sessions of this kind.
    """
    kept = agendas.list_kept(db, me, content.language)
    found = [(Shelf.MINE if each.mine else Shelf.SHARED, each.agenda) for each in kept]
    found += [(Shelf.LIBRARY, agenda) for agenda in content.agendas]
    fitting = [
        Offered(shelf=shelf, agenda=agenda, minutes=fit_agenda(agenda.segments, session.minutes))
        for shelf, agenda in found
        if (agenda.group_kind, agenda.session_kind) == kind_of(group, session)
    ]
    away = {id(each): abs(each.agenda.total_minutes - session.minutes) for each in fitting}
    return sorted(fitting, key=lambda each: (each.shelf, away[id(each)]))


def get_offered(found: Iterable[Offered], slug: str) -> Offered:
    """Return one of the agendas that fit a session.

    Raises:
        NotFound: when it is not among them.
    """
    offered = next((each for each in found if each.agenda.id == slug), None)
    if offered is None:
        raise NotFound
    return offered


def kind_of(group: Group, session: GroupSession) -> tuple[GroupKind, SessionKind]:
    """Return what an agenda has to be for; open groups have one shape, as every session is someone's first."""
    kind = GroupKind(group.kind)
    return kind, SessionKind.STANDARD if kind is GroupKind.OPEN else SessionKind(session.session_kind)


def fit_agenda(parts: Sequence[AgendaSegment], minutes: int) -> tuple[int, ...] | None:
    """Return the minutes of every part of an agenda at another length, or None where that is too short."""
    stretches = [Stretch(kind=p.kind, minutes=p.minutes, reserved_minutes=p.reserved_minutes) for p in parts]
    return fit_minutes(stretches, minutes)


def list_reached(
    sessions: Iterable[GroupSession], session: GroupSession, reach: Reach, now: datetime
) -> list[GroupSession]:
    """List the sessions of a series that are laid anew: those of the same kind, reached, and not yet begun."""
    return sorted(
        (
            each
            for each in sessions
            if (each.series_id, each.session_kind) == (session.series_id, session.session_kind)
            and can_change(each, now)
            and (each.id == session.id or reach is not Reach.ONE)
            and (reach is not Reach.LATER or each.position >= session.position)
        ),
        key=lambda each: each.position,
    )


def load_segments(db: Session, sessions: Iterable[GroupSession]) -> Mapping[str, list[Segment]]:
    """Return the parts of several sessions in order, by session id, in one query."""
    ids = [session.id for session in sessions]
    found: dict[str, list[Segment]] = {session_id: [] for session_id in ids}
    for segment in db.scalars(select(Segment).where(Segment.session_id.in_(ids)).order_by(Segment.position)):
        found[segment.session_id].append(segment)
    return found


def list_locked(db: Session, session: GroupSession) -> set[str]:
    """Name the parts of a session that are locked."""
    return set(db.scalars(select(Assignment.segment_id).where(Assignment.session_id == session.id, Assignment.locked)))


def plan_laying(session: GroupSession, present: Sequence[Segment], parts: Sequence[AgendaSegment]) -> Laying | None:
    """Return what laying parts over a session comes to, or None where they do not fit into it; nothing is written."""
    minutes = fit_agenda(parts, session.minutes)
    if minutes is None:
        return None
    by_id = {segment.id: segment for segment in present}
    taken = pair_parts([part.kind for part in parts], [(segment.kind, segment.id) for segment in present])
    places = []
    for part, length, segment_id in zip(parts, minutes, taken, strict=True):
        segment = by_id.get(segment_id or "")
        place_id = segment.id if segment else new_id()
        places.append(Place(part=replace(part, minutes=length), segment=segment, segment_id=place_id))
    gone = by_id.keys() - set(taken)
    return Laying(session=session, places=tuple(places), going=tuple(s for s in present if s.id in gone))


def write_laying(db: Session, laying: Laying) -> None:
    """Write the parts of a laying; what stands in those that stay is left to whoever chooses next."""
    for segment in laying.going:
        db.delete(segment)
    set_aside(db, (place.segment for place in laying.places if place.segment))
    for position, place in enumerate(laying.places, start=1):
        if place.segment is None:
            db.add(place.make(laying.session, position))
            continue
        place.segment.position, place.segment.phase = position, place.part.phase or ""
        for name in WORDS:
            setattr(place.segment, name, getattr(place.part, name))
    db.flush()


def use_agenda(
    db: Session, me: Facilitator, agenda: Agenda, sessions: Sequence[GroupSession], *, require_review: bool = True
) -> list[Used]:
    """Lay an agenda over sessions of one group and return what came of it; one that has it already is left out.

    The timetable of the group is locked by then, and the sessions are those of `list_reached`.

    Raises:
        Conflict: when one of them has begun or is cancelled, or when the agenda fits into none of them.
    """
    present = load_segments(db, sessions)
    found = [plan_laying(session, present[session.id], agenda.segments) for session in sessions]
    fitting = [laying for laying in found if laying is not None]
    if not fitting:
        raise Conflict("This agenda needs more minutes than the session has.")
    scene = add_pool(db, load_scene(db, db.get_one(Group, sessions[0].group_id), require_review=require_review))
    used = []
    for laying in fitting:
        if laying.changes:
            with recorded(db, me, laying.session, ChangeCode.LAID, name=agenda.name):
                write_laying(db, laying)
                used.append(Used(laying=laying, refit=refit(db, open_desk(db, scene, laying.session))))
    return used


def refuse_laying(session: GroupSession, now: datetime) -> None:
    """Refuse another agenda for a session that has begun, is over or was called off.

    Raises:
        Conflict: when it is.
    """
    refuse_cancelled(session)
    refuse_begun(session, now)


def _is_same(place: Place, position: int) -> bool:
    segment, part = place.segment, place.part
    if segment is None or segment.position != position or segment.phase != (part.phase or ""):
        return False
    return all(getattr(segment, name) == getattr(part, name) for name in WORDS)
