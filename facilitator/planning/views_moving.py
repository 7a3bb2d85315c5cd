"""Another time, a date left out, a session more: looked over first, then done as it was looked over."""

from datetime import datetime, timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Conflict, Invalid
from facilitator.planning import service
from facilitator.planning.forms_session import ChangeForm, MoveForm, NewTime, TimeForm, begin_move
from facilitator.planning.models import GroupSession
from facilitator.planning.outlook import line_after
from facilitator.planning.rules_slots import Slot
from facilitator.planning.timetable import Move
from facilitator.planning.views_change import Ground, finish, open_ground, say_seen, show
from facilitator.reminders import service as reminders
from facilitator.web import filters
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of

WEEK = timedelta(days=7)


def register(blueprint: Blueprint) -> None:
    """Add the routes of every change of dates."""
    for path, page, save in (
        ("move", move_session, save_move),
        ("skip", skip_session, save_skip),
        ("insert", insert_session, save_insert),
    ):
        blueprint.get(f"/sessions/<session_id>/{path}")(page)
        blueprint.post(f"/sessions/<session_id>/{path}")(save)


def move_session(session_id: str) -> ResponseReturnValue:
    """Ask for another date and time."""
    ground = open_ground(session_id)
    return show(ground, "move", begin_move(ground.session), ground.line, moves=None)


def save_move(session_id: str) -> ResponseReturnValue:
    """Show what a move changes and who will be told, or move."""
    saving = request.form.get("do") == "save"
    ground = open_ground(session_id, lock=saving)
    form = MoveForm()
    say_seen(form, *ground.line)
    try:
        wanted = form.answers()
        change = service.change_of(ground.session, wanted.on, wanted.start_time, wanted.reach)
        moves = service.plan_change(db(), ground.timetable, ground.session, change, now())
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return show(ground, "move", form, ground.line, moves=None)
    told = reminders.would_tell(db(), [move.session for move in moves if move.changes_start])
    if form.errors or not saving or not _was_looked_over(wanted):
        return show(ground, "move", form, ground.line, told=told, wanted=mark_of(wanted), **_outlook(ground, moves))
    changed = service.move_session(db(), ground.session, wanted.on, wanted.start_time, wanted.reach, now())
    words = _("Moved to %(day)s.", day=filters.day(ground.session.on_date, now()))
    return finish(ground.session, changed, told, words)


def skip_session(session_id: str) -> ResponseReturnValue:
    """Show what leaving out this date does to the later sessions, and who will be told."""
    return _show_skip(open_ground(session_id), ChangeForm())


def save_skip(session_id: str) -> ResponseReturnValue:
    """Leave out this date; it and every later session moves on by one."""
    ground = open_ground(session_id, lock=True)
    form, left_on = ChangeForm(), ground.session.on_date
    say_seen(form, *ground.line)
    if form.errors:
        return _show_skip(ground, form)
    try:
        moves = service.plan_skip(db(), ground.timetable, ground.session, now())
    except (Invalid, Conflict):
        return _show_skip(ground, form)
    told = reminders.would_tell(db(), [move.session for move in moves])
    changed = service.skip_session(db(), ground.session, now())
    return finish(ground.session, changed, told, _("%(day)s is left out.", day=filters.day(left_on, now())))


def insert_session(session_id: str) -> ResponseReturnValue:
    """Ask when one more session is to be, and say what to know about the date that is proposed."""
    ground = open_ground(session_id)
    session, following = ground.session, _find_following(ground)
    gap = (following.on_date - session.on_date) // 2 if following else WEEK
    wanted = NewTime(on=session.on_date + gap, start_time=session.start_time)
    try:
        slot = _plan_extra(ground, wanted)
    except (Invalid, Conflict):
        slot = None  # there is no room in the middle: nothing was asked for yet, so nothing is wrong yet
    return _show_insert(ground, TimeForm.of(wanted.on, wanted.start_time), wanted, slot)


def save_insert(session_id: str) -> ResponseReturnValue:
    """Add one more session after this one; what to know about its date is said before."""
    ground = open_ground(session_id, lock=True)
    service.refuse_after_closing(ground.session)
    form = TimeForm()
    say_seen(form, *ground.line)
    wanted = slot = None
    try:
        wanted = form.answers()
        slot = _plan_extra(ground, wanted)
    except (Invalid, Conflict) as problem:
        form.say(problem)
    if form.errors or wanted is None or slot is None or _has_news(ground, wanted, slot):
        return _show_insert(ground, form, wanted, slot)
    review = settings().require_clinical_review
    extra = service.insert_session(db(), ground.session, wanted.on, wanted.start_time, now(), require_review=review)
    return finish(extra, [extra], None, _("Session %(number)s is added.", number=extra.position))


def _was_looked_over(wanted: NewTime) -> bool:
    """Say whether the page that was pressed on had shown what comes of this very date and time."""
    return request.form.get("looked") == mark_of(wanted)


def _outlook(ground: Ground, moves: list[Move]) -> dict[str, object]:
    line = line_after(ground.timetable, ground.session, moves)
    return {"moves": moves, "warnings": ground.look_ahead(line, [move.session.position for move in moves])}


def _show_skip(ground: Ground, form: ChangeForm) -> ResponseReturnValue:
    try:
        moves = service.plan_skip(db(), ground.timetable, ground.session, now())
    except (Invalid, Conflict) as problem:
        form.say(problem)
        moves = []
    told = reminders.would_tell(db(), [move.session for move in moves])
    return show(ground, "skip", form, ground.line, told=told, **_outlook(ground, moves))


def _find_following(ground: Ground) -> GroupSession | None:
    session = ground.session
    later = [s for s in ground.timetable if s.series_id == session.series_id and s.position > session.position]
    return min(later, key=lambda each: each.position, default=None)


def _plan_extra(ground: Ground, wanted: NewTime) -> Slot:
    local = datetime.combine(wanted.on, wanted.start_time)
    return service.plan_extra(db(), ground.timetable, ground.session, local, now())


def _extra_outlook(ground: Ground, slot: Slot | None) -> dict[str, object]:
    """Return the date of the session that would be added, with what to know about it; the later ones count one higher."""
    if slot is None:
        return {"slot": None, "warnings": []}
    number = ground.session.position + 1
    line = {at + (at >= number): each for at, each in line_after(ground.timetable, ground.session).items()}
    return {"slot": slot, "warnings": ground.look_ahead(line | {number: slot}, [number])}


def _has_news(ground: Ground, wanted: NewTime, slot: Slot) -> bool:
    """Say whether there is something to know about a date that the page had not said."""
    return not _was_looked_over(wanted) and bool(_extra_outlook(ground, slot)["warnings"])


def _show_insert(ground: Ground, form: TimeForm, wanted: NewTime | None, slot: Slot | None) -> ResponseReturnValue:
    return show(
        ground,
        "insert",
        form,
        ground.line,
        following=_find_following(ground),
        wanted=mark_of(wanted) if slot else "",
        **_extra_outlook(ground, slot),
    )
