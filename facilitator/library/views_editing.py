"""Writing on the shelves: a new entry, other words for one, a translation of one. For reviewers and admins alone."""

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.curriculum.shelves import Slot, entry_class
from facilitator.errors import Conflict, NotFound
from facilitator.library import editing, queries
from facilitator.library.editing import Fault
from facilitator.library.forms_entries import EntryForm, Table, build_form
from facilitator.library.views_entries import (
    asked_language,
    facts_of,
    get_kind,
    go_to_entry,
    is_kept,
    local_today,
    require_editor,
    said_of,
)
from facilitator.library.wording import fault_words
from facilitator.web.request import db
from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed


def register(blueprint: Blueprint) -> None:
    """Add the routes of writing."""
    blueprint.get("/<kind>/new")(write_entry)
    blueprint.post("/<kind>/new")(add_entry)
    blueprint.get("/<kind>/<slug>/edit")(edit_entry)
    blueprint.post("/<kind>/<slug>/edit")(save_entry)


def write_entry(kind: str) -> ResponseReturnValue:
    """Show the form of a new entry."""
    slot, spoken = _new_slot(kind), asked_language()
    require_editor(slot)
    begun = editing.begin_table(slot[0], edition(db(), spoken))
    return _show_form(slot, spoken, build_form(entry_class(slot), begun))


def add_entry(kind: str) -> ResponseReturnValue:
    """Write a new entry, or show the form again with what was typed."""
    slot, spoken = _new_slot(kind), asked_language()
    require_editor(slot)
    content = edition(db(), spoken)
    begun = editing.begin_table(slot[0], content)
    form, slug = build_form(entry_class(slot), begun, request.form), request.form.get("slug", "").strip()
    table = form.read_table(begun)
    named = _name(table or {})
    chosen = editing.choose_slug(slug, named, slot[0], queries.list_slugs(db(), slot[0]))
    refused = chosen if isinstance(chosen, Fault) else None
    if table is not None and refused is None:
        slot = (slot[0], str(chosen))
        table = {**table, "id": slot[1]}
        _say(form, editing.list_faults(slot, begun, table, content, local_today()))
    if table is None or refused or form.errors:
        return _show_form(_new_slot(kind), spoken, form, slug=slug, slug_fault=refused), 422
    entries.write_version(db(), slot, spoken, table)
    db().commit()
    flash(_("It is in the library now, and waits for review."))
    return go_to_entry(slot, spoken)


def edit_entry(kind: str, slug: str) -> ResponseReturnValue:
    """Show the form with the words that an entry has now; in a language it is not in yet, with those of the original."""
    slot, spoken = (get_kind(kind), slug), asked_language()
    require_editor(slot)
    row = _find_to_edit(slot, spoken)
    return _show_form(slot, spoken, build_form(entry_class(slot), row.content), row=row)


def save_entry(kind: str, slug: str) -> ResponseReturnValue:
    """Give an entry other words as a new version, or show the form again with what was typed."""
    slot, spoken = (get_kind(kind), slug), asked_language()
    require_editor(slot)
    row, content = _find_to_edit(slot, spoken), edition(db(), spoken)
    form = build_form(entry_class(slot), row.content, request.form)
    table = form.read_table(row.content)
    if table is not None:
        table = editing.finish_table(slot, table)
        _say(form, editing.list_faults(slot, row.content, table, content, local_today()))
    if table is None or form.errors:
        # the mark stays the one of the first look, so that mending a mistake never wins over another window
        return _show_form(slot, spoken, form, row=row, seen=request.form.get("seen", "")), 422
    try:
        refuse_changed(*facts_of(row))
        entries.write_version(db(), slot, spoken, table, follows_original=_follows(slot, spoken, row))
    except Conflict as problem:
        words = problem.message if isinstance(problem, ChangedMeanwhile) else _("Nothing was changed.")
        return _show_form(slot, spoken, form, row=row, problem=words), problem.status
    db().commit()
    flash(_("Saved as a new version, which waits for review. The words from before stay where they were used."))
    return go_to_entry(slot, spoken)


def _show_form(
    slot: Slot,
    spoken: str,
    form: EntryForm,
    *,
    row: LibraryEntry | None = None,
    slug: str = "",
    slug_fault: Fault | None = None,
    seen: str = "",
    problem: str = "",
) -> str:
    original = entries.find_newest(db(), slot, SOURCE_LANGUAGE) if row and spoken != SOURCE_LANGUAGE else None
    return render_template(
        "library/edit_entry.html",
        nav="prompts",
        kind=slot[0],
        form=form,
        row=row,
        original=original,
        outdated=row is not None and _is_outdated(row, original, spoken),
        follows="follows_original" in request.form,
        slug=slug,
        slug_fault=fault_words(slug_fault) if slug_fault else "",
        seen=seen or (mark_of(*facts_of(row)) if row else ""),
        problem=problem,
        has_errors=bool(form.errors) or slug_fault is not None,
        **said_of(spoken),
    )


def _say(form: EntryForm, faults: list[Fault]) -> None:
    for fault in faults:
        form.say(fault.about, fault_words(fault))


def _follows(slot: Slot, spoken: str, row: LibraryEntry) -> bool:
    """Tell whether the words say what the original says now; where that is in doubt, the writer is asked."""
    return not _is_outdated(row, entries.find_newest(db(), slot, SOURCE_LANGUAGE), spoken) or (
        "follows_original" in request.form
    )


def _is_outdated(row: LibraryEntry, original: LibraryEntry | None, spoken: str) -> bool:
    is_translation = row.language == spoken != SOURCE_LANGUAGE
    return is_translation and original is not None and row.translation_of < original.version


def _find_to_edit(slot: Slot, spoken: str) -> LibraryEntry:
    """Return the newest version in a language, or the original that it is to be said from."""
    if is_kept(slot):  # whoever kept it owns it in its language, and a translation would be nobody's
        return entries.get_newest(db(), slot, spoken)
    return entries.find_newest(db(), slot, spoken) or entries.get_newest(db(), slot, SOURCE_LANGUAGE)


def _name(table: Table) -> str:
    return next((str(table[key]) for key in ("name", "title", "label", "situation") if table.get(key)), "")


def _new_slot(kind: str) -> Slot:
    if get_kind(kind) not in editing.ADDABLE:
        raise NotFound
    return get_kind(kind), ""
