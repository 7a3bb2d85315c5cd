"""Search over groups, sessions and the library, and the help sheet."""

import re

import pytest
from sqlalchemy import select

from facilitator.curriculum.models import LibraryEntry
from facilitator.planning.models import GroupSession
from facilitator.prompts.models import PromptVersion
from tests.factories import counted, make_group
from tests.worlds import shelve_entries

MOST_QUERIES = 8


@pytest.fixture
def alice(house):
    return house.client()


def search(client, asked):
    response = client.get("/search", query_string={"q": asked})
    assert response.status_code == 200
    return " ".join(response.text.split())


def count_in(page, section):
    found = re.search(rf'<h2 id="{section}">[^<]*<span class="soft">\((\d+)\)', page)
    return int(found[1]) if found else 0


def test_nothing_is_looked_for_until_something_is_typed(alice):
    page = search(alice, "")
    assert "found" not in page.split("<main")[1]
    assert "People are not searched" in page


@pytest.mark.parametrize("asked", ["monday", "CIRCLE mon", "mónday"])
def test_a_group_is_found_by_the_beginnings_of_its_words_without_case_and_accents(house, alice, asked):
    page = search(alice, asked)
    assert count_in(page, "g") == 1
    assert f'href="/groups/{house.group_id}"' in page


def test_a_session_is_found_by_title_number_place_and_date(house, alice):
    sessions = house.plan()
    third = sessions[2]
    with house.change() as db:
        db.get_one(GroupSession, third.id).place = "Blue house"
    day = third.on_date
    for asked in ("blue", f"{day:%B} {day.day} {third.title}", day.isoformat(), f"monday circle {third.title}"):
        assert f'href="/sessions/{third.id}"' in search(alice, asked), asked
    assert count_in(search(alice, "monday circle"), "s") == len(sessions)


def test_sessions_to_come_stand_before_those_that_were(house, alice):
    first, second = house.plan()[:2]
    house.clock.at = first.ends_at
    page = search(alice, "monday")
    assert page.index(second.id) < page.index(first.id)


def test_prompts_and_the_rest_of_the_library_are_found(house, alice):
    house.plan()
    with house.change() as db:
        shelve_entries(db)
    with house.read() as db:
        words = db.scalars(select(PromptVersion.text)).first().split()[:4]
        exercise = db.scalars(select(LibraryEntry).where(LibraryEntry.kind == "exercise")).first()
    assert count_in(search(alice, " ".join(words)), "p")
    assert count_in(search(alice, exercise.slug), "l") == 1


@pytest.mark.parametrize("asked", ["zzzz", "%", "_", "'", '"', "\\", "a" * 5_000, "x " * 200, "\x00"])
def test_what_nothing_has_is_said_in_words_and_never_breaks(alice, asked):
    page = search(alice, asked)
    assert "Nothing has these words" in page or "found</b>" not in page


def test_nothing_of_somebody_elses_group_is_found(house):
    first = house.plan()[0]
    page = search(house.client("charlie"), "monday circle")
    assert first.id not in page
    assert house.group_id not in page


def test_people_are_never_found(house, alice):
    assert house.people()
    for asked in ("pat", "pat@example.org"):
        page = search(alice, asked)
        assert count_in(page, "g") == count_in(page, "s") == 0


def test_the_page_takes_few_queries_whatever_the_size(house, alice):
    house.plan()
    with house.change() as db:
        for number in range(12):
            make_group(db, house.account(db, "alice"), house.clock(), label=f"Monday {number}")
    with counted(house.database) as found:
        page = search(alice, "monday")
    assert count_in(page, "g") == 13
    assert found["SELECT"] <= MOST_QUERIES


def test_the_help_sheet_says_the_keys_and_that_they_can_be_switched_off(alice):
    page = alice.get("/help").text
    assert "<kbd>?</kbd>" in page
    assert "switched off as shortcuts" not in page
    assert "keys.js" in page
    alice.post("/settings", data={"name": "Alice", "zone": "Europe/Berlin", "language": "en", "theme": ""})
    page = alice.get("/help").text
    assert "switched off as shortcuts on this device" in page
    assert "keys.js" not in page
    alice.post("/settings", data={"name": "Alice", "zone": "Europe/Berlin", "language": "en", "theme": "", "keys": "y"})
    assert "keys.js" in alice.get("/help").text
