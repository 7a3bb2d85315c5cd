"""Reads the box that returned mail comes to: a maildir, an mbox file, a POP3 or an IMAP box.

A mail is taken away only after its reader has said that it is done with it, so that whoever dies in between reads it
again and nothing is lost. What is none of ours stays as it is, unseen marks and all, and is not read a second time.
This module must never hold a mail longer than its reader needs it, and never say whose box it is or what is in it.
"""

import hashlib
import imaplib
import mailbox
import poplib
import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from facilitator.mail.box_urls import BoxKind, BoxUrl

MOST_IN_A_PASS = 100
LARGEST = 512 * 1024  # bytes; a report on one of our letters has a few thousand
TIMEOUT_S = 10.0  # for each answer; below the time in which a worker that is asked to stop must be done
HEAD = 4096  # bytes by which one mail of an mbox file is told from another
MOST_BUSY = 5  # passes; whoever reads for longer has died and left a lock behind
SOMEBODY_READS = re.compile(rb"\[(?:IN-USE|LOGIN-DELAY)", re.IGNORECASE)  # RFC 2449 §8.1
HUNG_UP = ("-ERR EOF",)  # in these words poplib says that the connection is gone


class Fate(StrEnum):
    """What becomes of a mail in the box."""

    DONE = "done"  # it is taken away
    LEFT = "left"  # it is none of ours, and is not read again
    LATER = "later"  # it is read again at the next pass


class BoxError(Exception):
    """Say that the box cannot be opened or read; whatever the server said stays in the cause."""


class _BusyError(Exception):
    """Say that somebody else has the box open for the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One mail in the box: what tells it from the others, how to read it and how to take it away.

    Args:
        key: the same at every pass.
        read: gives its bytes; None when it is too large for a report, or gone.
        remove: takes it away, or sees to it that it is gone once the box is closed.
    """

    key: str
    read: Callable[[], bytes | None]
    remove: Callable[[], object]


class ReturnedBox:
    """The box of the settings, with what it holds that is none of ours; that memory ends with the program.

    Args:
        url: where it is.
        context: whose certificates are trusted; by default those that the system trusts.
    """

    def __init__(self, url: BoxUrl, context: ssl.SSLContext | None = None) -> None:
        self._url = url
        self._context = context
        self._left: set[str] = set()
        self._busy = 0

    def pass_over(self, take: Callable[[bytes], Fate], should_stop: Callable[[], bool]) -> Counter[Fate]:
        """Hand each mail that was not left before to `take`, at most a hundred; return how many had which fate.

        Raises:
            BoxError: when the box cannot be opened, or stops answering.
        """
        try:
            with _OPEN[self._url.kind](self._url, self._context) as items:
                self._busy = 0
                return self._pass(items, take, should_stop)
        except _BusyError as problem:
            self._busy += 1
            if self._busy > MOST_BUSY:
                raise BoxError from problem
            return Counter()
        except (OSError, poplib.error_proto, imaplib.IMAP4.error, mailbox.Error) as problem:
            raise BoxError from problem

    def _pass(self, items: list[Item], take: Callable[[bytes], Fate], should_stop: Callable[[], bool]) -> Counter[Fate]:
        self._left &= {item.key for item in items}
        fates: Counter[Fate] = Counter()
        for item in [item for item in items if item.key not in self._left][:MOST_IN_A_PASS]:
            if should_stop():
                break
            raw = self._attempt(item, item.read)
            fate = Fate.LEFT if raw is None else take(raw)
            if fate is Fate.DONE:
                self._attempt(item, item.remove)
            elif fate is Fate.LEFT:
                self._left.add(item.key)
            fates[fate] += 1
        return fates

    def _attempt(self, item: Item, step: Callable[[], Any]) -> Any:
        """Do one step; a mail that the box cannot give or let go must not stand before all others for ever."""
        try:
            return step()
        except (poplib.error_proto, imaplib.IMAP4.error) as problem:
            if not isinstance(problem, imaplib.IMAP4.abort) and problem.args != HUNG_UP:
                self._left.add(item.key)
            raise


@contextmanager
def _open_maildir(url: BoxUrl, _context: ssl.SSLContext | None) -> Iterator[list[Item]]:
    folder = Path(url.path)
    paths = sorted((path for name in ("new", "cur") for path in (folder / name).iterdir()), key=lambda path: path.name)
    yield [
        # a mail program may move a mail and change the flags behind its name
        Item(key=path.name.partition(":")[0], read=_reader(path), remove=_remover(path))
        for path in paths
        if not path.name.startswith(".")
    ]


def _reader(path: Path) -> Callable[[], bytes | None]:
    def read() -> bytes | None:
        try:
            return path.read_bytes() if path.stat().st_size <= LARGEST else None
        except (FileNotFoundError, PermissionError):
            return None

    return read


