"""Whether a prompt may stand in a slot: the hard rules H1 to H6 and H8 to H10, each said once.

The swap drawer, a locked prompt and the automatic choice all ask here. No rule is ever relaxed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from facilitator.curriculum.rules import THEMES, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.prompts.rules_cards import EXPLORES, Arrangement, History, PromptCard, SessionFacts, Slot
from facilitator.prompts.rules_depth import DEEPEST, Limit, shallowest_allowed, slot_limits
from facilitator.prompts.rules_reasons import Params, Refusal, RefusalCode

OPEN_WINDOW = 11
"""H6: an open group sees a prompt again after this many held sessions without it."""

PAIRS_PEOPLE = 4
QUIET_FORMATS = frozenset({Format.WRITING, Format.SILENT})
CONTAINED_FORMATS = frozenset({Format.WRITING, Format.SILENT, Format.PAIRS})
"""H10: at depth 3, nobody is put before the whole circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A slot in its session, with what every prompt is measured against worked out once."""

    slot: Slot
    facts: SessionFacts
    history: History
    arrangement: Arrangement
    limits: tuple[Limit, ...]
    deepest: int
    shallowest: int
    themes: tuple[SubBind, ...]
    elsewhere: frozenset[str]
    taken_theme: SubBind | None
    missing_sides: frozenset[Pole]


def situation(slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement) -> Situation:
    """Work out what every prompt for this slot is measured against."""
    limits = tuple(slot_limits(slot, facts, arrangement))
    return Situation(
        slot=slot,
        facts=facts,
        history=history,
        arrangement=arrangement,
        limits=limits,
        deepest=min(limit.depth for limit in limits),
        shallowest=shallowest_allowed(slot, arrangement),
        themes=themes_for(slot, facts),
        elsewhere=frozenset(card.prompt_id for card in arrangement.others(slot)),
        taken_theme=_taken_theme(slot, facts, arrangement),
        missing_sides=_sides_due(slot, facts, history, arrangement),
    )


def refusals(
    prompt: PromptCard, slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement
) -> tuple[Refusal, ...]:
    """List every hard rule that refuses this prompt in this slot; empty means allowed.

    What stands in the slot itself is left out of account, so a swap is judged as if it were empty.
    """
    return tuple(each_refusal(prompt, situation(slot, facts, history, arrangement)))


def first_refusal(prompt: PromptCard, at: Situation) -> Refusal | None:
    """Find the first hard rule that refuses, in the order of RULES."""
    return next(each_refusal(prompt, at), None)


def each_refusal(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    """Yield the hard rules that refuse, one after another."""
    for rule in RULES:
        yield from rule(prompt, at)


def themes_for(slot: Slot, facts: SessionFacts) -> tuple[SubBind, ...]:
    """List the sub-binds that a slot may draw on, the newcomers' way out aside (H8)."""
    if facts.sub_bind is None:
        return THEMES if slot.phase is Phase.EXPLORE else tuple(SubBind)
    if slot.phase is Phase.EXPLORE or facts.sub_bind is SubBind.CORE:
        return (facts.sub_bind,)
    return (facts.sub_bind, SubBind.CORE)


def is_newcomers_core(prompt: PromptCard, slot: Slot, facts: SessionFacts) -> bool:
    """Say whether a prompt on the bind itself stands in for a theme on a newcomers' night (H8)."""
    return (
        facts.newcomers_expected
        and slot.phase is Phase.EXPLORE
        and prompt.sub_bind is SubBind.CORE
        and prompt.depth == 1
    )


def format_used(prompt: PromptCard, people: int) -> Format:
    """Give the format that this many people take a prompt up in: its own, or the fallback for too few."""
    too_few = people < prompt.min_people or (prompt.format is Format.PAIRS and people < PAIRS_PEOPLE)
    return prompt.fallback_format if too_few and prompt.fallback_format else prompt.format


def _refuse(code: RefusalCode, **params: str | int) -> Iterator[Refusal]:
    yield Refusal(code=code, params=params)


