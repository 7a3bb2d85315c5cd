"""Postfix's test programs as processes: smtp-sink takes mail and throws it away, smtp-source sends it as fast as C can.

Neither checks what it is given; a server that reads strictly stands in tests.mail.servers.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facilitator.mail.urls import MailUrl
from tests.real import find_tool

HOST = "127.0.0.1"
BACKLOG = "512"
PATIENCE_S = 20.0


def find_programs() -> tuple[Path, Path] | None:
    """Return smtp-sink and smtp-source, or None when they are not installed."""
    sink, source = find_tool("smtp-sink"), find_tool("smtp-source")
    return (sink, source) if sink and source else None


@contextmanager
def sink(*, keep_in: Path | None = None, pipelining: bool = True) -> Iterator[MailUrl]:
    """Run smtp-sink and yield where it is.

    Args:
        keep_in: a folder for one file per message, writable for the user `postfix`; thrown away when left out.
        pipelining: whether it offers to take commands in groups (RFC 2920).
    """
    programs = find_programs()
    if programs is None:
        raise RuntimeError("smtp-sink is not installed (apt-get install postfix).")
    port = _free_port()
    options = [] if pipelining else ["-p"]
    if keep_in is not None:
        options += ["-d", f"{keep_in}/%M."]
    process = subprocess.Popen(
        [programs[0], *_unprivileged(), *options, f"{HOST}:{port}", BACKLOG],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield MailUrl(host=HOST, port=port)
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def pour(target: MailUrl, messages: int, connections: int, size: int) -> float:
    """Send messages of so many bytes with smtp-source over lasting connections; return the seconds it took."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("smtp-source is not installed (apt-get install postfix).")
    amounts = ["-s", str(connections), "-m", str(messages), "-l", str(size)]
    begun = time.perf_counter()
    subprocess.run(
        [programs[1], "-d", *amounts, "-f", "notes@mail.example", "-t", "pat@example.org", f"{HOST}:{target.port}"],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=600,
    )
    return time.perf_counter() - begun


def _unprivileged() -> list[str]:
    # started by root, the program asks for somebody else to run as
    return ["-u", "postfix"] if os.getuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("smtp-sink does not answer.")
