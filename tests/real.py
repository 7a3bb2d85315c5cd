"""Real parts that some tests need: PostgreSQL, Chromium, smtp-sink, faketime, strace.

On a plain machine a test without its part is skipped and says which is missing; with REQUIRE_REAL=1 it fails.
"""

import os
import shutil
from pathlib import Path

import pytest

HOW = {
    "PostgreSQL": "apt-get install postgresql",
    "chromium": "apt-get install chromium",
    "smtp-sink": "apt-get install postfix",
    "faketime": "apt-get install faketime",
    "strace": "apt-get install strace",
}
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


def require_tool(name: str) -> Path:
    """Return the path of a program that the calling test cannot do without."""
    path = find_tool(name)
    require(path is not None, name)
    assert path
    return path
