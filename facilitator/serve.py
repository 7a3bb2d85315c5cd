"""Runs an installation on one machine: the web server here, the worker beside it, the local mailbox in the demo.

The worker is a process of its own in the same process group. When it dies it is started again; when this process is
asked to stop, the message in hand is finished first.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from waitress.server import create_server

from config import Config
from facilitator import create_app
from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.worker import mail_target

log = logging.getLogger(__name__)
THREADS = 8
RESTART_AFTER_S = 2.0
DRAIN_S = 15.0
HOST = "127.0.0.1"


def serve_web(config: Config, database: Database, port: int, host: str = HOST) -> None:
    """Serve pages until asked to stop.

    Raises:
        Conflict: when the port is taken.
    """
    app = create_app(config, database)
    try:
        server = create_server(app, host=host, port=port, threads=THREADS, ident="", clear_untrusted_proxy_headers=True)
    except OSError:
        raise Conflict(f"Port {port} cannot be opened; another program may use it. Give another with --port.") from None
    with _stop_on_signal(server.close):
        server.run()


def run_all(config: Config, database: Database, port: int, host: str = HOST) -> None:
    """Serve pages and keep a worker running until asked to stop."""
    with mail_target(config), _worker_beside():
        serve_web(config, database, port, host)
    database.checkpoint()


@contextmanager
def _stop_on_signal(stop: object) -> Iterator[None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if callable(stop):
            stop()


@contextmanager
def _worker_beside() -> Iterator[None]:
    """Keep one worker process alive while the block runs."""
    keeper = _Keeper()
    thread = threading.Thread(target=keeper.keep, name="worker keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        keeper.stop()
        thread.join(DRAIN_S + 5)


class _Keeper:
    """Starts the worker, starts it again when it dies, and lets it finish when stopped."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Run workers one after the other until stopped."""
        while process := self._start():
            code = process.wait()
            if not self._stopping.wait(RESTART_AFTER_S):
                log.error("the worker ended; it is started again", extra={"event": "worker", "code": code})

    def _start(self) -> "subprocess.Popen[bytes] | None":
        with self._starting:  # a worker that starts just when everything stops would outlive it
            if self._stopping.is_set():
                return None
            command = [sys.executable, "-m", "facilitator", "worker", "--parent", str(os.getpid())]
            self._process = subprocess.Popen(command)  # noqa: S603 - our own program, and a number
            return self._process

    def stop(self) -> None:
        """Ask the worker to finish the message in hand; insist when it does not."""
        with self._starting:
            self._stopping.set()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
