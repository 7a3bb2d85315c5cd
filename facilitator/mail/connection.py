"""Opens a connection to a mail server: connect, greet, protect, sign in; each step with its own wait.

Whatever breaks on the way is an outcome of the channel: no message is at fault before a party was named.
"""

import select
import smtplib
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType

from facilitator.mail.outcome import Outcome, Phase, judge_break
from facilitator.mail.urls import MailUrl, Tls

OK = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait for the server; the defaults follow RFC 5321 §4.5.3.2."""

    connect: timedelta = timedelta(seconds=10)
    command: timedelta = timedelta(seconds=60)
    reply: timedelta = timedelta(minutes=10)  # to the dot: a shorter wait makes second copies


class Ended(Exception):  # noqa: N818 - it carries a result, not an error
    """Ends a hand-over at any step of the conversation."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


def open_connection(
    target: MailUrl, hello_name: str, timeouts: Timeouts, tls_context: ssl.SSLContext | None
) -> smtplib.SMTP:
    """Return a connection on which mail may be handed over.

    Raises:
        Ended: when the server cannot be reached, trusted or signed in to.
    """
    smtp = _connect(target, hello_name, timeouts, tls_context)
    with Step(Phase.HELO, smtp):
        wait_at_most(smtp, timeouts.command)
        # body and dot are two writes; without this the dot waits 40 ms for the server's delayed ACK
        _socket(smtp).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _greet(smtp)
    if target.tls is Tls.STARTTLS:
        with Step(Phase.TLS, smtp):
            smtp.starttls(context=tls_context)
            _greet(smtp)
    if target.user:
        with Step(Phase.AUTH, smtp):
            smtp.login(target.user, target.password)
    return smtp


class Step:
    """One step of the conversation: whatever breaks in it is the outcome that fits its side of the dot.

    Raises:
        Ended: with that outcome, the connection closed.
    """

    # a class rather than a generator: eight of them stand around every message

    __slots__ = ("_phase", "_smtp")

    def __init__(self, phase: Phase, smtp: smtplib.SMTP) -> None:
        self._phase, self._smtp = phase, smtp

    def __enter__(self) -> None:
        """Begin the step."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the step."""
        if isinstance(error, OSError | smtplib.SMTPException):
            self._smtp.close()
            raise Ended(judge_break(self._phase, error)) from error


def wait_at_most(smtp: smtplib.SMTP, duration: timedelta) -> None:
    """Set how long the next answer may take."""
    _socket(smtp).settimeout(duration.total_seconds())


def has_hung_up(smtp: smtplib.SMTP) -> bool:
    """Tell whether the server has ended the conversation, or speaks where it is to listen; never waits."""
    link = _socket(smtp)
    if not select.select([link], [], [], 0)[0]:
        return False
    patience = link.gettimeout()
    link.settimeout(0)
    try:
        link.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False  # the protection itself had something to say
    finally:
        link.settimeout(patience)
    return True


def _connect(target: MailUrl, hello_name: str, timeouts: Timeouts, tls_context: ssl.SSLContext | None) -> smtplib.SMTP:
    # the constructor connects; only there does smtplib know the name that the certificate has to bear
    where, wait = (target.host, target.port), timeouts.connect.total_seconds()
    try:
        if target.tls is Tls.IMPLICIT:
            return smtplib.SMTP_SSL(*where, hello_name, timeout=wait, context=tls_context)
        return smtplib.SMTP(*where, hello_name, timeout=wait)
    except ssl.SSLError as error:
        raise Ended(judge_break(Phase.TLS, error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Ended(judge_break(Phase.CONNECT, error)) from error


def _greet(smtp: smtplib.SMTP) -> None:
    code, reply = smtp.ehlo()
    if code != OK:
        code, reply = smtp.helo()
    if code != OK:
        raise smtplib.SMTPHeloError(code, reply)


def _socket(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    return smtp.sock
