"""Typesetting: any script, nothing read as markup, nothing kept, and the letters that are shipped."""

import hashlib
import logging
import re
import tempfile
import time

import pytest
import typst

from facilitator.paper import typesetting
from facilitator.paper.typesetting import FONTS, typeset
from tests.paper.pdf import actual_words, letters_of, read, tags_of, text_of
from tests.paper.picture import draw, read_png

LARGEST = 10_000_000  # bytes of letters
NOBODY_HAS_LETTERS = "\u0378"  # no character stands there
NAMES = {
    "arabic": "مريم بنت خالد",
    "hebrew": "מרים בת שרה",
    "chinese": "王小明",
    "traditional": "臺灣讀書會",
    "japanese": "さくらの会 カエデ",
    "korean": "김민수",
    "emoji": "Ana 🌻🙂 ❤️ 👩‍👧",
    "cyrillic": "Зоря Ґанна",
    "greek": "Ελένη",
    "vietnamese": "Nguyễn Thị Ánh",
    "tamil": "திங்கள்",
    "ethiopic": "ሰኞ",
    "georgian": "ორშაბათი",
    "armenian": "Երկուշաբթի",
    "mixed": "Circle مريم 王小明 🌻",
}
SHAPED = {"devanagari": "सोमवार", "bengali": "সোমবার", "thai": "วันจันทร์"}
MARKUP = (
    '#panic("x")',
    "#let x = 1",
    '#read("/etc/passwd")',
    '#include "common.typ"',
    "*bold* _it_ `raw` $x^2$",
    "@ref <label> = heading",
    "back\\slash \\u{41} ]",
    "[a](b) // comment /* more",
    "- list + enum / term: x",
    "\"quoted\" 'so' ~ --- ...",
    "{{ words }} {% raw %}",
    '","lang":"xx"}',
)
WORDS = {
    "spoken": "en",
    "lang": "en",
    "strip": "",
    "title": "T",
    "day": "Monday",
    "time": "18:30",
    "zone": "UTC",
    "practical": [],
    "come": "",
    "expect": {"title": "E", "lines": ["x"]},
    "questions": None,
    "steady": {"title": "S", "steps": ["x"], "other": None},
    "help": {"title": "H", "intro": "x", "lines": [], "checked": ""},
}


def at_place(words):
    """Return the words of a handout with these at its place, where people type freely."""
    return WORDS | {"practical": [{"label": "Where", "words": words}]}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_prints_with_letters_of_its_own_and_can_be_copied(name):
    paper = typeset("handout", at_place(name) | {"title": name})
    pdf = read(paper.content)
    assert paper.is_universal
    found = text_of(pdf)
    # a reader of tags goes by the order of the words; what pypdf copies from Arabic and Hebrew stands as it is seen
    assert all(word in found for word in name.split())
    assert pdf.metadata.title == name
    codes = [code for page in pdf.pages for _size, found in letters_of(page, pdf) for code in found]
    assert codes
    assert 0 not in codes


@pytest.mark.parametrize("name", SHAPED.values(), ids=SHAPED)
def test_letters_that_melt_together_carry_what_they_stand_for(name):
    paper = typeset("handout", at_place(name))
    pdf = read(paper.content)
    assert paper.is_universal
    # pypdf does not know of the words that stand behind a cluster, and copies its pieces
    assert set(name) <= set(text_of(pdf))
    behind = actual_words(pdf)
    assert behind
    assert all(words in name for words in behind)


def test_an_empty_box_would_be_found():
    paper = typeset("handout", at_place(NOBODY_HAS_LETTERS))
    pdf = read(paper.content)
    assert 0 in [code for page in pdf.pages for _size, found in letters_of(page, pdf) for code in found]


