"""The local mailbox of the demonstration: a real SMTP listener on 127.0.0.1 that keeps each message as one file.

The folder holds `<time>-<random>.eml` files, whose names sort by arrival, `port` while a listener runs, and
`fail-next` when the next message is to be answered 451 once. The listener says in its greeting which folder it
serves, so that no message goes to a stranger who happens to have the same port.
This module must never listen beyond loopback, and never open a file by a name that it did not make itself.
"""

import hashlib
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from itertools import takewhile
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from facilitator.errors import NotFound
from facilitator.mail.urls import MailUrl

HOST = "127.0.0.1"
MODE = 0o700
NAME_FORMAT = "%Y%m%dT%H%M%S%f"
ANSWER_TIMEOUT = 2.0  # seconds for a listener on this machine to greet
START_TIMEOUT = 30.0  # seconds; a busy machine is slow to start a thread
_ID = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")
_PORT, _FAIL_NEXT, _SUFFIX = "port", "fail-next", ".eml"
_TO = b"Delivered-To: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One line of the list of messages; the recipient is masked."""

    id: str
    subject: str
    to: str
    at: datetime
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """One message as received: its headers in order, its two parts and its source."""

    id: str
    at: datetime
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    source: str


def list_messages(folder: Path, limit: int = 200) -> tuple[Summary, ...]:
    """Return the newest messages first."""
    paths = sorted(folder.glob("*" + _SUFFIX), reverse=True)[:limit]
    return tuple(_summary(path) for path in paths if _ID.fullmatch(path.stem))


def read_message(folder: Path, message_id: str) -> ReceivedMessage:
    """Return one message.

    Raises:
        NotFound: if there is none with this id.
    """
    try:
        raw = _path(folder, message_id).read_bytes()
    except FileNotFoundError:
        raise NotFound from None
    message = message_from_bytes(raw, policy=policy.default)
    return ReceivedMessage(
        id=message_id,
        at=_arrival(message_id),
        subject=str(message.get("Subject", "")),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=raw.decode(errors="replace"),
    )


def clear(folder: Path) -> None:
    """Delete every message."""
    for path in folder.glob("*" + _SUFFIX):
        path.unlink(missing_ok=True)


def erase(folder: Path, is_gone: Callable[[str], bool]) -> int:
    """Delete every message to an address that is gone, with those that were never finished; return how many."""
    gone = [path for path in folder.glob("*" + _SUFFIX + "*") if any(map(is_gone, _recipients(path)))]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def set_fail_next(folder: Path, *, fail: bool) -> None:
    """Have the next message answered 451 once, or take that back."""
    _make(folder)
    if fail:
        (folder / _FAIL_NEXT).touch(mode=0o600)
    else:
        (folder / _FAIL_NEXT).unlink(missing_ok=True)


def is_fail_next(folder: Path) -> bool:
    """Tell whether the next message will be answered 451."""
    return (folder / _FAIL_NEXT).exists()


def mask_address(address: str) -> str:
    """Return an address with all but its first letter and its domain hidden: "p***@example.org"."""
    local, at, domain = address.strip(" <>").rpartition("@")
    return f"{local[:1]}***@{domain}" if at else "***"


def connect_target(folder: Path) -> MailUrl | None:
    """Return where the listener of this folder answers, or None when none does."""
    try:
        port = int((folder / _PORT).read_text("ascii"))
        with socket.create_connection((HOST, port), ANSWER_TIMEOUT) as connection:
            greeting = connection.recv(200)
            connection.sendall(b"QUIT\r\n")
    except (OSError, ValueError, OverflowError):
        return None
    return MailUrl(host=HOST, port=port) if _greeting(folder).encode() in greeting else None


@contextmanager
def serve(folder: Path, clock: Callable[[], datetime]) -> Iterator[MailUrl]:
    """Keep a listener for this folder while the block runs, unless one answers already.

    Args:
        folder: made when it is not there.
        clock: tells when a message arrives.
    """
    _make(folder)
    running = connect_target(folder)
    if running is not None:
        yield running
        return
    for unfinished in folder.glob(".*" + _SUFFIX + ".*"):
        unfinished.unlink(missing_ok=True)  # of a listener that died while it wrote; nobody was told that it is kept
    controller = _started(folder, clock)
    try:
        _write(folder / _PORT, str(controller.port).encode())
        yield MailUrl(host=HOST, port=controller.port)
    finally:
        controller.stop()
        (folder / _PORT).unlink(missing_ok=True)


class _Keeper:
    """Answers the listener: keeps a message on disk before it says 250."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder, self._clock = folder, clock

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer the dot: 451 once when that was asked for, else 250 when the message is on disk."""
        try:
            (self._folder / _FAIL_NEXT).unlink()
        except FileNotFoundError:
            self._keep(envelope)
            return "250 2.0.0 Kept in the local mailbox"
        return "451 4.3.0 This send was asked to fail"

    def _keep(self, envelope: Envelope) -> None:
        to = b"".join(_TO + address.encode() + b"\r\n" for address in envelope.rcpt_tos)
        name = f"{self._clock().astimezone(UTC):{NAME_FORMAT}}-{secrets.token_hex(4)}"
        _write(self._folder / (name + _SUFFIX), to + (envelope.original_content or b""))


def _started(folder: Path, clock: Callable[[], datetime]) -> Controller:
    controller = Controller(
        _Keeper(folder, clock),
        hostname=HOST,
        port=_free_port(),  # Controller(port=0) fails its own start check
        ready_timeout=START_TIMEOUT,
        server_hostname="localhost",
        ident=_greeting(folder),
    )
    controller.start()
    return controller


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _greeting(folder: Path) -> str:
    return "mailbox " + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


def _make(folder: Path) -> None:
    folder.mkdir(mode=MODE, parents=True, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file that is either complete and on disk, or not there."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _path(folder: Path, message_id: str) -> Path:
    if not _ID.fullmatch(message_id):
        raise NotFound
    return folder / (message_id + _SUFFIX)


def _recipients(path: Path) -> list[str]:
    """Return to whom a message came, as the listener wrote it into the first lines."""
    try:
        with path.open("rb") as file:
            lines = list(takewhile(lambda line: line.startswith(_TO), file))
    except FileNotFoundError:
        return []  # somebody else deleted it
    return [line.removeprefix(_TO).strip().decode() for line in lines]


def _arrival(message_id: str) -> datetime:
    return datetime.strptime(message_id.partition("-")[0], NAME_FORMAT).replace(tzinfo=UTC)


def _summary(path: Path) -> Summary:
    with path.open("rb") as file:
        headers = BytesHeaderParser(policy=policy.default).parse(file)
    return Summary(
        id=path.stem,
        subject=str(headers.get("Subject", "")),
        to=mask_address(str(headers.get("To", ""))),
        at=_arrival(path.stem),
        size=path.stat().st_size,
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
