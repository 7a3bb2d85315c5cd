"""What a facilitator sees of delivery in a real browser: the light, a test to oneself, one more copy; without scripts too."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

pytestmark = pytest.mark.browser


def open_preview(page: Page) -> None:
    sign_in(page)
    page.goto("/groups")
    group = page.locator("main h2 a").first.get_attribute("href")
    page.goto(f"{group}/reminders")
    page.get_by_role("link", name="Every message, and a test to yourself").click()


def test_the_light_says_that_mail_goes_out_and_that_it_is_paused(page: Page):
    sign_in(page)
    light = page.locator("header .light")
    for _ in range(30):  # the worker begins a moment after the pages
        page.goto("/groups")
        if "Mail goes out" in light.inner_text():
            break
        page.wait_for_timeout(500)
    expect(light).to_contain_text("Mail goes out")
    light.click()
    page.get_by_role("button", name="Pause all messages").click()
    page.goto("/groups")
    expect(light).to_contain_text("Paused")
    assert faults(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    expect(light).to_be_visible()
    page.goto("/reminders")
    page.get_by_role("button", name="Let messages go again").click()
    page.goto("/groups")
    expect(light).to_contain_text("Mail goes out")
    assert light.bounding_box()["width"] >= 44
    assert faults(page) == []


def test_a_test_to_oneself_is_delivered_and_the_page_says_so_by_itself(page: Page):
    open_preview(page)
    page.get_by_role("link", name="New time").click()
    page.get_by_role("link", name="Full").click()
    expect(page.get_by_role("heading", name="New time, full")).to_be_visible()
    subject = page.locator("dd").last.inner_text()
    page.get_by_role("button", name="Send me a test").click()
    expect(page.get_by_text(re.compile(r"Handed to the mail server at \d\d:\d\d\."))).to_be_visible()
    expect(page.get_by_text("Look in your inbox.")).to_be_visible()
    assert faults(page) == []
    page.goto("/mailbox")
    expect(page.get_by_role("main")).to_contain_text(subject)


def test_without_scripts_a_test_is_sent_and_looked_at_again(chromium: Browser, program: Program):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    open_preview(page)
    page.get_by_role("button", name="Send me a test").click()
    handed = page.get_by_text(re.compile(r"Handed to the mail server at \d\d:\d\d\."))
    again = page.get_by_role("link", name="Look again")
    expect(handed.or_(again)).to_be_visible()
    for _ in range(40):
        if handed.is_visible():
            break
        page.wait_for_timeout(250)
        with page.expect_navigation():  # only a page that has come whole is asked whether there is more to wait for
            again.click()
    expect(handed).to_be_visible()
    context.close()


def let_go_out(program: Program) -> None:
    """Let the last reminder that Ana's groups have planned be sent already, whatever the hour of the night it is here."""
    file = Path(program.environment["FACILITATOR_DATA_DIR"]) / "facilitator.db"
    with closing(sqlite3.connect(file, timeout=20)) as db, db:
        occasion = db.execute(
            "SELECT o.session_id, o.lead_minutes FROM outbox o JOIN group_session s ON s.id = o.session_id"
            " JOIN group_facilitator gf ON gf.group_id = s.group_id JOIN facilitator f ON f.id = gf.facilitator_id"
            " WHERE o.state = 'pending' AND o.kind = 'reminder' AND f.name LIKE 'Ana%' ORDER BY o.due_at DESC"
        ).fetchone()
        for state in ("leased", "sending", "sent"):
            at = int(time.time() * 1000)
            db.execute(
                "UPDATE outbox SET state = ?, gated_at = ?, sent_at = ? WHERE session_id = ? AND lead_minutes = ?"
                " AND state IN ('pending', 'leased', 'sending')",
                (state, at, at, *occasion),
            )


def test_what_went_out_is_sent_once_more_after_a_question_and_the_ledger_names_who_asked(page: Page, program: Program):
    let_go_out(program)
    sign_in(page)
    page.goto("/reminders")
    page.get_by_role("link", name="Send this once more to everyone").first.click()
    expect(page.get_by_text(re.compile(r"\d people get it a second time\."))).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name=re.compile("Send it to")).click()
    expect(page.get_by_text(re.compile(r"It goes to \d people once more\."))).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("once more by Ana")
