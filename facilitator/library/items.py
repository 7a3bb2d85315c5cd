"""One version of a library entry as an exchanged file holds it, read with the hard checks of the shipped library.

Owns the table of an entry: a prompt stands as in the shipped files, any other entry as a head with its content below.
It must never hold a person, a date other than that of a review, or an id of a row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from facilitator.curriculum.materials import PromptEntry
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.reader import read_value, write_value
from facilitator.curriculum.rules import EntryKind, PromptStatus
from facilitator.curriculum.service import SOURCE_LANGUAGE, editions
from facilitator.curriculum.shelves import SINGLE_SCRIPTS, read_entry, write_entry
from facilitator.errors import Invalid
from facilitator.prompts.importing import content_of, said_by
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.rules_draft import PromptDraft, validate_draft
from facilitator.prompts.service import LONGEST_ROLE

PROMPT = "prompt"
KINDS: tuple[str, ...] = (PROMPT, *EntryKind)
HIGHEST_VERSION = 1_000_000
NO_STATUS = "none"
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,80}")

Key = tuple[str, str, str]
"""Kind, slug and language: what has versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a version beside its words.

    Args:
        shared: False for somebody's own, which only its owner sees.
    """

    slug: str
    language: str
    version: int
    translation_of: int = 0
    status: PromptStatus = PromptStatus.DRAFT
    reviewed_by_role: str = ""
    reviewed_on: date | None = None
    shared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One version of an entry.

    Args:
        kind: one of KINDS.
        content: a prompt by its columns, any other entry as the table of its dataclass.
    """

    kind: str
    head: Head
    content: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Return what it is a version of."""
        return self.kind, self.head.slug, self.head.language


_HEAD_KEYS = tuple(field.name for field in fields(Head))
_DRAFT_KEYS = {field.name for field in fields(PromptDraft)} & {field.name for field in fields(PromptEntry)}


def item_of(row: PromptVersion | LibraryEntry, *, shared: bool) -> Item:
    """Return a row as it stands in a file."""
    common: dict[str, Any] = {
        "language": row.language,
        "version": row.version,
        "translation_of": row.translation_of,
        "reviewed_by_role": row.reviewed_by_role,
        "reviewed_on": row.reviewed_on,
        "shared": shared,
    }
    if isinstance(row, PromptVersion):
        head = Head(slug=row.prompt_id, status=PromptStatus(row.status), **common)
        return Item(kind=PROMPT, head=head, content=said_by(row))
    return Item(kind=row.kind, head=Head(slug=row.slug, status=_status_of(row), **common), content=row.content)


def write_item(item: Item) -> dict[str, Any]:
    """Give an item as the table that `read_item` reads; "shared" stands only where it says no."""
    head = {key: value for key, value in write_value(item.head).items() if key != "shared" or not value}
    if item.kind != PROMPT:
        return {**head, "content": item.content}
    content = dict(item.content)
    minutes = {"default": content.pop("minutes_default"), "min": content.pop("minutes_min")}
    return {"id": head.pop("slug"), **head, **content, "minutes": minutes}


def read_item(kind: str, table: object, where: str) -> Item:
    """Build an item from its table.

    Args:
        kind: one of KINDS.
        table: as parsed.
        where: what the message begins with.

    Raises:
        Invalid: naming the entry, the key and what is wrong.
    """
    if not isinstance(table, dict):
        raise Invalid(f"{where}: a table is expected here.")
    item = _read_prompt(table, where) if kind == PROMPT else _read_entry(EntryKind(kind), table, where)
    where = f"{where} '{item.head.slug}'"
    if _holds_nul(item.content) or _holds_nul(item.head.reviewed_by_role):
        raise Invalid(f"{where}: the text holds a character that cannot be kept (U+0000).")
    for holds, key, message in (*_identity_checks(item), *_review_checks(item)):
        if not holds:
            raise Invalid(f"{where}, {key}: {message}")
    return item


def _status_of(row: LibraryEntry) -> PromptStatus:
    if row.retired:
        return PromptStatus.RETIRED
    return PromptStatus.REVIEWED if row.reviewed_on else PromptStatus.DRAFT


def _read_prompt(table: dict[str, Any], where: str) -> Item:
    entry = read_value(PromptEntry, {key: value for key, value in table.items() if key != "shared"}, where)
    where_named = f"{where} '{entry.id}'"
    if entry.assumes_status != NO_STATUS:
        raise Invalid(f"{where_named}, assumes_status: '{entry.assumes_status}' is not '{NO_STATUS}'.")
    given = {key: getattr(entry, key) for key in _DRAFT_KEYS}
    try:
        validate_draft(PromptDraft(**given, minutes_default=entry.minutes.default, minutes_min=entry.minutes.least))
    except Invalid as problem:
        raise Invalid(f"{where_named}, {problem.field}: {problem.message}") from problem
    head = {key: table[key] for key in _HEAD_KEYS if key in table}
    return Item(kind=PROMPT, head=read_value(Head, {**head, "slug": entry.id}, where), content=content_of(entry))


def _read_entry(kind: EntryKind, table: dict[str, Any], where: str) -> Item:
    head = read_value(Head, {key: value for key, value in table.items() if key != "content"}, where)
    content = table.get("content")
    if not isinstance(content, dict):
        raise Invalid(f"{where} '{head.slug}', content: a table is expected here.")
    entry = read_entry((kind, head.slug), content, head.version)
    return Item(kind=kind, head=head, content=write_entry(entry))


def _identity_checks(item: Item) -> tuple[tuple[bool, str, str], ...]:
    head = item.head
    original = head.language == SOURCE_LANGUAGE
    return (
        (
            _SLUG.fullmatch(head.slug) is not None,
            "id" if item.kind == PROMPT else "slug",
            "1 to 80 letters, digits, hyphens or underscores are expected.",
        ),
        (head.language in editions(), "language", f"'{head.language}' is not one of {', '.join(editions())}."),
        (1 <= head.version <= HIGHEST_VERSION, "version", f"1 to {HIGHEST_VERSION} is expected."),
        (0 <= head.translation_of <= HIGHEST_VERSION, "translation_of", f"0 to {HIGHEST_VERSION} is expected."),
        (not (original and head.translation_of), "translation_of", "an entry in the source language has 0 here."),
    )


def _review_checks(item: Item) -> tuple[tuple[bool, str, str], ...]:
    head = item.head
    retired = head.status is PromptStatus.RETIRED
    is_single = item.kind == EntryKind.SCRIPT and head.slug in SINGLE_SCRIPTS
    role, day = bool(head.reviewed_by_role), head.reviewed_on is not None
    return (
        (not (retired and is_single), "status", "pages need this script; it cannot be out of use."),
        (len(head.reviewed_by_role) <= LONGEST_ROLE, "reviewed_by_role", f"at most {LONGEST_ROLE} characters."),
        (role or head.status is not PromptStatus.REVIEWED, "reviewed_by_role", "a reviewed entry names a role."),
        (day == role, "reviewed_on", "a role and a day stand together, or neither."),
        (not (role and head.status is PromptStatus.DRAFT), "status", "a draft has no review."),
    )


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\x00" in value
        case Mapping():
            return any(map(_holds_nul, value.values()))
        case list() | tuple():
            return any(map(_holds_nul, value))
        case _:
            return False
