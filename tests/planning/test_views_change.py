"""Moving, leaving out, adding, cancelling: said beforehand, told afterwards, and nothing else changes."""

import re
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, update

from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState
from facilitator.reminders.service import add_default_rules, follow_group
from tests import evening
from tests.factories import counted
from tests.planning.pages import press, read_form

MOST_QUERIES = 8
CHANGES = ("/move", "/cancel", "/skip", "/insert", "/place")


@pytest.fixture
def stage(config, database, now):
    """The series with its reminders planned; seven of eight people were told of the third session."""
    begun = evening.begin(config, database, now)
    with database.write() as db:
        group = db.get(Group, begun.group_id)
        add_default_rules(db, group)
        follow_group(db, group, now)
        mine = select(OutboxMessage.id).where(OutboxMessage.session_id == begun.session_ids[2])
        first = mine.where(OutboxMessage.kind == MessageKind.REMINDER).order_by(OutboxMessage.due_at, OutboxMessage.id)
        told = list(db.scalars(first.limit(7)))
        for state in (OutboxState.LEASED, OutboxState.SENDING, OutboxState.SENT):
            db.execute(update(OutboxMessage).where(OutboxMessage.id.in_(told)).values(state=state))
        db.commit()
    return begun


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def path(stage, number=3):
    return f"/sessions/{stage.session_ids[number - 1]}"


def when(stage, number=3):
    with stage.database.read() as db:
        session = db.get(GroupSession, stage.session_ids[number - 1])
        return session.on_date, session.start_time


def session(stage, number=3):
    with stage.database.read() as db:
        return db.get(GroupSession, stage.session_ids[number - 1])


def notices(stage, number=3):
    with stage.database.read() as db:
        found = select(OutboxMessage).where(OutboxMessage.session_id == stage.session_ids[number - 1])
        return [row for row in db.scalars(found) if row.kind != MessageKind.REMINDER]


def test_a_move_says_who_will_be_told_before_anything_changes(stage, alice):
    url = f"{path(stage)}/move"
    response = press(alice, alice.get(url), url, day="28", do="check")
    assert response.status_code == 200
    assert "7 people have been told of it and will hear of the change." in response.text
    assert "9 planned messages will be withdrawn" in response.text
    assert "Mon 25 Jan 2027, 18:30" in response.text
    assert "Thu 28 Jan 2027, 18:30 CET" in response.text
    assert when(stage) == (date(2027, 1, 25), time(18, 30))
    assert notices(stage) == []


def test_a_move_is_kept_told_and_said(stage, alice):
    url = f"{path(stage)}/move"
    checked = press(alice, alice.get(url), url, day="28", do="check")
    saved = press(alice, checked, url, do="save")
    assert saved.status_code == 303
    assert "Moved to Thursday 28 January 2027. 7 people will be told." in alice.get(path(stage)).text
    assert when(stage) == (date(2027, 1, 28), time(18, 30))
    assert when(stage, 4) == (date(2027, 2, 1), time(18, 30))
    assert len({row.participant_id for row in notices(stage)}) == 7


def test_later_sessions_move_with_it_and_earlier_ones_stay(stage, alice):
    url = f"{path(stage)}/move"
    checked = press(alice, alice.get(url), url, day="26", start_time="19:15", reach="later", do="check")
    assert "6 sessions change" in checked.text
    press(alice, checked, url, do="save")
    assert when(stage, 2) == (date(2027, 1, 18), time(18, 30))
    assert when(stage, 4) == (date(2027, 2, 2), time(19, 15))


def test_a_move_to_where_it_stands_changes_nothing(stage, alice):
    url = f"{path(stage)}/move"
    assert "Nothing would change." in press(alice, alice.get(url), url, do="check").text


BAD_TIMES = [
    ({"day": "31", "month": "2"}, "Enter a real date"),
    ({"day": "9" * 10_000}, "Enter a real date"),
    ({"year": "2020"}, "Choose a time that is still to come."),
    ({"year": "2100"}, "25 January 2100 is too far ahead. A series lasts 2 years at most."),
    ({"start_time": "99:00"}, "Enter a time on the 24-hour clock"),
    ({"start_time": "x" * 10_000}, "Enter a time on the 24-hour clock"),
    ({"day": "28", "month": "3", "start_time": "02:30"}, "02:30 does not exist on 28 March 2027"),
    ({"day": "1", "month": "2"}, "This group already meets on 1 February 2027 at 18:30."),
]


