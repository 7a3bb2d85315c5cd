"""The wizard on the web: from nothing to a series in a few presses, and every mistake keeps what was typed."""

import re
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group
from facilitator.planning.forms import LONGEST_TEXT
from facilitator.planning.models import GroupSession, Series
from facilitator.reminders.models import OutboxMessage, ReminderRule
from tests import evening
from tests.factories import counted
from tests.planning.pages import press as send
from tests.planning.pages import read_form
from tests.planning.stage import make_group, make_series

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


def press(client, response, action, **changes):
    """Press a button of the wizard and go where it leads, as a browser does; scheduling leads out of the wizard."""
    answer = send(client, response, action, **changes)
    assert answer.status_code == 303  # no page of the wizard is the answer to a form
    while answer.status_code == 303 and answer.headers["Location"].startswith(action):
        answer = client.get(answer.headers["Location"])
    return answer


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
    assert "Every week on Tuesday, 18:30, 90 minutes, Berlin time" in fourth.text
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
    assert "This group already meets at this time." in mondays.text
    assert "You are expected at both" not in mondays.text
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
                assert kept[name] == [typed[name][:LONGEST_TEXT]]
            assert kept["month"] == [typed.get("month", "12")]


def test_a_hand_made_request_never_breaks_the_list(subtests, alice, path, dates):
    for name in ("leave", "meet", "lower", "skip", "keep", "lowered", "step", "do"):
        with subtests.test(name):
            for value in (LONG, "²", "2026-99-99", "2027-01-19:²", ":::", "check"):
                assert press(alice, dates, path, **{name: value}).status_code in {200, 422}


def test_what_is_kept_of_a_plan_fits_into_a_cookie(alice, path, dates):
    marked = [(date(2026, 12, 1) + timedelta(days=n)).isoformat() for n in range(500)]
    typed = dict.fromkeys(("skip", "keep", "lowered"), marked) | {"day": LONG, "zone": LONG}
    alice.post(path, data=read_form(dates, path) | typed)
    assert len(alice.get_cookie("desk").value) < 4000


CLASH = {"day": "11", "month": "1", "year": "2027", "start_time": "19:00"}


@pytest.mark.parametrize("button", ["next", "check", "create"])
def test_a_time_at_which_the_group_meets_already_is_refused_in_the_dates_step_and_kept(alice, path, button):
    second = press(alice, alice.get(path), path, do="next")
    response = press(alice, second, path, do=button, **CLASH)
    assert response.request.path == f"{path}/dates"
    assert response.status_code == 422
    assert "This group already meets on 11 January 2027 at 18:30." in response.text
    assert read_form(response, path)["start_time"] == ["19:00"]


def test_a_date_on_which_the_group_meets_already_says_so_in_the_list_and_can_be_left_out(alice, path):
    second = press(alice, alice.get(path), path, do="next")
    refused = press(alice, second, path, do="dates", **CLASH)
    assert refused.text.count("This group already meets at this time.") == 8
    assert "8 dates refused" in refused.text
    left = press(alice, refused, path, leave="2027-01-11")
    assert left.text.count("This group already meets at this time.") == 7


TODAY = {"day": "23", "month": "11", "year": "2026"}


@pytest.mark.parametrize("button", ["dates", "next", "create"])
def test_an_hour_of_today_that_has_passed_is_refused_in_the_dates_step(alice, path, button):
    second = press(alice, alice.get(path), path, do="next")
    passed = press(alice, second, path, do=button, start_time="09:00", **TODAY)
    assert passed.request.path == f"{path}/dates"
    assert passed.status_code == 422
    beside = passed.text.partition('id="start_time-err"')[2].partition("</p>")[0]
    assert "Choose a time that is still to come." in beside
    assert "This time is past." in passed.text


def test_today_is_fine_until_its_time_has_passed(stage, alice, path):
    second = press(alice, alice.get(path), path, do="next")
    done = press(alice, second, path, do="create", start_time="20:30", **TODAY)
    assert "12 sessions are planned." in alice.get(done.headers["Location"]).text


def test_a_second_press_of_the_last_button_leads_to_the_same_series(stage, alice, path, dates):
    fourth = press(alice, press(alice, dates, path, do="next"), path, do="next")
    done = press(alice, fourth, path, do="create")
    for typed in ({}, {"start_time": "20:30"}):
        again = press(alice, fourth, path, do="create", **typed)
        assert again.headers["Location"] == done.headers["Location"]
    assert "These sessions are planned already. Nothing was planned twice." in alice.get(done.headers["Location"]).text
    assert len(newest(stage)[1]) == 12


@pytest.mark.parametrize("step", ["dates", "reminders", "check"])
def test_back_after_scheduling_leads_to_the_series_and_a_new_plan_begins_afresh(alice, path, dates, step):
    fourth = press(alice, press(alice, dates, path, do="next"), path, do="next")
    done = press(alice, fourth, path, do="create")
    assert alice.get(f"{path}/{step}").headers["Location"] == done.headers["Location"]
    fresh = read_form(alice.get(path), path)
    assert fresh["year"] == ["2027"]
    assert fresh["seed"] != read_form(fourth, path)["seed"]


def test_every_step_is_a_page_to_come_back_to_with_what_was_sent_last(alice, path, dates):
    third = press(alice, dates, path, start_time="17:15", do="next")
    press(alice, third, path, first_lead="1440", do="next")
    assert read_form(alice.get(f"{path}/dates"), path)["start_time"] == ["17:15"]
    assert read_form(alice.get(f"{path}/reminders"), path)["first_lead"] == ["1440"]
    assert read_form(alice.get(path), path)["start_time"] == ["17:15"]


