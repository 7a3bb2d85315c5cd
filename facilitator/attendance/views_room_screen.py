"""The screen of a room for those who lead: the words, very large, how many have pressed, and slips of paper instead.

It shows what stands in the open room and keeps nothing of its own, so both who lead see the same.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup

from facilitator.attendance import service_room
from facilitator.attendance.forms_slips import SlipsForm
from facilitator.attendance.models import OpenRoom
from facilitator.attendance.rules_room import Way, may_open, next_turn_at, plain
from facilitator.errors import Conflict, Invalid
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import service as planning
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.web.locale import LANGUAGES
from facilitator.web.login import me
from facilitator.web.request import database, db, now, settings
from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What the people in the room read.

    Args:
        words: the two of these ten minutes; none where people draw slips.
        picture: the code that brings them, as SVG.
        say: what to do, in the language of the group.
        address: what is typed, without "https://".
        language: that of the group.
        changes_at: when the words change.
    """

    words: tuple[str, ...]
    picture: Markup
    say: str
    address: str
    language: str
    changes_at: datetime
    taps: int


def register(blueprint: Blueprint) -> None:
    """Add the routes of the room's screen."""
    blueprint.get("/sessions/<session_id>/check-in")(show_check_in)
    blueprint.post("/sessions/<session_id>/check-in")(open_check_in)
    blueprint.post("/sessions/<session_id>/check-in/slips")(make_slips)
    blueprint.post("/sessions/<session_id>/check-in/stop")(stop_check_in)
    blueprint.add_app_template_test(can_check_in, "open_to_check_in")
    blueprint.add_app_template_global(draw_wall, "check_in_wall")


def can_check_in(session: GroupSession, at: datetime) -> bool:
    """Tell whether check-in may be opened for a session at an instant; pages ask this before they offer it."""
    return session.status == SessionStatus.SCHEDULED and may_open(session.starts_at, session.ends_at, at)


def show_check_in(session_id: str) -> ResponseReturnValue:
    """Show the words of the room, or ask how people are to check in."""
    session, group = planning.get_session_with_group(db(), me(), session_id)
    return _show(session, SlipsForm.of(_list_size(group)))


def open_check_in(session_id: str) -> ResponseReturnValue:
    """Open the room; where it is open already, change to words when that was asked for."""
    session, group = _session_to_open(session_id)
    room = service_room.find_room(db(), session.id)
    if room is None or request.form.get("way") == Way.WORDS:
        service_room.open_room(db(), session.id, Way.WORDS, group.language, now())
        db().commit()
    return redirect(url_for("attendance.show_check_in", session_id=session.id), 303)


def make_slips(session_id: str) -> ResponseReturnValue:
    """Make new slips and show them this once, ready to print; earlier ones open the room no more."""
    session, group = _session_to_open(session_id)
    form = SlipsForm.of(_list_size(group))
    try:
        count = form.answer()
    except Invalid as problem:
        form.say(problem)
        return _show(session, form), HTTPStatus.UNPROCESSABLE_ENTITY
    _refuse_again(service_room.find_room(db(), session.id))
    room = service_room.open_room(db(), session.id, Way.TICKETS, group.language, now())
    slips = service_room.make_slips(db(), room, count, now())
    db().commit()
    return _print(session, group, slips)


def stop_check_in(session_id: str) -> ResponseReturnValue:
    """Throw away what was tapped and end the words and slips; the count of the facilitator is what is kept."""
    session, _group = planning.get_session_with_group(db(), me(), session_id)
    service_room.close_open_room(db(), session.id)
    db().commit()
    database().checkpoint()
    flash(_("Check-in is stopped, and its taps are gone."))
    return redirect(url_for("planning.show_session", session_id=session.id), 303)


def _session_to_open(session_id: str) -> tuple[GroupSession, Group]:
    session, group = planning.get_session_with_group(db(), me(), session_id)
    if session.status != SessionStatus.SCHEDULED:
        raise Conflict(_("This session is not going on, so nobody can check in."))
    if not may_open(session.starts_at, session.ends_at, now()):
        raise Conflict(_("Check-in can be opened from 30 minutes before a session until 2 hours after it."))
    return session, group


def _refuse_again(room: OpenRoom | None) -> None:
    """Refuse a page of slips that is loaded anew: it would make the slips worthless that lie in the bowl by then."""
    try:
        refuse_changed(_seen(room))
    except ChangedMeanwhile:
        words = _("Slips were made meanwhile, and cannot be shown again. Go back to the screen to make new ones.")
        raise Conflict(words) from None


def _seen(room: OpenRoom | None) -> str:
    """Return what a page of the room shows of it: new slips come with a new secret."""
    return room.secret if room else ""


def _list_size(group: Group) -> int:
    return groups.get_details(db(), me(), group.id, now().date()).people or group.capacity


def _show(session: GroupSession, form: SlipsForm) -> str:
    room = service_room.find_room(db(), session.id)
    return render_template(
        "attendance/check_in.html",
        session=session,
        room=room,
        wall=draw_wall(room, now()) if room else None,
        form=form,
        seen=mark_of(_seen(room)),
        now=now(),
        can_open=can_check_in(session, now()),
    )


def draw_wall(room: OpenRoom, at: datetime) -> Wall:
    """Return what the people in an open room read; the run screen shows it too."""
    words = service_room.room_words(room, at) if room.way == Way.WORDS else ()
    language = _known(room.language)
    with force_locale(language):
        say = _("Scan, or type these two words at") if words else _("Take a slip. Scan, or type its five words at")
    return Wall(
        words=words,
        picture=_picture("-".join(plain(word) for word in words)),
        say=say,
        address=_address(),
        language=language,
        changes_at=next_turn_at(at),
        taps=service_room.taps(room),
    )


def _print(session: GroupSession, group: Group, slips: tuple[tuple[str, ...], ...]) -> str:
    language = _known(group.language)
    with force_locale(language):
        line = _("Type these five words at %(address)s", address=_address())
    return render_template("attendance/slips.html", session=session, slips=slips, line=line, language=language)


def _picture(fragment: str) -> Markup:
    """Return the code that opens check-in; what it carries behind the # is never sent to a server."""
    address = f"{settings().base_url}{url_for('here.ask')}" + (f"#{fragment}" if fragment else "")
    code = segno.make(address, error="m", micro=False)
    # the border is part of the code: it is light in the dark theme as well, or phones cannot read it
    return Markup(code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None))  # noqa: S704 - numbers that segno drew


def _address() -> str:
    return settings().base_url.partition("://")[2] + url_for("here.ask")


def _known(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]
