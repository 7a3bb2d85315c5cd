"""The words of each message, in three levels: vague, plain and full.

Below full a letter holds a day, a time, the link of the session's page and the link that stops it, and no word of
what either is about; vague differs from plain by a subject without a time, for that is what a locked screen shows. The
page's link is the same for everybody and ends a day after the session. It stands in letters and not beside the message
settings, whose link lives on: an old letter would open every later session. A cancellation has nothing more to show,
so below full it carries none. At no level is there a theme or a help number. What asks whether it is right to write
there says the same at every level. A kind is one template of text with a block for its subject; the HTML part is made
of the finished lines of that text, so the two cannot differ. Templates are rendered without the request, so a letter
cannot depend on who happens to be signed in. This module must never see an address.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
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
# what a letter cannot be written without; every other kind is about a session
NEEDED = {
    MessageKind.CONFIRM: "confirm_link",
    MessageKind.SAFE_CHECK: "safe_link",
    MessageKind.WELCOME: "stop_link",
    MessageKind.AFTERCARE: "stop_link",
    MessageKind.GOODBYE: "erased_on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What one letter is about.

    Args:
        kind: what it says.
        wording: how much of it.
        language: "en" or "es".
        local_start: the start, aware, in the person's zone; None for what is about no session.
        minutes: how long the session lasts.
        stop_link: where messages stop without signing in.
        page_link: the session's page, shared by all who come to it.
        place: said at full alone.
        link: an address for joining online, said at full alone.
        confirm_link: where a person says yes or no to messages, in a confirmation.
        safe_link: where a person says so once more, in a check.
        sender_name: the neutral name that signs a full letter.
        proof_link: where a facilitator says that their test arrived; it stands under a test alone.
        proof_digits: what they type instead.
        previous_start: the start before a move; equal to `local_start` or None when only the place changed.
        erased_on: the day on which the address is deleted, in a goodbye.
    """

    kind: MessageKind
    wording: Wording
    language: str
    local_start: datetime | None = None
    minutes: int = 0
    stop_link: str = field(repr=False)
    page_link: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    confirm_link: str = field(default="", repr=False)
    safe_link: str = field(default="", repr=False)
    sender_name: str = ""
    proof_link: str = field(default="", repr=False)
    proof_digits: str = field(default="", repr=False)
    previous_start: datetime | None = None
    erased_on: date | None = None

    @property
    def zone(self) -> str:
        """Name the zone of the start; empty without one."""
        return str(self.local_start.tzinfo) if self.local_start else ""

    @property
    def links(self) -> list[str]:
        """List the addresses that a letter may hold, the longest first, for one may begin with another."""
        known = {self.stop_link, self.page_link, self.link, self.confirm_link, self.safe_link, self.proof_link}
        return sorted((link for link in known if link.startswith(("https://", "http://"))), key=len, reverse=True)


def render(facts: LetterFacts) -> Letter:
    """Return the letter in the person's language; needs an application context.

    Raises:
        TypeError: if what this kind is about is missing, or a start is not in a named zone.
    """
    needed = NEEDED.get(facts.kind, "local_start")
    if not getattr(facts, needed):
        raise TypeError(f"a letter of the kind {facts.kind} needs {needed}")
    with force_locale(facts.language):
        values = _values(facts)
        template = current_app.jinja_env.get_template(f"emails/{facts.kind}.txt")
        subject = " ".join("".join(template.blocks["subject"](template.new_context(values))).split())
        text = _without_gaps(template.render(values) + _proof(facts))
        lines = [_pieces(line, facts.links) for line in text.splitlines() if line]
        page = current_app.jinja_env.get_template("emails/_letter.html")
        html = _without_gaps(page.render(values, subject=subject, lines=lines))
    return Letter(subject=subject, text=text, html=html, kind=facts.kind.value)


def _proof(facts: LetterFacts) -> str:
    """Return what stands under a test, so that whoever reads it can say that it arrived; nothing under other letters."""
    if not facts.proof_link:
        return ""
    lines = current_app.jinja_env.get_template("emails/_proof.txt")
    return f"\n\n{lines.render(proof_link=facts.proof_link, proof_digits=facts.proof_digits)}"


def _pieces(line: str, links: list[str]) -> list[str]:
    """Return the words of a line and, at every second place, an address."""
    return re.split(f"({'|'.join(map(re.escape, links))})", line) if links else [line]


def _values(facts: LetterFacts) -> dict[str, Any]:
    locale = get_locale()
    return {
        "wording": facts.wording.value,
        "lang": facts.language,
        "text_dir": locale.text_direction if locale else "ltr",
        **_when(facts),
        "erased_date": _date(facts.erased_on) if facts.erased_on else "",
        "minutes": facts.minutes,
        "place": facts.place,
        "link": facts.link,
        "page_link": facts.page_link,
        "stop_link": facts.stop_link,
        "confirm_link": facts.confirm_link,
        "safe_link": facts.safe_link,
        "sender_name": facts.sender_name,
    }


def _when(facts: LetterFacts) -> dict[str, Any]:
    """Return the start, the start before and whose clock is meant; nothing without a session."""
    if facts.local_start is None:
        return {}
    before = facts.previous_start or facts.local_start
    return {
        **_clock(facts.local_start, ""),
        **_clock(before, "old_"),
        "has_new_time": before != facts.local_start,
        "city": _city(facts.local_start),
    }


def _clock(local: datetime, prefix: str) -> dict[str, str]:
    return {
        prefix + "weekday": format_date(local.date(), WEEKDAY_PATTERN),
        prefix + "date": _date(local.date()),
        prefix + "time": format_time(local, TIME_PATTERN, rebase=False),
    }


def _date(day: date) -> str:
    locale = get_locale()
    said: str = format_date(day, DATE_PATTERNS.get(locale.language if locale else "en", DATE_PATTERNS["en"]))
    return said


def _city(local: datetime) -> str:
    """Return the city whose clock is meant, in the letter's language, or the zone itself where it has none."""
    if not isinstance(local.tzinfo, ZoneInfo):
        raise TypeError("the start of a letter is in a named zone")
    return get_timezone_location(local.tzinfo, locale=get_locale(), return_city=True)


def _without_gaps(text: str) -> str:
    """Return the text with at most one empty line in a row, none at its ends, and one line end."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
