"""The page of one session, and what is decided there for the whole evening."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.planning import assigning, service
from facilitator.planning.session_page import session_page
from facilitator.web.login import me
from facilitator.web.request import db, now, settings


def register(blueprint: Blueprint) -> None:
    """Add the routes of one session."""
    blueprint.get("/sessions/<session_id>")(show_session)
    blueprint.post("/sessions/<session_id>/limit")(limit_depth)
    blueprint.post("/sessions/<session_id>/again")(choose_again)
    blueprint.post("/sessions/<session_id>/evening")(set_evening)
    blueprint.post("/sessions/<session_id>/release")(release_session)
    blueprint.post("/sessions/<session_id>/address")(renew_address)


def show_session(session_id: str) -> ResponseReturnValue:
    """Show the plan of one session with its checks."""
    session, group = service.get_session_with_group(db(), me(), session_id)
    review = settings().require_clinical_review
    path = url_for("participant.show_session", token=service.page_token(db(), session))
    return render_template(
        "planning/show_session.html",
        nav="groups",
        page=session_page(db(), session, group, require_review=review),
        not_reviewed_strip=not review,
        address=settings().base_url + path,
        now=now(),
    )


def limit_depth(session_id: str) -> ResponseReturnValue:
    """Make the session gentler, or let it go as deep as its pathway again."""
    session = service.get_session(db(), me(), session_id)
    limit = request.form.get("limit", 0, type=int)
    assigning.lower_depth(db(), session, limit, now(), require_review=settings().require_clinical_review)
    db().commit()
    flash(_("The limit of this session is now depth %(limit)s. What was too deep was chosen again.", limit=limit))
    return _back(session_id)


def choose_again(session_id: str) -> ResponseReturnValue:
    """Choose anew for every slot that is not locked."""
    session = service.get_session(db(), me(), session_id)
    assigning.regenerate(db(), session, now(), require_review=settings().require_clinical_review)
    db().commit()
    flash(_("Chosen again. What is locked stayed."))
    return _back(session_id)


def set_evening(session_id: str) -> ResponseReturnValue:
    """Say whether one leads alone and whether newcomers are expected."""
    session = service.get_session(db(), me(), session_id)
    lone, newcomers = "lone" in request.form, "newcomers" in request.form
    review = settings().require_clinical_review
    assigning.set_evening(db(), session, now(), lone=lone, newcomers=newcomers, require_review=review)
    db().commit()
    flash(_("Saved. What no longer fitted was chosen again."))
    return _back(session_id)


def release_session(session_id: str) -> ResponseReturnValue:
    """Show the prompts on the participants' page, or take them back."""
    session = service.get_session(db(), me(), session_id)
    service.set_released(db(), session, materials="materials" in request.form, note="note" in request.form)
    db().commit()
    flash(_("People can read the questions now.") if session.released else _("People cannot read the questions."))
    return _back(session_id)


def renew_address(session_id: str) -> ResponseReturnValue:
    """Give the participants' page another address; the old one ends at once."""
    session = service.get_session(db(), me(), session_id)
    service.renew_page(db(), session)
    db().commit()
    flash(_("The page has a new address. The old one has ended."))
    return _back(session_id)


def _back(session_id: str) -> ResponseReturnValue:
    return redirect(url_for("planning.show_session", session_id=session_id), 303)
