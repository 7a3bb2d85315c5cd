"""Closing the room: the one page where a headcount is entered, and said back as it will be kept."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.attendance import service as attendance
from facilitator.attendance import views_forecast, views_room_screen
from facilitator.attendance.forms import OUTCOMES, REASONS, CloseForm
from facilitator.attendance.rules import SpokenCode, correctable_until
from facilitator.attendance.views_closing import Room, load_room
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.planning import live, not_held, notes
from facilitator.planning import service as planning
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.web.login import me
from facilitator.web.request import database, db, now

blueprint = Blueprint("attendance", __name__)
views_forecast.register(blueprint)
views_room_screen.register(blueprint)


@blueprint.get("/sessions/<session_id>/close")
def close_room(session_id: str) -> ResponseReturnValue:
    """Ask how many came and what was used."""
    session, group = planning.get_session_with_group(db(), me(), session_id)
    if session.not_held:
        return _show_not_held(session, group)
    room = load_room(session, group)
    said, took = room.begin_outcomes()
    return _show(room, _form(room, _first_count(room), said, took))


def _first_count(room: Room) -> int | None:
    """Return the number that the field holds at first.

    Of a number that was coded into a level, the level is all that is known: the field is blank then, as a number in it
    would look like one that is kept.
    """
    if room.kept is None:
        return room.start
    return room.kept.count if room.kept.code is SpokenCode.EXACT else None


@blueprint.post("/sessions/<session_id>/close")
def save_room(session_id: str) -> ResponseReturnValue:
    """Take a step of the count, or keep the count and with it what was used, or that nothing took place."""
    room = load_room(*planning.get_session_with_group(db(), me(), session_id))
    form = _form(room, None, {})
    button, wish = request.form.get("by"), request.form.get("do")
    if button is not None:
        form.press(button, [part.segment.id for part in room.fillable], room.start)
        return _show(room, form) if button != "show" else _show_kept(room, form)
    try:
        if wish == "not_held":
            return _save_not_held(room, form)
        took = form.took()
        _look_over_note(room, form)
        if wish != "held":
            _keep_count(room, form)
    except Invalid as problem:
        form.say(problem)
        return _show(room, form), HTTPStatus.UNPROCESSABLE_ENTITY
    if wish != "count":
        notes.keep_note(db(), room.plan.session, form.note.data or "")
        planning.record_outcomes(db(), room.plan.session, form.outcomes, took)
        planning.mark_done(db(), room.plan.session)
        live.forget_run(db(), room.plan.session.id)
    _commit()
    flash(_("Saved. Nothing was sent to anybody."))
    return redirect(url_for("groups.show_group", group_id=room.group_id), 303)


@blueprint.post("/sessions/<session_id>/close/undo")
def take_back(session_id: str) -> ResponseReturnValue:
    """Say that a session took place after all, and lead to its count."""
    session = planning.get_session(db(), me(), session_id)
    if now() >= correctable_until(session.ends_at):
        raise Conflict(_("This can be taken back until 48 hours after the session. It now stays as it is."))
    not_held.take_back(db(), session)
    db().commit()
    flash(_("Taken back. The room can be closed."))
    return redirect(url_for("attendance.close_room", session_id=session.id), 303)


def _commit() -> None:
    db().commit()
    # the counters and words that were deleted are not to stay in the log of the database
    database().checkpoint()


def _form(room: Room, count: int | None, said: dict[str, str], took: dict[str, int] | None = None) -> CloseForm:
    return CloseForm.of(
        count, said, took, returning=room.returning, has_check_in=room.answers is not None, note=room.session.next_note
    )


def _show_kept(room: Room, form: CloseForm) -> ResponseReturnValue:
    try:
        form.answer()
    except Invalid as problem:
        form.say(problem)
        return _show(room, form), HTTPStatus.UNPROCESSABLE_ENTITY
    return _show(room, form)


def _look_over_note(room: Room, form: CloseForm) -> None:
    words = form.note.data or ""
    if len(words) > notes.LONGEST_NOTE:
        raise Invalid(_("Enter at most %(most)s characters.", most=notes.LONGEST_NOTE), field="note")
    if words and not form.is_note_sure and notes.holds_name(db(), room.group_id, words):
        raise Invalid(_("A name of the list stands in this note. Write it without names."), field="note")


def _keep_count(room: Room, form: CloseForm) -> None:
    session, headcount = room.plan.session, _sure_answer(room, form)
    attendance.close_room(
        db(),
        session.id,
        session.ends_at,
        headcount,
        room.list_size,
        room.precision,
        now(),
        returning=form.hands,
        is_answered=form.is_answered,
    )


def _sure_answer(room: Room, form: CloseForm) -> int:
    headcount = form.answer()
    if room.is_surprised(headcount) and not form.is_sure:
        words = _("That is more than the %(people)s people of this group. Is it right?", people=room.people)
        raise Invalid(words, field="headcount")
    if form.coded_by.data not in {None, "", room.coded_by}:
        words = _("The list of the group has changed meanwhile. Look at what will be kept now, and press once more.")
        raise Invalid(words, field="headcount")
    return headcount


def _save_not_held(room: Room, form: CloseForm) -> ResponseReturnValue:
    session = room.plan.session
    if room.tally is not None or session.status == SessionStatus.DONE:
        attendance.refuse_late(session.ends_at, now())
    if form.reason.data not in dict(REASONS):
        raise Invalid(_("Choose why it did not take place."), field="reason")
    not_held.mark_not_held(db(), session, form.reason.data, now())
    attendance.forget_evening(db(), session.id)
    live.forget_run(db(), session.id)
    _commit()
    flash(_("Saved: it did not take place. Nothing was sent to anybody."))
    return redirect(url_for("planning.show_session", session_id=session.id), 303)


def _show_not_held(session: GroupSession, group: Group) -> str:
    until = correctable_until(session.ends_at)
    return render_template(
        "attendance/not_held.html",
        nav="groups",
        session=session,
        label=group.label,
        reason=dict(REASONS).get(session.not_held, ""),
        until=until,
        too_late=now() >= until,
    )


def _show(room: Room, form: CloseForm) -> str:
    session, count = room.plan.session, form.count
    level, dropped = room.will_keep_level(form)
    form.coded_by.data = room.coded_by
    return render_template(
        "attendance/close_room.html",
        nav="groups",
        session=session,
        room=room,
        parts=room.fillable,
        outcomes=OUTCOMES,
        form=form,
        count=count,
        will_keep=room.will_keep(count),
        level=level,
        dropped=dropped,
        until=correctable_until(session.ends_at),
        too_late=now() >= correctable_until(session.ends_at),
    )
