"""Months, weeks and overlaps."""

from datetime import UTC, date, datetime

import pytest

from facilitator.calendar.rules import Span, find_overlaps, list_weeks, parse_month, step_month

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-12", date(2026, 12, 1)),
        ("2027-2", date(2027, 2, 1)),
        *(
            (text, date(2026, 11, 1))
            for text in ("", "x", "2026-13", "2026-0", "1999-12", "2101-01", "2026", "²-1", "9" * 5000 + "-1")
        ),
    ],
)
def test_a_month_is_read_and_what_is_none_is_the_present_one(text, month):
    assert parse_month(text, TODAY) == month


@pytest.mark.parametrize(
    ("by", "month"), [(1, date(2026, 12, 1)), (2, date(2027, 1, 1)), (-11, date(2025, 12, 1)), (0, date(2026, 11, 1))]
)
def test_months_are_counted_over_the_year(by, month):
    assert step_month(date(2026, 11, 1), by) == month


@pytest.mark.parametrize(("first", "start"), [(0, date(2026, 10, 26)), (6, date(2026, 11, 1))])
def test_a_month_is_whole_weeks_from_the_first_weekday(first, start):
    weeks = list_weeks(date(2026, 11, 1), first)
    assert weeks[0][0] == start
    assert {len(week) for week in weeks} == {7}
    assert date(2026, 11, 30) in weeks[-1]


def span(name, start, end):
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Span(id=name, starts_at=at.replace(hour=start), ends_at=at.replace(hour=end))


def test_spans_that_overlap_know_each_other_and_those_that_touch_do_not():
    found = find_overlaps([span("late", 20, 21), span("long", 10, 20), span("in", 11, 12), span("also", 11, 13)])
    assert found == {"long": ("in", "also"), "in": ("long", "also"), "also": ("long", "in")}
