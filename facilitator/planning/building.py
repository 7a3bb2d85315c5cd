"""Makes the rows of sessions: what a step of the pathway and a slot say, with agendas and what fills them.

Nothing here decides whether a session may stand where it is put.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from facilitator.curriculum.pathways import PathwaySession
from facilitator.curriculum.rules import GroupKind, SessionKind, effective_cap
from facilitator.groups.models import Group
from facilitator.planning.filling import fill_new, lay_agenda
from facilitator.planning.models import GroupSession, Series
from facilitator.planning.rules import Occurrence
from facilitator.planning.rules_slots import Slot
from facilitator.planning.scene import Scene
from facilitator.tokens import link_token, new_id, token_hash
from facilitator.vault import vault_of

PAGE_PURPOSE = "session"


def build_session(db: Session, group: Group, series: Series, step: PathwaySession, at: Occurrence) -> GroupSession:
    """Make the row of one session: what its step of the pathway and its slot say, and the group's place and link."""
    session_id = new_id()
    kind = GroupKind(group.kind)
    return GroupSession(
        id=session_id,
        group_id=group.id,
        series_id=series.id,
        position=at.position,
        pathway_position=step.position,
        focus=step.focus,
        session_kind=step.session_kind,
        title=step.title,
        participant_title=step.participant_title,
        depth_cap=effective_cap(step.depth_cap, kind, series.minutes),
        on_date=at.on,
        start_time=at.start_time,
        zone=series.zone,
        minutes=series.minutes,
        starts_at=at.starts_at,
        ends_at=at.ends_at,
        page_hash=page_hash(db, session_id, 1),
        place=group.place,
        link=group.link,
    )


def page_hash(db: Session, session_id: str, version: int) -> str:
    """Return the hash under which the shared page of a session is found."""
    return token_hash(link_token(vault_of(db).link_key, PAGE_PURPOSE, session_id, version))


def add_filled(db: Session, scene: Scene, series: Series, sessions: Sequence[GroupSession]) -> None:
    """Write sessions with their agendas and everything the rules choose for them, one session after another."""
    # no relationship tells the order of inserts, so each level is written before the next
    db.flush()
    scene.sessions.extend(sessions)
    segments = {session.id: lay_agenda(scene, session) for session in sessions}
    rows = [row for session in sessions for row in fill_new(scene, session, series.seed, segments[session.id])]
    db.add_all(sessions)
    db.flush()
    db.add_all(segment for laid in segments.values() for segment in laid)
    db.flush()
    db.add_all(rows)
    db.flush()


def copy_session(db: Session, after: GroupSession, slot: Slot) -> GroupSession:
    """Make the row of an ordinary session that takes the same step of the pathway once more."""
    session_id = new_id()
    return GroupSession(
        id=session_id,
        group_id=after.group_id,
        series_id=after.series_id,
        position=after.position + 1,
        pathway_position=after.pathway_position,
        focus=after.focus,
        session_kind=SessionKind.STANDARD,
        title=after.title,
        participant_title=after.participant_title,
        depth_cap=after.depth_cap,
        on_date=slot.on,
        start_time=slot.start_time,
        zone=after.zone,
        minutes=after.minutes,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        page_hash=page_hash(db, session_id, 1),
        place=after.place,
        link=after.link,
        depth_limit=after.depth_limit,
        cycle=after.cycle,
    )
