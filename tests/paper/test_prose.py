"""An author's signs on paper: the same reading as on a page."""

import pytest

from facilitator.paper.prose import read_line, read_prose


def run(text, *, stress=False):
    return {"text": text, "stress": stress}


def text(*runs):
    return {"kind": "text", "runs": list(runs)}


@pytest.mark.parametrize(
    ("words", "blocks"),
    [
        ("Plain words.", [text(run("Plain words."))]),
        ("Two\n\nparagraphs", [text(run("Two")), text(run("paragraphs"))]),
        ("One\nline end", [text(run("One"), run("\n"), run("line end"))]),
        ("so *very* **much**", [text(run("so "), run("very", stress=True), run(" "), run("much", stress=True))]),
        (
            "- a\n- b",
            [{"kind": "points", "start": 1, "items": [[text(run("a"))], [text(run("b"))]]}],
        ),
        (
            "3. a\n4. b\n\nafter",
            [
                {"kind": "numbers", "start": 3, "items": [[text(run("a"))], [text(run("b"))]]},
                text(run("after")),
            ],
        ),
        (
            "- a\n  - b",
            [
                {
                    "kind": "points",
                    "start": 1,
                    "items": [[text(run("a")), {"kind": "points", "start": 1, "items": [[text(run("b"))]]}]],
                }
            ],
        ),
        ("# no heading <b>", [text(run("# no heading <b>"))]),
        ("", []),
    ],
)
def test_signs_become_blocks_and_everything_else_stays_as_typed(words, blocks):
    assert read_prose(words) == blocks


def test_what_is_nested_too_deep_is_shown_as_typed():
    deep = "- " * 50 + "x"
    assert read_prose(deep) == [text(run(deep))]
    assert read_line("*" * 200 + "x" + "*" * 200)[0]["text"]


def test_a_line_has_runs_and_no_blocks():
    assert read_line("- not *a* list") == [run("- not "), run("a", stress=True), run(" list")]
