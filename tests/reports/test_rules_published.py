"""Figures that may be handed on: worked out from blocks, and the same whichever of a block's sessions people came to."""

from datetime import UTC, date, datetime, timedelta

import pytest

from facilitator.attendance.rules import Level
from facilitator.curriculum.rules import Focus
from facilitator.reports.rules_published import (
    Fact,
    Share,
    hold,
    make_share,
    mean_by_focus,
    mean_people,
    mean_places,
    split_quarters,
    usual_level,
)
from facilitator.reports.rules_suppression import Block, Sitting

AT = datetime(2026, 1, 5, 18, tzinfo=UTC)


def share(people=18, sessions=3, series_id="one", on_date=date(2026, 2, 2), **values):
    usual = {"minutes": 90 * sessions, "places": 8 * sessions, "focuses": {Focus.FEAR: 1, Focus.SHAME: 2}, "levels": {}}
    return Share(series_id=series_id, on_date=on_date, people=people, sessions=sessions, **(usual | values))


def block(*people):
    return Block(
        sittings=tuple(
            Sitting(session_id=f"s{at}", on_date=AT.date(), starts_at=AT, ends_at=AT + timedelta(hours=1), people=value)
            for at, value in enumerate(people)
        )
    )


FACTS = {
    "s0": Fact(minutes=60, places=8, focus=Focus.FEAR, level=Level.MOST),
    "s1": Fact(minutes=90, places=8, focus=Focus.FEAR),
    "s2": Fact(minutes=75, places=10, focus=Focus.CORE, level=Level.MOST),
}


def test_a_share_adds_up_what_its_sessions_offered():
    found = make_share("one", block(7, 6, 5), FACTS)
    assert (found.people, found.sessions, found.minutes, found.places) == (18, 3, 225, 26)
    assert (found.focuses, found.levels) == ({Focus.FEAR: 2, Focus.CORE: 1}, {Level.MOST: 2})


def test_a_share_is_the_same_whichever_of_its_sessions_people_came_to():
    assert make_share("one", block(18, 0, 0), FACTS) == make_share("one", block(0, 0, 18), FACTS)


def test_hours_go_by_the_mean_length_of_a_block():
    assert make_share("one", block(18, 0, 0), FACTS).hours == 18 * 75 / 60


def test_means_go_over_sessions_and_not_over_blocks():
    shares = [share(30, 5, places=50), share(12, 3, places=24)]
    assert (mean_people(shares), mean_places(shares)) == (42 / 8, 74 / 8)
    assert (mean_people([]), mean_places([])) == (None, None)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([], None),
        ([share()], None),
        ([share(series_id="one"), share(series_id="two")], None),
        ([share(20), share(10, on_date=date(2026, 5, 4))], (0.5, 1)),
        ([share(10, on_date=date(2026, 5, 4)), share(20)], (0.5, 1)),
        ([share(20), share(99, on_date=date(2026, 3, 2)), share(10, on_date=date(2026, 5, 4))], (0.5, 1)),
        ([share(20), share(10, on_date=date(2026, 5, 4)), share(6, series_id="two")], (0.5, 1)),
    ],
)
def test_holding_compares_the_last_block_of_each_series_with_its_first(shares, expected):
    assert hold(shares) == expected


def test_a_focus_has_the_mean_of_the_blocks_that_met_it_from_three_sessions_on():
    shares = [share(18, 3, focuses={Focus.FEAR: 2}), share(9, 3, focuses={Focus.FEAR: 1, Focus.CORE: 2})]
    assert mean_by_focus(shares, Focus.FEAR) == ((2 * 6 + 1 * 3) / 3, 3)
    assert mean_by_focus(shares, Focus.CORE) == (None, 2)
    assert mean_by_focus(shares, Focus.WEAVING) == (None, 0)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([{Level.MOST: 3}], None),
        ([{Level.MOST: 1}, {Level.HALF: 1}], None),
        ([{Level.MOST: 2}, {Level.HALF: 1}], Level.MOST),
        ([{Level.FEW: 1, Level.HALF: 1}, {Level.FEW: 1}], Level.FEW),
    ],
)
def test_the_usual_level_needs_two_blocks_and_three_answers(levels, expected):
    assert usual_level([share(levels=each) for each in levels]) == expected


def test_quarters_run_from_the_first_block_to_the_last_with_empty_ones_between():
    shares = [share(on_date=date(2025, 12, 31)), share(on_date=date(2026, 7, 1)), share(on_date=date(2026, 9, 30))]
    found = [(first.isoformat(), len(inside)) for first, inside in split_quarters(shares)]
    assert found == [("2025-10-01", 1), ("2026-01-01", 0), ("2026-04-01", 0), ("2026-07-01", 2)]
    assert split_quarters([]) == []
