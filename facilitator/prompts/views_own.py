"""Writing a prompt, giving one other words, and sharing it, keeping it private or taking it out of use."""

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum.rules import Arena, Format, Phase, Pole, SubBind
from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.errors import Conflict, Invalid, NotAllowed, NotFound
from facilitator.prompts import queries
from facilitator.prompts import service as prompts
from facilitator.prompts.forms_own import PromptForm
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import PromptItem
from facilitator.prompts.rules_draft import PromptDraft, validate_draft
from facilitator.prompts.rules_lint import lint_prompt
from facilitator.prompts.views_page import facts_of, render_prompt
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db
from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed

BLANK = PromptDraft(
    sub_bind=SubBind.CORE,
    pole=Pole.BOTH,
    arenas=(Arena.NERVOUS_SYSTEM,),
    depth=1,
    phase=Phase.EXPLORE,
    format=Format.GO_ROUND,
    minutes_default=12,
    minutes_min=10,
    text="",
)
OF_LIBRARY = "exemplar:"


def register(blueprint: Blueprint) -> None:
    """Add the routes of writing."""
    blueprint.get("/prompts/new")(write_prompt)
    blueprint.post("/prompts/new")(save_prompt)
    blueprint.get("/prompts/<prompt_id>/edit")(edit_prompt)
    blueprint.post("/prompts/<prompt_id>/edit")(save_edit)
    blueprint.post("/prompts/<prompt_id>/standing")(change_standing)


def write_prompt() -> ResponseReturnValue:
    """Show the form for a prompt of one's own, empty or with the words of another."""
    source = _find_source()
    draft = (
        replace(queries.draft_of(source.version), language=language())
        if source
        else replace(BLANK, language=language())
    )
    return _show_form(PromptForm.begin(draft), source=source)


def save_prompt() -> ResponseReturnValue:
    """Look a prompt of one's own over, or keep it."""
    source, form = _find_source(), PromptForm()
    known = source.version.tags if source else []
    tags = tuple(tag for tag in known if not tag.startswith(OF_LIBRARY))
    spoken = form.language.data if form.language.data in editions() else SOURCE_LANGUAGE
    try:
        draft = validate_draft(form.draft(spoken, tags))
    except Invalid as problem:
        form.say(problem)
        return _show_form(form, source=source), 422
    if request.form.get("do") != "save":
        return _show_form(form, draft, source=source)
    item = prompts.write_own(db(), me(), draft)
    db().commit()
    flash(_("Your prompt is kept. It is private to you until you share it."))
    return redirect(url_for("prompts.show_prompt", prompt_id=item.prompt.id, language=spoken), 303)


def edit_prompt(prompt_id: str) -> ResponseReturnValue:
    """Show the form with the words that a prompt has now, in the language of the address."""
    item, spoken = _get_item(prompt_id)
    return _show_form(
        PromptForm.begin(replace(queries.draft_of(item.version), language=spoken)), item=item, spoken=spoken
    )


def save_edit(prompt_id: str) -> ResponseReturnValue:
    """Look other words over, or keep them as a new version."""
    saving, form, draft = request.form.get("do") == "save", PromptForm(), None
    if saving:
        prompts.get_changeable(db(), me(), prompt_id)  # what is read from here on waits for a second window
    item, spoken = _get_item(prompt_id)
    try:
        draft = validate_draft(form.draft(spoken, tuple(item.version.tags)))
        if not saving:
            return _show_form(form, draft, item=item, spoken=spoken)
        refuse_changed(*facts_of(item))
        prompts.edit_own(db(), me(), prompt_id, draft, follows_original=bool(form.follows_original.data))
    except Invalid as problem:
        form.say(problem)
        return _show_form(form, item=item, spoken=spoken), 422
    except ChangedMeanwhile as problem:
        return _show_form(form, draft, item=item, spoken=spoken, problem=problem.message), 409
    db().commit()
    flash(_("Saved as a new version. The words from before stay where they were used."))
    return redirect(url_for("prompts.show_prompt", prompt_id=prompt_id, language=spoken), 303)


def change_standing(prompt_id: str) -> ResponseReturnValue:
    """Share a prompt, keep it private, take it out of use or bring it back."""
    words = {
        "share": _("Everybody here can see and use it now."),
        "keep": _("It is private to you again. Where it stands in a plan, it stays."),
        "retire": _("It is out of use. Where it stands already, it stays."),
        "restore": _("It is in use again."),
    }
    do = request.form.get("do", "")
    if do not in words:
        raise NotFound
    try:
        prompts.get_changeable(db(), me(), prompt_id)
        refuse_changed(*facts_of(queries.get_prompt(db(), me(), prompt_id, request.args.get("language", language()))))
        if do in ("share", "keep"):
            prompts.share_own(db(), me(), prompt_id, shared=do == "share")
        else:
            (prompts.retire_own if do == "retire" else prompts.restore_own)(db(), me(), prompt_id)
    except Conflict as problem:
        return render_prompt(prompt_id, problem=problem.message), 409
    db().commit()
    flash(words[do])
    return redirect(url_for("prompts.show_prompt", prompt_id=prompt_id), 303)


def _find_source() -> PromptItem | None:
    source = request.args.get("from", "")
    return queries.get_prompt(db(), me(), source, language()) if source else None


def _get_item(prompt_id: str) -> tuple[PromptItem, str]:
    """Return a prompt that the reader may change, and the language that is meant."""
    asked = request.args.get("language", "")
    item = queries.get_prompt(db(), me(), prompt_id, asked or language())
    if not prompts.can_change(me(), item.prompt):
        raise NotAllowed(_("Only its author can change a prompt. You can make your own from it instead."))
    return item, asked if asked in editions() else item.version.language


def _show_form(
    form: PromptForm,
    draft: PromptDraft | None = None,
    *,
    source: PromptItem | None = None,
    item: PromptItem | None = None,
    spoken: str = "",
    problem: str = "",
) -> str:
    return render_template(
        "prompts/write_prompt.html",
        nav="prompts",
        form=form,
        draft=draft,
        warnings=lint_prompt(draft) if draft else (),
        source=source,
        item=item,
        spoken=spoken,
        original=_find_original(item, spoken) if item else None,
        problem=problem,
        seen=mark_of(*facts_of(item)) if item else "",
        has_errors=bool(form.errors),
    )


def _find_original(item: PromptItem, spoken: str) -> PromptVersion | None:
    return queries.find_newest_version(db(), item.prompt.id, SOURCE_LANGUAGE) if spoken != SOURCE_LANGUAGE else None
