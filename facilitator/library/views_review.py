"""The clinical review of the library: how far it has come, one entry a page, and a shelf or theme at once."""

from math import ceil
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from facilitator.accounts.forms import LANGUAGES
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.errors import Invalid, NotAllowed, NotFound
from facilitator.library import pieces, review
from facilitator.library.forms_review import DecisionForm, RoleForm
from facilitator.library.pieces import SECTIONS, Piece
from facilitator.prompts.queries import has_reviewed
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

PAGE_SIZE = 20
ROLE = "review_role"  # in the cookie, so that a sitting's role ends with it


def register(blueprint: Blueprint) -> None:
    """Add the pages of the review, and what other pages say about it."""
    piece = "/review/<edition>/entries/<version_id>"
    section = "/review/<edition>/sections/<section>"
    blueprint.get("/review")(show_review)
    blueprint.post("/review")(start_review)
    blueprint.get("/review/<edition>/next")(go_on)
    blueprint.post("/review/<edition>/later")(take_up_later)
    blueprint.get(piece)(show_piece)
    blueprint.post(piece)(decide_piece)
    blueprint.get(f"{piece}/retire")(ask_retirement)
    blueprint.get(section)(show_section)
    blueprint.post(section)(approve_section)
    blueprint.app_context_processor(_tell_others)


def show_review() -> ResponseReturnValue:
    """Say how far the review has come and where it goes on; to others, who may review."""
    return _show_progress(RoleForm(role=_role()), request.args.get("language", ""))


def start_review() -> ResponseReturnValue:
    """Keep what the reviewer is for this sitting, and open the next entry."""
    _require_reviewer()
    edition, form = request.form.get("language", SOURCE_LANGUAGE), RoleForm()
    try:
        session[ROLE] = review.validate_role(form.role.data or "")
    except Invalid as problem:
        form.role.errors = [problem.message]
        return _show_progress(form, edition, status=problem.status)
    return redirect(url_for("library.go_on", edition=edition), 303)


def go_on(edition: str) -> ResponseReturnValue:
    """Open the next entry that waits, of a section or of all."""
    section = request.args.get("section", "")
    return _open(edition, pieces.find_due(_list_pieces(edition), section=section))


def take_up_later(edition: str) -> ResponseReturnValue:
    """Put what was left for later back into the order, and go on."""
    review.take_up(db(), [piece.row.id for piece in _list_pieces(edition) if piece.later])
    db().commit()
    return redirect(url_for("library.go_on", edition=edition), 303)


def show_piece(edition: str, version_id: str) -> ResponseReturnValue:
    """Show one entry with everything that a reviewer needs."""
    found = _list_pieces(edition)
    piece = review.get_piece(found, version_id)
    if not _role():
        return _ask_role(edition)
    place = found.index(piece)
    return render_template(
        "library/review_piece.html",
        nav="prompts",
        edition=edition,
        piece=piece,
        original=pieces.find_original_of(db(), piece),
        source=SOURCE_LANGUAGE,
        hints=review.list_hints(piece),
        before=found[place - 1] if place else None,
        here=pieces.measure(found, piece.section),
        whole=pieces.measure(found),
        form=DecisionForm(),
        role=_role(),
    )


def decide_piece(edition: str, version_id: str) -> ResponseReturnValue:
    """Approve the words that were shown, leave them for later, take them out of use or take the review back."""
    found, do = _list_pieces(edition), request.form.get("do", "")
    if not _role():
        return _ask_role(edition)
    if do == "approve":
        # the words on the reviewer's screen count, not those that came meanwhile
        _tell_refused(review.approve_shown(db(), edition, [version_id], _role(), now().date()))
    else:
        decide = {"later": review.leave_for_later, "withdraw": review.take_back, "retire": review.take_out}.get(do)
        if decide is None:
            raise NotFound
        decide(db(), review.get_piece(found, version_id))
    db().commit()
    if do == "withdraw":
        return redirect(url_for("library.show_piece", edition=edition, version_id=version_id), 303)
    return _open(edition, pieces.find_due(found, after=version_id))


def ask_retirement(edition: str, version_id: str) -> ResponseReturnValue:
    """Ask whether an entry is to be taken out of use, and say what that means."""
    piece = review.get_piece(_list_pieces(edition), version_id)
    return render_template(
        "library/review_retire.html", nav="prompts", edition=edition, piece=piece, form=DecisionForm()
    )


