"""Which days a choice of period stands for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.reports.rules_period import Choice, Period, find_period, next_quarter, quarter_number, quarter_start

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("choice", "today", "first", "last"),
    [
        (Choice.ALL, TODAY, None, None),
        (Choice.QUARTER, TODAY, "2026-10-01", "2026-12-31"),
        (Choice.QUARTER, date(2026, 1, 1), "2026-01-01", "2026-03-31"),
        (Choice.QUARTER, date(2026, 6, 30), "2026-04-01", "2026-06-30"),
        (Choice.LAST_QUARTER, TODAY, "2026-07-01", "2026-09-30"),
        (Choice.LAST_QUARTER, date(2026, 2, 28), "2025-10-01", "2025-12-31"),
        (Choice.YEAR, TODAY, "2026-01-01", "2026-12-31"),
    ],
)
def test_a_choice_stands_for_whole_days_of_the_calendar(choice, today, first, last):
    found = find_period(choice, today)
    assert [day and day.isoformat() for day in (found.first_on, found.last_on)] == [first, last]


def test_own_dates_are_taken_as_they_are_and_an_end_left_out_is_open():
    assert find_period(Choice.CUSTOM, TODAY, None, date(2026, 5, 4)) == Period(last_on=date(2026, 5, 4))


@pytest.mark.parametrize(
    ("period", "inside"),
    [
        (Period(), True),
        (Period(first_on=TODAY), True),
        (Period(last_on=TODAY), True),
        (Period(first_on=TODAY + timedelta(days=1)), False),
        (Period(last_on=TODAY - timedelta(days=1)), False),
    ],
)
def test_both_ends_of_a_period_belong_to_it(period, inside):
    assert period.holds(TODAY) is inside
    assert period.is_open is (period == Period())


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2190, 1, 1)))
def test_every_day_lies_in_one_quarter_and_the_next_begins_the_day_after_it(on):
    first, after = quarter_start(on), next_quarter(on)
    assert first <= on < after
    assert (first.day, after.day) == (1, 1)
    assert quarter_start(after - timedelta(days=1)) == first
    assert quarter_number(after) == quarter_number(on) % 4 + 1
