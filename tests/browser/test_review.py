"""The review guide by keyboard alone, in a real browser: started, left, taken up again, and the numbers are right."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

pytestmark = pytest.mark.browser
MOST_TABS = 60
ROLE = "clinical psychologist"
FOCUSED = "document.activeElement.innerText || document.activeElement.getAttribute('name') || ''"


def focused(page: Page) -> str:
    return " ".join(page.evaluate(FOCUSED).split())


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until what is wanted has the focus and can be seen to have it."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        if focused(page).startswith(wanted):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", wanted
            return
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def enter(page: Page) -> None:
    before = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)
    page.wait_for_load_state()


def start(page: Page) -> None:
    """Sign in and say what one is; from then on no other keys are pressed than Tab and Enter."""
    sign_in(page)
    page.goto("/library")
    tab_to(page, "Review")
    enter(page)
    tab_to(page, "role")
    page.keyboard.type(ROLE)
    enter(page)
    expect_heading_in_focus(page)


def expect_heading_in_focus(page: Page) -> None:
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("h1")).to_have_accessible_description(page.locator("#progress").inner_text())


def read_done(page: Page) -> int:
    """Return how many entries of the library are reviewed, as the page says."""
    [done] = re.findall(r"Library: (\d+) of", page.locator("#progress").inner_text())
    return int(done)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_guide_is_walked_by_keyboard_alone(chromium: Browser, program: Program, scripts):
    first = chromium.new_context(base_url=program.url, java_script_enabled=scripts)
    page = first.new_page()
    start(page)
    at_first = read_done(page)
    read = []
    for count in range(3):
        read.append(page.url)
        assert read_done(page) == at_first + count
        if not scripts:
            tab_to(page, "Approve and go on")
        enter(page)
        expect_heading_in_focus(page)
    left = page.url
    tab_to(page, "Leave for later and go on")
    enter(page)
    expect_heading_in_focus(page)
    assert read_done(page) == at_first + 3
    place = page.url
    assert len({*read, left, place}) == 5
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "Leave the guide"
    enter(page)
    expect(page.locator(".big")).to_have_text(re.compile(f"^{at_first + 3} of "))
    first.close()
    go_on_another_day(chromium, program, left, place, scripts=scripts)


def go_on_another_day(chromium: Browser, program: Program, left: str, place: str, *, scripts: bool) -> None:
    """Begin again in a browser that knows nothing of the first sitting."""
    second = chromium.new_context(base_url=program.url, java_script_enabled=scripts)
    page = second.new_page()
    start(page)
    assert page.url == place
    page.keyboard.press("Shift+Tab")
    enter(page)
    expect(page.get_by_role("heading", name="Left for later")).to_contain_text("(1)")
    tab_to(page, "Take them up again")
    enter(page)
    assert page.url == left
    expect_heading_in_focus(page)
    second.close()


def test_a_key_that_is_held_down_approves_nothing(page: Page):
    start(page)
    before = page.url
    page.locator("h1").evaluate(
        "each => each.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', repeat: true, bubbles: true}))"
    )
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    assert page.url == before


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_every_page_of_the_review_is_accessible_and_nothing_runs_off_its_side(
    chromium: Browser, program: Program, width, theme
):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    start(page)
    found = faults(page)
    with page.expect_navigation():  # a page that is on its way has no root yet
        page.get_by_role("link", name="Take out of use").click()
    found += faults(page)
    kinds = [
        f"/library/review/en/next?section={kind}" for kind in ("exercise", "script", "help_line", "agenda", "pathway")
    ]
    for address in ("/library/review", "/library/review/es/next", *kinds, "/library/review/en/sections/shame?all=1"):
        page.goto(address)
        found += faults(page)
    page.get_by_role("button", name="Approve what is ticked").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve 20 entries")
    page.wait_for_load_state()
    found += faults(page)
    context.close()
    assert found == []
