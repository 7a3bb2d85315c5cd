"""Our way of talking SMTP: smtplib driven phase by phase, one message to one person at a time.

A conversation that breaks before the terminating dot is certainly unsent; one that breaks after it is unknown. Every
result is an `Outcome`; an exception leaves this module for a mistake of the caller alone. A connection is kept for
further messages, and ended by the server, an error, its age or its number of messages.
This module must never send the dot without asking `may_finish`, and never put two people into one transaction.
"""

import re
import select
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from facilitator.mail.message import wire_address
from facilitator.mail.outcome import Outcome, OutcomeKind, Phase, judge_break, judge_last_reply, judge_reply
from facilitator.mail.urls import MailUrl, Tls

MAX_MESSAGES = 100  # on one connection
MAX_AGE = timedelta(minutes=5)
IDLE_BEFORE_NOOP = timedelta(seconds=10)
GOODBYE = timedelta(seconds=5)  # nobody waits longer for the answer to QUIT
OK = 250

_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")  # servers refuse these since SMTP smuggling became known
_LINE_START_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait for the server; the defaults follow RFC 5321 §4.5.3.2."""

    connect: timedelta = timedelta(seconds=10)
    command: timedelta = timedelta(seconds=60)
    reply: timedelta = timedelta(minutes=10)  # to the dot: a shorter wait makes second copies


class _Ended(Exception):  # noqa: N818 - it carries a result, not an error
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class SmtpClient:
    """Hands messages to one mail server.

    Args:
        target: the server; never the local mailbox's bare URL (see `mailbox.find_target`).
        hello_name: the host name we greet with.
        monotonic: a clock in seconds that never goes back.
        timeouts: how long to wait.
        tls_context: for tests with an authority of their own; the system's authorities otherwise.
    """

    def __init__(
        self,
        target: MailUrl,
        *,
        hello_name: str,
        monotonic: Callable[[], float],
        timeouts: Timeouts | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._target = target
        self._hello_name = hello_name
        self._monotonic = monotonic
        self._timeouts = timeouts or Timeouts()
        self._context = tls_context or ssl.create_default_context()
        self._smtp: smtplib.SMTP | None = None
        self._opened_at = self._used_at = 0.0
        self._messages = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, sender: str, recipient: str, message: bytes, may_finish: Callable[[], bool]) -> Outcome:
        """Hand one message over and tell what became of it.

        Args:
            sender: the envelope sender.
            recipient: the one recipient.
            message: complete bytes with CRLF line ends.
            may_finish: asked once, just before the dot; False drops the connection instead of sending it.

        Raises:
            ValueError: if an address or a line end cannot be sent; nothing has left then.
        """
        sender, recipient = wire_address(sender), wire_address(recipient)
        if _BARE_LINE_END.search(message):
            raise ValueError("A message has CRLF line ends throughout.")
        try:
            smtp = self._ready_connection()
            self._name_parties(smtp, sender, recipient)
            return self._hand_over(smtp, message, may_finish)
        except _Ended as end:
            return end.outcome

    def close(self) -> None:
        """Say QUIT if a connection is open, and close it."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            _wait_at_most(smtp, GOODBYE)
            smtp.docmd("QUIT")
        smtp.close()

    def _ready_connection(self) -> smtplib.SMTP:
        if self._smtp is not None and not self._is_reusable(self._smtp):
            self.close()
        if self._smtp is None:
            self._smtp = self._open()
            self._opened_at, self._messages = self._monotonic(), 0
        self._used_at = self._monotonic()
        self._messages += 1
        return self._smtp

    def _is_reusable(self, smtp: smtplib.SMTP) -> bool:
        now = self._monotonic()
        if self._messages >= MAX_MESSAGES or now - self._opened_at >= MAX_AGE.total_seconds():
            return False
        if smtp.sock is None or select.select([smtp.sock], [], [], 0)[0]:
            return False  # the server has closed, or has said something unasked such as 421
        return now - self._used_at < IDLE_BEFORE_NOOP.total_seconds() or _answers(smtp)

    def _open(self) -> smtplib.SMTP:
        smtp = self._connect()
        with self._step(Phase.HELO, smtp):
            _set_up(smtp, self._timeouts.command)
            self._greet(smtp)
        if self._target.tls is Tls.STARTTLS:
            with self._step(Phase.TLS, smtp):
                smtp.starttls(context=self._context)
                self._greet(smtp)
        if self._target.user:
            with self._step(Phase.AUTH, smtp):
                smtp.login(self._target.user, self._target.password)
        return smtp

    def _connect(self) -> smtplib.SMTP:
        # the constructor connects; only there does smtplib know the name that the certificate has to bear
        where, wait = (self._target.host, self._target.port), self._timeouts.connect.total_seconds()
        try:
            if self._target.tls is Tls.IMPLICIT:
                return smtplib.SMTP_SSL(*where, self._hello_name, timeout=wait, context=self._context)
            return smtplib.SMTP(*where, self._hello_name, timeout=wait)
        except ssl.SSLError as error:
            raise _Ended(judge_break(Phase.TLS, error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise _Ended(judge_break(Phase.CONNECT, error)) from error

    def _greet(self, smtp: smtplib.SMTP) -> None:
        code, reply = smtp.ehlo()
        if code != OK:
            code, reply = smtp.helo()
        if code != OK:
            raise smtplib.SMTPHeloError(code, reply)

    def _name_parties(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        options = ""
        if not (sender + recipient).isascii():
            if not smtp.has_extn("smtputf8"):
                text = "The server cannot carry an address outside ASCII."  # RFC 6531 §3.5
                raise _Ended(Outcome(kind=OutcomeKind.REFUSED, phase=Phase.MAIL, code=553, enhanced="5.6.7", text=text))
            options = " SMTPUTF8 BODY=8BITMIME"
        smtp.command_encoding = "utf-8" if options else "ascii"
        self._command(smtp, Phase.MAIL, f"MAIL FROM:<{sender}>{options}")
        self._command(smtp, Phase.RCPT, f"RCPT TO:<{recipient}>")
        self._command(smtp, Phase.DATA, "DATA")

    def _command(self, smtp: smtplib.SMTP, phase: Phase, command: str) -> None:
        with self._step(phase, smtp):
            code, reply = smtp.docmd(command)
        ended = judge_reply(phase, code, reply)
        if ended is not None:
            self._recover(smtp, ended)
            raise _Ended(ended)

    def _recover(self, smtp: smtplib.SMTP, ended: Outcome) -> None:
        """Leave no half transaction behind: without RSET the next MAIL is answered 503."""
        if ended.kind is not OutcomeKind.CHANNEL:
            with suppress(OSError, smtplib.SMTPException):
                if smtp.rset()[0] == OK:
                    return
        self._drop(smtp)

    def _hand_over(self, smtp: smtplib.SMTP, message: bytes, may_finish: Callable[[], bool]) -> Outcome:
        with self._step(Phase.BODY, smtp):
            smtp.send(_stuffed(message))
        if not may_finish():
            self._drop(smtp)
            return Outcome(kind=OutcomeKind.ABANDONED, phase=Phase.DOT, text="The time for this hand-over had run out.")
        with self._step(Phase.DOT, smtp):
            smtp.send(b".\r\n")
        with self._step(Phase.REPLY, smtp):
            _wait_at_most(smtp, self._timeouts.reply)
            code, reply = smtp.getreply()
            _wait_at_most(smtp, self._timeouts.command)
        return self._conclude(smtp, code, reply)

    def _conclude(self, smtp: smtplib.SMTP, code: int, reply: bytes) -> Outcome:
        outcome = judge_last_reply(code, reply)
        if outcome.kind in {OutcomeKind.CHANNEL, OutcomeKind.UNKNOWN}:
            self._drop(smtp)
        self._used_at = self._monotonic()
        return outcome

    @contextmanager
    def _step(self, phase: Phase, smtp: smtplib.SMTP) -> Iterator[None]:
        """Turn whatever breaks in one step into the outcome that fits its side of the dot."""
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self._drop(smtp)
            raise _Ended(judge_break(phase, error)) from error

    def _drop(self, smtp: smtplib.SMTP) -> None:
        self._smtp = None
        smtp.close()


def _answers(smtp: smtplib.SMTP) -> bool:
    try:
        return smtp.noop()[0] == OK
    except (OSError, smtplib.SMTPException):
        return False


def _set_up(smtp: smtplib.SMTP, wait: timedelta) -> None:
    _wait_at_most(smtp, wait)
    # body and dot are two writes; without this the dot waits 40 ms for the server's delayed ACK
    _socket(smtp).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _wait_at_most(smtp: smtplib.SMTP, duration: timedelta) -> None:
    _socket(smtp).settimeout(duration.total_seconds())


def _socket(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("The connection is closed.")
    return smtp.sock


def _stuffed(message: bytes) -> bytes:
    """Return the message with a second dot before each leading one (RFC 5321 §4.5.2), ending in CRLF."""
    stuffed = _LINE_START_DOT.sub(b"..", message)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
