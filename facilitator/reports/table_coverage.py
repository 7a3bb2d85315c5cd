"""What a group's prompts cover as a CSV file: codes and counts of prompts, never of people."""

from collections.abc import Iterator

from facilitator.curriculum.rules import SubBind
from facilitator.groups.models import Group
from facilitator.planning.coverage import Coverage
from facilitator.planning.rules_coverage import By, Count, Grid, Value
from facilitator.reports.table import write_rows

HEADINGS = ("group", "by", "focus", "value", "planned", "used", "skipped", "finding", "count", "of", "counted")


def coverage_csv(group: Group, found: Coverage) -> bytes:
    """Return one row for each cell of each grid; in the rows of all sub-binds together the focus is "all".

    The last three columns say what a finding rests on: so many of so many prompts that are planned or were used.
    """
    return write_rows(HEADINGS, ((group.label, *cells) for by in By for cells in _rows(found.grids[by])))


def _rows(grid: Grid) -> Iterator[tuple[str, ...]]:
    for sub_bind in SubBind:
        for value in grid.columns:
            yield _row(grid, sub_bind, value, grid.counts[sub_bind, value])
    for value in grid.columns:
        yield _row(grid, None, value, grid.sum_column(value))


def _row(grid: Grid, sub_bind: SubBind | None, value: Value, count: Count) -> tuple[str, ...]:
    said = grid.judged.get((sub_bind, value))
    figures = (str(said.count), str(said.total), "used" if said.so_far else "planned") if said else ("", "", "")
    counts = (str(count.planned), str(count.used), str(count.skipped))
    return grid.by.value, sub_bind or "all", value.value, *counts, said.finding.value if said else "", *figures
