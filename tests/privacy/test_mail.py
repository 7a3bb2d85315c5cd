"""What reaches people by mail is the same for everybody who gets it, says nothing to a stranger, and never asks who came.

A message goes to one person alone, and but for the link to their own settings it is the message of all the others.
"""

import re
from collections import defaultdict

import pytest

from facilitator.proof.browser import Browser, Device
from facilitator.proof.evening import Moment, visits_of
from facilitator.tokens import token_hash
from tests.mail.forbidden import FORBIDDEN
from tests.privacy import twins
from tests.privacy.evenings import play
from tests.privacy.letters import html_of, read_letters, recipient, text_of, urls_of

# what no word that leaves for a phone may hold, whatever else is said in it
TELLING = re.compile(
    "betray|affair|infidel|trauma|abus|partner|shame|fear|powerless|vulnerab|therap|support|heal|group|bind|attend|traici"
    "|infiel|pareja|miedo|vergüenza|terapi|apoyo|sanar|grupo|nudo",
    re.IGNORECASE,
)
PREHEADER = 150  # characters of a text that a lock screen may show
SETTINGS = re.compile(r"/m/[\w-]{22}")
SESSION = re.compile(r"/s/[\w-]{22}")


@pytest.fixture
def mail(stage, cookie):
    """The first reminder of everybody on the list."""
    play(stage, cookie, visits_of((0, 1, 2, 3)), Moment.READ)
    return read_letters(stage)[: len(stage.cast.people)]


def differing_bodies(letters):
    """List how many bodies there are among the messages that say as much as one another to people in one zone."""
    alike = defaultdict(set)
    for letter in letters:
        body = SETTINGS.sub("/m/", text_of(letter) + html_of(letter))
        alike[letter["Subject"], len(body)].add(body)
    return [len(bodies) for bodies in alike.values() if len(bodies) > 1]


def telling(letter):
    """List the words on a lock screen that tell a stranger something."""
    shown = f"{letter['From']} {letter['Subject']} {text_of(letter)[:PREHEADER]}"
    return TELLING.findall(re.sub(r"https?://\S+", "", shown))


def test_everybody_gets_the_same_link_to_the_meeting_and_the_same_words(mail):
    assert len({link for letter in mail for link in SESSION.findall(" ".join(urls_of(letter)))}) == 1
    assert differing_bodies(mail) == []
    assert len({link for letter in mail for link in SETTINGS.findall(" ".join(urls_of(letter)))}) == len(mail)


def test_a_personal_link_to_the_meeting_would_be_found(mail):
    for number, letter in enumerate(mail):
        body = letter.get_body(("plain",))
        body.set_content(SESSION.sub(f"/s/{number:022}", body.get_content()))
    assert len({link for letter in mail for link in SESSION.findall(" ".join(urls_of(letter)))}) > 1
    assert differing_bodies(mail)


def test_a_message_names_its_one_recipient_and_nobody_else(stage, mail):
    everybody = {person.address for person in stage.cast.people}
    aliases = {person.alias for person in stage.cast.people}
    assert {recipient(letter) for letter in mail} == everybody
    for letter in mail:
        assert letter["To"] == recipient(letter)
        assert not {"Cc", "Bcc", "Reply-To", "Resent-To"} & set(letter.keys())
        assert [name for name in everybody - {recipient(letter)} if name in letter.as_string()] == []
        assert [alias for alias in aliases if re.search(rf"\b{alias}\b", text_of(letter) + html_of(letter))] == []


def test_its_identification_is_drawn_by_chance_and_it_holds_no_picture_and_no_redirect(mail):
    marks = {letter["Message-ID"] for letter in mail}
    assert len(marks) == len(mail)
    assert all(re.fullmatch(r"<[\w-]{22}@mail\.example>", mark) for mark in marks)
    assert not [letter for letter in mail if re.search("<img|<link|<script|background=|url\\(", html_of(letter))]
    assert all(url.startswith("http://localhost/") for letter in mail for url in urls_of(letter))


def test_nothing_that_a_lock_screen_shows_tells_a_stranger_anything(mail):
    assert [telling(letter) for letter in mail if telling(letter)] == []
    mail[0].replace_header("Subject", "Your betrayal support group")
    assert telling(mail[0]) == ["betray", "support", "group"]


def test_addresses_titles_files_and_calendars_of_participants_tell_nothing_either(stage, mail):
    phone, shown = Browser(stage.app, stage.config.base_url, Device(address="198.51.100.1", agent="Firefox")), []
    paths = {url for letter in mail[:1] for url in urls_of(letter)}
    page = next(url for url in paths if "/s/" in url)
    for path in (
        *paths,
        f"{page}/appointment.ics",
        "/kept",
        "/here",
        "/here/done",
        "/s/unknown",
        "/leave",
        "/m/erased",
    ):
        answer = phone.open(path)
        shown += re.findall(r"<title>(.*?)</title>", answer.text, re.DOTALL)
        shown += re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text)
        shown += [
            answer.headers.get("Content-Disposition", ""),
            re.sub("[\\w-]{22}", "", path),
            answer.headers.get("Location", ""),
        ]
        shown += answer.text.splitlines() if path.endswith(".ics") else []
    shown += [
        rule.rule for rule in stage.app.url_map.iter_rules() if rule.endpoint.startswith(("participant.", "here."))
    ]
    assert any("SUMMARY" in line for line in shown)
    assert any(line.startswith("attachment") for line in shown)
    assert [line for line in shown if TELLING.search(line)] == []
    assert [word for word in FORBIDDEN if any(word in line.lower() for line in shown if "static" not in line)] == []


def last_recipients(stage):
    """Return who got the reminder of the next meeting."""
    letters = read_letters(stage)
    return sorted(recipient(letter) for letter in letters if letter["Date"] == letters[-1]["Date"])


@pytest.mark.parametrize("people", [(0, 1, 2, 3), (4, 5, 6, 7), (0,)])
def test_the_next_reminder_goes_to_the_same_people_whoever_came(stage, cookie, people):
    play(stage, cookie, visits_of(people), Moment.WEEK)
    assert last_recipients(stage) == sorted(person.address for person in stage.cast.people)
    assert {re.sub("[0-9]+:[0-9]+", "", letter["Subject"]).strip() for letter in read_letters(stage)} == {
        "Thursday",
        "Reminder: Thursday",
    }


def test_a_queue_that_asks_who_came_is_found_out(stage, cookie):
    def we_missed_you(world):
        if token := twins.token_of_request():
            sql = "UPDATE participant SET state = 'paused' WHERE settings_hash = :hash"
            twins.change(world, sql, hash=token_hash(token))

    play(stage, cookie, visits_of((0, 1, 2, 3)), Moment.WEEK, we_missed_you)
    assert len(last_recipients(stage)) == 4
