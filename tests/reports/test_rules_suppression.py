"""What may be published: whole blocks of sessions, and tables that give nothing back by subtraction."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.reports.rules_suppression import SILENCE, Cell, Sitting, list_blocks, suppress

BEGIN = datetime(2026, 1, 5, 18, tzinfo=UTC)
HOUR_AND_A_HALF, WEEK = timedelta(minutes=90), timedelta(weeks=1)
LATER = BEGIN + timedelta(days=3000)


def sit(*people, closing=True, every=WEEK, begin=BEGIN):
    """Return a series with these numbers of people, a week apart; None for a session without a number."""
    last = len(people) - 1
    return [
        Sitting(
            session_id=f"{begin:%Y%m%d}-{at:03}",
            on_date=(begin + at * every).date(),
            starts_at=begin + at * every,
            ends_at=begin + at * every + HOUR_AND_A_HALF,
            people=value,
            closing=closing and at == last,
        )
        for at, value in enumerate(people)
    ]


def settled(series, position):
    """Return when the count of a session can no longer be corrected."""
    return series[position - 1].ends_at + timedelta(hours=48)


def shape(blocks):
    return [(block.sessions, block.people) for block in blocks]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([], []),
        ([6], []),
        ([6, 7], []),
        ([6, 7, 6], [(3, 19)]),
        ([6, 7, 6, 5], [(4, 24)]),
        ([6, 7, 6, 5, 5], [(5, 29)]),
        ([6, 7, 6, 5, 5, 5], [(3, 19), (3, 15)]),
        ([7, 7, 6, 6, 5, None, 6, 6], [(3, 20), (4, 23)]),
        ([0, 0, 0], []),
        ([0, 0, 5], []),
        ([0, 0, 6], [(3, 6)]),
        ([1, 2, 2, 1], [(4, 6)]),
        ([6, 7, 6, 0, 1], [(5, 20)]),
        ([6, 7, 6, 0, 1, 2], [(3, 19)]),
        ([None, None, None, 7], []),
        ([None, 7, None, 7, 7], [(3, 21)]),
    ],
)
def test_a_finished_series_is_cut_into_blocks_of_three_sessions_and_six_people_or_more(people, expected):
    assert shape(list_blocks(sit(*people), LATER)) == expected


@pytest.mark.parametrize("later", [6, 0])
def test_the_newest_block_waits_for_three_more_sessions_however_few_came_to_them(later):
    series = sit(6, 6, 6, later, later, later, 9, 9, closing=False)
    seen = [shape(list_blocks(series, settled(series, position))) for position in range(1, 9)]
    assert seen == [[]] * 5 + [[(3, 18)]] * 3


def test_the_closing_session_of_a_series_lets_the_rest_out_when_it_can_no_longer_be_corrected():
    series = sit(*[6] * 8)
    assert shape(list_blocks(series, settled(series, 8) - timedelta(seconds=1))) == [(3, 18)]
    assert shape(list_blocks(series, settled(series, 8))) == [(3, 18), (5, 30)]


def test_a_count_that_can_still_be_corrected_is_in_no_block():
    series = sit(*[6] * 6, closing=False)
    assert list_blocks(series, settled(series, 6) - timedelta(seconds=1)) == []


def test_a_series_without_a_closing_session_is_over_after_sixty_days_of_silence():
    series = sit(6, 6, 6, 6, closing=False)
    over_at = series[-1].ends_at + SILENCE
    assert list_blocks(series, over_at - timedelta(seconds=1)) == []
    assert shape(list_blocks(series, over_at)) == [(4, 24)]


def test_what_is_added_after_the_silence_leaves_the_blocks_before_it_alone():
    old = sit(6, 6, 6, 6, closing=False)
    added = sit(5, 5, 5, 5, closing=False, begin=old[-1].ends_at + SILENCE + timedelta(seconds=1))
    before = list_blocks(old, added[0].starts_at)
    assert shape(list_blocks([*old, *added], LATER)) == [*shape(before), (4, 20)]


def test_a_session_to_come_keeps_the_series_open_though_it_may_be_called_off():
    series = sit(6, 6, 6, None)
    assert list_blocks(series, settled(series, 3)) == []
    assert shape(list_blocks(series, settled(series, 4))) == [(3, 18)]


def test_a_block_belongs_to_the_day_of_its_last_session():
    assert list_blocks(sit(6, 6, 6), LATER)[0].on_date == date(2026, 1, 19)


def test_answers_count_above_what_everybody_knows_of_them():
    fives = [Sitting(**{**{name: getattr(each, name) for name in each.__slots__}, "least": 5}) for each in sit(5, 5, 5)]
    assert list_blocks(fives, LATER) == []


def runs():
    return st.lists(st.none() | st.integers(0, 9), max_size=30)


@given(runs(), st.booleans(), st.lists(st.integers(0, 400), max_size=6))
def test_a_block_that_was_published_stays_as_it_is_for_good(people, closing, days):
    series, seen = sit(*people, closing=closing), []
    for day in sorted(days):
        found = [block.sittings for block in list_blocks(series, BEGIN + timedelta(days=day))]
        assert found[: len(seen)] == seen
        seen = found


@given(runs(), st.booleans())
def test_blocks_are_disjoint_runs_that_can_stand_alone_and_keep_the_order_of_time(people, closing):
    blocks = list_blocks(sit(*people, closing=closing), LATER)
    assert all(block.sessions >= 3 and block.people >= 6 for block in blocks)
    every = [sitting.session_id for block in blocks for sitting in block.sittings]
    assert every == sorted(set(every))
    assert not [sitting for block in blocks for sitting in block.sittings if sitting.people is None]


def cells(*people, sessions=3):
    return {f"c{at}": Cell(people=value, sessions=sessions) for at, value in enumerate(people)}


@pytest.mark.parametrize(
    ("table", "hidden", "total"),
    [
        (cells(), "", False),
        (cells(9, 12, 20), "", False),
        (cells(3, 12, 20, 30), "0 1", False),
        (cells(3, 4, 20, 30), "0 1", False),
        (cells(1, 1, 20, 30), "0 1 2", False),
        (cells(0, 3, 20), "0 1 2", False),
        (cells(0, 20, 20), "", False),
        (cells(3), "0", True),
        (cells(2, 2), "0 1", True),
        (cells(4, 4), "0 1", False),
        (cells(4, 20), "0 1", False),
        (cells(8, 7, 3, 9), "1 2", False),
        (cells(7, 7, 3), "0 2", False),
        ({"c0": Cell(people=14, sessions=2), "c1": Cell(people=20, sessions=3)}, "0 1", False),
        ({"c0": Cell(people=14, sessions=2)}, "0", True),
        ({"c0": Cell(people=0, sessions=0), "c1": Cell(people=3, sessions=3)}, "1", True),
    ],
)
def test_a_table_hides_small_cells_and_the_next_smallest_with_them(table, hidden, total):
    found = suppress(table)
    assert (found.keys, found.total) == ({f"c{number}" for number in hidden.split()}, total)


def interval(values, found, key):
    """Return how wide what is left for a hidden cell is to somebody who has every shown cell and the total."""
    if found.total:
        return float("inf")
    if len(found.keys) == 1:
        return 0
    return sum(values[other] for other in found.keys)  # from nothing to all that the hidden cells hold together


def widths(decide):
    """Return the widths of every hidden cell of every table of four cells from 0 to 8."""
    for values in product(range(9), repeat=4):
        table = cells(*values)
        found = decide(table)
        yield from (interval({key: table[key].people for key in table}, found, key) for key in found.keys)


def test_no_hidden_cell_of_any_table_of_four_is_narrowed_below_five():
    assert min(widths(suppress)) >= 5


def without_complement(table):
    found = suppress(table)
    small = frozenset(key for key, cell in table.items() if 0 < cell.people < 5)
    return type(found)(keys=small, total=False)


def with_every_total(table):
    found = suppress(table)
    return type(found)(keys=found.keys, total=False)


@pytest.mark.parametrize("leaky", [without_complement, with_every_total])
def test_a_table_that_leaks_is_caught(leaky):
    assert min(widths(leaky)) < 5
