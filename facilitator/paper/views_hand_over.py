"""The hand-over note: one page for a substitute who has never met the group.

It names nobody, counts nobody and carries no address: who leads in place of another needs to know where the group stands
and what holds today, and not who comes. How to get in is left open, for a pen.
"""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.attendance.rules import CORRECTABLE_FOR
from facilitator.curriculum import editions
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.rules import SegmentKind
from facilitator.groups.models import Group
from facilitator.paper import views_pdf
from facilitator.paper.views_pdf import wants_large
from facilitator.paper.wording import checked_words
from facilitator.participant.service import get_help
from facilitator.planning import service
from facilitator.planning.handing_over import HandOver, LastTime, LimitReason, hand_over
from facilitator.planning.models import GroupSession, Outcome
from facilitator.planning.queries import PlannedSegment
from facilitator.planning.wording import reason_words, wall, when_words
from facilitator.web.filters import day_with_year
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

SHORT = 84  # letters of a prompt, to know it again; its words stand on the run sheet
GROUNDINGS = (SegmentKind.GROUND_OPEN, SegmentKind.GROUND_CLOSE)


def register(blueprint: Blueprint) -> None:
    """Add the routes of the note."""
    blueprint.get("/sessions/<session_id>/hand-over")(show_hand_over)
    blueprint.get("/sessions/<session_id>/hand-over.pdf")(download_hand_over)


def show_hand_over(session_id: str) -> ResponseReturnValue:
    """Show the note for printing."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    sheet = _note(session, group)
    return render_template("paper/hand_over.html", nav="groups", session=session, sheet=sheet, large=wants_large())


def download_hand_over(session_id: str) -> ResponseReturnValue:
    """Hand the note over as a PDF."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    return views_pdf.hand_over("hand_over", _note(session, group), "hand-over")


def _note(session: GroupSession, group: Group) -> dict[str, Any]:
    """Return everything that stands on the note, in words."""
    edition = editions.edition(db(), group.language)
    found = hand_over(db(), session, group, edition)
    return {
        "lang": language(),
        "spoken": edition.language,
        "large": wants_large(),
        "title": _("Hand-over note: %(label)s, session %(number)s", label=group.label, number=session.position),
        "strip": _("Demonstration") if settings().is_demo else "",
        "when": when_words(session, day_with_year(session.on_date)),
        "getting_there": _getting_there(session),
        "work": _work(found, session),
        "last": _last_time(found.last),
        "plan": {"title": _("Today’s plan"), "parts": [_part(part, found) for part in found.plan.segments]},
        "depth": _depth(found),
        "agreements": _agreements(edition, session),
        "roles": _roles(edition, session),
        "crisis": _crisis(edition, group),
        "end": _end(),
        "foot": _("No name of anybody who comes stands here. Shred it after the session."),
    }


def _getting_there(session: GroupSession) -> dict[str, Any]:
    where = [session.place or _("No place is entered.")]
    if session.link:
        where.append(_("Also online. The link is not on paper; it comes from the person who leads."))
    return {
        "title": _("Getting there"),
        "where": " ".join(where),
        "blanks": [_("How to get in"), _("Whom to call if something is not as it should be")],
    }


def _work(found: HandOver, session: GroupSession) -> dict[str, Any]:
    of = _("Session %(number)s of %(count)s.", number=session.position, count=found.count)
    return {
        "title": _("What the group is working on"),
        "focus": session.focus,
        "theme": session.title,
        "words": " ".join([of, _("Path: %(name)s.", name=found.path)] if found.path else [of]),
    }


def _last_time(last: LastTime | None) -> dict[str, Any]:
    title = _("Last time")
    if last is None:
        return {"title": title, "words": [_("No session of this series was held before.")], "parts": []}
    before = last.plan.session
    words = [f"{before.position}. {before.title}, {day_with_year(before.on_date)}."]
    if last.deepest:
        words.append(_("The deepest point was depth %(depth)s.", depth=last.deepest))
    if not last.said:
        words.append(_("Nobody said what was used."))
    if last.note:
        words.append(_("Left for this plan: %(note)s", note=last.note))
    elif last.is_note_withheld:
        words.append(_("A note was left too; it holds a name, so it is not printed."))
    return {"title": title, "words": words, "parts": [_said(part) for part in last.said]}


