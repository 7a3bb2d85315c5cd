"""One evening, played through the web application: who comes is given, everything else is always the same.

The people who come read their mail, open what it links to, check in and say how it was; one of those who stay away says
so. The facilitator opens the room, closes it with a headcount and corrects it. The worker goes on as it does on any day.
This module must never write to the database itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from enum import StrEnum

from facilitator.proof.browser import Browser, Device, PageError
from facilitator.proof.stage import LEAD, PASSWORD, SPOOL, Person, Stage

COOKIE = "desk"
LINK = re.compile(r"https?://[^\s<>\"]+")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WORDS = re.compile(r'class="shout"[^>]*>(.*?)</p>', re.DOTALL)
WORD = re.compile(r"<span>(.*?)</span>")
TAPS = re.compile(r'class="big num">(\d+)<')
ANSWERS = ("first_time", "been_before", "unsaid")
READ_ANEW = 8 * MINUTE  # the words hold for ten minutes at least
AGENTS = ("Firefox/145", "Chrome/150 Mobile", "Safari/27", "Edge/150")


class Moment(StrEnum):
    """When an evening stands still, so that what is kept can be looked at."""

    READ = "after the mail was read"
    OPENED = "when the room was opened"
    TAPPED = "when somebody had checked in"
    OPEN = "while the room was open"
    CLOSED = "after the room was closed"
    WEEK = "a week later"
    LATER = "a month later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One person who comes.

    Args:
        person: their place on the list, from 0.
        arrives: how long after the room was opened.
        answer: which of the answers at the door, from 0.
    """

    person: int
    arrives: timedelta
    answer: int


def visits_of(people: Sequence[int]) -> tuple[Visit, ...]:
    """Return the visits of these people, who come one after the other and answer in turn."""
    return tuple(Visit(person=person, arrives=(3 + 2 * at) * MINUTE, answer=at % 3) for at, person in enumerate(people))


def sign_in(stage: Stage) -> str:
    """Sign the facilitator in once, and return the cookie that every evening goes on with."""
    stage.begin_again()
    desk = Browser(stage.app, stage.config.base_url, _desk())
    desk.press("/login", "/login", email="lead@example.org", password=PASSWORD)
    return desk.cookie(COOKIE)


