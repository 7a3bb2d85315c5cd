"""The shelves of the library beside the prompts and the pathways: lists, one entry, and other words for it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from facilitator.accounts.forms import LANGUAGES
from facilitator.curriculum import entries
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import OWN_AGENDA, edition
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.curriculum.shelves import Slot
from facilitator.errors import Conflict, NotAllowed, NotFound
from facilitator.library import agendas, editing, queries
from facilitator.library.differences import list_differences
from facilitator.library.forms_entries import LookForm
from facilitator.library.forms_shelves import list_help_countries
from facilitator.library.queries import Entry
from facilitator.library.review import may_review
from facilitator.library.wording import fault_words
from facilitator.planning.uses import list_exercise_uses
from facilitator.times import get_zone, to_local
from facilitator.web.locale import language
from facilitator.web.login import me
from facilitator.web.request import db, now
from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed

KINDS = tuple(kind for kind in EntryKind if kind is not EntryKind.PATHWAY)
MOST_USES = 12


def register(blueprint: Blueprint) -> None:
    """Add the routes of the shelves; pathways have pages of their own."""
    blueprint.get("/<kind>")(list_entries)
    blueprint.get("/<kind>/<slug>")(show_entry)
    blueprint.post("/<kind>/<slug>")(change_use)


def list_entries(kind: str) -> ResponseReturnValue:
    """List a shelf, narrowed by words and by what is to be done."""
    shelf, spoken = get_kind(kind), asked_language()
    form = LookForm(request.args)
    form.state.choices = _list_states(shelf, spoken)
    found, content = queries.list_shelf(db(), shelf, spoken, me()), edition(db(), spoken)
    needs_check = _checking(content)
    shown = [entry for entry in found if _is_in(entry, form.state.data or "", needs_check)]
    return render_template(
        "library/list_entries.html",
        nav="prompts",
        kind=shelf,
        form=form,
        entries=[entry for entry in shown if queries.holds_words(entry.row, form.searched)],
        in_use=sum(not entry.row.retired for entry in found),
        can_add=may_review(me()) and shelf in editing.ADDABLE,
        content=content,
        needs_check=needs_check,
        **said_of(spoken),
    )


def show_entry(kind: str, slug: str) -> ResponseReturnValue:
    """Show one entry in full: its words, its review, its versions and where it is used."""
    return _show_entry((get_kind(kind), slug), asked_language())


def change_use(kind: str, slug: str) -> ResponseReturnValue:
    """Take an entry out of use or bring it back, note that a translation still holds, share an agenda of one's own."""
    slot, spoken, do = (get_kind(kind), slug), asked_language(), request.form.get("do", "")
    require_editor(slot)
    changes: dict[str, tuple[Callable[[Session, Slot, str], None], str]] = {
        "retire": (entries.retire_entry, _("It is out of use. Where it stands in a plan already, it stays.")),
        "restore": (entries.restore_entry, _("It is in use again.")),
        "confirm": (entries.confirm_translation, _("Noted: it says what the original says now.")),
    }
    if agendas.owns(db(), me(), slot):
        changes |= {
            "share": (_share, _("It is shared. Everybody here can choose it for a session.")),
            "unshare": (_take_back, _("It is yours alone again. Sessions that have its parts keep them.")),
        }
    if do not in changes:
        raise NotFound
    hold = editing.find_hold(slot, edition(db(), spoken)) if do == "retire" else None
    try:
        refuse_changed(*facts_of(entries.get_newest(db(), slot, spoken)))
    except ChangedMeanwhile as problem:
        return _show_entry(slot, spoken, problem.message), problem.status
    if hold:
        return _show_entry(slot, spoken, fault_words(hold)), Conflict.status
    change, words = changes[do]
    change(db(), slot, spoken)
    db().commit()
    flash(words)
    return go_to_entry(slot, spoken)


def _share(session: Session, slot: Slot, _spoken: str) -> None:
    agendas.share_agenda(session, slot[1], shared=True)


def _take_back(session: Session, slot: Slot, _spoken: str) -> None:
    agendas.share_agenda(session, slot[1], shared=False)


