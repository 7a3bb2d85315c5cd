"""The mail setting: reads one URL into a frozen value.

`mailbox:` is the local mailbox of the demonstration; `smtp://user:password@host:port?tls=starttls|implicit|none`
is a mail server. This module must never open a connection, and never repeat a password in an error.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Tls(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


DEFAULT_PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}  # RFC 6409, RFC 8314 §3.3, RFC 5321


@dataclass(frozen=True, slots=True, kw_only=True)
class MailUrl:
    """Where mail is handed over; an empty host means the local mailbox."""

    host: str = ""
    port: int = 0
    tls: Tls = Tls.NONE
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def is_mailbox(self) -> bool:
        """Tell whether this is the local mailbox rather than a mail server."""
        return not self.host


def parse_mail_url(text: str) -> MailUrl:
    """Read FACILITATOR_MAIL_URL.

    Raises:
        ValueError: with one plain sentence saying what to write instead.
    """
    if text.strip() == "mailbox:":
        return MailUrl()
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        # its own words repeat what was written, and a password stands in it
        raise ValueError("Write mailbox: or smtp://user:password@host:port?tls=starttls.") from None
    if parts.scheme != "smtp" or not parts.hostname:
        raise ValueError("Write mailbox: or smtp://user:password@host:port?tls=starttls.")
    if parts.path not in {"", "/"} or parts.fragment:
        raise ValueError("Nothing but ?tls= follows the port; write # and / in a password as %23 and %2F.")
    tls = _tls(parts.query)
    user, password = _credentials(parts)
    if user and tls is Tls.NONE and parts.hostname not in LOOPBACK:
        raise ValueError("A password is sent over TLS alone; write ?tls=starttls or ?tls=implicit.")
    port = _port(parts) or DEFAULT_PORTS[tls]
    return MailUrl(host=parts.hostname, port=port, tls=tls, user=user, password=password)


def _tls(query: str) -> Tls:
    options = parse_qs(query, keep_blank_values=True)
    unknown = sorted(set(options) - {"tls"})
    if unknown:
        raise ValueError(f"The mail server setting knows ?tls= and nothing else; it says {unknown[0]}.")
    try:
        return Tls(options.get("tls", [Tls.STARTTLS])[-1])
    except ValueError:
        raise ValueError("After ?tls= write starttls, implicit or none.") from None


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("The port of the mail server is a number from 1 to 65535.")
    return port


def _credentials(parts: SplitResult) -> tuple[str, str]:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("Give the mail server both a user and a password, or neither.")
    if not (user + password).isascii():
        # smtplib signs in with ASCII alone, and few servers agree on anything else
        raise ValueError("The user and password of the mail server can hold ASCII characters alone.")
    return user, password
