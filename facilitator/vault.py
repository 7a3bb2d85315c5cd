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
KEY_BYTES, NONCE_BYTES = 32, 12
KEY_PLACE = "participant.key"
PAD_BLOCK = 128  # one block holds any alias and nearly any address; RFC 5321 §4.5.3.1.3 allows 254


class SealError(Exception):
    """Say that a sealed value does not open with this key in this place."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens texts with one key.

    Args:
        key: 32 bytes.
    """

    key: bytes = field(repr=False)

    def seal(self, place: str, row_id: str, text: str) -> bytes:
        """Encrypt a text for one column of one row.

        Args:
            place: "table.column".
            row_id: the id of the row; the sealed value opens nowhere else.
            text: what to keep, at most a few hundred characters.
        """
        raw = text.encode()
        return _encrypt(self.key, place, row_id, raw + b"\x80" + b"\x00" * (-(len(raw) + 1) % PAD_BLOCK))

    def open(self, place: str, row_id: str, sealed: bytes) -> str:
        """Decrypt what :meth:`seal` returned.

        Raises:
            SealError: if the key is another, or the value was moved or altered.
        """
        return _decrypt(self.key, place, row_id, sealed).rstrip(b"\x00")[:-1].decode()


@dataclass(frozen=True, slots=True)
class Vault:
    """Holds the keys derived from the one 32-byte vault key.

    Each person on a list has a key of their own, kept wrapped in this one. Whoever erases the wrapped key has erased
    what is sealed with it in every copy, older backups among them (NIST SP 800-88, cryptographic erase).

    Args:
        key: 32 random bytes kept outside the database.
        kept_link_key: from which links are derived when the vault key was changed since; None for the vault key's own.
    """

    key: bytes = field(repr=False)
    kept_link_key: bytes | None = field(default=None, repr=False)

    @property
    def link_key(self) -> bytes:
        """Return the key from which link tokens are derived."""
        return self.kept_link_key or _subkey(self.key, b"links")

    def seal(self, place: str, row_id: str, text: str) -> bytes:
        """Encrypt a text for one column of one row with the installation's own key (see :class:`Sealer`)."""
        return self._own.seal(place, row_id, text)

    def open(self, place: str, row_id: str, sealed: bytes) -> str:
        """Decrypt what :meth:`seal` returned.

        Raises:
            SealError: if the key is another, or the value was moved or altered.
        """
        return self._own.open(place, row_id, sealed)

    def new_key(self, person_id: str) -> bytes:
        """Return a fresh key for a person, wrapped in this vault's key."""
        return self.wrap(person_id, os.urandom(KEY_BYTES))

    def wrap(self, person_id: str, key: bytes) -> bytes:
        """Return a person's key as it is kept."""
        return _encrypt(self._own.key, KEY_PLACE, person_id, key)

    def unwrap(self, person_id: str, wrapped: bytes) -> Sealer:
        """Return what seals and opens for one person.

        Raises:
            SealError: if the vault key is another, or the wrapped key was moved or altered.
        """
        return Sealer(_decrypt(self._own.key, KEY_PLACE, person_id, wrapped))

    def blind_index(self, place: str, text: str) -> str:
        """Return a keyed hash by which an exact text can be found without being readable."""
        return hmac.new(_subkey(self.key, b"index"), f"{place}\x00{text}".encode(), hashlib.sha256).hexdigest()

    @property
    def _own(self) -> Sealer:
        return Sealer(_subkey(self.key, b"seal"))


def _subkey(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()


def _encrypt(key: bytes, place: str, row_id: str, raw: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return bytes([KEY_VERSION]) + nonce + AESGCM(key).encrypt(nonce, raw, _context(place, row_id))


def _decrypt(key: bytes, place: str, row_id: str, sealed: bytes) -> bytes:
    version, nonce, body = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if version != bytes([KEY_VERSION]) or len(nonce) < NONCE_BYTES:
        raise SealError(place)
    try:
        return AESGCM(key).decrypt(nonce, body, _context(place, row_id))
    except (InvalidTag, ValueError):  # a key of another length is another key
        raise SealError(place) from None


def _context(place: str, row_id: str) -> bytes:
    return f"{place}\x00{row_id}".encode()


def vault_of(db: Session) -> Vault:
    """Return the vault that the database handle was opened with."""
    vault: Vault = db.info["vault"]
    return vault
