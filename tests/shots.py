"""`python -m tests.shots DIR [--only WORDS]`: a picture of every page, to be looked at.

On a phone and a desk, light and dark, in English and Spanish; of an installation that is empty, one that is full, and
one whose names are as long as they may be. Everything in it is made up.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator, Role
from facilitator.accounts.service import create_facilitator
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from tests.browser.conftest import EMAIL, PASSWORD, Program, demonstrate, running, sign_in
from tests.browser.scene import list_pages, plan_group, writing
from tests.browser.test_pages import FIXED, list_addresses
from tests.conftest import CHROMIUM
from tests.real import require_tool

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
THEMES = ("light", "dark")
LANGUAGES = {"en": "en-GB", "es": "es-ES"}
LONG = "Evening circle of the house behind the old harbour mill, Llanfairpwllgwyngyllgogerychwyrndrobwll "


def fill_nothing(program: Program) -> None:
    """Make the account alone."""
    with writing(program) as db:
        now = datetime.now(UTC)
        create_facilitator(
            db, name="Ana", email=EMAIL, password=PASSWORD, role=Role.ADMIN, zone="Europe/London", now=now
        )


def lengthen(program: Program) -> None:
    """Give everything that has a name one as long as it may be."""
    with writing(program) as db:
        for rows, name, most in (
            (Group, "label", 80),
            (Group, "place", 200),
            (GroupSession, "title", 120),
            (Facilitator, "name", 80),
        ):
            for row in db.scalars(select(rows)):
                setattr(row, name, (LONG * 3)[:most])


STATES = {"full": lambda _program: None, "long": lengthen, "empty": fill_nothing}


@contextmanager
def installation(state: str) -> Iterator[Program]:
    """Run an installation in one of the states."""
    with tempfile.TemporaryDirectory() as folder:
        program = demonstrate(Path(folder), seeded=state != "empty")
        STATES[state](program)
        with running(Path(folder), seeded=state != "empty") as started:
            yield started


def speak(db: Session, language: str) -> None:
    """Let every facilitator read in a language."""
    for account in db.scalars(select(Facilitator)):
        account.language = language


def take(browser: Browser, program: Program, into: Path, state: str, language: str, only: str) -> int:
    """Take every picture of one installation in one language; return how many."""
    with writing(program) as db:
        speak(db, language)
        if state == "full":
            plan_group(db, language, datetime.now(UTC))
    theirs = {} if state == "empty" else list_pages(program, language)
    taken = 0
    for size, (width, height) in SIZES.items():
        for theme in THEMES:
            context = browser.new_context(
                base_url=program.url,
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                locale=LANGUAGES[language],
            )
            page = context.new_page()
            sign_in(page, language)
            own = FIXED if state == "empty" else list_addresses(page)
            for name, address in {
                **{path: path for path in own},
                **{f"participant {k}": v for k, v in theirs.items()},
            }.items():
                if only not in name:
                    continue
                page.goto(address)
                file = re.sub(r"\W+", "-", re.sub(r"/[\w-]{22}", "", name)).strip("-") or "today"
                page.screenshot(path=into / f"{state}-{language}-{file}-{size}-{theme}.png", full_page=True)
                taken += 1
            context.close()
    return taken


def main(arguments: list[str]) -> int:
    """Take the pictures and return the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py shots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", default="", help="pages whose address holds these words")
    parser.add_argument("--state", choices=STATES, action="append", help="all three when left out")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require_tool("chromium")), args=list(CHROMIUM))
        for state in given.state or STATES:
            with installation(state) as program:
                for language in LANGUAGES:
                    taken = take(browser, program, given.folder, state, language, given.only)
                    print(f"{state}, {language}: {taken} pictures", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
