"""Which allowed prompt is best: what comes before all points, then the points, each with the reason it gives.

Points only order what the hard rules allow; they never let anything through.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from facilitator.curriculum.rules import Arena, Format, Pole, SegmentKind, SubBind
from facilitator.prompts.rules_cards import Cell, Pace, PromptCard
from facilitator.prompts.rules_coverage import count_cells
from facilitator.prompts.rules_depth import session_cap
from facilitator.prompts.rules_fit import QUIET_FORMATS, Situation, format_used, is_newcomers_core
from facilitator.prompts.rules_poles import missing_side, pole_order
from facilitator.prompts.rules_reasons import Params, PointCode, Reason, ReasonCode

DEPTH_POINTS = {Pace.GENTLE: 1, Pace.STANDARD: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What the points of one slot depend on, worked out once; lowest is set for one tier of prompts."""

    at: Situation
    poles: tuple[Pole, ...]
    missing: Pole | None
    cells: Mapping[Cell, int]
    format_before: Format | None
    round_beside: bool
    images_beside: frozenset[str]
    arenas_met: frozenset[Arena]
    quiet_met: bool
    target: int | None
    lowest: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """One point of view: the points it gives a prompt, and the reason it stands for when they are above nought."""

    code: PointCode
    points: Callable[[PromptCard, Weighing], int]
    reason: Callable[[PromptCard, Weighing], Reason | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one point of view gives a prompt or takes from it, and the reason in its favour where there is one."""

    code: PointCode
    points: int
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A prompt among those that may stand in a slot.

    Args:
        weighed: what its points depend on.
        tier: what comes before all points; the lesser one is the better.
        total: its points.
        place: 1 for the best; equals share a place, and the draw decides between them.
    """

    prompt: PromptCard
    weighed: Weighing
    tier: tuple[bool, int]
    total: int
    place: int


def weigh_slot(at: Situation) -> Weighing:
    """Work out what the points of a slot depend on."""
    slot, facts, arrangement = at.slot, at.facts, at.arrangement
    others, before, after = arrangement.others(slot), arrangement.before(slot), arrangement.after(slot)
    missing = missing_side(slot, facts, at.history, arrangement)
    formats = [format_used(card, facts.people) for card in others]
    neighbours = [card for card in (before, after) if card]
    return Weighing(
        at=at,
        poles=pole_order(slot, facts, arrangement, missing),
        missing=missing,
        cells=count_cells(others, at.history.cells),
        format_before=format_used(before, facts.people) if before else None,
        round_beside=any(format_used(card, facts.people) is Format.GO_ROUND for card in neighbours),
        images_beside=frozenset(card.image for card in neighbours if card.image),
        arenas_met=frozenset(arena for card in others for arena in card.arenas),
        quiet_met=not QUIET_FORMATS.isdisjoint(formats),
        target=_target(at),
    )


def list_tiers(allowed: Iterable[PromptCard], weighed: Weighing) -> Iterator[tuple[Weighing, list[PromptCard]]]:
    """Yield groups of prompts that rank alike before any points, best group first.

    The session's theme comes before the bind itself, then poles in the order that the slot prefers. The emptiest
    cell is the emptiest within the group.
    """
    tiers: dict[tuple[bool, int], list[PromptCard]] = {}
    for card in allowed:
        tiers.setdefault(_tier(card, weighed), []).append(card)
    for rank in sorted(tiers):
        yield replace(weighed, lowest=min(_emptiest(card, weighed) for card in tiers[rank])), tiers[rank]


def rank(cards: Iterable[PromptCard], weighed: Weighing) -> list[tuple[int, PromptCard]]:
    """Give each prompt its points, most first; ties by id."""
    points = [term.points for term in TERMS]
    scored = [(sum([each(card, weighed) for each in points]), card) for card in cards]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].prompt_id))