def test_the_live_list_answers_without_undoing_a_press(alice, path, dates):
    press(alice, dates, path, start_time="17:15", do="next")
    # it was asked before the press, and its answer arrives after it
    earlier = read_form(dates, path) | {"start_time": "16:00", "do": "dates"}
    live = alice.post(path, data=earlier, headers={"HX-Request": "true"})
    assert "16:00 CET" in live.text.partition('id="dates"')[2]
    assert read_form(alice.get(f"{path}/dates"), path)["start_time"] == ["17:15"]
    wrong = alice.post(path, data=earlier | {"day": "99"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    assert "Enter a real date" in wrong.text.partition('id="dates"')[2]


def test_a_plan_can_be_begun_anew(alice, path, dates):
    assert "Start anew" in alice.get(path).text
    anew = press(alice, alice.get(path), path, do="anew")
    assert read_form(anew, path)["month"] == ["3"]
    assert "Start anew" not in anew.text


def test_a_step_without_answers_leads_to_the_first(alice, path):
    assert alice.get(f"{path}/check").headers["Location"] == path
    assert alice.get(f"{path}/nowhere").status_code == 404


def test_signing_out_forgets_the_plan(stage, alice, path, dates):
    alice.post("/sign-out")
    with alice.session_transaction() as cookie:
        assert "plan" not in cookie


def test_the_check_says_every_clash_that_the_dates_said(stage, alice, path):
    with stage.database.write() as db:
        own = db.scalars(select(Facilitator).where(Facilitator.name == "Alice Stone")).one()
        make_series(db, make_group(db, own, label="Harbour"), first_on=date(2027, 2, 9))
        db.commit()
    second = press(alice, alice.get(path), path, do="next")
    tuesdays = press(alice, second, path, day="2", month="2", year="2027", start_time="19:00", do="dates")
    assert tuesdays.text.count("At the same time as Harbour.") == 8
    check = press(alice, tuesdays, path, do="check")
    assert check.text.count("At the same time as Harbour.") == 1
    assert "You are expected at both." in check.text
    assert "9, 16 and 23 February" in check.text


def test_the_check_says_what_happens_to_the_reminders(alice, path, dates):
    third = press(alice, dates, path, do="next")
    equal = press(alice, third, path, first_lead="1440", second_lead="1440", do="next")
    assert "Two equal reminders count as one." in equal.text
    assert "They replace the reminders that it has now" in equal.text
    usual = press(alice, third, path, do="next")
    assert "count as one" not in usual.text
    none = press(alice, third, path, first_lead="0", second_lead="0", do="next")
    assert "No reminders." in none.text
    assert "count as one" not in none.text


def test_the_list_says_why_a_date_cannot_be_read(alice, path, dates):
    wrong = press(alice, dates, path, day="31", month="2", do="dates")
    live = wrong.text.partition('id="dates"')[2]
    assert "These dates cannot be scheduled yet." in live
    assert "Enter a real date" in live


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"rhythm": "monthly", "day": "30", "month": "1", "year": "2027"}, "Every month on the last Saturday"),
        ({"rhythm": "monthly", "day": "28", "month": "2", "year": "2027"}, "Every month on the fourth Sunday"),
        ({"rhythm": "monthly", "day": "1", "month": "12", "year": "2026"}, "Every month on the first Tuesday"),
        ({"rhythm": "fortnightly"}, "Every 2 weeks on Tuesday"),
        ({"rhythm": "weekly"}, "Every week on Tuesday"),
    ],
)
def test_the_rhythm_is_said_in_words_beside_the_field_and_in_the_list(alice, path, dates, typed, words):
    page = press(alice, dates, path, do="dates", **typed).text
    beside = page.partition('id="rhythm-hint"')[2].partition("</p>")[0]
    assert words in beside
    assert words in page.partition('id="dates"')[2]


def test_a_group_without_a_country_says_that_no_holidays_are_known(stage, alice, path, dates):
    assert "No country is set" not in dates.text
    with stage.database.write() as db:
        db.get(Group, stage.group_id).country = "INT"
        db.commit()
    page = press(alice, dates, path, do="dates")
    assert "No country is set for this group" in page.text
    assert f'href="/groups/{stage.group_id}/edit#country"' in page.text
    assert re.search(r'<input disabled id="holidays"', page.text)
    # the wish is kept for when the country is set
    assert read_form(page, path)["holidays"] == ["y"]


def test_what_is_pointed_out_does_not_stand_under_what_is_left_out(dates):
    legend = dates.text.partition('id="sensitive"')[0].rpartition("<legend>")[2].partition("</legend>")[0]
    assert legend == "Holidays and sensitive dates"


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


@pytest.mark.parametrize("step", ["", "/dates", "/reminders", "/check"])
def test_every_step_costs_few_queries(stage, alice, path, dates, step):
    with counted(stage.database) as found:
        assert alice.get(f"{path}{step}").status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def first_date(page, path):
    kept = read_form(page, path)
    return date(*(int(kept[name][0]) for name in ("year", "month", "day")))


def test_a_new_series_is_proposed_a_week_after_what_is_planned_already(alice, path):
    assert first_date(alice.get(path), path) == date(2027, 3, 1) + timedelta(days=7)


def test_the_first_series_is_proposed_a_week_from_today(stage, alice, now):
    with stage.database.write() as db:
        own = db.scalars(select(Facilitator).where(Facilitator.name == "Alice Stone")).one()
        path = f"/groups/{make_group(db, own, label='Harbour').id}/plan"
        db.commit()
    assert first_date(alice.get(path), path) == now.date() + timedelta(days=7)


def test_what_is_proposed_can_be_taken_as_it_is(alice, path):
    assert press(alice, alice.get(path), path, do="next").status_code == 200
