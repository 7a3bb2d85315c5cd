"""The page that closes a room: where the number starts, what it says will be kept, and that nothing took place."""

import re

import pytest
from sqlalchemy import select

from facilitator.attendance.models import OpenRoom, Tally
from facilitator.attendance.rules_room import Way
from facilitator.attendance.service_room import open_room
from facilitator.groups.models import Group
from facilitator.groups.people import Entry
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage
from tests import evening
from tests.attendance.test_views import kept, path, status, typed
from tests.factories import add_confirmed, counted


def tap(stage, first=0, been=0, unsaid=0):
    with stage.database.write() as db:
        room = open_room(db, stage.session_ids[0], Way.WORDS, "en", stage.clock.at)
        room.first_time, room.been_before, room.unsaid = first, been, unsaid
        db.commit()


def tally(stage, number=0):
    with stage.database.read() as db:
        return db.execute(
            select(Tally.headcount, Tally.returning_level).where(Tally.session_id == stage.session_ids[number])
        ).one_or_none()


def reason(stage):
    with stage.database.read() as db:
        return db.get(GroupSession, stage.session_ids[0]).not_held


def chosen(response):
    return re.findall(r'<input checked id="returning-\d" name="returning" type="radio" value="(\w+)">', response.text)


def text_of(response, mark='id="keep"'):
    return re.sub(r"<[^>]+>|\s+", " ", response.text.split(mark)[1].split("Close the room")[0])


def sent(page, **changes):
    """Return what a browser sends of the count on a page, with what somebody changed."""
    fields = {"headcount": typed(page), "returning": (chosen(page) or [""])[0]}
    return fields | {"coded_by": re.search(r'name="coded_by" value="([^"]*)"', page.text)[1]} | changes


def test_after_a_check_in_one_press_closes_the_room_with_its_taps_and_its_level(stage, alice):
    tap(stage, first=1, been=4, unsaid=1)
    page = alice.get(path(stage))
    assert typed(page) == "6"
    assert "It starts from the check-in: 6 people tapped." in page.text
    assert chosen(page) == ["check_in"]
    assert "You counted 6. We will keep 6." in page.text
    assert "And “most had been before”, nothing else." in page.text
    assert alice.post(path(stage), data=sent(page, do="close")).status_code == 303
    assert (tally(stage), status(stage)) == (("6", "most"), "done")
    with stage.database.read() as db:
        assert db.scalars(select(OpenRoom)).all() == []


def test_without_a_check_in_the_number_starts_from_the_list_and_then_from_the_last_time(stage, alice):
    first = alice.get(path(stage))
    assert (typed(first), chosen(first)) == ("8", ["none"])
    assert "It starts from the list: 8 people." in first.text
    alice.post(path(stage), data=sent(first, headcount="5", do="close"))
    stage.after(days=8)
    second = alice.get(path(stage, 1))
    assert typed(second) == "5"
    assert "It starts from the last time: 5." in second.text


def test_where_nobody_is_listed_it_starts_from_the_places(config, database, now):
    begun = evening.begin(config, database, now, ())
    begun.after(minutes=5)
    page = begun.client("alice").get(path(begun))
    assert typed(page) == "8"
    assert "It starts from the places of the group: 8." in page.text


def test_taps_that_cannot_be_right_are_not_what_the_number_starts_from(stage, alice):
    tap(stage, first=900)
    assert typed(alice.get(path(stage))) == "8"


@pytest.mark.parametrize(
    ("taps", "headcount", "words"),
    [
        ({"first": 1, "been": 3}, "6", "Fewer than 5 people answered at the check-in"),
        ({"first": 2, "been": 5}, "6", "There were more taps at the check-in than people"),
        ({"first": 2, "been": 5}, "4", "There were more taps at the check-in than people"),
    ],
)
def test_the_page_says_why_nothing_is_kept_of_a_check_in(stage, alice, taps, headcount, words):
    tap(stage, **taps)
    data = {"headcount": headcount, "returning": "check_in", "by": "look"}
    assert words in alice.post(path(stage), data=data).text
    alice.post(path(stage), data=data | {"by": None, "do": "close"})
    assert tally(stage)[1] is None


@pytest.mark.parametrize(
    ("headcount", "hands", "words", "level"),
    [
        ("6", "most", "And “most had been before”, nothing else.", "most"),
        ("6", "half", "And “about half had been before”, nothing else.", "half"),
        ("6", "few", "And “few had been before”, nothing else.", "few"),
        ("4", "most", "With fewer than 5 people, nothing is kept about who had been before.", None),
        ("6", "none", "You counted 6.", None),
    ],
)
def test_a_show_of_hands_is_said_before_it_is_kept(stage, alice, headcount, hands, words, level):
    data = {"headcount": headcount, "returning": hands}
    assert words in alice.post(path(stage), data=data | {"by": "look"}).text
    alice.post(path(stage), data=data | {"do": "close"})
    assert tally(stage)[1] == level


