"""The whole way of a participant on a small phone, by keyboard alone: from the question in the mail to being forgotten."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Program
from tests.browser.scene import NOTE, Invited, invite, noon
from tests.browser.walker import Walker, walking

pytestmark = pytest.mark.browser
SUNDAY = 7


@pytest.fixture
def language() -> str:
    return "en"


@pytest.fixture
def invited(program: Program, language: str, request) -> Invited:
    return invite(program, language, f"pat-{abs(hash(request.node.name))}@way.example")


# a language changes the words and scripts change what a press does; neither changes the other
@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("es", False)], ids=["scripts", "es no-scripts"])
def test_a_person_goes_the_whole_way_by_keyboard(chromium, program, invited, language, scripts):
    with walking(chromium, program, language, scripts=scripts) as walker:
        own = agree(walker, invited)
        change_settings(walker, own)
        make_calendar(walker, own)
        read_on_from_a_reminder(walker, invited)
        leave_and_come_back(walker)
        say_still(walker, own)
        stop(walker, own)
        be_forgotten(walker, own)
    said = "\n".join(program.letters(invited.address)[:3])
    assert "North Room" not in said  # the letters of this way name no group


def agree(walker: Walker, invited: Invited) -> str:
    """Answer the question of the first letter with every choice there is, and get the welcome."""
    [link] = re.findall(r"http\S+/confirm", invited.letter(0, noon(1)))
    assert len(invited.program.letters(invited.address)) == 1
    walker.open(link)
    walker.heading("One question")
    walker.unfold("Choose how")
    short = walker.page.get_by_role("radio", name=re.compile(f"^{walker.say('Short')}"))
    walker.reach(walker.page.get_by_role("radio").first)
    walker.page.keyboard.press("ArrowDown")
    expect(short).to_be_checked()
    walker.press("checkbox", "Sunday", "Space")
    expect(walker.role("checkbox", "Sunday")).not_to_be_checked()
    walker.type_over("From", "22:15")
    walker.type_over("Until", "07:45")
    if walker.say("Language") == "Language":
        walker.choose("Language", "Eng", "en")
    else:
        walker.choose("Language", "Esp", "es")
    walker.press("button", "Yes, write to me here")
    walker.heading("Messages")
    expect(walker.page.get_by_role("radio").nth(1)).to_be_checked()
    expect(walker.role("checkbox", "Sunday")).not_to_be_checked()
    expect(walker.role("textbox", "From")).to_have_value("22:15")
    in_days = 1 if noon(1).isoweekday() != 7 else 2
    welcome = invited.letter(1, noon(in_days))
    assert walker.say("It is set") in welcome
    return link.removesuffix("/confirm")


def change_settings(walker: Walker, own: str) -> None:
    """Choose other hours; what cannot be read as a time is asked for again and nothing typed is lost."""
    walker.open(own)
    walker.type_over("From", "soon")
    walker.press("button", "Save")
    expect(walker.page.get_by_role("alert")).to_be_visible()
    expect(walker.role("textbox", "From")).to_have_value("soon")
    walker.check_width()
    walker.type_over("From", "21:00")
    walker.press("button", "Save")
    expect(walker.page.get_by_role("status").filter(has_text=walker.say("Saved."))).to_be_visible()
    expect(walker.role("textbox", "From")).to_have_value("21:00")


def make_calendar(walker: Walker, own: str) -> None:
    """Make an address for a calendar program; what it answers names nobody and nothing."""
    walker.open(own)
    walker.press("link", "Show the times in a calendar")
    walker.heading("Calendar")
    walker.press("button", "Make a calendar address")
    address = walker.page.locator("input[value*='/c/']").input_value()
    walker.check_width()
    feed = walker.page.request.get(address).text()
    assert "BEGIN:VEVENT" in feed
    assert "North Room" not in feed


def read_on_from_a_reminder(walker: Walker, invited: Invited) -> None:
    """Open the meeting from a reminder, then the note, the questions and the exercise behind it."""
    letter = invited.letter(2, not_on_sunday(invited.starts_at - timedelta(days=1)))
    [link] = re.findall(r"http\S+/s/\S+", letter)
    walker.open(link)
    expect(walker.page.get_by_role("heading", level=1)).to_be_visible()
    expect(walker.page.get_by_text("Room 9, Canal Street")).to_be_visible()
    expect(walker.page.get_by_text(NOTE)).to_have_count(0)
    walker.press("button", "Read on")
    walker.heading("What to expect")
    walker.unfold("Read the questions first")
    expect(walker.page.locator("ol .say").first).to_be_visible()
    walker.unfold(NOTE)
    expect(walker.page.get_by_text("A warm one.")).to_be_visible()
    walker.page.context.set_offline(offline=True)
    walker.unfold("Read it step by step")
    expect(walker.page.locator("details[open] p.say").last).to_be_visible()
    walker.page.context.set_offline(offline=False)


def not_on_sunday(at: datetime) -> datetime:
    """Return an instant at which this person may be written to: on a Sunday, a minute after that hour of the day before."""
    return at if at.isoweekday() != SUNDAY else at - timedelta(days=1) + timedelta(minutes=1)


def leave_and_come_back(walker: Walker) -> None:
    """Leave by the first thing that Tab leads to; Back brings nothing of what was read."""
    with walker.leaving():
        walker.press("link", "Exit this page")
    walker.go_back()
    expect(walker.page.get_by_text(NOTE)).to_have_count(0)
    expect(walker.page.locator(".say")).to_have_count(0)


def say_still(walker: Walker, own: str) -> None:
    walker.open(f"{own}/still")
    walker.press("button", "Yes, leave everything as it is")
    walker.heading("Messages")


def stop(walker: Walker, own: str) -> None:
    walker.open(f"{own}/stop")
    walker.press("button", "Stop all messages")
    expect(walker.page.get_by_text(walker.say("Messages are stopped. Nothing more is sent to you."))).to_be_visible()
    walker.check_width()


def be_forgotten(walker: Walker, own: str) -> None:
    """The address is erased, and the link opens nothing that tells whose it was."""
    walker.open(own)
    walker.unfold("Forget my address")
    walker.press("button", "Forget my address")
    walker.page.wait_for_url("**/m/erased")
    walker.check_width()
    answer = walker.page.goto(own)
    assert answer
    assert answer.status == 404


def test_three_presses_of_shift_leave_the_page(chromium, program, invited, language):
    letter = invited.letter(0, noon(1))
    with walking(chromium, program, language, scripts=True) as walker:
        walker.open(re.findall(r"http\S+/confirm", letter)[0])
        with walker.leaving():
            for _press in range(3):
                walker.page.keyboard.press("Shift")


def test_a_scanner_that_opens_every_link_of_every_letter_takes_nothing_from_the_person(
    chromium, program, invited, language
):
    letters = [invited.letter(0, noon(1))]
    with walking(chromium, program, language, scripts=True) as walker:
        [link] = re.findall(r"http\S+/confirm", letters[0])
        scan(walker, letters)
        walker.open(link)
        walker.press("button", "Yes, write to me here")
        letters += [invited.letter(1, noon(1)), invited.letter(2, invited.starts_at - timedelta(days=1))]
        scan(walker, letters)
        say_still(walker, link.removesuffix("/confirm"))
        expect(walker.page.get_by_text(walker.say("Messages are on."))).to_be_visible()


def scan(walker: Walker, letters: list[str]) -> None:
    """Open every address of some letters three times, by requests and in a browser that runs scripts."""
    own = [link for link in re.findall(r"http\S+", "\n".join(letters)) if "/m/" in link or "/s/" in link]
    assert own
    for link in own * 3:
        for method in ("GET", "HEAD"):
            assert walker.page.request.fetch(link, method=method).status == 200
        walker.open(link)