class Evening:
    """One evening of the group.

    Args:
        stage: set back to its beginning.
        cookie: of the facilitator, see `sign_in`.
        visits: who comes, in the order in which they arrive.
    """

    def __init__(self, stage: Stage, cookie: str, visits: Sequence[Visit]) -> None:
        self.stage = stage
        self.visits = visits
        self.answered = 0  # how many of them were asked afterwards, and said how it was
        self._worker = stage.hire()
        self._meeting = stage.cast.meetings[0]
        self._desk = Browser(stage.app, stage.config.base_url, _desk())
        self._desk.keep_cookie(COOKIE, cookie)
        self._screen = f"/sessions/{self._meeting.id}/check-in"
        self._shown, self._read_at = "", stage.clock()
        came = {visit.person for visit in visits}
        self._away = [at for at in range(len(stage.cast.people)) if at not in came]
        self._browsers = {at: Browser(stage.app, stage.config.base_url, _device(at)) for at in range(len(AGENTS) * 2)}

    def play(self) -> Iterator[Moment]:
        """Play it to its end, and stand still at every moment."""
        starts, ends = self._meeting.starts_at, self._meeting.ends_at
        self._work(starts - LEAD + MINUTE)
        self._read_mail(starts - 2 * HOUR)
        self._say_away(starts - HOUR)
        yield Moment.READ
        self._open_room(starts - 20 * MINUTE)
        yield Moment.OPENED
        for visit in self.visits:
            self._check_in(visit, starts - 20 * MINUTE + visit.arrives)
            yield Moment.TAPPED
        self._count_taps()
        yield Moment.OPEN
        self._close(ends + 5 * MINUTE, len(self.visits))
        yield Moment.CLOSED
        self._say_how_it_was(ends + HOUR)
        self._close(ends + 13 * HOUR, len(self.visits) + 1)
        self._work(self.stage.cast.meetings[1].starts_at - LEAD + MINUTE)
        yield Moment.WEEK
        self._work(ends + 40 * DAY, "audit", "purge")
        yield Moment.LATER

    def letters(self, person: Person) -> list[str]:
        """Return the texts of the messages that have reached a person."""
        found = (path.read_bytes() for path in sorted((self.stage.folder / SPOOL).glob("*.eml")))
        mine = f"Delivered-To: {person.address}\r\n".encode()  # the mailbox puts it first
        messages = [message_from_bytes(content, policy=policy.default) for content in found if content.startswith(mine)]
        return [body.get_content() for message in messages if (body := message.get_body(("plain",)))]

    def _at(self, at: datetime) -> None:
        self.stage.clock.at = at

    def _work(self, at: datetime, *further: str) -> None:
        """Let the worker do everything it does at an instant."""
        self._at(at)
        for name in ("reap", "plan", "dispatch", *further):
            self._worker.tick(name)

    def _read_mail(self, at: datetime) -> None:
        """Let everybody who comes open each link of their mail and what it leads on to, and their calendar look anew."""
        for turn, visit in enumerate(self.visits):
            self._at(at + turn * MINUTE)
            browser = self._browsers[visit.person]
            person = self.stage.cast.people[visit.person]
            for link in sorted({link for text in self.letters(person) for link in LINK.findall(text)}):
                browser.read(link)
            for page in ("confirm", "still", "calendar"):
                browser.read(f"/m/{person.settings_token}/{page}")
            browser.read(f"/c/{person.feed_token}.ics")
            browser.read(f"/s/{self._meeting.page_token}/appointment.ics")
            browser.press(f"/s/{self._meeting.page_token}", "/read")
            browser.read(f"/s/{self._meeting.page_token}/read")
            browser.read(f"/s/{self._meeting.page_token}/m/{self.stage.cast.file_id}")

    def _say_away(self, at: datetime) -> None:
        """Let one of those who stay away say so, as far as anybody does."""
        self._at(at)
        page = f"/s/{self._meeting.page_token}"
        for person in self._away[:1]:
            self._browsers[person].press(page, "/away")

    def _say_how_it_was(self, at: datetime) -> None:
        """Let everybody who came answer the questions that the page of the meeting leads to, where it leads to any."""
        page = f"/s/{self._meeting.page_token}"
        for turn, visit in enumerate(self.visits):
            self._at(at + turn * MINUTE)
            if f'"{page}/pulse"' in self._browsers[visit.person].read(page):
                self._browsers[visit.person].choose(f"{page}/pulse", "/pulse", visit.answer)
                self.answered += 1

    def _open_room(self, at: datetime) -> None:
        self._at(at)
        self._desk.press(self._screen, self._screen, way="words")

    def _check_in(self, visit: Visit, at: datetime) -> None:
        """Let one person read the two words on the wall and type them; whoever comes first mistypes them once."""
        self._at(at)
        words, browser = self._words(at), self._browsers[visit.person]
        if visit.answer == 0:
            browser.open("/here", method="POST", data={"words": f"{words} not", "answer": ANSWERS[0]})
        browser.press("/here", "/here", words=words, answer=ANSWERS[visit.answer])

    def _words(self, at: datetime) -> str:
        """Return the two words on the wall, which hold for a while."""
        if at - self._read_at > READ_ANEW:
            shown = WORDS.search(self._desk.read(self._screen))
            self._shown, self._read_at = " ".join(WORD.findall(shown[1])) if shown else "", at
        return self._shown

    def _count_taps(self) -> None:
        """Refuse to go on with an evening on which somebody checked in and was not counted."""
        shown = TAPS.search(self._desk.read(self._screen))
        if shown is None or int(shown[1]) != len(self.visits):
            raise PageError("the screen of the room does not say how many have checked in")

    def _close(self, at: datetime, headcount: int) -> None:
        self._at(at)
        path = f"/sessions/{self._meeting.id}/close"
        self._desk.press(path, path, headcount=str(headcount), do="close")


def _desk() -> Device:
    return Device(address="192.0.2.1", agent="Firefox/145")


def _device(person: int) -> Device:
    """Return the device of a person: no two have the same address, name and language."""
    return Device(
        address=f"198.51.100.{person + 1}",
        agent=f"{AGENTS[person % len(AGENTS)]} ({person})",
        language=("en", "es")[person // len(AGENTS)],
    )
