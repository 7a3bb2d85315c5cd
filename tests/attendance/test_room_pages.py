"""Checking in on the web, and the screen of the room: what is shown, what is kept, and who may look."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from facilitator.attendance import service_room as rooms
from facilitator.attendance.models import OpenRoom, Tally, Ticket
from facilitator.attendance.rules_room import MOST_WRONG, Way
from facilitator.attendance.service_words import list_words
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from tests.factories import counted

MINUTE = timedelta(minutes=1)
SENTENCE = "These words do not work now."
COOKIE = "here=1; HttpOnly; Path=/here; SameSite=Strict"


@pytest.fixture
def stage(stage):
    """The evening, ten minutes after it began."""
    stage.clock.at = stage.starts_at + 10 * MINUTE
    return stage


@pytest.fixture
def wall(stage):
    return f"/sessions/{stage.session_ids[0]}/check-in"


@pytest.fixture
def visitor(stage):
    return stage.client()


@pytest.fixture
def words(stage, alice, wall):
    """The words of the room that Alice has opened."""
    assert alice.post(wall).status_code == 303
    return shown_words(alice.get(wall))


def shown_words(response):
    return " ".join(re.findall(r"<span>(.*?)</span>", re.search(r'class="shout"[^>]*>(.*?)</p>', response.text)[1]))


def taps(response):
    return int(re.search(r'class="big num">(\d+)<', response.text)[1])


def tap(visitor, words, answer="unsaid", **headers):
    return visitor.post("/here", data={"words": words, "answer": answer}, headers=headers)


def room(stage, number=0):
    with stage.database.read() as db:
        found = rooms.find_room(db, stage.session_ids[number])
        return found and (found.first_time, found.been_before, found.unsaid, found.wrong)


def change(stage, how):
    with stage.database.write() as db:
        how(db)
        db.commit()


def slips_of(response):
    return re.findall(r"<li><b>(.*?)</b>", response.text)


def make_slips(alice, wall, count="8"):
    """Press the button for slips on the screen as it stands."""
    seen = re.search(r'name="seen" value="([^"]*)"', alice.get(wall).text)[1]
    return alice.post(f"{wall}/slips", data={"slips": count, "seen": seen})


def test_the_form_asks_for_words_and_one_answer_with_rather_not_say_chosen(visitor):
    response = visitor.get("/here")
    assert response.status_code == 200
    assert re.findall(r'name="answer" value="(\w+)"( checked)?', response.text) == [
        ("first_time", ""),
        ("been_before", ""),
        ("unsaid", " checked"),
    ]
    assert "This adds one to a number. No name, no time, no device is kept." in response.text
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("first_time", (1, 0, 0, 0)),
        ("been_before", (0, 1, 0, 0)),
        ("unsaid", (0, 0, 1, 0)),
        ("", (0, 0, 1, 0)),
        ("else", (0, 0, 1, 0)),
    ],
)
def test_a_press_moves_one_counter_and_says_that_nothing_was_kept(stage, visitor, words, answer, expected):
    response = tap(visitor, words, answer)
    assert (response.status_code, response.location) == (303, "/here/done")
    assert "Nothing about you was kept." in visitor.get("/here/done").text
    assert room(stage) == expected


def test_a_hundred_presses_get_one_cookie_and_one_reply(stage, words):
    """T11: whatever was answered and whoever pressed, the bytes that come back are the same."""
    replies = [tap(stage.client(), words, ("first_time", "been_before", "unsaid")[turn % 3]) for turn in range(100)]
    assert {reply.headers["Set-Cookie"] for reply in replies} == {COOKIE}
    assert len({(reply.data, reply.content_length, repr(sorted(reply.headers.items()))) for reply in replies}) == 1
    assert len({stage.client().get("/here/done").data for _ in range(3)}) == 1
    assert sum(room(stage)[:3]) == 100


def test_a_phone_that_pressed_hears_so_and_leads_to_the_next_person(visitor, words):
    tap(visitor, words)
    response = visitor.get("/here")
    assert "This phone has already said it is here." in response.text
    assert 'name="words"' not in response.text
    following = re.search(r'href="([^"]+)">Next person', response.text)[1]
    assert 'name="words"' in visitor.get(following).text


def test_the_cookie_is_kept_from_every_other_page(visitor, words):
    tap(visitor, words)
    assert visitor.get_cookie("here", path="/here") is not None
    assert visitor.get_cookie("here", path="/") is None


def test_wrong_words_a_closed_room_and_a_locked_room_get_one_and_the_same_page(stage, visitor, words):
    wrong = tap(visitor, "maple river", "been_before")
    for _ in range(MOST_WRONG):
        tap(visitor, "maple river")
    locked = tap(visitor, words, "been_before")
    change(stage, lambda db: rooms.close_open_room(db, stage.session_ids[0]))
    closed = tap(visitor, words, "been_before")
    assert {reply.status_code for reply in (wrong, locked, closed)} == {422}
    pages = {reply.text.replace(words, "…").replace("maple river", "…") for reply in (wrong, locked, closed)}
    assert len(pages) == 1
    assert SENTENCE in locked.text
    assert all("Set-Cookie" not in reply.headers for reply in (wrong, locked, closed))


def test_what_was_typed_and_chosen_is_kept_beside_the_error(visitor):
    response = tap(visitor, 'maple "river" <b>', "been_before")
    assert 'value="maple &#34;river&#34; &lt;b&gt;"' in response.text
    assert 'value="been_before" checked' in response.text
    assert 'aria-invalid="true"' in response.text
    assert "<title>Error: Check in</title>" in response.text


def test_a_long_text_is_cut_and_a_nul_is_no_letter(stage, visitor, words):
    assert tap(visitor, "x" * 100_000).status_code == 422
    assert tap(visitor, f"\x00{words}").status_code == 303


@pytest.mark.parametrize(("asked", "heading"), [("es-MX,es;q=0.9", "es"), ("en", "en"), ("de", "en")])
def test_the_page_speaks_as_the_browser_asks(visitor, asked, heading):
    response = visitor.get("/here", headers={"Accept-Language": asked})
    assert f'<html lang="{heading}"' in response.text


def test_the_pages_say_nothing_of_the_group_or_of_the_program(visitor, words):
    telling = re.compile(r"Monday|prompt|depth|series|identity|belonging|facilitator|betray", re.IGNORECASE)
    for response in (visitor.get("/here"), tap(visitor, "x"), visitor.get("/here/done")):
        page = re.sub(r"<section class=\"card stack\" aria-labelledby=\"help\">.*", "", response.text, flags=re.DOTALL)
        assert telling.search(page) is None


def test_opening_the_page_changes_nothing_and_takes_few_queries(stage, visitor, words):
    before = room(stage)
    with counted(stage.database) as statements:
        visitor.get("/here")
        visitor.get("/here/done")
    assert room(stage) == before
    assert statements["SELECT"] <= 6
    assert set(statements) <= {"SELECT", "BEGIN"}


def test_a_thousand_presses_leave_the_count_as_it_is_and_drop_the_share(stage, alice, words):
    """T13: who holds the words can only destroy the optional share."""
    for turn in range(1000):
        assert tap(stage.client(), words, ("first_time", "been_before")[turn % 2]).status_code == 303
    stage.after(minutes=5)
    closing = f"/sessions/{stage.session_ids[0]}/close"
    assert alice.post(closing, data={"headcount": "5", "do": "close"}).status_code == 303
    with stage.database.read() as db:
        tally = db.get(Tally, stage.session_ids[0])
        assert (tally.headcount, tally.returning_level) == ("5", None)
        assert db.get(OpenRoom, stage.session_ids[0]) is None


def test_a_guesser_from_fifty_addresses_gets_twenty_guesses(stage, words):
    """T14: nothing is counted by address, so changing it helps nobody."""
    for turn in range(100):
        client = stage.client()
        response = client.post(
            "/here",
            data={"words": f"guess {turn}"},
            environ_base={"REMOTE_ADDR": f"198.51.100.{turn % 50}"},
            headers={"X-Forwarded-For": f"203.0.113.{turn}"},
        )
        assert response.status_code == 422
    assert room(stage) == (0, 0, 0, MOST_WRONG)
    assert tap(stage.client(), words).status_code == 422


def test_twelve_honest_phones_behind_one_address_all_succeed(stage, words):
    """T14: in one minute, each of them mistyping once."""
    for _ in range(12):
        client = stage.client()
        client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
        assert tap(client, words[:-1]).status_code == 422
        assert tap(client, words).status_code == 303
    assert room(stage) == (0, 0, 12, 12)


def test_the_run_screen_and_the_session_page_open_check_in_with_one_press(stage, alice, wall):
    for page in (f"/sessions/{stage.session_ids[0]}/run", f"/sessions/{stage.session_ids[0]}"):
        assert f'<form method="post" action="{wall}">' in alice.get(page).text
    assert alice.post(wall).location == wall
    assert len(shown_words(alice.get(wall)).split()) == 2


@pytest.mark.parametrize(("minutes", "expected"), [(-31, 409), (-30, 303), (0, 303), (90 + 119, 303), (90 + 121, 409)])
def test_check_in_opens_around_the_session_alone(stage, alice, wall, minutes, expected):
    stage.clock.at = stage.starts_at + minutes * MINUTE
    offered = "Open check-in" in alice.get(wall).text
    assert alice.post(wall).status_code == expected
    assert alice.post(f"{wall}/slips", data={"slips": "3"}).status_code == (200 if expected == 303 else 409)
    assert offered is (expected == 303)


@pytest.mark.parametrize("status", ["cancelled", "done"])
def test_a_session_that_is_not_going_on_is_not_checked_into(stage, alice, wall, status):
    change(stage, lambda db: setattr(db.get(GroupSession, stage.session_ids[0]), "status", status))
    assert alice.post(wall).status_code == 409
    assert "Open check-in" not in alice.get(wall).text


def test_both_who_lead_see_the_same_room(stage, alice, visitor, wall, words):
    bob = stage.client("bob")
    tap(visitor, words)
    assert (shown_words(bob.get(wall)), taps(bob.get(wall))) == (words, 1)
    assert bob.post(wall).status_code == 303
    assert (shown_words(alice.get(wall)), taps(alice.get(wall))) == (words, 1)


def test_the_screen_brings_itself_up_to_date_with_and_without_scripts(alice, wall, words):
    page = alice.get(wall).text
    assert f'data-hx-get="{wall}" data-hx-trigger="every 10s" data-hx-select="#room"' in page
    assert f'<noscript><meta http-equiv="refresh" content="30; url={wall}"></noscript>' in page


def test_the_words_change_every_ten_minutes(stage, alice, visitor, wall, words):
    stage.clock.advance(minutes=10)
    assert shown_words(alice.get(wall)) != words
    assert tap(visitor, words).status_code == 303
    stage.clock.advance(minutes=10)
    assert tap(visitor, words).status_code == 422


def test_the_code_carries_the_words_behind_the_hash_alone(stage, alice, wall, monkeypatch):
    import segno  # noqa: PLC0415 - taken apart in this test alone

    drawn = []
    made = segno.make
    monkeypatch.setattr(segno, "make", lambda address, **how: drawn.append(address) or made(address, **how))
    alice.post(wall)
    page = alice.get(wall)
    assert drawn == [f"http://localhost/here#{shown_words(page).replace(' ', '-')}"]
    assert "localhost/here</b>" in page.text
    assert "data:" not in page.text


def test_the_words_are_in_the_language_of_the_group(stage, alice, wall):
    change(stage, lambda db: setattr(db.get(Group, stage.group_id), "language", "es"))
    alice.post(wall)
    page = alice.get(wall)
    assert set(shown_words(page).split()) <= set(list_words("es"))
    assert '<p class="shout" lang="es">' in page.text


def test_slips_are_shown_once_and_each_opens_the_door_once(stage, alice, wall):
    response = make_slips(alice, wall, "9")
    slips = slips_of(response)
    assert (response.status_code, len(set(slips))) == (200, 9)
    assert [len(slip.split()) for slip in slips] == [5] * 9
    assert "Monday Circle" not in response.text
    assert "Facilitator" not in response.text
    assert response.text.count("Type these five words at localhost/here") == 9
    assert tap(stage.client(), slips[0], "been_before").status_code == 303
    assert tap(stage.client(), slips[0], "been_before").status_code == 422
    assert room(stage) == (0, 1, 0, 1)
    assert not any(slip in alice.get(wall).text for slip in slips)


def test_how_many_slips_is_filled_in_from_the_list(alice, wall):
    assert re.search(r'name="slips"[^>]*value="8"', alice.get(wall).text)


@pytest.mark.parametrize("typed", ["", "0", "-3", "101", "x", "8.5", "9999999"])
def test_a_number_of_slips_that_cannot_be_right_is_asked_again(stage, alice, wall, typed):
    response = make_slips(alice, wall, typed)
    assert response.status_code == 422
    assert "Enter a number from 1 to 100." in response.text
    assert "<title>Error:" in response.text
    assert room(stage) is None


def test_slips_loaded_anew_do_not_make_those_in_the_bowl_worthless(stage, alice, wall):
    seen = re.search(r'name="seen" value="([^"]*)"', alice.get(wall).text)[1]
    slips = slips_of(alice.post(f"{wall}/slips", data={"slips": "4", "seen": seen}))
    again = alice.post(f"{wall}/slips", data={"slips": "4", "seen": seen})
    assert again.status_code == 409
    assert "cannot be shown again" in again.text
    assert tap(stage.client(), slips[0]).status_code == 303


def test_new_slips_end_the_old_ones(stage, alice, wall):
    old = slips_of(make_slips(alice, wall))
    new = slips_of(make_slips(alice, wall))
    assert tap(stage.client(), old[0]).status_code == 422
    assert tap(stage.client(), new[0]).status_code == 303


def test_a_press_from_the_run_screen_leaves_slips_as_they_are(stage, alice, wall):
    slips = slips_of(make_slips(alice, wall))
    alice.post(wall)
    assert tap(stage.client(), slips[0]).status_code == 303
    alice.post(wall, data={"way": Way.WORDS.value})
    assert tap(stage.client(), slips[1]).status_code == 422
    assert taps(alice.get(wall)) == 1
    with stage.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Ticket)) == 0


def test_stopping_throws_the_taps_away_and_ends_the_words(stage, alice, visitor, wall, words):
    tap(visitor, words)
    assert alice.post(f"{wall}/stop").status_code == 303
    assert room(stage) is None
    assert tap(visitor, words).status_code == 422
    assert "Check-in is not open." in alice.get(wall).text


def test_the_screen_takes_few_queries(stage, alice, wall, words):
    with counted(stage.database) as statements:
        alice.get(wall)
    assert statements["SELECT"] <= 8


def test_no_log_line_is_written(stage, visitor, words, caplog):
    for typed in (words, "maple river"):
        tap(visitor, typed)
    assert Counter(record.name for record in caplog.records) == Counter()
