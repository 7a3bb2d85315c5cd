"""A person at the keyboard of a small phone: Tab, Enter, Space and letters, never a pointer.

Every stop is looked at: the focus can be seen on it and nothing covers it; no page is wider than the phone.
"""

import gettext
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, Response, expect

from tests.browser.conftest import ELSEWHERE, Program
from tests.cradle import ROOT

PHONE = {"width": 360, "height": 740}
MOST_STOPS = 120
# of the element with the focus: whether a ring is drawn, and whether its middle is on the screen and on top
SEEN = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, Math.min(box.top + box.height / 2, innerHeight - 1));
  return {
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    covered: !top || !(at.contains(top) || top.contains(at)),
    label: at.outerHTML.slice(0, 120),
  };
}"""


def words_of(language: str) -> Callable[[str], str]:
    """Return how the program says an English sentence in a language."""
    folder = Path(ROOT) / "facilitator" / "translations"
    return gettext.translation("messages", folder, [language], fallback=True).gettext


@dataclass
class Walker:
    """A person on their way through the pages.

    Args:
        asked: addresses that pages asked other hosts for.
        exits: the answers that led away.
    """

    page: Page
    say: Callable[[str], str]
    asked: list[str] = field(default_factory=list)
    exits: list[Response] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.check_width()

    def heading(self, words: str) -> None:
        """See that a page is there."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.say(words))
        self.check_width()

    def role(self, role: str, words: str) -> Locator:
        """Return a control by what it says in the person's language."""
        return self.page.get_by_role(role, name=self.say(words), exact=True).first

    def reach(self, target: Locator) -> None:
        """Press Tab until the focus is there."""
        expect(target).to_be_visible()
        for _stop in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            if target.evaluate("each => each === document.activeElement"):
                seen = self.page.evaluate(SEEN)
                assert seen["ring"], seen["label"]
                assert not seen["covered"], seen["label"]
                return
        raise AssertionError(f"no Tab leads to {target}")

    def press(self, role: str, words: str, key: str = "Enter") -> None:
        """Go to a control and press a key on it."""
        self.reach(self.role(role, words))
        self.page.keyboard.press(key)

    def unfold(self, words: str) -> None:
        """Open what is folded away."""
        summary = self.page.locator("summary", has_text=self.say(words)).first
        self.reach(summary)
        self.page.keyboard.press("Enter")
        expect(summary.locator("xpath=..")).to_have_attribute("open", "")
        self.check_width()

    def type_over(self, words: str, text: str) -> None:
        """Replace what stands in a field."""
        self.reach(self.role("textbox", words))
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def choose(self, words: str, first_letters: str, value: str) -> None:
        """Choose from a list by the first letters."""
        box = self.role("combobox", words)
        self.reach(box)
        self.page.keyboard.type(first_letters)
        expect(box).to_have_value(value)

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """See that what is done inside leads to the public site, which is nowhere here, and leaves nothing behind."""
        assert self.asked == []
        with self.page.expect_event("requestfailed", lambda request: request.url == ELSEWHERE):
            yield
        expect(self.page).to_have_url(re.compile("^chrome-error:"))
        [answer] = self.exits
        kept = answer.header_value("clear-site-data") or ""
        assert {"cache", "cookies", "storage"} <= {each.strip(' "') for each in kept.split(",")}

    def go_back(self) -> None:
        """Press Back; what answered a press is not asked for again, and the browser says so."""
        try:
            self.page.go_back()
        except Error as error:
            assert "ERR_CACHE_MISS" in str(error), error  # noqa: PT017 - a browser may also simply go back

    def check_width(self) -> None:
        """See that nothing scrolls sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{self.page.url} is {wide} px wide"


@contextmanager
def walking(chromium: Browser, program: Program, language: str, *, scripts: bool) -> Iterator[Walker]:
    """Give a person their phone; at the end nothing of the visit is left on it and no other host was asked."""
    context = chromium.new_context(
        base_url=program.url, viewport=PHONE, locale=language, java_script_enabled=scripts, has_touch=True
    )
    context.set_default_timeout(20_000)
    walker = Walker(page=context.new_page(), say=words_of(language))
    context.on("request", lambda each: None if each.url.startswith(program.url) else walker.asked.append(each.url))
    context.on("response", lambda each: walker.exits.append(each) if each.url.endswith("/leave") else None)
    yield walker
    assert set(walker.asked) <= {ELSEWHERE}
    assert context.cookies() == []
    assert context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    context.close()
