"""Swapping a prompt while the session runs: the planner's offers on a dark page, and back to the room."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Conflict
from facilitator.planning import agenda, assigning, live, service
from facilitator.planning.offers import list_offers
from facilitator.planning.shown import load_part_facts, part_facts
from facilitator.planning.timetable import lock_timetable
from facilitator.planning.wording import conflict_words
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of, refuse_changed

SILENT = "silent"
MOST_OFFERS = 6
"""As many as a person can read while a group waits; the planner has them all."""


def register(blueprint: Blueprint) -> None:
    """Add the routes of a swap in the room."""
    blueprint.get("/sessions/<session_id>/run/swap/<segment_id>")(choose_in_room)
    blueprint.post("/sessions/<session_id>/run/swap/<segment_id>")(swap_in_room)


def choose_in_room(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Show the few best that may stand here instead."""
    return _show(session_id, segment_id)


def swap_in_room(session_id: str, segment_id: str) -> ResponseReturnValue:
    """Put the chosen one here, or a silent minute, if the rules allow it, and go back to the room."""
    session = service.get_session(db(), me(), session_id)
    segment = agenda.get_segment(db(), session, segment_id)
    chosen, review = request.form.get("choice", "")[:80], settings().require_clinical_review
    try:
        lock_timetable(db(), session.group_id)
        refuse_changed(*load_part_facts(db(), segment_id))
        if chosen == SILENT:
            assigning.empty_slot(db(), session, segment_id, now())
        elif segment.phase:
            assigning.swap(db(), me(), session, segment_id, chosen, now(), require_review=review)
        else:
            assigning.swap_exercise(db(), session, segment_id, chosen, now())
    except Conflict as problem:
        db().rollback()
        return _show(session_id, segment_id, problem), 409
    live.note_change(db(), session)
    db().commit()
    flash(_("%(part)s has changed.", part=segment.title))
    return redirect(url_for("planning.run_session", session_id=session.id), 303)


def _show(session_id: str, segment_id: str, problem: Conflict | None = None) -> str:
    session, group = service.get_session_with_group(db(), me(), session_id)
    review = settings().require_clinical_review
    offers = list_offers(db(), me(), session, group, segment_id, require_review=review)
    return render_template(
        "planning/run_swap.html",
        session=session,
        offers=offers,
        most=MOST_OFFERS,
        problem=conflict_words(problem) if problem else "",
        seen=mark_of(*part_facts(offers.part.assignment)),
        not_reviewed_strip=not review,
    )
