"""Leaving at once, and what a browser has left of a participant's pages afterwards: nothing on screen, nothing stored."""

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ELSEWHERE, Program

pytestmark = pytest.mark.browser
PLAIN = "<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>"
PHONE = {"width": 390, "height": 800}
STORED = """async () => [
  localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]"""
# at the moment at which the page is hidden, before any answer: how high its content is, and its title
TELL_WHAT_IS_SEEN = """new MutationObserver(() => {
  console.log([document.querySelector('main').offsetHeight, document.title].join());
}).observe(document.documentElement, {attributes: true})"""
NOTHING = [0, 0, "", 0, 0, 0]


@pytest.fixture(scope="module")
def links(program: Program) -> dict[str, str]:
    """The path of the page of a meeting and of one person's own page, from the mail of the demonstration."""
    spool = Path(program.environment["FACILITATOR_DATA_DIR"]) / "mailbox"
    mail = "".join(path.read_text() for path in sorted(spool.glob("*.eml")))
    return {kind: re.findall(rf"/{kind}/[\w-]{{22}}(?=\s)", mail)[-1] for kind in ("s", "m")}


@contextmanager
def visit(chromium: Browser, program: Program, *, scripts: bool = True, **more) -> Iterator[Page]:
    """Open a phone on which the site that leaving leads to answers with a plain page of ours."""
    context = chromium.new_context(
        base_url=program.url, viewport=PHONE, locale="en-GB", java_script_enabled=scripts, **more
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    site = context.new_cdp_session(page)
    site.send("Fetch.enable", {"patterns": [{"urlPattern": f"{ELSEWHERE}*"}]})
    body = b64encode(PLAIN.encode()).decode()
    answer = {"responseCode": 200, "responseHeaders": [{"name": "Content-Type", "value": "text/html"}], "body": body}
    site.on(
        "Fetch.requestPaused",
        lambda event: site.send("Fetch.fulfillRequest", answer | {"requestId": event["requestId"]}),
    )
    yield page
    context.close()


def press_exit(page: Page) -> None:
    page.get_by_role("link", name="Exit this page").click()


def press_shift(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")


def pages_of(links: dict[str, str]) -> list[str]:
    own = [links["m"] + ending for ending in ("", "/stop", "/still", "/calendar")]
    return [links["s"], *own, "/kept", "/here", "/here/done", "/m/erased", "/s/nothing", "/m/nothing"]


@pytest.mark.parametrize("leave", [press_exit, press_shift])
def test_after_leaving_the_back_button_shows_nothing_of_the_meeting(chromium, program, links, leave):
    with visit(chromium, program) as page:
        page.goto(links["s"])
        page.get_by_role("button", name="Read on").click()
        expect(page.get_by_role("heading", name="What to expect")).to_be_visible()
        leave(page)
        page.wait_for_url(ELSEWHERE)
        page.go_back()
        page.wait_for_url(f"**{links['s']}")
        expect(page.locator("body")).to_have_text("Show this page")
        assert page.title() == "Page"
        page.get_by_role("button", name="Show this page").click()
        expect(page.get_by_role("heading", name="Help now")).to_be_visible()
        expect(page.get_by_role("heading", name="What to expect")).to_have_count(0)


def test_the_page_that_was_left_is_not_in_the_history_of_the_tab(chromium, program, links):
    with visit(chromium, program) as page:
        page.goto("about:blank")
        page.goto(links["s"])
        press_exit(page)
        page.wait_for_url(ELSEWHERE)
        page.go_back()
        assert page.url == "about:blank"


def test_back_within_the_pages_leads_on_as_usual(chromium, program, links):
    with visit(chromium, program) as page:
        page.goto(links["s"])
        page.get_by_role("link", name="What is kept").last.click()
        page.wait_for_url("**/kept")
        page.go_back()
        expect(page.get_by_role("heading", name="Help now")).to_be_visible()
        expect(page.get_by_role("button", name="Show this page")).to_have_count(0)


@pytest.mark.parametrize("leave", [press_exit, press_shift])
def test_nothing_is_on_screen_while_the_next_site_is_awaited(chromium, program, links, leave):
    with visit(chromium, program) as page:
        page.goto(links["s"])
        page.evaluate(TELL_WHAT_IS_SEEN)
        with page.expect_console_message() as said:
            leave(page)
        assert said.value.text == "0,Page"


def test_the_link_leaves_without_scripts_and_clears_what_a_browser_keeps(chromium, program, links):
    with visit(chromium, program, scripts=False) as page:
        page.goto(links["s"])
        with page.expect_response("**/leave") as answer:
            press_exit(page)
        assert (answer.value.status, answer.value.headers["location"]) == (303, ELSEWHERE)
        assert answer.value.all_headers()["clear-site-data"] == '"cache", "cookies", "storage"'
        assert answer.value.request.headers.get("referer") is None


def test_leaving_is_the_first_stop_of_a_keyboard_after_the_skip_link(chromium, program, links):
    with visit(chromium, program) as page:
        page.goto(links["s"])
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.locator("#exit")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(ELSEWHERE)


def test_each_press_of_shift_is_said_aloud_and_forgotten_after_a_while(chromium, program, links):
    with visit(chromium, program) as page:
        page.clock.install()
        page.goto(links["s"])
        said = page.get_by_role("status").and_(page.locator("#exit-said"))
        page.keyboard.press("Shift")
        expect(said).to_have_text("Shift: press 2 more times to leave.")
        page.keyboard.press("Shift")
        expect(said).to_have_text("Shift: press 1 more time to leave.")
        page.clock.run_for(5_001)
        expect(said).to_have_text("")
        page.keyboard.press("Shift")
        expect(said).to_have_text("Shift: press 2 more times to leave.")


@pytest.mark.parametrize("keys", [("Shift+A",) * 4, ("Shift", "a") * 4, ("Control+Shift",) * 4, ("Shift+Tab",) * 4])
def test_shift_together_with_anything_else_does_not_leave(chromium, program, links, keys):
    with visit(chromium, program) as page:
        page.goto(links["s"])
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert page.url.endswith(links["s"])
        assert not page.evaluate("document.documentElement.hidden")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_steadies_opens_and_asks_for_nothing_when_the_connection_is_gone(chromium, program, links, scripts):
    with visit(chromium, program, scripts=scripts) as page:
        page.goto(links["s"])
        page.get_by_role("button", name="Read on").click()
        expect(page.get_by_role("heading", name="What to expect")).to_be_visible()
        page.context.set_offline(True)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        for summary in page.locator("summary").all():
            summary.click()
        steps = page.locator("section", has=page.get_by_role("heading", name="Something steadying")).locator(".say")
        assert steps.count() > 1
        for step in steps.all():
            expect(step).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("999|116 123|911|112")).first).to_be_visible()
        assert asked == []


