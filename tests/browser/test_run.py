"""A session run on real screens: a phone without its connection, two at once, no scripts, the keyboard alone."""

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from facilitator.curriculum.rules import SegmentKind
from facilitator.planning.rules_live import Act, LivePart, LiveState, list_allowed, look, press
from tests.browser.conftest import Program, sign_in
from tests.browser.looking import faults

pytestmark = pytest.mark.browser
PHONE, DESK, NARROW = {"width": 390, "height": 844}, {"width": 1280, "height": 860}, {"width": 320, "height": 640}
SOON_MS = 2000
HEALED_MS = 30_000  # until a screen is connected again; a request that hangs is given up after 5 s
AWAY_S = 120  # how long the connection of a phone is cut
MOST_BYTES = 120_000


@pytest.fixture(scope="module")
def kept_state(chromium: Browser, program: Program) -> dict:
    context = chromium.new_context(base_url=program.url)
    sign_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(autouse=True)
def _from_the_start(program: Program) -> None:
    """Let every test begin with a session that nobody has begun."""
    with closing(sqlite3.connect(Path(program.environment["FACILITATOR_DATA_DIR"]) / "facilitator.db")) as raw:
        raw.execute("DELETE FROM live_session")
        raw.commit()


@pytest.fixture
def rooms(chromium: Browser, program: Program, kept_state: dict) -> Iterator:
    """Open the screen of tonight's session as often as a test wants to."""
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def open_room(viewport=None, **options) -> Page:
        context = chromium.new_context(
            base_url=program.url, viewport=viewport or PHONE, storage_state=kept_state, locale="en-GB", **options
        )
        opened.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/")
        page.goto(page.locator("a[href$='/run']").first.get_attribute("href"))
        return page

    yield open_room
    for context in opened:
        context.close()
    assert faults == []


def hit(page: Page, act: str) -> None:
    page.locator(f"button[name=do][value={act}]:visible").click()


def state(page: Page) -> dict:
    """Return what the server says of the session."""
    return page.context.request.get(f"{page.url.partition('#')[0]}/state").json()


def titles(page: Page) -> list[str]:
    return page.locator("#whole > [data-part]").evaluate_all("all => all.map(each => each.dataset.title)")


def parts(page: Page) -> list[str]:
    return page.locator("#whole > [data-part]").evaluate_all("all => all.map(each => each.dataset.part)")


def see_part(page: Page, number: int, within: int = SOON_MS) -> None:
    expect(page.locator("h1")).to_have_text(titles(page)[number], timeout=within)
    assert page.locator("#stage [data-words]").get_attribute("data-words") == parts(page)[number]


@pytest.mark.timeout(360)
def test_a_whole_session_on_a_phone_with_the_network_cut_for_two_minutes_in_the_middle(rooms):
    page, count = rooms(), 0
    count = len(parts(page))
    hit(page, "start")
    for number in range(1, 4):
        hit(page, "next")
        see_part(page, number)
    page.get_by_role("button", name="one fewer").click()
    page.wait_for_function("document.getElementById('as-of').textContent.startsWith('as of')")
    page.wait_for_timeout(500)
    assert state(page)["part"] == parts(page)[3]

    page.context.set_offline(True)
    cut = time.monotonic()
    expect(page.locator("#as-of")).to_contain_text("not connected", timeout=HEALED_MS)
    before = page.locator("#clock").inner_text()
    hit(page, "more")
    hit(page, "next")
    see_part(page, 4)
    hit(page, "skip")
    see_part(page, 5)
    expect(page.locator("#clock")).not_to_have_text(before)
    ticking = page.locator("#clock").inner_text()
    expect(page.locator("#clock")).not_to_have_text(ticking, timeout=3000)
    page.get_by_role("link", name="Crisis card").first.click()
    expect(page.locator("#crisis")).to_be_visible()
    expect(page.get_by_text("Private place.")).to_be_visible()
    page.locator("#crisis").get_by_role("link", name="Back to the session").click()
    page.wait_for_timeout((cut + AWAY_S - time.monotonic()) * 1000)
    assert page.locator("#as-of").inner_text().endswith("not connected")
    see_part(page, 5)

    page.context.set_offline(False)
    expect(page.locator("#as-of")).not_to_contain_text("not connected", timeout=HEALED_MS)
    page.wait_for_function("!document.querySelector('#as-of').textContent.includes('not')")
    for _attempt in range(20):
        if state(page)["part"] == parts(page)[5]:
            break
        page.wait_for_timeout(200)
    found = state(page)
    assert found["part"] == parts(page)[5]
    assert found["skipped"] == [parts(page)[4]]
    assert found["extra"] == {parts(page)[3]: 2}
    # it was pressed while the connection was away, and counts from then
    assert found["now"] - found["from"] > AWAY_S * 0.8

    for number in range(6, count):
        hit(page, "next")
        see_part(page, number)
    expect(page.locator("button[value=skip]:visible")).to_have_count(0)
    hit(page, "next")
    expect(page.locator("h1")).to_have_text("The session is over")
    page.get_by_role("link", name="Close the room").click()
    page.wait_for_url("**/close")
    expect(page.get_by_text("It starts from the count on the run screen")).to_be_visible()
    assert page.get_by_label("Skipped").evaluate_all("all => all.filter(each => each.checked).length") >= 0
    assert page.locator("input[type=radio][name^='outcome-']:checked").count() > 3


