"""Other words for an exercise by keyboard alone, and the sum of an agenda while its minutes are typed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser
TABS = 40


def press_to(page: Page, name: str) -> None:
    """Move on with the tabulator until the control of this name has the focus."""
    wanted = page.get_by_role("textbox", name=name, exact=True).or_(page.get_by_role("button", name=name))
    wanted = wanted.or_(page.get_by_role("link", name=name, exact=True))
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if wanted.first.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_an_exercise_is_given_other_words_by_keyboard(page: Page):
    sign_in(page)
    page.goto("/library/exercise/gr2-lent-weight")
    press_to(page, "Give it other words")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Other words")).to_be_visible()
    press_to(page, "Name")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    press_to(page, "Save as a new version")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    press_to(page, "Enter an answer.")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Borrowed weight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Borrowed weight")).to_be_visible()
    expect(page.get_by_text("Saved as a new version")).to_be_visible()
    page.get_by_text("What differs").click()
    expect(page.locator("ins", has_text="Borrowed")).to_be_visible()


def test_the_minutes_of_an_agenda_are_summed_while_they_are_typed(page: Page):
    sign_in(page)
    page.goto("/library/agenda/closed-60/edit")
    summed = page.get_by_role("status").filter(has_text="minutes")
    expect(summed).to_have_text("60 of 60 minutes")
    minutes = page.get_by_label("Minutes", exact=True)
    first, second = (int(minutes.nth(number).input_value()) for number in (0, 1))
    minutes.nth(0).fill(str(first + 1))
    expect(summed).to_have_text("61 of 60 minutes")
    expect(summed).to_have_class(re.compile(r"\berr\b"))
    minutes.nth(1).fill(str(second - 1))
    expect(summed).to_have_text("60 of 60 minutes")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Saved as a new version")).to_be_visible()
