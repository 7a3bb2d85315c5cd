"""Every letter as it is read. The goldens are renewed with UPDATE_GOLDENS=1 and looked at before they are kept."""

import html
import os
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from facilitator.groups.models import Wording
from facilitator.reminders.letters import NEEDED, render
from facilitator.reminders.rules import MessageKind
from tests.mail.forbidden import FORBIDDEN
from tests.reminders.written import DATED, KINDS, LONDON, ROOT, facts, list_cases, make_app

GOLDENS = ROOT / "tests" / "goldens" / "letters"
BELOW_FULL = [Wording.VAGUE, Wording.PLAIN]
SHOUTED = re.compile("[!¡‼\U0001f300-\U0001faff\u2600-\u27bf]")
AT_ANY_LEVEL = [word for word in FORBIDDEN if word not in {"meeting", "reunión", "heavy", "help", "ayuda"}]
CASES = list(list_cases())
EVERY = pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
SPEAKS_OF_PLACE = {MessageKind.REMINDER, MessageKind.MOVED, MessageKind.RESTORED}
SHOWS_ITS_PAGE = SPEAKS_OF_PLACE | {MessageKind.MATERIALS}


@pytest.fixture(scope="module")
def app():
    return make_app()


@pytest.fixture(autouse=True)
def _in_the_app(app):
    with app.app_context():
        yield


def words(letter):
    """Return what a person reads in the HTML part, without its tags and its title."""
    body = letter.html.partition("<body>")[2]
    return html.unescape(re.sub("<[^>]+>", " ", body)).split()


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_each_letter_reads_as_agreed(name, case):
    letter = render(case)
    shown = f"Subject: {letter.subject}\n\n{letter.text}\n-- html --\n{letter.html}"
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(shown)
    assert shown == golden.read_text()


def test_there_is_no_golden_without_a_letter():
    assert {str(path.relative_to(GOLDENS).with_suffix("")) for path in GOLDENS.rglob("*.txt")} == {
        name for name, _ in CASES
    }


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
    assert case.stop_link in links
    assert links <= set(case.links)


@EVERY
def test_below_full_a_letter_holds_no_place_and_no_name(case):
    said = render(case)
    everything = said.subject + said.text + said.html
    full = case.wording is Wording.FULL
    assert ((case.place or "Room 2") in everything) == (full and case.kind in SPEAKS_OF_PLACE)
    assert ((case.link or "meet.example") in everything) == (full and case.kind in SPEAKS_OF_PLACE)
    asks = case.kind in {MessageKind.CONFIRM, MessageKind.SAFE_CHECK}
    assert (case.sender_name in everything) == (full and not asks)


@EVERY
def test_a_letter_leads_to_the_page_of_the_session_only_where_there_is_something_to_see(case):
    said = render(case).text
    if case.kind in SHOWS_ITS_PAGE:
        assert case.page_link in said
    elif case.wording in BELOW_FULL:
        assert "/s/" not in said
    assert said.splitlines()[-1].endswith(case.stop_link)


@pytest.mark.parametrize("kind", DATED)
def test_a_vague_subject_shows_a_locked_screen_no_time(kind):
    letter = render(facts(kind, Wording.VAGUE))
    assert ":" not in letter.subject
    assert ("18:30" in letter.text) == (kind is not MessageKind.MATERIALS)


@pytest.mark.parametrize("kind", [MessageKind.CONFIRM, MessageKind.SAFE_CHECK])
def test_a_question_says_the_same_at_every_level_and_nothing_of_a_session(kind):
    said = [render(facts(kind, wording)) for wording in Wording]
    assert len({(letter.subject, letter.text, letter.html) for letter in said}) == 1
    assert not re.search(r"\d", re.sub(r"https://\S+", "", said[0].text))


@pytest.mark.parametrize(("kind", "needed"), [*NEEDED.items(), (MessageKind.REMINDER, "local_start")])
def test_a_letter_without_what_it_is_about_is_not_written(kind, needed):
    empty = None if needed in {"local_start", "erased_on"} else ""
    with pytest.raises(TypeError, match=needed):
        render(facts(kind, **{needed: empty}))


@pytest.mark.parametrize(("language", "day"), [("en", "Saturday 2 January"), ("es", "sábado 2 de enero")])
def test_a_goodbye_says_when_the_address_is_deleted(language, day):
    assert day in render(facts(MessageKind.GOODBYE, Wording.VAGUE, language=language)).text


@EVERY
def test_nothing_tells_a_stranger_what_it_is_about(case):
    letter = render(case)
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
    [("place", "Place:"), ("link", "To join:"), ("page_link", "If today is heavy"), ("sender_name", "Thursday Notes")],
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
    every = [facts(kind) for kind in KINDS]
    assert not [case for case in every for link in case.links if link in repr(case)]
