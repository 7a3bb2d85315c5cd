"""Our way of talking SMTP: smtplib driven phase by phase, one message to one person at a time.

A conversation that breaks before the terminating dot is certainly unsent; one that breaks after it is unknown. Every
result is an `Outcome`; an exception leaves this module for a mistake of the caller alone. A connection is kept for
further messages, and ended by the server, an error, its age or its number of messages. To a server that takes
commands in groups (RFC 2920) MAIL, RCPT and DATA go in one write, and may go ahead of the decision to send: until the
dot the server has nothing.
This module must never send the dot without asking `may_finish`, and never put two people into one transaction.
"""

import re
import select
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from types import TracebackType
from typing import Self

from facilitator.mail.connection import OK, Ended, Step, Timeouts, has_hung_up, open_connection, wait_at_most
from facilitator.mail.message import wire_address
from facilitator.mail.outcome import GO_ON, Outcome, OutcomeKind, Phase, judge_break, judge_last_reply, judge_reply
from facilitator.mail.urls import MailUrl, Tls

MAX_MESSAGES = 100  # on one connection
MAX_AGE = timedelta(minutes=5)
IDLE_BEFORE_NOOP = timedelta(seconds=10)
GOODBYE = timedelta(seconds=5)  # nobody waits longer for the answer to QUIT

_LINE_START_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """From whom to whom one message goes, and the mark by which a server further on names it in a report (RFC 3461)."""

    sender: str
    recipient: str = field(repr=False)
    envelope_id: str = ""


class SmtpClient:
    """Hands messages to one mail server.

    Args:
        target: the server; never the local mailbox's bare URL (see `mailbox.find_target`).
        hello_name: the host name we greet with.
        monotonic: a clock in seconds that never goes back.
        timeouts: how long to wait.
        tls_context: for tests with an authority of their own; the system's authorities otherwise.
        on_step: told how long each step of the conversation took, in seconds.
    """

    def __init__(
        self,
        target: MailUrl,
        *,
        hello_name: str,
        monotonic: Callable[[], float],
        timeouts: Timeouts | None = None,
        tls_context: ssl.SSLContext | None = None,
        on_step: Callable[[Phase, float], None] | None = None,
    ) -> None:
        self._target = target
        self._hello_name = hello_name
        self.monotonic = monotonic
        self._timeouts = timeouts or Timeouts()
        self._context = tls_context or (_authorities() if target.tls is not Tls.NONE else None)
        self._on_step = on_step
        self._smtp: smtplib.SMTP | None = None
        self._announced: Parties | None = None
        self._commands: tuple[tuple[Phase, str], ...] = ()
        self._recipient = ""
        self._opened_at = self._used_at = 0.0
        self._messages = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def announce(self, parties: Parties) -> Outcome | None:
        """Open the way for one message, and name its parties already if the server lets us go ahead of its answers.

        Returns:
            what stands in the way, or None.

        Raises:
            ValueError: if an address cannot be sent.
        """
        wired = _wired(parties)
        self.retract()
        try:
            smtp = self._ready_connection()
            commands = _commands(smtp, wired)
            if smtp.has_extn("pipelining"):
                with self._step(Phase.MAIL, smtp):
                    smtp.send("".join(f"{command}\r\n" for _, command in commands))
        except Ended as end:
            return end.outcome
        self._announced, self._commands, self._recipient = parties, commands, wired.recipient
        return None

    def retract(self) -> None:
        """Take back what was announced; after DATA a server waits for a body, so the connection is dropped."""
        if self._announced is not None and self._smtp is not None and self._smtp.has_extn("pipelining"):
            self._drop(self._smtp)
        self._announced = None

    def send(self, parties: Parties, message: bytes, may_finish: Callable[[], bool]) -> Outcome:
        """Hand one message over and tell what became of it.

        Args:
            parties: announced here if they were not.
            message: complete bytes with CRLF line ends.
            may_finish: asked once, just before the dot; False drops the connection instead of sending it.

        Raises:
            ValueError: if an address or a line end cannot be sent; nothing has left then.
        """
        if not message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r"):
            # servers refuse bare line ends since SMTP smuggling became known
            raise ValueError("A message has CRLF line ends throughout.")
        in_the_way = self.announce(parties) if self._announced != parties else None
        if in_the_way is not None:
            return in_the_way
        self._announced = None
        try:
            smtp = self._open_connection()
            self._name_parties(smtp)
            return self._hand_over(smtp, message, may_finish)
        except Ended as end:
            return end.outcome

    def close(self) -> None:
        """Say QUIT if a connection is open, and close it."""
        self.retract()
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            wait_at_most(smtp, GOODBYE)
            smtp.docmd("QUIT")
        smtp.close()

    def _ready_connection(self) -> smtplib.SMTP:
        if self._smtp is not None and not self._is_reusable(self._smtp):
            self.close()
        if self._smtp is None:
            self._smtp = open_connection(self._target, self._hello_name, self._timeouts, self._context)
            self._opened_at, self._messages = self.monotonic(), 0
        self._used_at = self.monotonic()
        self._messages += 1
        return self._smtp

    def _is_reusable(self, smtp: smtplib.SMTP) -> bool:
        now = self.monotonic()
        if self._messages >= MAX_MESSAGES or now - self._opened_at >= MAX_AGE.total_seconds():
            return False
        if smtp.sock is None or select.select([smtp.sock], [], [], 0)[0]:
            return False  # the server has closed, or has said something unasked such as 421
        return now - self._used_at < IDLE_BEFORE_NOOP.total_seconds() or _answers(smtp)

    def _open_connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise Ended(judge_break(Phase.MAIL, smtplib.SMTPServerDisconnected("The connection is closed.")))
        return self._smtp

    def _name_parties(self, smtp: smtplib.SMTP) -> None:
        """Read what the server says to MAIL, RCPT and DATA, one by one or all that were sent ahead."""
        ahead = smtp.has_extn("pipelining")
        refused: Outcome | None = None
        for phase, command in self._commands:
            if refused is not None and not ahead:
                break
            try:
                with self._step(phase, smtp):
                    code, reply = smtp.getreply() if ahead else smtp.docmd(command)
            except Ended as end:
                raise (Ended(refused) if refused else end) from end
            if refused is not None and code == GO_ON:
                self._drop(smtp)  # it waits for the body of a message that goes to nobody
                raise Ended(refused)
            refused = refused or judge_reply(phase, code, reply, self._recipient)
        if refused is not None:
            self._recover(smtp, refused)
            raise Ended(refused)

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
        with self._step(Phase.BODY, smtp):
            # what was written before it hung up went into the air without an error; the dot would as well
            if has_hung_up(smtp):
                raise smtplib.SMTPServerDisconnected("The server hung up before the dot.")
        with self._step(Phase.DOT, smtp):
            smtp.send(b".\r\n")
        with self._step(Phase.REPLY, smtp):
            wait_at_most(smtp, self._timeouts.reply)
            code, reply = smtp.getreply()
            wait_at_most(smtp, self._timeouts.command)
        return self._conclude(smtp, code, reply)

    def _conclude(self, smtp: smtplib.SMTP, code: int, reply: bytes) -> Outcome:
        outcome = judge_last_reply(code, reply, self._recipient)
        if outcome.kind in {OutcomeKind.CHANNEL, OutcomeKind.UNKNOWN}:
            self._drop(smtp)
        self._used_at = self.monotonic()
        return outcome

    def _step(self, phase: Phase, smtp: smtplib.SMTP) -> "_ClientStep":
        return _ClientStep(self, phase, smtp)

    def end_step(self, phase: Phase, seconds: float, *, broken: bool) -> None:
        """Note that a step of the conversation is over; a broken one takes the connection along."""
        if broken:
            self._smtp = None
        if self._on_step:
            self._on_step(phase, seconds)

    def _drop(self, smtp: smtplib.SMTP) -> None:
        self._smtp = None
        smtp.close()


