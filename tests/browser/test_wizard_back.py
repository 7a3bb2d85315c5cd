"""Back and Forward inside the wizard that plans a series, in a real browser: no error page, and nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state()


def read_heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize(("scripts", "year"), [(True, "2029"), (False, "2031")], ids=["scripts", "no scripts"])
def test_back_leads_through_the_steps_with_what_was_typed(chromium: Browser, program: Program, scripts, year):
    context = chromium.new_context(base_url=program.url, java_script_enabled=scripts)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page)
    page.goto("/groups")
    page.get_by_role("link", name="Lunchtime Circle").first.click()
    page.get_by_role("link", name="Plan a series").first.click()
    press(page, "Continue")
    change_the_dates(page, year)
    go_back_and_forward(page)
    schedule_once(page)
    context.close()


def change_the_dates(page: Page, year: str) -> None:
    page.get_by_label("Day", exact=True).fill("31")
    page.get_by_label("Month", exact=True).fill("2")
    press(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("Enter a real date")
    page.get_by_label("Day", exact=True).fill("1")
    page.get_by_label("Month", exact=True).fill("3")
    page.get_by_label("Year", exact=True).fill(year)
    page.get_by_label("Starts").fill("06:15")
    press(page, "Continue")
    assert read_heading(page) == "Reminders"
    page.get_by_label("First reminder").select_option(label="24 hours before")
    press(page, "Continue")
    assert read_heading(page) == "Check before you schedule"


def go_back_and_forward(page: Page) -> None:
    page.go_back()
    assert read_heading(page) == "Reminders"
    assert page.get_by_label("First reminder").input_value() == "1440"
    page.go_back()
    assert read_heading(page) == "Choose dates"
    assert page.get_by_label("Starts").input_value() == "06:15"
    page.get_by_label("Starts").fill("06:45")
    press(page, "Continue")
    assert page.get_by_label("First reminder").input_value() == "1440"
    press(page, "Continue")
    expect(page.locator("main")).to_contain_text("06:45")


def schedule_once(page: Page) -> None:
    press(page, "Schedule sessions")
    expect(page.get_by_text("6 sessions are planned. Nothing was sent.")).to_be_visible()
    series = re.compile(r"/groups/[^/]+#series-")
    expect(page).to_have_url(series)
    for _step in range(4):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Lunchtime Circle")
        expect(page.get_by_text("Nothing was planned twice.")).to_be_visible()
        assert not page.get_by_role("button", name="Schedule sessions").count()


def test_the_list_follows_what_is_typed_and_says_why_it_cannot(page: Page):
    sign_in(page)
    page.goto("/groups")
    page.get_by_role("link", name="Lunchtime Circle").first.click()
    page.get_by_role("link", name="Plan a series").first.click()
    press(page, "Continue")
    for label, value in (("Day", "30"), ("Month", "1"), ("Year", "2027")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Every month").check()
    expect(page.locator("#rhythm-hint")).to_have_text("Every month on the last Saturday.")
    expect(page.locator("#dates")).to_contain_text("Every month on the last Saturday.")
    page.get_by_label("Day", exact=True).fill("31")
    page.get_by_label("Month", exact=True).fill("2")
    page.get_by_label("Year", exact=True).focus()
    expect(page.locator("#dates")).to_contain_text("Enter a real date")
