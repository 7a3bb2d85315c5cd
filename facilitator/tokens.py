"""Random ids, and link tokens that are derived and never stored.

A link token is an HMAC over what it opens and a version number, so the database holds its hash alone and
raising the version ends every older link. This module must never read a clock or the database.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

ID_BYTES = 16  # 128 bits, OWASP ASVS 5.0 V7 session and link entropy
TOKEN_LENGTH = 22


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def new_id() -> str:
    """Return a fresh random id of 22 url-safe characters (128 bits)."""
    return _text(secrets.token_bytes(ID_BYTES))


def link_token(key: bytes, purpose: str, subject_id: str, version: int) -> str:
    """Return the 22-character token that opens one thing for one purpose.

    Args:
        key: the 32-byte link key.
        purpose: what the link is for, so that a token for one purpose opens nothing else.
        subject_id: the row it opens.
        version: raised to end every older link.
    """
    message = f"{purpose}\x00{subject_id}\x00{version}".encode()
    return _text(hmac.new(key, message, hashlib.sha256).digest()[:ID_BYTES])


def token_hash(token: str) -> str:
    """Return the hex SHA-256 under which a token is looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
