"""What Lighthouse says of the pages that are open most: on a slow phone and on a desk, signed in.

The limits are those of the project: accessibility 100 and performance at least 95. Lighthouse comes through npm on the
first run and needs Node and Chromium.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.report import print_table
from tests.browser.conftest import Program, running, sign_in
from tests.browser.scene import list_pages
from tests.browser.test_pages import list_addresses
from tests.conftest import CHROMIUM
from tests.real import require_tool

VERSION = "13.5.0"
LEAST = {"performance": 95, "accessibility": 100}
# Lighthouse's own two sets of screen, processor and line: a phone on slow 4G is what it does by default
SCREENS: dict[str, tuple[str, ...]] = {"phone": (), "desk": ("--preset=desktop",)}
DEBUGGING_PORT = 9333
TRIES = 3


def run(arguments: Sequence[str]) -> int:
    """Judge the pages, print a table, and return 1 where one falls short."""
    rows, short = [], False
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as program, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            Path(folder) / "profile",
            executable_path=str(require_tool("chromium")),
            args=[*CHROMIUM, f"--remote-debugging-port={DEBUGGING_PORT}"],
            base_url=program.url,
        )
        page = context.new_page()
        sign_in(page)
        for name, address in _list_pages(page, program).items():
            if arguments and name not in arguments:
                continue
            for screen, options in SCREENS.items():
                report = _judge(program.url + address, options, Path(folder) / "report.json")
                scores = {key: round(report["categories"][key]["score"] * 100) for key in LEAST}
                short |= any(scores[key] < LEAST[key] for key in LEAST)
                audits = report["audits"]
                for each in report["categories"]["accessibility"]["auditRefs"]:
                    audit = audits[each["id"]]
                    if audit["score"] == 0:
                        items = [item["node"]["snippet"] for item in audit["details"]["items"]]
                        print(f"{name}, {screen}: {audit['title']}: {' '.join(items[:3])}")
                figures = [
                    audits[key]["displayValue"] for key in ("largest-contentful-paint", "cumulative-layout-shift")
                ]
                rows.append([f"{name}, {screen}", *(str(score) for score in scores.values()), *figures])
        context.close()
    print_table(("page", *LEAST, "largest paint", "layout shift"), rows)
    return int(short)


def _list_pages(page: Page, program: Program) -> dict[str, str]:
    """Return the pages that a facilitator and a participant have open most."""
    addresses = list_addresses(page)
    planner = next(each for each in addresses if each.startswith("/sessions/") and each.count("/") == 2)
    page.goto("/")
    tonight = page.locator("a[href$='/run']").first.get_attribute("href")
    assert tonight
    return {"Today": "/", "planner": planner, "run screen": tonight, "participant": list_pages(program, "en")["coming"]}


def _judge(url: str, options: Sequence[str], file: Path) -> dict[str, dict]:
    """Return Lighthouse's report; it is asked again where it lost the start of its own trace, as it does at times."""
    for _try in range(TRIES):
        report = _ask(url, options, file)
        if "runtimeError" not in report:
            return report
    raise RuntimeError(f"{url}: {report['runtimeError']['message']}")


def _ask(url: str, options: Sequence[str], file: Path) -> dict[str, dict]:
    command = ["npx", "--yes", f"lighthouse@{VERSION}", url, f"--port={DEBUGGING_PORT}", *options]
    subprocess.run(
        [
            *command,
            "--disable-storage-reset",
            f"--only-categories={','.join(LEAST)}",
            "--output=json",
            f"--output-path={file}",
            "--quiet",
        ],
        check=False,  # it ends with 1 where it could not judge, and says so in its report
    )
    return json.loads(file.read_text(encoding="utf-8"))
