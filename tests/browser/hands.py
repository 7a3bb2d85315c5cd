"""Hands that press and type at the pace of a person, and count: the keystroke-level model.

Card, Moran & Newell (The Psychology of Human-Computer Interaction, 1983, chapter 8) predict how long somebody who knows
what they want takes for a task without errors: the sum of what hands and head do, and of what they wait for. Their
figures: a keystroke of an average typist takes 0.28 s, pointing at something 1.1 s, pressing the button of the mouse
0.2 s, moving a hand between keyboard and mouse 0.4 s, and making up one's mind before each step 1.35 s. Nothing here
sleeps for that long: the time of the person is added up, the time of the program is measured.
"""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page

KEY_S, POINT_S, BUTTON_S, HOME_S, MIND_S = 0.28, 1.1, 0.2, 0.4, 1.35
PASTE_KEYS = 2


class Hands:
    """One person at one page.

    Attributes:
        presses: what was pressed, by mouse or by Enter: links, buttons, boxes and lists of choices.
        person_s: what the person took, in seconds.
        waited_s: what the program took, in seconds.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.presses, self.person_s, self.waited_s = page, [], 0.0, 0.0
        self._on_keyboard = False

    @property
    def spent_s(self) -> float:
        """Return how long it all took, in seconds."""
        return self.person_s + self.waited_s

    def press(self, name: str, role: str = "button", *, within: Locator | None = None) -> None:
        """Point at something and press it; waits for what follows."""
        self._home(keyboard=False)
        self.person_s += MIND_S + POINT_S + BUTTON_S
        self.presses.append(name)
        self._wait((within or self.page).get_by_role(role, name=name).first.click)

    def tick(self, label: str) -> None:
        """Point at a box and tick it."""
        self._home(keyboard=False)
        self.person_s += MIND_S + POINT_S + BUTTON_S
        self.presses.append(label)
        self.page.get_by_label(label).check()

    def write(self, label: str, words: str, *, exact: bool = False) -> None:
        """Type into a field that is reached with the tabulator."""
        self._type(label, words, len(words) + 1, exact=exact)

    def paste(self, label: str, words: str) -> None:
        """Put in what was copied elsewhere."""
        self._type(label, words, PASTE_KEYS + 1, exact=False)

    def enter(self, name: str) -> None:
        """Press Enter in the field that was typed into last; waits for what follows."""
        self.person_s += MIND_S + KEY_S
        self.presses.append(name)
        self._wait(lambda: self.page.keyboard.press("Enter"))

    def think(self, times: int = 1) -> None:
        """Look at something elsewhere and make up one's mind."""
        self.person_s += MIND_S * times

    def _type(self, label: str, words: str, keys: int, *, exact: bool) -> None:
        self._home(keyboard=True)
        self.person_s += MIND_S + KEY_S * keys
        self.page.get_by_label(label, exact=exact).fill(words)

    def _home(self, *, keyboard: bool) -> None:
        self.person_s += HOME_S * (self._on_keyboard is not keyboard)
        self._on_keyboard = keyboard

    def _wait(self, act: Callable[[], None]) -> None:
        began = time.monotonic()
        act()
        self.page.wait_for_load_state()
        self.waited_s += time.monotonic() - began
