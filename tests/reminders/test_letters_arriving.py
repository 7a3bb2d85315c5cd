"""Every letter as it arrives: strictly read, taken by a real mail server, glanced at, and judged by a spam filter."""

import html
import os
import re
import shutil
import smtplib
import subprocess
import tempfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from facilitator.groups.models import Wording
from tests import sinks
from tests.mail.forbidden import FORBIDDEN
from tests.real import require, require_tool
from tests.reminders.written import BASE_URL, JOIN, TOKEN, as_bytes, list_cases, make_app

SPAM_LIMIT = 2.0
PREHEADER = 150  # characters of a text that a locked screen may show
# words that a person asked for by choosing the full wording, below the subject
SAID_AT_FULL = {"meeting", "reunión", "heavy", "help", "ayuda"}
# what anybody would call junk: the filter runs, and its rules are there
JUNK = (
    b"From: WIN <win@example.com>\r\nTo: undisclosed-recipients:;\r\nSubject: YOU WON $$$ FREE VIAGRA\r\n"
    b"Message-ID: <junk@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    b"<html><body><b>BUY VIAGRA NOW!!! 100% FREE, million dollars, act now, online pharmacy</b>"
    b"<img src='http://192.0.2.1/x.gif'></body></html>\r\n"
)


@pytest.fixture(scope="module")
def letters():
    """Every letter as bytes, by its name."""
    with make_app().app_context():
        return {name: as_bytes(case, number) for number, (name, case) in enumerate(list_cases())}


EVERY = pytest.mark.parametrize("name", [name for name, _ in list_cases()])


def read(raw: bytes) -> EmailMessage:
    """Parse a message as strictly as Python does; any defect is raised."""
    return message_from_bytes(raw, policy=policy.strict)


def parts(message):
    """Return the text and the HTML."""
    return tuple(message.get_body((kind,)).get_content() for kind in ("plain", "html"))


def glance(message, *, full):
    """List the words that somebody beside the phone could see, with what they see them in."""
    text, page = parts(message)
    seen = {
        "sender": str(message["From"]),
        "subject": str(message["Subject"]),
        "title": html.unescape(re.search("<title>(.*?)</title>", page).group(1)),
        "addresses": " ".join(urlsplit(url).path for url in re.findall(r"https?://\S+", text)).replace(TOKEN, ""),
        "stop": str(message["List-Unsubscribe"]).replace(TOKEN, ""),
        "files": " ".join(part.get_filename() or "" for part in message.walk()),
    }
    first = re.sub(r"https?://\S+", "", " ".join(text.split()))[:PREHEADER].lower()
    opening = [("preheader", word) for word in FORBIDDEN if word in first and not (full and word in SAID_AT_FULL)]
    return opening + [(where, word) for where, words in seen.items() for word in FORBIDDEN if word in words.lower()]


@EVERY
def test_a_strict_reader_finds_no_defect_and_no_long_line(letters, name):
    raw = letters[name]
    message = read(raw)
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)


@EVERY
def test_text_and_html_say_the_same_words_and_lead_to_us_alone(letters, name):
    text, page = parts(read(letters[name]))
    assert html.unescape(re.sub("<[^>]+>", " ", page.partition("<body>")[2])).split() == text.split()
    foreign = {url for url in re.findall(r"https?://[^\s<\"]+", text + page) if not url.startswith(f"{BASE_URL}/")}
    assert foreign <= ({JOIN} if name.endswith(Wording.FULL) else set())
    assert set(re.findall(r"<(\w+)", page)) <= {"html", "head", "meta", "title", "body", "p", "a"}
    assert set(re.findall(r" ([\w-]+)=", page)) <= {"lang", "dir", "charset", "href"}


@EVERY
def test_every_letter_can_be_stopped_by_one_press_of_the_mail_program(letters, name):
    message = read(letters[name])
    assert message["List-Unsubscribe"] == f"<{BASE_URL}/m/{TOKEN}/stop>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert f"{BASE_URL}/m/{TOKEN}" in parts(message)[0].split()


