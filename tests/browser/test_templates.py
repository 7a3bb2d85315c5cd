"""An agenda is kept and laid again, and a plan taken over, in a real browser with scripts and without."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_agenda_is_kept_laid_for_a_series_and_a_plan_taken_over(chromium: Browser, program: Program, scripts):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": 390, "height": 844}, java_script_enabled=scripts
    )
    context.set_default_timeout(20_000)
    page, name = context.new_page(), "With scripts" if scripts else "Without scripts"
    sign_in(page)
    open_coming(page, "Lunchtime Circle")
    page.get_by_role("link", name="Keep this agenda as a template").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Keep the agenda").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    open_coming(page, "Lunchtime Circle")
    page.get_by_role("link", name="Use another agenda").click()
    page.get_by_role("link", name=re.compile("Look at it.*60 minutes")).first.click()
    page.get_by_role("radio", name=re.compile("All that are still to come")).check()
    page.get_by_role("button", name="Use this agenda").click()
    expect(page.get_by_text(re.compile(r"is the agenda of \d+ sessions? now\."))).to_be_visible()
    page.get_by_role("link", name="Use another agenda").click()
    page.get_by_role("link", name=re.compile(f"Look at it.*{name}")).click()
    page.get_by_role("button", name="Use this agenda").click()
    expect(page.get_by_text(f"{name} is the agenda now.")).to_be_visible()
    page.get_by_role("link", name="Use this plan for another session").click()
    page.get_by_role("link", name=re.compile("Choose")).first.click()
    page.get_by_role("button", name="Take the plan over").click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ prompts and exercises were taken over\."))).to_be_visible()
    context.close()


def open_coming(page: Page, group: str) -> None:
    """Open the last session of a group, which is still to come."""
    page.goto("/groups")
    page.get_by_role("link", name=group).first.click()
    page.locator("main ol a[href^='/sessions/'], main li a[href^='/sessions/']").last.click()
    expect(page.get_by_role("link", name="Use another agenda")).to_be_visible()
