"""Use cases of the agendas that facilitators keep from a session: keep, find, share, take back.

Each is an entry of the library with versions like every other. Somebody else's private one does not exist for anybody
but its owner. No catalogue holds them: a session has one only when a person chooses it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum import entries
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import OWN_AGENDA, note_change
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.pathways import Agenda
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.shelves import Slot, read_entry, write_entry
from facilitator.errors import Invalid, NotFound
from facilitator.library.editing import Fault, list_faults

KEY_BYTES = 6
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAgenda:
    """An agenda that was kept from a session, in its newest version.

    Args:
        mine: the reader kept it.
    """

    row: LibraryEntry
    agenda: Agenda
    mine: bool


class Faulty(Invalid):
    """Say that the library does not take an agenda; the faults say why.

    Args:
        faults: every fault, for pages in any language.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("This agenda does not keep to what every agenda keeps to.", field="parts")
        self.faults = tuple(faults)


def new_slug() -> str:
    """Return the slug of an agenda that is about to be kept."""
    return f"{OWN_AGENDA}{secrets.token_hex(KEY_BYTES)}"


def list_kept(db: Session, me: Facilitator, language: str) -> list[KeptAgenda]:
    """List the agendas in use that a person may choose in a language: their own first, then what others share."""
    found = select(LibraryEntry).where(_kept_here(), _visible(me), LibraryEntry.language == language)
    newest = {row.slug: row for row in db.scalars(found.order_by(LibraryEntry.version))}
    kept = [_read(row, me) for row in newest.values() if not row.retired]
    return sorted(kept, key=lambda each: (not each.mine, each.agenda.name.casefold(), each.row.slug))


def get_kept(db: Session, me: Facilitator, slug: str, language: str) -> KeptAgenda:
    """Return an agenda in use that was kept here.

    Raises:
        NotFound: when there is none in this language, when it is somebody else's and not shared, or out of use.
    """
    found = next((each for each in list_kept(db, me, language) if each.row.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def keep_agenda(
    db: Session, me: Facilitator, agenda: Agenda, content: Catalogue, today: date, *, shared: bool
) -> LibraryEntry:
    """Put an agenda into the library under a name of one's own, for oneself or for everybody here.

    Args:
        db: a writing session.
        me: whose it is.
        agenda: with its name, and a slug of `new_slug`.
        content: the edition that it belongs to.
        today: on the reader's day.
        shared: whether everybody here may choose it.

    Raises:
        Invalid: when the name is empty or too long.
        Faulty: when it breaks what every agenda keeps to.
    """
    if not 1 <= len(agenda.name) <= LONGEST_NAME:
        raise Invalid("Enter a name of 1 to {most} characters.", field="name", most=LONGEST_NAME)
    slot: Slot = (EntryKind.AGENDA, agenda.id)
    table = write_entry(agenda)
    faults = list_faults(slot, table, table, content, today)
    if faults:
        raise Faulty(faults)
    row = entries.write_version(db, slot, content.language, table, owner_id=me.id, shared=shared)
    db.flush()
    return row


def share_agenda(db: Session, slug: str, *, shared: bool) -> None:
    """Let everybody here choose an agenda, or take it back; sessions that have its parts keep them."""
    same = (LibraryEntry.kind == EntryKind.AGENDA, LibraryEntry.slug == slug)
    db.execute(update(LibraryEntry).where(*same).values(shared=shared))
    note_change(db)


def owns(db: Session, me: Facilitator, slot: Slot) -> bool:
    """Tell whether an entry is an agenda that this person kept."""
    if slot[0] is not EntryKind.AGENDA or not slot[1].startswith(OWN_AGENDA):
        return False
    own = select(LibraryEntry.id).where(_kept_here(), LibraryEntry.owner_id == me.id, LibraryEntry.slug == slot[1])
    return db.scalar(own.limit(1)) is not None


def _kept_here() -> ColumnElement[bool]:
    return and_(LibraryEntry.kind == EntryKind.AGENDA, LibraryEntry.slug.startswith(OWN_AGENDA, autoescape=True))


def _visible(me: Facilitator) -> ColumnElement[bool]:
    return or_(LibraryEntry.owner_id == me.id, LibraryEntry.shared)


def _read(row: LibraryEntry, me: Facilitator) -> KeptAgenda:
    agenda = read_entry((EntryKind.AGENDA, row.slug), row.content, row.version)
    return KeptAgenda(row=row, agenda=agenda, mine=row.owner_id == me.id)
