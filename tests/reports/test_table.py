"""The figures as a file: one row a session, and nothing that a spreadsheet would run."""

import csv
from pathlib import Path

import pytest

from facilitator.reports.service import attendance_trend
from facilitator.reports.table import HEADINGS, csv_bytes, safe_cell

GOLDEN = Path(__file__).parent.parent / "goldens" / "sessions.csv"


def read(content):
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


def test_the_file_of_a_group_is_the_one_agreed_on(db, group, sessions, close):
    for session, headcount in ((sessions[0], 8), (sessions[1], 1), (sessions[4], 5)):
        close(session, headcount)
    sessions[2].status = "cancelled"
    assert csv_bytes(attendance_trend(db, group)) == GOLDEN.read_bytes()


def test_a_group_without_figures_is_a_line_of_headings(db, group):
    assert csv_bytes(attendance_trend(db, group)) == (",".join(HEADINGS) + "\r\n").encode("utf-8-sig")


def test_no_mean_and_no_sum_stands_in_the_file(db, group, sessions, close):
    close(sessions[0], 6)
    rows = read(csv_bytes(attendance_trend(db, group)))
    assert [row["came"] for row in rows] == ["exact 6"]
    assert len(rows) == 1


@pytest.mark.parametrize(
    "label",
    [
        "=1+1",
        "+44 20",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\uff1dcmd",
        '=HYPERLINK("https://x.example","a")',
    ],
)
def test_a_label_that_looks_like_a_formula_stays_text(db, group, sessions, close, label):
    group.label = label
    close(sessions[0], 6)
    text = csv_bytes(attendance_trend(db, group)).decode("utf-8-sig")
    cell = next(csv.reader(text[text.index("\n") + 1 :].splitlines(keepends=True)))[0]
    assert cell == f"'{label}"


@pytest.mark.parametrize("label", ["Monday Circle", "A=B", "7+", "Río, 2", 'The "quiet" one', ""])
def test_an_ordinary_label_is_left_as_it_is(label):
    assert safe_cell(label) == label


def test_a_label_with_commas_quotes_and_lines_stays_in_its_cell(db, group, sessions, close):
    group.label = 'Río, "quiet"'
    close(sessions[0], 6)
    assert read(csv_bytes(attendance_trend(db, group)))[0]["group"] == 'Río, "quiet"'
