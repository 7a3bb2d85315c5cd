"""The program as people start it, and a real Chromium to use it with."""

import json
import os
import re
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import cradle

PATIENCE_S = 60
ELSEWHERE = "https://elsewhere.invalid/"  # where Exit leads; RFC 2606 §2: it is nowhere
EMAIL, PASSWORD = "ana@example.org", "a quiet room"
expect.set_options(timeout=20_000)  # milliseconds; a machine that runs everything at once takes its time


@dataclass(frozen=True)
class Program:
    """A running installation."""

    url: str
    environment: dict[str, str]

    def letters(self, address: str) -> list[str]:
        """Return the texts of the messages that have reached an address, oldest first."""
        spool = Path(self.environment["FACILITATOR_DATA_DIR"]) / "mailbox"
        found = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(spool.glob("*.eml"))]
        parts = [message.get_body(("plain",)) for message in found if message["To"].strip("<>") == address]
        return [part.get_content() for part in parts if part]

    def letter(self, address: str, at: int) -> str:
        """Return one letter to an address, counted from 0; one that the program has in hand is waited for."""
        until = time.monotonic() + PATIENCE_S
        while len(found := self.letters(address)) <= at and time.monotonic() < until:
            time.sleep(0.05)
        return found[at]

    def command(self, *arguments: str) -> str:
        """Run one verb of the command line beside it and return what it prints."""
        done = cradle.run(*arguments, environment=self.environment)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


def demonstrate(folder: Path, *, seeded: bool = True) -> Program:
    """Make an installation in a folder, with the demonstration in it or with nothing; it does not run yet."""
    program = Program(url="", environment=os.environ | _settings(folder))
    program.command("init-db")
    if seeded:
        program.command("seed-demo")
    return program


@contextmanager
def running(folder: Path, *, seeded: bool = True) -> Iterator[Program]:
    """Run the installation of a folder, as people start it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | _settings(folder) | {"FACILITATOR_BASE_URL": url}
    seed = ["--seed-demo"] if seeded else []
    process = cradle.start("run", *seed, "--port", port, environment=environment)
    try:
        _wait(process, f"{url}/healthz")
        _wait_for_worker(f"{url}/health/delivery")
        yield Program(url=url, environment=environment)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demonstration in it; copied, never used."""
    folder = tmp_path_factory.mktemp("demonstration")
    demonstrate(folder)
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, demonstration: Path) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("installation")
    shutil.copytree(demonstration, folder, dirs_exist_ok=True)
    with running(folder) as started:
        yield started


def _settings(folder: Path) -> dict[str, str]:
    return {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(folder), "FACILITATOR_EXIT_URL": ELSEWHERE}


def _wait(process: cradle.Process, address: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"{address} does not answer")


def _wait_for_worker(address: str) -> None:
    """Wait until somebody sends; a page that is opened earlier says that nobody does."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                problems = json.load(answer)["problems"]
        except urllib.error.HTTPError as refused:
            problems = json.load(refused)["problems"]
        if "tick_dispatch" not in problems:
            return
        time.sleep(0.05)
    raise AssertionError("the worker does not begin")


@pytest.fixture
def page(chromium: Browser, program: Program) -> Iterator[Page]:
    context = chromium.new_context(base_url=program.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    # a strict content security policy speaks through the console; a page answered 4xx on purpose does too
    assert not [words for words in complaints if not re.search(r"status of 4\d\d", words)]


SIGN_IN = {"en": ("Email", "Password", "Sign in"), "es": ("Correo electrónico", "Contraseña", "Iniciar sesión")}


def sign_in(page: Page, language: str = "en") -> None:
    email, password, button = SIGN_IN[language]
    page.goto("/login")
    page.get_by_label(email).fill(EMAIL)
    page.get_by_label(password, exact=True).fill(PASSWORD)
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/")
