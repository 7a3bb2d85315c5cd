"""The page of one prompt, which more than one press leads back to."""

from typing import Any

from flask import render_template, request

from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.library.differences import list_differences
from facilitator.planning import prompt_uses as uses
from facilitator.prompts import queries
from facilitator.prompts import service as prompts
from facilitator.prompts.forms import ReviewForm
from facilitator.prompts.importing import said_by
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import PromptItem
from facilitator.prompts.rules_lint import lint_prompt
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now
from facilitator.web.seen import mark_of


def facts_of(item: PromptItem) -> tuple[object, ...]:
    """Return what the page of a prompt shows that a second window may change."""
    return item.version.id, item.version.status, item.prompt.shared


def render_prompt(prompt_id: str, form: ReviewForm | None = None, problem: str = "") -> str:
    """Render the page of a prompt, with what refused a press on it."""
    item = queries.get_prompt(db(), me(), prompt_id, request.args.get("language", language()))
    versions = queries.list_versions(db(), item.prompt)
    can_change = prompts.can_change(me(), item.prompt)
    return render_template(
        "prompts/show_prompt.html",
        nav="prompts",
        item=item,
        versions=versions,
        **_history(versions),
        used=uses.list_uses(db(), me(), prompt_id),
        today=now(),
        form=form or ReviewForm(),
        problem=problem,
        can_change=can_change,
        can_review=me().role in prompts.REVIEWERS and not item.mine,
        hints=lint_prompt(queries.draft_of(item.version)) if can_change else (),
        seen=mark_of(*facts_of(item)),
        has_errors=bool(form and form.errors),
    )


def _history(versions: list[PromptVersion]) -> dict[str, Any]:
    """Return the newest version of each language, which of them are out of date, and what each version changed."""
    newest: dict[str, PromptVersion] = {}
    changed = {}
    for version, older in zip(versions, [*versions[1:], None], strict=True):
        newest.setdefault(version.language, version)
        if older is not None and older.language == version.language:
            changed[version.id] = list_differences(said_by(older), said_by(version))
    original = newest.get(SOURCE_LANGUAGE)
    outdated = {
        v.language for v in newest.values() if original and v is not original and v.translation_of < original.version
    }
    return {"editions": newest, "outdated": outdated, "changed": changed}
