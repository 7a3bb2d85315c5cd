"""Which sessions have something to read of which people are told, and since when. Reads only; who is told is not known here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from facilitator.materials.models import Audience, Material
from facilitator.materials.rules import ANNOUNCED_UNTIL, MOST_DAYS_BEFORE, released_at
from facilitator.planning.models import GroupSession, SessionStatus

AHEAD = timedelta(days=MOST_DAYS_BEFORE + 2)  # zones, and the morning


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Something of which people are told: what is released at one instant is one of them, however much it is."""

    session: GroupSession
    released_at: datetime


def due_announcements(db: Session, now: datetime, *which: ColumnElement[bool]) -> Sequence[Announcement]:
    """Return what may be read by now and is to be told, the soonest session first.

    Nothing of a cancelled session, nothing for facilitators alone, and nothing later than 20 hours after the session.

    Args:
        db: the open session.
        now: the present instant.
        which: conditions on the session.
    """
    found = db.execute(
        select(GroupSession, Material.release, Material.days_before)
        .join(Material, Material.session_id == GroupSession.id)
        .where(
            Material.announced,
            Material.audience == Audience.PARTICIPANTS,
            GroupSession.status != SessionStatus.CANCELLED,
            GroupSession.ends_at > now - ANNOUNCED_UNTIL,
            GroupSession.starts_at <= now + AHEAD,
            *which,
        )
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    told = {
        (session.id, at): Announcement(session=session, released_at=at)
        for session, release, days_before in found
        if (at := released_at(release, days_before, session.starts_at, session.ends_at, session.zone)) <= now
    }
    return list(told.values())
