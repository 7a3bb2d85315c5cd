"""Keeps the agenda of a session in the library, to be laid over other sessions later.

Order, minutes, purposes and the agenda's own notes are kept. What stands in the parts, and what a facilitator noted
beside them about this group, is never kept.
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.pathways import Agenda, AgendaSegment
from facilitator.curriculum.rules import Phase, SegmentKind
from facilitator.errors import NotFound
from facilitator.groups.models import Group
from facilitator.library import agendas
from facilitator.planning.agenda import list_segments
from facilitator.planning.laying import kind_of
from facilitator.planning.models import GroupSession, Segment


def keep_session(  # noqa: PLR0917 - a use case names its inputs
    db: Session,
    me: Facilitator,
    session: GroupSession,
    group: Group,
    name: str,
    content: Catalogue,
    today: date,
    *,
    shared: bool,
) -> LibraryEntry:
    """Keep the agenda of a session under a name, for oneself or for everybody here; any session's can be kept.

    Raises:
        Invalid: when the name is empty or too long.
        Faulty: when the library does not take the agenda, for example because its minutes do not add up.
    """
    kind, session_kind = kind_of(group, session)
    agenda = Agenda(
        id=agendas.new_slug(),
        name=" ".join(name.split()),
        version=1,
        group_kind=kind,
        session_kind=session_kind,
        total_minutes=session.minutes,
        depth_note=_depth_note(content, group, session),
        segments=read_parts(list_segments(db, session)),
    )
    return agendas.keep_agenda(db, me, agenda, content, today, shared=shared)


def read_parts(segments: Iterable[Segment]) -> tuple[AgendaSegment, ...]:
    """Return the parts of a session as those of an agenda."""
    parts, minute = [], 0
    for order, segment in enumerate(segments, start=1):
        parts.append(
            AgendaSegment(
                order=order,
                kind=SegmentKind(segment.kind),
                title=segment.title,
                minutes=segment.minutes,
                start_minute=minute,
                phase=Phase(segment.phase) if segment.phase else None,
                reserved_minutes=segment.reserved_minutes,
                purpose=segment.purpose,
                facilitator_note=segment.facilitator_note,
            )
        )
        minute += segment.minutes
    return tuple(parts)


def _depth_note(content: Catalogue, group: Group, session: GroupSession) -> str:
    kind, session_kind = kind_of(group, session)
    try:
        return content.agenda(kind, session.minutes, session_kind).depth_note
    except NotFound:  # the library may have lost the agenda of this length
        return ""
