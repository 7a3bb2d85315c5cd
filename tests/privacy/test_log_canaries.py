"""Nothing that a request carries reaches a log: not its address, its device, its link, what was typed, nor by an error.

Every route of the application is asked in every way with canaries in every place, and made to fail in every way.
"""

import io
import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from facilitator import logs
from facilitator.proof.browser import Browser, Device
from tests.privacy import twins

ROOT = Path(__file__).resolve().parents[2]
ADDRESS, AGENT, FROM = "203.0.113.77", "CanaryAgent/7.7", "https://canary-referer.example/"
CANARY = "canary0123456789abcdef"  # as long as a token
TYPED = {"words": "canary maple", "email": "canary@example.org", "answer": "canary", "password": CANARY, "do": CANARY}
SIGNS = ("canary", ADDRESS, "198.51.100.9")
KEYS = {"level", "logger", "message", "error", "at"} | logs.ALLOWED


@contextmanager
def logged():
    """Give what the program writes to its log while the block runs."""
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, io.StringIO()
    logs.set_up(written)
    try:
        yield written
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def leaks(text):
    """List the lines of a log that hold a canary or a key that nobody allowed."""
    lines = [line for line in text.splitlines() if line]
    return [line for line in lines if any(sign in line.lower() for sign in SIGNS) or set(json.loads(line)) - KEYS]


def ask_everything(stage, *, cookie=None):
    """Ask for every route in every way; return the status codes that came."""
    device = Device(address=ADDRESS, agent=AGENT)
    browser, statuses = Browser(stage.app, stage.config.base_url, device), set()
    if cookie:
        browser.keep_cookie("desk", cookie)
    for rule in stage.app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", CANARY, rule.rule)
        for method in sorted(rule.methods - {"HEAD"} | {"PUT"}):
            options = {"data": TYPED} if method == "POST" else {}
            answer = browser.open(f"{path}?q={CANARY}", method=method, **options)
            statuses.add(answer.status_code)
    statuses.add(browser.open(f"/{CANARY}", method="GET").status_code)
    statuses.add(browser.open("/here", method="POST", data={"words": CANARY * 60_000}).status_code)
    return statuses


@contextmanager
def failing(stage, endpoint):
    """Have one view fail with canaries in the words of the error, and in the values around it."""
    view = stage.app.view_functions[endpoint]

    def fail(**_values):
        secret = TYPED["email"]
        raise ValueError(f"{secret} {CANARY}")

    fail.is_public = True
    stage.app.view_functions[endpoint] = fail
    try:
        yield
    finally:
        stage.app.view_functions[endpoint] = view


def ask_failing(stage):
    browser = Browser(stage.app, stage.config.base_url, Device(address=ADDRESS, agent=AGENT))
    with failing(stage, "participant.show_messages"):
        return browser.open(f"/m/{CANARY}?{CANARY}").status_code


@pytest.fixture(autouse=True)
def _answers_errors(stage):
    """Have the application answer an error as it does for people, rather than hand it to the test."""
    stage.app.config["PROPAGATE_EXCEPTIONS"] = False
    yield
    stage.app.config["PROPAGATE_EXCEPTIONS"] = None


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_route_writes_anything_of_a_request_to_the_log(stage, cookie, signed_in):
    stage.begin_again()
    with logged() as written:
        statuses = ask_everything(stage, cookie=cookie if signed_in else None)
    assert {200, 303, 404, 405, 413, 422} <= statuses
    assert 500 not in statuses
    assert leaks(written.getvalue()) == []


def test_an_error_leaves_its_kind_and_its_place_and_none_of_its_words(stage):
    with logged() as written:
        assert ask_failing(stage) == 500
    assert leaks(written.getvalue()) == []
    assert "ValueError" in written.getvalue()
    assert "/m/<token>" in written.getvalue()


def test_an_access_log_is_found_out(stage):
    with logged() as written, twins.twin(stage, twins.access_log):
        ask_everything(stage)
    assert leaks(written.getvalue())


def test_a_log_that_writes_what_it_is_given_is_found_out(stage, monkeypatch):
    monkeypatch.setattr(
        logs.LineFormatter, "format", lambda _self, record: json.dumps({"message": record.getMessage()})
    )
    with logged() as written:
        ask_failing(stage)
    assert leaks(written.getvalue())


def say(port, request):
    """Send bytes to a server and return the status line of its answer, or nothing."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline()


def requests():
    """Return requests as phones, scanners and people of ill will send them, with canaries throughout."""
    head = f"Host: x\r\nUser-Agent: {AGENT}\r\nReferer: {FROM}\r\nX-Forwarded-For: 198.51.100.9\r\nCookie: desk={CANARY}\r\n"
    body = "&".join(f"{name}={value}" for name, value in TYPED.items())
    post = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    close = "Connection: close\r\n\r\n"
    yield from (
        f"GET {path} HTTP/1.1\r\n{head}{close}" for path in (f"/s/{CANARY}", f"/m/{CANARY}", f"/{CANARY}", "/here")
    )
    yield from (f"POST {path} HTTP/1.1\r\n{head}{post}" for path in ("/here", "/login", f"/m/{CANARY}/stop"))
    yield f"GET /{CANARY} HTTP/9.9 {CANARY}\r\n{head}{close}"
    yield f"{CANARY} / HTTP/1.1\r\n{head}{close}"
    yield f"POST /here HTTP/1.1\r\n{head}Content-Length: {CANARY}\r\n{close}"
    yield f"POST /here HTTP/1.1\r\n{head}Content-Length: 2000000000\r\n{close}"
    yield f"GET /{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\nX: {CANARY * 20_000}\r\n{close}"


@pytest.mark.processes
def test_the_real_web_server_writes_nothing_of_a_request_either(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(tmp_path)}
    program = [sys.executable, "-m", "facilitator"]
    subprocess.run([*program, "init-db"], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)
    process = subprocess.Popen(
        [*program, "web", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        wait_for(port)
        answers = [say(port, request.encode()) for request in requests()]
    finally:
        process.terminate()
        said, complained = process.communicate(timeout=30)
    assert [answer for answer in answers if b"200" in answer]
    assert [answer for answer in answers if b" 40" in answer or b" 41" in answer]
    kept = b"".join([said, complained, *(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())])
    assert [sign for sign in SIGNS if sign.encode() in kept.lower()] == []


def wait_for(port):
    for _ in range(200):
        try:
            say(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")
