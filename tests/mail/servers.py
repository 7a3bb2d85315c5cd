"""Mail servers to talk to: an honest one on aiosmtpd that checks what it is given, and one that lies."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_string, policy
from email.errors import MessageError, NonASCIILocalPartDefect
from typing import Any, ClassVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from facilitator.mail.connection import Timeouts
from facilitator.mail.urls import MailUrl, Tls

HOST = "127.0.0.1"
QUICK = Timeouts(connect=timedelta(seconds=5), command=timedelta(seconds=5), reply=timedelta(seconds=5))
USER, PASSWORD = "notes", "open sesame"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@dataclass
class Strict:
    """An aiosmtpd handler that answers RCPT and DATA by script and refuses any message that is not well made."""

    rcpt: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    accepted: list[Any] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    async def handle_MAIL(self, _server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        self.connections.add(session.peer)
        if self.mail and (answer := self.mail.pop(0)) != "250":
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if self.rcpt and (answer := self.rcpt.pop(0)) != "250":
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.data and (answer := self.data.pop(0)) != "250":
            return answer
        try:
            message = message_from_string(envelope.original_content.decode(), policy=policy.SMTPUTF8 + policy.strict)
            defects = [defect for part in message.walk() for defect in part.defects]
            defects += [defect for value in message.values() for defect in value.defects]
            if "SMTPUTF8" in envelope.mail_options:
                defects = [defect for defect in defects if not isinstance(defect, NonASCIILocalPartDefect)]
        except MessageError as error:
            return f"550 5.6.0 {error!r}"
        if defects:
            return f"550 5.6.0 {defects}"
        self.accepted.append(envelope)
        return "250 2.0.0 taken"


class Slow(Strict):
    """Counts a message as accepted, and says so a little later: the window in which a sender may die."""

    pause = 0.1

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.pause)
        return answer


@contextmanager
def honest(
    handler: Strict, tls: Tls = Tls.NONE, context: ssl.SSLContext | None = None, *, auth: bool = False
) -> Iterator[MailUrl]:
    """Run an aiosmtpd server and yield where it is."""
    options: dict[str, Any] = {}
    if tls is Tls.IMPLICIT:
        options["ssl_context"] = context
    if tls is Tls.STARTTLS:
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {"authenticator": _authenticate, "auth_required": True}
    controller = Controller(
        handler, hostname=HOST, port=free_port(), ready_timeout=30, server_hostname="mx.test", **options
    )
    controller.start()
    try:
        yield MailUrl(host="localhost" if context else HOST, port=controller.port, tls=tls)
    finally:
        controller.stop()


def _authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=known)


class Liar:
    """A server that answers by script: a reply, a wait in seconds before 250, or None for hanging up.

    Each connection has a thread of its own; they share the script.

    Args:
        answers: from "greeting", "ehlo", "mail", "rcpt", "data", "body", "dot", "rset", "noop" to a list of answers, one for each
            time; after the last one it is honest.
    """

    HONEST: ClassVar[dict[str, str]] = {"greeting": "220 liar", "data": "354 go on", "body": ""}

    def __init__(self, **answers: list[Any]) -> None:
        self.script = answers  # may be changed while it runs
        self.heard: list[str] = []
        self.messages: list[bytes] = []
        self.connections = 0
        self._last = threading.local()  # what each connection was answered last
        self._stopping = threading.Event()
        self._open: list[tuple[socket.socket, threading.Thread]] = []
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> MailUrl:
        return MailUrl(host=HOST, port=self._listener.getsockname()[1])

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stopping.set()
        self._thread.join(10)
        for connection, talking in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            talking.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.settimeout(10)
                talking = threading.Thread(target=self._attend, args=(connection,), daemon=True)
                self._open.append((connection, talking))
                talking.start()

    def _attend(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines: Any) -> None:
        going = self._answer(connection, "greeting")
        while going and (line := lines.readline()):
            verb = line.split()[0].decode().lower()
            self.heard.append(line.decode().strip())
            if verb == "quit":
                return
            going = self._answer(connection, verb) and (
                self._last.said[:3] != "354" or self._read_message(connection, lines)
            )

    def _read_message(self, connection: socket.socket, lines: Any) -> bool:
        first = lines.readline()
        if not self._answer(connection, "body"):
            return False
        read = [first]
        while read[-1] not in {b".\r\n", b""}:
            read.append(lines.readline())
        if read[-1] == b"":
            return False
        self.messages.append(b"".join(read[:-1]))
        return self._answer(connection, "dot")

    def _answer(self, connection: socket.socket, step: str) -> bool:
        script = self.script.get(step)
        answer = script.pop(0) if script else self.HONEST.get(step, "250 OK")
        self._last.said = str(answer)
        if answer is None:
            return False
        if isinstance(answer, float):
            self._stopping.wait(answer)
            answer = "250 at last"
        if answer:
            connection.sendall(answer.encode() + b"\r\n")
        return True