class _ClientStep(Step):
    """A step whose time is taken, and after which a broken connection is forgotten."""

    __slots__ = ("_begun", "_client")

    def __init__(self, client: SmtpClient, phase: Phase, smtp: smtplib.SMTP) -> None:
        super().__init__(phase, smtp)
        self._client = client
        self._begun = client.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        broken = isinstance(error, OSError | smtplib.SMTPException)
        self._client.end_step(self._phase, self._client.monotonic() - self._begun, broken=broken)
        super().__exit__(kind, error, trace)


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads some hundred certificates


def _wired(parties: Parties) -> Parties:
    return replace(parties, sender=wire_address(parties.sender), recipient=wire_address(parties.recipient))


def _commands(smtp: smtplib.SMTP, parties: Parties) -> tuple[tuple[Phase, str], ...]:
    mail, rcpt = "", ""
    smtp.command_encoding = "ascii"
    if not (parties.sender + parties.recipient).isascii():
        if not smtp.has_extn("smtputf8"):
            text = "The server cannot carry an address outside ASCII."  # RFC 6531 §3.5
            raise Ended(Outcome(kind=OutcomeKind.REFUSED, phase=Phase.MAIL, code=553, enhanced="5.6.7", text=text))
        smtp.command_encoding, mail = "utf-8", " SMTPUTF8 BODY=8BITMIME"
    if parties.envelope_id and smtp.has_extn("dsn"):
        # a report names our mark and holds our headers, never the text; success is not reported on (RFC 3461)
        mail, rcpt = f"{mail} RET=HDRS ENVID={parties.envelope_id}", " NOTIFY=FAILURE,DELAY"
    return (
        (Phase.MAIL, f"MAIL FROM:<{parties.sender}>{mail}"),
        (Phase.RCPT, f"RCPT TO:<{parties.recipient}>{rcpt}"),
        (Phase.DATA, "DATA"),
    )


def _answers(smtp: smtplib.SMTP) -> bool:
    try:
        return smtp.noop()[0] == OK
    except (OSError, smtplib.SMTPException):
        return False


def _stuffed(message: bytes) -> bytes:
    """Return the message with a second dot before each leading one (RFC 5321 §4.5.2), ending in CRLF."""
    stuffed = _LINE_START_DOT.sub(b"..", message) if b"\n." in message or message[:1] == b"." else message
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
