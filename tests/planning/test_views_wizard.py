"""The wizard on the web: from nothing to a series in a few presses, and every mistake keeps what was typed."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, Series
from facilitator.reminders.models import OutboxMessage, ReminderRule
from tests import evening
from tests.planning.pages import press, read_form
from tests.planning.stage import counted

LONG = "9" * 10_000
MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def path(stage):
    return f"/groups/{stage.group_id}/plan"


@pytest.fixture
def dates(alice, path):
    """The second step, on Tuesdays from 1 December, when the group does not meet yet."""
    second = press(alice, alice.get(path), path, do="next")
    return press(alice, second, path, day="1", month="12", year="2026", do="dates")


def newest(stage):
    with stage.database.read() as db:
        series = db.scalars(select(Series).where(Series.first_on == date(2026, 12, 1))).one_or_none()
        if series is None:
            return None, []
        found = select(GroupSession).where(GroupSession.series_id == series.id).order_by(GroupSession.position)
        return series, list(db.scalars(found))


def test_four_presses_with_the_defaults_make_a_series(stage, alice, path, dates):
    third = press(alice, dates, path, do="next")
    assert "When are people reminded?" in third.text
    fourth = press(alice, third, path, do="next")
    assert "Every week, 18:30, 90 minutes, Berlin time" in fourth.text
    done = press(alice, fourth, path, do="create")
    assert done.status_code == 303
    series, sessions = newest(stage)
    assert done.headers["Location"] == f"/groups/{stage.group_id}#series-{series.id}"
    assert "12 sessions are planned. Nothing was sent." in alice.get(done.headers["Location"]).text
    assert [s.on_date for s in sessions[:3]] == [date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)]
    assert {(s.start_time, s.zone, s.minutes) for s in sessions} == {(time(18, 30), "Europe/Berlin", 90)}
    assert len(sessions) == 12


def test_nothing_is_kept_before_the_last_press(stage, alice, path, dates):
    press(alice, press(alice, dates, path, do="next"), path, do="next")
    assert newest(stage) == (None, [])


def test_reminders_chosen_in_the_wizard_are_planned(stage, alice, path, dates):
    third = press(alice, dates, path, do="next")
    fourth = press(alice, third, path, first_lead="1440", second_lead="0", do="next")
    press(alice, fourth, path, do="create")
    session_id = newest(stage)[1][0].id
    with stage.database.read() as db:
        leads = list(db.scalars(select(ReminderRule.lead_minutes)))
        planned = db.scalar(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.session_id == session_id)
        )
    assert leads == [1440]
    assert planned == 8


def test_going_back_keeps_every_answer(alice, path, dates):
    third = press(alice, dates, path, do="next")
    second = press(alice, third, path, do="back")
    first = press(alice, second, path, do="back")
    assert "Which path?" in first.text
    again = press(alice, press(alice, first, path, do="next"), path, do="next")
    assert read_form(again, path) == read_form(third, path)


def test_a_date_left_out_is_struck_and_comes_back(alice, path, dates):
    without = press(alice, dates, path, leave="2026-12-08")
    assert "You left this date out." in without.text
    assert "1 date left out" in without.text
    assert "23 February 2027" in without.text
    back = press(alice, without, path, meet="2026-12-08")
    assert "You left this date out." not in back.text


def test_public_holidays_are_left_out_under_their_name_and_can_be_kept(stage, alice, path):
    second = press(alice, alice.get(path), path, do="next")
    fridays = press(alice, second, path, day="18", month="12", year="2026", do="dates")
    assert "Christmas Day, public holiday." in fridays.text
    kept = press(alice, fridays, path, meet="2026-12-25")
    assert "Public holiday: Christmas Day." in kept.text
    assert "Christmas Day, public holiday." not in kept.text


def test_a_lowered_date_stays_lowered_when_numbers_shift(stage, alice, path, dates):
    lowered = press(alice, dates, path, lower="2027-01-19:1")
    assert "Lowered from depth" in lowered.text
    shifted = press(alice, lowered, path, leave="2026-12-08")
    fourth = press(alice, press(alice, shifted, path, do="next"), path, do="next")
    press(alice, fourth, path, do="create")
    limits = {s.on_date: s.depth_limit for s in newest(stage)[1]}
    assert limits.pop(date(2027, 1, 19)) == 1
    assert set(limits.values()) == {None}
    assert date(2026, 12, 8) not in limits


def test_lowering_can_be_taken_back(alice, path, dates):
    lowered = press(alice, dates, path, lower="2027-01-19:1")
    back = press(alice, lowered, path, lower="2027-01-19:")
    assert "Lowered from depth" not in back.text


def test_notes_name_clock_changes_hard_days_and_clashes(stage, alice, path):
    second = press(alice, alice.get(path), path, do="next")
    mondays = press(alice, second, path, day="11", month="1", year="2027", start_time="18:00", do="dates")
    assert "At the same time as Monday Circle." in mondays.text
    assert "the day after Valentine&#39;s Day" in mondays.text
    assert "The clocks in Berlin go forward on Sunday 28 March." in mondays.text
    assert "Lower to depth 2" in mondays.text


BAD = [
    ({"day": "31", "month": "2"}, "Enter a real date"),
    ({"day": LONG}, "Enter a real date"),
    ({"day": "²"}, "Enter a real date"),
    ({"year": "2020"}, "Choose a first date that is still to come."),
    ({"year": "99999"}, "Enter a real date"),
    ({"year": "3000"}, "Enter a year from 2000 to 2199."),
    ({"day": "28", "month": "3", "year": "2027", "start_time": "02:30"}, "02:30 does not exist on 28 March 2027"),
    ({"weekday": "3"}, "This date is a Tuesday, not a Thursday."),
    ({"weekday": "99"}, "Choose one from the list."),
    ({"weekday": "²"}, "Choose one from the list."),
    ({"start_time": "25:00"}, "Enter a time on the 24-hour clock"),
    ({"start_time": LONG}, "Enter a time on the 24-hour clock"),
    ({"zone": "Atlantis/Capital"}, "Choose a time zone from the list"),
    ({"zone": LONG}, "Choose a time zone from the list"),
    ({"zone": ""}, "Choose a time zone from the list"),
    ({"minutes": "45"}, "Choose one from the list."),
    ({"rhythm": "daily"}, "Choose one from the list."),
    ({"first_lead": "99999"}, "Choose one from the list."),
    ({"second_lead": LONG}, "Choose one from the list."),
    ({"pathway_id": "nowhere"}, "Choose a path."),
    ({"pathway_id": "open-6"}, "Choose a path."),
    ({"pathway_id": LONG}, "Choose a path."),
]


CHOICES = {"zone", "weekday", "minutes", "rhythm", "pathway_id", "first_lead", "second_lead"}


def test_what_cannot_be_used_is_said_beside_what_was_typed(subtests, alice, path, dates):
    for typed, message in BAD:
        with subtests.test(str(typed)[:60]):
            response = press(alice, dates, path, do="next", **typed)
            assert response.status_code == 422
            assert message in response.text
            assert "<title>Error:" in response.text
            kept = read_form(response, path)
            # a choice outside its list cannot be shown as chosen; everything that is typed is
            for name in typed.keys() - CHOICES:
                assert kept[name] == [typed[name]]
            assert kept["month"] == [typed.get("month", "12")]


def test_a_hand_made_request_never_breaks_the_list(subtests, alice, path, dates):
    for name in ("leave", "meet", "lower", "skip", "keep", "lowered", "step", "do"):
        with subtests.test(name):
            for value in (LONG, "²", "2026-99-99", "2027-01-19:²", ":::", "check"):
                assert press(alice, dates, path, **{name: value}).status_code in {200, 422}


def test_a_time_at_which_the_group_meets_already_is_refused_at_the_end_and_kept(alice, path):
    second = press(alice, alice.get(path), path, do="next")
    response = press(alice, second, path, day="11", month="1", year="2027", start_time="19:00", do="create")
    assert response.status_code == 422
    assert "This group already meets on 11 January 2027 at 18:30." in response.text
    assert read_form(response, path)["start_time"] == ["19:00"]


def test_today_is_fine_until_its_time_has_passed(alice, path):
    second = press(alice, alice.get(path), path, do="next")
    today = {"day": "23", "month": "11", "year": "2026"}
    passed = press(alice, second, path, do="create", start_time="09:00", **today)
    assert passed.status_code == 422
    assert "Choose a time that is still to come." in passed.text
    assert press(alice, second, path, do="create", start_time="20:30", **today).status_code == 303


def test_a_second_press_of_the_last_button_makes_no_second_series(stage, alice, path, dates):
    fourth = press(alice, press(alice, dates, path, do="next"), path, do="next")
    assert press(alice, fourth, path, do="create").status_code == 303
    again = press(alice, fourth, path, do="create")
    assert again.status_code == 422
    assert len(newest(stage)[1]) == 12


def test_an_open_cycle_runs_several_times(config, database, now):
    stage = evening.begin(config, database, now, kind="closed")
    with database.write() as db:
        db.get(Group, stage.group_id).kind = "open"
        db.commit()
    path, alice = f"/groups/{stage.group_id}/plan", stage.client("alice")
    second = press(alice, alice.get(path), path, cycles="3", do="next")
    tuesdays = press(alice, second, path, day="1", month="12", year="2026", do="dates")
    assert "Your 18 dates" in tuesdays.text
    assert "January 2027" in tuesdays.text
    wrong = press(alice, second, path, cycles="9", do="next")
    assert wrong.status_code == 422


def test_a_stranger_sees_no_wizard(stage, path):
    charlie = stage.client("charlie")
    assert charlie.get(path).status_code == 404
    assert charlie.post(path, data={"do": "create"}).status_code == 404
    assert stage.client().get(path).status_code == 303


def test_new_series_goes_straight_to_the_only_group(stage, alice, path):
    assert alice.get("/series/new").headers["Location"] == path
    assert "you have none yet" in stage.client("charlie").get("/series/new").text


def test_a_post_without_its_token_is_refused(stage, alice, path):
    stage.app.config["WTF_CSRF_ENABLED"] = True
    assert alice.post(path, data={"do": "create"}).status_code == 400


def test_the_live_list_costs_few_queries(stage, alice, path, dates):
    sent = read_form(dates, path) | {"do": "dates"}
    with counted(stage.database) as found:
        assert alice.post(path, data=sent).status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_the_default_first_date_is_a_week_from_today(alice, path, now):
    first_on = now.date() + timedelta(days=7)
    kept = read_form(alice.get(path), path)
    assert (kept["day"], kept["month"], kept["year"]) == (
        [str(first_on.day)],
        [str(first_on.month)],
        [str(first_on.year)],
    )
