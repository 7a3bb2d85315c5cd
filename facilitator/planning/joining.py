"""Which series of a group is under way, and whether people may still join it. Nothing here writes."""

from datetime import datetime

from sqlalchemy import ScalarSelect, case, exists, select
from sqlalchemy.orm import Session

from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.planning.rules import joins_until


def list_running_first(db: Session, group: Group, now: datetime) -> list[Series]:
    """List the series of a group, newest first but for the one that holds the next session: it stands before all."""
    found = select(Series).where(Series.group_id == group.id)
    is_running = case((Series.id == _running(group, now), 0), else_=1)
    return list(db.scalars(found.order_by(is_running, Series.first_on.desc(), Series.id)))


def find_missed_start(db: Session, group: Group, now: datetime) -> int | None:
    """Return the session before which people joined the series under way, once it has begun; None while it is open.

    After the last session of a series nobody joins it any more, so people are free to be listed for the next one.
    """
    until = joins_until(group.kind)
    if until is None:
        return None
    begun = exists().where(
        GroupSession.series_id == _running(group, now),
        GroupSession.position >= until,
        GroupSession.starts_at <= now,
        GroupSession.status != SessionStatus.CANCELLED,
    )
    return until if db.scalar(select(begun)) else None


def _running(group: Group, now: datetime) -> ScalarSelect[str]:
    found = select(GroupSession.series_id).where(
        GroupSession.group_id == group.id,
        GroupSession.status == SessionStatus.SCHEDULED,
        GroupSession.ends_at > now,
    )
    return found.order_by(GroupSession.starts_at).limit(1).scalar_subquery()
