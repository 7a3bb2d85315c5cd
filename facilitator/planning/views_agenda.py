"""The agenda of one session: how long each part is, and in which order they come."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Conflict, Invalid
from facilitator.planning import agenda, queries, service
from facilitator.planning.forms_session import AgendaForm
from facilitator.planning.shown import agenda_facts
from facilitator.planning.timetable import lock_timetable, refuse_over
from facilitator.web.login import me
from facilitator.web.request import db, now
from facilitator.web.seen import mark_of, refuse_changed

STEPS_BY_BUTTON = {"up": -1, "down": 1}


def register(blueprint: Blueprint) -> None:
    """Add the routes of the agenda."""
    blueprint.get("/sessions/<session_id>/agenda")(change_agenda)
    blueprint.post("/sessions/<session_id>/agenda")(save_agenda)


def change_agenda(session_id: str) -> ResponseReturnValue:
    """Show the parts with their minutes."""
    return _show(session_id, AgendaForm())


def save_agenda(session_id: str) -> ResponseReturnValue:
    """Keep the minutes, or move one part up or down; the minutes are kept either way."""
    session = service.get_session(db(), me(), session_id)
    form = AgendaForm()
    try:
        lock_timetable(db(), session.group_id)
        refuse_changed(*agenda_facts(agenda.list_segments(db(), session)))
        typed = [(name.removeprefix("min-"), text) for name, text in request.form.items() if name.startswith("min-")]
        for segment_id, minutes in form.minutes(typed).items():
            agenda.set_minutes(db(), session, segment_id, minutes, now())
        for button in STEPS_BY_BUTTON.keys() & request.form.keys():
            agenda.move_segment(db(), session, request.form[button], STEPS_BY_BUTTON[button], now())
    except (Invalid, Conflict) as problem:
        db().rollback()
        form.form_errors.append(problem.message)
        return _show(session_id, form), 422
    db().commit()
    flash(_("Saved."))
    return redirect(url_for("planning.change_agenda", session_id=session_id), 303)


def _show(session_id: str, form: AgendaForm) -> str:
    session, group = service.get_session_with_group(db(), me(), session_id)
    refuse_over(session, now())
    plan = queries.session_plan(db(), session, group)
    return render_template(
        "planning/change_agenda.html",
        nav="groups",
        session=session,
        group=group,
        plan=plan,
        form=form,
        typed=request.form,
        seen=mark_of(*agenda_facts(part.segment for part in plan.segments)),
        has_errors=bool(form.errors),
    )