def test_a_guarded_group_is_told_that_a_level_would_tell_more_than_it_keeps(config, database, now):
    begun = evening.begin(config, database, now, (*evening.PEOPLE, "Tea"), precision="guarded", capacity=12)
    begun.after(minutes=5)
    alice, data = begun.client("alice"), {"headcount": "5", "returning": "most"}
    assert "it would tell more than the group keeps" in alice.post(path(begun), data=data | {"by": "look"}).text
    alice.post(path(begun), data=data | {"do": "close"})
    assert tally(begun) == ("half", None)


def test_a_list_of_five_is_not_asked_and_is_told_why(config, database, now):
    begun = evening.begin(config, database, now, evening.PEOPLE[:5])
    begun.after(minutes=5)
    alice = begun.client("alice")
    page = alice.get(path(begun))
    assert 'name="returning"' not in page.text
    assert "5 people or fewer are on the list, so nothing is kept about who had been before." in page.text
    alice.post(path(begun), data={"headcount": "5", "returning": "most", "do": "close"})
    assert tally(begun) == ("4+", None)


def test_what_was_chosen_stays_through_a_step_and_an_error(stage, alice):
    for data, code in (({"headcount": "6", "by": "1"}, 200), ({"headcount": "x", "do": "close"}, 422)):
        page = alice.post(path(stage), data=data | {"returning": "half", "reason": "weather"})
        assert (page.status_code, chosen(page)) == (code, ["half"])
        assert re.search(r'checked[^>]*name="reason"[^>]*value="weather"', page.text)


def test_a_correction_is_shown_the_level_that_is_kept_and_can_take_it_back(stage, alice):
    alice.post(path(stage), data={"headcount": "6", "returning": "most", "do": "close"})
    page = alice.get(path(stage))
    assert chosen(page) == ["most"]
    alice.post(path(stage), data=sent(page, headcount="5", do="close"))
    assert tally(stage) == ("5", "most")
    alice.post(path(stage), data=sent(page, returning="none", do="close"))
    assert tally(stage) == ("6", None)


def test_who_closes_a_moment_after_the_other_keeps_the_level_of_the_check_in(stage, alice):
    tap(stage, first=1, been=5)
    page, bob = alice.get(path(stage)), stage.client("bob")
    theirs = bob.get(path(stage))
    alice.post(path(stage), data=sent(page, do="close"))
    assert bob.post(path(stage), data=sent(theirs, headcount="7", do="close")).status_code == 303
    assert tally(stage) == ("7+", "most")


def join(stage, *names):
    """Let people join the list; a group offers them places."""
    with stage.database.write() as db:
        group = db.get_one(Group, stage.group_id)
        group.capacity = 12
        db.flush()
        add_confirmed(db, group, [Entry(alias=name, address=f"{name}@example.org") for name in names])
        db.commit()


def test_a_list_that_grew_while_the_page_was_open_is_said_and_asks_for_one_more_press(stage, alice):
    page = alice.get(path(stage))
    join(stage, "Tea")
    asked = alice.post(path(stage), data=sent(page, headcount="8", do="close"))
    assert asked.status_code == 422
    assert "The list of the group has changed meanwhile." in asked.text
    assert "You counted 8. We will keep “8 or more”," in asked.text
    assert kept(stage) is None
    alice.post(path(stage), data=sent(asked, do="close"))
    assert kept(stage) == "8+"


def test_who_joined_after_the_room_was_closed_does_not_change_how_a_correction_is_coded(stage, alice):
    alice.post(path(stage), data={"headcount": "6", "do": "close"})
    join(stage, "Tea", "Una")
    page = alice.get(path(stage))
    assert "8 people are on the list." in page.text
    alice.post(path(stage), data=sent(page, headcount="8", do="close"))
    assert kept(stage) == "7+"


@pytest.mark.parametrize("code", ["facilitator", "no_room", "weather", "too_few", "other"])
def test_it_did_not_take_place_with_a_reason_and_tells_nobody(stage, alice, code):
    tap(stage, been=5)
    messages = outbox(stage)
    answer = alice.post(path(stage), data={"headcount": "8", "do": "not_held", "reason": code})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{stage.session_ids[0]}")
    assert (status(stage), reason(stage), kept(stage)) == ("cancelled", code, None)
    assert outbox(stage) == messages
    page = alice.get(answer.location).text
    assert "Nothing was sent to anybody." in page
    assert "This session did not take place." in page
    assert "Did not take place." in alice.get(f"/groups/{stage.group_id}").text
    assert "Headcount missing" not in alice.get("/").text
    with stage.database.read() as db:
        assert db.scalars(select(OpenRoom)).all() == []


