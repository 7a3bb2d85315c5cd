"""Real parts that some tests need: servers, programs, a browser and a checker that no package of Python brings along.

On a plain machine a test without its part is skipped and says which is missing; with REQUIRE_REAL=1 it fails.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

HOW = {
    "PostgreSQL": "apt-get install postgresql",
    "pg_dump": "apt-get install postgresql",
    "chromium": "apt-get install chromium",
    "smtp-sink": "apt-get install postfix",
    "faketime": "apt-get install faketime",
    "strace": "apt-get install strace",
    "spamassassin": "apt-get install spamassassin",
    "node": "pip install -r requirements-e2e.txt",
    "java": "apt-get install default-jre-headless",
    "vnu.jar": "npm pack vnu-jar, and its build/dist/vnu.jar to /usr/local/share/vnu/vnu.jar",
}
CHECKER = Path(os.environ.get("VNU_JAR", "/usr/local/share/vnu/vnu.jar"))
PLACES = ("/usr/sbin", "/usr/bin", "/usr/lib/postfix/sbin")


def require(present: bool, name: str) -> None:  # noqa: FBT001 - reads as a sentence at the call
    """Skip the calling test when a real part is missing, or fail it when the parts are required."""
    if present:
        return
    message = f"{name} is not installed here ({HOW.get(name, 'see README')})"
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(message)
    pytest.skip(message)


def find_tool(name: str) -> Path | None:
    """Return the path of a program, or None."""
    found = shutil.which(name) or shutil.which(name, path=":".join(PLACES))
    return Path(found) if found else None


def find_node() -> Path | None:
    """Return the Node that the browser driver brings along, or None without it."""
    driver = find_spec("playwright")
    path = Path(driver.origin).parent / "driver" / "node" if driver and driver.origin else None
    return path if path and path.exists() else None


def require_tool(name: str) -> Path:
    """Return the path of a program that the calling test cannot do without."""
    path = find_tool(name)
    require(path is not None, name)
    assert path
    return path
