"""Turns the few signs that an author may write into safe HTML: emphasis, lists, line breaks, and nothing else.

The reader knows those rules alone, so HTML, links, pictures and headings stay on the page as the signs that were
typed. What it gives passes an allow-list behind it, so that a fault in one of them opens no door.
It must never fetch anything, and never lose a word.
"""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

DEEPEST = 40
"""Levels of nesting, two for each list in a list; what goes deeper is shown as it was typed."""

TAGS = {"p", "br", "em", "strong", "ul", "ol", "li"}
_ATTRIBUTES = {"ol": {"start"}}
# embeddings, overrides and isolates turn the order of everything behind them; plain direction marks are left
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_OPTIONS = {"html": False, "breaks": True, "linkify": False, "maxNesting": DEEPEST}
_READER = (
    MarkdownIt("zero", _OPTIONS).enable(["emphasis", "escape", "list", "newline"]).disable("image", ignoreInvalid=True)
)


def render_words(words: str, *, inline: bool = False) -> Markup:
    """Return what an author wrote as HTML that is safe on any page.

    Args:
        words: as they were typed.
        inline: without paragraphs and lists, to stand inside a sentence.
    """
    tokens = read_words(words, inline=inline)
    if tokens is None:
        return _as_typed(words.translate(_TURNING))
    html = _READER.renderer.render(tokens, _READER.options, {}).strip()
    return Markup(nh3.clean(html, tags=TAGS, attributes=_ATTRIBUTES, link_rel=None))  # noqa: S704 - an allow-list of tags has passed it


def read_words(words: str, *, inline: bool = False) -> list[Token] | None:
    """Return what an author wrote as tokens of Markdown, or nothing where it is nested too deep to be read."""
    words = words.translate(_TURNING)
    tokens = _READER.parseInline(words) if inline else _READER.parse(words)
    return None if any(token.level >= DEEPEST - 1 for token in tokens) else tokens


def _as_typed(words: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in words.splitlines())
