"""Names the real parts that this machine lacks in one line before the tests; where they are required, stops there.

`python3 dev.py test` loads it. A test that needs such a part still asks for it through tests.real.
"""

import os
from pathlib import Path

import pytest

from tests.real import CHECKER, HOW, find_node, find_tool

POSTGRESQL = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off PATH


def list_absent() -> list[str]:
    """Return the names of the parts that are not installed."""
    present = {
        "PostgreSQL": bool(find_tool("initdb") or any(POSTGRESQL.glob("*/bin/initdb"))),
        "pg_dump": bool(find_tool("pg_dump")),
        "chromium": bool(find_tool("chromium")),
        "smtp-sink": bool(find_tool("smtp-sink")),
        "faketime": bool(find_tool("faketime")),
        "strace": bool(find_tool("strace")),
        "spamassassin": bool(find_tool("spamassassin")),
        "node": bool(find_node()),
        "java": bool(find_tool("java")),
        "vnu.jar": CHECKER.exists(),
    }
    return [name for name in HOW if not present[name]]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what is absent, once, whatever the verbosity."""
    if hasattr(session.config, "workerinput"):
        return
    absent = list_absent()
    if not absent:
        return
    line = f"Absent real parts: {'; '.join(f'{name} ({HOW[name]})' for name in absent)}."
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.exit(f"{line} REQUIRE_REAL=1 asks for all of them.", returncode=1)
    session.config.get_terminal_writer().line(f"{line} Their tests are skipped.")
