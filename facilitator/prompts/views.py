"""The library of prompts: what there is, and one prompt with its review and its versions."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.accounts.models import Role
from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.errors import Invalid, NotAllowed
from facilitator.prompts import queries
from facilitator.prompts import service as prompts
from facilitator.prompts.forms import FilterForm, ReviewForm
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now

blueprint = Blueprint("prompts", __name__)
REVIEWERS = frozenset({Role.REVIEWER, Role.ADMIN})


@blueprint.get("/prompts")
def list_prompts() -> ResponseReturnValue:
    """Show the library, narrowed by the filters of the address."""
    form = FilterForm.of(request.args)
    edition = language() if language() in editions() else SOURCE_LANGUAGE
    page = request.args.get("page", 1, type=int)
    return render_template(
        "prompts/list_prompts.html",
        nav="prompts",
        form=form,
        found=queries.list_prompts(db(), me(), queries.PromptFilter(language=edition, **form.asked()), page),
    )


@blueprint.get("/prompts/<prompt_id>")
def show_prompt(prompt_id: str) -> ResponseReturnValue:
    """Show one prompt with its way out, its follow-ups, its review and its versions."""
    return _prompt_page(_get_prompt(prompt_id), ReviewForm())


@blueprint.post("/prompts/<prompt_id>/review")
def review_prompt(prompt_id: str) -> ResponseReturnValue:
    """Approve the wording that was read, or take its review back; for reviewers and admins."""
    if me().role not in REVIEWERS:
        raise NotAllowed("Only a reviewer can approve prompts.")
    item = _get_prompt(prompt_id)
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
        return _prompt_page(item, form), 422
    db().commit()
    flash(_("Saved."))
    return redirect(url_for("prompts.show_prompt", prompt_id=prompt_id), 303)


def _get_prompt(prompt_id: str) -> queries.PromptItem:
    return queries.get_prompt(db(), me(), prompt_id, request.args.get("language", language()))


def _prompt_page(item: queries.PromptItem, form: ReviewForm) -> str:
    return render_template(
        "prompts/show_prompt.html",
        nav="prompts",
        item=item,
        versions=queries.list_versions(db(), item.prompt),
        form=form,
        can_review=me().role in REVIEWERS and not item.mine,
        has_errors=bool(form.errors),
    )
