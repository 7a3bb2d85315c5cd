"""Reads a list of people that was pasted or sent as a CSV file, and says of each line what would become of it.

Pure: it is given text and what stands on the list already, and stores nothing.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from facilitator.errors import Invalid
from facilitator.groups.models import Wording
from facilitator.groups.people import LONGEST_ALIAS, Entry

MOST_ROWS = 200
MOST_BYTES = 64_000
HEADERS = {
    "alias": {"alias", "name", "first name", "nombre", "person"},
    "address": {"address", "email", "e-mail", "mail", "email address", "correo"},
    "wording": {"wording", "words"},
    "zone": {"zone", "time zone", "timezone"},
}
_ANGLE = re.compile(r"^(?P<alias>.*?)<(?P<address>[^<>]+)>$")


class Verdict(StrEnum):
    """What becomes of one line."""

    ADD = "add"
    DUPLICATE = "duplicate"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line as it was read: its number from 1, and its fields as text."""

    number: int
    alias: str
    address: str
    wording: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One line and what becomes of it.

    Args:
        row: what was read.
        verdict: added, a duplicate, or wrong.
        reason: what is wrong with it, in one sentence.
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
        raise Invalid("The file is too large. A list has at most 200 lines and 64 kB.", "file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is not text in UTF-8. Save it as “CSV UTF-8” and choose it again.", "file") from None


def read_rows(text: str) -> list[Row]:
    """Return the lines of a list, separated by commas, semicolons or tabs, with or without a head line.

    A line may also read "Alias <address>", or hold an address alone; then the alias is made from its number.

    Raises:
        Invalid: when there is nothing to read, too much, or a quotation mark that is never closed.
    """
    if len(text.encode()) > MOST_BYTES:
        raise Invalid("The list is too long. It has at most 200 lines.", "text")
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True))
    except csv.Error:
        raise Invalid("The list cannot be read: a quotation mark is opened and never closed.", "text") from None
    filled = [
        (number, [cell.strip() for cell in line]) for number, line in enumerate(lines, 1) if any(map(str.strip, line))
    ]
    if not filled:
        raise Invalid("Enter at least one person: an alias and an address.", "text")
    columns = _columns(filled[0][1])
    body = filled[1:] if columns else filled
    if len(body) > MOST_ROWS:
        raise Invalid(f"The list has {len(body)} lines. Add at most {MOST_ROWS} at a time.", "text")
    return [_row(number, cells, columns) for number, cells in body]


def preview(
    rows: Sequence[Row], present: Callable[[str], bool], check: Callable[[Entry], str], places: int
) -> list[PreviewRow]:
    """Return what becomes of each line.

    Args:
        rows: the lines.
        present: tells whether a normal address is on the list already.
        check: returns the normal address of an entry, or raises Invalid with what is wrong.
        places: how many people may still be added.
    """
    seen: set[str] = set()
    found = []
    for row in rows:
        judged = _judge(row, seen, present, check)
        if judged.verdict is Verdict.ADD:
            places -= 1
            if places < 0:
                judged = PreviewRow(row=row, verdict=Verdict.WRONG, reason="There is no place left in this group.")
        found.append(judged)
    return found


def _judge(row: Row, seen: set[str], present: Callable[[str], bool], check: Callable[[Entry], str]) -> PreviewRow:
    try:
        entry = Entry(alias=row.alias, address=row.address, wording=_wording(row.wording), zone=row.zone or None)
        address = check(entry)
    except Invalid as problem:
        return PreviewRow(row=row, verdict=Verdict.WRONG, reason=problem.message)
    if address in seen:
        return PreviewRow(row=row, verdict=Verdict.DUPLICATE, reason="This address stands above already.")
    if present(address):
        return PreviewRow(row=row, verdict=Verdict.DUPLICATE, reason="This address is on the list already.")
    seen.add(address)
    return PreviewRow(row=row, verdict=Verdict.ADD, entry=entry)


def _wording(text: str) -> Wording:
    try:
        return Wording(text.lower()) if text else Wording.VAGUE
    except ValueError:
        raise Invalid("The wording is vague, plain or full.", "wording") from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max("\t;,", key=first.count)


def _columns(cells: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands, or nothing when the first line is no head line."""
    lowered = [cell.casefold() for cell in cells]
    found = {name: at for name, words in HEADERS.items() for at, cell in enumerate(lowered) if cell in words}
    return found if "address" in found else {}


def _row(number: int, cells: Sequence[str], columns: dict[str, int]) -> Row:
    if columns:
        values = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
        alias = values.pop("alias", "") or f"Person {number}"
        return Row(number=number, alias=alias[: LONGEST_ALIAS * 2], **values)
    angle = _ANGLE.match(cells[0]) if len(cells) == 1 else None
    if angle:
        return Row(
            number=number, alias=angle["alias"].strip(' "') or f"Person {number}", address=angle["address"].strip()
        )
    if len(cells) == 1:
        return Row(number=number, alias=f"Person {number}", address=cells[0])
    first, second = (cells[1], cells[0]) if "@" in cells[0] and "@" not in cells[1] else (cells[0], cells[1])
    return Row(number=number, alias=first or f"Person {number}", address=second)
