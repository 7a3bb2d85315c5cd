"""The pages of coverage: one series and a whole group, in words and figures, for every state a group can be in."""

import csv
import re

import pytest

from facilitator.curriculum.rules import GroupKind
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, Outcome, SessionStatus
from facilitator.planning.service import cancel_session, mark_done, record_outcomes
from facilitator.prompts.importing import import_library
from facilitator.prompts.models import PromptVersion
from tests import factories
from tests.planning.stage import assignment, segments

pytestmark = factories.ON_SQLITE


def hold(house, sessions, outcome=Outcome.USED):
    with house.change() as db:
        for session in (db.get_one(GroupSession, each.id) for each in sessions):
            record_outcomes(db, session, {part.id: outcome for part in segments(db, session).values()})
            mark_done(db, session)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def test_a_group_without_a_series_is_told_what_coverage_shows(house):
    text = house.client().get(house.at("/coverage")).text
    assert "No series yet" in text
    assert f"/groups/{house.group_id}/plan" in text


def test_before_anything_is_held_the_plan_is_shown(house):
    sessions = house.plan()
    for address in (house.at("/coverage"), f"/series/{sessions[0].series_id}", house.at()):
        text = text_of(house.client().get(address))
        assert "Nothing was held yet. The table shows the plan." in text
        assert re.search(r"\d planned", text)
        assert not re.search(r"\d used", text)


def test_what_was_used_stands_apart_from_what_was_skipped(house):
    sessions = house.plan()
    hold(house, sessions[:1])
    hold(house, sessions[1:2], Outcome.SKIPPED)
    text = text_of(house.client().get(house.at("/coverage")))
    assert "2 sessions held, 6 to come" in text
    assert re.search(r"\d used", text)
    assert re.search(r"\d skipped", text)


def test_what_nobody_said_is_told_and_not_counted_as_used(house):
    hold(house, house.plan()[:1], Outcome.NOT_SAID)
    house.clock.advance(days=1)
    text = text_of(house.client().get(house.at("/coverage")))
    assert "3 prompts stand in sessions that have begun and nobody said what became of them." in text
    assert not re.search(r"\d used", text)


def test_a_gap_is_told_in_words_with_figures_and_leads_to_the_session_that_fills_it(house):
    sessions = house.plan(pathway_id="closed-12")
    on_shame = [session for session in sessions if session.focus == "shame"]
    with house.change() as db:
        for session, pole in zip(on_shame, ("identity", "belonging"), strict=True):
            for kind in ("checkin", "explore_a", "explore_b", "integrate", "checkout"):
                version = db.get(PromptVersion, assignment(db, session, kind).prompt_version_id)
                version.pole, version.sub_bind = pole, "shame"
    hold(house, on_shame[:1])
    page = house.client().get(house.at("/coverage"))
    text = text_of(page)
    assert "Missing, 0 of 5 used" in text
    assert "Over-served, 5 of 5 used" in text
    words = f"Session {on_shame[1].position}, Mon 28 Dec, takes up the belonging side of shame"
    assert f'<a href="/sessions/{on_shame[1].id}">{words}</a>' in page.text


def test_a_gap_that_no_session_fills_leads_to_the_plan_and_the_swap_of_one_that_can(house):
    sessions = house.plan()
    with house.change() as db:
        for kind in ("checkin", "explore_a", "explore_b", "integrate", "checkout"):
            version = db.get(PromptVersion, assignment(db, sessions[3], kind).prompt_version_id)
            version.pole, version.sub_bind = "identity", "shame"
    client = house.client()
    page = client.get(f"/series/{sessions[0].series_id}")
    assert "No session to come adds the belonging side of shame. Session 4, Mon 14 Dec, can" in text_of(page)
    [swap] = set(re.findall(rf'href="(/sessions/{sessions[3].id}/segments/[^"]+/swap)"', page.text))
    assert client.get(swap).status_code == 200
    with house.change() as db:
        for session in (db.get_one(GroupSession, each.id) for each in (sessions[3], sessions[6])):
            cancel_session(db, session, "", house.clock())
    text = text_of(client.get(house.at("/coverage")))
    assert "No session that can take up the belonging side of shame is to come." in text


def test_when_everything_is_cancelled_the_page_says_so(house):
    sessions = house.plan()
    with house.change() as db:
        for session in (db.get_one(GroupSession, each.id) for each in sessions):
            session.status = SessionStatus.CANCELLED
    for address in (house.at("/coverage"), house.at("/coverage?by=arena"), f"/series/{sessions[0].series_id}"):
        page = house.client().get(address)
        assert "Every session here was cancelled." in page.text
        assert "Coverage table" not in page.text


