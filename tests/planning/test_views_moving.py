"""What is said before dates change, what is refused, and what a second window hears."""

from datetime import date, time

import pytest
from sqlalchemy import select

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group, Participant
from facilitator.planning.models import GroupSession
from facilitator.planning.rules_slots import slot_at
from facilitator.times import get_zone
from tests import evening
from tests.factories import counted
from tests.planning import stage as planning
from tests.planning.pages import path, press, read_form, session

MOST_QUERIES = 8
ELSEWHERE = "This was changed elsewhere meanwhile."


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def sea(stage):
    """Alice leads a second group, which meets on Thursdays at the same time of day."""
    with stage.database.write() as db:
        alice = db.scalars(select(Facilitator).where(Facilitator.name == "Alice Stone")).one()
        group = planning.make_group(db, alice, label="Sea Circle")
        planning.make_series(db, group, first_on=date(2027, 1, 14), seed="sea")
        db.commit()


def look(alice, stage, number=3, **typed):
    url = f"{path(stage, number)}/move"
    return press(alice, alice.get(url), url, do="check", **typed)


def save(alice, stage, checked, **typed):
    return press(alice, checked, f"{path(stage)}/move", do="save", **typed)


WORTH_KNOWING = [
    ({"day": "14", "month": "2"}, "Sunday 14 February 2027", "This is Valentine&#39;s Day."),
    ({"day": "26", "month": "3"}, "Friday 26 March 2027", "Public holiday: Good Friday."),
    ({"day": "29", "month": "3"}, "Monday 29 March 2027", "The clocks in Berlin go forward on Sunday 28 March."),
    ({"day": "9", "month": "2"}, "It keeps its number", "Session 3 would come after session 5."),
    ({"day": "12", "month": "1"}, "It keeps its number", "Session 3 would come before session 2."),
]


@pytest.mark.parametrize(("typed", "when", "words"), WORTH_KNOWING)
def test_what_is_only_unwise_is_said_before_the_press_and_can_be_done(stage, alice, typed, when, words):
    checked = look(alice, stage, **typed)
    assert checked.status_code == 200
    assert when in checked.text
    assert words in checked.text
    assert "You chose to meet anyway" not in checked.text
    assert save(alice, stage, checked).status_code == 303
    assert session(stage).on_date == date(2027, int(typed["month"]), int(typed["day"]))


@pytest.mark.usefixtures("sea")
def test_a_clash_with_another_own_group_is_said_once_for_all_dates(stage, alice):
    text = look(alice, stage, day="28", reach="later").text
    assert text.count("At the same time as Sea Circle.") == 1
    assert "28 January, 4, 11, 18 and 25 February, 4 March 2027" in text
    assert "You are expected at both." in text


@pytest.mark.usefixtures("sea")
def test_a_session_that_is_added_says_what_to_know_before_the_press(stage, alice):
    url = f"{path(stage)}/insert"
    page = alice.get(url)
    assert "Thursday 28 January 2027, 18:30" in page.text
    assert "At the same time as Sea Circle." in page.text
    assert press(alice, page, url).status_code == 303


@pytest.mark.usefixtures("sea")
def test_another_date_for_an_added_session_is_looked_over_first(stage, alice):
    url = f"{path(stage, 4)}/insert"
    page = alice.get(url)
    unasked = press(alice, page, url, day="4", start_time="19:00")
    assert unasked.status_code == 200
    assert "At the same time as Sea Circle." in unasked.text
    assert read_form(unasked, url)["start_time"] == ["19:00"]
    assert session(stage, 5).position == 5
    assert press(alice, unasked, url).status_code == 303
    assert session(stage, 5).position == 6


def test_a_session_is_not_added_beyond_the_longest_span(stage, alice):
    with stage.database.write() as db:
        for late in db.scalars(select(GroupSession).where(GroupSession.position == 8)):
            db.delete(late)
        db.commit()
    url = f"{path(stage, 7)}/insert"
    refused = press(alice, alice.get(url), url, year="2100")
    assert refused.status_code == 422
    assert "is too far ahead. A series lasts 2 years at most. Choose a date up to 11 January 2029." in refused.text
    assert read_form(refused, url)["year"] == ["2100"]


def test_a_skip_shows_every_new_date_and_what_to_know_about_it(stage, alice):
    text = alice.get(f"{path(stage, 8)}/skip").text
    assert "<td>Mon 1 Mar 2027, 18:30</td><td>Mon 8 Mar 2027, 18:30 CET</td>" in text
    with stage.database.write() as db:
        db.get(Group, stage.group_id).country = "DE"
        last = db.get(GroupSession, stage.session_ids[7])
        slot = slot_at(date(2027, 3, 22), last.start_time, get_zone(last.zone), last.minutes)
        last.on_date, last.starts_at, last.ends_at = slot.on, slot.starts_at, slot.ends_at
        db.commit()
    text = alice.get(f"{path(stage, 8)}/skip").text
    assert "Public holiday: Easter Monday." in text
    assert "The clocks in Berlin go forward on Sunday 28 March." in text


def test_a_date_that_cannot_be_left_out_says_why_and_has_no_button(stage, alice):
    with stage.database.write() as db:
        planning.make_series(db, db.get(Group, stage.group_id), first_on=date(2027, 3, 8), seed="two")
        db.commit()
    url = f"{path(stage)}/skip"
    for response in (alice.get(url), alice.post(url)):
        assert response.status_code == 422
        assert "This group already meets on 8 March 2027 at 18:30." in response.text
        assert "Leave it out and move" not in response.text
    assert session(stage).on_date == date(2027, 1, 25)


