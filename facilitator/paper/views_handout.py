"""The handout: one meeting on paper for everybody who comes, as neutral as the page behind its link.

It carries what was released and nothing else: no group, no theme, no name, no link, and no sign of who holds it.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from facilitator.curriculum.materials import HelpLine
from facilitator.paper.prose import read_prose
from facilitator.paper.views_pdf import hand_over, spoken_language, wants_large
from facilitator.paper.wording import checked_words
from facilitator.participant.service import Help, SessionPage, session_page
from facilitator.planning import service
from facilitator.planning.models import GroupSession
from facilitator.planning.timetable import refuse_cancelled
from facilitator.planning.wording import in_session
from facilitator.prompts.models import PromptVersion
from facilitator.web.filters import day_with_year, wall, zone_words
from facilitator.web.login import me
from facilitator.web.request import db, now, settings


def register(blueprint: Blueprint) -> None:
    """Add the routes of the handout."""
    blueprint.get("/sessions/<session_id>/handout")(show_handout)
    blueprint.get("/sessions/<session_id>/handout.pdf")(download_handout)


def show_handout(session_id: str) -> ResponseReturnValue:
    """Show the handout of a session for printing."""
    session, sheet = _get_handout(session_id)
    return render_template("paper/handout.html", session=session, sheet=sheet, large=wants_large())


def download_handout(session_id: str) -> ResponseReturnValue:
    """Hand the handout of a session over as a PDF."""
    return hand_over("handout", _get_handout(session_id)[1], "handout")


def _get_handout(session_id: str) -> tuple[GroupSession, dict[str, Any]]:
    session, group = service.get_session_with_group(db(), me(), session_id)
    refuse_cancelled(session)
    language = spoken_language(group)
    with force_locale(language):
        return session, _handout(session_page(db(), session, group, "", now()), language)


def _handout(page: SessionPage, language: str) -> dict[str, Any]:
    """Return everything that stands on the handout, in words of the group's language."""
    starts, ends = page.clock.starts, page.clock.ends
    return {
        "lang": language,
        "spoken": page.language,
        "large": wants_large(),
        "title": _title(starts),
        "strip": _("Demonstration") if settings().is_demo else "",
        "day": _day(starts),
        "time": _("%(start)s to %(end)s", start=wall(starts), end=wall(ends)),
        "zone": zone_words(page.session.starts_at, page.clock.zone),
        "practical": _practical(page),
        "come": _(
            "Come as you are. You can listen only, step out, come back, or leave early. No explanation is needed."
        ),
        "expect": {"title": _("What to expect"), "lines": _expect()},
        "questions": _questions(page),
        "steady": _steady(page),
        "help": _help(page.help),
    }


def _title(starts: datetime) -> str:
    return f"{_day(starts)}, {wall(starts)}"


def _day(starts: datetime) -> str:
    """Return the day with its year, to begin a page with: in Spanish as well it starts with a capital there."""
    words = day_with_year(starts.date())
    return words[:1].upper() + words[1:]


def _practical(page: SessionPage) -> list[dict[str, str]]:
    """Return what one has to know to come; the way into a room online stays behind the link."""
    session = page.session
    found = [
        (_("Length"), _("%(minutes)s minutes", minutes=session.minutes)),
        (_("Where"), session.place),
        (_("Online"), _("Use the link in your message.") if session.link else ""),
    ]
    return [{"label": label, "words": words} for label, words in found if words]


def _expect() -> list[str]:
    return [
        _("Nobody will ask what happened to you. You can pass on anything, at any time."),
        _("It begins and ends with a short, quiet exercise."),
        _("What others say stays in the room."),
    ]


def _questions(page: SessionPage) -> dict[str, Any] | None:
    """Return the questions that were released, each with its note before it where notes were."""
    if not page.questions:
        return None
    return {
        "title": _("Questions"),
        "pass": _("You can pass on any of them."),
        "list": [
            _question(part.prompt, note_shown=page.note_shown) for part in page.questions if part.prompt is not None
        ],
    }


def _question(prompt: PromptVersion, *, note_shown: bool) -> dict[str, Any]:
    noted = note_shown and prompt.content_note not in {"", "none"}
    return {
        "note": {"label": _("Before you read it:"), "words": prompt.content_note} if noted else None,
        "words": prompt.text,
        "say": read_prose(prompt.text),
        "other": {"label": _("Or:"), "words": prompt.opt_out} if prompt.opt_out else None,
    }


def _steady(page: SessionPage) -> dict[str, Any]:
    exercise = page.exercise
    return {
        "title": _("Something steadying, %(minutes)s minutes", minutes=exercise.minutes),
        "steps": [in_session(step, page.session) for step in exercise.steps],
        "other": {"label": _("Or:"), "words": exercise.alternative} if exercise.alternative else None,
    }


def _help(found: Help) -> dict[str, Any]:
    """Return whom anyone may call; the line on what the group is stays off, as paper lies about."""
    return {
        "title": _("Help now"),
        "intro": found.intro,
        "lines": [_line(line) for line in (*found.lines, *found.elsewhere)],
        "checked": checked_words(found.checked_on),
    }


def _line(line: HelpLine) -> dict[str, str]:
    text = _("or by text: %(text)s", text=line.text) if line.text else ""
    return {"label": line.label, "call": line.phone or line.url, "more": ", ".join(filter(None, (text, line.hours)))}
