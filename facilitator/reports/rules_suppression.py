"""What a report may say: the one place that decides which figures are shown, added up or hidden.

Two rules. `list_blocks` is for everything that leaves those who lead a group (the organisation's page, the funder's
page, their files): their figures are worked out from whole blocks of sessions and from nothing else, so that whatever
is subtracted from whatever, for any group, series or dates and on any two days, leaves whole blocks again. `suppress`
is for a table beside its own total: small cells are hidden, and more with them, until none can be had by subtraction.

Why blocks never change, once shown: a session counts only when its count can no longer be corrected; sessions that
began are neither moved nor added to; and a block is never opened again. The limit: a sum as large as it can be says
that every session of its block was full, which is the coded value that is kept and no more. This module must never be
given a person.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

from facilitator.attendance.rules import correctable_until

K = TypeVar("K", bound=Hashable)

LEAST_SESSIONS = 3
LEAST_PEOPLE = 5  # cells of 1 to 4 person-attendances come too close to a name
# a block that goes on past its third session tells that these stayed below this: 0 to 5 is the least width allowed
BLOCK_PEOPLE = LEAST_PEOPLE + 1
# a series without a closing session can be gone on with: what follows a longer silence begins a new run of blocks
SILENCE = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One session of a series as blocks are made of them.

    Args:
        people: the least number of people (or answers) that is kept of it, or None where no number is.
        closing: no session can follow it in its series.
        sessions: how many sessions the number is about; a pulse may be pooled over some.
        least: what the number cannot fall below, as everybody knows: a pulse is kept from five answers up.
    """

    session_id: str
    on_date: date
    starts_at: datetime
    ends_at: datetime
    people: int | None
    closing: bool = False
    sessions: int = 1
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Sessions that are published together or not at all; it belongs to the day of the last of them."""

    sittings: tuple[Sitting, ...]

    @property
    def on_date(self) -> date:
        """Return the day that decides in which period the block counts."""
        return self.sittings[-1].on_date

    @property
    def people(self) -> int:
        """Return the person-attendances of the block, at least."""
        return sum(sitting.people or 0 for sitting in self.sittings)

    @property
    def sessions(self) -> int:
        """Return how many sessions the block is about."""
        return sum(sitting.sessions for sitting in self.sittings)

    @property
    def is_full(self) -> bool:
        """Say whether it can stand alone: enough sessions, and enough that is not known of each beforehand."""
        open_people = sum(max((sitting.people or 0) - sitting.least, 0) for sitting in self.sittings)
        return self.sessions >= LEAST_SESSIONS and open_people >= BLOCK_PEOPLE


def list_blocks(series: Sequence[Sitting], now: datetime) -> list[Block]:
    """List the blocks of one series that may be published.

    A block is a run of counted sessions, one after another, and is full with three sessions and six person-attendances.
    The newest one waits until three more sessions are counted. When the series is over it takes in one or two that are
    left; three or more that fill no block are left out. That it waits for a number of sessions, whatever came to them,
    keeps the day on which a block appears from telling how full the next one is.

    Args:
        series: every planned session of the series, called off or not, in any order.
        now: the present instant.
    """
    in_time = sorted(series, key=lambda sitting: (sitting.starts_at, sitting.session_id))
    return [block for run in _split_runs(in_time) for block in _fill_blocks(run, now)]


def _split_runs(in_time: Sequence[Sitting]) -> list[list[Sitting]]:
    runs: list[list[Sitting]] = []
    for sitting in in_time:
        if runs and sitting.starts_at - runs[-1][-1].ends_at <= SILENCE:
            runs[-1].append(sitting)
        else:
            runs.append([sitting])
    return runs


def _fill_blocks(run: Sequence[Sitting], now: datetime) -> list[Block]:
    full: list[Block] = []
    rest = Block(sittings=())
    for sitting in run:
        if sitting.people is not None and correctable_until(sitting.ends_at) <= now:
            rest = Block(sittings=(*rest.sittings, sitting))
            if rest.is_full:
                full.append(rest)
                rest = Block(sittings=())
    if not full or rest.sessions >= LEAST_SESSIONS:
        return full
    *before, newest = full
    return [*before, Block(sittings=newest.sittings + rest.sittings)] if _is_over(run[-1], now) else before


def _is_over(last: Sitting, now: datetime) -> bool:
    return (correctable_until(last.ends_at) if last.closing else last.ends_at + SILENCE) <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one row of a table is about: person-attendances, and how many closed sessions they come from."""

    people: int
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden(Generic[K]):
    """Which cells of a table are hidden, and whether its total is."""

    keys: frozenset[K]
    total: bool


def suppress(cells: Mapping[K, Cell]) -> Hidden[K]:
    """Decide what a table hides, so that its total gives nothing back.

    Cells of fewer than three sessions and cells of 1 to 4 are hidden, then the next-smallest, until at least two are
    hidden and they sum to five or more. When that cannot be had, as every cell is hidden already, so is the total.
    Cells without a session say nothing of anybody and are left out of it.
    """
    filled = {key: cell for key, cell in cells.items() if cell.sessions}
    hidden = {key for key, cell in filled.items() if cell.sessions < LEAST_SESSIONS or 0 < cell.people < LEAST_PEOPLE}
    others = sorted(filled.keys() - hidden, key=lambda key: (filled[key].people, list(cells).index(key)))
    while hidden and others and not _can_be_told(filled, hidden):
        hidden.add(others.pop(0))
    return Hidden(keys=frozenset(hidden), total=bool(hidden) and not _can_be_told(filled, hidden))


def _can_be_told(cells: Mapping[K, Cell], hidden: set[K]) -> bool:
    """Say whether the sum of hidden cells may be known: one cell alone, or a small sum, would give them away."""
    return len(hidden) > 1 and sum(cells[key].people for key in hidden) >= LEAST_PEOPLE