def rank_all(allowed: Iterable[PromptCard], weighed: Weighing) -> tuple[Ranked, ...]:
    """Rank all prompts that may stand in a slot, best first."""
    found: list[Ranked] = []
    for of_tier, cards in list_tiers(allowed, weighed):
        for total, card in rank(cards, of_tier):
            tier, last = _tier(card, of_tier), found[-1] if found else None
            place = last.place if last and (last.tier, last.total) == (tier, total) else len(found) + 1
            found.append(Ranked(prompt=card, weighed=of_tier, tier=tier, total=total, place=place))
    return tuple(found)


def list_points(prompt: PromptCard, weighed: Weighing) -> tuple[Point, ...]:
    """List what speaks for a prompt and against it, in points other than nought."""
    given = ((term, term.points(prompt, weighed)) for term in TERMS)
    return tuple(
        Point(code=term.code, points=points, reason=term.reason(prompt, weighed) if points > 0 else None)
        for term, points in given
        if points
    )


def explain(prompt: PromptCard, weighed: Weighing) -> tuple[Reason, ...]:
    """Give the reasons that speak for a prompt, most telling first, then those that qualify it."""
    for_it = (point.reason for point in list_points(prompt, weighed))
    return tuple(reason for reason in (*for_it, *qualify(prompt, weighed)) if reason)


def _target(at: Situation) -> int | None:
    if at.slot.kind is SegmentKind.EXPLORE_B:
        return at.deepest
    return max(1, session_cap(at.facts) - 1) if at.slot.kind is SegmentKind.EXPLORE_A else None


def _tier(prompt: PromptCard, weighed: Weighing) -> tuple[bool, int]:
    last_resort = _is_last_resort(prompt, weighed.at)
    return last_resort, weighed.poles.index(prompt.pole) if weighed.poles and not last_resort else 0


def _is_last_resort(prompt: PromptCard, at: Situation) -> bool:
    off_theme = prompt.sub_bind is SubBind.CORE and at.theme is not SubBind.CORE
    return off_theme and at.occasion not in prompt.uses


def _emptiest(prompt: PromptCard, weighed: Weighing) -> int:
    cells, sub_bind, pole = weighed.cells, prompt.sub_bind, prompt.pole
    return min([cells.get((sub_bind, pole, arena), 0) for arena in prompt.arenas])


def _is_made_for(prompt: PromptCard, weighed: Weighing) -> bool:
    return weighed.at.occasion in prompt.uses


def _form(prompt: PromptCard, weighed: Weighing) -> Format:
    return format_used(prompt, weighed.at.facts.people)


def _runs_two_rounds(prompt: PromptCard, weighed: Weighing) -> bool:
    return weighed.round_beside and _form(prompt, weighed) is Format.GO_ROUND


def _shares_image(prompt: PromptCard, weighed: Weighing) -> bool:
    return bool(weighed.images_beside) and prompt.image in weighed.images_beside


def _would_run_over(prompt: PromptCard, weighed: Weighing) -> bool:
    run = weighed.at.history.runs.get(prompt.prompt_id)
    return run is not None and run.ran_long and run.took > weighed.at.slot.available_minutes


def _say_coverage(prompt: PromptCard, weighed: Weighing) -> Reason:
    if weighed.missing in prompt.pole.sides and weighed.missing:
        params = {"pole": weighed.missing, "sub_bind": prompt.sub_bind}
        return Reason(code=ReasonCode.SIDE_MISSING, params=params)
    arena = min(prompt.arenas, key=lambda a: weighed.cells.get((prompt.sub_bind, prompt.pole, a), 0))
    met = any(n and cell[:2] == (prompt.sub_bind, prompt.pole) for cell, n in weighed.cells.items())
    code = ReasonCode.CELL_LEAST if met else ReasonCode.CELL_NEW
    return Reason(code=code, params={"pole": prompt.pole, "sub_bind": prompt.sub_bind, "arena": arena})


