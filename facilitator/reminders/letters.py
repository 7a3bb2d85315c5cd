"""The words of each message, in three levels: vague, plain and full.

Below full a letter holds a day, a time, the link of the session's page and the link that stops it, and no word of
what either is about; vague differs from plain by a subject without a time, for that is what a locked screen shows. The
page's link is the same for everybody and ends a day after the session. It stands in letters and not beside the message
settings, whose link lives on: an old letter would open every later session. A cancellation has nothing more to show,
so below full it carries none. At no level is there a theme or a help number. Templates are rendered without the request, so a letter cannot depend on who happens to be signed in.
This module must never see an address.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from flask import current_app
from flask_babel import force_locale, format_date, format_time, get_locale

from facilitator.groups.models import Wording
from facilitator.mail.message import Letter
from facilitator.reminders.rules import MessageKind

DATE_PATTERNS = {"en": "EEEE d MMMM", "es": "EEEE d 'de' MMMM"}
WEEKDAY_PATTERN, TIME_PATTERN = "EEEE", "HH:mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What one letter is about.

    Args:
        kind: what it says.
        wording: how much of it.
        language: "en" or "es".
        local_start: the start, aware, in the person's zone.
        minutes: how long the session lasts.
        stop_link: where messages stop without signing in.
        page_link: the session's page, shared by all who come to it.
        place: said at full alone.
        link: an address for joining online, said at full alone.
        sender_name: the neutral name that signs a full letter.
        previous_start: the start before a move; equal to `local_start` or None when only the place changed.
    """

    kind: MessageKind
    wording: Wording
    language: str
    local_start: datetime
    minutes: int
    stop_link: str = field(repr=False)
    page_link: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    sender_name: str = ""
    previous_start: datetime | None = None


def render(facts: LetterFacts) -> Letter:
    """Return the letter in the person's language; needs an application context."""
    with force_locale(facts.language):
        values = _values(facts)
        subject = " ".join(_render(facts.kind, "subject.txt", values).split())
        values["subject"] = subject
        text = _without_gaps(_render(facts.kind, "txt", values))
        html = _without_gaps(_render(facts.kind, "html", values))
    return Letter(subject=subject, text=text, html=html, kind=facts.kind.value)


def _render(kind: MessageKind, ending: str, values: dict[str, Any]) -> str:
    return current_app.jinja_env.get_template(f"emails/{kind}.{ending}").render(values)


def _values(facts: LetterFacts) -> dict[str, Any]:
    before = facts.previous_start or facts.local_start
    locale = get_locale()
    return {
        "wording": facts.wording.value,
        "lang": facts.language,
        "text_dir": locale.text_direction if locale else "ltr",
        **_clock(facts.local_start, ""),
        **_clock(before, "old_"),
        "has_new_time": before != facts.local_start,
        "city": _city(facts.local_start),
        "minutes": facts.minutes,
        "place": facts.place,
        "link": facts.link,
        "page_link": facts.page_link,
        "stop_link": facts.stop_link,
        "sender_name": facts.sender_name,
    }


def _clock(local: datetime, prefix: str) -> dict[str, str]:
    locale = get_locale()
    pattern = DATE_PATTERNS.get(locale.language if locale else "en", DATE_PATTERNS["en"])
    return {
        prefix + "weekday": format_date(local.date(), WEEKDAY_PATTERN),
        prefix + "date": format_date(local.date(), pattern),
        prefix + "time": format_time(local, TIME_PATTERN, rebase=False),
    }


def _city(local: datetime) -> str:
    """Return the city whose clock is meant, in the letter's language, or the zone itself where it has none."""
    if not isinstance(local.tzinfo, ZoneInfo):
        raise TypeError("the start of a letter is in a named zone")
    return get_timezone_location(local.tzinfo, locale=get_locale(), return_city=True)


def _without_gaps(text: str) -> str:
    """Return the text with at most one empty line in a row, none at its ends, and one line end."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
