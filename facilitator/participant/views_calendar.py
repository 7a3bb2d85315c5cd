"""The page behind a person's own link that makes, shows, renews and ends the address of their calendar.

Opening it changes nothing; a press of a button does. It says of whom and of what it is as little as the calendar does.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Conflict
from facilitator.groups.feeds import end_feed, find_feed_token, renew_feed
from facilitator.groups.models import Participant
from facilitator.participant import service_messages as messages
from facilitator.participant.views_messages import get_reader
from facilitator.planning.feeds import may_follow
from facilitator.planning.ical import find_alarm
from facilitator.planning.views_feed import feed_address
from facilitator.web.login import public
from facilitator.web.origin import refuse_other_sites
from facilitator.web.request import db, now


def register(blueprint: Blueprint) -> None:
    """Add the page of a person's calendar."""
    blueprint.get("/m/<token>/calendar")(show_calendar)
    blueprint.post("/m/<token>/calendar")(change_calendar)


@public
def show_calendar(token: str) -> ResponseReturnValue:
    """Show what a calendar shows and to whom, and its address where there is one."""
    person, wanted = get_reader(token), request.args.get("alarm", "")
    if not person.consent_round:
        return redirect(url_for("participant.ask_confirm", token=token), 303)
    feed, alarm = find_feed_token(db(), person), wanted if find_alarm(wanted) else None
    return render_template(
        "participant/calendar.html",
        token=token,
        may=_may(person),
        address=feed_address(feed, alarm) if feed else "",
        alarm=alarm,
        saved="saved" in request.args,
        help=messages.get_help_of(db(), person, now().date()),
    )


@public
def change_calendar(token: str) -> ResponseReturnValue:
    """Make or renew the address, or end it."""
    refuse_other_sites()
    person = get_reader(token)
    if request.form.get("do") == "end":
        end_feed(db(), person)
    elif _may(person):
        renew_feed(db(), person)
    else:
        raise Conflict(_("There is nothing to put in a calendar just now."))
    db().commit()
    return redirect(url_for("participant.show_calendar", token=token, saved=1), 303)


def _may(person: Participant) -> bool:
    return may_follow(person, messages.get_group_of(db(), person), now().date())
