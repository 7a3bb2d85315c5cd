"""The library as this installation has it: the shipped content with everything that was changed or written here.

Read once per language and kept until an entry changes; a page pays one small query. Older versions stay in reach, so
that a session of last year shows the words that were used.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from facilitator.accounts.service import find_setting, keep_setting
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue, editions
from facilitator.curriculum.shelves import Slot, arrange, list_shelves, read_entry
from facilitator.tokens import new_id

REVISION = "library_revision"
"""The setting that changes with every entry."""

REFERRED = (EntryKind.PATHWAY, EntryKind.EXERCISE)
"""What sessions and series refer to by version."""

OWN_PATHWAY = "own-"
"""How the slugs of pathways begin that were written here."""

OWN_AGENDA = "own-"
"""How the slugs of agendas begin that were kept from a session: they are chosen by hand, so no catalogue holds them."""

_kept: WeakKeyDictionary[Engine | Connection, dict[str, tuple[str, Catalogue]]] = WeakKeyDictionary()


def edition(db: Session, language: str) -> Catalogue:
    """Return the content in a language, or in the source language where the library has no edition of it."""
    known = language if language in editions() else SOURCE_LANGUAGE
    # looked up once for each session of the database, so that one page shows one state of the library throughout
    if REVISION not in db.info:
        db.info[REVISION] = find_setting(db, REVISION)
    revision = db.info[REVISION]
    if revision is None:  # nothing was brought in yet
        return catalogue(known)
    kept = _kept.setdefault(db.get_bind(), {})
    if known not in kept or kept[known][0] != revision:
        kept[known] = (revision, _load(db, known))
    return kept[known][1]


def note_change(db: Session) -> None:
    """Make every process read the library anew; for whoever writes an entry."""
    keep_setting(db, REVISION, new_id())
    db.info.pop(REVISION, None)


def _load(db: Session, language: str) -> Catalogue:
    wanted = (LibraryEntry.language == language) | LibraryEntry.kind.in_(REFERRED)
    found = list(db.scalars(select(LibraryEntry).where(wanted).order_by(LibraryEntry.slug, LibraryEntry.version)))
    rows = [row for row in found if row.language == language and not _is_kept_agenda(row)]
    shipped = catalogue(language)
    newest: dict[Slot, Any] = dict.fromkeys(list_shelves(shipped))  # in the order of the files, then by slug
    paths = (row for row in rows if row.kind == EntryKind.PATHWAY)
    own = {row.slug: row.owner_id for row in paths if row.owner_id or row.slug.startswith(OWN_PATHWAY)}
    private: dict[str, str | None] = {}
    for row in rows:
        slot = (EntryKind(row.kind), row.slug)
        newest[slot] = None if row.retired else read_entry(slot, row.content, row.version)
        if row.kind == EntryKind.PATHWAY:
            private |= {row.slug: row.owner_id}
            if row.shared:
                private.pop(row.slug)
    current = {slot: entry for slot, entry in newest.items() if entry is not None}
    # a plan that was made in another language refers to words that this one may not have
    elsewhere = [row for row in found if row.language != language]
    earlier = _read_all(elsewhere) | _read_all(rows)
    return replace(arrange(shipped, current), owners=own, private=private, earlier=earlier)


def _is_kept_agenda(row: LibraryEntry) -> bool:
    return row.kind == EntryKind.AGENDA and row.slug.startswith(OWN_AGENDA)


def _read_all(rows: Iterable[LibraryEntry]) -> dict[tuple[EntryKind, str, int], Any]:
    """Read the versions of what sessions and series refer to."""
    return {
        (EntryKind(row.kind), row.slug, row.version): read_entry(
            (EntryKind(row.kind), row.slug), row.content, row.version
        )
        for row in rows
        if row.kind in REFERRED
    }
