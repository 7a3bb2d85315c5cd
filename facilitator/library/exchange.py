"""The library as a file: TOML with every kind of entry, or a CSV sheet of prompts; written for a choice, and read back.

The same entries make the same bytes, wherever and whenever: no day, no person, no path stands in a file.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import tomli_w
from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.errors import Invalid, NotFound
from facilitator.library.items import KINDS, PROMPT, Item, Key, item_of, read_item, write_item
from facilitator.library.sheet import is_sheet, read_sheet, write_sheet
from facilitator.prompts.models import Prompt, PromptVersion

FORMAT = 1
LARGEST_FILE = 4_000_000
"""Bytes; the shipped library in two languages is a tenth of it."""

ARCHIVE = b"PK"  # how a zip archive begins, and with it every spreadsheet that is not CSV
EXCERPT = 80
_TOML_FAULT = re.compile(
    r"(?P<words>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)
_PLAIN_FAULTS = {
    "Invalid value": "the value cannot be read; text stands between quotation marks",
    "Illegal character '\\n'": "a quotation mark is opened and not closed in this line",
    "Cannot overwrite a value": "this key stands twice",
    "Unterminated string": "a quotation mark is opened and never closed",
    "Exceeds the limit": "a number in it is too long",
}


class Layout(StrEnum):
    """How a file is written."""

    TOML = "toml"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A version as the database holds it."""

    row: PromptVersion | LibraryEntry
    item: Item
    owner_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An entry of a file that cannot be taken, and why, in one sentence that names it."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What goes into a file; an empty value leaves nothing out.

    Args:
        kind: one of KINDS.
        own: the person's own private entries too.
        pathway: the slug of a pathway of one's own, which then stands alone in the file.
    """

    language: str = ""
    kind: str = ""
    own: bool = False
    pathway: str = ""


def load_holdings(db: Session) -> dict[Key, list[Holding]]:
    """Load every version of everything, in two queries; the versions of a key stand in their order."""
    found: dict[Key, list[Holding]] = {}
    prompts = select(PromptVersion, Prompt.owner_id, Prompt.shared).join(Prompt, Prompt.id == PromptVersion.prompt_id)
    for version, owner_id, shared in db.execute(prompts.order_by(PromptVersion.version)):
        item = item_of(version, shared=shared)
        found.setdefault(item.key, []).append(Holding(row=version, item=item, owner_id=owner_id))
    for row in db.scalars(select(LibraryEntry).order_by(LibraryEntry.version)):
        item = item_of(row, shared=row.shared)
        found.setdefault(item.key, []).append(Holding(row=row, item=item, owner_id=row.owner_id))
    return found


def list_items(db: Session, me: Facilitator | None, choice: Choice) -> list[Item]:
    """List the newest version of each entry of a choice, those out of use among them.

    Raises:
        NotFound: when a pathway is asked for that is not one's own.
    """
    newest = [versions[-1] for versions in load_holdings(db).values()]
    if choice.pathway:
        found = [each.item for each in newest if _is_pathway_of(each, me) and each.item.head.slug == choice.pathway]
        if not found:
            raise NotFound
        return found
    return [each.item for each in newest if _is_chosen(each, me, choice)]


def list_own_pathways(db: Session, me: Facilitator) -> list[tuple[str, str]]:
    """List the pathways that a person wrote, each slug with its name."""
    rows = select(LibraryEntry).where(LibraryEntry.kind == EntryKind.PATHWAY, LibraryEntry.owner_id == me.id)
    named = {row.slug: str(row.content["name"]) for row in db.scalars(rows.order_by(LibraryEntry.version))}
    return sorted(named.items())


def write_file(items: Iterable[Item], layout: Layout) -> bytes:
    """Return the file of these entries; a sheet holds the prompts among them."""
    in_order = sorted(items, key=_place)
    if layout is Layout.CSV:
        return write_sheet(write_item(item) for item in in_order if item.kind == PROMPT)
    tables: dict[str, Any] = {"format": FORMAT}
    for item in in_order:
        tables.setdefault(item.kind, []).append(write_item(item))
    return tomli_w.dumps(tables).encode()


def read_file(content: bytes, name: str = "") -> list[Item | Refusal]:
    """Read what a file holds, entry by entry.

    Args:
        content: its bytes.
        name: what it is called; a sheet is known by the ending .csv or by its head line.

    Raises:
        Invalid: when the file as a whole cannot be read, with the line where that is known.
    """
    text = decode(content)
    if name.casefold().endswith(".csv") or is_sheet(text):
        found = [_read_row(line, row) for line, row in read_sheet(text)]
    else:
        found = _read_tables(parse_toml(text))
    if not found:
        raise Invalid("There is no entry in this file.")
    return found


def decode(content: bytes) -> str:
    """Return the text of a file.

    Raises:
        Invalid: when it is empty, too large, an archive, or not text in UTF-8.
    """
    if len(content) > LARGEST_FILE:
        raise Invalid("The file is too large. A library has at most {most} MB.", most=LARGEST_FILE // 1000000)
    if not content.strip():
        raise Invalid("The file is empty.")
    if content.startswith(ARCHIVE):
        raise Invalid("This is an archive or a spreadsheet, not text. Unpack it, or save the sheet as “CSV UTF-8”.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise Invalid(
            "Line {line} is not text in UTF-8. Save the file as UTF-8 and choose it again.", line=line
        ) from fault


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text.

    Raises:
        Invalid: when it is no TOML, naming line and column.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Invalid("The file nests lists too deeply to be read.") from None
    except ValueError as fault:  # a number of thousands of digits is no TOMLDecodeError
        raise Invalid(_say_toml_fault(str(fault), text)) from fault


def _say_toml_fault(fault: str, text: str) -> str:
    found, lines = _TOML_FAULT.fullmatch(fault), text.split("\n")
    words = next((plain for start, plain in _PLAIN_FAULTS.items() if fault.startswith(start)), "")
    if not found:
        return f"The file cannot be read as TOML: {words or fault}."
    words = words or found["words"].rstrip(".")
    if found["line"] is None:
        return f"Line {len(lines)}, the last one: {words}."
    at = int(found["line"])
    excerpt = lines[at - 1].strip()[:EXCERPT] if at <= len(lines) else ""
    return f"Line {at}, column {found['column']}: {words}. The line reads: {excerpt}"


def _read_tables(tables: Mapping[str, Any]) -> list[Item | Refusal]:
    if "format" not in tables:
        raise Invalid(
            "The number of the format is missing. The first line of a library reads: format = {format}", format=FORMAT
        )
    if tables["format"] != FORMAT:
        raise Invalid(
            "The file has format {found}. This program reads format {format}.",
            found=tables["format"],
            format=FORMAT,
        )
    for key, entries in tables.items():
        if key != "format" and key not in KINDS:
            raise Invalid(
                "The key '{key}' is not known. Kinds of entries are {kinds}.", key=key, kinds=", ".join(KINDS)
            )
        if key != "format" and not isinstance(entries, list):
            raise Invalid("The key '{key}' is expected once for each entry, as [[{key}]].", key=key)
    return [
        _read_table(kind, number, table) for kind in KINDS for number, table in enumerate(tables.get(kind, []), start=1)
    ]


def _read_table(kind: str, number: int, table: object) -> Item | Refusal:
    slug = table.get("id" if kind == PROMPT else "slug") if isinstance(table, dict) else None
    where = kind if isinstance(slug, str) and slug else f"{kind} {number}"
    try:
        return read_item(kind, table, where)
    except Invalid as problem:
        return Refusal(name=f"{kind} {slug or number}", reason=problem.message)


def _read_row(line: int, row: dict[str, Any] | Invalid) -> Item | Refusal:
    if isinstance(row, Invalid):
        return Refusal(name=f"line {line}", reason=row.message)
    try:
        return read_item(PROMPT, row, f"Line {line}, prompt")
    except Invalid as problem:
        return Refusal(name=str(row["id"] or f"line {line}"), reason=problem.message)


def _place(item: Item) -> tuple[int, bool, str, str]:
    return KINDS.index(item.kind), item.head.language != SOURCE_LANGUAGE, item.head.language, item.head.slug


def _is_pathway_of(holding: Holding, me: Facilitator | None) -> bool:
    return holding.item.kind == EntryKind.PATHWAY and me is not None and holding.owner_id == me.id


def _is_chosen(holding: Holding, me: Facilitator | None, choice: Choice) -> bool:
    item = holding.item
    own = choice.own and me is not None and holding.owner_id == me.id
    return (item.head.shared or own) and choice.language in ("", item.head.language) and choice.kind in ("", item.kind)