def test_two_screens_have_the_same_picture_within_two_seconds(rooms):
    one, other = rooms(), rooms(DESK)
    hit(one, "start")
    for number in range(1, 4):
        hit((one, other)[number % 2], "next")
        for page in (one, other):
            see_part(page, number)
    hit(other, "slow")
    expect(one.locator("#slow")).to_be_visible(timeout=SOON_MS)
    expect(one.locator(".dock[data-behind]")).to_have_attribute("inert", "")
    hit(one, "resume")
    expect(other.locator("#slow")).to_be_hidden(timeout=SOON_MS)
    one.locator("#n").fill("7")
    one.locator("#n").press("Enter")
    expect(other.locator("#n")).to_have_value("7", timeout=SOON_MS)


def test_both_press_next_at_once_and_one_part_is_passed(rooms):
    one, other = rooms(), rooms(DESK)
    hit(one, "start")
    see_part(other, 0)
    expect(other.locator("button[value=next]:visible")).to_have_count(1)
    for page in (one, other):
        page.context.set_offline(True)
    for page in (one, other):
        hit(page, "next")
    for page in (one, other):
        page.context.set_offline(False)
    for page in (one, other):
        expect(page.locator("#as-of")).not_to_contain_text("not connected", timeout=HEALED_MS)
        see_part(page, 1, 4000)
    assert state(one)["turn"] == 2


def test_what_was_pressed_without_a_connection_gives_way_to_what_the_other_did(rooms):
    one, other = rooms(), rooms(DESK)
    hit(one, "start")
    see_part(other, 0)
    expect(other.locator("button[value=next]:visible")).to_have_count(1)
    one.context.set_offline(True)
    hit(one, "next")
    hit(one, "next")
    hit(one, "more")
    one.locator("#n").fill("6")
    one.locator("#n").press("Enter")
    see_part(one, 2)
    hit(other, "skip")
    see_part(other, 1)
    one.context.set_offline(False)
    expect(one.locator("#meanwhile")).to_contain_text("Something else was pressed meanwhile", timeout=HEALED_MS)
    see_part(one, 1, 4000)
    found = state(one)
    assert (found["turn"], found["extra"], found["heads"]) == (2, {}, 6)


def test_a_swap_by_one_is_on_the_other_screen_without_a_press(rooms):
    one, other = rooms(), rooms(DESK)
    hit(one, "start")
    number = next(n for n, title in enumerate(titles(one)) if title == "Check-in")
    for _step in range(number):
        hit(one, "next")
    see_part(other, number)
    words = other.locator("#stage .say").first.inner_text()
    one.locator("#stage").get_by_role("link", name="Swap").click()
    one.get_by_role("button", name="Use this one").first.click()
    one.wait_for_url("**/run")
    expect(other.locator("#stage .say").first).not_to_have_text(words, timeout=SOON_MS)
    expect(other.locator("#stage .say").first).to_have_text(one.locator("#stage .say").first.inner_text())


def test_the_screen_is_blank_at_once_and_any_press_brings_it_back(rooms):
    page = rooms()
    page.context.set_offline(True)
    for wake in (lambda: page.keyboard.press("Shift"), lambda: page.mouse.click(200, 700)):
        page.get_by_role("link", name="Hide").first.click()
        expect(page.locator("#hidden")).to_be_visible()
        covered = page.evaluate("document.elementFromPoint(190, 200).closest('#hidden') !== null")
        assert covered
        wake()
        expect(page.locator("#hidden")).to_be_hidden()
        expect(page.locator("h1")).to_be_visible()
    assert state_of_page(page)["turn"] == 0


def state_of_page(page: Page) -> dict:
    return json.loads(page.locator("body").get_attribute("data-state"))


