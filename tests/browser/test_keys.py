"""Letters as shortcuts in a real browser: where they lead, when they are silent, and the sheet that names them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser


def test_letters_lead_where_the_sheet_says_and_are_silent_while_somebody_types(page: Page):
    sign_in(page)
    for letter, path in (("g", "/groups"), ("c", "/calendar"), ("s", "/settings"), ("t", "/")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(f"**{path}")
    page.keyboard.press("/")
    page.wait_for_url("**/search#q")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("gc?n/")
    expect(page.get_by_role("searchbox")).to_have_value("gc?n/")
    page.goto("/groups")
    link = page.locator("main a").first
    link.focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Help and keys")
    expect(sheet.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(link).to_be_focused()
    assert page.url.endswith("/groups")


def test_letters_are_switched_off_on_the_settings_page(page: Page):
    sign_in(page)
    page.goto("/settings")
    page.get_by_label("Letters as shortcuts").uncheck()
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_timeout(300)
    assert page.url.endswith("/settings")
    page.get_by_role("link", name="Help and keys").first.click()
    expect(page.get_by_text("Letters are switched off as shortcuts on this device.")).to_be_visible()