def show_section(edition: str, section: str) -> ResponseReturnValue:
    """List what waits in a section, with its words folded and a box beside each."""
    found = _list_pieces(edition)
    return _show_boxes(edition, section, found) if _role() else _ask_role(edition)


def approve_section(edition: str, section: str) -> ResponseReturnValue:
    """Ask once, with the number, and then approve the versions that were ticked."""
    found, form = _list_pieces(edition), DecisionForm()
    if not _role():
        return _ask_role(edition)
    ticked = request.form.getlist("version_id")
    if not ticked:
        form.form_errors.append(_("Tick the entries that you have read."))
        return _show_boxes(edition, section, found, form, status=Invalid.status)
    if request.form.get("do") != "approve":
        return _ask_approval(edition, section, [piece for piece in found if piece.row.id in ticked], ticked)
    done = review.approve_shown(db(), edition, ticked, _role(), now().date())
    db().commit()
    flash(ngettext("%(num)s entry approved.", "%(num)s entries approved.", done.approved))
    _tell_refused(done)
    return redirect(url_for("library.show_section", edition=edition, section=section), 303)


def _show_progress(form: RoleForm, wanted: str, status: int = 200) -> ResponseReturnValue:
    languages = pieces.list_languages(db())
    edition = next((each for each in (wanted, language(), SOURCE_LANGUAGE) if each in languages), SOURCE_LANGUAGE)
    found = pieces.list_pieces(db(), edition)
    may = review.may_review(me())
    page = render_template(
        "library/review.html",
        nav="prompts",
        form=form,
        edition=edition,
        languages={each: dict(LANGUAGES).get(each, each) for each in languages},
        whole=pieces.measure(found),
        sections=[pieces.measure(found, section) for section in SECTIONS],
        later=[piece for piece in found if piece.later],
        role=_role(),
        has_errors=bool(form.errors),
    )
    return page, status if may else NotAllowed.status


def _show_boxes(
    edition: str, section: str, found: list[Piece], form: DecisionForm | None = None, status: int = 200
) -> ResponseReturnValue:
    if section not in SECTIONS:
        raise NotFound
    waiting = [piece for piece in found if piece.section == section and not piece.is_reviewed]
    pages = max(1, ceil(len(waiting) / PAGE_SIZE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = waiting[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    everything = "all" in request.args
    return render_template(
        "library/review_section.html",
        nav="prompts",
        edition=edition,
        here=pieces.measure(found, section),
        shown=shown,
        ticked=[piece.row.id for piece in shown] if everything else request.form.getlist("version_id"),
        page=page,
        pages=pages,
        form=form or DecisionForm(),
        has_errors=form is not None,
    ), status


def _ask_approval(edition: str, section: str, meant: list[Piece], ticked: list[str]) -> ResponseReturnValue:
    return render_template(
        "library/review_confirm.html",
        nav="prompts",
        edition=edition,
        section=section,
        meant=meant,
        refused=len(set(ticked)) - len(meant),
        ticked=list(dict.fromkeys(ticked)),
        role=_role(),
        form=DecisionForm(),
    )


def _open(edition: str, piece: Piece | None) -> ResponseReturnValue:
    if not _role():
        return _ask_role(edition)
    if piece is None:
        return redirect(url_for("library.show_review", language=edition), 303)
    return redirect(url_for("library.show_piece", edition=edition, version_id=piece.row.id), 303)


def _ask_role(edition: str) -> ResponseReturnValue:
    flash(_("Say first what you are. It is asked once for a sitting."))
    return redirect(url_for("library.show_review", language=edition), 303)


def _tell_refused(done: review.Approval) -> None:
    if done.refused:
        words = ngettext(
            "%(num)s entry was given other words or taken out of use meanwhile. It was not approved.",
            "%(num)s entries were given other words or taken out of use meanwhile. They were not approved.",
            done.refused,
        )
        flash(words)


def _role() -> str:
    return str(session.get(ROLE, ""))


def _require_reviewer() -> None:
    if not review.may_review(me()):
        raise NotAllowed("Only an account with the role reviewer or admin can review the library.")


def _list_pieces(edition: str) -> list[Piece]:
    _require_reviewer()
    found = pieces.list_pieces(db(), edition)
    if not found:
        raise NotFound
    return found


def _tell_others() -> dict[str, Any]:
    """Give every template what it may ask about the review; nothing is read until it asks."""
    return {
        "may_review": lambda: review.may_review(me()),
        "reviews_waiting": lambda: pieces.count_waiting(db(), language()),
        "no_prompt_reviewed": lambda: settings().require_clinical_review and not has_reviewed(db()),
    }
