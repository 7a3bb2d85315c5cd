"""Reads of the library as a whole. Nothing here writes."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy.orm import Session

from facilitator.curriculum.entries import list_newest
from facilitator.curriculum.rules import EntryKind, PromptStatus
from facilitator.prompts.queries import count_statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """How much there is of one kind, and how much of it a reviewer has read.

    Args:
        kind: an EntryKind, or "prompt".
    """

    kind: str
    entries: int
    reviewed: int


def count_shelves(db: Session, language: str) -> list[Shelf]:
    """Count the entries of each kind in a language; what is private or out of use is left out."""
    rows = [row for row in list_newest(db, language) if row.shared]
    entries, reviewed = Counter(row.kind for row in rows), Counter(row.kind for row in rows if row.reviewed_on)
    others = [Shelf(kind=kind, entries=entries[kind], reviewed=reviewed[kind]) for kind in EntryKind]
    steps = count_statuses(db, language)
    living = steps.get(PromptStatus.DRAFT, 0) + steps.get(PromptStatus.REVIEWED, 0)
    return [Shelf(kind="prompt", entries=living, reviewed=steps.get(PromptStatus.REVIEWED, 0)), *others]
