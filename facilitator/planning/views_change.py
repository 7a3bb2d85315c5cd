"""Calling off, bringing back and another place; and what every page that changes a session stands on.

Each page says beforehand what to know about the change and who will be told, and notices a second window.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.planning import service
from facilitator.planning.drafting import Warned
from facilitator.planning.forms import show_problem
from facilitator.planning.forms_session import CancelForm, ChangeForm, PlaceForm
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.outlook import Line, line_after, look_ahead
from facilitator.planning.rules_slots import Reach
from facilitator.planning.timetable import (
    can_change,
    load_timetable,
    lock_timetable,
    refuse_begun,
    refuse_cancelled,
)
from facilitator.reminders import service as reminders
from facilitator.reminders.service import WouldTell
from facilitator.times import get_zone
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a change stands on: the session, its group and the timetable of the group."""

    session: GroupSession
    group: Group
    timetable: Sequence[GroupSession]

    @property
    def one(self) -> tuple[object, ...]:
        """Return what a page shows that is about this session alone."""
        return _facts(self.session)

    @property
    def line(self) -> tuple[object, ...]:
        """Return what a page shows that is about the dates of the whole series."""
        return tuple(_facts(each) for each in self.timetable if each.series_id == self.session.series_id)

    def look_ahead(self, line: Line, changed: Collection[int]) -> list[Warned]:
        """Return what to know about the sessions that get another date, by their numbers in a line of the series."""
        zone = get_zone(self.session.zone)
        return look_ahead(db(), me(), self.group, line=line, changed=changed, zone=zone)

    def reached(self, reach: Reach) -> list[GroupSession]:
        """List the sessions that a change of the place is for."""
        if reach is Reach.ONE:
            return [self.session]
        return [
            each
            for each in self.timetable
            if each.series_id == self.session.series_id
            and can_change(each, now())
            and (reach is Reach.ALL or each.position >= self.session.position)
        ]


def register(blueprint: Blueprint) -> None:
    """Add the routes of these changes."""
    for path, show, save in (
        ("cancel", cancel_session, save_cancel),
        ("restore", restore_session, save_restore),
        ("place", change_place, save_place),
    ):
        blueprint.get(f"/sessions/<session_id>/{path}")(show)
        blueprint.post(f"/sessions/<session_id>/{path}")(save)


def cancel_session(session_id: str) -> ResponseReturnValue:
    """Ask whether to call the session off, and say who will be told."""
    return _show_cancel(open_ground(session_id), CancelForm())


def save_cancel(session_id: str) -> ResponseReturnValue:
    """Call the session off."""
    ground = open_ground(session_id, lock=True)
    form = CancelForm()
    told = reminders.would_tell(db(), [ground.session])
    try:
        refuse_changed(*ground.one)
        service.cancel_session(db(), ground.session, form.reason.data or "", now())
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return _show_cancel(ground, form)
    return finish(ground.session, [ground.session], told, _("Cancelled. Its plan is kept."))


def restore_session(session_id: str) -> ResponseReturnValue:
    """Ask whether to bring a cancelled session back, and say who will be told."""
    return _show_restore(_cancelled_ground(session_id), ChangeForm())


def save_restore(session_id: str) -> ResponseReturnValue:
    """Bring a cancelled session back at its old time."""
    ground = _cancelled_ground(session_id, lock=True)
    form = ChangeForm()
    say_seen(form, *ground.line)
    if form.errors:
        return _show_restore(ground, form)
    told = reminders.would_tell(db(), [ground.session])
    try:
        service.restore_session(db(), ground.session, now(), require_review=settings().require_clinical_review)
    except Conflict:
        return _show_restore(ground, form)
    return finish(ground.session, [ground.session], told, _("The session takes place again."))


def change_place(session_id: str) -> ResponseReturnValue:
    """Ask for another place or link, and say who will be told."""
    ground = open_ground(session_id)
    session = ground.session
    form = PlaceForm(data={"place": session.place, "link": session.link, "reach": Reach.ONE.value})
    return _show_place(ground, form)


