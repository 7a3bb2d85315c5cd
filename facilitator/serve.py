"""Runs an installation on one machine: the web server here, the worker beside it, the local mailbox in the demo.

The worker is a process of its own in the same process group. When it dies it is started again; when this process is
asked to stop, the message in hand is finished first.
"""

import logging
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
from facilitator.worker import mail_target

log = logging.getLogger(__name__)
THREADS = 8
RESTART_AFTER_S = 2.0
DRAIN_S = 15.0
HOST = "127.0.0.1"


def serve_web(config: Config, database: Database, port: int, host: str = HOST) -> None:
    """Serve pages until asked to stop."""
    server = create_server(
        create_app(config, database),
        host=host,
        port=port,
        threads=THREADS,
        ident="",
        clear_untrusted_proxy_headers=True,
    )
    with _stop_on_signal(server.close):
        server.run()


def run_all(config: Config, database: Database, port: int) -> None:
    """Serve pages and keep a worker running until asked to stop."""
    with mail_target(config), _worker_beside():
        serve_web(config, database, port)
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
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Run workers one after the other until stopped."""
        while not self._stopping.is_set():
            self._process = subprocess.Popen([sys.executable, "-m", "facilitator", "worker"])
            code = self._process.wait()
            if not self._stopping.is_set():
                log.error("the worker ended; it is started again", extra={"event": "worker", "code": code})
                self._stopping.wait(RESTART_AFTER_S)

    def stop(self) -> None:
        """Ask the worker to finish the message in hand; insist when it does not."""
        self._stopping.set()
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
