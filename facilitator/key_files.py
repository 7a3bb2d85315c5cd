"""Files that hold one key each: made whole at the first use, read by their owner alone.

This module must never log or say what is in them.
"""

import fcntl
import os
import secrets
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

KEY_BYTES = 32
OWNER_ALONE = 0o600


def random_key() -> str:
    """Return 32 fresh random bytes in URL-safe base64."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def kept_key(path: Path, make: Callable[[], str] = random_key) -> str:
    """Return the key in a file, which is made at the first use.

    Raises:
        OSError: when the file cannot be made or read.
        ValueError: saying what is wrong with what it holds, or with who may read it.
    """
    _make_missing(path, make)
    if is_open_to_others(path):
        raise ValueError(f"The key {path} can be read by others on this machine. Run: chmod 600 {path}")
    text = path.read_text(encoding="ascii").strip()
    if not text:
        raise ValueError(f"The key {path} is empty; bring it back from a backup, or delete it if it is new.")
    return text


def is_open_to_others(path: Path) -> bool:
    """Tell whether anybody but the owner of a file, and the group that was given it, may read or change it."""
    return bool(path.stat().st_mode & stat.S_IRWXO)


def write_key(path: Path, text: str) -> None:
    """Write a key file, whole or not at all, and on the disk before anything else is done."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _make_missing(path: Path, make: Callable[[], str]) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # another process may look for it right now
        if not path.exists():
            write_key(path, make())
    finally:
        os.close(folder)
