"""Seals addresses and aliases at rest, and indexes them blindly where a look-up needs it.

AES-256-GCM with the table, column and row id as associated data, so a sealed value copied to another row does
not open; padded, so its length tells nothing. The keys come from outside the database file.
This module must never log or return a key.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

KEY_VERSION = 1
NONCE_BYTES = 12
PAD_BLOCK = 128  # one block holds any alias and nearly any address; RFC 5321 §4.5.3.1.3 allows 254


class SealError(Exception):
    """Say that a sealed value does not open with this key in this place."""


def _subkey(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Vault:
    """Holds the keys derived from the one 32-byte vault key.

    Args:
        key: 32 random bytes kept outside the database.
    """

    key: bytes = field(repr=False)

    @property
    def link_key(self) -> bytes:
        """Return the key from which link tokens are derived."""
        return _subkey(self.key, b"links")

    def seal(self, place: str, row_id: str, text: str) -> bytes:
        """Encrypt a text for one column of one row.

        Args:
            place: "table.column".
            row_id: the id of the row; the sealed value opens nowhere else.
            text: what to keep, at most a few hundred characters.
        """
        raw = text.encode()
        padded = raw + b"\x80" + b"\x00" * (-(len(raw) + 1) % PAD_BLOCK)
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(_subkey(self.key, b"seal")).encrypt(nonce, padded, _context(place, row_id))
        return bytes([KEY_VERSION]) + nonce + sealed

    def open(self, place: str, row_id: str, sealed: bytes) -> str:
        """Decrypt what :meth:`seal` returned.

        Raises:
            SealError: if the key is another, or the value was moved or altered.
        """
        version, nonce, body = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if version != bytes([KEY_VERSION]) or len(nonce) < NONCE_BYTES:
            raise SealError(place)
        try:
            padded = AESGCM(_subkey(self.key, b"seal")).decrypt(nonce, body, _context(place, row_id))
        except InvalidTag:
            raise SealError(place) from None
        return padded.rstrip(b"\x00")[:-1].decode()

    def blind_index(self, place: str, text: str) -> str:
        """Return a keyed hash by which an exact text can be found without being readable."""
        return hmac.new(_subkey(self.key, b"index"), f"{place}\x00{text}".encode(), hashlib.sha256).hexdigest()


def _context(place: str, row_id: str) -> bytes:
    return f"{place}\x00{row_id}".encode()


def vault_of(db: Session) -> Vault:
    """Return the vault that the database handle was opened with."""
    vault: Vault = db.info["vault"]
    return vault
