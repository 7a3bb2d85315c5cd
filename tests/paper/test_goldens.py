"""Run sheet, handout and hand-over note as pictures. The goldens are renewed with UPDATE_GOLDENS=1 and looked at before they are kept."""

import os
from pathlib import Path

import pytest

from tests.factories import ON_SQLITE
from tests.paper.last_time import hold_last_time
from tests.paper.picture import Picture, draw, read_png
from tests.planning.pages import path

GOLDENS = Path(__file__).parents[1] / "goldens" / "paper"
PPI = 45
MOST_DIFFERENT = 0.002  # of the points, by more than a step of grey: another processor rounds an edge elsewhere
PAPERS = {
    "run-sheet": "run-sheet.pdf",
    "run-sheet-large": "run-sheet.pdf?print=large",
    "handout": "handout.pdf",
    "handout-large": "handout.pdf?print=large",
    "hand-over": "hand-over.pdf",
    "hand-over-large": "hand-over.pdf?print=large",
}


@ON_SQLITE
@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_looks_as_it_did(stage, alice, typeset_words, name):
    alice.post(f"{path(stage)}/release", data={"materials": "1", "note": "1"})
    hold_last_time(stage, note="A slower start. Bring the cards.")
    assert alice.get(f"{path(stage)}/{PAPERS[name]}").status_code == 200
    pages = {f"{name}-{number}.png": png for number, png in enumerate(draw(*typeset_words[-1], PPI), 1)}
    if os.environ.get("UPDATE_GOLDENS") == "1":
        GOLDENS.mkdir(parents=True, exist_ok=True)
        for old in GOLDENS.glob(f"{name}-[0-9].png"):
            old.unlink()
        for file, png in pages.items():
            (GOLDENS / file).write_bytes(png)
    assert {path.name for path in GOLDENS.glob(f"{name}-[0-9].png")} == pages.keys()
    for file, png in pages.items():
        golden = (GOLDENS / file).read_bytes()
        assert png == golden or read_png(png).far_from(read_png(golden)) <= MOST_DIFFERENT, file


def test_a_line_of_words_that_moved_would_be_seen():
    first = read_png((GOLDENS / "handout-1.png").read_bytes())
    height = len(first.rows)
    moved = Picture(width=first.width, rows=first.rows[: height // 2] + first.rows[height // 2 + 3 :] + first.rows[-3:])
    assert first.far_from(first) == 0
    assert first.far_from(moved) > MOST_DIFFERENT
    assert first.far_from(Picture(width=1, rows=first.rows)) == 1
