"""Every page of a facilitator on a phone and a desk, in both themes: accessible, nothing sideways, no script needed."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser
FIXED = (
    "/",
    "/groups",
    "/groups/new",
    "/prompts",
    "/prompts?words=zzz&depth=2",
    "/prompts/new",
    "/prompts/fear-checkin-both-1",
    "/prompts/fear-checkin-both-1/use",
    "/prompts/fear-checkin-both-1/edit",
    "/library/review",
    "/reminders",
    "/reports",
    "/reports/organisation",
    "/reports/funder?period=year",
    "/settings",
    "/series/new",
    "/curriculum",
    "/curriculum/fear",
    "/curriculum/pathways",
    "/library/pathway/new",
    "/library/pathway/build?source=closed-8",
    "/library/pathway/build?kind=open&count=6&lengths=60&lengths=90",
    "/curriculum/agendas",
    "/crisis-card",
    "/library",
    "/library/exercise",
    "/library/exercise/gr1-four-edges",
    "/library/exercise/gr1-four-edges/edit",
    "/library/exercise/new",
    "/library/agenda",
    "/library/agenda/closed-90",
    "/library/agenda/closed-90/edit",
    "/library/agreement",
    "/library/script/crisis_card",
    "/library/script/crisis_card/edit",
    "/library/help_line",
    "/library/help_line/us-988",
    "/library/help_line/us-988/edit",
    "/mailbox",
    "/kept",
)
OF_A_GROUP = (
    "",
    "/edit",
    "/people",
    "/plan",
    "/reminders",
    "/reminders/preview?kind=moved&wording=full",
    "/coverage",
    "/coverage?by=arena",
)
OF_A_SESSION = ("", "/run", "/check-in", "/sheet", "/move", "/cancel", "/place", "/insert", "/skip", "/agenda")
NARROWEST = 320
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def list_addresses(page: Page) -> list[str]:
    """Every kind of page, with the first group and a session that is still to come."""
    page.goto("/groups")
    group = page.locator("main h2 a").first.get_attribute("href")
    page.goto(group)
    sessions = page.locator("main a[href^='/sessions/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    session = [path for path in sessions if path.count("/") == 2][-1]
    return [*FIXED, *(group + part for part in OF_A_GROUP), *(session + part for part in OF_A_SESSION)]


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light"), (NARROWEST, "light")])
def test_every_page_is_accessible_and_nothing_runs_off_its_side(chromium: Browser, program: Program, width, theme):
    context = chromium.new_context(base_url=program.url, viewport={"width": width, "height": 800}, color_scheme=theme)
    page = context.new_page()
    sign_in(page)
    found = []
    for address in list_addresses(page):
        page.set_viewport_size({"width": width, "height": 800})
        answer = page.goto(address)
        assert answer, address
        assert answer.status == 200, address
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{address} is {wide} px wide"] if wide > width else []
        if width == NARROWEST:
            continue  # the same page as on a phone, but for its width
        # a window as tall as the page: what the tab bar happens to cover at one scroll position is no fault of its size
        page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight") + 200})
        broken = Axe().run(page, options=RULES).response["violations"]
        found += [f"{address}: {each['id']} {each['nodes'][0]['html'][:120]}" for each in broken]
    context.close()
    assert found == []


def test_a_series_is_planned_on_a_phone_without_scripts(chromium: Browser, program: Program):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    sign_in(page)
    page.goto("/series/new")
    page.get_by_role("link", name=re.compile("Choose Lunchtime Circle")).click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Starts").fill("07:30")
    page.get_by_role("button", name="Update the list").click()
    expect(page.get_by_role("heading", name="Your 6 dates")).to_be_visible()
    for name in ("Continue", "Continue", "Schedule sessions"):
        page.get_by_role("button", name=name).click()
    expect(page.get_by_text("6 sessions are planned. Nothing was sent.")).to_be_visible()
    context.close()
