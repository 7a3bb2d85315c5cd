"""Reads of the library as a whole and of one shelf. Nothing here writes."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.catalogue import ANYWHERE
from facilitator.curriculum.entries import list_newest, original_versions
from facilitator.curriculum.materials import HelpLine
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind, HelpKind, PromptStatus, SessionKind
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.curriculum.shelves import SINGLE_SCRIPTS, Slot, read_entry
from facilitator.errors import NotFound
from facilitator.library.pieces import PROMPT, Piece
from facilitator.prompts.queries import count_statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """How much there is of one kind, and how much of it a reviewer has read.

    Args:
        kind: an EntryKind, or "prompt".
        shown: help lines that groups see now.
        unchecked: those of them that nobody checked, or that were checked too long ago.
    """

    kind: str
    entries: int
    reviewed: int
    shown: int = 0
    unchecked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The newest version of an entry as a shelf and its page show it.

    Args:
        value: its content, as the dataclass of its kind.
    """

    piece: Piece
    row: LibraryEntry
    value: Any


def count_shelves(db: Session, language: str, today: date, allowed_age: timedelta) -> list[Shelf]:
    """Count the entries of each kind in a language; what is private or out of use is left out.

    Args:
        db: a session.
        language: of the entries.
        today: on the reader's day.
        allowed_age: how long the check of a help line counts.
    """
    rows = [row for row in list_newest(db, language) if row.shared]
    entries, reviewed = Counter(row.kind for row in rows), Counter(row.kind for row in rows if row.reviewed_on)
    shown = [line for line in _lines_of(rows) if line.active]
    unchecked = sum(line.needs_checking(today, allowed_age) for line in shown)
    of_lines = {EntryKind.HELP_LINE: {"shown": len(shown), "unchecked": unchecked}}
    others = [
        Shelf(kind=kind, entries=entries[kind], reviewed=reviewed[kind], **of_lines.get(kind, {})) for kind in EntryKind
    ]
    steps = count_statuses(db, language)
    living = steps.get(PromptStatus.DRAFT, 0) + steps.get(PromptStatus.REVIEWED, 0)
    return [Shelf(kind=PROMPT, entries=living, reviewed=steps.get(PromptStatus.REVIEWED, 0)), *others]


def list_shelf(db: Session, kind: EntryKind, language: str, me: Facilitator) -> list[Entry]:
    """List the newest version of every entry of a kind in a language that a person may see, also out of use."""
    in_order = (
        select(LibraryEntry)
        .where(LibraryEntry.kind == kind, LibraryEntry.language == language, _visible(me))
        .order_by(LibraryEntry.version)
    )
    newest = {row.slug: row for row in db.scalars(in_order)}
    originals = original_versions(db) if language != SOURCE_LANGUAGE else {}
    return sorted((read_newest(row, originals) for row in newest.values()), key=_place)


def list_versions(db: Session, slot: Slot, me: Facilitator) -> list[LibraryEntry]:
    """List every version of an entry in every language, newest first.

    Raises:
        NotFound: when there is none, or it is somebody else's own.
    """
    same = (LibraryEntry.kind == slot[0], LibraryEntry.slug == slot[1], _visible(me))
    found = list(db.scalars(select(LibraryEntry).where(*same).order_by(LibraryEntry.version.desc())))
    if not found:
        raise NotFound
    return found


def list_slugs(db: Session, kind: EntryKind) -> set[str]:
    """List what the entries of a kind are called in addresses, in every language."""
    return set(db.scalars(select(LibraryEntry.slug).where(LibraryEntry.kind == kind)))


def read_newest(row: LibraryEntry, originals: Mapping[Slot, int]) -> Entry:
    """Return a version with its content read.

    Args:
        row: the newest version of an entry in a language.
        originals: the newest version of each original; empty for the source language.
    """
    slot = (EntryKind(row.kind), row.slug)
    piece = Piece(row=row, outdated=row.translation_of < originals.get(slot, 0))
    return Entry(piece=piece, row=row, value=read_entry(slot, row.content, row.version))


def holds_words(row: LibraryEntry, words: str) -> bool:
    """Tell whether every word that is looked for stands somewhere in a version of an entry.

    Args:
        row: what is searched, its address among it.
        words: casefolded, with spaces between them.
    """
    said = " ".join((row.slug, *_texts(row.content))).casefold()
    return all(word in said for word in words.split())


def _visible(me: Facilitator) -> ColumnElement[bool]:
    return or_(LibraryEntry.shared, LibraryEntry.owner_id == me.id)


def _lines_of(rows: Iterable[LibraryEntry]) -> list[HelpLine]:
    found = [row for row in rows if row.kind == EntryKind.HELP_LINE]
    return [read_entry((EntryKind.HELP_LINE, row.slug), row.content, row.version) for row in found]


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def _place(entry: Entry) -> tuple[object, ...]:
    """Sort as people look for things: help lines by country, agendas by group and length, others as they are counted."""
    row, content = entry.row, entry.row.content
    # gr10 comes after gr9
    slug = [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", row.slug)]
    match row.kind:
        case EntryKind.HELP_LINE:
            country, kind = entry.value.country, entry.value.kind
            return country == ANYWHERE, country, _at(tuple(HelpKind), kind), slug
        case EntryKind.AGENDA:
            return entry.value.group_kind, _at(tuple(SessionKind), entry.value.session_kind), entry.value.total_minutes
        case EntryKind.SCRIPT:
            return _at(tuple(SINGLE_SCRIPTS), row.slug), slug
        case _:
            return content.get("order", 0), slug


def _at(order: Collection[str], wanted: str) -> int:
    places = {each: number for number, each in enumerate(order)}
    return places.get(wanted, len(places))
