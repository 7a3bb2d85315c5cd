"""The page of one session, and what is decided there for the whole evening."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.errors import Conflict, Invalid
from facilitator.planning import assigning, service
from facilitator.planning.filling import Refit
from facilitator.planning.history import ChangeCode, find_undoable, recorded
from facilitator.planning.models import GroupSession
from facilitator.planning.session_page import session_page
from facilitator.planning.shown import load_plan_facts, part_facts, plan_facts
from facilitator.planning.timetable import lock_timetable
from facilitator.planning.wording import refit_words
from facilitator.web.login import me
from facilitator.web.request import db, now, settings
from facilitator.web.seen import mark_of, refuse_changed

Press = Callable[..., ResponseReturnValue]


def register(blueprint: Blueprint) -> None:
    """Add the routes of one session."""
    blueprint.get("/sessions/<session_id>")(show_session)
    blueprint.post("/sessions/<session_id>/limit")(limit_depth)
    blueprint.post("/sessions/<session_id>/again")(choose_again)
    blueprint.post("/sessions/<session_id>/evening")(set_evening)
    blueprint.post("/sessions/<session_id>/release")(release_session)
    blueprint.post("/sessions/<session_id>/address")(renew_address)


def on_session_page(view: Press) -> Press:
    """Show a press that is refused on the page of the session, with the reason and how things stand now."""

    @wraps(view)
    def show_refused(session_id: str, **rest: str) -> ResponseReturnValue:
        try:
            return view(session_id, **rest)
        except (Conflict, Invalid) as problem:
            db().rollback()
            return render_session(session_id, problem), 409 if isinstance(problem, Conflict) else 422

    return show_refused


def show_session(session_id: str) -> ResponseReturnValue:
    """Show the plan of one session with its checks."""
    return render_session(session_id)


def render_session(session_id: str, problem: Conflict | Invalid | None = None) -> str:
    """Render the plan of one session, with what refused a press on it; what was chosen stays chosen then."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    review = settings().require_clinical_review
    path = url_for("participant.show_session", token=service.page_token(db(), session))
    page = session_page(db(), session, group, require_review=review)
    rows = [(part.segment, part.assignment) for part in page.plan.segments]
    return render_template(
        "planning/show_session.html",
        nav="groups",
        page=page,
        problem=problem,
        wrong_field=problem.field if isinstance(problem, Invalid) else "",
        typed=request.form,
        seen=mark_of(*plan_facts(session, rows)),
        seen_parts={segment.id: mark_of(*part_facts(row)) for segment, row in rows},
        undoable=find_undoable(session, rows),
        not_reviewed_strip=not review,
        address=settings().base_url + path,
        now=now(),
    )


@on_session_page
def limit_depth(session_id: str) -> ResponseReturnValue:
    """Make the session gentler, or let it go as deep as its pathway again."""
    session = service.get_session(db(), me(), session_id)
    refuse_stale(session)
    limit = request.form.get("limit", 0, type=int)
    with recorded(db(), me(), session, ChangeCode.LIMIT, limit=limit):
        found = assigning.lower_depth(db(), session, limit, now(), require_review=settings().require_clinical_review)
    _say(_("The limit of this session is now depth %(limit)s.", limit=limit), found)
    db().commit()
    return back(session_id)


@on_session_page
def choose_again(session_id: str) -> ResponseReturnValue:
    """Choose anew for every slot that is not locked."""
    session = service.get_session(db(), me(), session_id)
    refuse_stale(session)
    with recorded(db(), me(), session, ChangeCode.AGAIN):
        assigning.regenerate(db(), session, now(), require_review=settings().require_clinical_review)
    db().commit()
    flash(_("Chosen again. What is locked stayed."))
    return back(session_id)


@on_session_page
def set_evening(session_id: str) -> ResponseReturnValue:
    """Say whether one leads alone and whether newcomers are expected."""
    session = service.get_session(db(), me(), session_id)
    refuse_stale(session)
    lone, newcomers = "lone" in request.form, "newcomers" in request.form
    review = settings().require_clinical_review
    with recorded(db(), me(), session, ChangeCode.EVENING):
        found = assigning.set_evening(db(), session, now(), lone=lone, newcomers=newcomers, require_review=review)
    _say(_("Saved."), found)
    db().commit()
    return back(session_id)


def release_session(session_id: str) -> ResponseReturnValue:
    """Show the prompts on the participants' page, or take them back."""
    session = service.get_session(db(), me(), session_id)
    service.set_released(db(), session, materials="materials" in request.form, note="note" in request.form)
    db().commit()
    flash(_("People can read the questions now.") if session.released else _("People cannot read the questions."))
    return back(session_id)


def renew_address(session_id: str) -> ResponseReturnValue:
    """Give the participants' page another address; the old one ends at once."""
    session = service.get_session(db(), me(), session_id)
    service.renew_page(db(), session)
    db().commit()
    flash(_("The page has a new address. The old one has ended."))
    return back(session_id)


def refuse_stale(session: GroupSession) -> None:
    """Refuse a press on a page that showed another plan; the timetable is locked, so the plan stays as it is read.

    Raises:
        ChangedMeanwhile: when it did.
    """
    lock_timetable(db(), session.group_id)
    refuse_changed(*load_plan_facts(db(), session))


def back(session_id: str, segment_id: str = "") -> ResponseReturnValue:
    """Return to the page of a session, at one of its parts."""
    anchor = f"part-{segment_id}" if segment_id else None
    return redirect(url_for("planning.show_session", session_id=session_id, _anchor=anchor), 303)


def _say(first: str, found: Refit) -> None:
    for words in (first, *refit_words(found)):
        flash(words)