def test_a_session_is_run_without_scripts(rooms):
    page = rooms(java_script_enabled=False)
    hit(page, "start")
    hit(page, "next")
    expect(page.locator("h1")).to_have_text(titles(page)[1])
    hit(page, "more")
    hit(page, "back")
    expect(page.locator("h1")).to_have_text(titles(page)[0])
    page.locator("#n").fill("9")
    page.locator("#n").press("Enter")
    expect(page.locator("#n")).to_have_value("9")
    page.get_by_role("button", name="one fewer").click()
    expect(page.locator("#n")).to_have_value("8")
    hit(page, "slow")
    expect(page.locator("#slow")).to_be_visible()
    page.locator("#slow").get_by_role("link", name="Crisis card").click()
    expect(page.locator("#crisis")).to_be_visible()
    page.locator("#crisis").get_by_role("link", name="Back to the session").click()
    hit(page, "land")
    expect(page.locator("h1")).to_have_text(titles(page)[-1])
    page.get_by_role("link", name="Refresh").first.click()
    hit(page, "next")
    expect(page.locator("h1")).to_have_text("The session is over")
    page.get_by_role("link", name="Close the room").click()
    expect(page.locator("#headcount")).to_have_value("8")


def test_a_session_is_run_with_the_keyboard_alone(rooms):
    page = rooms(DESK)

    def reach(name: str) -> None:
        for _key in range(80):
            page.keyboard.press("Tab")
            found = page.evaluate("(document.activeElement.innerText || '').trim()")
            if found.startswith(name):
                return
        raise AssertionError(f"{name} cannot be reached")

    reach("Start")
    page.keyboard.press("Enter")
    see_part(page, 0)
    page.wait_for_timeout(300)
    reach("Next")
    page.keyboard.press("Enter")
    see_part(page, 1)
    page.keyboard.press("Enter")
    see_part(page, 2)
    reach("Hide")
    page.keyboard.press("Enter")
    expect(page.locator("#hidden")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("#hidden")).to_be_hidden()
    reach("Slow down")
    page.keyboard.press("Enter")
    expect(page.locator("#slow")).to_be_visible()
    # what lies behind the routine is out of reach until it is closed
    seen = set()
    for _key in range(30):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.closest('#slow, body').id"))
    assert seen <= {"slow", ""}
    expect(page.locator("main")).to_have_attribute("inert", "")
    reach("Go on, more lightly")
    page.keyboard.press("Enter")
    expect(page.locator("#slow")).to_be_hidden()
    see_part(page, 2)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [PHONE, DESK, NARROW], ids=["phone", "desk", "narrow"])
def test_every_picture_is_accessible_and_fits(rooms, program, theme, size):
    page = rooms(size)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": program.url}])
    page.reload()
    expect(page.locator(f"html[data-theme={theme}]")).to_have_count(1)
    found = faults(page, "before")
    hit(page, "start")
    for _step in range(3):
        hit(page, "next")
    page.locator("#round summary").click()
    page.get_by_role("button", name="Start the round").click()
    found += faults(page, "running")
    room = page.url
    page.locator("#stage").get_by_role("link", name="Swap").click()
    page.wait_for_url("**/swap/*")
    found += faults(page, "swap")
    page.goto(room)
    hit(page, "slow")
    found += faults(page, "slow")
    hit(page, "land")
    page.get_by_role("link", name="Crisis card").first.click()
    found += faults(page, "crisis")
    page.goto(page.url.partition("#")[0])
    hit(page, "next")
    found += faults(page, "over")
    assert found == []
    assert len(page.context.request.get(page.url.partition("#")[0]).body()) < MOST_BYTES


def test_nothing_on_the_page_jumps_while_it_keeps_its_time(rooms):
    page = rooms()
    hit(page, "start")
    page.reload()
    page.wait_for_timeout(3500)
    shifts = """() => new Promise(done => {
      let sum = 0;
      new PerformanceObserver(list => { for (const each of list.getEntries()) sum += each.value; })
        .observe({type: "layout-shift", buffered: true});
      setTimeout(() => done(sum), 200);
    })"""
    assert page.evaluate(shifts) < 0.01


def test_it_speaks_of_the_time_at_five_minutes_one_minute_and_over_alone(rooms):
    page = rooms()
    page.clock.install()
    page.reload()
    hit(page, "start")
    number = next(n for n, title in enumerate(titles(page)) if title == "Check-in")
    for _step in range(number):
        hit(page, "next")
    page.evaluate(
        """() => { window.said = []; new MutationObserver(() => window.said.push(spoken.textContent))
        .observe(spoken, {childList: true, characterData: true, subtree: true}); }"""
    )
    page.wait_for_timeout(2500)
    for _half_minute in range(32):
        page.clock.run_for(30_000)
    name = titles(page)[number]
    assert page.evaluate("window.said") == [
        f"5 minutes left in {name}",
        f"1 minute left in {name}",
        f"The time of {name} is over",
    ]