@pytest.mark.parametrize("do", ["check", "save"])
def test_a_time_that_cannot_be_keeps_what_was_typed(subtests, stage, alice, do):
    url = f"{path(stage)}/move"
    page = alice.get(url)
    for typed, message in [*BAD_TIMES, ({"reach": "some"}, "Choose one from the list.")]:
        with subtests.test(str(typed)[:60]):
            response = press(alice, page, url, do=do, **typed)
            assert response.status_code == 422
            assert message in response.text
            kept = read_form(response, url)
            for name in typed.keys() - {"reach"}:
                assert kept[name] == [typed[name]]
    assert when(stage) == (date(2027, 1, 25), time(18, 30))


def test_a_cancellation_says_who_will_be_told_and_tells_them(stage, alice):
    url = f"{path(stage)}/cancel"
    assert "7 people have been told of it" in alice.get(url).text
    assert session(stage).status == "scheduled"
    assert press(alice, alice.get(url), url, reason="Flooded").status_code == 303
    assert "Cancelled. Its plan is kept. 7 people will be told." in alice.get(path(stage)).text
    assert session(stage).status == "cancelled"
    assert {row.kind for row in notices(stage)} == {MessageKind.CANCELLED}


def test_a_reason_is_not_needed_and_not_too_long(stage, alice):
    url = f"{path(stage)}/cancel"
    response = press(alice, alice.get(url), url, reason="x" * 10_000)
    assert response.status_code == 422
    assert "Enter at most 200 characters. There are 10000 now." in response.text
    assert read_form(response, url)["reason"] == ["x" * 10_000]
    assert press(alice, alice.get(url), url).status_code == 303


def test_a_cancelled_session_comes_back_and_only_such_a_one(stage, alice):
    url = f"{path(stage)}/restore"
    assert alice.get(url).status_code == 409
    alice.post(f"{path(stage)}/cancel")
    assert "Bring this session back" in alice.get(url).text
    assert press(alice, alice.get(url), url).status_code == 303
    assert session(stage).status == "scheduled"
    for tail in CHANGES:
        assert alice.get(path(stage) + tail).status_code == 200, tail


def test_a_cancelled_session_is_not_changed_further(stage, alice):
    alice.post(f"{path(stage)}/cancel")
    for tail in CHANGES:
        assert alice.get(path(stage) + tail).status_code == 409, tail
        assert alice.post(path(stage) + tail).status_code == 409, tail


def test_a_session_that_has_begun_stays_where_it_is(stage, alice):
    stage.after(minutes=-30)
    for tail in CHANGES:
        assert alice.get(path(stage, 1) + tail).status_code == 409, tail
        assert alice.post(path(stage, 1) + tail).status_code == 409, tail


def test_leaving_out_a_date_moves_every_later_session_by_one(stage, alice):
    url = f"{path(stage)}/skip"
    page = alice.get(url).text
    assert "<td>Mon 1 Mar 2027, 18:30</td><td>Mon 8 Mar 2027, 18:30 CET</td>" in page
    assert "7 people have been told of it" in page
    assert press(alice, alice.get(url), url).status_code == 303
    assert "Monday 25 January 2027 is left out. 7 people will be told." in alice.get(path(stage)).text
    assert when(stage, 2)[0] == date(2027, 1, 18)
    assert when(stage, 3)[0] == date(2027, 2, 1)
    assert when(stage, 8)[0] == date(2027, 3, 8)


def test_a_session_is_added_between_two(stage, alice):
    url = f"{path(stage)}/insert"
    page = alice.get(url)
    assert read_form(page, url)["day"] == ["28"]
    assert "Nobody is told now." in page.text
    response = press(alice, page, url)
    assert response.status_code == 303
    assert response.headers["Location"] != path(stage)
    text = alice.get(response.headers["Location"]).text
    assert "Session 4 is added." in text
    assert "session 4 of 9" in text
    assert session(stage, 4).position == 5


def test_an_added_session_lies_between_its_neighbours(stage, alice):
    url = f"{path(stage)}/insert"
    for typed in ({"day": "2", "month": "2"}, {"day": "x"}, {"year": "2020"}):
        response = press(alice, alice.get(url), url, **typed)
        assert response.status_code == 422
        assert read_form(response, url)["day"] == [typed.get("day", "28")]


