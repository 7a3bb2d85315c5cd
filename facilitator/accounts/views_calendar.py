"""One's own calendar among the settings: its secret address, and how much it says."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Invalid
from facilitator.groups.feeds import end_feed, find_feed_token, renew_feed
from facilitator.planning.ical import find_alarm
from facilitator.web.login import me
from facilitator.web.request import db, settings


def register(blueprint: Blueprint) -> None:
    """Add the presses about one's calendar."""
    blueprint.post("/settings/calendar")(change_calendar)


def calendar_on_page() -> dict[str, object]:
    """Return what the settings show of one's calendar."""
    token, wanted = find_feed_token(db(), me()), request.args.get("alarm", "")
    alarm = wanted if find_alarm(wanted) else None
    path = url_for("planning.show_feed", token=token, alarm=alarm) if token else ""
    return {"address": settings().base_url + path if path else "", "alarm": alarm, "full_titles": me().feed_titles}


def change_calendar() -> ResponseReturnValue:
    """Make, renew or end the address, or change how much the calendar says."""
    wish = request.form.get("do", "")
    if wish == "renew":
        renew_feed(db(), me())
    elif wish == "end":
        end_feed(db(), me())
    elif wish == "titles":
        me().feed_titles = bool(request.form.get("full"))
    else:
        raise Invalid(_("Choose one of the buttons."))
    db().commit()
    flash(_("Saved."))
    return redirect(url_for("accounts.show_settings", _anchor="cal"), 303)
