"""Use cases of the library's entries: bring in what is shipped, give an entry other words, take one out of use.

A version is never changed once it is there, its review aside. Nothing here decides who may: the views ask for the role.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import note_change
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind, Origin
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue, editions
from facilitator.curriculum.shelves import VERSIONED, Slot, Table, list_shelves, read_entry, write_entry
from facilitator.errors import Conflict, Invalid, NotFound

LONGEST_ROLE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What bringing in shipped content did, in entries.

    Args:
        kept: shipped anew, but edited here since; the words of this installation stay.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: "Brought") -> "Brought":
        """Add up two counts."""
        return Brought(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            kept=self.kept + other.kept,
        )


def import_shipped(db: Session) -> Brought:
    """Bring the shipped entries of every language into the database; running it again changes nothing.

    An entry that the program ships with other words than before is a new version. Where it was edited here since, the
    words of this installation stay. An entry that is shipped no more stays as it is.
    """
    done = sum((_import_edition(db, language) for language in editions()), Brought())
    if done.added or done.changed:
        note_change(db)
    return done


def write_version(
    db: Session, slot: Slot, language: str, table: Table, *, follows_original: bool = True, **owning: Any
) -> LibraryEntry:
    """Give an entry other words as a new version, or make a new entry; it waits for review.

    Args:
        db: a writing session.
        slot: kind and slug.
        language: of the words.
        table: the whole entry.
        follows_original: False for a translation that was mended but does not say what the original says now.
        owning: `owner_id` and `shared` of a pathway of one's own.

    Raises:
        Invalid: when the table is not a whole entry.
        Conflict: when it says what the newest version says.
    """
    newest = find_newest(db, slot, language)
    version = newest.version + 1 if newest else 1
    content = write_entry(read_entry(slot, table, version))
    if newest and newest.content == content and not newest.retired:
        raise Conflict("Nothing was changed.")
    kept = {"owner_id": newest.owner_id, "shared": newest.shared} if newest else {}
    row = LibraryEntry(
        kind=slot[0],
        slug=slot[1],
        language=language,
        version=version,
        content=content,
        origin=Origin.LOCAL,
        translation_of=_version_of_original(db, slot, language)
        if follows_original or not newest
        else newest.translation_of,
        **(kept | owning),
    )
    db.add(row)
    note_change(db)
    return row


def retire_entry(db: Session, slot: Slot, language: str) -> None:
    """Take an entry out of use; what stands in a plan already stays.

    Raises:
        NotFound: when there is none.
    """
    get_newest(db, slot, language).retired = True
    note_change(db)


def restore_entry(db: Session, slot: Slot, language: str) -> None:
    """Bring an entry back into use with the words and the review that it had.

    Raises:
        NotFound: when there is none.
    """
    get_newest(db, slot, language).retired = False
    note_change(db)


def confirm_translation(db: Session, slot: Slot, language: str) -> None:
    """Note that a translation says what the original says now; its words and its review stay.

    Raises:
        NotFound: when there is none.
    """
    get_newest(db, slot, language).translation_of = _version_of_original(db, slot, language)
    db.flush()


def approve_entry(db: Session, entry_id: str, role: str, on: date) -> LibraryEntry:
    """Note that this version was read by a person of this role on a day; never who.

    Raises:
        NotFound: when there is no such version.
        Invalid: when the role is empty or too long.
    """
    role = " ".join(role.split())
    if not 1 <= len(role) <= LONGEST_ROLE:
        raise Invalid("Enter the reviewer's role in 1 to {most} characters.", field="role", most=LONGEST_ROLE)
    row = db.get(LibraryEntry, entry_id)
    if row is None:
        raise NotFound
    row.reviewed_by_role, row.reviewed_on = role, on
    db.flush()
    return row


def withdraw_entry_review(db: Session, entry_id: str) -> LibraryEntry:
    """Make a version wait for review again.

    Raises:
        NotFound: when there is no such version.
    """
    row = db.get(LibraryEntry, entry_id)
    if row is None:
        raise NotFound
    row.reviewed_by_role, row.reviewed_on = "", None
    db.flush()
    return row


def find_newest(db: Session, slot: Slot, language: str) -> LibraryEntry | None:
    """Return the newest version of an entry in a language."""
    return db.scalars(_versions(slot, language).limit(1)).one_or_none()


def get_newest(db: Session, slot: Slot, language: str) -> LibraryEntry:
    """Return the newest version of an entry in a language.

    Raises:
        NotFound: when there is none.
    """
    found = find_newest(db, slot, language)
    if found is None:
        raise NotFound
    return found


def list_entry_versions(db: Session, slot: Slot, language: str) -> list[LibraryEntry]:
    """List the versions of an entry in a language, newest first."""
    return list(db.scalars(_versions(slot, language)))


def list_newest(db: Session, language: str, kind: EntryKind | None = None) -> list[LibraryEntry]:
    """List the newest version of every entry of a language, or of one kind; retired ones are left out."""
    found = select(LibraryEntry).where(LibraryEntry.language == language).order_by(LibraryEntry.version)
    if kind is not None:
        found = found.where(LibraryEntry.kind == kind)
    newest = {(row.kind, row.slug): row for row in db.scalars(found)}
    return [row for row in newest.values() if not row.retired]


def original_versions(db: Session) -> Mapping[Slot, int]:
    """Return the newest version number of every entry in the source language; a translation of less is outdated."""
    found = (
        select(LibraryEntry.kind, LibraryEntry.slug, func.max(LibraryEntry.version))
        .where(LibraryEntry.language == SOURCE_LANGUAGE)
        .group_by(LibraryEntry.kind, LibraryEntry.slug)
    )
    return {(EntryKind(kind), slug): version for kind, slug, version in db.execute(found)}


def _versions(slot: Slot, language: str) -> Any:
    same = (LibraryEntry.kind == slot[0], LibraryEntry.slug == slot[1], LibraryEntry.language == language)
    return select(LibraryEntry).where(*same).order_by(LibraryEntry.version.desc())


def _version_of_original(db: Session, slot: Slot, language: str) -> int:
    original = None if language == SOURCE_LANGUAGE else find_newest(db, slot, SOURCE_LANGUAGE)
    return original.version if original else 0


def _import_edition(db: Session, language: str) -> Brought:
    shipped = catalogue(language)
    in_order = select(LibraryEntry).where(LibraryEntry.language == language).order_by(LibraryEntry.version)
    rows: dict[Slot, list[LibraryEntry]] = {}
    for row in db.scalars(in_order):
        rows.setdefault((EntryKind(row.kind), row.slug), []).append(row)
    done = Brought()
    for slot, entry in list_shelves(shipped).items():
        done += _import_entry(db, shipped, slot, entry, rows.get(slot, []))
    db.flush()
    return done


def _import_entry(db: Session, shipped: Catalogue, slot: Slot, entry: Any, standing: list[LibraryEntry]) -> Brought:
    content, translation_of = write_entry(entry), _translation_of(shipped, slot, entry)
    of_program = [row for row in standing if row.origin == Origin.SHIPPED]
    if of_program and of_program[-1].content == content:
        of_program[-1].translation_of = translation_of  # the same words may have been held against a newer original
        return Brought(unchanged=1)
    if standing and standing[-1].origin == Origin.LOCAL:
        return Brought(kept=1)
    number = entry.version if slot[0] in VERSIONED else 1
    row = LibraryEntry(
        kind=slot[0],
        slug=slot[1],
        language=shipped.language,
        version=max(number, standing[-1].version + 1) if standing else number,
        content=content,
        origin=Origin.SHIPPED,
        translation_of=translation_of,
    )
    db.add(row)
    return Brought(changed=1) if standing else Brought(added=1)


def _translation_of(shipped: Catalogue, slot: Slot, entry: Any) -> int:
    if shipped.language == SOURCE_LANGUAGE:
        return 0
    whole_files = {
        EntryKind.AGREEMENT: shipped.agreements.translation_of,
        EntryKind.SCRIPT: shipped.scripts.translation_of,
        EntryKind.HELP_LINE: shipped.help.translation_of,
    }
    # a translated pathway, agenda or exercise keeps the number of the original that it says again
    return whole_files.get(slot[0]) or entry.version
