"""Measures over headcounts, and where the marks of a chart stand.

A value is the least number of people a kept code stands for, or None for a session that was cancelled or whose code
has no number; a list of values follows the order of the sessions. Nothing here is about a person.
This module must never round for display, name a colour or write a sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

WINDOW = 3  # sessions; fewer give no mean, as it would point at single evenings
EARLY_SESSION = 3  # early sessions are when groups lose people

CHART_HEIGHT = 230  # px; widths are in percent, so that a chart fits any page without a viewBox
PLOT_TOP = 22
PLOT_BOTTOM = 190
PLOT_LEFT = 10.0  # percent
PLOT_RIGHT = 94.0
MOST_LABELS = 8
MOST_STEPS = 5
ROUND_STEPS = (1, 2, 5, 10, 20, 50, 100)  # the last reaches 500, the largest headcount


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the known values, or None when there are fewer than three."""
    known = _known(values)
    return sum(known) / len(known) if len(known) >= WINDOW else None


def moving_average(values: Sequence[float | None], window: int = WINDOW) -> tuple[float | None, ...]:
    """Return, for each session, the mean of it and the known ones before it, `window` in all; None where there is none.

    A session without a value has no mean and does not break the window: the next one looks past it.
    """
    result: list[float | None] = []
    for end, value in enumerate(values, start=1):
        last = _known(values[:end])[-window:]
        result.append(sum(last) / window if value is not None and len(last) == window else None)
    return tuple(result)


def holding(values: Sequence[float | None]) -> float | None:
    """Return the mean of the last three known values over that of the first three; None until they are six.

    A proxy: a newcomer can hide someone who left.
    """
    known = _known(values)
    if len(known) < 2 * WINDOW:
        return None
    return _ratio(sum(known[-WINDOW:]), sum(known[:WINDOW]))


def early_hold(values: Sequence[float | None]) -> float | None:
    """Return the value of session 3 over that of session 1, or None when either is not known."""
    if len(values) < EARLY_SESSION:
        return None
    first, third = values[0], values[EARLY_SESSION - 1]
    return None if first is None or third is None else _ratio(third, first)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def participant_hours(sessions: Iterable[tuple[float | None, int]]) -> float:
    """Return the hours that people spent in sessions, at least, from pairs of a value and a length in minutes."""
    return sum(value * minutes for value, minutes in sessions if value is not None) / 60


def fill(values: Sequence[float | None], places: int) -> float | None:
    """Return the share of offered places that were taken, or None without a mean; above 1 when more came."""
    average = mean(values)
    return None if average is None else _ratio(average, places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One session for a chart: its label, its value, and whether the value means "or more"."""

    label: str
    value: float | None
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A mark on a chart: `x` in percent, `y` in px, or None where the session has no value."""

    x: float
    y: float | None
    value: float | None
    at_least: bool
    label: str
    labelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gridline:
    """A level of the scale and its height in px."""

    y: float
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A piece of the trend line, `x` in percent and `y` in px."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything a template draws, in the order it is drawn."""

    height: int
    baseline: float
    gridlines: tuple[Gridline, ...]
    trend: tuple[Stroke, ...]
    points: tuple[Point, ...]


def chart(readings: Sequence[Reading]) -> Chart:
    """Return the geometry of a headcount chart with its three-session mean."""
    values = [reading.value for reading in readings]
    largest = max(_known(values), default=0)
    step = _scale_step(largest)
    top = step * max(1, ceil(largest / step))
    xs = _columns(len(readings))
    averages = [
        (x, _height(average, top)) for x, average in zip(xs, moving_average(values), strict=True) if average is not None
    ]
    return Chart(
        height=CHART_HEIGHT,
        baseline=PLOT_BOTTOM,
        gridlines=tuple(Gridline(y=_height(level, top), value=level) for level in range(0, top + 1, step)),
        trend=tuple(Stroke(x1=x1, y1=y1, x2=x2, y2=y2) for (x1, y1), (x2, y2) in pairwise(averages)),
        points=_points(readings, xs, top),
    )


def _points(readings: Sequence[Reading], xs: Sequence[float], top: int) -> tuple[Point, ...]:
    every = ceil(len(readings) / MOST_LABELS)
    return tuple(
        Point(
            x=x,
            y=None if reading.value is None else _height(reading.value, top),
            value=reading.value,
            at_least=reading.at_least,
            label=reading.label,
            labelled=index % every == 0,
        )
        for index, (x, reading) in enumerate(zip(xs, readings, strict=True))
    )


def _columns(count: int) -> list[float]:
    """Return where each session stands, in percent; a single one stands in the middle."""
    if count == 1:
        return [(PLOT_LEFT + PLOT_RIGHT) / 2]
    return [round(PLOT_LEFT + index * (PLOT_RIGHT - PLOT_LEFT) / (count - 1), 2) for index in range(count)]


def _height(value: float, top: int) -> float:
    return round(PLOT_BOTTOM - value * (PLOT_BOTTOM - PLOT_TOP) / top, 2)


def _scale_step(largest: float) -> int:
    """Return the smallest round step that reaches the largest value in at most five."""
    return next(step for step in ROUND_STEPS if step * MOST_STEPS >= largest)
