"""The reports pages: one's own groups alone, no mean before three counted sessions, and few queries."""

import csv
import re

import pytest

from facilitator.attendance.service import close_room
from facilitator.planning.models import GroupSession
from facilitator.planning.service import record_outcomes
from tests import evening
from tests.factories import counted
from tests.planning import stage as rows


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def close(stage, *headcounts):
    with stage.database.write() as db:
        for session_id, headcount in zip(stage.session_ids, headcounts, strict=False):
            session = db.get(GroupSession, session_id)
            session.status = "done"
            close_room(db, session_id, session.ends_at, headcount, 8, "protected", session.ends_at)
            record_outcomes(db, session, {})
        db.commit()


def path(stage):
    return f"/reports/groups/{stage.group_id}"


def test_a_facilitator_without_a_group_is_told_what_a_report_needs(stage):
    text = stage.client("charlie").get("/reports").text
    assert "You have no group yet." in text


def test_the_list_names_every_group_of_ones_own_and_nobody_elses(stage):
    assert "Monday Circle" in stage.client("alice").get("/reports").text
    assert "Monday Circle" in stage.client("bob").get("/reports").text
    assert "Monday Circle" not in stage.client("charlie").get("/reports").text


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_somebody_elses_report_is_not_there(stage, ending):
    assert stage.client("charlie").get(path(stage) + ending).status_code == 404
    assert stage.client("bob").get(path(stage) + ending).status_code == 200


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_nobody_reads_a_report_without_signing_in(stage, ending):
    assert stage.client().get(path(stage) + ending).location.startswith("/login")


def test_a_report_without_a_closed_room_says_when_the_first_figure_comes(stage, alice):
    text = alice.get(path(stage)).text
    assert "The first figure appears when a room is closed." in text
    assert '<svg width="100%"' not in text


def test_means_are_told_from_three_counted_sessions_on(stage, alice):
    close(stage, 6, 5)
    for address in ("/reports", path(stage)):
        assert not re.search(r"about \d", alice.get(address).text)
    close(stage, 6, 5, 7)
    for address in ("/reports", path(stage)):
        assert "about 6 of 8" in alice.get(address).text


def test_the_chart_and_its_table_say_the_same(stage, alice):
    close(stage, 8, 1, 5)
    text = alice.get(path(stage)).text
    assert "Attendance by session: 7 or more, few, 5." in text
    for words in ("<td>7 or more</td>", "<td>few</td>", "<td>5</td>"):
        assert words in text
    assert text.count('<circle cx="') >= 3
    assert "at least 18" in text


def test_another_series_is_shown_on_its_own_and_an_unknown_one_is_not_there(stage, alice, database):
    close(stage, 6)
    with database.write() as db:
        group = db.get(GroupSession, stage.session_ids[0])
        first = group.series_id
        home = db.get(rows.Group, stage.group_id)
        later = rows.make_series(db, home, first_on=rows.FIRST_ON.replace(month=6, day=7))[0].id
        db.commit()
    assert "Attendance by session: 6." in alice.get(f"{path(stage)}?series={first}").text
    assert "Attendance by session" not in alice.get(f"{path(stage)}?series={later}").text
    assert alice.get(f"{path(stage)}?series=nowhere").status_code == 404


def test_the_file_has_a_neutral_name_and_one_row_a_session(stage, alice):
    close(stage, 8, 5)
    response = alice.get(f"{path(stage)}.csv")
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="sessions.csv"'
    found = list(csv.DictReader(response.data.decode("utf-8-sig").splitlines()))
    assert [(row["session"], row["came"], row["came_at_least"]) for row in found] == [
        ("1", "at_least 7", "7"),
        ("2", "exact 5", "5"),
    ]


def test_the_group_page_shows_the_same_card(stage, alice):
    close(stage, 8, 5, 4)
    assert "Attendance by session: 7 or more, 5, 4." in alice.get(f"/groups/{stage.group_id}").text


@pytest.mark.parametrize("groups", [1, 6])
def test_the_pages_take_few_queries_whatever_the_number_of_groups(stage, alice, database, groups):
    close(stage, 6, 5, 7)
    with database.write() as db:
        me = db.query(rows.Facilitator).filter_by(name="Alice Stone").one()
        for number in range(groups - 1):
            rows.make_series(db, rows.make_group(db, me, label=f"Group {number}"))
        db.commit()
    for address in ("/reports", path(stage), f"{path(stage)}.csv"):
        with counted(database) as statements:
            assert alice.get(address).status_code == 200
        assert statements["SELECT"] <= 8, address