@pytest.mark.usefixtures("sea")
def test_bringing_back_says_what_to_know_and_what_stands_in_the_way(stage, alice):
    press(alice, look(alice, stage, day="28"), f"{path(stage)}/move", do="save")
    alice.post(f"{path(stage)}/cancel")
    url = f"{path(stage)}/restore"
    assert "At the same time as Sea Circle." in alice.get(url).text
    with stage.database.write() as db:
        planning.make_series(db, db.get(Group, stage.group_id), first_on=date(2027, 1, 28), seed="two")
        db.commit()
    for response in (alice.get(url), alice.post(url)):
        assert response.status_code == 422
        assert "This group already meets on 28 January 2027 at 18:30." in response.text
        assert '<button class="btn go">' not in response.text
    assert session(stage).status == "cancelled"


def test_a_session_whose_time_has_come_stays_cancelled_and_says_so_at_once(stage, alice):
    alice.post(f"{path(stage, 1)}/cancel")
    stage.after(hours=1)
    response = alice.get(f"{path(stage, 1)}/restore")
    assert response.status_code == 422
    assert "so it stays cancelled" in response.text


def test_what_was_not_looked_over_is_shown_before_it_is_saved(stage, alice):
    checked = look(alice, stage, day="28")
    other = save(alice, stage, checked, day="14", month="2")
    assert other.status_code == 200
    assert "Valentine" in other.text
    assert session(stage).on_date == date(2027, 1, 25)
    assert save(alice, stage, other).status_code == 303
    assert session(stage).on_date == date(2027, 2, 14)


def test_a_second_window_hears_of_a_move_and_keeps_what_was_typed(stage, alice):
    first, second = look(alice, stage, day="28"), look(alice, stage, day="29", start_time="19:15")
    assert save(alice, stage, first).status_code == 303
    late = save(alice, stage, second)
    assert late.status_code == 422
    assert ELSEWHERE in late.text
    assert "Thu 28 Jan 2027, 18:30" in late.text
    kept = read_form(late, f"{path(stage)}/move")
    assert (kept["day"], kept["start_time"]) == (["29"], ["19:15"])
    assert session(stage).on_date == date(2027, 1, 28)
    assert save(alice, stage, late).status_code == 303
    assert (session(stage).on_date, session(stage).start_time) == (date(2027, 1, 29), time(19, 15))


@pytest.mark.parametrize("tail", ["cancel", "skip", "insert", "place"])
def test_every_page_of_a_change_hears_of_a_move_elsewhere(stage, alice, tail):
    url = f"{path(stage)}/{tail}"
    opened = alice.get(url)
    assert save(alice, stage, look(alice, stage, day="26")).status_code == 303
    before = session(stage)
    typed = {"cancel": {"reason": "Flooded"}, "place": {"place": "Annexe"}}.get(tail, {})
    late = press(alice, opened, url, **typed)
    assert late.status_code == 422
    assert ELSEWHERE in late.text
    assert "Tuesday 26 January 2027" in late.text
    for name, value in typed.items():
        assert read_form(late, url)[name] == [value]
    after = session(stage)
    assert (after.status, after.place, after.time_rev) == (before.status, before.place, before.time_rev)
    assert session(stage, 4).position == 4
    assert press(alice, late, url, **typed).status_code == 303


def test_a_place_that_another_window_changed_is_said(stage, alice):
    url = f"{path(stage)}/place"
    opened = alice.get(url)
    press(alice, alice.get(url), url, place="Library")
    late = press(alice, opened, url, place="Annexe")
    assert late.status_code == 422
    assert ELSEWHERE in late.text
    assert session(stage).place == "Library"


def test_another_window_that_restored_or_cancelled_is_said(stage, alice):
    cancel, restore = f"{path(stage)}/cancel", f"{path(stage)}/restore"
    opened = alice.get(cancel)
    alice.post(cancel)
    assert press(alice, opened, cancel).status_code == 409
    opened = alice.get(restore)
    alice.post(restore)
    assert press(alice, opened, restore).status_code == 409


def test_a_preview_costs_few_queries(stage, alice):
    with stage.database.write() as db:
        for person in db.scalars(select(Participant)):
            person.zone = "America/New_York"
        db.commit()
    url = f"{path(stage)}/move"
    page = alice.get(url)
    with counted(stage.database) as found:
        checked = press(alice, page, url, day="28", reach="all", do="check")
    assert checked.status_code == 200
    assert found["SELECT"] <= MOST_QUERIES
    alice.post(f"{path(stage)}/cancel")
    with counted(stage.database) as found:
        assert alice.get(f"{path(stage)}/restore").status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_people_far_away_hear_of_a_clock_change_and_not_of_what_was_typed(stage, alice):
    with stage.database.write() as db:
        for person in db.scalars(select(Participant)):
            person.zone = "America/New_York"
        db.commit()
    assert "the hour changes" not in look(alice, stage, start_time="19:15").text
    assert "For people in New York the hour changes." in look(alice, stage, 8, day="15", month="3").text


@pytest.mark.parametrize("tail", ["move", "cancel", "insert", "place"])
def test_no_browser_cuts_what_is_typed_in_silence(stage, alice, tail):
    assert "maxlength" not in alice.get(f"{path(stage)}/{tail}").text
