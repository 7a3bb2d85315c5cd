"""What a running session shows: folds presses into a state, and a state and the present instant into a picture.

The closing grounding keeps its minutes whatever happens, and nothing here ever ends a part by itself: time that has run
out is said, and a person presses. static/run_rules.js says the same for a screen that has lost its connection.
This module must never know the database, the clock or a word of the plan.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from facilitator.curriculum.rules import SegmentKind

ZERO, MINUTE, SECOND = timedelta(), timedelta(minutes=1), timedelta(seconds=1)
MORE = 2
"""Minutes that one press adds."""
MOST_MORE = 60
MOST_HEADS = 500
LATE = timedelta(minutes=2)
"""From here on it is said which parts can be shorter."""
OPENS_BEFORE = timedelta(hours=1)
"""How long before its start a session can be begun."""

GIVING = {
    SegmentKind.TEACH: 3,
    SegmentKind.RECAP: 3,
    SegmentKind.NEWS: 3,
    SegmentKind.EXPLORE_B: 10,
    SegmentKind.EXPLORE_A: 10,
    SegmentKind.CHECKIN: 8,
    SegmentKind.CHECKOUT: 4,
    SegmentKind.INTEGRATE: 6,
}
"""The parts that can give minutes, the first to give first, and what each keeps at least; coming back up gives last.

Groundings and the pause are not among them: they are what holds the rest.
"""


class Act(StrEnum):
    """What can be pressed."""

    START = "start"
    CLOCK = "clock"  # go where the plan is by now
    NEXT = "next"
    BACK = "back"
    SKIP = "skip"
    MORE = "more"
    SLOW = "slow"
    RESUME = "resume"
    LAND = "land"  # go straight to the closing grounding
    COUNT = "count"


class Became(StrEnum):
    """What became of a part."""

    USED = "used"
    CUT_SHORT = "cut_short"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePart:
    """One part of the agenda; `least` is what its prompt needs, in minutes."""

    part_id: str
    kind: SegmentKind
    minutes: int
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """Where a session stands.

    Args:
        turn: rises with every press but a count; a press made on an older turn is refused.
        part_id: the present part; None before the start and after the end.
        counted_from: since when its time runs; None while it is paused.
        spent: what it had taken before that.
        extra: minutes given to parts, by part.
        taken: seconds that parts took, by part, once they are left.
        heads: how many people are here, when somebody counted.
    """

    turn: int = 0
    part_id: str | None = None
    counted_from: datetime | None = None
    spent: timedelta = ZERO
    is_slowed: bool = False
    is_over: bool = False
    extra: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[str, int] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    heads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortening:
    """How many minutes a part can give."""

    part_id: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the screen shows at an instant.

    Args:
        at: the number of the present part, from 0; the last one when the session is over.
        minutes: what the part has, with what was added.
        left: of the part; below zero when it is over its time.
        behind: how much later than planned the session would end; below zero when earlier.
        shorten: which parts can give how much of that, and
        beyond: the minutes that are left even so.
    """

    at: int
    has_begun: bool
    is_over: bool
    is_slowed: bool
    minutes: int
    left: timedelta
    behind: timedelta
    shorten: tuple[Shortening, ...]
    beyond: int


def may_run(starts_at: datetime, now: datetime) -> bool:
    """Say whether a session can be begun: from an hour before its start."""
    return now >= starts_at - OPENS_BEFORE


def elapsed(state: LiveState, at: datetime) -> timedelta:
    """Return what the present part has taken so far."""
    return state.spent + (max(ZERO, at - state.counted_from) if state.counted_from else ZERO)


def list_allowed(state: LiveState, parts: Sequence[LivePart]) -> Collection[Act]:
    """List what can be pressed; the closing grounding, which is last, can never be skipped."""
    at = _find(parts, state.part_id)
    if state.is_over:
        return {Act.BACK, Act.COUNT}
    if at is None:
        return {Act.START, Act.CLOCK, Act.COUNT} if parts else {Act.COUNT}
    found = {Act.NEXT, Act.COUNT, Act.RESUME if state.is_slowed else Act.SLOW}
    found |= {Act.BACK} if at > 0 else set()
    found |= {Act.SKIP, Act.LAND} if at < len(parts) - 1 else set()
    return found | ({Act.MORE} if state.extra.get(parts[at].part_id, 0) < MOST_MORE else set())


def press(  # noqa: PLR0917 - a fold names its inputs
    state: LiveState, act: Act, parts: Sequence[LivePart], starts_at: datetime, at: datetime, heads: int | None = None
) -> LiveState:
    """Return the state after a press; what is not allowed leaves it as it is."""
    if act not in list_allowed(state, parts):
        return state
    if act == Act.COUNT:
        return replace(state, heads=None if heads is None else min(max(heads, 0), MOST_HEADS))
    turned = replace(state, turn=state.turn + 1)
    here = _find(parts, state.part_id)
    if act == Act.START:
        return _enter(turned, parts[0], at)
    if act == Act.CLOCK:
        return _go_by_clock(turned, parts, starts_at, at)
    if act == Act.BACK:
        return _go_back(turned, parts, len(parts) if here is None else here, at)
    if here is None:
        return state
    if act == Act.MORE:
        given = state.extra.get(parts[here].part_id, 0) + MORE
        return replace(turned, extra={**state.extra, parts[here].part_id: given})
    if act in {Act.SLOW, Act.RESUME}:
        running = None if act == Act.SLOW else at
        return replace(turned, is_slowed=act == Act.SLOW, spent=elapsed(state, at), counted_from=running)
    left = _leave(turned, at)
    if act == Act.NEXT:
        return _go_on(left, parts, here + 1, at)
    passed = parts[here : here + 1] if act == Act.SKIP else parts[here + 1 : -1]
    left = replace(left, skipped=left.skipped | {part.part_id for part in passed})
    return _go_on(left, parts, here + 1 if act == Act.SKIP else len(parts) - 1, at)


