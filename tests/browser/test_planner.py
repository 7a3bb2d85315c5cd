"""The planner in real browsers: by keyboard, by hand, by two people at once, and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser
SOON = 2_000  # ms: within which one sees what the other did
PLANNED = "li.seg h3"


def open_plan(page: Page, back: int) -> list[str]:
    """Open a session that is still to come, counted from the last one of the first group, and name its parts."""
    page.goto("/groups")
    page.goto(page.locator("main h2 a").first.get_attribute("href"))
    sessions = page.locator("main a[href^='/sessions/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    page.goto([path for path in sessions if path.count("/") == 2][-back])
    return names(page)


def names(page: Page) -> list[str]:
    return [re.split(r"\s+required", text)[0].strip() for text in page.locator(PLANNED).all_inner_texts()]


def see(page: Page, order: list[str]) -> None:
    """Wait until the parts stand in this order, which a press brings about after its answer has come."""
    expect(page.locator(PLANNED)).to_have_text([re.compile(rf"^\s*{re.escape(name)}") for name in order])


def part(page: Page, name: str):
    return page.locator("li.seg").filter(has=page.get_by_role("heading", name=re.compile(f"^{name}"))).first


def swapped(order: list[str], at: int) -> list[str]:
    return [*order[:at], order[at + 1], order[at], *order[at + 2 :]]


def test_parts_are_moved_lengthened_and_put_back_by_keyboard_and_the_rules_speak(page: Page):
    sign_in(page)
    order = open_plan(page, 2)
    name = order[5]
    minutes = part(page, name).locator(".min")
    minutes.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(PLANNED).nth(4)).to_contain_text(name)
    assert page.evaluate("document.activeElement.closest('li.seg').querySelector('h3').innerText").startswith(name)
    was = int(minutes.input_value())
    minutes.focus()
    for _press in range(4):
        page.keyboard.press("ArrowUp")
    expect(page.get_by_text("Times do not add up")).to_be_visible()
    expect(minutes).to_have_value(str(was + 4))
    expect(minutes).to_be_focused()
    page.locator("h1").click()
    for _press in range(2):
        with page.expect_response(re.compile("/undo$")):
            page.keyboard.press("Control+z")
        expect(page.locator(".said")).to_contain_text("Undone:")
        page.keyboard.press("Escape")
    expect(page.get_by_text("Times add up")).to_be_visible()
    see(page, order)


def test_a_part_is_dragged_to_its_place_and_another_prompt_chosen_beside_the_plan(page: Page):
    sign_in(page)
    order = open_plan(page, 2)
    grip = page.locator("li.seg .grip").nth(5)
    grip.scroll_into_view_if_needed()
    start, target = grip.bounding_box(), page.locator("li.seg").nth(4).bounding_box()
    page.mouse.move(start["x"] + 4, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(start["x"] + 4, start["y"] - 40, steps=6)
    page.mouse.move(start["x"] + 4, target["y"] + 12, steps=12)
    with page.expect_response(re.compile("/agenda$")):
        page.mouse.up()
    expect(page.locator(".said")).to_contain_text(f"{order[5]} has moved.")
    see(page, swapped(order, 4))
    page.locator("a[data-drawer]", has_text="Swap").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    page.locator("a[data-drawer]", has_text="Swap").first.click()
    chosen = drawer.locator("article .say").first.inner_text()
    drawer.get_by_role("button", name=re.compile("^Use this one")).first.click()
    expect(drawer).to_be_hidden()
    expect(page.locator("li.seg .say", has_text=chosen)).to_be_visible()


def test_two_people_plan_at_once_see_the_same_and_lose_nothing(chromium: Browser, program: Program):
    ana, sam = (chromium.new_context(base_url=program.url) for _who in range(2))
    first, second = ana.new_page(), sam.new_page()
    sign_in(first)
    second.goto("/login")
    second.get_by_label("Email").fill("sam@example.org")
    second.get_by_label("Password", exact=True).fill("a quiet room")
    second.get_by_role("button", name="Sign in").click()
    second.wait_for_url("**/")
    order = open_plan(first, 2)
    second.goto(first.url)
    name, other = order[5], order[3]
    part(second, other).locator(".min").press_sequentially("")
    part(second, other).locator(".min").fill("9")
    part(first, name).get_by_role("button", name=re.compile("up$")).click()
    # the second person is typing: the move appears, and what is typed stays
    expect(second.locator(PLANNED).nth(4)).to_contain_text(name, timeout=SOON)
    # and what is said of it stays when the own minutes are saved right after
    expect(second.locator(".said")).to_contain_text(f"{name} has moved.")
    second.keyboard.press("Enter")
    expect(second.locator(".said")).to_contain_text("Saved.")
    expect(second.locator(".said")).to_contain_text(f"{name} has moved.")
    expect(part(first, other).locator(".min")).to_have_value("9", timeout=SOON)
    expect(first.locator(".said")).to_contain_text(other)
    for each in (first, second):
        see(each, swapped(order, 4))
    for context in (ana, sam):
        context.close()


def test_what_is_typed_while_the_connection_is_gone_is_saved_by_the_next_press(chromium: Browser, program: Program):
    page = chromium.new_page(base_url=program.url)
    sign_in(page)
    order = open_plan(page, 2)
    minutes = part(page, order[4]).locator(".min")
    page.context.set_offline(True)
    minutes.fill("8")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("No connection.")
    expect(minutes).to_have_value("8")
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Saved.")
    page.reload()
    expect(minutes).to_have_value("8")
    page.close()


def test_without_scripts_the_same_is_done_by_buttons(chromium: Browser, program: Program):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    sign_in(page)
    order = open_plan(page, 3)
    part(page, order[5]).get_by_role("button", name=re.compile("up$")).click()
    see(page, swapped(order, 4))
    part(page, order[5]).locator(".min").fill("11")
    page.get_by_role("button", name="Save the minutes").click()
    expect(part(page, order[5]).locator(".min")).to_have_value("11")
    part(page, order[5]).locator("[id^=more-] > summary").click()
    page.get_by_role("button", name=f"Split in two {order[5]}").click()
    expect(page.locator(PLANNED).filter(has_text=re.compile(rf"^\s*{order[5]}"))).to_have_count(2)
    for words in ("was split", "11 min in place of", "has moved"):
        page.get_by_role("button", name=re.compile(f"^Undo: .*{words}")).click()
    see(page, order)
    context.close()
