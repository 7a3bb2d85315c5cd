"""Prompts as a CSV sheet: one row a prompt, one column a key.

A list stands in one cell, one entry a line; inside an entry a backslash is written as two, a line break as backslash
and n, and an empty entry as one backslash. A cell that a spreadsheet would take for a formula begins with an
apostrophe. What the cells mean is judged where tables are judged.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from facilitator.errors import Invalid
from facilitator.prompts.importing import CONTENT

LISTS = frozenset({"arenas", "follow_ups", "group_types", "tags"})
NUMBERS = frozenset({"version", "translation_of", "depth", "minutes_default", "minutes_min", "min_people"})
SWITCHES = frozenset({"online_ok", "shared"})
OPTIONAL: Mapping[str, Any] = {
    "translation_of": 0,
    "status": "draft",
    "shared": True,
    "reviewed_by_role": "",
    "reviewed_on": "",
}
"""Columns that may be left out, and what is read then."""
COLUMNS = (
    "id",
    "language",
    "version",
    "translation_of",
    "status",
    "shared",
    *CONTENT,
    "reviewed_by_role",
    "reviewed_on",
)
YES, NO = "yes", "no"
SEPARATORS = ",;\t"
# what makes a spreadsheet take a cell for a formula (OWASP, CSV injection), and the apostrophe that says it is none
_GUARDED = ("'", "=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\([\\nr])")
_NUMBER = re.compile(r"-?[0-9]{1,9}")


def write_sheet(tables: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the tables of prompts in UTF-8 with the mark by which spreadsheets know it, and CRLF (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_write_row(table) for table in tables)
    return text.getvalue().encode("utf-8-sig")


def read_sheet(text: str) -> list[tuple[int, dict[str, Any] | Invalid]]:
    """Return the line of each row with its table, or with what is wrong in it.

    Raises:
        Invalid: when the sheet as a whole cannot be read, naming the line and, where one is missing, the column.
    """
    rows = _read_cells(text)
    first, names = next(rows, (1, []))
    columns = _read_head(first, names)
    return [(line, _read_row(line, columns, cells)) for line, cells in rows]


def is_sheet(text: str) -> bool:
    """Tell whether a text begins with the head line of a sheet."""
    first = text.lstrip("\ufeff\r\n ").partition("\n")[0]
    return len({"id", "text", "language"} & set(_split_head(first))) > 1


def _split_head(line: str) -> list[str]:
    return [cell.strip(' \r"').casefold() for cell in line.split(_separator(line))]


def _separator(line: str) -> str:
    return max(SEPARATORS, key=line.count)


def _write_row(table: Mapping[str, Any]) -> list[str]:
    minutes = table["minutes"]
    flat = {"shared": True, **table, "minutes_default": minutes["default"], "minutes_min": minutes["min"]}
    return [_write_cell(flat[column]) for column in COLUMNS]


def _write_cell(value: object) -> str:
    match value:
        case bool():
            return YES if value else NO
        case list():
            text = "\n".join(map(_escape, value))
        case _:
            text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_GUARDED) else text


def _escape(entry: str) -> str:
    return re.sub(r"[\\\n\r]", lambda found: _ESCAPES[found[0]], entry) or "\\"


def _unescape(entry: str) -> str:
    plain = {"\\": "\\", "n": "\n", "r": "\r"}
    return "" if entry == "\\" else _ESCAPED.sub(lambda found: plain[found[1]], entry)


def _read_cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line that it begins in; rows without any word are left out."""
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(first), strict=True)
    before = 0
    try:
        for cells in reader:
            if any(cells):
                yield before + 1, cells
            before = reader.line_num
    except csv.Error as fault:
        raise Invalid("Line {line}: {fault}", line=before + 1, fault=_say_fault(str(fault))) from fault


def _say_fault(fault: str) -> str:
    if "unexpected end" in fault:
        return "a quotation mark is opened and never closed."
    if "expected after" in fault:
        return "something stands behind a closing quotation mark. Inside a cell a quotation mark is written twice."
    return f"the row cannot be read ({fault})."


def _read_head(line: int, names: Sequence[str]) -> list[str]:
    columns = [name.strip().casefold() for name in names]
    for column in COLUMNS:
        if columns.count(column) > 1:
            raise Invalid(
                "Line {line}: the column '{column}' stands {times} times.",
                line=line,
                column=column,
                times=columns.count(column),
            )
        if column not in columns and column not in OPTIONAL:
            raise Invalid("Line {line}: the column '{column}' is missing.", line=line, column=column)
    unknown = next((column for column in columns if column not in COLUMNS), None)
    if unknown is not None:
        raise Invalid("Line {line}: the column '{unknown}' is not known.", line=line, unknown=unknown)
    return columns


def _read_row(line: int, columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | Invalid:
    if len(cells) != len(columns):
        raise Invalid(
            "Line {line} has {count} cells and the head has {columns}. Use one separator in all lines, and put a cell that holds it between quotation marks.",
            line=line,
            count=len(cells),
            columns=len(columns),
        )
    try:
        values = {column: _read_cell(column, cell) for column, cell in zip(columns, cells, strict=True)}
    except Invalid as problem:
        return Invalid(
            "Line {line}, {where}: {fault}",
            problem.field,
            line=line,
            where=problem.field,
            fault=problem.message,
        )
    minutes = {"default": values.pop("minutes_default"), "min": values.pop("minutes_min")}
    return {**OPTIONAL, **values, "minutes": minutes}


def _read_cell(column: str, cell: str) -> object:
    cell = cell.removeprefix("'")
    if column in LISTS:
        return [_unescape(entry) for entry in re.split(r"\r\n|\n|\r", cell)] if cell else []
    if column in NUMBERS:
        if not _NUMBER.fullmatch(cell.strip()):
            raise Invalid("'{cell}' is not a whole number.", column, cell=cell)
        return int(cell)
    if column in SWITCHES:
        if cell.strip().casefold() not in (YES, NO):
            raise Invalid("'{cell}' is neither {yes} nor {no}.", column, cell=cell, yes=YES, no=NO)
        return cell.strip().casefold() == YES
    return cell
