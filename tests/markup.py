"""The Nu HTML checker, run once over many pages."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.real import CHECKER, require, require_tool

PATIENCE_S = 120


def list_faults(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """Return what the checker calls an error in any page, as `address: what it says (the place)`.

    Args:
        folder: an empty one; each page is written into it.
        pages: the markup of each page by its address.
    """
    java = require_tool("java")
    require(CHECKER.exists(), "vnu.jar")
    names = {}
    for number, (address, markup) in enumerate(pages.items()):
        path = folder / f"{number:03}.html"
        path.write_text(markup, encoding="utf-8")
        names[path.name] = address
    # one tier of the compiler: the checker lives for seconds on a machine with two cores
    command = [str(java), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss4m", "-jar", str(CHECKER)]
    done = subprocess.run(
        [*command, "--errors-only", "--stdout", "--exit-zero-always", "--format", "json", str(folder)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return [
        f"{names[Path(each['url']).name]}: {each['message']} ({each.get('extract', '').strip()[:160]})"
        for each in json.loads(done.stdout)["messages"]
    ]
