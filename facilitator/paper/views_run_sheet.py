"""The run sheet: the plan of one session on paper, for those who lead, with what helps when it goes otherwise.

It names no participant and leaves no line to write one on.
"""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum import editions
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.rules import PromptStatus, SegmentKind, SessionKind, Topic
from facilitator.groups.models import Group
from facilitator.paper.prose import plain_run, read_line, read_prose
from facilitator.paper.views_pdf import hand_over, wants_large
from facilitator.paper.wording import checked_words, side_words, theme_words
from facilitator.participant.service import Help, get_help
from facilitator.planning import notes, queries, service
from facilitator.planning.models import GroupSession
from facilitator.planning.queries import PlannedSegment
from facilitator.planning.wording import format_words, in_session, wall, when_words
from facilitator.prompts.models import PromptVersion
from facilitator.web.filters import day_with_year
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

OWN_TOPICS = {SessionKind.FIRST: Topic.OPENING, SessionKind.LAST: Topic.CLOSING}


def register(blueprint: Blueprint) -> None:
    """Add the routes of the run sheet."""
    blueprint.get("/sessions/<session_id>/sheet")(show_run_sheet)
    blueprint.get("/sessions/<session_id>/run-sheet.pdf")(download_run_sheet)


def show_run_sheet(session_id: str) -> ResponseReturnValue:
    """Show the plan for printing."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    sheet = _run_sheet(session, group)
    return render_template("paper/run_sheet.html", nav="groups", session=session, sheet=sheet, large=wants_large())


def download_run_sheet(session_id: str) -> ResponseReturnValue:
    """Hand the plan over as a PDF."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    return hand_over("run_sheet", _run_sheet(session, group), "run-sheet")


def _run_sheet(session: GroupSession, group: Group) -> dict[str, Any]:
    """Return everything that stands on the sheet, in words."""
    edition = editions.edition(db(), group.language)
    plan = queries.session_plan(db(), session, group, edition)
    said_once = not settings().require_clinical_review
    own = {part.segment.own_note for part in plan.segments} - {""}
    nameless = frozenset(notes.list_nameless(db(), group.id, own)) if own else frozenset()
    return {
        "lang": language(),
        "spoken": edition.language,
        "large": wants_large(),
        "title": _("Run sheet: %(label)s, session %(number)s", label=group.label, number=session.position),
        "strip": _demonstration(),
        "when": when_words(session, day_with_year(session.on_date)),
        "place": session.place,
        "theme": session.title,
        "focus": session.focus,
        "deepest": {"bars": plan.deepest, "words": _("Deepest ") + str(plan.deepest)} if plan.deepest else None,
        "parts": [_part(part, session, edition, nameless, said_once=said_once) for part in plan.segments],
        "unreviewed": _("Not reviewed, unless marked") if said_once and any(_is_new(p) for p in plan.segments) else "",
        "slow": {"title": edition.scripts.slow_down.title, "steps": edition.scripts.slow_down.steps},
        "crisis": _crisis(edition, get_help(db(), group.language, now().date(), group.country)),
        "after": _after(),
        "last": _("No names or stories on this sheet. Shred it after closing the room."),
    }


def _demonstration() -> str:
    words = _("Demonstration. The people are made up, and the prompts have not had clinical review.")
    return str(words) if settings().is_demo else ""


def _part(
    part: PlannedSegment, session: GroupSession, edition: Catalogue, nameless: frozenset[str], *, said_once: bool
) -> dict[str, Any]:
    prompt, exercise = part.prompt, part.exercise
    silent = part.silent or part.empty
    return {
        "time": wall(part.start_time),
        "title": f"{part.segment.title}: {exercise.name}" if exercise else part.segment.title,
        "minutes": _("%(num)s min", num=part.segment.minutes),
        "note": _("Keep the time, and start the next part gently.") if silent else part.segment.facilitator_note,
        # paper is left lying about: a note in which a name of the list stands is not on it
        "own": _labelled(_("Your note:"), part.segment.own_note if part.segment.own_note in nameless else ""),
        "marks": _marks(prompt) if prompt else None,
        "review": _review(part, said_once=said_once),
        "first": _labelled(_("Say first:"), prompt.content_note) if prompt and prompt.content_note != "none" else None,
        "other": _labelled(_("Or:"), prompt.opt_out if prompt else exercise.alternative if exercise else ""),
        "gently": _labelled(_("Then, gently:"), " ".join(prompt.follow_ups) if prompt else "", signs=True),
        "boxes": [_("used"), _("cut short"), _("skipped")] if prompt else [],
        **_spoken(part, session, edition),
    }


def _spoken(part: PlannedSegment, session: GroupSession, edition: Catalogue) -> dict[str, Any]:
    """Return what is read aloud, as it was written and as blocks, and what it is framed with."""
    frame = ""
    if part.prompt:
        words = part.prompt.text
    elif part.exercise:
        words = " ".join(in_session(step, session) for step in part.exercise.steps)
    elif part.segment.kind == SegmentKind.TEACH:
        teach = edition.teach(OWN_TOPICS.get(SessionKind(session.session_kind), Topic(session.focus)))
        words, frame = teach.say, teach.frame_line
    else:
        words = edition.scripts.silent_minute.say if part.silent or part.empty else ""
    return {"words": words, "say": read_prose(words) if words else [], "frame": frame}


def _marks(prompt: PromptVersion) -> dict[str, Any]:
    return {
        "focus": prompt.sub_bind,
        "theme": theme_words(prompt.sub_bind),
        "pole": prompt.pole,
        "side": side_words(prompt.pole),
        "bars": prompt.depth,
        "depth": f"{_('Depth')} {prompt.depth}",
        "format": format_words(prompt.format).capitalize(),
    }


def _is_new(part: PlannedSegment) -> bool:
    return part.prompt is not None and not part.reviewed


def _review(part: PlannedSegment, *, said_once: bool) -> dict[str, str] | None:
    """Return where a prompt stands in review, where that is worth a mark."""
    prompt = part.prompt
    if prompt is None or prompt.status == PromptStatus.REVIEWED:
        return None
    if prompt.status == PromptStatus.RETIRED:
        return {"sign": "off", "words": _("Retired")}
    if part.own:
        return {"sign": "own", "words": _("Your own, not reviewed")}
    return None if said_once else {"sign": "unrev", "words": _("Not reviewed")}


def _labelled(label: str, words: str, *, signs: bool = False) -> dict[str, Any] | None:
    runs = read_line(words) if signs else [plain_run(words)]
    return {"label": label, "words": words, "runs": runs} if words else None


def _crisis(edition: Catalogue, help_block: Help) -> dict[str, Any]:
    card = edition.scripts.crisis_card
    return {
        "title": card.title,
        "steps": [step.title for step in card.steps],
        "lines": [{"label": line.label, "phone": line.phone} for line in help_block.lines if line.phone],
        "checked": checked_words(help_block.checked_on),
    }


def _after() -> list[str]:
    """Return what is noted when the room closes: heads and the feel of it, nobody's name."""
    return [
        _("People here:") + " ______",
        _("Pace: slow / right / fast"),
        _("Warmth: low / some / plenty"),
        _("Steady at the end: no / mixed / yes"),
    ]