@EVERY
def test_nothing_that_a_glance_can_see_tells_what_it_is_about(letters, name):
    assert glance(read(letters[name]), full=name.endswith(Wording.FULL)) == []


@pytest.mark.parametrize(
    ("told", "telling", "where"),
    [
        (b"Subject: Thursday", b"Subject: Your support group", ("subject", "support")),
        (b"Thursday Notes", b"Healing Notes", ("sender", "heal")),
        (b"<title>Thursday", b"<title>Your session", ("title", "session")),
        (b"/s/4hXkT7aa", b"/crisis/aa", ("addresses", "crisis")),
        (b"/stop>", b"/feel>", ("stop", "feel")),
        (b"\r\nThursday 18:30.", b"\r\nTrauma 18:30.", ("preheader", "trauma")),
        (b'text/html; charset="utf-8"', b'text/html; charset="utf-8"; name="grief.html"', ("files", "grief")),
    ],
)
def test_a_leak_would_be_found_wherever_it_stood(letters, told, telling, where):
    raw = letters["en/reminder-vague"]
    assert told in raw
    assert where in glance(read(raw.replace(told, telling)), full=False)


def test_a_real_mail_server_takes_each_letter_as_it_was(letters, tmp_path):
    require(sinks.find_programs() is not None, "smtp-sink")
    with tempfile.TemporaryDirectory(dir="/tmp") as kept:
        if os.getuid() == 0:
            shutil.chown(kept, "postfix")
        with sinks.sink(keep_in=Path(kept)) as server, smtplib.SMTP(server.host, server.port, timeout=20) as smtp:
            for raw in letters.values():
                assert smtp.sendmail("notes@notes.example", ["pat@example.org"], raw) == {}
        arrived = [path.read_bytes().replace(b"\r\n", b"\n") for path in Path(kept).iterdir()]
    assert len(arrived) == len(letters)
    sent = {raw.replace(b"\r\n", b"\n").rstrip(b"\n") for raw in letters.values()}
    # the server writes its own lines above the message
    assert {b"From: " + words.partition(b"From: ")[2].rstrip(b"\n") for words in arrived} == {
        b"From: " + words.partition(b"From: ")[2] for words in sent
    }


def score_all(messages: list[bytes], folder: Path) -> dict[str, float]:
    """Return what SpamAssassin makes of each message by its local rules alone, in one process.

    It takes them in an order of its own, so each is known by its Message-ID.
    """
    program = require_tool("spamassassin")
    box, line = folder / "letters.mbox", b"From notes@notes.example Tue Nov 24 18:30:00 2026\n"
    box.write_bytes(b"".join(line + raw.replace(b"\r\n", b"\n") + b"\n" for raw in messages))
    prefs = folder / "user_prefs"
    prefs.write_text("use_bayes 0\nuse_auto_whitelist 0\nreport_safe 0\n")
    done = subprocess.run(
        [program, "--local", "--mbox", "--prefspath", prefs, box],
        capture_output=True,
        check=True,
        timeout=120,
        env={**os.environ, "HOME": str(folder)},
    )
    found = re.findall(
        r"^X-Spam-Status: \w+, score=(-?[\d.]+).*?^Message-ID: <([^>]+)>",
        done.stdout.decode(),
        re.MULTILINE | re.DOTALL,
    )
    return {mark: float(score) for score, mark in found}


def test_a_spam_filter_by_its_local_rules_finds_each_letter_harmless_and_junk_junk(letters, tmp_path):
    scores = score_all([*letters.values(), JUNK], tmp_path)
    junk = scores.pop("junk@example.com")
    assert len(scores) == len(letters)
    assert {mark: score for mark, score in scores.items() if score >= SPAM_LIMIT} == {}
    assert junk >= SPAM_LIMIT
