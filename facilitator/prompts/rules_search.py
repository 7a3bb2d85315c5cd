"""What people may ask the library for, and words as a search compares them: without case, accents and signs.

The search has one concept: a column that holds the words of a version in this form, asked with one LIKE a word. It
was chosen over PostgreSQL's tsvector beside SQLite's FTS5, because those are two languages, two indexes and two
triggers to keep in step, and their stemming differs by engine; a few thousand prompts are read in some milliseconds.
It must never know a database.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

MOST_WORDS = 12
"""What is typed behind these narrows nothing; more words than these are a pasted text."""

_WORD = re.compile(r"[^\W_]+")


class Whose(StrEnum):
    """A person's own prompts, or those that everybody here sees."""

    OWN = "own"
    SHARED = "shared"


class Used(StrEnum):
    """Whether a group had a prompt."""

    NEVER = "never"
    NOT_LATELY = "not_lately"
    EVER = "ever"


class Sorting(StrEnum):
    """In which order prompts stand."""

    THEME = "theme"
    PHASE = "phase"
    DEPTH = "depth"
    NEWEST = "newest"
    LEAST_USED = "least_used"


def list_words(text: str) -> list[str]:
    """List the words of a text in the form in which they are compared, in their order."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


def join_words(texts: Iterable[str]) -> str:
    """Return texts as the search column holds them: each word once, behind a space, so that a word's beginning is found."""
    return "".join(f" {word}" for word in dict.fromkeys(word for text in texts for word in list_words(text)))


def list_beginnings(asked: str) -> list[str]:
    """List what each found text has a word beginning with; those that a longer one includes are left out."""
    words = list(dict.fromkeys(list_words(asked)))
    longest = [word for word in words if not any(other != word and other.startswith(word) for other in words)]
    return longest[:MOST_WORDS]
