"""The pages and the file that may be handed on: who sees which groups, what they say, and what they never say."""

import csv
import re
from datetime import UTC, date, datetime

import pytest

from facilitator.accounts.models import Role
from facilitator.groups.models import Group
from tests.factories import ON_SQLITE, counted, make_account, make_group
from tests.reports.organisation import CANCELLED, NOT_HELD, write_pulse, write_series

pytestmark = ON_SQLITE
MONDAY, LATER = date(2026, 1, 5), datetime(2026, 9, 7, 9, tzinfo=UTC)
CODES = ["7+", "6", "5", "7+", "few", CANCELLED, "6", "6", NOT_HELD, "5"]  # 20 and 24 in two blocks
ORGANISATION, FUNDER, FILE = "/reports/organisation", "/reports/funder", "/reports/funder.csv"
PAGES = (ORGANISATION, FUNDER, FILE)


@pytest.fixture
def stage(house):
    house.clock.at = LATER
    with house.change() as db:
        group = db.get(Group, house.group_id)
        sessions = write_series(db, group, MONDAY, CODES, levels=["most"] * 10)
        for session in sessions[:4]:
            for question in ("steady", "pace"):
                write_pulse(db, session, question, "7+", 8)
        house.series_id = sessions[0].series_id
    return house


def figures(house, who="alice", **asked):
    """Return what the file says, by measure: (number, from sessions)."""
    text = house.client(who).get(FILE, query_string=asked).data.decode("utf-8-sig")
    return {row["Measure"]: (row["Number"], row["From sessions"]) for row in csv.DictReader(text.splitlines())}


def add_elsewhere(house):
    """Let Charlie's group have met too."""
    with house.change() as db:
        group = make_group(db, house.account(db, "charlie"), house.clock(), label="Blue Room")
        write_series(db, group, MONDAY, ["7+"] * 4)
        return group.id


@pytest.mark.parametrize("address", PAGES)
def test_nobody_sees_totals_without_signing_in(stage, address):
    assert stage.client(None).get(address).location.startswith("/login")


def test_a_facilitator_gets_the_sum_over_own_groups_and_an_admin_over_all(stage):
    add_elsewhere(stage)
    assert figures(stage)["Person-attendances"] == ("42", "8")
    assert figures(stage, "charlie")["Person-attendances"] == ("28", "4")
    with stage.change() as db:
        make_account(db, "Ada", role=Role.ADMIN)
    assert figures(stage, "ada")["Person-attendances"] == ("70", "12")
    assert "All groups of this installation" in stage.client("ada").get(ORGANISATION).text
    assert "Blue Room" not in stage.client("ada").get(ORGANISATION).text


@pytest.mark.parametrize("address", [FUNDER, FILE])
def test_a_sheet_about_somebody_elses_group_or_series_is_not_there(stage, address):
    other = add_elsewhere(stage)
    with stage.change() as db:
        make_account(db, "Ada", role=Role.ADMIN)
    for who, asked in (
        ("alice", {"group": other}),
        ("ada", {"group": other}),
        ("charlie", {"group": stage.group_id}),
        ("alice", {"group": stage.group_id, "series": "nowhere"}),
        ("alice", {"series": stage.series_id}),
        ("alice", {"group": "nowhere"}),
    ):
        assert stage.client(who).get(address, query_string=asked).status_code == 404


def test_a_sheet_can_be_about_one_group_or_one_of_its_series(stage):
    with stage.change() as db:
        write_series(db, db.get(Group, stage.group_id), date(2026, 4, 6), ["5"] * 3)
    assert figures(stage, group=stage.group_id)["Person-attendances"] == ("57", "11")
    assert figures(stage, group=stage.group_id, series=stage.series_id)["Person-attendances"] == ("42", "8")
    text = stage.client().get(FUNDER, query_string={"group": stage.group_id, "series": stage.series_id}).text
    assert "Monday Circle, series from 5 January 2026" in text


def test_page_and_file_say_the_same(stage):
    page = stage.client().get(FUNDER).text
    text = stage.client().get(FILE).data.decode("utf-8-sig")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["Measure"] != "How to read it"]
    assert len(rows) == 10
    for row in rows:
        assert row["Measure"] in page
        assert row["Figure"] in page
        assert row["Note"] in page


def test_every_figure_says_from_how_many_sessions_it_comes_or_why_there_is_none(stage):
    assert figures(stage) | {"How to read it": ()} == {
        "Groups that met": ("1", "8"),
        "Sessions held, of those planned": ("8", "10"),
        "Person-attendances": ("42", "8"),
        "Participant-hours": ("63.0", "8"),
        "Came on average": ("5", "8"),
        "Places taken": ("0.66", "8"),
        "Holding (completion proxy)": ("0.80", "8"),
        "Had been before": ("most", ""),
        "Pulse: pace about right": ("0.8", "4"),
        "Pulse: mostly or very steady at the end": ("0.8", "4"),
        "How to read it": (),
    }


def test_too_few_sessions_are_hidden_and_the_page_says_why(house):
    with house.change() as db:
        write_series(db, db.get(Group, house.group_id), MONDAY, ["6", "5"])
    house.clock.at = LATER
    for address in PAGES:
        assert "hidden, fewer than 3 sessions" in house.client().get(address).text
    assert figures(house)["Person-attendances"] == ("", "")
    assert "at least" not in house.client().get(ORGANISATION).text.split("Person-attendances")[1].split("</tr>")[0]