def _find(parts: Sequence[LivePart], part_id: str | None) -> int | None:
    return next((number for number, part in enumerate(parts) if part.part_id == part_id), None)


def _enter(state: LiveState, part: LivePart, at: datetime, spent: timedelta = ZERO) -> LiveState:
    return replace(
        state,
        part_id=part.part_id,
        counted_from=at,
        spent=spent,
        is_slowed=False,
        is_over=False,
        taken={part_id: took for part_id, took in state.taken.items() if part_id != part.part_id},
        skipped=state.skipped - {part.part_id},
    )


def _leave(state: LiveState, at: datetime) -> LiveState:
    if state.part_id is None:
        return state
    return replace(state, taken={**state.taken, state.part_id: elapsed(state, at) // SECOND})


def _go_on(state: LiveState, parts: Sequence[LivePart], to: int, at: datetime) -> LiveState:
    if to < len(parts):
        return _enter(state, parts[to], at)
    return replace(state, part_id=None, counted_from=None, spent=ZERO, is_slowed=False, is_over=True)


def _go_back(state: LiveState, parts: Sequence[LivePart], here: int, at: datetime) -> LiveState:
    """Take the part before up again where it was left; what was pressed by mistake costs nothing."""
    left, before = _leave(state, at), parts[here - 1]
    return _enter(left, before, at, state.taken.get(before.part_id, 0) * SECOND)


def _go_by_clock(state: LiveState, parts: Sequence[LivePart], starts_at: datetime, at: datetime) -> LiveState:
    begins, due = starts_at, (parts[0], starts_at)
    for part in parts:
        if begins <= at:
            due = (part, begins)
        begins += part.minutes * MINUTE
    return _enter(state, due[0], at, max(ZERO, at - due[1]))


def look(state: LiveState, parts: Sequence[LivePart], starts_at: datetime, ends_at: datetime, at: datetime) -> Picture:
    """Return what is shown of a state at an instant."""
    here = _find(parts, state.part_id)
    number = len(parts) - 1 if state.is_over else here or 0
    minutes = _minutes(state, parts[number])
    left = ZERO if state.is_over else minutes * MINUTE - elapsed(state, at)
    still = max(ZERO, left) + sum(_minutes(state, part) for part in parts[number + 1 :]) * MINUTE
    behind = max(at, starts_at) + still - ends_at
    if state.is_over or (here is None and at <= starts_at):
        behind = ZERO
    gives = () if state.is_over or behind < LATE else tuple(_shorten(state, parts[number + 1 :], behind // MINUTE))
    return Picture(
        at=number,
        has_begun=here is not None or state.is_over,
        is_over=state.is_over,
        is_slowed=state.is_slowed,
        minutes=minutes,
        left=left,
        behind=behind,
        shorten=gives,
        beyond=max(0, behind // MINUTE - sum(each.minutes for each in gives)) if behind >= LATE else 0,
    )


def _minutes(state: LiveState, part: LivePart) -> int:
    return part.minutes + state.extra.get(part.part_id, 0)


def _shorten(state: LiveState, coming: Sequence[LivePart], wanted: int) -> Iterator[Shortening]:
    kinds = list(GIVING)
    giving = [part for part in coming if part.kind in GIVING]
    for part in sorted(giving, key=lambda part: kinds.index(part.kind)):
        keeps = max(GIVING[part.kind], part.least, (part.minutes + 1) // 2)
        gives = min(wanted, _minutes(state, part) - keeps)
        if gives > 0:
            wanted -= gives
            yield Shortening(part_id=part.part_id, minutes=gives)


def read_outcomes(state: LiveState, parts: Sequence[LivePart], at: datetime) -> Mapping[str, tuple[Became, int | None]]:
    """Return what became of each part and how many minutes it took, to begin the closing with.

    Less than half its time is cut short. Parts that were not reached were skipped once the session has come to its
    last part; before that nothing is said of them.
    """
    here = _find(parts, state.part_id)
    took = dict(state.taken)
    if here is not None:
        took[parts[here].part_id] = elapsed(state, at) // SECOND
    has_landed = state.is_over or here == len(parts) - 1
    found: dict[str, tuple[Became, int | None]] = {}
    for part in parts:
        seconds = took.get(part.part_id)
        if part.part_id in state.skipped or (seconds is None and has_landed):
            found[part.part_id] = (Became.SKIPPED, None)
        elif seconds is not None:
            is_short = seconds * SECOND < part.minutes * MINUTE / 2
            found[part.part_id] = (Became.CUT_SHORT if is_short else Became.USED, round(seconds * SECOND / MINUTE))
    return found
