"""The pages that participants open from a link, without an account and without a cookie.

Opening a page changes nothing, however often and by whomever it is opened; a press of a button does. No page says who
reads it. This module must never touch the session cookie or anything of the facilitators' accounts.
"""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from facilitator.attendance.service_forecast import press_away
from facilitator.errors import NotAllowed
from facilitator.groups import people
from facilitator.participant import service as participant
from facilitator.planning.ical import calendar_bytes
from facilitator.reminders.service import follow_group
from facilitator.times import list_zones, zone_city
from facilitator.web.locale import language
from facilitator.web.login import public
from facilitator.web.request import database, db, now, settings

# a site that says nothing about the person who is on it
EXIT_TO = "https://www.wikipedia.org/"
ONE_CLICK = "One-Click"  # RFC 8058 §3.1

blueprint = Blueprint("participant", __name__)


@blueprint.get("/s/<token>")
@public
def show_session(token: str) -> ResponseReturnValue:
    """Show when and where a meeting is, what to expect, and what the facilitator released."""
    reader_zone = request.args.get("zone", "")
    page = participant.get_page(db(), token, reader_zone, now())
    starts = page.clock.starts
    title = f"{format_date(starts.date(), 'EEEE')} {starts:%H:%M}"
    return render_template(
        "participant/session.html",
        title=title,
        page=page,
        token=token,
        reader_zone=reader_zone,
        noted="noted" in request.args,
        zones=list_zones(),
        city=zone_city,
    )


@blueprint.post("/s/<token>/away")
@public
def say_away(token: str) -> ResponseReturnValue:
    """Count one more who cannot come; nothing tells who, so a second press counts again."""
    _refuse_other_sites()
    session, list_size = participant.get_coming(db(), token, now())
    press_away(db(), session.id, list_size)
    db().commit()
    return redirect(url_for("participant.show_session", token=token, noted=1, _anchor="away"), 303)


@blueprint.get("/s/<token>/appointment.ics")
@public
def download_appointment(token: str) -> ResponseReturnValue:
    """Hand over the meeting as a calendar file that says when, and nothing else."""
    entry = participant.get_appointment(db(), token, _("Appointment"), now())
    content = calendar_bytes([entry], _("Calendar"), now(), cancelled_prefix=_("Cancelled: "))
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return Response(content, mimetype="text/calendar", headers=headers)


@blueprint.get("/m/<token>")
@public
def show_messages(token: str) -> ResponseReturnValue:
    """Show the message settings of one person, without saying of whom."""
    person = participant.get_person(db(), token)
    return render_template(
        "participant/messages.html",
        token=token,
        state=person.state,
        wording=person.wording,
        zone=person.zone or "",
        zones=list_zones(),
        saved="saved" in request.args,
        help=participant.get_help_of(db(), person),
    )


@blueprint.post("/m/<token>")
@public
def change_messages(token: str) -> ResponseReturnValue:
    """Take a wish about messages; nothing is sent to confirm it."""
    _refuse_other_sites()
    wish = request.form.get("do", "")
    if wish == "forget":
        return _forget(token)
    person = participant.get_person(db(), token)
    if wish == "save":
        participant.change_messages(db(), person, request.form.get("wording", ""), request.form.get("zone", ""))
    else:
        participant.change_state(db(), person, wish)
    follow_group(db(), participant.get_group_of(db(), person), now())
    db().commit()
    return redirect(url_for("participant.show_messages", token=token, saved=1), 303)


@blueprint.get("/m/<token>/stop")
@public
def ask_stop(token: str) -> ResponseReturnValue:
    """Show one button: mail scanners open every link, so opening this one stops nothing."""
    person = participant.get_person(db(), token)
    help_block = participant.get_help_of(db(), person)
    return render_template("participant/stop.html", token=token, state=person.state, help=help_block)


@blueprint.post("/m/<token>/stop")
@public
def stop_messages(token: str) -> ResponseReturnValue:
    """Stop all messages, for the person or for their mail program (RFC 8058: no cookie, no redirect)."""
    one_click = request.form.get("List-Unsubscribe") == ONE_CLICK
    if not one_click:
        _refuse_other_sites()
    participant.change_state(db(), participant.get_person(db(), token), "stop")
    db().commit()
    if one_click:
        return Response("Stopped.\n", mimetype="text/plain")
    return redirect(url_for("participant.show_messages", token=token, saved=1), 303)


@blueprint.get("/m/erased")
@public
def show_erased() -> ResponseReturnValue:
    """Say that an address was erased; the link that led here has ended."""
    return render_template("participant/erased.html", help=participant.get_help(db(), language()))


@blueprint.get("/kept")
@public
def show_kept() -> ResponseReturnValue:
    """Say what is kept and what is not, the same to everybody and without a link of anybody's in the address."""
    return render_template("participant/kept.html", help=participant.get_help(db(), language()))


@blueprint.get("/leave")
@public
def leave() -> ResponseReturnValue:
    """Leave for a neutral site, and ask the browser to forget what it kept of this one."""
    response = redirect(EXIT_TO, 303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def _forget(token: str) -> ResponseReturnValue:
    person = participant.get_person(db(), token)
    group = participant.get_group_of(db(), person)
    people.remove_participant(db(), person)
    follow_group(db(), group, now())
    db().commit()
    database().checkpoint()
    return redirect(url_for("participant.show_erased"), 303)


def _refuse_other_sites() -> None:
    """Refuse a press on somebody else's page.

    Browsers say where a request comes from in Sec-Fetch-Site. Older ones send an Origin, which under our own
    referrer policy is "null" even for our own forms; the address itself is the secret, so that one may pass.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    ours = {"null", settings().base_url, request.host_url.rstrip("/")}
    if not (site == "same-origin" if site else origin in ours):
        raise NotAllowed("This page takes a press of its own buttons only. Open your link again and press there.")
