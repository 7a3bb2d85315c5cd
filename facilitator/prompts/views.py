"""The library of prompts: what there is, and one prompt with its review and its versions."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.prompts import queries
from facilitator.prompts.forms import FilterForm
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db

blueprint = Blueprint("prompts", __name__)


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
    item = queries.get_prompt(db(), me(), prompt_id)
    return render_template(
        "prompts/show_prompt.html",
        nav="prompts",
        item=item,
        versions=queries.list_versions(db(), item.prompt),
    )
