"""The sign of life to a monitor outside, against a real server on this machine."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from facilitator.reminders import ping as pinging
from facilitator.reminders.counts import Counts
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.ping import ping, report_well
from tests.reminders.conftest import MINUTE
from tests.reminders.test_health import tick


class Monitor(ThreadingHTTPServer):
    """A monitor that answers as it is told and keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.wait_s, self.asked = 200, 0.0, []
        self.url = f"http://127.0.0.1:{self.server_port}/ping/5f1c"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        time.sleep(self.server.wait_s)
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words):
        """Stay silent."""


@pytest.fixture
def monitor():
    with Monitor() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def report(scene, url):
    counts = Counts()
    report_well(scene.database, url, counts, scene.clock())
    return counts.snapshot()


def test_while_all_is_well_the_monitor_is_asked_once_and_told_nothing(scene, monitor):
    tick(scene)
    assert report(scene, monitor.url) == {}
    [(path, headers)] = monitor.asked
    assert path == "/ping/5f1c"
    assert headers.keys() <= {"Accept-Encoding", "Host", "User-Agent", "Connection"}


def test_without_an_address_nobody_is_asked(scene, monitor):
    tick(scene)
    assert report(scene, "") == {}
    assert monitor.asked == []


def test_when_delivery_is_not_well_the_monitor_hears_nothing(scene, monitor):
    tick(scene)
    scene.clock.advance(MINUTE)
    tick(scene, *(set(TICK_PERIODS) - {"dispatch"}))
    assert report(scene, monitor.url) == {}  # dispatch has been silent for a minute
    tick(scene, "dispatch")
    report(scene, monitor.url)
    assert len(monitor.asked) == 1


def test_a_ping_that_is_late_itself_does_not_keep_itself_late(scene, monitor):
    tick(scene)
    scene.clock.advance(30 * MINUTE)
    tick(scene, *(set(TICK_PERIODS) - {"ping"}))
    report(scene, monitor.url)
    assert len(monitor.asked) == 1


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refused_ping_is_counted_and_leads_nowhere_else(scene, monitor, status):
    monitor.status = status
    tick(scene)
    assert report(scene, monitor.url) == {("ping_failures", ""): 1}
    assert len(monitor.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://no such host/", "http://[::1/"])
def test_a_monitor_that_cannot_be_reached_raises_nothing(url):
    assert not ping(url)


def test_a_monitor_that_does_not_answer_is_left_in_time(monitor, monkeypatch):
    monitor.wait_s = 0.6
    monkeypatch.setattr(pinging, "TIMEOUT_S", 0.1)
    began = time.monotonic()
    assert not ping(monitor.url)
    assert time.monotonic() - began < 0.5


def test_a_server_that_speaks_something_else_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet():
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        assert not ping(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()