def _show_entry(slot: Slot, spoken: str, problem: str = "") -> str:
    found = queries.list_versions(db(), slot, me())
    newest = {row.language: row for row in reversed(found)}
    # an entry that was written in one language alone is shown in that one
    shown = next(each for each in (spoken, SOURCE_LANGUAGE, *newest) if each in newest)
    originals = {slot: newest[SOURCE_LANGUAGE].version} if SOURCE_LANGUAGE in newest else {}
    in_each = {
        each: queries.read_newest(row, originals if each != SOURCE_LANGUAGE else {}) for each, row in newest.items()
    }
    versions = [row for row in found if row.language == shown]
    entry, content = in_each[shown], edition(db(), shown)
    return render_template(
        "library/show_entry.html",
        nav="prompts",
        kind=slot[0],
        entry=entry,
        in_each=in_each,
        versions=list(zip(versions, [*versions[1:], None], strict=True)),
        differences=list_differences,
        content=content,
        uses=list_exercise_uses(db(), me(), slot[1], shown, MOST_USES) if slot[0] is EntryKind.EXERCISE else [],
        can_edit=may_edit(slot),
        can_review=may_review(me()),
        is_mine=agendas.owns(db(), me(), slot),
        hold=editing.find_hold(slot, content),
        fault_words=fault_words,
        needs_check=_checking(content),
        problem=problem,
        seen=mark_of(*facts_of(entry.row)),
        **said_of(shown),
    )


def is_kept(slot: Slot) -> bool:
    """Tell whether an entry is an agenda that somebody kept from a session, in one language alone."""
    return slot[0] is EntryKind.AGENDA and slot[1].startswith(OWN_AGENDA)


def said_of(spoken: str) -> dict[str, Any]:
    """Return what every page says about the language of the entries."""
    return {
        "country_names": dict(list_help_countries()),
        "edition": spoken,
        "source": SOURCE_LANGUAGE,
        "languages": {each: dict(LANGUAGES).get(each, each) for each in editions()},
    }


def _list_states(kind: EntryKind, spoken: str) -> list[tuple[str, str]]:
    found = [("", _("All in use")), ("waiting", _("Not reviewed"))]
    if kind is EntryKind.HELP_LINE:
        found += [("check", _("To be checked")), ("hidden", _("Not shown"))]
    if spoken != SOURCE_LANGUAGE:
        found.append(("outdated", _("The original has changed")))
    return [*found, ("retired", _("Out of use"))]


def _is_in(entry: Entry, state: str, needs_check: Callable[[Entry], bool]) -> bool:
    row = entry.row
    if row.retired:
        return state == "retired"
    match state:
        case "retired":
            return False
        case "waiting":
            return row.reviewed_on is None
        case "outdated":
            return entry.piece.outdated
        case "check":
            return row.kind == EntryKind.HELP_LINE and entry.value.active and needs_check(entry)
        case "hidden":
            return row.kind == EntryKind.HELP_LINE and not entry.value.active
        case _:
            return True


def _checking(content: Catalogue) -> Callable[[Entry], bool]:
    """Return what tells whether a help line is to be checked."""
    today, allowed_age = local_today(), timedelta(days=content.help.warn_after_days)
    return lambda entry: bool(entry.value.needs_checking(today, allowed_age))


def facts_of(row: LibraryEntry) -> tuple[object, ...]:
    """Return what a page about an entry shows, for the mark in its forms."""
    return row.id, row.retired, row.shared


def get_kind(name: str) -> EntryKind:
    """Return the shelf of an address.

    Raises:
        NotFound: when there is none.
    """
    if name not in KINDS:
        raise NotFound
    return EntryKind(name)


def asked_language() -> str:
    """Return the language of the entries: what the address asks for, or the reader's."""
    asked = request.args.get("language", "")
    return next(each for each in (asked, language(), SOURCE_LANGUAGE) if each in editions())


def local_today() -> date:
    """Return today on the reader's calendar."""
    return to_local(now(), get_zone(me().zone)).date()


def may_edit(slot: Slot) -> bool:
    """Tell whether the reader may change an entry: as a reviewer, or because they kept this agenda."""
    return may_review(me()) or agendas.owns(db(), me(), slot)


def require_editor(slot: Slot) -> None:
    """Stop everybody who may not change an entry of the library.

    Raises:
        NotFound: when it is an agenda of somebody else's that is not shared.
        NotAllowed: with the reason.
    """
    if is_kept(slot):
        queries.list_versions(db(), slot, me())
    if not may_edit(slot):
        raise NotAllowed(_("Only a reviewer or an admin can change the library of this installation."))


def go_to_entry(slot: Slot, spoken: str) -> ResponseReturnValue:
    """Return the way to the page of an entry."""
    return redirect(url_for("library.show_entry", kind=slot[0], slug=slot[1], language=spoken), 303)
