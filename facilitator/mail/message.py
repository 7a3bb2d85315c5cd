"""The bytes of one message: plain text first, then a small HTML part, and headers that say little.

The bytes are assembled here rather than by `email.message`, which is some thirty times slower and folds a long
List-Unsubscribe address into an encoded word that no mail program reads. The same letter and envelope always give the
same bytes, so a repeat is recognisable as one. The body depends on the letter and the boundary alone, the head on
the envelope, so that a body can be built once for many people.
This module must never read a clock or make up an id, and never writes a line break that it was given into a header.
"""

import hashlib
import quopri
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

from email_validator import EmailNotValidError, validate_email

CRLF = "\r\n"
LINE_LENGTH = 998  # octets without the line end, RFC 5322 §2.1.1
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


def build_bytes(letter: Letter, envelope: Envelope) -> bytes:
    """Return the complete message with CRLF line ends and no line over 998 octets.

    Raises:
        ValueError: if a header would hold a line break or another control character, or an address is none.
    """
    boundary = "=_" + hashlib.sha256(envelope.message_id.encode()).hexdigest()[:32]
    return _head(letter.subject, envelope, boundary) + _body(letter, boundary)


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
    sender = f"{_phrase(envelope.from_name)} <{wire_address(envelope.from_address)}>".lstrip()
    headers = [
        ("From", sender),
        ("To", f"<{wire_address(envelope.to_address)}>"),
        ("Subject", _words(subject, "Subject")),
        ("Date", format_datetime(envelope.date_at.astimezone(UTC))),
        ("Message-ID", f"<{_token(envelope.message_id, 'Message-ID')}>"),
        *_list_headers(envelope),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834 §5
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    return ("".join(f"{name}: {value}{CRLF}" for name, value in headers) + CRLF).encode()


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
    coded = raw if plain else quopri.encodestring(raw)
    name = "7bit" if plain else "quoted-printable"
    head = f'Content-Type: text/{subtype}; charset="utf-8"{CRLF}Content-Transfer-Encoding: {name}{CRLF}{CRLF}'
    # the last line end belongs to the boundary that follows
    return head.encode() + (coded + b"\n").replace(b"\n", b"\r\n")
