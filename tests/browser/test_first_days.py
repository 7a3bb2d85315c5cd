"""From an empty installation to a scheduled series of twelve sessions, at the pace of a person, with and without scripts.

The person makes the first account, sees a test message arrive, makes a group, puts eight people on its list and plans
twelve sessions with their reminders: at most 15 presses and 3 minutes. How the minutes are counted is said in hands.py.
"""

import re
import time

import pytest
from playwright.sync_api import Browser, expect

from config import Config
from facilitator.accounts.service import set_up_code
from tests.browser.conftest import PATIENCE_S, Program, running
from tests.browser.hands import Hands

pytestmark = pytest.mark.browser
MOST_PRESSES, LONGEST_S = 15, 180
EMAIL, PASSWORD = "noor@journey.example", "three quiet evenings"
PEOPLE = ("Robin", "Kim", "Alex", "Sam", "Jules", "Sascha", "Toni", "Maxi")
TO_DO, DONE = "To do", "Done"


@pytest.fixture
def empty(tmp_path):
    with running(tmp_path, seeded=False) as program:
        yield program


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request, chromium: Browser, empty: Program):
    context = chromium.new_context(
        base_url=empty.url, java_script_enabled=request.param, locale="en-GB", timezone_id="Europe/London"
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_twelve_sessions_with_reminders_in_fifteen_presses_and_three_minutes(page, empty):
    hands = Hands(page)
    make_the_first_account(hands, empty)
    see_a_test_arrive(hands, empty)
    make_a_group(hands)
    add_eight_people(hands)
    plan_twelve_sessions(hands)
    assert len(hands.presses) <= MOST_PRESSES, hands.presses
    assert hands.spent_s <= LONGEST_S, (hands.person_s, hands.waited_s)
    page.goto("/")
    steps = page.locator("#guide ol > li")
    expect(steps.filter(has_text=DONE)).to_have_count(5)
    look_at_the_plan(hands)


def make_the_first_account(hands: Hands, empty: Program) -> None:
    hands.page.goto("/")
    hands.write("Set-up code", set_up_code(Config.from_env(empty.environment).secret_key))
    hands.write("Your first name", "Noor")
    hands.write("Email", EMAIL)
    hands.write("Password", PASSWORD, exact=True)
    hands.write("Password once more", PASSWORD)
    assert hands.page.get_by_label("Your time zone").input_value() == "Europe/London"
    hands.press("Make the account")
    expect(hands.page.get_by_role("heading", name="Getting started")).to_be_visible()


def see_a_test_arrive(hands: Hands, empty: Program) -> None:
    hands.press("Send me a test")
    step = hands.page.locator("#guide-mail")
    expect(step.locator(".st").first).to_have_text(re.compile(TO_DO))
    began = time.monotonic()
    [letter] = wait_for_letters(empty)
    hands.waited_s += time.monotonic() - began
    hands.think(2)  # over to the mail and back
    digits = re.search(r"\b(\d{4})\s*$", letter)
    assert digits, letter
    hands.write("4 digits from the message", digits[1])
    hands.enter("It has arrived")
    expect(hands.page.get_by_text("The test has arrived.")).to_be_visible()
    expect(step.locator(".st").first).to_have_text(re.compile(DONE))


def make_a_group(hands: Hands) -> None:
    hands.press("Create a group", "link")
    hands.write("Name people see", "Thursday Circle")
    hands.press("Create the group")
    expect(hands.page.get_by_text("Public holidays and help lines are those of United Kingdom.")).to_be_visible()


def add_eight_people(hands: Hands) -> None:
    hands.press("Add people", "link")
    hands.paste("People, one a line", "\n".join(f"{name}, {name.lower()}@journey.example" for name in PEOPLE))
    hands.press("Show what would be added")
    hands.tick("Each person agreed")
    hands.press("Add 8 people")
    expect(hands.page.get_by_text("8 people are on the list now.")).to_be_visible()


def plan_twelve_sessions(hands: Hands) -> None:
    hands.press("Thursday Circle", "link")
    hands.press("Plan a series", "link")
    hands.press("Continue")
    hands.press("Continue")
    hands.press("Continue")
    hands.press("Schedule sessions")
    expect(hands.page.get_by_text("12 sessions are planned. Nothing was sent.")).to_be_visible()


def look_at_the_plan(hands: Hands) -> None:
    hands.press("Look at the plan", "link")
    expect(hands.page.get_by_role("heading", level=1)).to_be_visible()


def wait_for_letters(empty: Program) -> list[str]:
    until = time.monotonic() + PATIENCE_S
    while not (found := empty.letters(EMAIL)) and time.monotonic() < until:
        time.sleep(0.1)
    return found
