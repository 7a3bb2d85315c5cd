"""The pages that participants open from a link, without an account and without a cookie.

Opening a page changes nothing, however often and by whomever it is opened; a press of a button does. No page says who
reads it. This module must never touch the session cookie or anything of the facilitators' accounts.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from facilitator.attendance.service_forecast import press_away
from facilitator.materials.service import get_released_file, list_for_page
from facilitator.materials.views import hand_over
from facilitator.participant import service as participant
from facilitator.participant import views_calendar, views_messages, views_pulse
from facilitator.planning.ical import find_alarm
from facilitator.planning.views_feed import calendar_file
from facilitator.times import list_zones, zone_city
from facilitator.web.locale import language
from facilitator.web.login import public
from facilitator.web.origin import refuse_other_sites
from facilitator.web.request import db, now, settings

blueprint = Blueprint("participant", __name__)


@blueprint.get("/s/<token>")
@public
def show_session(token: str) -> ResponseReturnValue:
    """Show when and where a meeting is, and what it means to read on."""
    reader_zone = request.args.get("zone", "")
    page = participant.get_page(db(), token, reader_zone, now())
    return render_template(
        "participant/session.html",
        title=_title(page),
        page=page,
        asked=views_pulse.is_open(page.session, now()),
        token=token,
        reader_zone=reader_zone,
        noted="noted" in request.args,
        zones=list_zones(),
        city=zone_city,
    )


@blueprint.post("/s/<token>/read")
@public
def read_session(token: str) -> ResponseReturnValue:
    """Show what to expect, and what the facilitator released.

    It is asked for by a press and changes nothing: what answers a press is opened again neither by the Back button nor
    by the history of the browser, and no scanner of links ever sees it.
    """
    refuse_other_sites()
    page = participant.get_page(db(), token, "", now())
    if page.cancelled:
        return go_back(token)
    handouts = list_for_page(db(), page.session, now())
    return render_template("participant/read.html", title=_title(page), page=page, handouts=handouts, token=token)


@blueprint.get("/s/<token>/read")
@public
def go_back(token: str) -> ResponseReturnValue:
    """Lead whoever opens that address by hand to the page before it."""
    return redirect(url_for("participant.show_session", token=token), 303)


def _title(page: participant.SessionPage) -> str:
    starts = page.clock.starts
    return f"{format_date(starts.date(), 'EEEE')} {starts:%H:%M}"


@blueprint.post("/s/<token>/away")
@public
def say_away(token: str) -> ResponseReturnValue:
    """Count one more who cannot come; nothing tells who, so a second press counts again."""
    refuse_other_sites()
    session, list_size = participant.get_coming(db(), token, now())
    press_away(db(), session.id, list_size)
    db().commit()
    return redirect(url_for("participant.show_session", token=token, noted=1, _anchor="away"), 303)


@blueprint.get("/s/<token>/appointment.ics")
@public
def download_appointment(token: str) -> ResponseReturnValue:
    """Hand over the meeting as a calendar file that says when, and nothing else."""
    alarm = find_alarm(request.args.get("alarm", ""))
    entry = participant.get_appointment(db(), token, _("Appointment"), alarm, now())
    return calendar_file([entry], "appointment.ics")


@blueprint.get("/s/<token>/m/<material_id>")
@public
def download_material(token: str, material_id: str) -> ResponseReturnValue:
    """Hand over a file that was released for a meeting or an earlier one."""
    session, _group = participant.get_session(db(), token, now())
    return hand_over(get_released_file(db(), session, material_id, now()))


@blueprint.get("/m/erased")
@public
def show_erased() -> ResponseReturnValue:
    """Say that an address was erased; the link that led here has ended."""
    return render_template("participant/erased.html", help=participant.get_help(db(), language(), now().date()))


@blueprint.get("/kept")
@public
def show_kept() -> ResponseReturnValue:
    """Say what is kept and what is not, the same to everybody and without a link of anybody's in the address."""
    return render_template("participant/kept.html", help=participant.get_help(db(), language(), now().date()))


@blueprint.get("/leave")
@public
def leave() -> ResponseReturnValue:
    """Leave for a neutral site, and ask the browser to forget what it kept of this one."""
    response = redirect(settings().exit_url, 303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


views_messages.register(blueprint)
views_calendar.register(blueprint)
views_pulse.register(blueprint)
