"""The figures of a report as a CSV file that is safe to open in a spreadsheet.

Headings and values are codes, the same in every language, so that a file can be read by a program.
"""

import csv
from collections.abc import Iterable
from io import StringIO

from facilitator.attendance.rules import Spoken
from facilitator.reports.service import Trend, TrendLine

HEADINGS = (
    "group",
    "session",
    "date",
    "start",
    "zone",
    "minutes",
    "status",
    "came",
    "came_at_least",
    "had_been_before",
)
# what makes a spreadsheet take a cell for a formula (OWASP, CSV injection), full-width forms among it
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_bytes(trend: Trend) -> bytes:
    """Return one row a session."""
    return write_rows(HEADINGS, (_cells(trend, line) for line in trend.lines))


def write_rows(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Return rows in UTF-8 with the mark by which spreadsheets know it, and CRLF (RFC 4180)."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _cells(trend: Trend, line: TrendLine) -> tuple[str, ...]:
    session = line.session
    return (
        trend.group.label,
        str(session.position),
        session.on_date.isoformat(),
        f"{session.start_time:%H:%M}",
        session.zone,
        str(session.minutes),
        _status(line),
        _came(line.came),
        "" if line.value is None else str(line.value),
        line.returning or "",
    )


def _status(line: TrendLine) -> str:
    if line.not_held:
        return "not_held"
    return "cancelled" if line.cancelled else "held" if line.held else "not_counted"


def _came(came: Spoken | None) -> str:
    if came is None:
        return ""
    return came.code.value if came.count is None else f"{came.code.value} {came.count}"
