"""Use cases of the pathways that facilitators write: find, save, share, take back.

Somebody else's private path does not exist for anybody but its owner. A saved version never changes; a series keeps
the one that it was planned along.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum import entries
from facilitator.curriculum.editions import OWN_PATHWAY, edition, note_change
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.pathways import Pathway
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.shelves import Slot, read_entry, write_entry
from facilitator.errors import Conflict, NotFound
from facilitator.library.path_drafts import Draft, write_pathway

KEY_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPath:
    """A pathway that was written here, in its newest version.

    Args:
        mine: the reader wrote it.
    """

    row: LibraryEntry
    pathway: Pathway
    mine: bool


def list_paths(db: Session, me: Facilitator) -> list[OwnPath]:
    """List the pathways written here that a person may see: their own in any state, and what others share."""
    found = select(LibraryEntry).where(_written_here(), _visible(me)).order_by(LibraryEntry.version)
    newest = {(row.slug, row.language): row for row in db.scalars(found)}
    paths = [_read(row, me) for row in newest.values() if row.owner_id == me.id or not row.retired]
    return sorted(paths, key=lambda path: (not path.mine, path.row.retired, path.pathway.name.casefold()))


def get_path(db: Session, me: Facilitator, slug: str) -> OwnPath:
    """Return a pathway that was written here.

    Raises:
        NotFound: when there is none, when it is somebody else's and not shared, or shared and out of use.
    """
    found = select(LibraryEntry).where(_written_here(), _visible(me), LibraryEntry.slug == slug)
    row = db.scalars(found.order_by(LibraryEntry.version.desc()).limit(1)).one_or_none()
    if row is None or (row.retired and row.owner_id != me.id):
        raise NotFound
    return _read(row, me)


def get_own_path(db: Session, me: Facilitator, slug: str) -> OwnPath:
    """Return a pathway of one's own; only its owner changes it.

    Raises:
        NotFound: when it is not one's own.
    """
    path = get_path(db, me, slug)
    if not path.mine:
        raise NotFound
    return path


def get_source(db: Session, me: Facilitator, slug: str, language: str) -> tuple[Pathway, str]:
    """Return a pathway to copy and the language that it is written in.

    Raises:
        NotFound: when this person may not see it.
    """
    content = edition(db, language)
    pathway = next((each for each in content.pathways_of([me.id]) if each.id == slug), None)
    if pathway is not None:
        return pathway, content.language
    path = get_path(db, me, slug)
    return path.pathway, path.row.language


def save_path(db: Session, me: Facilitator, draft: Draft, passes: Sequence[str], path: OwnPath | None) -> str:
    """Write a new path for oneself alone, or a new version of one's own, and return its slug.

    Raises:
        Conflict: when nothing was changed.
        Invalid: when it breaks what every pathway keeps to.
    """
    slug = path.row.slug if path else f"{OWN_PATHWAY}{secrets.token_hex(KEY_BYTES)}"
    slot: Slot = (EntryKind.PATHWAY, slug)
    owning: dict[str, Any] = {} if path else {"owner_id": me.id, "shared": False}
    try:
        with db.begin_nested():
            entries.write_version(db, slot, draft.language, write_entry(write_pathway(draft, slug, passes)), **owning)
    except IntegrityError:  # another window wrote this version at the same moment
        raise Conflict("This was saved elsewhere at the same moment. Look again before you go on.") from None
    return slug


def share_path(db: Session, path: OwnPath, *, shared: bool) -> None:
    """Let everybody here plan with a path, or take it back; series that were planned with it keep it."""
    same = (LibraryEntry.kind == EntryKind.PATHWAY, LibraryEntry.slug == path.row.slug)
    db.execute(update(LibraryEntry).where(*same).values(shared=shared))
    note_change(db)


def _written_here() -> ColumnElement[bool]:
    own = or_(LibraryEntry.owner_id.is_not(None), LibraryEntry.slug.startswith(OWN_PATHWAY, autoescape=True))
    return and_(LibraryEntry.kind == EntryKind.PATHWAY, own)


def _visible(me: Facilitator) -> ColumnElement[bool]:
    return or_(LibraryEntry.owner_id == me.id, LibraryEntry.shared)


def _read(row: LibraryEntry, me: Facilitator) -> OwnPath:
    pathway = read_entry((EntryKind.PATHWAY, row.slug), row.content, row.version)
    return OwnPath(row=row, pathway=pathway, mine=row.owner_id == me.id)
