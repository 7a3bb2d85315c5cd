"""Lists of people as they are pasted or sent: read line by line, and said of each what becomes of it."""

import pytest

from facilitator.errors import Invalid
from facilitator.groups.models import Wording
from facilitator.groups.people import Entry, checked_entry
from facilitator.groups.roster import MOST_BYTES, MOST_ROWS, Verdict, decode_file, preview, read_rows

ROBIN = ("Robin", "robin@example.org")


def read(text):
    return [(row.alias, row.address) for row in read_rows(text)]


def judge(text, present=(), places=None):
    return preview(read_rows(text), lambda address: address in present, checked_entry, places)


def verdicts(text, present=(), places=None):
    return [found.verdict.value for found in judge(text, present, places)]


@pytest.mark.parametrize(
    "line",
    [
        "Robin, robin@example.org",
        "Robin;robin@example.org",
        "Robin\trobin@example.org",
        "  Robin  ,  robin@example.org  ",
        '"Robin","robin@example.org"',
        "robin@example.org, Robin",
        "Robin <robin@example.org>",
        "Robin<robin@example.org>",
        '"Robin" <robin@example.org>',
        "Robin <robin@example.org>,",
        "\ufeffRobin, robin@example.org",
        "\r\n\r\nRobin, robin@example.org\r\n",
        "\rRobin, robin@example.org\r",
    ],
)
def test_an_alias_and_an_address_are_read_however_they_are_written(line):
    assert read(line) == [ROBIN]


def test_an_address_alone_takes_its_alias_from_the_number_of_its_line():
    assert read("one@example.org\n\ntwo@example.org") == [
        ("Person 1", "one@example.org"),
        ("Person 3", "two@example.org"),
    ]


def test_a_comma_inside_quotation_marks_belongs_to_the_alias():
    assert read('"Kim, the second",kim@example.org') == [("Kim, the second", "kim@example.org")]


def test_what_separates_is_taken_from_the_first_line_that_has_any():
    assert read("one@example.org\nKim; kim@example.org") == [
        ("Person 1", "one@example.org"),
        ("Kim", "kim@example.org"),
    ]


def test_wording_and_zone_may_follow_the_address():
    [row] = read_rows("Robin, robin@example.org, full, Europe/Berlin, something else")
    assert (row.wording, row.zone) == ("full", "Europe/Berlin")


@pytest.mark.parametrize(
    "head",
    ["alias,address", "Name,E-Mail", "NAME,Email address", "nombre,correo", "first name,mail", '"alias","address"'],
)
def test_a_head_line_is_known_under_several_names_and_is_no_person(head):
    assert read(f"{head}\nRobin,robin@example.org") == [ROBIN]


def test_a_head_line_may_name_the_columns_in_another_order_and_name_some_that_are_not_ours():
    text = "telephone;time zone;email;wording;name\n0123;Europe/Berlin;robin@example.org;plain;Robin"
    [row] = read_rows(text)
    assert (row.number, row.alias, row.address, row.wording, row.zone) == (2, *ROBIN, "plain", "Europe/Berlin")


def test_a_line_with_too_few_cells_is_read_as_far_as_it_goes():
    assert read("alias,address\nRobin") == [("Robin", "")]
    assert read("Robin,") == [("Robin", "")]


@pytest.mark.parametrize("text", ["", "   \n\t\n", ",,,\n,", "alias,address\n"])
def test_an_empty_list_is_refused(text):
    with pytest.raises(Invalid, match="at least one person") as refusal:
        read_rows(text)
    assert refusal.value.field == "text"


def test_a_quotation_mark_that_is_never_closed_is_named():
    with pytest.raises(Invalid, match="never closed"):
        read_rows('Kim, kim@example.org\n"Robin, robin@example.org')


def test_a_list_has_at_most_two_hundred_lines_without_its_head():
    lines = [f"p{n}@example.org" for n in range(MOST_ROWS)]
    assert len(read_rows("\n".join(["address", *lines]))) == MOST_ROWS
    with pytest.raises(Invalid, match="201 lines"):
        read_rows("\n".join([*lines, "one@example.org"]))


