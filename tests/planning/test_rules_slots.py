"""Moving one session, and moving the ones after it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from facilitator.errors import Invalid
from facilitator.planning.rules_slots import Reach, moved, reached, shift
from facilitator.times import get_zone

LONDON = get_zone("Europe/London")
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
DATES = tuple(date(2027, 3, day) for day in (1, 8, 15, 22))


def test_a_session_moved_over_a_clock_change_keeps_its_wall_time():
    slot = moved(date(2027, 3, 29), time(19), LONDON, 90, NOW)
    assert slot.starts_at == datetime(2027, 3, 29, 18, tzinfo=UTC)
    assert slot.ends_at - slot.starts_at == timedelta(minutes=90)
    assert (slot.on, slot.start_time, slot.abbreviation) == (date(2027, 3, 29), time(19), "BST")


@pytest.mark.parametrize(
    ("on", "start_time", "minutes", "field", "words"),
    [
        (date(2027, 3, 28), time(1, 30), 90, "start_time", "01:30 does not exist on 28 March 2027 in London"),
        (date(2027, 3, 28), time(1, 30), 90, "start_time", "for example 02:30"),
        (date(2027, 3, 1), time(9), 90, "on", "still to come"),
        (date(2027, 2, 28), time(19), 90, "on", "still to come"),
        (date(2027, 3, 8), time(19), 80, "minutes", "60, 75 or 90"),
    ],
)
def test_a_move_that_cannot_be_is_refused_with_its_field(on, start_time, minutes, field, words):
    with pytest.raises(Invalid, match=words) as refusal:
        moved(on, start_time, LONDON, minutes, NOW)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("reach", "positions"), [(Reach.ONE, [3]), (Reach.LATER, [3, 4, 5]), (Reach.ALL, [1, 2, 3, 4, 5])]
)
def test_a_change_reaches_one_session_the_later_ones_or_all(reach, positions):
    assert list(reached(5, 3, reach)) == positions


@pytest.mark.parametrize(
    ("position", "reach", "by", "expected"),
    [
        (3, Reach.LATER, 7, (1, 8, 22, 29)),
        (3, Reach.LATER, -6, (1, 8, 9, 16)),
        (1, Reach.LATER, -1, (0, 7, 14, 21)),
        (2, Reach.ONE, 1, (1, 9, 15, 22)),
        (2, Reach.ONE, 14, (1, 22, 15, 22)),
        (4, Reach.ALL, 2, (3, 10, 17, 24)),
    ],
)
def test_dates_shift_by_whole_days(position, reach, by, expected):
    start = date(2027, 2, 28)
    assert shift(DATES, position, reach, by) == tuple(start + timedelta(days=day) for day in expected)


@pytest.mark.parametrize("by", [-7, -8])
def test_later_sessions_cannot_be_shifted_onto_an_earlier_one(by):
    with pytest.raises(Invalid) as refusal:
        shift(DATES, 3, Reach.LATER, by)
    assert refusal.value.field == "on"
