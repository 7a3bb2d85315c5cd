"""What is left after an evening, as one image: every file byte by byte, and every row in an order of its own.

Only what chance itself put there is passed over, and that is SQLite's own: two random numbers at the head of a
write-ahead log, which stand again beside each page in it together with sums made from them, so that a log of the same
pages never has the same bytes twice. After the room is closed the log is empty and nothing is passed over.
This module must never judge; it reads and compares.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, text

LOG_HEAD, FRAME_HEAD = 32, 24  # bytes, https://www.sqlite.org/fileformat2.html#walformat
INDEX_HEAD = 48  # bytes, and it stands there twice, https://www.sqlite.org/walformat.html
PASSED_OVER = ("port",)  # where the mailbox of the proof listens is chance as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The fingerprint of everything that is kept, by the name of the part, and how many bytes that is."""

    prints: Mapping[str, str]
    size: int

    def differences(self, other: "Image") -> list[str]:
        """List the parts in which two images differ."""
        names = self.prints.keys() | other.prints.keys()
        return sorted(name for name in names if self.prints.get(name) != other.prints.get(name))


def take_image(folder: Path, engine: Engine) -> Image:
    """Return the image of a data folder and its database as they are now."""
    parts = [*((name, content) for name, content in read_files(folder)), *read_tables(engine)]
    return Image(
        prints={name: hashlib.sha256(content).hexdigest() for name, content in parts},
        size=sum(len(content) for _name, content in parts),
    )


def read_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """List every file below a folder with its bytes, without what chance put into a log of SQLite."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in PASSED_OVER:
            yield f"file {path.relative_to(folder)}", _without_chance(path.name, path.read_bytes())


def read_tables(engine: Engine) -> Iterator[tuple[str, bytes]]:
    """List every table with all its rows in the order of their values, and every number that counts rows."""
    with engine.connect() as link:
        names = sorted(inspect(link).get_table_names())
        for name in names:
            rows = link.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608 - the name comes from the database itself
            yield f"table {name}", "\n".join(sorted(repr(tuple(row)) for row in rows)).encode()
        if engine.dialect.name == "postgresql":
            counts = link.execute(text("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")).all()
            yield "numbers of rows", repr([tuple(row) for row in counts]).encode()


def _without_chance(name: str, content: bytes) -> bytes:
    if name.endswith("-wal"):
        return _log_without_chance(content)
    if name.endswith("-shm"):
        return _blank(content, [(at, at + 24) for at in (24, INDEX_HEAD + 24)])
    return content


def _log_without_chance(content: bytes) -> bytes:
    if len(content) < LOG_HEAD:
        return content
    page = int.from_bytes(content[8:12], "big")
    frames = range(LOG_HEAD, len(content), FRAME_HEAD + page)
    return _blank(content, [(16, LOG_HEAD), *((at + 8, at + FRAME_HEAD) for at in frames)])


def _blank(content: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    blanked = bytearray(content)
    for start, end in spans:
        blanked[start:end] = bytes(len(blanked[start:end]))
    return bytes(blanked)
