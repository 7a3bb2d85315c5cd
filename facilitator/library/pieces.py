"""The library as a reviewer reads it: one piece an entry, in the order of the guide. Reads only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facilitator.curriculum.editions import OWN_AGENDA
from facilitator.curriculum.entries import find_newest, list_newest, original_versions
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import THEMES, EntryKind, Phase, PromptStatus, SubBind
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.curriculum.shelves import SINGLE_SCRIPTS
from facilitator.library.models import LeftForLater
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import count_statuses, find_newest_version, list_shared, newest_versions

READING_PACE = 120
"""Words a minute: half of what people read in silence, because a reviewer reads to judge."""

PROMPT = "prompt"
SECTIONS: tuple[str, ...] = (
    *THEMES,
    SubBind.CORE,
    EntryKind.EXERCISE,
    EntryKind.SCRIPT,
    EntryKind.HELP_LINE,
    EntryKind.AGREEMENT,
    EntryKind.AGENDA,
    EntryKind.PATHWAY,
)
"""Prompts by theme, then the other shelves: what is spoken first, what it stands in last."""

_PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One version as a reviewer meets it.

    Args:
        later: it waits, and was left for later.
        outdated: a translation whose original has other words by now.
    """

    row: PromptVersion | LibraryEntry
    later: bool = False
    outdated: bool = False

    @property
    def kind(self) -> str:
        """Return an EntryKind, or "prompt"."""
        return PROMPT if isinstance(self.row, PromptVersion) else self.row.kind

    @property
    def section(self) -> str:
        """Return the part of SECTIONS that it belongs to."""
        return self.row.sub_bind if isinstance(self.row, PromptVersion) else self.row.kind

    @property
    def slug(self) -> str:
        """Return what it is known by through all its versions."""
        return self.row.prompt_id if isinstance(self.row, PromptVersion) else self.row.slug

    @property
    def is_reviewed(self) -> bool:
        """Tell whether a reviewer has approved these words."""
        if isinstance(self.row, PromptVersion):
            return self.row.status == PromptStatus.REVIEWED
        return self.row.reviewed_on is not None

    @property
    def is_due(self) -> bool:
        """Tell whether the guide leads here."""
        return not self.is_reviewed and not self.later

    @property
    def can_retire(self) -> bool:
        """Tell whether it may be taken out of use: of some scripts there is one alone, and every length has one agenda."""
        if self.kind == EntryKind.AGENDA and self.slug.startswith(OWN_AGENDA):
            return True
        return self.kind != EntryKind.AGENDA and (self.slug not in SINGLE_SCRIPTS or self.kind != EntryKind.SCRIPT)

    @property
    def words(self) -> int:
        """Return how many words there are to read."""
        if isinstance(self.row, LibraryEntry):
            return _count_words(self.row.content)
        row = self.row
        return _count_words([row.text, row.content_note, row.opt_out, row.follow_ups, row.facilitator_note])


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the review of a section has come, or of the whole library.

    Args:
        section: one of SECTIONS; empty for the whole.
        later: how many of those that wait were left for later.
        minutes: about how long what waits takes to read.
    """

    section: str = ""
    pieces: int
    reviewed: int
    later: int
    minutes: int

    @property
    def waiting(self) -> int:
        """Return how many wait, those that were left for later among them."""
        return self.pieces - self.reviewed


def list_languages(db: Session) -> list[str]:
    """List the languages that the library has entries in, the source language first."""
    found = db.scalars(select(PromptVersion.language).union(select(LibraryEntry.language)))
    return sorted(found, key=lambda language: (language != SOURCE_LANGUAGE, language))


def list_pieces(db: Session, language: str) -> list[Piece]:
    """List the newest version of every shared entry of a language, by section, phase and depth.

    What is private or out of use is left out.
    """
    later = set(db.scalars(select(LeftForLater.version_id)))
    originals = _list_originals(db) if language != SOURCE_LANGUAGE else {}
    rows: list[PromptVersion | LibraryEntry] = [*list_shared(db, language)]
    rows += [row for row in list_newest(db, language) if row.shared]
    return sorted((_piece(row, originals, later=row.id in later) for row in rows), key=_place)


def find_original_of(db: Session, piece: Piece) -> PromptVersion | LibraryEntry | None:
    """Return what a translation was made from, as it reads now."""
    if piece.row.language == SOURCE_LANGUAGE:
        return None
    if isinstance(piece.row, PromptVersion):
        return find_newest_version(db, piece.slug, SOURCE_LANGUAGE)
    return find_newest(db, (EntryKind(piece.row.kind), piece.slug), SOURCE_LANGUAGE)


def find_due(pieces: Sequence[Piece], after: str = "", section: str = "") -> Piece | None:
    """Return the piece that the guide leads to: the first that is due, or the first one behind a version.

    Behind the last one it begins again at the first.
    """
    ids = [piece.row.id for piece in pieces]
    at = ids.index(after) if after in ids else -1
    in_turn = [*pieces[at + 1 :], *pieces[: max(at, 0)]]
    return next((piece for piece in in_turn if piece.is_due and section in ("", piece.section)), None)


def measure(pieces: Sequence[Piece], section: str = "") -> Progress:
    """Return how far a section has come, or all of them."""
    counted = [piece for piece in pieces if section in ("", piece.section)]
    waiting = [piece for piece in counted if not piece.is_reviewed]
    return Progress(
        section=section,
        pieces=len(counted),
        reviewed=len(counted) - len(waiting),
        later=sum(piece.later for piece in waiting),
        minutes=ceil(sum(piece.words for piece in waiting) / READING_PACE),
    )


def count_waiting(db: Session, language: str) -> int:
    """Return how many pieces of a language wait, without reading them."""
    newest = (
        select(LibraryEntry.kind, LibraryEntry.slug, func.max(LibraryEntry.version).label("version"))
        .where(LibraryEntry.language == language)
        .group_by(LibraryEntry.kind, LibraryEntry.slug)
        .subquery()
    )
    same = [getattr(newest.c, name) == getattr(LibraryEntry, name) for name in ("kind", "slug", "version")]
    unread = (LibraryEntry.shared, ~LibraryEntry.retired, LibraryEntry.reviewed_on.is_(None))
    found = select(func.count()).select_from(LibraryEntry).join(newest, same[0] & same[1] & same[2])
    others = db.scalar(found.where(LibraryEntry.language == language, *unread)) or 0
    return others + count_statuses(db, language).get(PromptStatus.DRAFT, 0)


def _piece(row: PromptVersion | LibraryEntry, originals: Mapping[tuple[str, str], int], *, later: bool) -> Piece:
    piece = Piece(row=row)
    newest = originals.get((piece.kind, piece.slug), 0)
    return Piece(row=row, later=later and not piece.is_reviewed, outdated=row.translation_of < newest)


def _place(piece: Piece) -> tuple[object, ...]:
    # gr10 comes after gr9
    slug = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", piece.slug)]
    if isinstance(piece.row, PromptVersion):
        return SECTIONS.index(piece.section), _PHASES.index(Phase(piece.row.phase)), piece.row.depth, slug
    return SECTIONS.index(piece.section), piece.row.content.get("order", 0), 0, slug


def _list_originals(db: Session) -> dict[tuple[str, str], int]:
    prompts = {(PROMPT, slug): version for slug, version in newest_versions(db, SOURCE_LANGUAGE).items()}
    return prompts | {(str(kind), slug): version for (kind, slug), version in original_versions(db).items()}


def _count_words(value: object) -> int:
    match value:
        case str():
            return len(value.split())
        case dict():
            return sum(map(_count_words, value.values()))
        case list():
            return sum(map(_count_words, value))
        case _:
            return 0
