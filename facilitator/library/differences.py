"""What differs between two versions of an entry, key by key and word by word. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from facilitator.curriculum.reader import NAMES

MOST_WORDS = 2_000  # of one text; comparing more word by word takes longer than anybody waits
_WORD = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run of words that both versions have, or that only this one has."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key that says something else: as it stands here, and as the file has it."""

    key: str
    here: tuple[Stretch, ...]
    theirs: tuple[Stretch, ...]


def list_differences(here: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Difference]:
    """List the keys in which two contents differ, in the order of the first."""
    old, new = dict(_flatten(here)), dict(_flatten(theirs))
    keys = [*old, *(key for key in new if key not in old)]
    return [_compare(key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key)]


def _compare(key: str, old: str, new: str) -> Difference:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) + len(after) > MOST_WORDS:
        return Difference(key=key, here=(Stretch(text=old, differs=True),), theirs=(Stretch(text=new, differs=True),))
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return Difference(
        key=key,
        here=tuple(_stretches((tag, before[a:b]) for tag, a, b, _, _ in steps)),
        theirs=tuple(_stretches((tag, after[c:d]) for tag, _, _, c, d in steps)),
    )


def _stretches(steps: Iterator[tuple[str, Sequence[str]]]) -> Iterator[Stretch]:
    for tag, words in steps:
        if words:
            yield Stretch(text="".join(words), differs=tag != "equal")


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a content under the keys that lead to it; a list of texts is one text."""
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _flatten(inner, f"{path}, {key}" if path else key)
        case list() if any(isinstance(inner, dict) for inner in value):
            for number, inner in enumerate(value, start=1):
                yield from _flatten(inner, f"{path} {_name(inner) or number}")
        case list():
            yield path, "\n".join(map(str, value))
        case bool():
            yield path, "true" if value else "false"
        case _:
            yield path, str(value)


def _name(table: Any) -> str:
    return next((str(table[key]) for key in NAMES if key in table and key != "text"), "")
