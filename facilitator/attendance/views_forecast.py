"""What the pages of those who lead say of the people who cannot come."""

from flask import Blueprint

from facilitator.attendance.rules import tell_away
from facilitator.attendance.service_forecast import away
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.web.request import db, now


def register(blueprint: Blueprint) -> None:
    """Let every page ask."""
    blueprint.app_template_global("people_away")(people_away)


def people_away(session: GroupSession, group: Group) -> int | None:
    """Return how many a page tells of; 0 stands for somebody, and None for nobody or a session that is over."""
    if session.status != SessionStatus.SCHEDULED or session.ends_at <= now():
        return None
    count = away(db(), session.id)
    return tell_away(count, groups.count_participants(db(), group)) if count else None
