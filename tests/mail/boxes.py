"""Boxes to read returned mail from: a small POP3 and a small IMAP server over real sockets, with TLS or without."""

import re
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

from facilitator.mail.box_urls import BoxKind, BoxUrl
from tests.mail.servers import HOST, PASSWORD, USER


class Server:
    """Talks to one client after the other in a thread; knows one user.

    Args:
        mails: what is in the box, by number from 1.
        context: for TLS from the first byte.
        answers: by command, what to say in place of the honest answer, one for each time; None hangs up.
    """

    kind: BoxKind

    def __init__(self, mails=(), context: ssl.SSLContext | None = None, **answers: list[Any]) -> None:
        self.mails = dict(enumerate(mails, 1))
        self.heard: list[str] = []
        self._context = context
        self._answers = answers
        self._stopping = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> BoxUrl:
        return BoxUrl(
            kind=self.kind,
            host="localhost" if self._context else HOST,
            port=self._listener.getsockname()[1],
            tls=self._context is not None,
            user=USER,
            password=PASSWORD,
            folder="Returned mail",
        )

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stopping.set()
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError, OSError):
                connection, _ = self._listener.accept()
                connection.settimeout(5)
                with connection:
                    self._welcome(connection)

    def _welcome(self, connection: socket.socket) -> None:
        if self._context is None:
            self._converse(connection)
            return
        with self._context.wrap_socket(connection, server_side=True) as protected:
            self._converse(protected)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            self.stream = stream
            self.say(self.greeting)
            self.begin()
            while line := stream.readline().decode().strip():
                self.heard.append(line)
                if not self.answer(line):
                    return

    def say(self, *lines: str | bytes) -> bool:
        for line in lines:
            self.stream.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        self.stream.flush()
        return True

    def scripted(self, command: str) -> tuple[bool, Any]:
        script = self._answers.get(command.lower())
        return (True, script.pop(0)) if script else (False, None)

    def count(self, start: str) -> int:
        return sum(line.startswith(start) for line in self.heard)


class Pop3(Server):
    """POP3 (RFC 1939): marked mails go when the client says QUIT, and only then."""

    kind = BoxKind.POP3
    greeting = "+OK ready"

    def begin(self):
        self.marked: set[int] = set()

    def answer(self, line):
        verb, *words = line.split(" ")
        is_scripted, answer = self.scripted(verb)
        if is_scripted:
            return answer is not None and self.say(answer)
        return getattr(self, f"do_{verb.lower()}")(*words)

    def do_user(self, _name):
        return self.say("+OK")

    def do_pass(self, *words):
        return self.say("+OK" if " ".join(words) == PASSWORD else "-ERR [AUTH] no")

    def do_list(self):
        return self.say("+OK", *(f"{number} {len(mail)}" for number, mail in self.mails.items()), ".")

    def do_uidl(self):
        return self.say("+OK", *(f"{number} {hash(mail) % 10**9}-{number}" for number, mail in self.mails.items()), ".")

    def do_retr(self, number):
        lines = self.mails[int(number)].replace(b"\r\n", b"\n").split(b"\n")
        return self.say("+OK", *(b"." + line if line.startswith(b".") else line for line in lines), ".")

    def do_dele(self, number):
        self.marked.add(int(number))
        return self.say("+OK")

    def do_quit(self):
        for number in self.marked:
            del self.mails[number]
        self.say("+OK")


class Imap(Server):
    """IMAP (RFC 9051), as much as a reader of returned mail needs, with the extension UIDPLUS."""

    kind = BoxKind.IMAP
    greeting = "* OK ready"
    capabilities = "IMAP4rev1 UIDPLUS"
    validity = 7

    def begin(self):
        self.deleted = getattr(self, "deleted", set())
        self.seen = getattr(self, "seen", set())

    def answer(self, line):
        tag, command = line.split(" ", 1)
        verb = command.split(" ")[0].lower()
        verb = command.split(" ")[1].lower() if verb == "uid" else verb
        is_scripted, answer = self.scripted(verb)
        if is_scripted:
            return answer is not None and self.say(f"{tag} {answer}")
        getattr(self, f"do_{verb}")(command)
        return self.say(f"{tag} OK done") and verb != "logout"

    def do_capability(self, _command):
        self.say(f"* CAPABILITY {self.capabilities}")

    def do_login(self, command):
        assert command == f'LOGIN {USER} "{PASSWORD}"'

    def do_select(self, command):
        assert command == 'SELECT "Returned mail"'
        self.say(f"* {len(self.mails)} EXISTS", f"* OK [UIDVALIDITY {self.validity}]")

    def do_search(self, command):
        assert command.endswith("UNDELETED")
        self.say(" ".join(["* SEARCH", *(str(uid) for uid in self.mails if uid not in self.deleted)]))

    def do_fetch(self, command):
        uid, size = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command).groups()
        mail = self.mails[int(uid)][: int(size)]
        self.say(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(mail)}}}", mail + b")")

    def do_store(self, command):
        self.deleted.add(int(re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Deleted\)", command)[1]))

    def do_expunge(self, command):
        uid = int(command.removeprefix("UID EXPUNGE "))
        assert uid in self.deleted
        del self.mails[uid]

    def do_logout(self, _command):
        self.say("* BYE")
