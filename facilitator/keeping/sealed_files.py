"""Files that only the holder of a private key can read: lines of text, packed, sealed with age to a public key.

A file is whole or not there: it is written beside its place, put on the disk, read back, and only then given its name.
"""

import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyrage

from facilitator.errors import Invalid

OWNER_ALONE = 0o600


def new_identity() -> str:
    """Return a fresh private key, as text."""
    return str(pyrage.x25519.Identity.generate())


def recipient_of(identity: str) -> str:
    """Return the public key that belongs to a private one.

    Raises:
        Invalid: when it is no private key.
    """
    return str(_identity(identity).to_public())


def write_sealed(path: Path, lines: Iterable[str], recipient: str) -> Path:
    """Write lines to a file beside its place; return where it lies until :func:`put_in_place` gives it its name.

    Raises:
        Invalid: when the folder takes no file, or what the disk gives back is not what was written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ALONE)
        with os.fdopen(handle, "wb") as file:
            noted = _Noted(file)
            pyrage.encrypt_io(_Pieces(_packed(lines)), noted, [pyrage.x25519.Recipient.from_str(recipient)])
            file.flush()
            os.fsync(file.fileno())
        _require_kept(unfinished, noted.digest)
    except OSError as fault:
        unfinished.unlink(missing_ok=True)
        raise Invalid(f"{path}: {fault.strerror or fault}.") from fault
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return unfinished


def put_in_place(unfinished: Path, path: Path) -> None:
    """Give a written file its name; whatever had it is overwritten first, and gone."""
    if path.exists():
        size = path.stat().st_size
        with path.open("r+b") as old:
            unfinished.replace(path)
            old.write(bytes(size))
            old.flush()
            os.fsync(old.fileno())
    else:
        unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_sealed(path: Path, identity: str, take: Callable[[str], None]) -> None:
    """Hand over the lines of a sealed file, one by one; nothing of them touches a disk.

    Raises:
        Invalid: when the file cannot be read, was sealed to another key, was altered or is cut short.
    """
    lines = _Lines(take)
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, lines, [_identity(identity)])
        lines.end()
    except OSError as fault:
        raise Invalid(f"{path}: {fault.strerror or 'it is damaged or cut short'}.") from fault
    except pyrage.DecryptError:
        raise Invalid(f"{path}: it was sealed to another key, or it is no backup.") from None
    except (zlib.error, EOFError, UnicodeDecodeError):
        raise Invalid(f"{path}: it is damaged or cut short.") from None


def _identity(text: str) -> "pyrage.x25519.Identity":
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        return pyrage.x25519.Identity.from_str(kept[0].strip() if kept else "")
    except pyrage.IdentityError:
        raise Invalid("This is no private key of age; it begins with AGE-SECRET-KEY-1.") from None


def _packed(lines: Iterable[str]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for line in lines:
        yield packer.compress(line.encode() + b"\n")
    yield packer.flush()


def _require_kept(path: Path, digest: bytes) -> None:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").digest() != digest:
            raise Invalid("The disk does not give back what was written to it. Nothing was kept.")


class _Pieces(io.RawIOBase):
    """Pieces of bytes as something that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, room: "memoryview") -> int:  # type: ignore[override] # any buffer; this one is what is given
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(room), len(self._rest))
        room[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class _Noted(io.RawIOBase):
    """A file that notes what is written to it."""

    def __init__(self, file: io.BufferedWriter) -> None:
        super().__init__()
        self._file, self._hash = file, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, piece: "bytes") -> int:  # type: ignore[override] # bytes are what is given
        self._hash.update(piece)
        return self._file.write(piece)

    @property
    def digest(self) -> bytes:
        return self._hash.digest()


class _Lines(io.RawIOBase):
    """Unpacks what is written to it and hands it over by lines."""

    def __init__(self, take: Callable[[str], None]) -> None:
        super().__init__()
        self._take, self._rest = take, b""
        self._unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    def writable(self) -> bool:
        return True

    def write(self, piece: "bytes") -> int:  # type: ignore[override] # bytes are what is given
        *whole, self._rest = (self._rest + self._unpacker.decompress(piece)).split(b"\n")
        for line in whole:
            self._take(line.decode())
        return len(piece)

    def end(self) -> None:
        """Refuse what stops in the middle."""
        if self._rest or not self._unpacker.eof:
            raise EOFError
