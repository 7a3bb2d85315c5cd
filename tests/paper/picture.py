"""Draws papers as PNG, and reads a PNG as rows of grey: 8 bits a channel, as Typst writes them."""

import json
import struct
import zlib
from dataclasses import dataclass

import typst

from facilitator.paper import typesetting

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page in grey, 0 is black; `rows` from the top."""

    width: int
    rows: tuple[bytes, ...]

    def far_from(self, other, *, step=48):
        """Return the share of points that differ by more than a step of grey; all, where the sizes differ."""
        if (self.width, len(self.rows)) != (other.width, len(other.rows)):
            return 1.0
        pairs = (
            pair for mine, theirs in zip(self.rows, other.rows, strict=True) for pair in zip(mine, theirs, strict=True)
        )
        return sum(abs(one - two) > step for one, two in pairs) / (self.width * len(self.rows))


def draw(sheet, words, ppi) -> list[bytes]:
    """Return each page of a paper as a PNG, with the letters that are shipped."""
    printed = json.dumps(typesetting._printable(words))
    compiler = typst.Compiler(
        typesetting.SHEETS / f"{sheet}.typ", font_paths=typesetting._letters(own=True), sys_inputs={"paper": printed}
    )
    pages = compiler.compile(format="png", ppi=ppi)
    return [pages] if isinstance(pages, bytes) else pages


def read_png(data: bytes) -> Picture:
    """Return the picture in a PNG."""
    chunks, at = {}, 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        chunks[name] = chunks.get(name, b"") + data[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8
    step = CHANNELS[colour]
    raw, above, rows = zlib.decompress(chunks[b"IDAT"]), bytes(width * step), []
    for row in range(height):
        start = row * (width * step + 1)
        above = _unfilter(raw[start], raw[start + 1 : start + 1 + width * step], above, step)
        rows.append(above[::step] if step < 3 else above[1::step])  # green is near enough to grey
    return Picture(width=width, rows=tuple(rows))


def _unfilter(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    out = bytearray(step) + line  # what lies left of the first point counts as 0
    over = bytes(step) + above
    for at in range(step, len(out)):
        left, up, corner = out[at - step], over[at], over[at - step]
        if kind == 4:
            guess = left + up - corner
            far = abs(guess - left), abs(guess - up), abs(guess - corner)
            added = left if far[0] <= far[1] and far[0] <= far[2] else up if far[1] <= far[2] else corner
        else:
            added = (0, left, up, (left + up) // 2)[kind]
        out[at] = (out[at] + added) & 0xFF
    return bytes(out[step:])
