"""Which dates follow when one session of a series is moved."""

from datetime import UTC, date, datetime, time

import pytest

from facilitator.errors import Invalid
from facilitator.planning.rules import Rhythm
from facilitator.planning.rules_shift import follow_dates, refuse_far
from facilitator.planning.rules_slots import Reach, slot_at
from facilitator.times import get_zone

MONDAYS = tuple(date(2027, 3, day) for day in (1, 8, 15))
THIRD_TUESDAYS = (date(2027, 1, 19), date(2027, 2, 16), date(2027, 3, 16), date(2027, 4, 20))
LAST_FRIDAYS = (date(2027, 1, 29), date(2027, 2, 26), date(2027, 3, 26))


def test_a_weekly_series_follows_by_days():
    moved = follow_dates(MONDAYS, 2, Reach.LATER, date(2027, 3, 11), Rhythm.WEEKLY)
    assert moved == (date(2027, 3, 1), date(2027, 3, 11), date(2027, 3, 18))


def test_one_session_moves_alone():
    moved = follow_dates(THIRD_TUESDAYS, 2, Reach.ONE, date(2027, 2, 18), Rhythm.MONTHLY)
    assert moved == (*THIRD_TUESDAYS[:1], date(2027, 2, 18), *THIRD_TUESDAYS[2:])


def test_a_monthly_series_follows_by_the_place_in_the_month():
    moved = follow_dates(THIRD_TUESDAYS, 1, Reach.ALL, date(2027, 1, 21), Rhythm.MONTHLY)
    # 18 February and 18 March are third Thursdays; 22 April is the fourth
    assert moved == (date(2027, 1, 21), date(2027, 2, 18), date(2027, 3, 18), date(2027, 4, 15))


def test_a_monthly_series_moves_by_months_too():
    moved = follow_dates(THIRD_TUESDAYS, 3, Reach.LATER, date(2027, 4, 1), Rhythm.MONTHLY)
    assert moved == (*THIRD_TUESDAYS[:2], date(2027, 4, 1), date(2027, 5, 6))


def test_a_fifth_weekday_is_the_last_one_of_a_month():
    moved = follow_dates(LAST_FRIDAYS, 1, Reach.ALL, date(2027, 1, 30), Rhythm.MONTHLY)
    assert moved == (date(2027, 1, 30), date(2027, 2, 27), date(2027, 3, 27))


def test_earlier_sessions_follow_across_the_turn_of_the_year():
    dates = (date(2026, 12, 15), date(2027, 1, 19))
    assert follow_dates(dates, 2, Reach.ALL, date(2027, 1, 20), Rhythm.MONTHLY)[0] == date(2026, 12, 16)


@pytest.mark.parametrize("rhythm", [Rhythm.WEEKLY, Rhythm.MONTHLY])
def test_a_session_that_stays_moves_nothing_even_out_of_order(rhythm):
    dates = (date(2027, 3, 9), date(2027, 3, 8))
    assert follow_dates(dates, 2, Reach.LATER, date(2027, 3, 8), rhythm) == dates


@pytest.mark.parametrize(
    ("dates", "to_on", "rhythm"),
    [(MONDAYS, date(2027, 3, 1), Rhythm.WEEKLY), (THIRD_TUESDAYS, date(2027, 1, 19), Rhythm.MONTHLY)],
)
def test_later_sessions_cannot_pass_an_earlier_one(dates, to_on, rhythm):
    with pytest.raises(Invalid) as refusal:
        follow_dates(dates, 2, Reach.LATER, to_on, rhythm)
    assert refusal.value.field == "on"


@pytest.mark.parametrize(
    ("on", "first_on", "fits"),
    [
        (date(2028, 11, 23), date(2025, 1, 6), True),
        (date(2028, 11, 24), date(2025, 1, 6), False),
        (date(2029, 1, 11), date(2027, 1, 11), True),
        (date(2029, 1, 12), date(2027, 1, 11), False),
        (date(2030, 2, 28), date(2028, 2, 29), True),
    ],
)
def test_a_series_reaches_two_years_from_its_first_date_or_from_today(on, first_on, fits):
    slot = slot_at(on, time(18, 30), get_zone("Europe/Berlin"), 90)
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    if fits:
        refuse_far(slot, first_on, now)
    else:
        with pytest.raises(Invalid, match="2 years at most") as refusal:
            refuse_far(slot, first_on, now)
        assert refusal.value.field == "on"
