"""Saying beforehand that one cannot come: one number a session, capped, shown to those who lead, and forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.attendance.models import Forecast
from facilitator.attendance.rules import tell_away
from facilitator.attendance.service_forecast import away, clear_forecasts, drop_forecast, press_away
from tests import evening
from tests.factories import counted

NOTED = "We have noted that somebody can’t come. Press it once."
BUTTON = "I can’t make it this time"


@pytest.fixture
def coming(stage):
    stage.clock.at = stage.starts_at - timedelta(hours=5)
    return stage


def said(stage, number=0):
    with stage.database.read() as db:
        return away(db, stage.session_ids[number])


def press(stage, times=1, **headers):
    for _ in range(times):
        answer = stage.client().post(f"/s/{stage.page}/away", headers={"Sec-Fetch-Site": "same-origin", **headers})
    return answer


def test_each_press_adds_one_and_writes_nothing_else(coming):
    with counted(coming.database) as statements:
        press(coming)
    assert {kind: count for kind, count in statements.items() if kind in {"INSERT", "UPDATE", "DELETE"}} == {
        "INSERT": 1,
        "UPDATE": 1,
    }
    press(coming)
    with coming.database.read() as db:
        assert db.execute(select(Forecast.session_id, Forecast.away)).all() == [(coming.session_ids[0], 2)]


def test_presses_stop_counting_at_the_size_of_the_list(coming):
    press(coming, times=11)
    assert said(coming) == 8


def test_a_press_is_answered_with_the_page_and_what_was_noted_and_no_cookie(coming):
    answer = press(coming)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    page = coming.client().get(answer.location).text
    assert NOTED in page
    assert NOTED not in coming.client().get(f"/s/{coming.page}").text


def test_every_press_gets_the_same_answer(coming):
    assert (
        len({(answer.status_code, answer.location, answer.data) for answer in (press(coming) for _ in range(10))}) == 1
    )


def test_the_page_offers_the_button_until_the_start_and_a_press_after_it_is_refused(coming):
    assert BUTTON in coming.client().get(f"/s/{coming.page}").text
    coming.clock.at = coming.starts_at
    assert BUTTON not in coming.client().get(f"/s/{coming.page}").text
    assert press(coming).status_code == 409
    assert said(coming) == 0


def test_opening_the_page_or_the_address_counts_nothing(coming):
    coming.client().get(f"/s/{coming.page}?noted=1")
    assert coming.client().get(f"/s/{coming.page}/away").status_code == 405
    assert said(coming) == 0


def test_a_press_on_somebody_elses_page_is_refused(coming):
    assert press(coming, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert said(coming) == 0


def test_an_unknown_link_counts_nothing(coming):
    answer = coming.client().post("/s/nowhere/away", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("times", "words"), [(1, "1 person said they cannot come."), (2, "2 people said they cannot come.")]
)
def test_those_who_lead_read_how_many_on_the_page_of_the_session(coming, times, words):
    address = f"/sessions/{coming.session_ids[0]}"
    assert "cannot come" not in coming.client("alice").get(address).text
    press(coming, times=times)
    for name in ("alice", "bob"):
        assert words in coming.client(name).get(address).text


def test_on_a_short_list_it_is_only_said_that_somebody_may_not_come(config, database, now):
    begun = evening.begin(config, database, now, evening.PEOPLE[:4])
    begun.clock.at = begun.starts_at - timedelta(hours=5)
    press(begun, times=3)
    page = begun.client("alice").get(f"/sessions/{begun.session_ids[0]}").text
    assert "Somebody may not come." in page
    assert "cannot come" not in page


def test_after_the_session_nothing_is_said_any_more(coming):
    press(coming)
    coming.after(minutes=1)
    assert "cannot come" not in coming.client("alice").get(f"/sessions/{coming.session_ids[0]}").text


def test_closing_the_room_forgets_it(coming):
    press(coming)
    coming.after(minutes=5)
    coming.client("alice").post(f"/sessions/{coming.session_ids[0]}/close", data={"headcount": "6", "do": "close"})
    with coming.database.read() as db:
        assert db.scalars(select(Forecast)).all() == []


def test_it_can_be_dropped_for_one_session(coming):
    with coming.database.write() as db:
        for session_id in coming.session_ids[:2]:
            press_away(db, session_id, 8)
        drop_forecast(db, coming.session_ids[0])
        db.commit()
    assert (said(coming), said(coming, 1)) == (0, 1)


@pytest.mark.parametrize(("hours", "gone"), [(12, 0), (12.1, 1)])
def test_the_clock_forgets_it_12_hours_after_a_session_that_nobody_closed(coming, hours, gone):
    press(coming)
    with coming.database.write() as db:
        assert clear_forecasts(db, coming.ends_at + timedelta(hours=hours)) == gone
        db.commit()
    assert said(coming) == 1 - gone


@pytest.mark.parametrize(("count", "list_size", "told"), [(2, 5, 2), (2, 4, 0), (1, 20, 1)])
def test_a_number_is_told_of_lists_of_five_or_more(count, list_size, told):
    assert tell_away(count, list_size) == told
