"""Every page of a facilitator on a phone and a desk, in both themes: accessible, nothing sideways, no script needed."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

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
    "/search",
    "/search?q=fear",
    "/search?q=zzz",
    "/help",
    "/calendar",
    "/calendar?view=list",
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
OF_A_SESSION = (
    "",
    "/run",
    "/check-in",
    "/sheet",
    "/hand-over",
    "/move",
    "/cancel",
    "/place",
    "/insert",
    "/skip",
    "/keep",
    "/agendas",
    "/agendas/closed-60-last",
    "/copy",
    "/copy?to={other}",
    "/materials",
    "/materials/words",
    "/materials/file",
)
NARROWEST = 320
SCREENS = ((NARROWEST, "dark"), (1280, "light"))
PARTS = 3  # walked side by side
MOST_BYTES = 120_000  # of a page with all that it loads, on a first visit
MOST_JUMPS = 0.1  # cumulative layout shift that is good (web.dev/articles/cls)
WATCH_JUMPS = """
window.jumps = 0;
new PerformanceObserver((list) => { for (const each of list.getEntries()) if (!each.hadRecentInput) window.jumps += each.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
WEIGHT = "['navigation', 'resource'].flatMap(each => performance.getEntriesByType(each)).reduce((sum, each) => sum + each.encodedBodySize, 0)"


def list_addresses(page: Page) -> list[str]:
    """Every kind of page, with the first group and a session that is still to come."""
    page.goto("/groups")
    group = page.locator("main h2 a").first.get_attribute("href")
    page.goto(group)
    sessions = page.locator("main a[href^='/sessions/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    *_earlier, other, session = dict.fromkeys(path for path in sessions if path.count("/") == 2)
    of_session = [session + part.format(other=other.rpartition("/")[2]) for part in OF_A_SESSION]
    series = page.locator("main a[href^='/series/'][href$='/again']").first.get_attribute("href")
    return [*FIXED, *(group + part for part in OF_A_GROUP), *of_session, series]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_and_nothing_runs_off_its_side(chromium: Browser, program: Program, part: int):
    """On the narrowest phone in the dark, and on a desk in the light; no page is heavy, and none jumps while it loads."""
    context = chromium.new_context(base_url=program.url)
    page = context.new_page()
    page.add_init_script(WATCH_JUMPS)
    sign_in(page)
    found = []
    for address in list_addresses(page)[part::PARTS]:
        for width, theme in SCREENS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=theme)
            if width == NARROWEST:
                answer = page.goto(address)
                assert answer, address
                assert answer.status == 200, address
                weight, jumps = page.evaluate(WEIGHT), page.evaluate("window.jumps")
                found += [f"{address} weighs {weight} bytes"] if weight > MOST_BYTES else []
                found += [f"{address} jumps by {jumps}"] if jumps > MOST_JUMPS else []
            found += faults(page, f"{address} at {width}")
    context.close()
    assert found == [], "\n".join(found)


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
