"""Turns the few signs of an author's words into the pieces that papers lay out: paragraphs, lists, stress, line ends.

The reader is the one of the pages, so that paper and screen agree on what is a sign and what is a letter.
"""

from typing import Any

from markdown_it.token import Token

from facilitator.prompts.markup import read_words

LISTS = {"bullet_list": "points", "ordered_list": "numbers"}


def read_prose(words: str) -> list[dict[str, Any]]:
    """Return an author's words as blocks.

    A block is {"kind": "text", "runs": [{"text", "stress"}]} or {"kind": "points" or "numbers", "start", "items"}, where
    an item is a list of blocks again.
    """
    tokens = read_words(words)
    return _Blocks(tokens).read() if tokens is not None else [{"kind": "text", "runs": [plain_run(words)]}]


def read_line(words: str) -> list[dict[str, Any]]:
    """Return an author's words as the runs of one line, to stand inside a sentence."""
    tokens = read_words(words, inline=True)
    return [plain_run(words)] if tokens is None else [run for token in tokens for run in _runs(token.children or [])]


def plain_run(words: str) -> dict[str, Any]:
    """Return words that carry no signs, as a run."""
    return {"text": words, "stress": False}


class _Blocks:
    """Reads a flat row of tokens into blocks within blocks."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = iter(tokens)

    def read(self) -> list[dict[str, Any]]:
        """Return the blocks up to the end of what is open."""
        blocks: list[dict[str, Any]] = []
        for token in self._tokens:
            name = token.type.removesuffix("_open")
            if token.type == "inline":
                blocks.append({"kind": "text", "runs": _runs(token.children or [])})
            elif name in LISTS and token.nesting == 1:
                blocks.append({"kind": LISTS[name], "start": int(token.attrs.get("start", 1)), "items": self._items()})
            elif token.type == "list_item_close":
                break
        return blocks

    def _items(self) -> list[list[dict[str, Any]]]:
        items = []
        for token in self._tokens:
            if token.type != "list_item_open":
                break
            items.append(self.read())
        return items


def _runs(tokens: list[Token]) -> list[dict[str, Any]]:
    """Return the runs of a line; stress is all one, since the letters that are read aloud have no slanted cut."""
    runs: list[dict[str, Any]] = []
    depth = 0
    for token in tokens:
        depth += token.nesting
        text = "\n" if token.type in ("softbreak", "hardbreak") else token.content
        if text:
            runs.append({"text": text, "stress": depth > 0})
    return runs
