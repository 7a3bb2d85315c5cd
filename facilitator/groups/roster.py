"""Reads a list of people that was pasted or sent as a CSV file, and says of each line what would become of it.

Pure: it is given text and what stands on the list already, and stores nothing.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from facilitator.errors import Invalid
from facilitator.groups.models import Wording
from facilitator.groups.people import Entry

MOST_ROWS = 200
MOST_BYTES = 64_000
# how people name the columns, in any case
HEADERS = {
    "alias": {"alias", "name", "first name", "person", "nombre", "apodo"},
    "address": {"address", "email", "e-mail", "mail", "email address", "e-mail address", "correo", "dirección"},
    "wording": {"wording", "words", "redacción"},
    "zone": {"zone", "time zone", "timezone", "zona", "zona horaria"},
}
# what a wording is called: on the pages in their languages, and in the database
WORDINGS = {
    Wording.VAGUE: {"vague", "day and time", "day", "day only", "día y hora", "dia y hora", "solo el día"},
    Wording.PLAIN: {"plain", "short", "breve"},
    Wording.FULL: {"full", "completa"},
}
SEPARATORS = "\t;,"
BYTE_ORDER_MARK = "\ufeff"
_ANGLE = re.compile(r"(?P<alias>[^<>]*)<(?P<address>[^<>]+)>[,;]?")
# mail programs quote the name before an address, which no CSV reader expects
_QUOTED_NAME = re.compile(r'^[ \t]*"(?P<name>[^"\n]*)"[ \t]*(?=<)', re.MULTILINE)


class Verdict(StrEnum):
    """What becomes of one line."""

    ADD = "add"
    REPEATED = "repeated"  # its address stands further up in the same list
    PRESENT = "present"  # its address is on the group's list already
    FULL = "full"  # a closed group has no place left
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line as it was read: its number from 1, and its fields as text."""

    number: int
    alias: str = field(repr=False)
    address: str = field(repr=False)
    wording: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One line and what becomes of it.

    Args:
        row: what was read.
        verdict: whether it is added, and if not, why.
        reason: what is wrong with a wrong one, in one sentence.
        entry: what would be added.
    """

    row: Row
    verdict: Verdict
    reason: str = ""
    entry: Entry | None = None


def decode_file(content: bytes) -> str:
    """Return the text of an uploaded file.

    Raises:
        Invalid: when it is too large or is not text in UTF-8.
    """
    if len(content) > MOST_BYTES:
        raise Invalid("The file is too large. A list has at most {most} lines and 64 kB.", "file", most=MOST_ROWS)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is not text in UTF-8. Save it as “CSV UTF-8” and choose it again.", "file") from None


def read_rows(text: str) -> list[Row]:
    """Return the lines of a list: alias, address, wording, zone, between commas, semicolons or tabs.

    A head line may name the columns in another order. A line may also read "Alias <address>", or hold an address
    alone; then the alias is made from its number.

    Raises:
        Invalid: when there is nothing to read, too much, a quotation mark that is never closed, or a line whose
            fields are separated in another way.
    """
    filled = [(number, cells) for number, cells in enumerate(_cells(text), 1) if any(cells)]
    columns = _columns(filled[0][1]) if filled else {}
    body = filled[1:] if columns else filled
    if not body:
        raise Invalid("Enter at least one person: an alias and an address.", "text")
    if len(body) > MOST_ROWS:
        raise Invalid(
            "The list has {count} lines. Add at most {most} at a time.", "text", count=len(body), most=MOST_ROWS
        )
    return [_row(number, cells, columns) for number, cells in body]


def _cells(text: str) -> list[list[str]]:
    if len(text.encode()) > MOST_BYTES:
        raise Invalid("The list is too long. It has at most {most} lines and 64 kB.", "text", most=MOST_ROWS)
    lines = "\n".join(text.removeprefix(BYTE_ORDER_MARK).splitlines())
    unquoted = _QUOTED_NAME.sub(r"\g<name> ", lines)
    try:
        found = list(csv.reader(io.StringIO(unquoted), delimiter=_delimiter(unquoted), strict=True))
    except csv.Error:
        raise Invalid("The list cannot be read: a quotation mark is opened and never closed.", "text") from None
    cells = [[cell.strip() for cell in line] for line in found]
    for number, line in enumerate(cells, 1):
        if any(_holds_fields(cell) for cell in line):
            raise Invalid(
                "Line {number} is separated in another way than the first. Use one sign in all lines.",
                "text",
                number=number,
            )
    return cells


def _holds_fields(cell: str) -> bool:
    """Tell whether a cell was left whole although its line has fields: an address holds no separator."""
    return "@" in cell and any(mark in cell for mark in SEPARATORS) and not _ANGLE.fullmatch(cell)


def preview(
    rows: Sequence[Row], present: Callable[[str], bool], check: Callable[[Entry], str], places: int | None
) -> list[PreviewRow]:
    """Return what becomes of each line.

    Args:
        rows: the lines.
        present: tells whether a normal address is on the list already.
        check: returns the normal address of an entry, or raises Invalid with what is wrong.
        places: how many people may still be added, or None for any number.
    """
    seen: set[str] = set()
    found = []
    for row in rows:
        judged = _judge(row, seen, present, check)
        if judged.verdict is Verdict.ADD and places is not None:
            places -= 1
            if places < 0:
                judged = PreviewRow(row=row, verdict=Verdict.FULL)
        found.append(judged)
    return found


def fingerprint(rows: Sequence[PreviewRow]) -> str:
    """Return what tells one preview from another, so that what is confirmed is what was looked at."""
    shown = [(each.row.alias, each.row.address, each.row.wording, each.row.zone, each.verdict.value) for each in rows]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def _judge(row: Row, seen: set[str], present: Callable[[str], bool], check: Callable[[Entry], str]) -> PreviewRow:
    try:
        entry = Entry(alias=row.alias, address=row.address, wording=_wording(row.wording), zone=row.zone or None)
        address = check(entry)
    except Invalid as problem:
        return PreviewRow(row=row, verdict=Verdict.WRONG, reason=problem.message)
    if address in seen:
        return PreviewRow(row=row, verdict=Verdict.REPEATED)
    seen.add(address)
    if present(address):
        return PreviewRow(row=row, verdict=Verdict.PRESENT)
    return PreviewRow(row=row, verdict=Verdict.ADD, entry=entry)


def _wording(text: str) -> Wording:
    if not text:
        return Wording.VAGUE
    said = " ".join(text.casefold().split())
    for wording, words in WORDINGS.items():
        if said in words:
            return wording
    raise Invalid("The wording is day and time, short or full.", "wording")


def _delimiter(text: str) -> str:
    """Return what separates the fields: whatever the first line that has any separator has most of."""
    lines = (line for line in text.splitlines() if any(mark in line for mark in SEPARATORS))
    return max(SEPARATORS, key=next(lines, "").count)


def _columns(cells: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands, or nothing when the first line is no head line."""
    lowered = [cell.casefold() for cell in cells]
    found = {name: at for name, words in HEADERS.items() for at, cell in enumerate(lowered) if cell in words}
    return found if "address" in found else {}


def _row(number: int, cells: Sequence[str], columns: dict[str, int]) -> Row:
    if columns:
        values = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
        return Row(number=number, alias=values.pop("alias", "") or f"Person {number}", **values)
    angle = _ANGLE.fullmatch(" ".join(cells).strip())
    if angle:
        cells = [angle["alias"].strip(), angle["address"].strip()]
    elif len(cells) == 1:
        cells = ["", *cells]
    elif "@" in cells[0] and "@" not in cells[1]:
        cells = [cells[1], cells[0], *cells[2:]]
    alias, address, wording, zone = [*cells, "", ""][:4]
    return Row(number=number, alias=alias or f"Person {number}", address=address, wording=wording, zone=zone)