def _remover(path: Path) -> Callable[[], object]:
    return lambda: path.unlink(missing_ok=True)


@contextmanager
def _open_mbox(url: BoxUrl, _context: ssl.SSLContext | None) -> Iterator[list[Item]]:
    if not Path(url.path).exists() and Path(url.path).parent.is_dir():
        yield []  # the first mail makes the file
        return
    box = mailbox.mbox(url.path, create=False)
    try:
        box.lock()
    except mailbox.ExternalClashError:
        box.close()
        raise _BusyError from None
    try:
        yield [_mbox_item(box, key) for key in box.iterkeys()]
        box.flush()
    finally:
        box.unlock()
        with suppress(OSError):
            box.close()


def _mbox_item(box: "mailbox.mbox", key: str) -> Item:
    def read() -> bytes | None:
        with box.get_file(key) as file:
            raw = file.read(LARGEST + 1)
        return raw if len(raw) <= LARGEST else None

    with box.get_file(key, True) as file:  # noqa: FBT003 - with the line before the mail, which holds its arrival
        head = file.read(HEAD)
    return Item(key=hashlib.sha256(head).hexdigest(), read=read, remove=lambda: box.remove(key))


@contextmanager
def _open_pop3(url: BoxUrl, context: ssl.SSLContext | None) -> Iterator[list[Item]]:
    if url.tls:
        trusted = context or ssl.create_default_context()
        server: poplib.POP3 = poplib.POP3_SSL(url.host, url.port, timeout=TIMEOUT_S, context=trusted)
    else:
        server = poplib.POP3(url.host, url.port, timeout=TIMEOUT_S)
    try:
        _sign_in(server, url)
        sizes = {number: int(size) for number, size in _pairs(server.list()[1])}
        yield [_pop3_item(server, number, key, sizes.get(number, 0)) for number, key in _pairs(server.uidl()[1])]
    finally:
        # only this takes away what was marked (RFC 1939 §6)
        with suppress(OSError, poplib.error_proto):
            server.quit()
        server.close()


def _sign_in(server: poplib.POP3, url: BoxUrl) -> None:
    server.user(url.user)
    try:
        server.pass_(url.password)
    except poplib.error_proto as problem:
        if SOMEBODY_READS.search(bytes(problem.args[0])):
            raise _BusyError from None
        raise


def _pairs(lines: list[bytes]) -> Iterator[tuple[int, str]]:
    """Give the number and the word of each line of a list (RFC 1939 §5 and §7)."""
    for line in lines:
        number, word, *_ = line.decode("ascii", "replace").split()
        yield int(number), word


def _pop3_item(server: poplib.POP3, number: int, key: str, size: int) -> Item:
    def read() -> bytes | None:
        return b"\r\n".join(server.retr(number)[1]) if size <= LARGEST else None

    return Item(key=key, read=read, remove=lambda: server.dele(number))


@contextmanager
def _open_imap(url: BoxUrl, context: ssl.SSLContext | None) -> Iterator[list[Item]]:
    if url.tls:
        trusted = context or ssl.create_default_context()
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(url.host, url.port, ssl_context=trusted, timeout=TIMEOUT_S)
    else:
        server = imaplib.IMAP4(url.host, url.port, timeout=TIMEOUT_S)
    try:
        server.login(url.user, url.password)
        _good(server.select(f'"{url.folder}"'))
        validity = server.response("UIDVALIDITY")[1]
        found = _good(server.uid("SEARCH", "UNDELETED"))[0] or b""
        can_expunge = b"UIDPLUS" in _good(server.capability())[0].upper()  # RFC 4315
        uids = found.decode().split()
        yield [_imap_item(server, uid, f"{validity} {uid}", can_expunge=can_expunge) for uid in uids]
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()
        # a server that hung up is not closed by a goodbye that it did not answer
        with suppress(OSError):
            server.shutdown()


def _good(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error("the server refused a command")
    return answer[1]


def _imap_item(server: imaplib.IMAP4, uid: str, key: str, *, can_expunge: bool) -> Item:
    def read() -> bytes | None:
        # peeking leaves the mail unseen for those who read this box as well
        answer = _good(server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"))
        return next((part[1] for part in answer if isinstance(part, tuple)), None)

    def remove() -> None:
        _good(server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        if can_expunge:
            # a plain EXPUNGE would take away what others marked
            _good(server.uid("EXPUNGE", uid))

    return Item(key=key, read=read, remove=remove)


_OPEN: dict[BoxKind, Callable[[BoxUrl, ssl.SSLContext | None], AbstractContextManager[list[Item]]]] = {
    BoxKind.MAILDIR: _open_maildir,
    BoxKind.MBOX: _open_mbox,
    BoxKind.POP3: _open_pop3,
    BoxKind.IMAP: _open_imap,
}