def test_a_character_without_letters_anywhere_costs_the_standard_and_not_the_paper(caplog):
    with caplog.at_level(logging.WARNING):
        paper = typeset("handout", at_place(f"Old Mill {NOBODY_HAS_LETTERS}"))
    pdf = read(paper.content)
    assert not paper.is_universal
    assert "Old Mill" in text_of(pdf)
    assert pdf.trailer["/Root"]["/Lang"] == "en"
    assert pdf.metadata.title == "T"
    assert ("H1", None) in tags_of(pdf)
    assert "handout has a character without letters here" in caplog.text
    assert "Mill" not in caplog.text


@pytest.mark.parametrize("typed", MARKUP)
def test_what_was_typed_is_shown_and_never_obeyed(typed):
    pdf = read(typeset("handout", at_place(typed)).content)
    assert "".join(typed.split()) in "".join(text_of(pdf).split())
    assert pdf.trailer["/Root"]["/Lang"] == "en"


@pytest.mark.parametrize(
    "words", ["n" * 400, "https://example.org/" + "a-b." * 90, " ".join(["Wolkenkuckucksheim"] * 30)]
)
def test_very_long_words_and_names_of_thirty_words_stay_on_the_paper(words):
    pdf = read(typeset("handout", at_place(words)).content)
    assert "".join(words.split()) in "".join(text_of(pdf).split())
    page = read_png(draw("handout", at_place(words), 30)[0])
    margin = page.width * 19 // 210  # the right margin is 20 mm of 210
    assert all(set(row[-margin:]) == {255} for row in page.rows)
    assert any(set(row[:-margin]) != {255} for row in page.rows)


def test_what_turns_the_order_of_words_and_what_has_no_shape_is_left_out():
    pdf = read(typeset("handout", at_place("Old\u202eMill\u0007 3\u2066")).content)
    assert "OldMill 3" in text_of(pdf)


@pytest.mark.parametrize(
    "odd", ["\ue000", "\uffff", "\ud800", "\u2028", "\u00ad", "\ufeff", "\u0300", "\u3164", "\t", " ", "\n"]
)
def test_no_character_keeps_a_paper_from_being_made(odd):
    words = at_place(odd) | {"title": odd, "day": odd, "come": odd, "expect": {"title": odd, "lines": [odd]}}
    assert len(read(typeset("handout", words).content).pages) == 1


def test_a_fault_in_a_template_is_no_matter_of_letters():
    with pytest.raises(typst.TypstError):
        typeset("handout", {"lang": "en", "title": "T"})


def test_a_paper_is_made_in_memory_within_a_second_and_tells_no_time(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = sorted(typesetting.HERE.rglob("*"))
    began = time.perf_counter()
    one = typeset("handout", at_place("Old Mill"))
    took = time.perf_counter() - began
    assert took < 1
    assert list(tmp_path.iterdir()) == []
    assert sorted(typesetting.HERE.rglob("*")) == before
    assert typeset("handout", at_place("Old Mill")).content == one.content
    pdf = read(one.content)
    assert not {"/CreationDate", "/ModDate", "/Author"} & set(pdf.metadata)
    assert not re.search(rb"xmp:(?:Create|Modify)Date", one.content)


def test_the_letters_are_the_ones_that_are_listed_and_their_licences_lie_beside_them():
    lines = (FONTS / "FONTS.txt").read_text("utf-8").splitlines()
    listed = {name: sha for sha, name in (line.split("  ") for line in lines if line.endswith(".ttf"))}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FONTS.glob("*.ttf")}
    assert found == listed
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")
    assert "Apache License" in (FONTS / "APACHE-2.0.txt").read_text("utf-8")
    assert sum(path.stat().st_size for path in FONTS.glob("*.ttf")) < LARGEST


def test_every_family_that_the_templates_name_is_shipped():
    named = set(re.findall(r'"((?:Noto|Droid) [\w ]+)"', (typesetting.SHEETS / "common.typ").read_text("utf-8")))
    assert named == set(
        typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]).families()
    )


def test_no_template_asks_another_place_for_anything():
    for path in typesetting.SHEETS.glob("*.typ"):
        source = path.read_text("utf-8")
        assert "@preview" not in source
        assert "eval(" not in source
        assert set(re.findall(r'#import "([^"]+)"', source)) <= {"common.typ"}
