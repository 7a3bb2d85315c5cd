"""From sign-in to the trend: the whole way that the software exists for, pressed by hand in a real browser."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from facilitator.times import get_zone, next_clock_change, to_instant
from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser
ZONE = "Europe/Berlin"
PEOPLE = ("Robin", "Kim", "Alex", "Noor", "Jules", "Sascha", "Toni", "Maxi")
MOST_CLICKS = 15


def first_date() -> date:
    """A Thursday three weeks before the next change of the clocks, at least a week from now."""
    change = next_clock_change(get_zone(ZONE), datetime.now(UTC) + timedelta(days=35))
    assert change
    on = change.on - timedelta(weeks=3)
    return on + timedelta(days=(3 - on.weekday()) % 7)


def local_instant(on: date, hour: int, minute: int) -> datetime:
    return to_instant(datetime(on.year, on.month, on.day, hour, minute), get_zone(ZONE))  # noqa: DTZ001 - wall time


class Clicks:
    """Counts every press on the way through the wizard."""

    def __init__(self, page: Page) -> None:
        self._page, self.count = page, 0

    def press(self, name: str, role: str = "button") -> None:
        self.count += 1
        self._page.get_by_role(role, name=name).first.click()


def test_a_facilitator_does_the_whole_job(page: Page, program: Program) -> None:
    sign_in(page)
    create_group(page)
    add_eight_people(page)
    let_everybody_agree(page, program)
    first_on = plan_twelve_sessions(page)
    read_reasons(page)
    move_session_four(page, first_on)
    cancel_session_seven(page)
    send_and_read_reminders(page, program, first_on)
    close_todays_room_and_see_the_trend(page)


def create_group(page: Page) -> None:
    page.get_by_role("link", name="Groups", exact=True).first.click()
    page.get_by_role("link", name="New group").click()
    page.get_by_label("Name people see").fill("Thursday Circle")
    page.get_by_label("Time zone").select_option(ZONE)
    page.get_by_label("Place", exact=True).fill("Room 3, Canal Street")
    page.get_by_role("button", name="Create the group").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thursday Circle")


def add_eight_people(page: Page) -> None:
    page.get_by_role("link", name="Add people").click()
    lines = [f"{alias}, {alias.lower()}@journey.example" for alias in PEOPLE]
    page.get_by_label("People, one a line").fill(
        "\n".join([*lines, "Robin again, robin@journey.example", "No address"])
    )
    page.get_by_role("button", name="Show what would be added").click()
    expect(page.get_by_text("8 people can be added, 2 lines cannot.")).to_be_visible()
    page.get_by_label("Each person agreed").check()
    page.get_by_role("button", name="Add 8 people").click()
    expect(page.get_by_text("8 people are on the list now.")).to_be_visible()
    page.get_by_role("link", name="Thursday Circle").first.click()


def let_everybody_agree(page: Page, program: Program) -> None:
    """Each person finds one question in their mailbox and says yes; it comes tomorrow where it is night by now."""
    tomorrow = datetime.now(get_zone(ZONE)).date() + timedelta(days=1)
    program.command("send-due", "--now", local_instant(tomorrow, 12, 0).isoformat())
    own = page.context.browser.new_context(base_url=program.url) if page.context.browser else page.context
    theirs = own.new_page()
    for alias in PEOPLE:
        # a command at noon of tomorrow takes what the worker of today has in hand for left behind, and sends it anew
        question = program.letter(f"{alias.lower()}@journey.example", 0)
        theirs.goto(re.findall(r"http\S+/confirm", question)[0])
        theirs.get_by_role("button", name="Yes, write to me here").click()
        expect(theirs.get_by_role("heading", level=1)).to_have_text("Messages")
    own.close()


def plan_twelve_sessions(page: Page) -> date:
    first_on = first_date()
    clicks = Clicks(page)
    clicks.press("Plan a series", "link")
    clicks.press("Continue")
    for label, value in (("Day", first_on.day), ("Month", first_on.month), ("Year", first_on.year)):
        page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_label("Starts").fill("18:30")
    page.get_by_label("Leave out public holidays").uncheck()
    clicks.count += 1
    clicks.press("Update the list")
    expect(page.get_by_role("heading", name="Your 12 dates")).to_be_visible()
    expect(page.get_by_text("The session stays at its time on the wall").first).to_be_visible()
    clicks.press("Continue")
    clicks.press("Continue")
    clicks.press("Schedule sessions")
    expect(page.get_by_text("12 sessions are planned. Nothing was sent.")).to_be_visible()
    assert clicks.count <= MOST_CLICKS
    return first_on


def open_session(page: Page, number: int) -> None:
    page.goto("/groups")
    page.get_by_role("link", name="Thursday Circle").click()
    page.get_by_role("link", name=re.compile(rf"^{number}\. ")).first.click()


def read_reasons(page: Page) -> None:
    open_session(page, 3)
    why = page.locator("details", has_text="Why this prompt").first
    why.locator("summary").click()
    expect(why).to_contain_text(re.compile("depth|covered|used|format", re.IGNORECASE))


def reminder_times(page: Page, on: date) -> list[str]:
    """When the reminders of the session on a date go out, as the group's reminders page says."""
    page.goto("/groups")
    page.get_by_role("link", name="Thursday Circle").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Open reminders").click()
    named = page.locator("h3", has_text=f"{on:%a} {on.day} {on:%b}")
    return page.locator("section[aria-labelledby=up] li", has=named).locator(".num").all_text_contents()