def outbox(stage):
    with stage.database.read() as db:
        return db.execute(select(OutboxMessage.id, OutboxMessage.state, OutboxMessage.reason)).all()


@pytest.mark.parametrize("code", ["", "nobody_came"])
def test_without_a_reason_nothing_is_said_and_what_was_typed_stays(stage, alice, code):
    page = alice.post(path(stage), data={"headcount": "7", "returning": "few", "do": "not_held", "reason": code})
    assert page.status_code == 422
    assert page.text.count("Choose why it did not take place.") == 2
    assert "<title>Error:" in page.text
    assert (typed(page), chosen(page), status(stage)) == ("7", ["few"], "scheduled")
    assert re.search(r"<details[^>]* open>\s*<summary>It did not take place", page.text)


def test_a_count_that_was_kept_goes_when_it_turns_out_that_nothing_took_place(stage, alice):
    alice.post(path(stage), data={"headcount": "8", "do": "close"})
    alice.post(path(stage), data={"do": "not_held", "reason": "other"})
    assert (status(stage), kept(stage)) == ("cancelled", None)


def test_it_is_taken_back_within_48_hours_and_the_room_closed(stage, alice):
    alice.post(path(stage), data={"do": "not_held", "reason": "weather"})
    page = alice.get(path(stage)).text
    assert "Reason: Weather or transport" in page
    stage.after(hours=47)
    answer = alice.post(f"{path(stage)}/undo")
    assert (answer.status_code, answer.location) == (303, path(stage))
    assert (status(stage), reason(stage)) == ("scheduled", "")
    alice.post(path(stage), data={"headcount": "6", "do": "close"})
    assert kept(stage) == "6"


def test_after_48_hours_it_stays_as_it_was_said(stage, alice):
    alice.post(path(stage), data={"do": "not_held", "reason": "weather"})
    stage.after(hours=48)
    assert "The time to take this back has passed." in alice.get(path(stage)).text
    assert alice.post(f"{path(stage)}/undo").status_code == 409
    assert reason(stage) == "weather"


def test_a_count_that_was_kept_stands_after_48_hours_whatever_is_said(stage, alice):
    alice.post(path(stage), data={"headcount": "8", "do": "close"})
    stage.after(hours=48)
    assert "It did not take place" not in alice.get(path(stage)).text
    assert alice.post(path(stage), data={"do": "not_held", "reason": "other"}).status_code == 409
    assert (status(stage), kept(stage)) == ("done", "7+")


def test_a_session_that_nobody_closed_can_be_said_not_to_have_been_after_48_hours(stage, alice):
    stage.after(days=5)
    assert "It did not take place" in alice.get(path(stage)).text
    assert alice.post(path(stage), data={"do": "not_held", "reason": "other"}).status_code == 303
    assert status(stage) == "cancelled"


def test_a_session_that_did_not_take_place_has_nobody_to_count(stage, alice):
    alice.post(path(stage), data={"do": "not_held", "reason": "other"})
    refused = alice.post(path(stage), data={"headcount": "6", "do": "close"})
    assert refused.status_code == 409
    assert kept(stage) is None


def test_a_stranger_takes_nothing_back(stage, alice):
    alice.post(path(stage), data={"do": "not_held", "reason": "other"})
    assert stage.client("charlie").post(f"{path(stage)}/undo").status_code == 404
    assert reason(stage) == "other"


def test_a_session_that_was_called_off_before_is_not_taken_back_here(stage, alice):
    assert alice.post(f"{path(stage)}/undo").status_code == 409


def test_the_page_takes_few_queries_with_a_check_in_and_a_session_before(stage, alice):
    alice.post(path(stage), data={"headcount": "6", "do": "close"})
    stage.after(days=7, minutes=5)
    with counted(stage.database) as statements:
        assert alice.get(path(stage, 1)).status_code == 200
    assert statements["SELECT"] <= 8


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (8, ["keeps 7 and 8 as “7 or more”", "keeps up to 2 as “few”, from 6 as “most”", "proves of each of the 8"]),
        (3, ["keep that the session was held, and no number", "proves of each of the 3"]),
    ],
)
def test_the_form_of_the_group_explains_precision_by_its_own_list(config, database, now, people, words):
    begun = evening.begin(config, database, now, evening.PEOPLE[:people])
    page = begun.client("alice").get(f"/groups/{begun.group_id}/edit").text
    for each in (*words, "What is kept already stays as it was kept"):
        assert each in page


def test_another_precision_does_not_change_what_is_kept(stage, alice):
    alice.post(path(stage), data={"headcount": "8", "do": "close"})
    with stage.database.write() as db:
        db.get_one(Group, stage.group_id).precision = "exact"
        db.commit()
    assert kept(stage) == "7+"
    assert "Kept now: “7 or more”." in alice.get(path(stage)).text