def test_the_second_view_counts_by_arena_and_by_format(house):
    house.plan(pathway_id="closed-16")
    text = text_of(house.client().get(house.at("/coverage?by=arena")))
    for words in ("Prompts by focus and arena", "Survival instincts", "Prompts by focus and format", "Go-round"):
        assert words in text
    assert "Prompts by focus and pole" not in text


def test_an_open_group_says_how_many_rounds_it_goes(config, database, now):
    house = factories.open_house(config, database, now, kind=GroupKind.OPEN)
    house.plan(pathway_id="open-6", cycles=3)
    assert "18 to come, 3 rounds" in text_of(house.client().get(house.at("/coverage")))


def test_dates_and_a_series_narrow_the_page_and_stay_in_its_links(house):
    sessions = house.plan()
    day = sessions[1].on_date.isoformat()
    asked = f"?series={sessions[0].series_id}&from_on={day}&until_on={day}"
    page = house.client().get(house.at(f"/coverage{asked}"))
    assert "0 sessions held, 1 to come" in text_of(page)
    assert f"coverage.csv?series={sessions[0].series_id}&amp;from_on={day}&amp;until_on={day}" in page.text
    assert "No session lies here." in house.client().get(house.at("/coverage?from_on=2036-01-01")).text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("from_on=soon", "This is not a date."),
        ("until_on=2026-02-30", "This is not a date."),
        ("from_on=2026-12-02&until_on=2026-12-01", "The last day lies before the first."),
    ],
)
def test_dates_that_cannot_be_are_refused_and_kept(house, asked, words):
    house.plan()
    page = house.client().get(house.at(f"/coverage?{asked}"))
    assert page.status_code == 422
    assert words in page.text
    assert asked.split("&")[0].split("=")[1] in page.text
    assert house.client().get(house.at(f"/coverage.csv?{asked}")).status_code == 422


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_coverage_of_somebody_else_or_of_an_unknown_series_is_not_there(house, ending):
    house.plan()
    assert house.client("charlie").get(house.at(f"/coverage{ending}")).status_code == 404
    assert house.client("bob").get(house.at(f"/coverage{ending}")).status_code == 200
    assert house.client().get(house.at(f"/coverage{ending}?series=nowhere")).status_code == 404


def test_the_file_holds_every_cell_and_the_same_figures_as_the_page(house):
    hold(house, house.plan()[:3])
    response = house.client().get(house.at("/coverage.csv"))
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="prompts.csv"'
    rows = list(csv.DictReader(response.data.decode("utf-8-sig").splitlines()))
    assert len(rows) == (5 + 1) * (3 + 4 + 5)
    parts = [row for row in rows if row["by"] == "pole" and row["focus"] != "all"]
    whole = [row for row in rows if row["by"] == "pole" and row["focus"] == "all"]
    for name, total in (("used", 13), ("planned", 24), ("skipped", 0)):
        assert sum(int(row[name]) for row in parts) == sum(int(row[name]) for row in whole) == total
    said = next(row for row in rows if row["finding"] and row["counted"] == "used")
    assert int(said["count"]) < int(said["of"]) or said["finding"] == "over"


def test_a_spanish_group_is_counted_in_the_words_of_its_edition(config, database, now):
    house = factories.open_house(config, database, now, language="es")
    with house.change() as db:
        import_library(db, "es")
        group = db.get_one(Group, house.group_id)
        factories.make_series(db, group, now)
        house.account(db, "alice").language = "es"
    page = house.client().get(house.at("/coverage?by=arena"))
    text = text_of(page)
    assert "Instintos de supervivencia" in text
    assert "Survival" not in text
    assert re.search(r"\d en el plan", text)


def test_nothing_of_attendance_is_on_the_page(house):
    sessions = house.plan()
    hold(house, sessions[:1])
    text = text_of(house.client().get(house.at("/coverage")))
    assert "came" not in text.replace("became", "")
    assert "Numbers count prompts, never people." in text


@pytest.mark.parametrize("pathway", ["closed-8", "closed-16"])
def test_the_pages_take_few_queries_whatever_the_size_of_the_plan(house, pathway):
    sessions = house.plan(pathway_id=pathway)
    hold(house, sessions[:4])
    addresses = ("/coverage", "/coverage?by=arena", "/coverage.csv", "")
    for address in (*map(house.at, addresses), f"/series/{sessions[0].series_id}"):
        client = house.client()
        with factories.counted(house.database) as statements:
            assert client.get(address).status_code == 200
        assert statements["SELECT"] <= 8, address
