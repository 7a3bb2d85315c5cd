"""The calendar on the web: whose sessions, on which day, what stands beside them."""

from datetime import UTC, date, datetime, time

import pytest

from facilitator.accounts.models import Facilitator
from facilitator.calendar.service import show_months
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.rules_notes import NoteCode
from tests.factories import counted, make_group, make_series

MOST_QUERIES, FULL, HEAVIEST = 8, 60, 120_000  # sessions in a month; bytes


@pytest.fixture
def alice(house):
    return house.client()


def show(client, query=""):
    response = client.get(f"/calendar{query}")
    assert response.status_code == 200
    return " ".join(response.text.split())


def second_group(house, who="alice", **values):
    with house.change() as db:
        group = make_group(db, house.account(db, who), house.clock(), label="Blue Room", **values)
        return make_series(db, group, house.clock(), **({"zone": values["zone"]} if "zone" in values else {}))[1]


def test_the_present_month_on_the_clock_of_the_reader_is_shown(house, alice):
    house.clock.at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert '<h2 id="mon">November 2026</h2>' in show(alice)
    with house.change() as db:
        house.account(db, "alice").zone = "Asia/Tokyo"
    assert '<h2 id="mon">December 2026</h2>' in show(alice)


def test_each_session_stands_on_the_date_of_its_place_with_its_time(house, alice):
    first = house.plan()[0]
    page = show(alice, f"?month={first.on_date:%Y-%m}")
    cell = page.split(f'datetime="{first.on_date.isoformat()}"')[1].split("<td")[0]
    assert f'href="/sessions/{first.id}"' in cell
    assert f"<b>{first.start_time:%H:%M}</b> Monday Circle" in cell
    assert "session 1" in cell


def test_a_called_off_session_is_struck_and_takes_no_time(house, alice):
    mine, other = house.plan()[0], second_group(house)[0]
    assert (mine.starts_at, mine.ends_at) == (other.starts_at, other.ends_at)
    query = f"?month={mine.on_date:%Y-%m}"
    assert "You are expected at two places at once." in show(alice, query)
    assert "At the same time as Blue Room" in show(alice, query)
    for session in second_sessions(house, "Blue Room"):
        with house.change() as db:
            db.get_one(GroupSession, session).status = SessionStatus.CANCELLED
    page = show(alice, query)
    assert "at two places" not in page
    assert 'class="off"' in page


def second_sessions(house, label):
    with house.read() as db:
        return [row.id for row in db.query(GroupSession).join(Group).where(Group.label == label)]


def test_one_group_alone_is_shown_with_the_clashes_of_all(house, alice):
    first = house.plan()[0]
    second_group(house)
    with house.read() as db:
        blue = db.query(Group).where(Group.label == "Blue Room").one().id
    page = show(alice, f"?month={first.on_date:%Y-%m}&group={blue}")
    assert f"/sessions/{first.id}" not in page
    assert "At the same time as Monday Circle" in page
    assert f'value="{blue}" selected' in page
    assert f"/sessions/{first.id}" in show(alice, f"?month={first.on_date:%Y-%m}&group=unknown")


def test_nothing_of_somebody_elses_group_is_there(house):
    first = house.plan()[0]
    page = show(house.client("charlie"), f"?month={first.on_date:%Y-%m}")
    assert "Monday Circle" not in page
    assert "Nothing is planned yet" in page


def test_the_list_shows_three_months_one_beneath_the_other(house, alice):
    house.plan(first_on=date(2026, 12, 7))
    page = show(alice, "?month=2026-11&view=list")
    assert [page.index(name) for name in ("November 2026</h2>", "December 2026</h2>", "January 2027</h2>")]
    assert "February 2027</h2>" not in page
    assert page.count("No session in this month.") == 1


def test_a_time_of_another_zone_is_said_in_both(house, alice):
    first = house.plan()[0]
    with house.change() as db:
        house.account(db, "alice").zone = "Asia/Tokyo"
    assert "for you" in show(alice, f"?month={first.on_date:%Y-%m}")


def notes_of(house, month):
    with house.read() as db:
        me = db.query(Facilitator).where(Facilitator.name == "Alice").one()
        return show_months(db, me, month, 1).notes


def test_hard_days_holidays_and_clock_changes_are_marked(house, alice):
    with house.change() as db:
        group = db.get_one(Group, house.group_id)
        group.country, group.zone = "DE", "Europe/Berlin"
    december, march = notes_of(house, date(2026, 12, 1)), notes_of(house, date(2027, 3, 1))
    assert {each.code for each in december[date(2026, 12, 25)]} == {NoteCode.SENSITIVE, NoteCode.PUBLIC_HOLIDAY}
    assert NoteCode.CLOCK_FORWARD in {each.code for each in march[date(2027, 3, 28)]}
    page = show(alice, "?month=2026-12")
    assert "This is Christmas Eve." in page


@pytest.mark.parametrize("query", ["?month=x", "?view=x", "?group=%00", "?month=9999-99&view=list"])
def test_an_address_that_means_nothing_still_shows_a_calendar(alice, query):
    assert "Calendar" in show(alice, query)


def test_the_page_takes_few_queries_whatever_the_size(house, alice):
    house.plan()
    for _group in range(4):
        second_group(house)
    for view in ("month", "list"):
        with counted(house.database) as found:
            show(alice, f"?month=2026-12&view={view}")
        assert found["SELECT"] <= MOST_QUERIES


def test_a_full_month_is_a_light_page(house, alice):
    with house.change() as db:
        for hour in range(6, 21):  # 15 groups with 5 sessions in December
            group = make_group(db, house.account(db, "alice"), house.clock(), label=f"Circle {hour}")
            make_series(db, group, house.clock(), first_on=date(2026, 12, 1), start_time=time(hour))
    with counted(house.database) as found:
        page = show(alice, "?month=2026-12")
    assert page.count('href="/sessions/') >= FULL
    assert len(page.encode()) < HEAVIEST
    assert found["SELECT"] <= MOST_QUERIES
