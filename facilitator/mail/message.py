"""The bytes of one message: plain text first, then a small HTML part, and headers that say little.

The bytes are assembled here rather than by `email.message`, which is some thirty times slower and folds a long
List-Unsubscribe address into an encoded word that no mail program reads. The same letter and envelope always give the
same bytes, so a repeat is recognisable as one. A letter is set once for many people: what differs from person to
person stands in it as `PERSONAL` and is put in its place when the envelope is known, which takes microseconds.
This module must never read a clock or make up an id, and never writes a line break that it was given into a header.
"""

import hashlib
import quopri
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from typing import Self

from email_validator import EmailNotValidError, validate_email

CRLF = "\r\n"
PERSONAL = "PERSONAL-TOKEN-OF-LINK"  # as long as a link token, and made of the same characters
LINE_LENGTH = 998  # octets without the line end, RFC 5322 §2.1.1
_MARK = PERSONAL.encode()
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]+@[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]+")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # controls, line ends, halves of characters
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")  # RFC 5322 §3.2.3 atoms and spaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a person reads: the words, without anybody's address."""

    subject: str
    text: str
    html: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who writes to whom, and the marks that make a message recognisable.

    Args:
        from_name: a neutral sender name.
        from_address: the address of this installation.
        to_address: the one recipient.
        message_id: "id@domain" without brackets; the same on every repeat.
        date_at: when the message was first handed over; the same on every repeat.
        list_id: a neutral host name for List-Id, or an empty string.
        unsubscribe_url: https address that stops messages by POST (RFC 8058), or an empty string.
    """

    from_name: str
    from_address: str
    to_address: str = field(repr=False)
    message_id: str
    date_at: datetime
    list_id: str = ""
    unsubscribe_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A letter as bytes, complete but for its envelope and for what is personal in it."""

    subject: str
    boundary: str
    body: bytes

    @classmethod
    def of(cls, letter: Letter) -> Self:
        """Set a letter.

        Raises:
            ValueError: if the subject holds a line break or another control character.
        """
        words = f"{letter.subject}\x00{letter.text}\x00{letter.html}"
        boundary = "=_" + hashlib.sha256(words.encode(errors="replace")).hexdigest()[:32]
        return cls(subject=_words(letter.subject, "Subject"), boundary=boundary, body=_body(letter, boundary))

    def fill(self, envelope: Envelope, personal: str = "") -> bytes:
        """Return the complete message with CRLF line ends and no line over 998 octets.

        Args:
            envelope: who writes to whom.
            personal: what stands where the letter says `PERSONAL`; URL-safe characters.

        Raises:
            ValueError: if a header would hold a line break or another control character, or an address is none.
        """
        return _head(self.subject, envelope, self.boundary) + self.body.replace(_MARK, personal.encode("ascii"))


def wire_address(address: str) -> str:
    """Return the address as SMTP and headers carry it, its domain in ASCII (IDNA 2008).

    Raises:
        ValueError: if it is not one plain address. The message never repeats it.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError("This is not one plain mail address.")
    local, domain = address.rsplit("@", 1)
    if domain.isascii():
        return address
    try:
        checked = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise ValueError("This mail address has a domain that does not exist.") from None
    return f"{local}@{checked.ascii_domain}"


def _head(subject: str, envelope: Envelope, boundary: str) -> bytes:
    if envelope.date_at.tzinfo is None:
        raise ValueError("The date of a message is an aware instant.")
    headers = [
        ("From", _sender(envelope.from_name, envelope.from_address)),
        ("To", f"<{wire_address(envelope.to_address)}>"),
        ("Subject", subject),
        ("Date", format_datetime(envelope.date_at.astimezone(UTC))),
        ("Message-ID", f"<{_token(envelope.message_id, 'Message-ID')}>"),
        *_list_headers(envelope),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834 §5
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    return ("".join(f"{name}: {value}{CRLF}" for name, value in headers) + CRLF).encode()


@lru_cache(maxsize=16)
def _sender(name: str, address: str) -> str:
    return f"{_phrase(name)} <{wire_address(address)}>".lstrip()


def _list_headers(envelope: Envelope) -> list[tuple[str, str]]:
    headers = []
    if envelope.list_id:
        headers.append(("List-Id", f"<{_token(envelope.list_id, 'List-Id')}>"))
    if envelope.unsubscribe_url:
        if not envelope.unsubscribe_url.startswith(("https://", "http://")):
            raise ValueError("List-Unsubscribe holds a web address.")
        headers.append(("List-Unsubscribe", f"<{_token(envelope.unsubscribe_url, 'List-Unsubscribe')}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))  # RFC 8058 §3.1
    return headers


def _token(value: str, name: str) -> str:
    """Return a value that stands between angle brackets, refused unless it is printable ASCII without spaces."""
    if not re.fullmatch(r"[!-;=?-~]{1,900}", value):
        raise ValueError(f"{name} holds printable ASCII characters without spaces.")
    return value


def _words(value: str, name: str) -> str:
    """Return free text for a header, as RFC 2047 words where it is not plain ASCII."""
    if _UNFIT.search(value):
        raise ValueError(f"{name} holds no line breaks or control characters.")
    charset = "us-ascii" if value.isascii() and "=?" not in value else "utf-8"
    return Header(value, charset, header_name=name).encode(linesep=CRLF)


def _phrase(name: str) -> str:
    words = _words(name, "From")
    if not name.isascii() or "=?" in name or _PLAIN_PHRASE.fullmatch(name):
        return words
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _body(letter: Letter, boundary: str) -> bytes:
    start, end = f"--{boundary}{CRLF}".encode(), f"--{boundary}--{CRLF}".encode()
    return start + _part("plain", letter.text) + start + _part("html", letter.html) + end


def _part(subtype: str, text: str) -> bytes:
    raw = re.sub(r"\r\n?", "\n", text).rstrip("\n").encode() + b"\n"
    plain = raw.isascii() and max(map(len, raw.split(b"\n"))) <= LINE_LENGTH and b"\x00" not in raw
    coded = raw if plain else _quoted(raw)
    name = "7bit" if plain else "quoted-printable"
    head = f'Content-Type: text/{subtype}; charset="utf-8"{CRLF}Content-Transfer-Encoding: {name}{CRLF}{CRLF}'
    # the last line end belongs to the boundary that follows
    return head.encode() + (coded + b"\n").replace(b"\n", b"\r\n")


def _quoted(raw: bytes) -> bytes:
    """Return quoted-printable in which each mark stands in one piece, on a line of its own that reading joins again."""
    return (b"=\n" + _MARK + b"=\n").join(map(quopri.encodestring, raw.split(_MARK)))
