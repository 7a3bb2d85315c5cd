"""What the prompts of a plan cover, what is under- and over-served, and which session does something about it.

It counts prompts and must never know how many people came or how they are.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from facilitator.curriculum.rules import THEMES, Arena, Focus, Format, Phase, Pole, SubBind

Value = Pole | Arena | Format
V = TypeVar("V", bound=Value)

SINGLE_POLES = (Pole.IDENTITY, Pole.BELONGING)


class By(StrEnum):
    """What a grid of coverage has in its columns; its rows are the sub-binds."""

    POLE = "pole"
    ARENA = "arena"
    FORMAT = "format"


COLUMNS: Mapping[By, tuple[Value, ...]] = {By.POLE: tuple(Pole), By.ARENA: tuple(Arena), By.FORMAT: tuple(Format)}


class State(StrEnum):
    """What a prompt in a plan stands for: planned (or nobody said), used in a held session, or skipped there."""

    PLANNED = "planned"
    USED = "used"
    SKIPPED = "skipped"


class Finding(StrEnum):
    """What is wrong with a cell."""

    MISSING = "missing"
    UNDER = "under"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One prompt where it stands in a plan."""

    session_id: str
    segment_id: str
    sub_bind: SubBind
    pole: Pole
    arenas: tuple[Arena, ...]
    format: Format
    phase: Phase
    state: State
    locked: bool = False

    def list_values(self, by: By) -> tuple[Value, ...]:
        """List the columns that it counts in; a prompt with two arenas counts in both."""
        match by:
            case By.POLE:
                return (self.pole,)
            case By.ARENA:
                return self.arenas
            case By.FORMAT:
                return (self.format,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many prompts of a cell are planned (or nobody said what became of them), were used, and were skipped."""

    planned: int = 0
    used: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is wrong with a cell, in figures.

    Args:
        count: the prompts of the cell.
        total: the prompts of its whole row.
        so_far: what was used is counted; otherwise nothing of the row was used yet and the plan is.
    """

    finding: Finding
    count: int
    total: int
    so_far: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Prompts by sub-bind and one other side of them.

    Args:
        judged: the cells that stand out; None stands for all sub-binds together.
    """

    by: By
    counts: Mapping[tuple[SubBind, Value], Count]
    judged: Mapping[tuple[SubBind | None, Value], Judged]

    @property
    def columns(self) -> tuple[Value, ...]:
        """Return what stands over the columns."""
        return COLUMNS[self.by]

    def sum_column(self, value: Value) -> Count:
        """Add up a column."""
        return add_up(self.counts[sub_bind, value] for sub_bind in SubBind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A pole of a sub-bind that is missing or under-served."""

    sub_bind: SubBind
    pole: Pole
    judged: Judged

    def is_met_by(self, prompt: Placed) -> bool:
        """Say whether a prompt takes it up; a missing pull is also met where both are held together."""
        held_together = self.judged.finding is Finding.MISSING and prompt.pole is Pole.BOTH
        return prompt.sub_bind is self.sub_bind and (prompt.pole is self.pole or held_together)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a session to come does about a gap.

    Args:
        fills: its prompts take the gap up; otherwise something can be changed in it.
        swap_id: the part whose prompt can best be spared there, None where each is locked or empty.
    """

    session_id: str
    fills: bool
    swap_id: str | None = None


def add_up(counts: Iterable[Count]) -> Count:
    """Add up the counts of some cells."""
    found = tuple(counts)
    return Count(
        planned=sum(each.planned for each in found),
        used=sum(each.used for each in found),
        skipped=sum(each.skipped for each in found),
    )


def make_grid(placed: Iterable[Placed], by: By, taken_up: Collection[SubBind]) -> Grid:
    """Count prompts and judge the counts: poles within each sub-bind that is taken up, other sides over all of them.

    An arena weighs more in one sub-bind than in another and a format suits one part of a session, so that only the
    whole tells whether one is left out.
    """
    found = Counter((each.sub_bind, value, each.state) for each in placed for value in each.list_values(by))
    counts = {
        (sub_bind, value): Count(**{state.value: found[sub_bind, value, state] for state in State})
        for sub_bind in SubBind
        for value in COLUMNS[by]
    }
    judged: dict[tuple[SubBind | None, Value], Judged] = {}
    if by is By.POLE:
        for each in taken_up:
            row = judge_row({pole: counts[each, pole] for pole in Pole}, judge_poles)
            judged |= {(each, pole): said for pole, said in row.items()}
    else:
        whole = {value: add_up(counts[each, value] for each in SubBind) for value in COLUMNS[by]}
        judged |= {(None, value): said for value, said in judge_row(whole).items()}
    return Grid(by=by, counts=counts, judged=judged)


def judge_spread(counts: Mapping[V, int]) -> dict[V, Finding]:
    """Say which of some cells is under-served, below half the mean of them, or over-served, above twice the mean.

    A row has few prompts: within a narrower band one prompt more or less would already be a fault. With fewer prompts
    than cells no plan could serve each, so nothing is said then.
    """
    total, cells = sum(counts.values()), len(counts)
    if total < cells:
        return {}
    under = {value: Finding.UNDER for value, count in counts.items() if 2 * count * cells < total}
    return under | {value: Finding.OVER for value, count in counts.items() if count * cells > 2 * total}


def judge_poles(counts: Mapping[Pole, int]) -> dict[Pole, Finding]:
    """Say which pole of a sub-bind is missing, under-served or over-served.

    A single pull that no prompt takes up, alone or held together with the other, is missing however few prompts there
    are: the group would hear one side of the bind only (H8). Beyond that the spread decides.
    """
    taken = {side for pole, count in counts.items() if count for side in pole.sides}
    return judge_spread(counts) | {side: Finding.MISSING for side in SINGLE_POLES if side not in taken}


def judge_row(
    row: Mapping[V, Count], judge: Callable[[Mapping[V, int]], Mapping[V, Finding]] = judge_spread
) -> dict[V, Judged]:
    """Judge a row by what was used in it, and before anything was used by what is planned.

    What the room met counts once it has met something; until then only the plan can be looked at.
    """
    so_far = any(count.used for count in row.values())
    figures = {value: count.used if so_far else count.planned for value, count in row.items()}
    total = sum(figures.values())
    return {
        value: Judged(finding=finding, count=figures[value], total=total, so_far=so_far)
        for value, finding in judge(figures).items()
    }


def list_gaps(grid: Grid) -> tuple[Gap, ...]:
    """List what is missing or under-served in a grid by pole, in teaching order."""
    return tuple(_gaps(grid))


def _gaps(grid: Grid) -> Iterator[Gap]:
    for sub_bind in SubBind:
        for pole in Pole:
            said = grid.judged.get((sub_bind, pole))
            if said and said.finding is not Finding.OVER:
                yield Gap(sub_bind=sub_bind, pole=pole, judged=said)


def find_step(gap: Gap, placed: Collection[Placed], coming: Mapping[str, Focus], grid: Grid) -> Step | None:
    """Find the next session that takes a gap up, or else the next one in which something can be changed.

    A gap in the plan itself has its prompts counted already, so no session fills it. Only a session on the sub-bind, or
    one that weaves all four together, may take such a prompt.

    Args:
        gap: what is missing or under-served.
        placed: every prompt of the plan.
        coming: the sessions to come in time, by id, with their focus.
        grid: the counts by pole.
    """
    meeting = {each.session_id for each in placed if each.state is State.PLANNED and gap.is_met_by(each)}
    filling = next((each for each in coming if each in meeting), None) if gap.judged.so_far else None
    if filling:
        return Step(session_id=filling, fills=True)
    wanted = [Focus(gap.sub_bind), *([Focus.WEAVING] if gap.sub_bind in THEMES else [])]
    suited = (session_id for focus in wanted for session_id, its_focus in coming.items() if its_focus is focus)
    session_id = next(suited, None)
    if session_id is None:
        return None
    return Step(session_id=session_id, fills=False, swap_id=_find_spare(gap, session_id, placed, grid))


def _find_spare(gap: Gap, session_id: str, placed: Iterable[Placed], grid: Grid) -> str | None:
    """Find the part whose cell has most prompts; explore parts first, as those are what a pole is asked of."""
    free = [each for each in placed if each.session_id == session_id and not each.locked and not gap.is_met_by(each)]
    weights = {each.segment_id: _in_plan(grid.counts[each.sub_bind, each.pole]) for each in free}
    best = max(free, key=lambda each: (each.phase is Phase.EXPLORE, weights[each.segment_id]), default=None)
    return best.segment_id if best else None


def _in_plan(count: Count) -> int:
    return count.planned + count.used
