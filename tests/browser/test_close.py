"""Closing the room on a phone: three presses at most, with and without scripts, and nothing that was typed is lost."""

import re
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
MOST_PRESSES = 3
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


class Hand:
    """A thumb on a phone that counts its presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses = page, 0

    def press(self, name: str) -> None:
        self.presses += 1
        self.page.get_by_role("button", name=name).first.click()


@pytest.fixture(scope="module")
def kept_state(chromium: Browser, program: Program) -> dict:
    context = chromium.new_context(base_url=program.url)
    page = context.new_page()
    sign_in(page)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def phone(chromium: Browser, program: Program, kept_state: dict, scripts) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=program.url, viewport=PHONE, storage_state=kept_state, java_script_enabled=scripts, locale="en-GB"
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/")
    page.goto(page.locator("a[href$='/run']").first.get_attribute("href"))
    yield page
    context.close()


def open_close(page: Page) -> Hand:
    page.get_by_role("link", name="Close the room").first.click()
    page.wait_for_url("**/close")
    return Hand(page)


def number(page: Page) -> int:
    return int(page.locator("#headcount").input_value())


def see_everything(page: Page) -> None:
    """The number, what is kept of it and the button stand on the first screen, above the bar."""
    bar = page.locator("nav.nav").bounding_box()["y"]
    for box in (page.locator("#keep").bounding_box(), page.locator("button[value=close]").first.bounding_box()):
        # the strip of the demonstration takes room that no other installation gives away
        strip = page.locator("p.demo").bounding_box()
        assert box["y"] + box["height"] - (strip["height"] + 40) <= bar


@SCRIPTS
def test_one_more_than_the_last_time_takes_two_presses_and_says_what_is_kept_before(phone, scripts):
    hand = open_close(phone)
    see_everything(phone)
    started = number(phone)
    address = phone.url
    hand.press("one fewer")
    expect(phone.locator("#headcount")).to_have_value(str(started - 1))
    expect(phone.locator("#keep")).to_contain_text(f"You counted {started - 1}.")
    hand.press("Close the room")
    phone.wait_for_url("**/groups/*")
    assert hand.presses <= MOST_PRESSES
    phone.goto(address)
    expect(phone.get_by_text(f"Kept now: “{started - 1}”.")).to_be_visible()
    leave_it_open(phone)


def leave_it_open(page: Page) -> None:
    """Say that the session did not take place and take it back, so that the next test finds it as it was."""
    page.locator("summary", has_text="It did not take place").click()
    page.get_by_label("Another reason").check()
    page.get_by_role("button", name="Save that it did not take place").click()
    expect(page.get_by_text("This session did not take place.")).to_be_visible()
    page.get_by_role("link", name="Why, and take it back").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#headcount")).to_be_visible()


def tap(page: Page, program: Program, *answers: str) -> None:
    """Check people in from devices of their own."""
    page.get_by_role("button", name="Open check-in").click()
    page.wait_for_url("**/check-in")
    words = " ".join(page.locator(".shout > span").all_inner_texts())
    for answer in answers:
        data = urllib.parse.urlencode({"words": words, "answer": answer}).encode()
        with urllib.request.urlopen(f"{program.url}/here", data, timeout=10) as reply:
            assert reply.status == 200


@SCRIPTS
def test_after_a_check_in_one_press_closes_the_room(phone, program, scripts):
    run = phone.url
    tap(phone, program, "first_time", *["been_before"] * 4, "unsaid")
    phone.goto(run)
    hand = open_close(phone)
    see_everything(phone)
    address = phone.url
    assert number(phone) == 6
    expect(phone.locator("#keep")).to_contain_text("And “most had been before”, nothing else.")
    hand.press("Close the room")
    phone.wait_for_url("**/groups/*")
    assert hand.presses == 1
    phone.goto(address)
    expect(phone.get_by_label("Most", exact=True)).to_be_checked()
    leave_it_open(phone)


@SCRIPTS
def test_a_wrong_number_and_a_missing_reason_leave_everything_as_it_was_typed(phone, scripts):
    hand = open_close(phone)
    phone.get_by_label("About half").check()
    used = phone.get_by_label("Cut short").first
    used.check()
    minutes = phone.locator("input[name^='minutes-']").first
    minutes.fill("14")
    phone.locator("#headcount").fill("eight")
    hand.press("Close the room")
    expect(phone.locator("#problem")).to_contain_text("Enter a number from 0 to 500.")
    for typed in ("eight", "7"):
        if typed == "7":
            phone.locator("#headcount").fill("7")
            phone.locator("summary", has_text="It did not take place").click()
            hand.press("Save that it did not take place")
            expect(phone.locator("#problem")).to_contain_text("Choose why it did not take place.")
        expect(phone.locator("#headcount")).to_have_value(typed)
        expect(phone.get_by_label("About half")).to_be_checked()
        expect(used).to_be_checked()
        expect(minutes).to_have_value("14")


@pytest.mark.parametrize("scripts", [True], ids=["with scripts"])
def test_a_row_of_presses_and_a_typed_number_are_followed_by_the_sentence_and_nothing_is_kept(phone, scripts):
    open_close(phone)
    address = phone.url
    phone.locator("#headcount").fill("3")
    expect(phone.locator("#keep")).to_contain_text("You counted 3. We will keep 3.")
    for _press in range(4):
        phone.get_by_role("button", name="one more").click()
    expect(phone.locator("#headcount")).to_have_value("7")
    expect(phone.locator("#keep")).to_contain_text("You counted 7.")
    phone.get_by_label("Most", exact=True).check()
    expect(phone.locator("#keep")).to_contain_text("And “most had been before”, nothing else.")
    assert phone.url == address
    assert faults(phone) == []
    phone.goto(address)
    expect(phone.get_by_text(re.compile("Kept now"))).to_have_count(0)


@pytest.mark.parametrize("scripts", [True], ids=["with scripts"])
def test_the_page_of_a_session_that_did_not_take_place_has_no_faults(phone, scripts):
    open_close(phone)
    phone.locator("summary", has_text="It did not take place").click()
    phone.get_by_label("Weather or transport").check()
    phone.get_by_role("button", name="Save that it did not take place").click()
    phone.get_by_role("link", name="Why, and take it back").click()
    expect(phone.get_by_role("heading", name="Reason: Weather or transport")).to_be_visible()
    assert faults(phone) == []
    phone.get_by_role("button", name="Take it back").click()
