"""The room: the run sheet on paper, and the plan on a screen while the session runs.

The screen goes by the clock and keeps nothing: what is due now is worked out anew whenever the page is opened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from facilitator.curriculum import editions
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.rules import SessionKind, Topic
from facilitator.groups.models import Group
from facilitator.planning import queries, service
from facilitator.planning.models import GroupSession
from facilitator.planning.queries import PlannedSegment, SessionPlan
from facilitator.planning.timetable import refuse_cancelled
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

MINUTE = timedelta(minutes=1)
OWN_TOPICS = {SessionKind.FIRST: Topic.OPENING, SessionKind.LAST: Topic.CLOSING}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """Where a session stands by the clock.

    Args:
        at: the number of the present part, from 0.
        has_begun: the session has started.
        is_over: its end has passed.
        minutes_left: of the present part, rounded up; minutes until the start before that.
        until: what the wall clock shows when the present part ends.
    """

    at: int
    has_begun: bool
    is_over: bool
    minutes_left: int
    until: datetime


def register(blueprint: Blueprint) -> None:
    """Add the routes of the room."""
    blueprint.get("/sessions/<session_id>/sheet")(show_sheet)
    blueprint.get("/sessions/<session_id>/run")(run_session)


def show_sheet(session_id: str) -> ResponseReturnValue:
    """Show the plan for printing."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    plan = queries.session_plan(db(), session, group)
    return render_template("planning/show_sheet.html", nav="groups", plan=plan, **_around(session, group))


def run_session(session_id: str) -> ResponseReturnValue:
    """Show what is due now and what comes next, large and dark."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    refuse_cancelled(session)
    plan = queries.session_plan(db(), session, group)
    return render_template(
        "planning/run_session.html", plan=plan, clock=read_clock(plan, now()), now=now(), **_around(session, group)
    )


def read_clock(plan: SessionPlan, at: datetime) -> ClockView:
    """Return which part is due at an instant."""
    begun = [number for number, part in enumerate(plan.segments) if part.starts_at <= at]
    number = begun[-1] if begun else 0
    part = plan.segments[number]
    until = _end(part) if begun else part.starts_at
    return ClockView(
        at=number,
        has_begun=bool(begun),
        is_over=at >= plan.session.ends_at,
        minutes_left=max(0, -((at - until) // MINUTE)),
        until=until,
    )


def _end(part: PlannedSegment) -> datetime:
    return part.starts_at + part.segment.minutes * MINUTE


def _around(session: GroupSession, group: Group) -> dict[str, object]:
    """Return what is said beside the plan, on paper as on the screen."""
    edition = _edition(group)
    return {
        "session": session,
        "group": group,
        "scripts": edition.scripts,
        "teach": edition.teach(OWN_TOPICS.get(SessionKind(session.session_kind), Topic(session.focus))),
        "help_lines": edition.help_lines(group.country),
        "not_reviewed_strip": not settings().require_clinical_review,
    }


def _edition(group: Group) -> Catalogue:
    return editions.edition(db(), group.language)
