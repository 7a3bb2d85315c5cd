"""What a file would take out of use although groups cannot do without it: the holds of an entry's own page, for many.

The entries of a file count together: one that it brings makes room for one that it takes away. Nothing here writes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind, PromptStatus
from facilitator.curriculum.shelves import Slot, arrange, list_shelves, read_entry
from facilitator.library.editing import Fault, find_hold
from facilitator.library.items import PROMPT, Item, Key


def list_holds(db: Session, brought: Iterable[Item], taken: Iterable[Item]) -> Mapping[Key, Fault]:
    """Return why entries of a file cannot go out of use, by their keys.

    Args:
        db: the open session.
        brought: what would be written, whatever is decided about conflicts.
        taken: what could be written, the conflicts too.
    """
    leaving = sorted((item for item in taken if _leaves(item)), key=_language_of)
    staying = [item for item in brought if item.kind != PROMPT and not _leaves(item)]
    holds: dict[Key, Fault] = {}
    for language, items in groupby(leaving, key=_language_of):
        here = [item for item in staying if item.head.language == language]
        holds.update(_judge(edition(db, language), here, list(items)))
    return holds


def _judge(content: Catalogue, brought: Sequence[Item], leaving: Iterable[Item]) -> Iterator[tuple[Key, Fault]]:
    """Take one entry after the other away and say which cannot go."""
    shelves = list_shelves(content)
    entries: dict[Slot, Any] = dict(shelves)
    for item in brought:
        entries[_slot(item)] = read_entry(_slot(item), item.content, item.head.version)
    for item in leaving:
        slot = _slot(item)
        hold = find_hold(slot, arrange(content, entries)) if slot in shelves else None
        if hold:
            yield item.key, hold
        else:
            entries.pop(slot, None)


def _leaves(item: Item) -> bool:
    """Tell whether an entry is taken out of use, or is a help line that is not shown."""
    if item.kind == PROMPT:
        return False
    is_hidden = item.kind == EntryKind.HELP_LINE and not item.content["active"]
    return item.head.status is PromptStatus.RETIRED or is_hidden


def _slot(item: Item) -> Slot:
    return EntryKind(item.kind), item.head.slug


def _language_of(item: Item) -> str:
    return item.head.language
