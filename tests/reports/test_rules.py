"""Measures over headcounts, and the geometry of a chart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.reports.rules import (
    Reading,
    chart,
    early_hold,
    fill,
    holding,
    mean,
    moving_average,
    participant_hours,
)

AUTUMN = [7, 7, 6, 6, 5, None, 6]  # the sixth was cancelled


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([6, 7], None),
        ([6, None, 7], None),
        ([6, 7, 8], 7),
        (AUTUMN, pytest.approx(37 / 6)),
        ([0, 0, 0], 0),
    ],
)
def test_a_mean_needs_three_known_values(values, expected):
    assert mean(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([4], [None]),
        (AUTUMN, [None, None, 20 / 3, 19 / 3, 17 / 3, None, 17 / 3]),
        ([None, 3, 3, 3], [None, None, None, 3]),
    ],
)
def test_the_moving_average_looks_past_sessions_without_a_value(values, expected):
    result = moving_average(values)
    assert [value is None for value in result] == [value is None for value in expected]
    assert [v for v in result if v is not None] == pytest.approx([v for v in expected if v is not None])


def test_the_window_can_be_chosen():
    assert moving_average([2, 4, 6], window=2) == (None, 3, 5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (AUTUMN, pytest.approx(17 / 20)),
        ([7, 7, 6, 6, 5], None),
        ([0, 0, 0, 5, 5, 5], None),
        ([5, 5, 5, 1, 1, 1, 5, 5, 5], 1),
    ],
)
def test_holding_compares_the_last_three_with_the_first_three(values, expected):
    assert holding(values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [([8, 7, 6, 1], 0.75), ([8, 7], None), ([None, 7, 6], None), ([8, 7, None], None), ([0, 1, 2], None)],
)
def test_early_hold_compares_session_three_with_session_one(values, expected):
    assert early_hold(values) == expected


def test_participant_hours_count_what_is_known_at_least():
    assert participant_hours([(7, 90), (7, 90), (6, 90), (6, 90), (5, 90), (None, 90), (6, 90)]) == 55.5
    assert participant_hours([(4, 75), (4, 60)]) == 9
    assert participant_hours([]) == 0


@pytest.mark.parametrize(
    ("values", "places", "expected"),
    [(AUTUMN, 8, pytest.approx(37 / 48)), ([9, 9, 9], 8, 1.125), ([6, 6], 8, None), ([6, 6, 6], 0, None)],
)
def test_fill_is_the_mean_over_the_places(values, places, expected):
    assert fill(values, places) == expected


def autumn_chart():
    return chart([Reading(label=f"{i}", value=v, at_least=v == 7) for i, v in enumerate(AUTUMN)])


def test_a_chart_stands_its_points_on_a_round_scale():
    drawn = autumn_chart()
    assert [(line.value, line.y) for line in drawn.gridlines] == [(0, 190), (2, 148), (4, 106), (6, 64), (8, 22)]
    assert [(point.x, point.y) for point in drawn.points] == [
        (10, 43),
        (24, 43),
        (38, 64),
        (52, 64),
        (66, 85),
        (80, None),
        (94, 64),
    ]
    assert [point.at_least for point in drawn.points] == [True, True, False, False, False, False, False]
    assert (drawn.height, drawn.baseline) == (230, 190)


def test_the_trend_is_drawn_past_a_cancelled_session():
    assert [(stroke.x1, stroke.x2) for stroke in autumn_chart().trend] == [(38, 52), (52, 66), (66, 94)]
    assert autumn_chart().trend[-1].y1 == autumn_chart().trend[-1].y2 == pytest.approx(71)


@pytest.mark.parametrize(("count", "xs"), [(0, []), (1, [52]), (2, [10, 94])])
def test_a_chart_of_few_sessions_is_still_a_chart(count, xs):
    drawn = chart([Reading(label="a", value=None) for _ in range(count)])
    assert [point.x for point in drawn.points] == xs
    assert [line.value for line in drawn.gridlines] == [0, 1]
    assert drawn.trend == ()


def test_at_most_eight_labels_are_shown():
    for count in range(1, 61):
        labelled = [point.labelled for point in chart([Reading(label="a", value=1)] * count).points]
        assert labelled[0]
        assert sum(labelled) <= 8
        assert count > 8 or all(labelled)


@given(st.lists(st.none() | st.integers(0, 500), max_size=60))
def test_every_mark_lies_inside_its_plot(values):
    drawn = chart([Reading(label="a", value=value) for value in values])
    assert 2 <= len(drawn.gridlines) <= 6
    assert all(22 <= point.y <= 190 for point in drawn.points if point.y is not None)
    assert all(10 <= point.x <= 94 for point in drawn.points)
    assert all(22 <= y <= 190 for stroke in drawn.trend for y in (stroke.y1, stroke.y2))
    assert drawn.gridlines[-1].y == 22
