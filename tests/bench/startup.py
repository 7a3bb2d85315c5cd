"""How long a warm start takes to a ready page, and how much memory the two processes hold then."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench.report import tell

LIMIT_S, LIMIT_MB = 2.0, 400
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


def run() -> None:
    """Start twice in one folder and measure the second start."""
    with tempfile.TemporaryDirectory() as folder:
        _start(folder)
        seconds, megabytes = _start(folder)
    tell("startup: warm start to a ready page", seconds, "s", "limit", LIMIT_S)
    tell("startup: memory of web and worker", megabytes, "MB", "limit", LIMIT_MB)


def _start(folder: str) -> tuple[float, float]:
    port = _free_port()
    environment = os.environ | {
        "FACILITATOR_MODE": "demo",
        "FACILITATOR_DATA_DIR": folder,
        "FACILITATOR_BASE_URL": f"http://127.0.0.1:{port}",
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "facilitator", "run", "--seed-demo", "--port", str(port)],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        seconds = time.perf_counter() - begun
        time.sleep(3)  # the worker is up by then
        return seconds, _memory_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def _wait(address: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"{address} does not answer")


def _memory_mb(group: int) -> float:
    """Return the proportional set size of all processes of one session."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(path.name)) == group:
                total += sum(
                    int(line.split()[1])
                    for line in (path / "smaps_rollup").read_text().splitlines()
                    if line.startswith("Pss:")
                )
        except (OSError, ProcessLookupError):
            continue
    return total / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