def _say_made_for(_prompt: PromptCard, weighed: Weighing) -> Reason:
    return Reason(code=ReasonCode.MADE_FOR, params={"use": weighed.at.occasion})


def _say_target(prompt: PromptCard, weighed: Weighing) -> Reason:
    return Reason(code=ReasonCode.DEPTH_TARGET, params={"depth": prompt.depth, "limit": weighed.at.deepest})


def _say_format(prompt: PromptCard, weighed: Weighing) -> Reason | None:
    if weighed.format_before is None:
        return None
    params = {"format": _form(prompt, weighed), "before": weighed.format_before}
    return Reason(code=ReasonCode.FORMAT_FRESH, params=params)


def _say_arena(prompt: PromptCard, weighed: Weighing) -> Reason | None:
    return Reason(code=ReasonCode.ARENA_FRESH, params={"arena": prompt.arenas[0]}) if weighed.arenas_met else None


def _say_quiet(prompt: PromptCard, weighed: Weighing) -> Reason:
    return Reason(code=ReasonCode.QUIET, params={"format": _form(prompt, weighed)})


def _say_nothing(_prompt: PromptCard, _weighed: Weighing) -> None:
    """Stand for terms that only take points away."""


def qualify(prompt: PromptCard, weighed: Weighing) -> Iterator[Reason]:
    """Yield what else there is to know about a prompt in its slot; it gives no points."""
    at = weighed.at
    if prompt.depth != weighed.target:
        yield Reason(code=ReasonCode.DEPTH_WITHIN, params={"depth": prompt.depth, "limit": at.deepest})
    if is_newcomers_core(prompt, at.slot, at.facts) and at.theme is not SubBind.CORE:
        yield Reason(code=ReasonCode.NEWCOMERS_CORE)
    elif _is_last_resort(prompt, at):
        yield Reason(code=ReasonCode.CORE_LAST_RESORT, params={"focus": at.facts.focus})
    elif weighed.poles and prompt.pole is not weighed.poles[0]:
        yield Reason(code=ReasonCode.POLE_SECOND, params={"wanted": weighed.poles[0], "pole": prompt.pole})
    form = _form(prompt, weighed)
    if form is not prompt.format:
        yield Reason(code=ReasonCode.FALLBACK_FORMAT, params={"format": form, "people": at.facts.people})
    run = at.history.runs.get(prompt.prompt_id)
    if run and run.ran_long:
        params: Params = {"took": run.took, "planned": run.planned, "on": run.on.isoformat()}
        yield Reason(code=ReasonCode.RAN_LONG, params=params)
    skipped_on = at.history.skipped.get(prompt.prompt_id)
    if skipped_on:
        yield Reason(code=ReasonCode.SKIPPED, params={"on": skipped_on.isoformat()})


TERMS: tuple[Term, ...] = (
    Term(PointCode.COVERAGE, lambda p, w: 3 * (_emptiest(p, w) == w.lowest), _say_coverage),
    Term(PointCode.MADE_FOR, lambda p, w: 3 * _is_made_for(p, w), _say_made_for),
    Term(PointCode.DEPTH, lambda p, w: DEPTH_POINTS[w.at.facts.pace] * (p.depth == w.target), _say_target),
    Term(PointCode.FORMAT, lambda p, w: 2 * (_form(p, w) is not w.format_before), _say_format),
    Term(PointCode.ARENA, lambda p, w: 2 * w.arenas_met.isdisjoint(p.arenas), _say_arena),
    Term(PointCode.QUIET, lambda p, w: not w.quiet_met and _form(p, w) in QUIET_FORMATS, _say_quiet),
    Term(PointCode.TWO_ROUNDS, lambda p, w: -2 * _runs_two_rounds(p, w), _say_nothing),
    Term(PointCode.SAME_IMAGE, lambda p, w: -2 * _shares_image(p, w), _say_nothing),
    Term(PointCode.RUNS_OVER, lambda p, w: -2 * _would_run_over(p, w), _say_nothing),
)
