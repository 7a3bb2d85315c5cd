"""A process that has loaded the program and forks a worker when asked: a start costs a tenth of a second, not two.

Each worker is a process of its own with real signals; only its imports are shared. Run as a module it is that
process; in a test, `Nursery` talks to it.
"""

import contextlib
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
POLL_S = 0.01


class Nursery:
    """The test's end: asks for workers and hears when they end."""

    def __init__(self, folder):
        self._folder = folder
        self._count = 0
        self._ended = {}
        self._born = []

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *error):
        self._process.stdin.close()
        self._process.wait(20)
        self._reader.join(10)
        self._process.stdout.close()

    def fork(self, environment, order):
        self._count += 1
        said = self._folder / f"said.{self._count}"
        self._process.stdin.write(json.dumps([environment, order, str(said)]) + "\n")
        self._process.stdin.flush()
        self._wait(lambda: len(self._born) == self._count, 20)
        return Worker(self, self._born[-1], said)

    def _read(self):
        for line in self._process.stdout:
            word, pid, status = line.split()
            if word == "born":
                self._ended.pop(int(pid), None)  # the system may give a number anew
                self._born.append(int(pid))
            else:
                self._ended[int(pid)] = os.waitstatus_to_exitcode(int(status))

    def status(self, pid):
        return self._ended.get(pid)

    @staticmethod
    def _wait(condition, seconds):
        ends = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired("a forked worker", seconds)
            time.sleep(POLL_S / 2)


class Worker:
    """A forked process, with the words of subprocess.Popen."""

    def __init__(self, nursery, pid, said):
        self._nursery, self.pid, self._said = nursery, pid, said

    def poll(self):
        return self._nursery.status(self.pid)

    def wait(self, timeout=20):
        self._nursery._wait(lambda: self.poll() is not None, timeout)
        return self.poll()

    def send_signal(self, number):
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout=20):
        self.wait(timeout)
        return "", self._said.read_text()

    @property
    def log(self):
        """Return what it has said so far, one value per line."""
        return [json.loads(line) for line in self._said.read_text().splitlines() if line.startswith("{")]


def serve():
    """Fork what is asked for on the standard input until it ends; then end every worker that is left."""
    from tests.faults import accidents  # noqa: PLC0415 - the test's end need not load the program

    accidents.warm_up()
    gc.collect(), gc.freeze()  # a collection in a fork would copy every page of the program
    alive, left = set(), b""
    while True:
        if select.select([0], [], [], POLL_S)[0]:
            chunk = os.read(0, 65536)
            if not chunk:
                break
            *lines, left = (left + chunk).split(b"\n")
            for line in lines:
                alive.add(_fork(accidents, *json.loads(line)))
        _bury(alive)
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while alive:
        _bury(alive)
        time.sleep(POLL_S)


def _fork(accidents, environment, order, said):
    Path(said).touch()
    pid = os.fork()
    if pid:
        _tell("born", pid, 0)
        return pid
    status = 1
    try:
        silence = os.open(os.devnull, os.O_RDONLY)
        output = os.open(said, os.O_WRONLY | os.O_APPEND)
        os.dup2(silence, 0), os.dup2(output, 1), os.dup2(output, 2)
        os.environ.clear()
        os.environ.update(environment)
        status = accidents.run(order)
    except BaseException:  # noqa: BLE001 - said in the worker's own output
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)


def _tell(word, pid, status):
    os.write(1, f"{word} {pid} {status}\n".encode())


def _bury(alive):
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        alive.discard(pid)
        _tell("ended", pid, status)


if __name__ == "__main__":
    serve()
