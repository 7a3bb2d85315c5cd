"""How many came to the sessions on each focus, with the cells that a table may not show left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from facilitator.curriculum.rules import Focus
from facilitator.reports.rules_suppression import LEAST_SESSIONS, Cell, suppress
from facilitator.reports.service import TrendLine


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusMean:
    """What may be said about the sessions on one focus.

    Args:
        held: sessions that took place.
        counted: those of them that have a number.
        mean: how many came on average, at least, or None where that is hidden or there is nothing.
    """

    held: int
    counted: int
    mean: float | None

    @property
    def is_small(self) -> bool:
        """Say whether it is hidden for having too few sessions."""
        return 0 < self.counted < LEAST_SESSIONS


def list_focus_means(lines: Iterable[TrendLine]) -> tuple[Mapping[Focus, FocusMean], FocusMean]:
    """Return each focus and all together with how many came on average, hidden by the one rule for tables."""
    found = tuple(lines)
    by_focus = {focus: [line for line in found if line.held and line.session.focus == focus] for focus in Focus}
    cells = {focus: _cell(held) for focus, held in by_focus.items()}
    hidden = suppress(cells)
    means = {focus: _mean(len(by_focus[focus]), cell, is_hidden=focus in hidden.keys) for focus, cell in cells.items()}
    total = _cell([line for line in found if line.held])
    return means, _mean(sum(line.held for line in found), total, is_hidden=hidden.total)


def _cell(held: Sequence[TrendLine]) -> Cell:
    known = [line.value for line in held if line.value is not None]
    return Cell(people=sum(known), sessions=len(known))


def _mean(held: int, cell: Cell, *, is_hidden: bool) -> FocusMean:
    shown = cell.sessions and not is_hidden
    return FocusMean(held=held, counted=cell.sessions, mean=cell.people / cell.sessions if shown else None)
