"""The program as people start it, and a real Chromium to use it with."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
EMAIL, PASSWORD = "ana@example.org", "a quiet room"


@dataclass(frozen=True)
class Program:
    """A running installation."""

    url: str
    environment: dict[str, str]

    def command(self, *arguments: str) -> str:
        """Run one verb of the command line beside it and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "facilitator", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demonstration in it; copied, never used."""
    folder = tmp_path_factory.mktemp("demonstration")
    program = Program(url="", environment=os.environ | _settings(folder))
    program.command("init-db")
    program.command("seed-demo")
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, demonstration: Path) -> Iterator[Program]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("installation")
    shutil.copytree(demonstration, folder, dirs_exist_ok=True)
    environment = os.environ | _settings(folder) | {"FACILITATOR_BASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-m", "facilitator", "run", "--seed-demo", "--port", str(port)], cwd=ROOT, env=environment
    )
    try:
        _wait(process, f"{url}/healthz")
        yield Program(url=url, environment=environment)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def _settings(folder: Path) -> dict[str, str]:
    return {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(folder)}


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"{address} does not answer")


@pytest.fixture
def page(chromium: Browser, program: Program) -> Iterator[Page]:
    context = chromium.new_context(base_url=program.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(10_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    # a strict content security policy speaks through the console; a page answered 4xx on purpose does too
    assert not [words for words in complaints if not re.search(r"status of 4\d\d", words)]


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
