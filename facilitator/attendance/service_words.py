"""The lists of words that rooms and slips draw from, one a language; see wordlists/README.md."""

from functools import cache
from pathlib import Path

LISTS = Path(__file__).parent / "wordlists"
FALLBACK = "en"


@cache
def list_words(language: str) -> tuple[str, ...]:
    """Return the words of a language, or the English ones where there are none."""
    known = {path.stem: path for path in LISTS.glob("*.txt")}
    path = known.get(language.partition("-")[0].lower(), known[FALLBACK])
    return tuple(path.read_text("utf-8").split())
