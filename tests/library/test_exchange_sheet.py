"""A file that cannot be read says where and what; a sheet names line and column."""

import csv
import io
import re
import zipfile

import pytest

from facilitator.errors import Invalid
from facilitator.library.exchange import LARGEST_FILE, Layout, Refusal, read_file, write_file
from facilitator.library.items import PROMPT, Item, read_item
from facilitator.library.sheet import COLUMNS
from tests.library.shelf import prompt_table


def sheet(*changes, separator=",", columns=COLUMNS):
    """Return a sheet with a row for each set of changed cells."""
    content = write_file([read_item(PROMPT, prompt_table(tags=["a", "b"])[1], "prompt")], Layout.CSV)
    [row] = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=separator, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**row, **change} for change in changes or [{}])
    return out.getvalue().encode()


def archive():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr("library/", "")
    return held.getvalue()


WHOLE = [
    (b"", "file.toml", "The file is empty"),
    (b" \r\n", "file.csv", "The file is empty"),
    (archive(), "file.toml", "This is an archive"),
    (b"x" * (LARGEST_FILE + 1), "file.csv", "too large. A library has at most 4 MB"),
    (b"x" * 10_000_000, "file.csv", "too large. A library has at most 4 MB"),
    ("format = 1\n\n# \u00e9".encode("latin-1"), "file.toml", "Line 3 is not text in UTF-8"),
    (sheet().decode().encode("utf-16"), "file.csv", "Line 1 is not text in UTF-8"),
    (b"format = 1\n[[prompt]]\ntext = What", "file.toml", r"Line 3, column 8: the value cannot be read"),
    (b'format = 1\nx = "a\n', "file.toml", r"Line 2, column 7: a quotation mark is opened and not closed"),
    (b"format = 1\nformat = 1\n", "file.toml", r"Line 2, column 11: this key stands twice"),
    (b'format = 1\nx = """a\n\n', "file.toml", r"Line 4, the last one: a quotation mark is opened"),
    (b"x = " + b"[" * 5_000, "file.toml", "nests lists too deeply"),
    (b"x = " + b"9" * 5_000, "file.toml", "a number in it is too long"),
    (b"[[prompt]]\n", "file.toml", "The first line of a library reads: format = 1"),
    (b"format = 2\n", "file.toml", "The file has format 2. This program reads format 1"),
    (b"format = 1\n", "file.toml", "There is no entry in this file"),
    (b"format = 1\n[[promt]]\n", "file.toml", "The key 'promt' is not known"),
    (b"format = 1\n[prompt]\n", "file.toml", r"expected once for each entry, as \[\[prompt\]\]"),
    (sheet(columns=COLUMNS[1:]), "file.csv", "Line 1: the column 'id' is missing"),
    (sheet(columns=[*COLUMNS, "id"]), "file.csv", "Line 1: the column 'id' stands 2 times"),
    (sheet().replace(b"tags", b"hashtags"), "file.csv", "Line 1: the column 'tags' is missing"),
    (
        sheet(columns=[*COLUMNS]).replace(b"shared", b"colour", 1),
        "file.csv",
        "Line 1: the column 'colour' is not known",
    ),
    (sheet() + b"x;y;z\r\n", "file.csv", r"Line \d+ has 1 cells and the head has 27\. Use one separator in all lines"),
    (sheet() + b'"x', "file.csv", r"Line \d+: a quotation mark is opened and never closed"),
    (sheet() + b'"x"y', "file.csv", r"Line \d+: something stands behind a closing quotation mark"),
]


@pytest.mark.parametrize(("content", "name", "message"), WHOLE)
def test_a_file_that_cannot_be_read_says_where_and_what(content, name, message):
    with pytest.raises(Invalid, match=message):
        read_file(content, name)


ROWS = [
    ({"pole": "north"}, r"Line 2, prompt 'fear-checkin-both-1', pole: 'north' is not one of"),
    ({"depth": "two"}, r"Line 2, depth: 'two' is not a whole number"),
    ({"version": "9" * 20}, r"Line 2, version: '9+' is not a whole number"),
    ({"online_ok": "maybe"}, r"Line 2, online_ok: 'maybe' is neither yes nor no"),
    ({"arenas": "identity\nmoon"}, r"Line 2, prompt '.*', arenas 2: 'moon' is not one of"),
    ({"arenas": ""}, r"Line 2, prompt '.*', arenas: Choose one or two arenas"),
    ({"text": ""}, r"Line 2, prompt '.*', text: Enter a prompt"),
    ({"id": ""}, r"Line 2, prompt '', id: 1 to 80 letters"),
]


@pytest.mark.parametrize(("cells", "message"), ROWS)
def test_a_row_is_refused_with_its_line_and_column(cells, message):
    [found] = read_file(sheet(cells), "file.csv")
    assert isinstance(found, Refusal)
    assert re.match(message, found.reason), found.reason


def test_a_row_is_known_by_the_line_that_it_begins_in():
    found = read_file(sheet({"facilitator_note": "one\ntwo\nthree"}, {"depth": "two"}), "file.csv")
    lines = sheet({"facilitator_note": "one\ntwo\nthree"}).count(b"\n") + 1
    assert found[1].reason.startswith(f"Line {lines}, depth")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_sheet_is_known_by_its_head_whatever_separates_its_cells(separator):
    [item] = read_file(sheet(separator=separator))
    assert isinstance(item, Item)
    assert item.content["tags"] == ["a", "b"]


def test_columns_that_every_prompt_can_do_without_may_be_left_out():
    left_out = {"translation_of", "status", "shared", "reviewed_by_role", "reviewed_on"}
    [item] = read_file(sheet(columns=[column for column in COLUMNS if column not in left_out]), "file.csv")
    assert (item.head.status, item.head.shared, item.head.reviewed_on) == ("draft", True, None)


@pytest.mark.parametrize("text", ["=1+1", "-2", "@home", "'tis", " =x", "\ttab", "+"])
def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_begins_with_an_apostrophe(text):
    item = read_item(PROMPT, prompt_table(facilitator_note=text)[1], "prompt")
    content = write_file([item], Layout.CSV)
    [row] = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert row["facilitator_note"] == f"'{text}"
    assert read_file(content) == [item]
