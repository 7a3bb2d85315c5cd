"""Every word on screen and in letters stands in every catalogue, with its placeholders, and none is only guessed."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

TOP = Path(__file__).resolve().parents[1]
CATALOGUES = sorted((TOP / "facilitator" / "translations").glob("*/LC_MESSAGES/messages.po"))
ERRORS = ("Invalid", "Conflict", "NotAllowed")  # their first words are said in the language of whoever reads them
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "_l": None,
    "lazy_gettext": None,
    "N_": None,
} | dict.fromkeys(ERRORS)
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w+\}")


def extract() -> Catalog:
    """Collect the words of the whole program, as `pybabel extract` does."""
    mapping, options = parse_mapping_cfg(io.StringIO((TOP / "babel.cfg").read_text(encoding="utf-8")))
    found = Catalog()
    for part in ("facilitator", "templates"):
        names = [(pattern.removeprefix(f"{part}/"), kind) for pattern, kind in mapping if pattern.startswith(part)]
        for _file, line, message, comments, _context in extract_from_dir(
            str(TOP / part), names, options, KEYWORDS, strip_comment_tags=True
        ):
            found.add(message, lineno=line, auto_comments=comments)
    return found


@pytest.fixture(scope="module")
def words() -> Catalog:
    found = extract()
    assert len(found) > 1000
    return found


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.parts[-3])
def catalogue(request) -> Catalog:
    with request.param.open("rb") as file:
        return read_po(file, locale=request.param.parts[-3])


def as_texts(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_there_is_a_catalogue():
    assert [path.parts[-3] for path in CATALOGUES] == ["es"]


def test_every_word_is_translated_and_none_is_left_over(words, catalogue):
    wanted = {message.id for message in words if message.id}
    there = {message.id for message in catalogue if message.id and all(as_texts(message.string)) and not message.fuzzy}
    assert sorted(map(str, wanted - there)) == []
    assert sorted(map(str, there - wanted)) == []


def test_every_translation_keeps_its_placeholders(catalogue):
    wrong = []
    for message in catalogue:
        if not message.id:
            continue
        allowed = set().union(*(PLACEHOLDER.findall(text) for text in as_texts(message.id)))
        needed = set(PLACEHOLDER.findall(as_texts(message.id)[-1])) - {"%(num)s"}
        for text in as_texts(message.string):
            found = set(PLACEHOLDER.findall(text))
            if found - allowed or needed - found:
                wrong.append((message.id, text))
    assert wrong == []


def test_no_translation_shouts(catalogue):
    assert [
        message.string
        for message in catalogue
        if message.id and any("!" in t or "¡" in t for t in as_texts(message.string))
    ] == []
