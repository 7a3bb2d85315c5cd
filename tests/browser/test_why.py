"""Why not that one, asked by keyboard alone in a real browser: from the session to a verdict."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

pytestmark = pytest.mark.browser


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || document.activeElement.id").strip().startswith(name):
            return
    raise AssertionError(f"{name} is out of reach of the keyboard")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_why_not_is_asked_and_answered_by_keyboard(chromium: Browser, program: Program, scripts):
    context = chromium.new_context(base_url=program.url, java_script_enabled=scripts)
    page = context.new_page()
    sign_in(page)
    page.goto("/groups")
    page.goto(page.locator("main h2 a").first.get_attribute("href"))
    sessions = page.locator("main a[href^='/sessions/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    page.goto([path for path in sessions if path.count("/") == 2][-1])
    tab_to(page, "Why this prompt")
    page.keyboard.press("Enter")
    tab_to(page, "Why not another?")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why this prompt in")
    tab_to(page, "q")
    page.keyboard.type("shame-explore")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#found").get_by_role("status")).to_contain_text("found")
    with page.expect_navigation():
        page.locator("#found li a").first.focus()
        page.keyboard.press("Enter")
    expect(page.locator("#verdict h2")).to_contain_text("Refused by")
    expect(page.locator("#verdict")).to_be_in_viewport()
    if scripts:
        assert faults(page) == []
    context.close()
