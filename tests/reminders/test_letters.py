"""Every letter as it is read. The goldens are renewed with UPDATE_GOLDENS=1 and looked at before they are kept."""

import dataclasses
import html
import itertools
import os
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel

from facilitator.groups.models import Wording
from facilitator.reminders.letters import LetterFacts, render
from facilitator.reminders.rules import MessageKind
from tests.mail.forbidden import FORBIDDEN

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens" / "letters"
LONDON = ZoneInfo("Europe/London")
BELOW_FULL = [Wording.VAGUE, Wording.PLAIN]
SHOUTED = re.compile("[!¡‼\U0001f300-\U0001faff\u2600-\u27bf]")
AT_ANY_LEVEL = [word for word in FORBIDDEN if word not in {"meeting", "reunión", "heavy", "help", "ayuda"}]


@pytest.fixture(scope="module")
def app():
    made = Flask("letters", template_folder=ROOT / "templates")
    Babel(made)
    return made


@pytest.fixture(autouse=True)
def _in_the_app(app):
    with app.app_context():
        yield


KINDS = [kind for kind in MessageKind if kind is not MessageKind.TEST]  # a test is the reminder itself


def facts(kind=MessageKind.REMINDER, wording=Wording.FULL, **other):
    return LetterFacts(
        **{
            "kind": kind,
            "wording": wording,
            "language": "en",
            "local_start": datetime(2026, 11, 26, 18, 30, tzinfo=LONDON),
            "minutes": 90,
            "stop_link": "https://notes.example/m/9fK2vTq8",
            "page_link": "https://notes.example/s/4hXkT7aa",
            "place": "Room 2, Mill Lane 4",
            "link": "https://meet.example/x7",
            "sender_name": "Thursday Circle",
            "previous_start": datetime(2026, 11, 19, 18, 30, tzinfo=LONDON) if kind is MessageKind.MOVED else None,
        }
        | other
    )


def words(letter):
    """Return what a person reads in the HTML part, without its tags and its title."""
    body = letter.html.partition("<body>")[2]
    return html.unescape(re.sub("<[^>]+>", " ", body)).split()


CASES = [
    *((f"{kind}-{wording}", facts(kind, wording)) for kind, wording in itertools.product(KINDS, Wording)),
    *((f"place-{wording}", facts(MessageKind.MOVED, wording, previous_start=None)) for wording in Wording),
]
EVERY = pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_each_letter_reads_as_agreed(name, case):
    letter = render(case)
    shown = f"Subject: {letter.subject}\n\n{letter.text}\n-- html --\n{letter.html}"
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS") == "1":
        golden.write_text(shown)
    assert shown == golden.read_text()


def test_there_is_no_golden_without_a_letter():
    assert {path.stem for path in GOLDENS.iterdir()} == {name for name, _ in CASES}


@EVERY
def test_both_parts_say_the_same(case):
    letter = render(case)
    assert words(letter) == letter.text.split()


@EVERY
def test_a_letter_carries_no_picture_and_nothing_from_elsewhere(case):
    letter = render(case)
    assert not re.search(
        r"<(?:img|link|script|style|iframe|svg|object|video|audio|meta(?! charset))|style=|src=|url\(", letter.html
    )
    links = set(re.findall(r"https?://[^\s<\"]+", letter.text))
    assert set(re.findall(r'href="([^"]+)"', letter.html)) == links
    assert "https://notes.example/m/9fK2vTq8" in links


@EVERY
def test_below_full_a_letter_holds_no_place_and_no_name(case):
    said = render(case)
    everything = said.subject + said.text + said.html
    for secret in (case.place, case.link, case.sender_name):
        assert (secret in everything) == (case.wording is Wording.FULL and _is_told(case, secret))


@EVERY
def test_every_wording_leads_to_the_page_of_the_session_and_says_no_more_of_it(case):
    said = render(case).text
    nothing_to_see = case.kind is MessageKind.CANCELLED and case.wording in BELOW_FULL
    assert (case.page_link in said) == (not nothing_to_see)
    if case.wording in BELOW_FULL:
        assert [line.partition(" ")[0] for line in said.splitlines() if "https://" in line][-1] == "Stop:"
        assert all(line.startswith(("More: ", "Stop: ")) for line in said.splitlines() if "https://" in line)


