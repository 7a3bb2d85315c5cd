"""The setting of returned mail: reads one address of a box into a frozen value.

`maildir:/path` and `mbox:/path` are on this machine; `pop3s://user:password@host` and
`imaps://user:password@host/INBOX` are on a mail server. This module must never open anything, and never repeat a
password in an error.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from facilitator.mail.urls import LOOPBACK


class BoxKind(StrEnum):
    """How a box is read."""

    MAILDIR = "maildir"
    MBOX = "mbox"
    POP3 = "pop3"
    IMAP = "imap"


FILES = frozenset({BoxKind.MAILDIR, BoxKind.MBOX})
# the way, whether over TLS, and the port (RFC 8314 §3.2 and §3.3, RFC 1939 §3, RFC 9051 §2.1)
SERVERS = {
    "pop3s": (BoxKind.POP3, True, 995),
    "pop3": (BoxKind.POP3, False, 110),
    "imaps": (BoxKind.IMAP, True, 993),
    "imap": (BoxKind.IMAP, False, 143),
}
INBOX = "INBOX"
EXAMPLES = "Write maildir:/path, mbox:/path, pop3s://user:password@host or imaps://user:password@host/INBOX."
_FOLDER = re.compile(r"[ !#-\[\]-~]{1,200}")  # printable ASCII that stands in IMAP quotes as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxUrl:
    """Where returned mail is found.

    Args:
        kind: how it is read.
        path: of a file or folder on this machine.
        host: of a mail server.
        port: of a mail server.
        tls: whether the whole conversation is protected.
        user: who signs in.
        password: with what.
        folder: which one of an IMAP account.
    """

    kind: BoxKind
    path: str = ""
    host: str = ""
    port: int = 0
    tls: bool = True
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    folder: str = ""


def parse_box_url(text: str) -> BoxUrl:
    """Read FACILITATOR_RETURNS_URL.

    Raises:
        ValueError: with one plain sentence saying what to write instead.
    """
    scheme, _, rest = text.strip().partition(":")
    if scheme in FILES:
        if not rest.startswith("/") or "\0" in rest:
            raise ValueError(f"After {scheme}: write a path that starts with /.")
        return BoxUrl(kind=BoxKind(scheme), path=rest)
    if scheme not in SERVERS:
        raise ValueError(EXAMPLES)
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        raise ValueError(EXAMPLES) from None  # what the library says repeats the password
    return _server(parts)


def _server(parts: SplitResult) -> BoxUrl:
    kind, tls, usual_port = SERVERS[parts.scheme]
    if not parts.hostname:
        raise ValueError(EXAMPLES)
    if parts.query or parts.fragment:
        raise ValueError("Nothing follows the address of the box; write ? and # in a password as %3F and %23.")
    if not tls and parts.hostname not in LOOPBACK:
        raise ValueError(f"A password is sent over TLS alone; write {parts.scheme}s://.")
    port = _port(parts) or usual_port
    user, password = _credentials(parts)
    return BoxUrl(
        kind=kind,
        host=parts.hostname,
        port=port,
        tls=tls,
        user=user,
        password=password,
        folder=_folder(kind, parts.path),
    )


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("The port of the box is a number from 1 to 65535; write / in a password as %2F.")
    return port


def _credentials(parts: SplitResult) -> tuple[str, str]:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        raise ValueError("Give the box both a user and a password.")
    if not (user + password).isascii() or not (user + password).isprintable():
        # poplib and imaplib sign in with ASCII alone, and a line break would be a command of its own
        raise ValueError("The user and password of the box can hold printable ASCII characters alone.")
    return user, password


def _folder(kind: BoxKind, path: str) -> str:
    folder = unquote(path.lstrip("/"))
    if kind is BoxKind.POP3:
        if folder:
            raise ValueError("A POP3 box has no folders; nothing follows the host.")
        return ""
    if folder and not _FOLDER.fullmatch(folder):
        raise ValueError("The name of the folder can hold printable ASCII characters alone, without quotes.")
    return folder or INBOX
