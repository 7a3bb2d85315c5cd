"""The stylesheet is small, our own, and loads nothing; it knows both reading directions and paper."""

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
CSS = re.sub(r"/\*.*?\*/", "", (STATIC / "app.css").read_text(), flags=re.DOTALL)
MOST_BYTES = 10_000
OWN_FILES = [path for path in STATIC.iterdir() if path.is_file()]


def test_it_is_small_enough_for_the_first_answer_of_a_slow_line():
    assert len(gzip.compress((STATIC / "app.css").read_bytes(), 9)) <= MOST_BYTES


def test_it_loads_nothing():
    assert re.findall(r"@import|url\(|https?:|image-set\(|@font-face", CSS) == []


def test_its_brackets_match():
    assert CSS.count("{") == CSS.count("}") > 0


def test_it_uses_no_token_that_is_not_defined():
    defined = set(re.findall(r"(--[\w-]+):", CSS))
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= defined


def test_it_names_no_side_that_turns_with_the_reading_direction():
    sides = r"(?:margin|padding|border)-(?:left|right)|(?<![\w-])(?:left|right)\s*:|text-align:\s*(?:left|right)|float:"
    assert re.findall(sides, CSS) == []


def test_nothing_moves_by_itself():
    assert re.findall(r"animation|transition|@keyframes|scroll-behavior", CSS) == []


@pytest.mark.parametrize("needed", ["@media print", "color-scheme: light dark", "[data-theme=dark]", ":focus-visible"])
def test_it_has_what_paper_themes_and_keyboards_need(needed):
    assert needed in CSS


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_no_own_file_names_another_host_or_keeps_anything_in_the_browser(path):
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://|localStorage|sessionStorage|indexedDB|document\.cookie|eval\(|innerHTML", text) == []
