"""A facilitator builds a path in a real browser, with scripts and without, and plans a series along it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser
EARLY = "Vulnerability needs the most trust, so it never comes before the middle."


def list_titles(page: Page) -> list[str]:
    return [words.split("\n")[-1].strip() for words in page.locator("#sessions h3").all_inner_texts()]


def move(page: Page, number: int, way: str) -> None:
    """Press an arrow with the keyboard, and wait until the session stands at its new place."""
    title, to = list_titles(page)[number - 1], number - 2 if way == "up" else number
    page.get_by_role("button", name=f"Move session {number} {way}", exact=True).press("Enter")
    expect(page.locator("#sessions h3").nth(to)).to_contain_text(title)


def copy_eight(page: Page) -> None:
    page.goto("/curriculum/pathways")
    page.get_by_role("link", name="Copy it : Eight sessions").or_(
        page.get_by_role("link", name="Copy it: Eight sessions")
    ).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Build a path")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_path_is_copied_put_right_saved_and_planned(chromium: Browser, program: Program, scripts):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": 390, "height": 844}, java_script_enabled=scripts
    )
    context.set_default_timeout(20_000)
    page, name = context.new_page(), "With scripts" if scripts else "Without scripts"
    sign_in(page)
    copy_eight(page)
    page.get_by_label("Name", exact=True).fill(name)
    for number in range(6, 1, -1):
        move(page, number, "up")
    expect(page.locator("#sessions > li").first).to_contain_text(EARLY)
    page.get_by_role("button", name="Save the path").click()
    expect(page.get_by_role("alert")).to_contain_text(EARLY)
    for number in range(1, 6):
        move(page, number, "down")
    expect(page.get_by_text("It keeps to every rule.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)  # what is mended is no longer called a problem
    page.get_by_role("button", name="Save the path").click()
    expect(page.get_by_text("Saved, for you alone.")).to_be_visible()
    plan_along(page, name)
    context.close()


def plan_along(page: Page, name: str) -> None:
    page.goto("/groups")
    page.get_by_role("link", name="Harbour Circle").first.click()
    page.get_by_role("link", name=re.compile("Plan a series|New series|Plan the next")).first.click()
    page.get_by_role("radio", name=re.compile(f"^\\s*{name} ")).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Year", exact=True).fill("2029" if name == "With scripts" else "2030")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Schedule sessions").click()
    expect(page.get_by_text("8 sessions are planned. Nothing was sent.")).to_be_visible()
    expect(page.get_by_role("link", name="Vulnerability").last).to_be_visible()


def test_no_name_of_a_session_breaks_inside_a_word_on_a_phone(page: Page):
    sign_in(page)
    page.set_viewport_size({"width": 390, "height": 844})
    copy_eight(page)
    title = page.locator("#sessions h3 span", has_text=re.compile("^Powerlessness$")).last
    lines = title.evaluate(
        "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length }"
    )
    assert lines == 1


def test_a_session_is_dragged_and_what_is_typed_meanwhile_stays(page: Page):
    sign_in(page)
    copy_eight(page)
    grips = page.locator(".grip")
    with page.expect_response("**/pathway/build"):
        grips.nth(3).drag_to(grips.nth(2), target_position={"x": 4, "y": 2})
    expect(page.locator("#sessions h3").nth(2)).to_contain_text("Shame")
    expect(page.locator("#sessions > li").nth(2)).to_contain_text("Here shame comes before fear.")
    page.get_by_text("Words and sides, Session 1", exact=True).click()
    title = page.locator("#s1_title")
    page.route("**/pathway/build", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.locator("#s3_focus").select_option("powerlessness")
    title.fill("Our first evening")
    expect(page.locator("#row-s3 h3")).to_contain_text("Powerlessness")
    expect(title).to_have_value("Our first evening")
    expect(title).to_be_visible()
