"""Closing the room: the one page where a headcount is entered, and said back as it will be kept."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.attendance import service as attendance
from facilitator.attendance.forms import OUTCOMES, CloseForm
from facilitator.attendance.rules import (
    Precision,
    Spoken,
    SpokenCode,
    code_headcount,
    correctable_until,
    is_surprising,
    spoken,
)
from facilitator.errors import Conflict, Invalid
from facilitator.groups import service as groups
from facilitator.planning import queries
from facilitator.planning import service as planning
from facilitator.planning.queries import SessionPlan
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("attendance", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The session whose room is closed, and what its count is coded by.

    Args:
        list_size: people on the mailing list.
        people: how many may come: those of the list, or as many as there are places where nobody is listed.
        facilitators: those who lead, who are not counted.
    """

    plan: SessionPlan
    group_id: str
    label: str
    list_size: int
    precision: Precision
    people: int
    facilitators: int

    def is_surprised(self, count: int | None) -> bool:
        """Tell whether a count is asked about once more."""
        return count is not None and is_surprising(count, self.people, self.facilitators)


@blueprint.get("/sessions/<session_id>/close")
def close_room(session_id: str) -> ResponseReturnValue:
    """Ask how many came and what was used."""
    room = _room(session_id)
    parts = room.plan.segments
    rows = [part.assignment for part in parts if part.assignment is not None]
    said = {row.segment_id: row.outcome for row in rows}
    took = {row.segment_id: row.actual_minutes for row in rows if row.actual_minutes is not None}
    kept = _kept(room)
    # a level is all that is known of a number that was coded into one
    count = kept.count if kept is not None and kept.code is SpokenCode.EXACT else None
    return _show(room, CloseForm.of(count, said, took))


@blueprint.post("/sessions/<session_id>/close")
def save_room(session_id: str) -> ResponseReturnValue:
    """Take a step of the count, or keep the count and with it what was used."""
    room = _room(session_id)
    form = CloseForm.of(None, {})
    button, wish = request.form.get("by"), request.form.get("do")
    if button is not None:
        form.press(button, [part.segment.id for part in _fillable(room)])
        return _show(room, form) if button != "show" else _show_kept(room, form)
    try:
        took = form.took()
        if wish != "held":
            _keep_count(room, _sure_answer(room, form))
    except Invalid as problem:
        form.say(problem)
        return _show(room, form), 422
    if wish != "count":
        planning.record_outcomes(db(), room.plan.session, form.outcomes, took)
        planning.mark_done(db(), room.plan.session)
    db().commit()
    flash(_("Saved. Nothing was sent to anybody."))
    return redirect(url_for("groups.show_group", group_id=room.group_id), 303)


def _show_kept(room: Room, form: CloseForm) -> ResponseReturnValue:
    try:
        form.answer()
    except Invalid as problem:
        form.say(problem)
        return _show(room, form), 422
    return _show(room, form)


def _sure_answer(room: Room, form: CloseForm) -> int:
    headcount = form.answer()
    if room.is_surprised(headcount) and not form.is_sure:
        words = _("That is more than the %(people)s people of this group. Is it right?", people=room.people)
        raise Invalid(words, field="headcount")
    return headcount


def _room(session_id: str) -> Room:
    session, group = planning.get_session_with_group(db(), me(), session_id)
    if session.status == "cancelled":
        raise Conflict(_("This session was cancelled, so there is nobody to count."))
    attendance.refuse_early(session.starts_at, now())
    details = groups.get_details(db(), me(), group.id)
    return Room(
        plan=queries.session_plan(db(), session, group),
        group_id=group.id,
        label=group.label,
        list_size=details.people,
        precision=Precision(group.precision),
        people=details.people or group.capacity,
        facilitators=len(details.leaders),
    )


def _fillable(room: Room) -> list[queries.PlannedSegment]:
    """Return the parts that something was planned for."""
    return [part for part in room.plan.segments if part.prompt is not None or part.exercise is not None]


def _keep_count(room: Room, headcount: int) -> None:
    session = room.plan.session
    attendance.close_room(db(), session.id, session.ends_at, headcount, room.list_size, room.precision, now())


def _kept(room: Room) -> Spoken | None:
    tally = attendance.find_tally(db(), room.plan.session.id)
    return spoken(tally.headcount) if tally else None


def _show(room: Room, form: CloseForm) -> str:
    session = room.plan.session
    count = form.count
    return render_template(
        "attendance/close_room.html",
        nav="groups",
        session=session,
        label=room.label,
        parts=_fillable(room),
        outcomes=OUTCOMES,
        form=form,
        count=count,
        will_keep=None if count is None else spoken(code_headcount(count, room.list_size, room.precision)),
        kept=_kept(room),
        list_size=room.list_size,
        people=room.people,
        is_surprised=room.is_surprised(count),
        precision=room.precision,
        until=correctable_until(session.ends_at),
        too_late=now() >= correctable_until(session.ends_at),
    )