@pytest.mark.parametrize("kind", KINDS)
def test_a_vague_subject_shows_a_locked_screen_no_time_while_its_text_says_when(kind):
    letter = render(facts(kind, Wording.VAGUE))
    assert ":" not in letter.subject
    assert "18:30" in letter.text


def _is_told(case, secret):
    return secret == case.sender_name or case.kind is not MessageKind.CANCELLED


@EVERY
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_tells_a_stranger_what_it_is_about(case, language):
    letter = render(dataclasses.replace(case, language=language, sender_name="Thursday notes", place="Room 2", link=""))
    forbidden = FORBIDDEN if case.wording in BELOW_FULL else AT_ANY_LEVEL
    title = re.search("<title>(.*?)</title>", letter.html).group(1)
    subject_and_title = letter.subject + " " + html.unescape(title)
    assert not [word for word in FORBIDDEN if word in subject_and_title.lower()]
    read = re.sub(r"https://\S+", "", letter.text + " ".join(words(letter))).lower()
    assert not [word for word in forbidden if word in read]
    assert not SHOUTED.search(letter.subject + letter.text)
    assert not re.search(r"[0-9][0-9 -]{5,}[0-9]", read), "no telephone number at any level"


def test_the_lint_would_find_a_leak():
    leaky = render(facts(wording=Wording.PLAIN)).text.replace("Reminder", "Support group reminder").lower()
    assert [word for word in FORBIDDEN if word in leaky] == ["support", "group"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_is_one_short_line(kind):
    for wording in Wording:
        subject = render(facts(kind, wording)).subject
        assert "\n" not in subject
        assert 0 < len(subject) <= 40


def test_the_levels_of_a_reminder_say_more_and_more():
    subjects = [render(facts(wording=wording)).subject for wording in Wording]
    assert subjects == ["Thursday", "Reminder: Thursday 18:30", "Reminder: Thursday 18:30"]
    lengths = [len(render(facts(wording=wording)).text) for wording in Wording]
    assert lengths == sorted(lengths)


def test_days_and_cities_are_said_in_the_language_of_the_letter():
    letter = render(facts(language="es"))
    assert "jueves 26 de noviembre" in letter.text
    assert "Londres" in letter.text
    assert '<html lang="es" dir="ltr">' in letter.html
    assert render(facts(wording=Wording.VAGUE, language="es")).subject == "Jueves"


@pytest.mark.parametrize(
    ("zone", "time", "city"),
    [("America/New_York", "13:30", "New York"), ("UTC", "18:30", "UTC"), ("Asia/Kolkata", "00:00", "Kolkata")],
)
def test_the_time_is_that_of_the_persons_zone(zone, time, city):
    letter = render(facts(local_start=datetime(2026, 11, 26, 18, 30, tzinfo=LONDON).astimezone(ZoneInfo(zone))))
    assert f"{time} ({city} time)" in letter.text


@pytest.mark.parametrize("naive", [datetime(2026, 11, 26, 18, 30)])  # noqa: DTZ001 - a naive one is what is refused
def test_a_start_without_a_zone_is_refused(naive):
    with pytest.raises(TypeError, match="named zone"):
        render(facts(local_start=naive))


@pytest.mark.parametrize(
    ("missing", "gone"),
    [("place", "Place:"), ("link", "To join:"), ("page_link", "If today is heavy"), ("sender_name", "Thursday Circle")],
)
def test_what_is_not_known_is_left_out_without_a_gap(missing, gone):
    letter = render(facts(**{missing: ""}))
    assert gone in render(facts()).text
    assert gone not in letter.text + letter.html
    assert "\n\n\n" not in letter.text + letter.html


def test_what_people_typed_is_text_and_never_markup():
    letter = render(
        facts(place="<b>Room</b> & <script>x</script>\r\nBcc: eve@example.org", sender_name="{{ 7 * 7 }} %(time)s")
    )
    assert "<b>" not in letter.html
    assert "<script" not in letter.html
    assert "&lt;b&gt;Room&lt;/b&gt; &amp;" in letter.html
    assert "<b>Room</b> & <script>" in letter.text
    assert "{{ 7 * 7 }} %(time)s" in letter.text


def test_the_links_of_a_person_do_not_show_in_a_log():
    assert "9fK2vTq8" not in repr(facts())
