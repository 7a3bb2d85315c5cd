"""A form that a real browser sends several times at once, as a hurried hand does: one thing is made."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser
GROUP = re.compile(r"/groups/[\w-]{22}$")
PRESSES = 4
PRESS = """
async (button, presses) => {
  const form = button.form, send = () => fetch(form.action, {method: "POST", body: new FormData(form)});
  return (await Promise.all(Array.from({length: presses}, send))).map(answer => answer.url);
}
"""


def press_at_once(page: Page, name: str) -> str:
    """Send the form of a button several times in the same moment; return the one page that all were led to."""
    led_to = page.get_by_role("button", name=name).first.evaluate(PRESS, PRESSES)
    assert len(led_to) == PRESSES
    assert len(set(led_to)) == 1
    return str(led_to[0])


def create(page: Page, label: str) -> None:
    page.goto("/groups/new")
    page.locator("#label").fill(label)
    assert GROUP.search(press_at_once(page, "Create the group"))


def count(page: Page, label: str) -> int:
    page.goto("/groups")
    return page.get_by_role("link", name=label, exact=True).count()


def test_a_group_is_made_once_and_a_second_form_makes_a_second(page: Page):
    sign_in(page)
    create(page, "Harbour evenings")
    assert count(page, "Harbour evenings") == 1
    create(page, "Harbour evenings")
    assert count(page, "Harbour evenings") == 2


def test_messages_that_are_paused_with_a_hurried_hand_are_paused(page: Page):
    sign_in(page)
    for name, other in (
        ("Pause all messages", "Let messages go again"),
        ("Let messages go again", "Pause all messages"),
    ):
        page.goto("/reminders")
        press_at_once(page, name)
        page.goto("/reminders")
        expect(page.get_by_role("button", name=other).first).to_be_visible()
