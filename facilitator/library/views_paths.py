"""Pathways that facilitators build: begin, build with a dry run beside it, save, share and take back.

A press inside the builder writes nothing and shows the page again with what was typed; only Save writes, and leads on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from facilitator.accounts.forms import LANGUAGES
from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind, GroupKind
from facilitator.curriculum.service import editions
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.library import paths
from facilitator.library.forms_paths import PathForm, StartForm, check_texts, read_sent, show_draft
from facilitator.library.path_drafts import (
    Draft,
    add_row,
    begin_draft,
    drop_row,
    move_row,
    read_draft,
    settle,
    write_pathway,
)
from facilitator.library.paths import OwnPath
from facilitator.library.rehearsal import Rehearsal, rehearse
from facilitator.library.rules_paths import SESSIONS, Fault, list_faults
from facilitator.library.wording_paths import fault_words, name_sides
from facilitator.prompts.queries import load_pool
from facilitator.prompts.rules_cards import PromptPool
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, settings
from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed

UP, DOWN = -1, 1
NAV = "curriculum"


def register(blueprint: Blueprint) -> None:
    """Add the routes of path making."""
    blueprint.get("/pathway/new")(begin_path)
    blueprint.get("/pathway/build")(build_path)
    blueprint.post("/pathway/build")(add_path)
    blueprint.get("/pathway/<slug>")(show_path)
    blueprint.post("/pathway/<slug>")(change_path)
    blueprint.get("/pathway/<slug>/edit")(edit_path)
    blueprint.post("/pathway/<slug>/edit")(save_path)


def begin_path() -> ResponseReturnValue:
    """Ask what a new path starts from: nothing, or a copy."""
    return _show_start(StartForm(formdata=None))


def build_path() -> ResponseReturnValue:
    """Show a path to build, proposed as a whole or copied; nothing is written yet."""
    if "source" in request.args:
        pathway, spoken = paths.get_source(db(), me(), request.args["source"], language())
        draft = read_draft(pathway, spoken)
        with force_locale(spoken):
            named = _("%(name)s, my copy", name=draft.name)
        return _show(replace(draft, name=named))
    form = StartForm(request.args)
    if not form.validate():
        return _show_start(form), 422
    lengths = [int(each) for each in form.lengths.data or ()]
    count = form.count.data or SESSIONS[0]
    return _show(begin_draft(GroupKind(form.kind.data), count, lengths, edition(db(), language())))


def add_path() -> ResponseReturnValue:
    """Save a new path for oneself alone, or show it again after another press or a mistake."""
    spoken = request.form.get("language", "")
    return _take(spoken if spoken in editions() else language(), None)


def edit_path(slug: str) -> ResponseReturnValue:
    """Show a path of one's own to build on."""
    path = _get_to_edit(slug)
    return _show(read_draft(path.pathway, path.row.language), path)


def save_path(slug: str) -> ResponseReturnValue:
    """Save a new version of a path of one's own, or show it again after another press or a mistake."""
    path = _get_to_edit(slug)
    return _take(path.row.language, path)


def show_path(slug: str) -> ResponseReturnValue:
    """Show a path that was written here: its sessions, what it would cover, and what can be done with it."""
    return _show_path(paths.get_path(db(), me(), slug))


def change_path(slug: str) -> ResponseReturnValue:
    """Share a path of one's own or take it back, take it out of use or bring it back."""
    path = paths.get_own_path(db(), me(), slug)
    slot, spoken, do = (EntryKind.PATHWAY, slug), path.row.language, request.form.get("do", "")
    try:
        refuse_changed(*_facts(path))
    except ChangedMeanwhile as problem:
        return _show_path(path, problem.message), problem.status
    if do in {"share", "unshare"}:
        paths.share_path(db(), path, shared=do == "share")
    elif do == "retire":
        entries.retire_entry(db(), slot, spoken)
    elif do == "restore":
        entries.restore_entry(db(), slot, spoken)
    else:
        raise NotFound
    db().commit()
    flash(_said()[do])
    return redirect(url_for("library.show_path", slug=slug), 303)


def _said() -> dict[str, str]:
    return {
        "share": _("It is shared. Everybody here can plan with it."),
        "unshare": _("It is yours alone again. Series that were planned with it keep it."),
        "retire": _("It is out of use. Series that were planned with it keep it."),
        "restore": _("It is in use again."),
    }