def test_a_text_past_the_limit_is_refused_before_it_is_read():
    with pytest.raises(Invalid, match="too long"):
        read_rows('"' * (MOST_BYTES + 1))
    with pytest.raises(Invalid, match="too long"):
        read_rows("ü" * (MOST_BYTES // 2 + 1))


def test_a_file_is_read_as_utf_8_with_or_without_its_mark():
    assert decode_file("Zoë, zoe@example.org".encode()) == "Zoë, zoe@example.org"
    assert decode_file("Zoë, zoe@example.org".encode("utf-8-sig")) == "Zoë, zoe@example.org"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252"])
def test_a_file_in_another_encoding_is_refused_with_what_to_do(encoding):
    with pytest.raises(Invalid, match="Save it as “CSV UTF-8”") as refusal:
        decode_file("Zoë, zoe@example.org".encode(encoding))
    assert refusal.value.field == "file"


def test_a_file_past_the_limit_is_refused():
    with pytest.raises(Invalid, match="too large"):
        decode_file(b"x" * (MOST_BYTES + 1))


def test_a_good_line_is_added_with_a_vague_wording_unless_it_says_otherwise():
    plain, full = judge("Robin, robin@example.org\nKim, kim@example.org, FULL, Europe/Berlin")
    assert plain.entry == Entry(alias="Robin", address="robin@example.org", wording=Wording.VAGUE, zone=None)
    assert full.entry == Entry(alias="Kim", address="kim@example.org", wording=Wording.FULL, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("words", "wording"),
    [
        *(
            ("vague", Wording.VAGUE),
            ("Day and time", Wording.VAGUE),
            ("Day only", Wording.VAGUE),
            ("Día y hora", Wording.VAGUE),
        ),
        *(("plain", Wording.PLAIN), ("SHORT", Wording.PLAIN), ("Breve", Wording.PLAIN)),
        *(("full", Wording.FULL), ("Full", Wording.FULL), ("completa", Wording.FULL)),
    ],
)
def test_a_wording_is_understood_as_the_pages_name_it_in_each_language(words, wording):
    [found] = judge(f"Robin, robin@example.org, {words}")
    assert found.entry.wording is wording


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Robin, robin@example.org\nKim; kim@example.org", 2),
        ("Robin;robin@example.org;full\n\nKim,kim@example.org;full", 3),
        ("alias,address\nKim;kim@example.org", 2),
        ("Robin\trobin@example.org\nKim, kim@example.org", 2),
    ],
)
def test_a_line_whose_fields_are_separated_in_another_way_is_named(text, number):
    with pytest.raises(Invalid, match=f"Line {number} is separated in another way than the first") as refusal:
        read_rows(text)
    assert refusal.value.field == "text"


def test_an_address_that_stands_further_up_is_a_duplicate_in_any_case_of_letters():
    assert verdicts("a, kim@example.org\nb, KIM@example.org") == ["add", "repeated"]


def test_an_address_on_the_list_is_a_duplicate_and_so_is_its_second_line():
    text = "a, kim@example.org\nb, kim@example.org\nc, lee@example.org"
    assert verdicts(text, present={"kim@example.org"}) == ["present", "repeated", "add"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Robin, robin", "Enter an email address"),
        ("Robin, robin@localhost", "Enter an email address"),
        ("Robin, a@b@example.org", "Enter an email address"),
        ("Robin,", "Enter an email address"),
        (f"{'x' * 41}, robin@example.org", "alias of 1 to 40"),
        ("Ro\x00bin, robin@example.org", "alias of 1 to 40"),
        ("Robin, robin@example.org, loud", "day and time, short or full"),
        ("Robin, robin@example.org, plain, Mars/Base", "time zone"),
    ],
)
def test_a_wrong_line_says_what_is_wrong_with_it_and_the_others_stand(line, reason):
    wrong, good = judge(f"{line}\nKim, kim@example.org")
    assert wrong.verdict is Verdict.WRONG
    assert reason in wrong.reason
    assert wrong.entry is None
    assert good.verdict is Verdict.ADD


def test_where_places_are_few_the_first_good_lines_take_them():
    text = "a, a@example.org\nb, wrong\nc, c@example.org\nd, d@example.org\na, a@example.org"
    assert verdicts(text, places=2) == ["add", "wrong", "add", "full", "repeated"]
    assert verdicts(text, places=0) == ["full", "wrong", "full", "full", "repeated"]
    assert verdicts(text, places=None) == ["add", "wrong", "add", "add", "repeated"]


def test_nobody_is_named_when_a_line_is_printed():
    [found] = judge("Robin, robin@example.org")
    assert "robin" not in repr(found).casefold()