def test_no_page_stores_anything_or_asks_another_site(chromium, program, links):
    with visit(chromium, program) as page:
        asked = []
        page.context.on("request", lambda request: asked.append(request.url))
        page.context.on("serviceworker", lambda worker: asked.append(worker.url))
        found = {}
        for path in pages_of(links):
            answer = page.goto(path)
            assert answer
            assert answer.headers["cache-control"] == "no-store", path
            found[path] = page.evaluate(STORED)
        page.goto(links["s"])
        page.get_by_role("button", name="Read on").click()
        expect(page.get_by_role("heading", name="What to expect")).to_be_visible()
        found["read"] = page.evaluate(STORED)
        assert {path: kept for path, kept in found.items() if kept != NOTHING} == {}
        assert [cookie["name"] for cookie in page.context.cookies() if cookie["name"] != "here"] == []
        assert [url for url in asked if not url.startswith(program.url)] == []


@pytest.mark.parametrize("width", [320, 390])
def test_no_telephone_number_breaks_in_the_middle(chromium, program, links, width):
    with visit(chromium, program) as page:
        page.set_viewport_size({"width": width, "height": 800})
        for path in (links["s"], links["m"]):
            page.goto(path)
            page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
            numbers = page.locator("a[href^='tel:'] > span")
            assert numbers.count() > 1
            lines = numbers.evaluate_all("all => all.map(each => each.getClientRects().length)")
            assert set(lines) == {1}, path
            assert page.evaluate("document.documentElement.scrollWidth") <= width
