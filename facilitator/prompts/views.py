"""The library of prompts: what there is, one prompt with its review, its versions and its use, and where it may stand."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.errors import Invalid, NotAllowed
from facilitator.groups.service import list_own
from facilitator.planning import prompt_uses as uses
from facilitator.planning.wording import refusal_line
from facilitator.prompts import queries, queries_browse, views_own
from facilitator.prompts import service as prompts
from facilitator.prompts.forms import FIELDS, FilterForm, ReviewForm
from facilitator.prompts.markup import render_words
from facilitator.prompts.rules_search import Sorting, Used
from facilitator.prompts.views_page import render_prompt
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now, settings

blueprint = Blueprint("prompts", __name__)
blueprint.add_app_template_filter(render_words, "rendered")
views_own.register(blueprint)


@blueprint.get("/prompts")
def list_prompts() -> ResponseReturnValue:
    """Show the library, narrowed by the filters of the address."""
    groups = {group.id: group for group in list_own(db(), me())}
    edition = language() if language() in editions() else SOURCE_LANGUAGE
    form = FilterForm.of(request.args, [(group.id, group.label) for group in groups.values()], edition)
    group = groups.get(form.group.data)
    filters = queries_browse.PromptFilter(
        **form.asked(),
        uses=uses.count_uses([group] if group else groups.values(), now()) if groups else None,
        **(_used(form.used.data, group) if group else {}),
    )
    page = request.args.get("page", 1, type=int)
    found = queries_browse.list_prompts(db(), me(), filters, page, Sorting(form.sort.data))
    loosened = queries_browse.count_loosened(db(), me(), filters) if not found.total else {}
    return render_template(
        "prompts/list_prompts.html",
        nav="prompts",
        form=form,
        found=found,
        group=group,
        loosened=[(form[FIELDS.get(name, name)], count) for name, count in loosened.items()],
        said_once=any(item.version.status == "draft" and not item.mine for item in found.items),
    )


@blueprint.get("/prompts/<prompt_id>")
def show_prompt(prompt_id: str) -> ResponseReturnValue:
    """Show one prompt with its way out, its follow-ups, its review, its versions and where it was used."""
    return render_prompt(prompt_id)


@blueprint.post("/prompts/<prompt_id>/review")
def review_prompt(prompt_id: str) -> ResponseReturnValue:
    """Approve the wording that was read, or take its review back; for reviewers and admins."""
    if me().role not in prompts.REVIEWERS:
        raise NotAllowed("Only a reviewer can approve prompts.")
    queries.get_prompt(db(), me(), prompt_id)
    form = ReviewForm()
    # the wording on the reviewer's screen counts, not one that came meanwhile
    read = [request.form.get("version_id", "")]
    try:
        if request.form.get("do") == "withdraw":
            prompts.withdraw_review(db(), read)
        else:
            prompts.approve(db(), read, form.role.data or "", now().date())
    except Invalid as problem:
        form.role.errors = [problem.message]
        return render_prompt(prompt_id, form), 422
    db().commit()
    flash(_("Saved."))
    return redirect(url_for("prompts.show_prompt", prompt_id=prompt_id), 303)


@blueprint.get("/prompts/<prompt_id>/use")
def choose_session(prompt_id: str) -> ResponseReturnValue:
    """Show in which coming sessions of a group a prompt may stand, and why not in the others."""
    groups = {group.id: group for group in list_own(db(), me())}
    group = groups.get(request.args.get("group", "")) or next(iter(groups.values()), None)
    edition = group.language if group and group.language in editions() else SOURCE_LANGUAGE
    item = queries.get_prompt(db(), me(), prompt_id, edition)
    review = settings().require_clinical_review
    found = uses.list_openings(db(), group, queries.card_of(item), now(), require_review=review) if group else []
    return render_template(
        "prompts/choose_session.html",
        nav="prompts",
        item=item,
        groups=list(groups.values()),
        group=group,
        fitting=[opening for opening in found if opening.fits],
        others=[
            (opening, refusal_line(opening.refusal) if opening.refusal else "") for opening in found if not opening.fits
        ],
    )


def _used(asked: str, group: Any) -> dict[str, Any]:
    if not asked.isdigit():
        return {"used": Used(asked) if asked else None}
    return {"used": Used.NOT_LATELY, "lately_from": uses.find_start_of_last(db(), group, int(asked), now())}
