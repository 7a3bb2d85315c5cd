"""A mail server that keeps its word in a log: what stands there was accepted, whether or not anybody heard the 250.

A line is appended and written out before the answer, which then waits a moment, so that a sender may die in between.
Run as a module it prints its port and serves until it is ended.
"""

import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from facilitator.mail.urls import MailUrl

HOST = "127.0.0.1"
PAUSE_S = 0.008  # at most, before the 250
END_OF_MESSAGE = b"\r\n.\r\n"
MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE)


@contextmanager
def logging_sink(log: Path) -> Iterator[MailUrl]:
    """Run the server in a process of its own and yield where it is.

    Args:
        log: one line for each acceptance: seconds since 1970, and the mark of the message.
    """
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.chaos_sink", log], stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("The server has no output.")
        yield MailUrl(host=HOST, port=int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait(10)


def read_log(log: Path) -> dict[str, list[float]]:
    """Return when each message was accepted, by its mark."""
    accepted: dict[str, list[float]] = defaultdict(list)
    for line in log.read_text(encoding="ascii").splitlines():
        at, mark = line.split()
        accepted[mark].append(float(at))
    return accepted


class _Conversation:
    """One connection; commands may come ahead of our answers (RFC 2920)."""

    def __init__(self, log: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._log, self._reader, self._writer = log, reader, writer

    async def hold(self) -> None:
        """Answer until the other side leaves."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self._say("220 sink ESMTP")
            while line := await self._reader.readline():
                await self._answer(line.split(None, 1)[0].upper() if line.strip() else b"")
                await self._writer.drain()
        self._writer.close()

    async def _answer(self, command: bytes) -> None:
        if command == b"EHLO":
            self._say("250-sink\r\n250-PIPELINING\r\n250-DSN\r\n250 8BITMIME")
        elif command == b"DATA":
            self._say("354 go on")
            await self._writer.drain()
            await self._take(await self._reader.readuntil(END_OF_MESSAGE))
        elif command == b"QUIT":
            self._say("221 bye")
        else:
            self._say("250 2.1.0 OK")

    async def _take(self, message: bytes) -> None:
        found = MESSAGE_ID.search(message)
        mark = found[1].decode("ascii") if found else "unmarked"
        os.write(self._log, f"{time.time():.6f} {mark}\n".encode("ascii"))
        await asyncio.sleep(random.random() * PAUSE_S)
        self._say("250 2.0.0 taken")

    def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode("ascii"))


async def _serve(path: str) -> None:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Conversation(log, reader, writer).hold()

    server = await asyncio.start_server(talk, HOST, 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
