"""Calendars that a calendar program reads by itself, and what single calendar files share with them.

The address is the only proof. Reading one writes nothing, sets no cookie and says nothing of who reads it.
"""

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.planning.feeds import Feed, calendar_entry, get_feed
from facilitator.planning.ical import CalendarEntry, calendar_bytes, find_alarm
from facilitator.web.locale import speak
from facilitator.web.login import public
from facilitator.web.request import db, now, settings


def register(blueprint: Blueprint) -> None:
    """Add the address that calendar programs read."""
    blueprint.get("/c/<token>.ics")(show_feed)


@public
def show_feed(token: str) -> ResponseReturnValue:
    """Hand over somebody's calendar, in full each time: nothing in the answer tells one reading from another."""
    feed = get_feed(db(), token, now())
    speak(feed.language)
    return calendar_file(_entries(feed), "calendar.ics")


def calendar_file(entries: Sequence[CalendarEntry], name: str) -> Response:
    """Return an answer that is a calendar, under a file name that says nothing and holds no secret."""
    content = calendar_bytes(entries, _("Calendar"), now(), cancelled_prefix=_("Cancelled: "))
    return Response(
        content, mimetype="text/calendar", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def feed_address(token: str, alarm: str | None) -> str:
    """Return the address to give to a calendar program; `alarm` in minutes before the start, or None."""
    return settings().base_url + url_for("planning.show_feed", token=token, alarm=alarm)


def _entries(feed: Feed) -> list[CalendarEntry]:
    alarm, neutral = find_alarm(request.args.get("alarm", "")), _("Appointment")
    return [
        calendar_entry(
            session,
            f"{label}: {session.position}. {session.title}" if feed.full else neutral,
            location=session.place if feed.full else "",
            alarm=alarm,
            alarm_words=neutral,
        )
        for session, label in feed.sessions
    ]