def test_the_screen_stays_awake_and_asks_again_when_it_is_looked_at_again(rooms, program):
    page = rooms()
    page.add_init_script(
        """window.asked = 0; Object.defineProperty(navigator, 'wakeLock', {value: {request: async kind => {
        window.asked += kind === 'screen'; return window.lock = {released: false}; }}});"""
    )
    page.reload()
    page.wait_for_function("window.asked === 1")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(200)
    assert page.evaluate("window.asked") == 1
    page.evaluate("lock.released = true; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("window.asked === 2")


def test_the_ring_shares_the_time_among_those_who_are_here(rooms):
    page = rooms()
    hit(page, "start")
    page.locator("#n").fill("4")
    page.locator("#n").press("Enter")
    number = next(n for n, title in enumerate(titles(page)) if title == "Check-in")
    for _step in range(number):
        hit(page, "next")
    page.locator("#round summary").click()
    expect(page.locator("#each")).to_have_text("3:30 each")
    page.get_by_role("button", name="Start the round").click()
    for voice in range(1, 5):
        expect(page.locator("#each")).to_have_text(f"Voice {voice} of 4")
        page.get_by_role("button", name="Next voice").click()
    expect(page.locator("#each")).to_have_text("Everyone had a turn")
    assert page.locator("#ring").inner_text().count("Pat") == 0


AGENDA = (("welcome", 3), ("checkin", 15), ("teach", 8), ("explore_b", 16), ("integrate", 10), ("ground_close", 5))
STARTS = datetime(2027, 1, 11, 17, 30, tzinfo=UTC)


def as_script(found: LiveState) -> dict:
    return {
        "turn": found.turn,
        "part": found.part_id,
        "from": found.counted_from.timestamp() if found.counted_from else None,
        "spent": found.spent.total_seconds(),
        "slowed": found.is_slowed,
        "over": found.is_over,
        "extra": dict(found.extra),
        "taken": dict(found.taken),
        "skipped": sorted(found.skipped),
        "heads": found.heads,
    }


def test_the_screen_without_a_connection_follows_the_very_rules_of_the_server(rooms):
    """Many evenings of random presses, folded by both: the same state and the same picture after each."""
    drawn = random.Random(7)
    parts_ = [
        LivePart(part_id=kind, kind=SegmentKind(kind), minutes=m, least=drawn.choice((0, 7))) for kind, m in AGENDA
    ]
    ends = STARTS + timedelta(minutes=57)
    cases, expected = [], []
    for _evening in range(60):
        now, found, steps = STARTS + timedelta(minutes=drawn.randint(-10, 20)), LiveState(), []
        for _press in range(25):
            now += timedelta(seconds=drawn.randint(0, 400))
            act, heads = drawn.choice(list(Act)), drawn.choice((None, -3, 5, 700))
            found = press(found, act, parts_, STARTS, now, heads)
            seen = look(found, parts_, STARTS, ends, now + timedelta(seconds=30))
            steps.append([act, now.timestamp(), heads])
            expected.append(
                {
                    "state": as_script(found),
                    "allowed": sorted(list_allowed(found, parts_)),
                    "at": seen.at,
                    "left": seen.left.total_seconds(),
                    "behind": seen.behind.total_seconds(),
                    "shorten": [[each.part_id, each.minutes] for each in seen.shorten],
                    "beyond": seen.beyond,
                    "begun": seen.has_begun,
                }
            )
        cases.append(steps)
    given = {
        "cases": cases,
        "first": as_script(LiveState()),
        "parts": [{"id": p.part_id, "kind": p.kind, "minutes": p.minutes, "least": p.least} for p in parts_],
        "starts": STARTS.timestamp(),
        "ends": ends.timestamp(),
    }
    assert rooms().evaluate(FOLD, given) == expected


FOLD = """async given => {
  const rules = await import('/static/run_rules.js'), found = [];
  for (const steps of given.cases) {
    let state = given.first;
    for (const [act, at, heads] of steps) {
      state = rules.press(state, act, given.parts, given.starts, at, heads);
      const seen = rules.look(state, given.parts, given.starts, given.ends, at + 30);
      found.push({state: {...state, skipped: [...state.skipped].sort()}, allowed: [...rules.allowed(state, given.parts)].sort(),
        at: seen.at, left: seen.left, behind: seen.behind, shorten: seen.shorten.map(each => [each.id, each.minutes]),
        beyond: seen.beyond, begun: seen.begun});
    }
  }
  return found;
}"""
