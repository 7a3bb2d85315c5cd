"""What stands before and behind "Read on", and how old the check of a help line may grow before the page says so."""

from datetime import timedelta

import pytest

from facilitator.participant.service import get_help
from tests import evening
from tests.factories import counted

LONG_AGO = "a number may have changed"


@pytest.fixture
def link(stage):
    return f"/s/{stage.page}"


def test_before_the_sensitive_page_it_says_that_history_stays_and_after_it_that_one_may_pass(visitor, link):
    before, behind = visitor.get(link).text, visitor.post(f"{link}/read").text
    assert "This page stays in the history of your browser" in before
    assert "Nobody will ask what happened to you." not in before
    assert "Something steadying" not in before.partition("Before you read on")[0]
    assert "You can pass on anything, at any time." in behind
    assert "Nobody watches this page around the clock." in behind


def test_opening_it_by_hand_leads_to_the_page_before_it_and_a_press_elsewhere_is_refused(visitor, link):
    assert visitor.get(f"{link}/read").location == link
    assert visitor.post(f"{link}/read", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_reading_on_writes_nothing_and_sets_no_cookie(stage, visitor, link):
    with counted(stage.database) as statements:
        answer = visitor.post(f"{link}/read")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert {"INSERT", "UPDATE", "DELETE", "COMMIT"} & set(statements) == set()


def test_an_ended_link_is_not_read_on(stage, visitor, link):
    stage.after(hours=25)
    assert visitor.post(f"{link}/read").status_code == 404


@pytest.mark.parametrize(("after", "outdated"), [(180, False), (181, True)])
def test_help_lines_checked_more_than_180_days_ago_say_that_they_may_have_changed(stage, after, outdated):
    with stage.database.read() as db:
        checked_on = get_help(db, "en", stage.clock.at.date()).checked_on
        assert get_help(db, "en", checked_on + timedelta(days=after)).outdated is outdated


def test_the_page_says_it_quietly(config, database, now):
    begun = evening.begin(config, database, now)
    assert LONG_AGO not in begun.client().get("/kept").text
    begun.clock.at = now + timedelta(days=365)
    assert LONG_AGO in begun.client().get("/kept").text
