"""Templates obey the security policy of the pages, and every frame has its landmarks and its way out.

The templates of mail letters are left out where a mail program needs what a page may not have.
"""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from facilitator.web.errors import SHOWN

FOLDER = Path(__file__).parents[2] / "templates"


def _name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


EVERY = sorted(path for path in FOLDER.rglob("*") if path.is_file())
PAGES = [path for path in EVERY if path.suffix == ".html" and "emails" not in path.parts]
FRAMES = ("base.html", "plain.html", "participant/base.html")
# the names of pieces begin with an underscore
WHOLE = [
    path for path in PAGES if not path.name.startswith("_") and "macros" not in path.parts and _name(path) not in FRAMES
]
INLINE = r"""\sstyle\s*=|<style|\son[a-z]+\s*=\s*["']|<script(?![^>]*\ssrc=)|javascript:"""
LOADED = r"""<(?:script|img|iframe|source|audio|video|embed|object|use)\b[^>]*\b(?:src|srcset|data|href)\s*=\s*["'](?:https?:)?//"""


def _source(path: Path) -> str:
    return re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)


def _chain(path: Path) -> str:
    """Return what a page says itself together with what it takes from others, as far as the frame."""
    text = _source(path)
    for name in re.findall(r'\{% (?:extends|include) "([^"]+)"', text):
        text += "" if name in FRAMES else _chain(FOLDER / name)
    return text


def _frame(name: str) -> str:
    return _source(FOLDER / name) + _source(FOLDER / "_head.html")


@pytest.mark.parametrize("path", EVERY, ids=_name)
def test_a_template_can_be_parsed(path):
    Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_a_page_has_no_inline_style_and_no_inline_script(path):
    assert re.findall(INLINE, _source(path), re.IGNORECASE) == []


@pytest.mark.parametrize("path", EVERY, ids=_name)
def test_a_template_loads_nothing_from_another_host(path):
    text = _source(path)
    assert re.findall(LOADED, text, re.IGNORECASE) == []
    assert [tag for tag in re.findall(r"<link\b[^>]*>", text) if "url_for('static'" not in tag] == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color: red">',
        '<a onclick="go()">',
        "<script>go()</script>",
        '<a href="javascript:go()">',
        "<style>p {}</style>",
    ],
)
def test_the_inline_rule_notices(bad):
    assert re.search(INLINE, bad)


@pytest.mark.parametrize("bad", ['<img src="https://a.example/x.png">', "<script src='//a.example/x.js'></script>"])
def test_the_rule_on_other_hosts_notices(bad):
    assert re.search(LOADED, bad)


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_macros_are_imported_with_the_context_because_their_words_follow_the_language(path):
    imports = re.findall(r"\{%-?\s*from\s[^%]*%\}", _source(path))
    assert [line for line in imports if "with context" not in line] == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_form_that_changes_something_carries_its_token(path):
    forms = re.findall(r"<form\b[^>]*\bmethod=\"post\".*?</form>", _source(path), re.DOTALL)
    # participants' pages have no cookie that another site could use
    if "participant" not in path.parts:
        # the pages that change a session carry the token with what was seen of it, through one macro
        assert [
            form[:120] for form in forms if not re.search(r"csrf_token|hidden_tag|\{\{ carried\(\) \}\}", form)
        ] == []


def test_what_a_change_of_a_session_carries_holds_the_token():
    [macro] = re.findall(r"macro carried\(\).*?endmacro", _source(FOLDER / "planning" / "_change.html"))
    assert "csrf_token" in macro


@pytest.mark.parametrize("path", WHOLE, ids=_name)
def test_a_whole_page_has_a_title_and_a_heading(path):
    text = _chain(path)
    assert re.search(r"\{% block title %\}(?!\{% endblock)|<title>", text)
    assert "<h1" in text


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_has_its_landmarks(name):
    frame = _frame(name)
    for needed in (
        '<html lang="{{ lang }}" dir="{{ text_dir }}"',
        "<header",
        '<main id="main" tabindex="-1">',
        'class="skip vh" href="#main"',
        '<meta name="robots" content="noindex">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "{% if has_errors %}{{ _('Error:') }} {% endif %}",
    ):
        assert needed in frame


def test_the_facilitators_frame_has_the_crisis_card_and_marks_where_one_is():
    frame = _frame("base.html")
    assert "url_for('curriculum.show_crisis_card')" in frame
    assert '<nav class="nav" aria-label="' in frame
    assert frame.count('aria-current="page"') >= 2


def test_the_participants_frame_puts_the_way_out_first_and_says_nothing_of_the_group():
    frame = _frame("participant/base.html")
    first_link = re.findall(r"<a\b[^>]*>", frame.split("<body", 1)[1])[1]
    assert "url_for('participant.leave')" in first_link
    assert 'rel="noreferrer nofollow"' in first_link
    words = re.sub(r"\{[{%].*?[%}]\}", "", frame)
    assert re.findall(r"facilitator|betrayal|\bbind|support group|favicon|glyph", words, re.IGNORECASE) == []


def test_every_error_has_its_page():
    assert {int(path.stem) for path in (FOLDER / "errors").glob("[0-9]*.html")} == set(SHOWN)


def test_a_narrow_column_holds_its_heading():
    # a card alone in the middle would stand to the right of its own heading
    alone = re.compile(r'class="card[^"]*\bnarrow\b')
    assert [_name(path) for path in PAGES if alone.search(_source(path))] == []