def _depth(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    # H1 to H5 are numbers; which rule it was stands beside each
    if prompt.depth > at.deepest:
        for limit in at.limits:
            if prompt.depth > limit.depth:
                yield Refusal(code=limit.code, params=_depth_params(prompt, limit, at))
    if prompt.depth < at.shallowest:
        yield from _refuse(RefusalCode.H4_LEAP_AFTER, depth=prompt.depth, least=at.shallowest)


def _depth_params(prompt: PromptCard, limit: Limit, at: Situation) -> Params:
    return {"depth": prompt.depth, "limit": limit.depth, "kind": at.slot.kind}


def _repeat(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    if prompt.prompt_id in at.elsewhere:
        yield from _refuse(RefusalCode.H6_TWICE)
    ago = at.history.used.get(prompt.prompt_id)
    if ago is None:
        return
    if at.facts.group_kind is GroupKind.CLOSED:
        yield from _refuse(RefusalCode.H6_USED, ago=ago)
    elif ago <= OPEN_WINDOW:
        yield from _refuse(RefusalCode.H6_RECENT, ago=ago, free_in=OPEN_WINDOW + 1 - ago)


def _kept(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    # only a closed group has a first, a weaving and a last session that comes once
    if at.facts.group_kind is GroupKind.CLOSED:
        for use in prompt.uses:
            if use != at.facts.occasion:
                yield from _refuse(RefusalCode.H6_KEPT, use=use)


def _theme(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    if prompt.sub_bind not in at.themes and not is_newcomers_core(prompt, at.slot, at.facts):
        yield from _refuse(RefusalCode.H8_THEME, sub_bind=prompt.sub_bind, focus=at.facts.focus)
    elif prompt.sub_bind is at.taken_theme:
        yield from _refuse(RefusalCode.H8_SAME_THEME, sub_bind=prompt.sub_bind)


def _sides(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    if prompt.sub_bind is at.facts.sub_bind and not at.missing_sides <= prompt.pole.sides:
        side = min(at.missing_sides - prompt.pole.sides)
        yield from _refuse(RefusalCode.H8_ONE_SIDED, pole=side, sub_bind=prompt.sub_bind)


def _place(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    if prompt.phase is not at.slot.phase:
        yield from _refuse(RefusalCode.H9_PHASE, phase=prompt.phase, kind=at.slot.kind)
    if prompt.minutes_min > at.slot.available_minutes:
        available = at.slot.available_minutes
        yield from _refuse(RefusalCode.H9_MINUTES, minutes=prompt.minutes_min, available=available)


def _people(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    if at.facts.people < prompt.min_people and prompt.fallback_format not in QUIET_FORMATS:
        yield from _refuse(RefusalCode.H9_PEOPLE, least=prompt.min_people, people=at.facts.people)
    if at.facts.group_kind not in prompt.group_kinds:
        yield from _refuse(RefusalCode.H9_GROUP_KIND, group_kind=at.facts.group_kind)
    if at.facts.online and not prompt.online_ok:
        yield from _refuse(RefusalCode.H9_ONLINE)
    if prompt.language != at.facts.language:
        yield from _refuse(RefusalCode.H9_LANGUAGE, language=prompt.language)


def _review(prompt: PromptCard, at: Situation) -> Iterator[Refusal]:
    if prompt.status is PromptStatus.RETIRED:
        yield from _refuse(RefusalCode.H10_RETIRED)
    # a facilitator's own prompt is their own decision, shown with a badge
    elif at.facts.require_review and prompt.status is not PromptStatus.REVIEWED and not prompt.own:
        yield from _refuse(RefusalCode.H10_NOT_REVIEWED)
    if prompt.depth == DEEPEST and prompt.format not in CONTAINED_FORMATS:
        yield from _refuse(RefusalCode.H10_FORMAT, format=prompt.format)


RULES: tuple[Callable[[PromptCard, Situation], Iterator[Refusal]], ...] = (
    _theme,
    _review,
    _people,
    _depth,
    _place,
    _repeat,
    _kept,
    _sides,
)
"""From what a prompt is to what the group has had, so that the first refusal is the one that lasts longest."""


def _taken_theme(slot: Slot, facts: SessionFacts, arrangement: Arrangement) -> SubBind | None:
    # weaving takes two different themes
    if facts.sub_bind is not None or slot.phase is not Phase.EXPLORE:
        return None
    return next(
        (c.sub_bind for c in arrangement.others(slot) if c.phase is Phase.EXPLORE and c.sub_bind in THEMES), None
    )


def _sides_due(slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement) -> frozenset[Pole]:
    # at the last meeting on a sub-bind, the last free explore slot brings whatever side is missing
    if not facts.last_meeting or slot.phase is not Phase.EXPLORE or facts.sub_bind not in THEMES:
        return frozenset()
    later = [s for s in arrangement.slots if s.kind in EXPLORES and s.position > slot.position]
    if any(s.slot_id not in arrangement.prompts for s in later):
        return frozenset()
    return Pole.BOTH.sides - sides_met(facts.sub_bind, slot, history, arrangement)


def sides_met(sub_bind: SubBind, slot: Slot, history: History, arrangement: Arrangement) -> frozenset[Pole]:
    """Name the single pulls on a sub-bind that were taken up before, or stand in other slots tonight."""
    tonight = [c.pole.sides for c in arrangement.others(slot) if c.phase is Phase.EXPLORE and c.sub_bind is sub_bind]
    return history.sides_met.get(sub_bind, frozenset()).union(*tonight)