def _take(spoken: str, path: OwnPath | None) -> ResponseReturnValue:
    content = edition(db(), spoken)
    draft = settle(_press(read_sent(request.form, spoken)), content)
    if request.form.get("do") != "save":
        return _show(draft, path, seen=request.form.get("seen", ""))
    form = show_draft(draft)
    check_texts(form, draft)
    faults = _list_faults(draft)
    if form.errors or any(fault.code.is_refused for fault in faults) or len(draft.rows) not in SESSIONS:
        # the mark stays the one of the first look, so that mending a mistake never wins over another window
        return _show(draft, path, form=form, seen=request.form.get("seen", ""), is_refused=True), 422
    try:
        if path:
            refuse_changed(*_facts(path))
        slug = paths.save_path(db(), me(), draft, _name_passes(draft), path)
    except (Conflict, Invalid) as problem:
        return _show(draft, path, form=form, problem=problem.message), problem.status
    db().commit()
    flash(
        _("Saved as a new version. Series that were planned before keep theirs.")
        if path
        else _("Saved, for you alone.")
    )
    return redirect(url_for("library.show_path", slug=slug), 303)


def _press(draft: Draft) -> Draft:
    """Do what a small button asks: move a session, take one out, put one in."""
    action, _colon, key = request.form.get("do", "").partition(":")
    match action:
        case "up" | "down":
            return move_row(draft, key, UP if action == "up" else DOWN)
        case "drop" if len(draft.rows) > SESSIONS[0]:
            return drop_row(draft, key)
        case "add" if len(draft.rows) < SESSIONS[-1]:
            return add_row(draft)
        case _:
            return draft


def _show(
    draft: Draft,
    path: OwnPath | None = None,
    *,
    form: PathForm | None = None,
    seen: str = "",
    problem: str = "",
    is_refused: bool = False,
) -> str:
    form = form or show_draft(draft)
    faults = _list_faults(draft)
    for fault in faults:
        if fault.code.is_refused:
            form.say(f"{draft.rows[fault.at - 1].key}_{fault.code.about}", fault_words(fault))
    return render_template(
        "library/path_build.html",
        nav=NAV,
        form=form,
        draft=draft,
        path=path,
        faults=faults,
        fault_words=fault_words,
        sessions=SESSIONS,
        rehearsal=_rehearse(draft),
        seen=seen or (mark_of(*_facts(path)) if path else ""),
        problem=problem,
        is_refused=is_refused,
        has_errors=is_refused or bool(problem),
        language_name=dict(LANGUAGES).get(draft.language, draft.language),
    )


def _show_path(path: OwnPath, problem: str = "") -> str:
    draft = read_draft(path.pathway, path.row.language)
    return render_template(
        "library/path_show.html",
        nav=NAV,
        path=path,
        draft=draft,
        faults=_list_faults(draft),
        fault_words=fault_words,
        rehearsal=_rehearse(draft),
        seen=mark_of(*_facts(path)),
        problem=problem,
        language_name=dict(LANGUAGES).get(draft.language, draft.language),
    )


def _show_start(form: StartForm) -> str:
    return render_template(
        "library/path_start.html",
        nav=NAV,
        form=form,
        pathways=edition(db(), language()).pathways_of([me().id]),
        owners=edition(db(), language()).owners,
        has_errors=bool(form.errors),
        language_name=dict(LANGUAGES).get(language(), language()),
    )


def _get_to_edit(slug: str) -> OwnPath:
    path = paths.get_own_path(db(), me(), slug)
    if path.row.retired:
        raise Conflict(_("It is out of use. Bring it back first."))
    return path


def _facts(path: OwnPath) -> tuple[Any, ...]:
    return path.row.id, path.row.shared, path.row.retired


def _list_faults(draft: Draft) -> tuple[Fault, ...]:
    return list_faults(draft.kind, draft.longest, draft.steps()) if draft.rows else ()


def _rehearse(draft: Draft) -> Rehearsal | None:
    """Try a path out at the length that was asked for, or the longest that it is written for."""
    asked = request.values.get("minutes", "")
    minutes = int(asked) if asked in {str(each) for each in draft.lengths} else draft.longest
    if not minutes or not draft.rows:
        return None
    content = edition(db(), draft.language)
    pool = PromptPool(load_pool(db(), content.language, [me().id]))
    pathway = write_pathway(draft, "", [""] * len(draft.rows))
    return rehearse(pathway, minutes, content, pool, require_review=settings().require_clinical_review)


def _name_passes(draft: Draft) -> Sequence[str]:
    with force_locale(draft.language):
        return [name_sides(row.sides) for row in draft.rows]
