"""Changes of when and where a session is. Each page says beforehand who will be told."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from facilitator.errors import Conflict, Invalid
from facilitator.planning import service
from facilitator.planning.forms_session import CancelForm, MoveForm, PlaceForm, TimeForm, begin_move
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.rules_slots import Reach
from facilitator.planning.timetable import Move, can_change, load_timetable, refuse_begun, refuse_cancelled
from facilitator.planning.wording import day_words
from facilitator.reminders import service as reminders
from facilitator.reminders.service import WouldTell
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

WEEK = timedelta(days=7)


def register(blueprint: Blueprint) -> None:
    """Add the routes of every change."""
    for path, show, save in (
        ("move", move_session, save_move),
        ("cancel", cancel_session, save_cancel),
        ("restore", restore_session, save_restore),
        ("skip", skip_session, save_skip),
        ("insert", insert_session, save_insert),
        ("place", change_place, save_place),
    ):
        blueprint.get(f"/sessions/<session_id>/{path}")(show)
        blueprint.post(f"/sessions/<session_id>/{path}")(save)


def move_session(session_id: str) -> ResponseReturnValue:
    """Ask for another date and time."""
    session = _open(session_id)
    return _show_move(session, begin_move(session))


def save_move(session_id: str) -> ResponseReturnValue:
    """Show what a move changes and who will be told, or move."""
    session = _open(session_id)
    form = MoveForm()
    try:
        wanted = form.answers()
        change = service.change_of(session, wanted.on, wanted.start_time, wanted.reach)
        moves = service.preview_change(db(), session, change, now())
        told = reminders.would_tell(db(), [move.session for move in moves if move.changes_start])
        if request.form.get("do") != "save":
            return _show_move(session, form, moves, told)
        changed = service.move_session(db(), session, wanted.on, wanted.start_time, wanted.reach, now())
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return _show_move(session, form), 422
    return _done(session, changed, told, _("Moved to %(day)s.", day=day_words(session.on_date)))


def cancel_session(session_id: str) -> ResponseReturnValue:
    """Ask whether to call the session off, and say who will be told."""
    session = _open(session_id)
    return _show(session, "cancel", form=CancelForm(), told=reminders.would_tell(db(), [session]))


def save_cancel(session_id: str) -> ResponseReturnValue:
    """Call the session off."""
    session = _open(session_id)
    form = CancelForm()
    told = reminders.would_tell(db(), [session])
    try:
        service.cancel_session(db(), session, form.reason.data or "", now())
    except Invalid as problem:
        form.say(problem)
        return _show(session, "cancel", form=form, told=told, has_errors=True), 422
    return _done(session, [session], told, _("Cancelled. Its plan is kept."))


def restore_session(session_id: str) -> ResponseReturnValue:
    """Ask whether to bring a cancelled session back, and say who will be told."""
    session = service.get_session(db(), me(), session_id)
    if session.status != SessionStatus.CANCELLED:
        raise Conflict(_("This session is not cancelled."))
    return _show(session, "restore", told=reminders.would_tell(db(), [session]))


def save_restore(session_id: str) -> ResponseReturnValue:
    """Bring a cancelled session back at its old time."""
    session = service.get_session(db(), me(), session_id)
    told = reminders.would_tell(db(), [session])
    service.restore_session(db(), session, now(), require_review=settings().require_clinical_review)
    return _done(session, [session], told, _("The session takes place again."))


def skip_session(session_id: str) -> ResponseReturnValue:
    """Show what leaving out this date does to the later sessions, and who will be told."""
    session = _open(session_id)
    later = _later(session)
    return _show(session, "skip", later=later, told=reminders.would_tell(db(), later))


def save_skip(session_id: str) -> ResponseReturnValue:
    """Leave out this date; it and every later session moves on by one."""
    session = _open(session_id)
    left_on = session.on_date
    told = reminders.would_tell(db(), _later(session))
    changed = service.skip_session(db(), session, now())
    return _done(session, changed, told, _("%(day)s is left out.", day=day_words(left_on)))


def insert_session(session_id: str) -> ResponseReturnValue:
    """Ask when one more session is to be."""
    session = _open(session_id)
    following = next(iter(_later(session)[1:]), None)
    gap = (following.on_date - session.on_date) // 2 if following else WEEK
    return _show(session, "insert", form=TimeForm.of(session.on_date + gap, session.start_time), following=following)


def save_insert(session_id: str) -> ResponseReturnValue:
    """Add one more session after this one."""
    session = _open(session_id)
    form = TimeForm()
    review = settings().require_clinical_review
    try:
        wanted = form.answers()
        extra = service.insert_session(db(), session, wanted.on, wanted.start_time, now(), require_review=review)
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return _show(session, "insert", form=form, has_errors=True), 422
    return _done(extra, [extra], None, _("Session %(number)s is added.", number=extra.position))


def change_place(session_id: str) -> ResponseReturnValue:
    """Ask for another place or link, and say who will be told."""
    session = _open(session_id)
    form = PlaceForm(data={"place": session.place, "link": session.link, "reach": Reach.ONE.value})
    return _show_place(session, form)


def save_place(session_id: str) -> ResponseReturnValue:
    """Change place and link."""
    session = _open(session_id)
    form = PlaceForm()
    try:
        place, link, reach = form.answers()
        told = reminders.would_tell(db(), _reached(session, reach))
        changed = service.change_place(db(), session, place, link, reach, now())
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return _show_place(session, form), 422
    return _done(session, changed, told if changed else None, _("The place is changed."))


def _open(session_id: str) -> GroupSession:
    """Return a session that can still be changed; what has begun or is cancelled says so instead of showing a form."""
    session = service.get_session(db(), me(), session_id)
    refuse_cancelled(session)
    refuse_begun(session, now())
    return session


def _later(session: GroupSession) -> list[GroupSession]:
    """List this session and the later ones of its series that can still be changed, in time."""
    return [each for each in _reached(session, Reach.ALL) if each.starts_at >= session.starts_at]


def _reached(session: GroupSession, reach: Reach) -> list[GroupSession]:
    """List the sessions of a series that a change is for, in time."""
    if reach is Reach.ONE:
        return [session]
    return [
        each
        for each in load_timetable(db(), session.group_id)
        if each.series_id == session.series_id
        and can_change(each, now())
        and (reach is Reach.ALL or each.position >= session.position)
    ]


def _done(
    session: GroupSession, changed: Sequence[GroupSession], told: WouldTell | None, words: str
) -> ResponseReturnValue:
    """Bring the messages up to date, keep everything, and say what happened."""
    reminders.follow(db(), changed, now())
    db().commit()
    flash(words + " " + _say_told(told))
    return redirect(url_for("planning.show_session", session_id=session.id), 303)


def _say_told(told: WouldTell | None) -> str:
    if told is None or not told.people:
        return str(_("Nobody had been told yet, so nobody is told now."))
    return str(ngettext("%(num)s person will be told.", "%(num)s people will be told.", told.people))


def _show(session: GroupSession, page: str, **values: object) -> str:
    return render_template(f"planning/{page}_session.html", nav="groups", session=session, **values)


def _show_move(
    session: GroupSession, form: TimeForm, moves: Sequence[Move] | None = None, told: WouldTell | None = None
) -> str:
    return _show(session, "move", form=form, moves=moves, told=told, has_errors=bool(form.errors))


def _show_place(session: GroupSession, form: PlaceForm) -> str:
    told = [(reach, reminders.would_tell(db(), _reached(session, reach))) for reach in (Reach.ONE, Reach.LATER)]
    return _show(session, "place", form=form, told=told, has_errors=bool(form.errors))
