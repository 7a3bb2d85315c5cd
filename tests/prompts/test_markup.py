"""What an author typed becomes emphasis, lists and line breaks, and nothing that could do anything."""

import re
import time

import pytest

from facilitator.prompts.markup import TAGS, render_words

QUICK_S = 1.0
LONG = 10_000


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("One *small* thing", "<p>One <em>small</em> thing</p>"),
        ("One **small** thing", "<p>One <strong>small</strong> thing</p>"),
        ("first\nsecond", "<p>first<br>\nsecond</p>"),
        ("- a cup\n- a route", "<ul>\n<li>a cup</li>\n<li>a route</li>\n</ul>"),
        ("3. a cup\n4. a route", '<ol start="3">\n<li>a cup</li>\n<li>a route</li>\n</ol>'),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        (r"\*as it is\*", "<p>*as it is*</p>"),
        ("tea & <cake>", "<p>tea &amp; &lt;cake&gt;</p>"),
        ("# no heading", "<p># no heading</p>"),
        ("    no code", "<p>no code</p>"),
        ("a snake_case_word", "<p>a snake_case_word</p>"),
    ],
)
def test_emphasis_lists_and_line_breaks_are_all_there_is(typed, html):
    assert render_words(typed) == html


def test_inside_a_sentence_there_is_neither_paragraph_nor_list():
    assert render_words("- one *small*\n- two", inline=True) == "- one <em>small</em><br>\n- two"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x][1]\n\n[1]: https://evil.example/pixel.png",
    "[read on](javascript:alert(1))",
    "[read on](https://evil.example)",
    "<https://evil.example>",
    "<a href='javascript:alert(1)'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "*<b onclick=alert(1)>*",
    '**" onmouseover="alert(1)**',
    "- <iframe src=//evil.example>",
    "<style>body{display:none}</style>",
    "<svg/onload=alert(1)>",
    "1<!--\n\n-->2",
    "```html\n<script>\n```",
]


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("typed", HOSTILE)
def test_html_links_and_pictures_stay_the_signs_that_were_typed(typed, inline):
    html = render_words(typed, inline=inline)
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= TAGS
    assert re.findall(r"<[a-z]+ [^>]*>", html) == []
    assert "evil.example" in html or "evil.example" not in typed


@pytest.mark.parametrize(
    "typed",
    [
        "- " * 5000,
        "*" * LONG,
        "> " * 5000,
        "**a* " * 2000,
        "_a" * 5000,
        "[" * LONG,
        "1. " * 3000,
        "\\" * LONG,
        "x" * LONG,
    ],
    ids=lambda typed: typed[:5],
)
def test_ten_thousand_signs_are_read_at_once(typed):
    begun = time.process_time()
    assert render_words(typed)
    assert time.process_time() - begun < QUICK_S


@pytest.mark.parametrize("levels", [2, 15, 19, 20, 21, 60, 300])
def test_no_word_is_lost_however_deep_it_stands(levels):
    html = render_words("\n".join(f"{'  ' * level}- word{level}" for level in range(levels)))
    assert re.findall(r"word\d+", html) == [f"word{level}" for level in range(levels)]
    assert html.count("<ul>") == html.count("</ul>")


def test_signs_that_turn_the_order_of_what_follows_are_taken_out_and_plain_direction_marks_stay():
    assert render_words("a\u202eb\u202c\u2066c\u2069 \u200f\u05d0\u200e") == "<p>abc \u200f\u05d0\u200e</p>"
