"""Where a facilitator's own groups have an exercise in their sessions, for the pages of the library. Reads only."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group, GroupFacilitator
from facilitator.planning.models import Assignment, GroupSession, Segment, SessionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseUse:
    """One part of a session that an exercise fills, in the words of one version."""

    session: GroupSession
    group: Group
    segment_title: str
    version: int


def list_exercise_uses(db: Session, me: Facilitator, exercise_id: str, language: str, most: int) -> list[ExerciseUse]:
    """List the sessions of one's own groups that have an exercise, the latest first; cancelled ones are left out.

    Args:
        db: a session.
        me: the reader; nobody sees the sessions of other people's groups.
        exercise_id: the slug of the exercise.
        language: of the groups; each language counts the versions of its own words.
        most: how many at most.
    """
    found = (
        select(GroupSession, Group, Segment.title, Assignment.exercise_version)
        .select_from(Assignment)
        .join(Segment, Segment.id == Assignment.segment_id)
        .join(GroupSession, GroupSession.id == Assignment.session_id)
        .join(Group, Group.id == GroupSession.group_id)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id, Assignment.exercise_id == exercise_id)
        .where(Group.language == language)
        .where(GroupSession.status != SessionStatus.CANCELLED)
        .order_by(GroupSession.starts_at.desc(), Segment.position)
        .limit(most)
    )
    return [
        ExerciseUse(session=session, group=group, segment_title=title, version=version)
        for session, group, title, version in db.execute(found)
    ]
