"""The run screen: the plan in the room, large and dark, the same on every screen of those who lead.

The page is whole: every part with its words is on it, so that it goes on without a connection. Its script asks for the
state alone, a few hundred bytes, and is told that nothing changed otherwise.
"""

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.attendance import service_room
from facilitator.attendance.models import OpenRoom
from facilitator.attendance.rules_room import turn_of
from facilitator.curriculum import editions
from facilitator.curriculum.rules import SessionKind, Topic
from facilitator.errors import Invalid
from facilitator.groups.models import Group
from facilitator.planning import live, queries, rules_live, service
from facilitator.planning.models import GroupSession, LiveSession, SessionStatus
from facilitator.planning.rules_live import SECOND, Act
from facilitator.planning.shown import load_plan_facts, plan_facts
from facilitator.planning.timetable import refuse_cancelled
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of

OWN_TOPICS = {SessionKind.FIRST: Topic.OPENING, SessionKind.LAST: Topic.CLOSING}
LONGEST_KEY = 32
JSON = "application/json"


def register(blueprint: Blueprint) -> None:
    """Add the routes of the run screen."""
    blueprint.get("/sessions/<session_id>/run")(run_session)
    blueprint.post("/sessions/<session_id>/run")(press)
    blueprint.get("/sessions/<session_id>/run/state")(show_state)


def run_session(session_id: str) -> ResponseReturnValue:
    """Show what is going on, what comes next and every word of the plan."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    refuse_cancelled(session)
    plan = queries.session_plan(db(), session, group)
    row, parts = plan.live, live.list_parts(plan)
    room = service_room.find_room(db(), session.id)
    state = live.read_state(row)
    facts = plan_facts(session, ((part.segment, part.assignment) for part in plan.segments))
    return render_template(
        "planning/run_session.html",
        plan=plan,
        parts=parts,
        state=state,
        picture=rules_live.look(state, parts, session.starts_at, session.ends_at, now()),
        allowed=rules_live.list_allowed(state, parts) if _can_press(session) else (),
        wire=_wire(session, row, _mark(session, facts, room)),
        room=room,
        now=now(),
        **_around(session, group),
    )


def show_state(session_id: str) -> ResponseReturnValue:
    """Say where the session stands, or that nothing has changed."""
    session, _group = service.get_session_with_group(db(), me(), session_id)
    return _say_state(session, live.find_live(db(), session.id)).make_conditional(request)


def press(session_id: str) -> ResponseReturnValue:
    """Take a press, of a form or of the script."""
    session = service.get_session(db(), me(), session_id)
    review = settings().require_clinical_review
    found = live.press(db(), session, _read_press(), now(), require_review=review)
    db().commit()
    if request.accept_mimetypes.best == JSON:
        answer = _say_state(session, found.live)
        answer.status_code = HTTPStatus.OK if found.counted else HTTPStatus.CONFLICT
        return answer
    if not found.counted:
        flash(_("Something else was pressed meanwhile. This is how it stands now."))
    return redirect(url_for("planning.run_session", session_id=session.id), 303)


def _read_press() -> live.Press:
    form = request.form
    act, turn, ago = form.get("do", ""), form.get("turn", type=int), form.get("ago", 0, type=int)
    heads = form.get("to", form.get("heads", type=int), type=int)
    if act not in set(Act) or (act == Act.COUNT and heads is None):
        raise Invalid(_("Enter a number from 0 to %(most)s.", most=rules_live.MOST_HEADS))
    given = Act(act)
    key = form.get("key", "")[:LONGEST_KEY]
    return live.Press(act=given, turn=turn, key=key, ago=timedelta(seconds=min(max(ago, 0), 86_400)), heads=heads)


def _can_press(session: GroupSession) -> bool:
    return session.status == SessionStatus.SCHEDULED and rules_live.may_run(session.starts_at, now())


def _mark(session: GroupSession, facts: tuple[object, ...], room: OpenRoom | None) -> str:
    """Return what differs as soon as the page has to be read anew: the plan, the words on the wall, the standing."""
    words = (room.way, room.secret, turn_of(now())) if room else ()
    return mark_of(facts, words, session.status)


def _say_state(session: GroupSession, row: LiveSession | None) -> Response:
    mark = _mark(session, load_plan_facts(db(), session), service_room.find_room(db(), session.id))
    wire = _wire(session, row, mark)
    answer: Response = jsonify(wire)
    # the instant in it differs each time, and what it says does not
    answer.set_etag(f"{wire['revision']}-{wire['mark']}", weak=True)
    return answer


def _wire(session: GroupSession, row: LiveSession | None, mark: str) -> dict[str, object]:
    """Return the state as the script has it: instants in seconds, times in seconds."""
    state = live.read_state(row)
    return {
        "revision": row.revision if row else 0,
        "mark": mark,
        "now": now().timestamp(),
        "closed": session.status != SessionStatus.SCHEDULED,
        "turn": state.turn,
        "part": state.part_id,
        "from": state.counted_from.timestamp() if state.counted_from else None,
        "spent": state.spent // SECOND,
        "slowed": state.is_slowed,
        "over": state.is_over,
        "extra": dict(state.extra),
        "taken": dict(state.taken),
        "skipped": sorted(state.skipped),
        "heads": state.heads,
    }


def _around(session: GroupSession, group: Group) -> dict[str, object]:
    """Return what is said beside the plan, and the cards that a person may need at once."""
    edition = editions.edition(db(), group.language)
    return {
        "session": session,
        "group": group,
        "scripts": edition.scripts,
        "teach": edition.teach(OWN_TOPICS.get(SessionKind(session.session_kind), Topic(session.focus))),
        "help_lines": edition.help_lines(group.country),
        "not_reviewed_strip": not settings().require_clinical_review,
        "can_press": _can_press(session),
    }
