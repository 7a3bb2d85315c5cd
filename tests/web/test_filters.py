"""Days, times and durations in words, in the reader's language and on a 24-hour clock."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import render_template_string

from facilitator.web import filters
from tests.factories import ON_SQLITE

pytestmark = ON_SQLITE
ON = date(2026, 11, 19)
WINTER, SUMMER = datetime(2026, 11, 19, 18, 30, tzinfo=UTC), datetime(2026, 7, 2, 18, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=["en"])
def reader(app, request):
    """Somebody whose browser asks for a language."""
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


in_spanish = pytest.mark.parametrize("reader", ["es"], indirect=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("day", "Thursday 19 November"),
        ("day_with_year", "Thursday 19 November 2026"),
        ("short_day", "Thu 19"),
        ("short_date", "Thu 19 Nov"),
        ("month_short", "Nov"),
        ("month_long", "November 2026"),
    ],
)
def test_a_date_reads_as_it_is_said(reader, name, words):
    assert getattr(filters, name)(ON) == words


@in_spanish
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("day", "jueves 19 de noviembre"),
        ("day_with_year", "jueves 19 de noviembre de 2026"),
        ("short_day", "jue 19"),
        ("short_date", "jue 19 nov"),
        ("month_short", "nov"),
        ("month_long", "noviembre de 2026"),
    ],
)
def test_a_date_reads_as_it_is_said_in_spanish(reader, name, words):
    assert getattr(filters, name)(ON) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("day", "Thursday 19 November 2026"),
        ("short_date", "Thu 19 Nov 2026"),
        ("month_short", "Nov 2026"),
    ],
)
def test_a_date_of_another_year_carries_it_where_the_present_one_is_given(reader, name, words):
    said = getattr(filters, name)
    assert said(ON, WINTER) == said(ON)
    assert said(ON, WINTER.replace(year=2027)) == words


@pytest.mark.parametrize("at", [time(18, 30), WINTER])
def test_a_time_is_on_the_24_hour_clock(reader, at):
    assert filters.wall(at) == "18:30"
    assert filters.wall(time(8, 5)) == "08:05"


def test_an_instant_is_shown_as_the_clock_on_the_wall_shows_it(reader):
    local = filters.at_zone(WINTER, "America/New_York")
    assert local == datetime(2026, 11, 19, 13, 30)  # noqa: DTZ001 - a wall clock has no zone of its own
    assert filters.day_and_time(local) == "Thu 19 Nov, 13:30"


@pytest.mark.parametrize(
    ("instant", "zone", "words"),
    [
        (WINTER, "Europe/London", "London time (GMT)"),
        (SUMMER, "Europe/London", "London time (BST)"),
        (WINTER, "America/Argentina/Buenos_Aires", "Buenos Aires time (UTC-3)"),
        (WINTER, "Asia/Kathmandu", "Kathmandu time (UTC+5:45)"),
        (WINTER, "Etc/UTC", "UTC"),
    ],
)
def test_a_zone_is_named_by_its_city_and_what_holds_at_that_instant(reader, instant, zone, words):
    assert filters.zone_words(instant, zone) == words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=20), "20 seconds"),
        (timedelta(seconds=119), "1 min"),
        (18 * MINUTE, "18 min"),
        (HOUR, "1 h"),
        (2 * HOUR + 18 * MINUTE, "2 h 18 min"),
        (23 * HOUR + 59 * MINUTE, "23 h 59 min"),
        (DAY, "1 day"),
        (DAY + MINUTE, "24 h 1 min"),
        (2 * DAY, "2 days"),
        (3 * DAY + 5 * HOUR, "3 days"),
    ],
)
def test_a_duration_reads_as_exactly_as_it_is_useful(reader, duration, words):
    assert filters.in_words(duration) == words


def test_what_was_a_moment_ago_never_lies_ahead(reader):
    assert filters.ago(WINTER, WINTER + timedelta(seconds=20)) == "20 seconds ago"
    assert filters.ago(WINTER, WINTER - HOUR) == "0 seconds ago"


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        (30 * MINUTE, "30 min"),
        (90 * MINUTE, "90 min"),
        (3 * HOUR, "3 h"),
        (48 * HOUR, "48 h"),
        (72 * HOUR, "72 h"),
        (100 * HOUR, "100 h"),
        (7 * DAY, "7 days"),
    ],
)
def test_a_lead_is_told_in_hours_and_from_four_days_in_days(reader, lead, words):
    assert filters.lead_words(lead) == words


def test_every_filter_is_known_to_templates_by_its_name(app):
    names = "day day_with_year short_day short_date month_short month_long wall at_zone day_and_time zone_words ago in_words lead_words"
    assert {name: app.jinja_env.filters[name] for name in names.split()} == {
        name: getattr(filters, name) for name in names.split()
    }


def test_a_template_chains_them(reader):
    assert render_template_string("{{ at|at_zone('Europe/Berlin')|day_and_time }}", at=WINTER) == "Thu 19 Nov, 19:30"
