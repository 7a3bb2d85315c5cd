"""The four questions on a small phone: by touch and by keyboard alone, with and without scripts, in both themes."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults
from tests.browser.test_checkin import phone

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def meeting(chromium: Browser, program: Program) -> str:
    """The path of the page of the session that is on, which ends in five minutes."""
    now = int(time.time() * 1000)
    file = Path(program.environment["FACILITATOR_DATA_DIR"]) / "facilitator.db"
    with closing(sqlite3.connect(file)) as link, link:
        [(session_id,)] = link.execute(
            "SELECT id FROM group_session WHERE starts_at < ? AND ends_at > ? AND status = 'scheduled'", (now, now)
        ).fetchall()
        link.execute("UPDATE group_session SET ends_at = ? WHERE id = ?", (now + 300_000, session_id))
    context = chromium.new_context(base_url=program.url)
    page = context.new_page()
    sign_in(page)
    page.goto(f"/sessions/{session_id}")
    found = re.search(r"/s/[\w-]{22}", page.content())
    context.close()
    assert found
    return found[0]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_finger_answers_four_questions_from_the_page_of_the_meeting(chromium, program, meeting, scripts):
    with phone(chromium, program, scripts=scripts) as page:
        page.goto(meeting)
        page.get_by_role("link", name="Answer 4 questions").click()
        for group, words in zip(
            page.get_by_role("group").all(), ("Mostly", "Rather not say", "About right"), strict=False
        ):
            group.get_by_text(words, exact=True).click()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Nothing about you was kept.")).to_be_visible()
        expect(page.get_by_role("heading", name="Help now")).to_be_visible()
        assert page.context.cookies() == []


def test_a_keyboard_alone_answers_and_sends(chromium, program, meeting):
    with phone(chromium, program, slow=False) as page:
        page.goto(f"{meeting}/pulse")
        page.get_by_label("Not at all").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_label("A little").first).to_be_checked()
        while page.locator("button:focus", has_text="Send").count() == 0:
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Sent")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_pages_are_accessible_on_a_small_phone(chromium, program, meeting, theme):
    found = []
    with phone(chromium, program, slow=False, color_scheme=theme) as page:
        for ending in ("", "/pulse", "/pulse/thanks"):
            page.goto(meeting + ending)
            found += faults(page)
    assert found == []
