"""Checking in on a small phone and a slow line: within ten seconds, with and without scripts, by keyboard alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

pytestmark = pytest.mark.browser
MOST_S = 10.0
PHONE = {"width": 360, "height": 640}
# a slow mobile line: 400 ms there and back, 400 kbit/s
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
BETWEEN_KEYS_MS = 150  # a person who types two words


@dataclass
class Wall:
    """The screen of an open room on the facilitator's machine."""

    page: Page
    address: str

    def words(self) -> list[str]:
        self.page.goto(self.address)
        return [word.strip() for word in self.page.locator(".shout > span").all_inner_texts()]

    def taps(self) -> int:
        self.page.goto(self.address)
        return int(self.page.locator("#room .big").inner_text())


@pytest.fixture
def wall(page: Page) -> Iterator[Wall]:
    """Open check-in from the run screen of the session that is on."""
    sign_in(page)
    page.locator("a[href$='/run']").first.click()
    page.get_by_role("button", name="Open check-in").click()
    page.wait_for_url("**/check-in")
    opened = Wall(page=page, address=page.url)
    yield opened
    page.goto(opened.address)
    page.locator("summary", has_text="Stop check-in").click()
    page.get_by_role("button", name="Stop and throw the taps away").click()


@contextmanager
def phone(chromium: Browser, program: Program, *, scripts: bool = True, slow: bool = True, **more) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=program.url, viewport=PHONE, locale="en-GB", java_script_enabled=scripts, **more
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    if slow:
        line = context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", SLOW)
    yield page
    context.close()


def test_a_scanned_code_checks_in_within_ten_seconds_and_leaves_no_words_in_the_address(chromium, program, wall):
    words = wall.words()
    with phone(chromium, program) as page:
        begun = time.monotonic()
        page.goto(f"/here#{'-'.join(words)}")
        expect(page.get_by_label("The two words on the wall")).to_have_value(" ".join(words))
        assert page.url == f"{program.url}/here"
        page.get_by_role("button", name="I’m here").click()
        expect(page.get_by_text("Nothing about you was kept.")).to_be_visible()
        assert time.monotonic() - begun < MOST_S
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
        [cookie] = page.context.cookies()
        assert (cookie["name"], cookie["value"], cookie["path"], cookie["expires"]) == ("here", "1", "/here", -1)
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert wall.taps() == 1


def test_typed_words_check_in_within_ten_seconds_without_scripts(chromium, program, wall):
    words = wall.words()
    with phone(chromium, program, scripts=False) as page:
        begun = time.monotonic()
        page.goto("/here")
        page.get_by_label("The two words on the wall").press_sequentially(" ".join(words), delay=BETWEEN_KEYS_MS)
        page.get_by_text("Been before", exact=True).click()
        page.get_by_role("button", name="I’m here").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        assert time.monotonic() - begun < MOST_S
        page.get_by_role("link", name="Next person").click()
        expect(page.get_by_label("Rather not say")).to_be_checked()
    assert wall.taps() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_keyboard_alone_checks_in(chromium, program, wall, scripts):
    words = wall.words()
    with phone(chromium, program, scripts=scripts) as page:
        begun = time.monotonic()
        page.goto("/here")
        while page.locator("#words:focus").count() == 0:
            page.keyboard.press("Tab")
        page.keyboard.type("-".join(words).upper(), delay=BETWEEN_KEYS_MS)
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowUp")
        expect(page.get_by_label("Been before")).to_be_checked()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        assert time.monotonic() - begun < MOST_S


def test_a_shared_phone_brings_the_words_for_the_next_person(chromium, program, wall):
    code = f"/here#{'-'.join(wall.words())}"
    with phone(chromium, program, slow=False) as page:
        for _ in range(2):
            page.goto("about:blank")
            page.goto(code)
            if page.get_by_text("This phone has already said it is here.").count():
                page.get_by_role("link", name="Next person").click()
            page.get_by_role("button", name="I’m here").click()
            expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert wall.taps() == 2


def test_two_quick_taps_are_one(chromium, program, wall):
    words = wall.words()
    with phone(chromium, program) as page:
        page.goto(f"/here#{'-'.join(words)}")
        page.get_by_role("button", name="I’m here").dblclick(no_wait_after=True)
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert wall.taps() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_check_in_is_accessible_on_a_small_phone(chromium, program, wall, theme):
    words = wall.words()
    found = []
    with phone(chromium, program, slow=False, color_scheme=theme) as page:
        page.goto("/here")
        found += faults(page)
        page.get_by_label("The two words on the wall").fill("maple river")
        page.get_by_role("button", name="I’m here").click()
        expect(page.locator("#problem")).to_be_focused()
        found += faults(page)
        page.get_by_label("The two words on the wall").fill(" ".join(words))
        page.get_by_role("button", name="I’m here").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        found += faults(page)
        page.goto("/here")
        found += faults(page)
    assert found == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_screen_of_the_room_is_accessible_in_each_way(wall, width):
    page = wall.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(wall.address)
    found = faults(page)
    page.locator("summary", has_text="Slips of paper instead").click()
    found += faults(page)
    page.get_by_role("button", name="Make slips").click()
    expect(page.get_by_role("heading", name="Slips")).to_be_visible()
    found += faults(page)
    page.goto(wall.address)
    found += faults(page)
    assert found == []


def test_the_screen_shows_a_tap_by_itself(chromium, program, wall):
    words = wall.words()
    expect(wall.page.locator("#room .big")).to_have_text("0")
    with phone(chromium, program, slow=False) as page:
        page.goto(f"/here#{'-'.join(words)}")
        page.get_by_role("button", name="I’m here").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(wall.page.locator("#room .big")).to_have_text("1", timeout=15_000)
    expect(wall.page.locator(".qr")).to_be_visible()


def test_slips_print_on_paper_without_the_rest_of_the_page(wall):
    page = wall.page
    page.goto(wall.address)
    page.locator("summary", has_text="Slips of paper instead").click()
    page.get_by_label("How many slips").fill("12")
    page.get_by_role("button", name="Make slips").click()
    page.emulate_media(media="print")
    expect(page.locator(".slips > li")).to_have_count(12)
    expect(page.get_by_role("heading", name="Slips")).to_be_hidden()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") <= 1
    page.emulate_media(media="screen")