@pytest.mark.parametrize("address", [ORGANISATION, FUNDER])
def test_a_page_without_a_session_says_what_to_do(house, address):
    assert "No session lies in this period." in house.client("charlie").get(address).text


def test_no_page_and_no_file_holds_a_figure_of_a_single_session(stage):
    for address in PAGES:
        text = stage.client().get(address).text
        assert "7 or more," not in text
        assert not re.search(r"\b(5|12|19) Jan(uary)?\b", text)


def test_the_funder_sheet_says_what_is_not_collected_and_how_to_read_it(stage):
    text = stage.client().get(FUNDER).text
    for words in (
        "Names of those who came, arrival times, ages, diagnoses, stories, devices.",
        "What was never written down cannot be lost, sold or demanded.",
        "A newcomer can hide someone who left.",
        "not evidence of change",
        "“few” as 0",
        "at least 3 counted sessions",
    ):
        assert words in text


@pytest.mark.parametrize("address", PAGES)
def test_the_period_is_kept_in_the_address_and_dates_alone_are_own_dates(stage, address):
    asked = {"from_on": "2026-01-01", "until_on": "2026-01-31"}
    found = stage.client().get(address, query_string=asked)
    assert "1 January 2026 to 31 January 2026" in found.text
    if address == ORGANISATION:
        assert "/reports/funder.csv?period=custom&amp;from_on=2026-01-01&amp;until_on=2026-01-31" in found.text
    assert "1 April 2026 to 30 June 2026" in stage.client().get(f"{address}?period=last_quarter").text


@pytest.mark.parametrize("address", [*PAGES, "/reports", "group", "group.csv"])
@pytest.mark.parametrize("asked", ["from_on=soon", "from_on=2026-02-02&until_on=2026-02-01", "period=decade"])
def test_dates_that_cannot_be_read_are_refused_and_said(stage, address, asked):
    path = address if address.startswith("/") else f"/reports/groups/{stage.group_id}{address[5:]}"
    found = stage.client().get(f"{path}?{asked}")
    assert found.status_code == 422
    assert "cannot be read" in found.text or "There is a problem" in found.text


def test_a_label_that_looks_like_a_formula_stays_text_in_the_file(stage):
    with stage.change() as db:
        db.get(Group, stage.group_id).label = "=1+1"
    text = stage.client().get(FILE, query_string={"group": stage.group_id}).data.decode("utf-8-sig")
    assert next(csv.DictReader(text.splitlines()))["About"] == "'=1+1"


def test_the_file_has_a_neutral_name_and_headings_in_the_language_of_the_page(stage):
    found = stage.client().get(FILE)
    assert found.headers["Content-Disposition"] == 'attachment; filename="totals.csv"'
    assert found.data.startswith("\ufeffAbout,Period,Measure,Figure,Number,From sessions,Note\r\n".encode())
    with stage.change() as db:
        stage.account(db, "alice").language = "es"
    spanish = stage.client().get(FILE).data.decode("utf-8-sig").splitlines()[0]
    assert spanish != "About,Period,Measure,Figure,Number,From sessions,Note"


def test_quarters_and_focuses_are_told_from_blocks(stage):
    text = stage.client().get(ORGANISATION).text
    assert "by quarter: Q1 2026 about 5." in text
    assert text.count("hidden, fewer than 3 sessions") == 5  # eight sessions on five focuses: none has three


@pytest.mark.parametrize("groups", [1, 6])
def test_the_pages_take_few_queries_whatever_the_number_of_groups(stage, groups):
    with stage.change() as db:
        for number in range(groups - 1):
            group = make_group(db, stage.account(db, "alice"), stage.clock(), label=f"Group {number}")
            write_series(db, group, MONDAY, CODES)
    client = stage.client()
    for address in (*PAGES, f"{FUNDER}?group={stage.group_id}&series={stage.series_id}", "/reports"):
        with counted(stage.database) as statements:
            assert client.get(address).status_code == 200
        assert statements["SELECT"] <= 8, (address, statements)


def test_the_page_of_a_group_keeps_to_its_period(stage):
    path = f"/reports/groups/{stage.group_id}"
    text = stage.client().get(f"{path}?until_on=2026-01-12").text
    assert "Attendance by session: 7 or more, 6." in text
    assert "The mean is shown from 3 counted sessions on." in text
    rows = stage.client().get(f"{path}.csv?until_on=2026-01-12").text.strip().splitlines()
    assert len(rows) == 3


def test_the_page_of_a_group_tells_sessions_that_did_not_take_place(stage):
    path = f"/reports/groups/{stage.group_id}"
    text = stage.client().get(path).text
    assert "1 cancelled, 1 did not take place" in text
    assert "<td>did not take place</td>" in text
    assert ",not_held," in stage.client().get(f"{path}.csv").text


def test_early_hold_is_told_of_one_series_from_its_start(stage):
    path = f"/reports/groups/{stage.group_id}"
    assert "The third session had about 71% of the people the first had." in stage.client().get(path).text
    assert "For early hold, choose one series and everything so far." in stage.client().get(f"{path}?period=year").text
