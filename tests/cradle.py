"""Runs the command line in processes that are forked from one which has loaded the program.

Each is a process of its own, with its own environment, input and output and real signals; only the imports are shared,
which take longer than most commands. `tests/test_cli.py` shows that the same is had from `python -m facilitator`.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.cradle", "facilitator.cli", "facilitator.app"])


class Process:
    """A command that runs, with the words of subprocess.Popen."""

    def __init__(self, arguments: Sequence[object], environment: Mapping[str, str], streams: Sequence[str]) -> None:
        words = [str(argument) for argument in arguments]
        self._process = _forks.Process(target=_run, args=(words, dict(environment), tuple(streams)))
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float = PATIENCE_S) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("facilitator", timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def start(*arguments: object, environment: Mapping[str, str]) -> Process:
    """Start a command whose input is empty and whose output is that of the tests."""
    return Process(arguments, environment, (os.devnull, "", ""))


def run(*arguments: object, environment: Mapping[str, str], typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end and return how it ended and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("typed", "said", "complained")]
        streams[0].write_bytes(typed)
        process = Process(arguments, environment, [str(path) for path in streams])
        try:
            status = process.wait()
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(arguments, status, streams[1].read_bytes(), streams[2].read_bytes())


def _run(arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[str]) -> None:
    modes = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
    for number, (path, mode) in enumerate(zip(streams, modes, strict=True)):
        if path:
            os.dup2(os.open(path, mode, 0o600), number)
    # what the parent had opened belongs to its own input and output
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - kept open to the end
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["facilitator", *arguments]
    from facilitator.cli import main  # noqa: PLC0415 - the test's end need not load it

    status = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)