def save_place(session_id: str) -> ResponseReturnValue:
    """Change place and link."""
    ground = open_ground(session_id, lock=True)
    session, form = ground.session, PlaceForm()
    try:
        refuse_changed(*ground.one, session.place, session.link)
        place, link, reach = form.answers()
        told = reminders.would_tell(db(), ground.reached(reach))
        changed = service.change_place(db(), session, place, link, reach, now())
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return _show_place(ground, form)
    return finish(session, changed, told if changed else None, _("The place is changed."))


def _find_ground(session_id: str, *, lock: bool = False) -> Ground:
    """Return what a change of one of a person's sessions stands on; a press that may save locks the timetable first."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    timetable = lock_timetable(db(), group.id) if lock else load_timetable(db(), group.id)
    return Ground(session=session, group=group, timetable=timetable)


def open_ground(session_id: str, *, lock: bool = False) -> Ground:
    """Return the ground of a session that can still change; one that has begun or is cancelled says so and no more."""
    ground = _find_ground(session_id, lock=lock)
    refuse_cancelled(ground.session)
    refuse_begun(ground.session, now())
    return ground


def _cancelled_ground(session_id: str, *, lock: bool = False) -> Ground:
    ground = _find_ground(session_id, lock=lock)
    if ground.session.status != SessionStatus.CANCELLED:
        raise Conflict(_("This session is not cancelled."))
    return ground


def say_seen(form: ChangeForm, *facts: object) -> None:
    """Say above a form when its page showed other facts."""
    try:
        refuse_changed(*facts)
    except ChangedMeanwhile as problem:
        show_problem(form, Invalid(problem.message))


def finish(
    session: GroupSession, changed: Sequence[GroupSession], told: WouldTell | None, words: str
) -> ResponseReturnValue:
    """Bring the messages up to date, keep everything, and say what happened."""
    reminders.follow(db(), changed, now())
    db().commit()
    flash(words + " " + _say_told(told))
    return redirect(url_for("planning.show_session", session_id=session.id), 303)


def show(ground: Ground, page: str, form: ChangeForm, facts: Sequence[object], **values: object) -> ResponseReturnValue:
    """Show the page of a change with the mark of what it shows; 422 where something stands in the way."""
    found = render_template(
        f"planning/{page}_session.html",
        nav="groups",
        session=ground.session,
        form=form,
        now=now(),
        seen=mark_of(*facts),
        has_errors=bool(form.errors),
        **values,
    )
    return found, 422 if form.errors else 200


def _facts(session: GroupSession) -> tuple[object, ...]:
    return (
        session.id,
        session.position,
        session.on_date,
        session.start_time,
        session.zone,
        session.minutes,
        str(session.status),
    )


def _say_told(told: WouldTell | None) -> str:
    if told is None or not told.people:
        return str(_("Nobody had been told yet, so nobody is told now."))
    return str(ngettext("%(num)s person will be told.", "%(num)s people will be told.", told.people))


def _show_cancel(ground: Ground, form: CancelForm) -> ResponseReturnValue:
    return show(ground, "cancel", form, ground.one, told=reminders.would_tell(db(), [ground.session]))


def _show_restore(ground: Ground, form: ChangeForm) -> ResponseReturnValue:
    session, warnings = ground.session, []
    try:
        slot = service.plan_restore(ground.timetable, session, now())
        line = line_after(ground.timetable, session) | {session.position: slot}
        warnings = ground.look_ahead(line, [session.position])
    except Conflict as problem:
        form.say(problem)
        slot = None
    told = reminders.would_tell(db(), [session])
    return show(ground, "restore", form, ground.line, can_save=slot is not None, warnings=warnings, told=told)


def _show_place(ground: Ground, form: PlaceForm) -> ResponseReturnValue:
    session = ground.session
    told = [(reach, reminders.would_tell(db(), ground.reached(reach))) for reach in (Reach.ONE, Reach.LATER)]
    return show(ground, "place", form, (*ground.one, session.place, session.link), told=told)