def move_session_four(page: Page, first_on: date) -> None:
    was_on, is_on = first_on + timedelta(weeks=3), first_on + timedelta(weeks=3, days=1)
    assert len(reminder_times(page, was_on)) == 2
    open_session(page, 4)
    page.get_by_role("link", name=re.compile("Move")).first.click()
    for label, value in (("Day", is_on.day), ("Month", is_on.month), ("Year", is_on.year)):
        page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_role("button", name=re.compile("Show|Check|Look", re.IGNORECASE)).first.click()
    expect(page.locator("main")).to_contain_text(re.compile("told", re.IGNORECASE))
    page.get_by_role("button", name=re.compile("^(Move|Save)")).first.click()
    assert reminder_times(page, was_on) == []
    assert len(reminder_times(page, is_on)) == 2


def cancel_session_seven(page: Page) -> None:
    open_session(page, 7)
    page.get_by_role("link", name=re.compile("^Cancel")).first.click()
    page.get_by_role("button", name=re.compile("^Cancel")).first.click()
    expect(page.locator("main")).to_contain_text("ancelled")


def send_and_read_reminders(page: Page, program: Program, first_on: date) -> None:
    due = local_instant(first_on - timedelta(days=2), 18, 31)
    counts = json.loads(program.command("send-due", "--now", due.isoformat()))
    assert counts["sent"] >= len(PEOPLE)
    page.goto("/mailbox")
    expect(page.get_by_role("link", name="Thursday").first).to_be_visible()
    page.get_by_role("link", name="Thursday").first.click()
    body = page.locator("pre").first
    expect(body).to_contain_text("Thursday 18:30")
    expect(body).not_to_contain_text("Circle")
    later = local_instant(first_on + timedelta(weeks=6), 18, 0)
    program.command("plan-due", "--now", later.isoformat())
    page.goto("/reminders")
    assert reminder_times(page, first_on + timedelta(weeks=6)) == []


def close_todays_room_and_see_the_trend(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile("Open the session")).click()
    page.get_by_role("link", name=re.compile("Close the room")).first.click()
    page.get_by_role("textbox", name="How many people came").fill("6")
    page.get_by_role("button", name="Close the room").first.click()
    page.wait_for_url("**/groups/*")
    page.goto("/reports")
    page.get_by_role("link", name="Harbour Circle").first.click()
    expect(page.get_by_role("img", name=re.compile("6"))).to_be_visible()
    expect(page.locator("table").first).to_contain_text("6")
