"""What fills one part of a session: swap, lock, silence, a prompt of one's own."""

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.errors import Conflict, Invalid
from facilitator.groups.models import Group
from facilitator.planning import agenda, assigning, service
from facilitator.planning.forms_prompt import OwnPromptForm
from facilitator.planning.history import ChangeCode, recorded
from facilitator.planning.models import GroupSession, Segment
from facilitator.planning.offers import list_offers
from facilitator.planning.shown import load_part_facts, part_facts
from facilitator.planning.timetable import lock_timetable
from facilitator.planning.views_session import back, on_session_page
from facilitator.planning.wording import conflict_words, lint_words
from facilitator.prompts.rules_lint import LintWarning, lint_prompt
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of, refuse_changed


def register(blueprint: Blueprint) -> None:
    """Add the routes of one part."""
    part = "/sessions/<session_id>/segments/<segment_id>"
    blueprint.get(f"{part}/swap")(choose_swap)
    blueprint.post(f"{part}/swap")(swap)
    blueprint.post(f"{part}/lock")(lock)
    blueprint.post(f"{part}/silent")(make_silent)
    blueprint.get(f"{part}/own")(write_own)
    blueprint.post(f"{part}/own")(save_own)


def choose_swap(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Show what may stand here instead, best first."""
    return _show_swap(session_id, segment_id)


def _show_swap(session_id: str, segment_id: str, problem: Conflict | None = None) -> str:
    session, group = service.get_session_with_group(db(), me(), session_id)
    review = settings().require_clinical_review
    offers = list_offers(db(), me(), session, group, segment_id, require_review=review)
    return render_template(
        "planning/swap.html",
        nav="groups",
        session=session,
        group=group,
        offers=offers,
        problem=conflict_words(problem) if problem else "",
        chosen=request.values.get("choice", ""),
        seen=mark_of(*part_facts(offers.part.assignment)),
        not_reviewed_strip=not review,
    )


def swap(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Put the chosen prompt or exercise here, if the rules allow it."""
    session = service.get_session(db(), me(), session_id)
    segment = agenda.get_segment(db(), session, segment_id)
    chosen = request.form.get("choice", "")[:80]
    review = settings().require_clinical_review
    try:
        _refuse_stale(session, segment_id)
        with recorded(db(), me(), session, ChangeCode.SWAPPED, part=segment.title):
            if segment.phase:
                assigning.swap(db(), me(), session, segment_id, chosen, now(), require_review=review)
            else:
                assigning.swap_exercise(db(), session, segment_id, chosen, now())
    except Conflict as problem:
        db().rollback()
        return _show_swap(session_id, segment_id, problem), 409
    db().commit()
    flash(_("%(part)s has changed.", part=segment.title))
    return back(session_id, segment_id)


@on_session_page
def lock(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Lock what stands here, or unlock it."""
    session = service.get_session(db(), me(), session_id)
    _refuse_stale(session, segment_id)
    segment = agenda.get_segment(db(), session, segment_id)
    locked = request.form.get("locked") == "1"
    with recorded(db(), me(), session, ChangeCode.LOCKED if locked else ChangeCode.UNLOCKED, part=segment.title):
        assigning.set_locked(db(), session, segment_id, locked=locked)
    db().commit()
    flash(_("Locked. Choosing again leaves it as it is.") if locked else _("Unlocked."))
    return back(session_id, segment_id)


@on_session_page
def make_silent(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Make this part a silent minute."""
    session = service.get_session(db(), me(), session_id)
    _refuse_stale(session, segment_id)
    segment = agenda.get_segment(db(), session, segment_id)
    with recorded(db(), me(), session, ChangeCode.SILENT, part=segment.title):
        assigning.empty_slot(db(), session, segment_id, now())
    db().commit()
    flash(_("This part is a silent minute now."))
    return back(session_id, segment_id)


def write_own(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Show the form for a prompt of one's own."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    segment = agenda.get_segment(db(), session, segment_id)
    return _show_own(session, group, segment, OwnPromptForm.begin(session))


def save_own(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Look over the wording, or put the prompt into the plan."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    segment = agenda.get_segment(db(), session, segment_id)
    form, warnings, review = OwnPromptForm(), None, settings().require_clinical_review
    try:
        _refuse_stale(session, segment_id)
        draft = form.draft(segment, _language(group))
        warnings = lint_prompt(draft)
        if request.form.get("do") != "save":
            assigning.check_own(db(), session, segment_id, draft, now(), require_review=review)
            return _show_own(session, group, segment, form, warnings)
        with recorded(db(), me(), session, ChangeCode.OWN, part=segment.title):
            assigning.use_own(db(), me(), session, segment_id, draft, now(), require_review=review)
    except (Invalid, Conflict) as problem:
        form.say(problem)
        return _show_own(session, group, segment, form, warnings), 422
    db().commit()
    for words in (_("Your prompt is in the plan and locked."), *map(lint_words, warnings)):
        flash(words)
    return back(session_id, segment_id)


def _show_own(
    session: GroupSession,
    group: Group,
    segment: Segment,
    form: OwnPromptForm,
    warnings: tuple[LintWarning, ...] | None = None,
) -> str:
    return render_template(
        "planning/own_prompt.html",
        nav="groups",
        session=session,
        group=group,
        segment=segment,
        form=form,
        warnings=warnings,
        seen=mark_of(*load_part_facts(db(), segment.id)),
        has_errors=bool(form.errors),
    )


def _refuse_stale(session: GroupSession, segment_id: str) -> None:
    lock_timetable(db(), session.group_id)
    refuse_changed(*load_part_facts(db(), segment_id))


def _language(group: Group) -> str:
    return group.language if group.language in editions() else SOURCE_LANGUAGE
