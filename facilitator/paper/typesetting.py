"""Sets papers with Typst: words in, a tagged PDF out, wholly in memory.

The words reach the templates as JSON, never as markup, so nothing that anybody typed can become an instruction. The
letters are shipped beside the templates; those of the machine are asked only for what the shipped ones lack. It never
fetches anything and leaves no file behind.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import typst

HERE = Path(__file__).parent
SHEETS, FONTS = HERE / "sheets", HERE / "fonts"
LONGEST_WORD = 24  # letters; a longer one may break anywhere, or it would run off the paper
MAY_BREAK = "\u200b"
AS_IT_IS = {"picture"}  # a drawing is no text
# how Typst begins to say what keeps a paper from the standard; mostly it is a character without letters
FAULT = "PDF/UA-1 error"

# controls and halves of characters have no shape; embeddings, overrides and isolates turn the order of all behind them
_SHAPELESS = (*range(9), *range(0xB, 0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))
_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_DROPPED = dict.fromkeys(_SHAPELESS + _TURNING)
_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper ready to print.

    Args:
        is_universal: whether it keeps the whole of PDF/UA-1; where a character has no letters anywhere, it is tagged,
            titled and in a language all the same.
    """

    content: bytes
    is_universal: bool


def typeset(sheet: str, words: Mapping[str, Any]) -> Paper:
    """Return a paper as a tagged PDF.

    Args:
        sheet: the name of its template.
        words: what the template lays out, JSON all through; "title" and "lang" are among it.
    """
    for own_letters in (True, False):
        try:
            content = _compile(sheet, words, own_letters=own_letters, standard="ua-1")
        except typst.TypstError as problem:
            if not problem.message.startswith(FAULT):
                raise
        else:
            return Paper(content=content, is_universal=True)
    # which character it is would be a word of somebody's
    _log.warning("paper: %s has a character without letters here, so it keeps less than PDF/UA-1; install fonts", sheet)
    return Paper(content=_compile(sheet, words, own_letters=False, standard=None), is_universal=False)


def _compile(sheet: str, words: Mapping[str, Any], *, own_letters: bool, standard: Literal["ua-1"] | None) -> bytes:
    compiler = typst.Compiler(
        SHEETS / f"{sheet}.typ",
        font_paths=_letters(own=own_letters),
        sys_inputs={"paper": json.dumps(_printable(words))},
    )
    return cast("bytes", compiler.compile(format="pdf", pdf_standards=standard))


@cache
def _letters(*, own: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=not own, include_embedded_fonts=False, font_paths=[FONTS])


def _printable(value: Any) -> Any:
    """Return words as they can be set: without what has no shape, and with places to break in very long ones."""
    if isinstance(value, str):
        return _LONG.sub(_breakable, value.translate(_DROPPED))
    if isinstance(value, Mapping):
        return {key: item if key in AS_IT_IS else _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


def _breakable(found: re.Match[str]) -> str:
    word = found[0]
    return MAY_BREAK.join(word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD))