def test_after_the_closing_session_nothing_is_added(stage, alice):
    url = f"{path(stage, 8)}/insert"
    assert f'href="{path(stage, 7)}/insert"' in alice.get(path(stage, 7)).text
    assert url not in alice.get(path(stage, 8)).text
    page = alice.get(url)
    assert page.status_code == 200
    assert "Add the session" not in page.text
    sent = alice.post(url, data={"day": "8", "month": "3", "year": "2027"})
    assert sent.status_code == 409
    for response in (page, sent):
        assert "The closing session stays the last one." in response.text


def test_the_place_changes_for_one_or_for_all_later_ones(stage, alice):
    url = f"{path(stage)}/place"
    assert "7 people have been told of it" in alice.get(url).text
    press(alice, alice.get(url), url, place="Library, room 2")
    assert "The place is changed. 7 people will be told." in alice.get(path(stage)).text
    assert [session(stage, n).place for n in (2, 3, 4)] == ["Old Mill 3", "Library, room 2", "Old Mill 3"]
    press(alice, alice.get(url), url, place="Annexe", reach="later")
    assert [session(stage, n).place for n in (2, 3, 8)] == ["Old Mill 3", "Annexe", "Annexe"]


BAD_PLACES = (
    {"place": "x" * 10_000},
    {"link": "javascript:alert(1)"},
    {"link": "https://" + "x" * 10_000},
    {"reach": ""},
)


def test_a_place_that_cannot_be_kept_is_said_and_kept_on_the_page(subtests, stage, alice):
    url = f"{path(stage)}/place"
    page = alice.get(url)
    for typed in BAD_PLACES:
        with subtests.test(str(typed)[:40]):
            response = press(alice, page, url, **typed)
            assert response.status_code == 422
            for name in typed.keys() - {"reach"}:
                assert read_form(response, url)[name] == [typed[name]]
    assert session(stage).place == "Old Mill 3"


def test_every_change_is_told_once_however_often_the_button_is_pressed(stage, alice):
    for _ in range(2):
        alice.post(f"{path(stage)}/cancel")
    assert len(notices(stage)) == 7


def test_the_pages_of_changes_cost_few_queries(stage, alice):
    for tail in CHANGES:
        with counted(stage.database) as found:
            assert alice.get(path(stage) + tail).status_code == 200
        assert found["SELECT"] <= MOST_QUERIES, tail


def test_the_card_of_a_long_series_costs_few_queries_and_goes_by_month(stage, alice):
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        group.kind = "open"
        sessions = evening.stage.make_series(
            db, group, pathway_id="open-6", cycles=5, first_on=date(2028, 1, 3), zone=group.zone
        )[1]
        series_id = sessions[0].series_id
        db.commit()
    with counted(stage.database) as found:
        response = alice.get(f"/series/{series_id}")
    assert found["SELECT"] <= MOST_QUERIES
    assert "January 2028, 5 sessions" in response.text
    assert len(re.findall(r"Up to depth", response.text)) == 30


def test_the_card_says_where_each_session_stands(stage, alice):
    alice.post(f"{path(stage, 4)}/cancel", data={"reason": "Flooded"})
    alice.post(f"{path(stage, 6)}/skip")
    series = f"/series/{session(stage).series_id}"
    text = alice.get(series).text
    assert "1 cancelled, 7 to come" in text
    assert "Cancelled. Flooded" in text
    assert "No session on 15 February. Left out." in text
    assert re.search(r"<th[^>]*>.*Fear.*</th>\s*<td", text)
    stage.clock.at = stage.starts_at - timedelta(hours=2)
    assert "Today 18:30" in alice.get(series).text
    stage.after(hours=1)
    assert "Close the room" in alice.get(series).text


def test_settled_sessions_are_folded_and_the_last_of_them_stays_in_sight(stage, alice):
    with stage.database.write() as db:
        done = update(GroupSession).where(GroupSession.id.in_(stage.session_ids[:4])).values(status="done")
        db.execute(done)
        db.commit()
    stage.after(days=23)
    text = alice.get(f"/series/{session(stage).series_id}").text
    folded = re.search(r"<details>.*?</details>", text, re.DOTALL)[0]
    assert "Show 3 earlier sessions" in folded
    assert folded.count('class="when"') == 3