def _said(part: PlannedSegment) -> dict[str, str]:
    said = {Outcome.USED: _("used"), Outcome.CUT_SHORT: _("cut short"), Outcome.SKIPPED: _("skipped")}
    outcome = part.assignment.outcome if part.assignment else ""
    text = part.prompt.text if part.prompt else ""
    return {"title": part.segment.title, "said": said.get(Outcome(outcome), ""), "text": _shorten(text)}


def _part(part: PlannedSegment, found: HandOver) -> dict[str, Any]:
    named = part.exercise.name if part.exercise else _("A silent minute") if part.silent else ""
    note = found.notes.get(part.segment.id, "")
    return {
        "time": wall(part.start_time),
        "title": f"{part.segment.title}: {named}" if named else part.segment.title,
        "minutes": _("%(num)s min", num=part.segment.minutes),
        "bars": part.prompt.depth if part.prompt else 0,
        "depth": f"{_('Depth')} {part.prompt.depth}" if part.prompt else "",
        "locked": _locked(part),
        "note": _("Note: %(words)s", words=note) if note else "",
    }


def _locked(part: PlannedSegment) -> str:
    """Return that a part stays as it is, and why."""
    if part.segment.kind in GROUNDINGS:
        return str(_("Stays: people arrive and leave steady."))
    if part.assignment is None or not part.assignment.locked:
        return ""
    why = " ".join(reason_words(reason) for reason in part.reasons[:1])
    locked = _("Locked by hand, please leave it as it is.")  # extraction does not look into f-strings
    return f"{locked} {why}".strip()


def _depth(found: HandOver) -> dict[str, Any]:
    why = {
        LimitReason.PATH: _("The path sets it: it begins and ends shallow, and goes deeper in the middle alone."),
        LimitReason.LOWERED: _("It was lowered for this session."),
        LimitReason.ALONE: _("Whoever leads alone goes to depth 2 at most."),
        LimitReason.NEWCOMERS: _("Newcomers are expected, so what is explored stays at depth 1."),
    }
    return {
        "title": _("No deeper than depth %(limit)s", limit=found.limit),
        "bars": found.limit,
        "words": " ".join([*(why[reason] for reason in found.limit_reasons), _("You can always go gentler.")]),
    }


def _agreements(edition: Catalogue, session: GroupSession) -> dict[str, Any]:
    lines = [line.text for line in edition.agreements.lines if session.link or not line.online_only]
    return {"title": _("Agreements of the group"), "lines": lines, "limits": edition.agreements.limits_line}


def _roles(edition: Catalogue, session: GroupSession) -> dict[str, Any]:
    roles = edition.scripts.roles
    two = [
        {"label": _("Who leads:"), "words": roles.lead},
        {"label": _("Who watches:"), "words": f"{roles.watcher} {roles.swap}"},
    ]
    return {"title": _("Roles"), "lines": [] if session.lone else two, "alone": roles.alone}


def _crisis(edition: Catalogue, group: Group) -> dict[str, Any]:
    card, found = edition.scripts.crisis_card, get_help(db(), group.language, now().date(), group.country)
    return {
        "title": card.title,
        "steps": [step.title.rstrip(".") for step in card.steps],
        "lines": [{"label": line.label, "phone": line.phone} for line in found.lines if line.phone],
        "checked": checked_words(found.checked_on),
    }


def _end() -> dict[str, Any]:
    hours = int(CORRECTABLE_FOR.total_seconds() // 3600)
    return {
        "title": _("At the end"),
        "lines": [
            _("Close the room within %(hours)s hours: how many came, what was used, how it felt.", hours=hours),
            _("Without an account: give the filled run sheet to the person who leads, and keep no copy."),
            _("Kept: a blurred count, what was used, how it felt. Not kept: who came, and what anybody said."),
        ],
    }


def _shorten(text: str) -> str:
    """Return the beginning of a prompt on one line, without its signs."""
    words = " ".join(text.replace("*", "").split())
    return words if len(words) <= SHORT else words[:SHORT].rsplit(" ", 1)[0] + " …"
