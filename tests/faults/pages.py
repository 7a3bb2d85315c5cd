"""The web server of an installation as a process of its own."""

import urllib.error
import urllib.request
from contextlib import contextmanager

from tests.faults.installation import CALL, wait_until
from tests.mail.servers import free_port


@contextmanager
def pages(installation):
    """Run the web server of the installation and give its address."""
    host, port = "127.0.0.2", str(free_port())
    address = f"http://{host}:{port}"
    process = installation.start(*CALL, "web", "--host", host, "--port", port)
    wait_until(lambda: process.poll() is not None or answers(f"{address}/healthz"))
    assert process.poll() is None, process.stderr.read()
    yield address
    process.terminate()
    process.wait(20)


def answers(address):
    """Tell whether a page answers, and well."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except OSError:
        return False
    return True
