"""Whether a prompt may stand in a slot: the hard rules H1 to H6 and H8 to H10, each said once.

The swap drawer, a locked prompt and the automatic choice all ask here. No rule is ever relaxed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from facilitator.curriculum.rules import THEMES, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.prompts.rules_cards import Arrangement, History, PromptCard, SessionFacts, Slot
from facilitator.prompts.rules_depth import DEEPEST, Limit, shallowest_allowed, slot_limits
from facilitator.prompts.rules_reasons import Params, Refusal, RefusalCode

OPEN_WINDOW = 11
"""H6: an open group sees a prompt again after this many held sessions without it."""

PAIRS_PEOPLE = 4
QUIET_FORMATS = frozenset({Format.WRITING, Format.SILENT})
CONTAINED_FORMATS = frozenset({Format.WRITING, Format.SILENT, Format.PAIRS})
"""H10: at depth 3, nobody is put before the whole circle."""

Found = tuple[Refusal, ...]
"""What one rule refuses; nearly always nothing."""

NOTHING: Found = ()


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
    theme: SubBind | None
    occasion: str
    elsewhere: frozenset[str]
    taken_theme: SubBind | None
    missing_sides: frozenset[Pole]
    available_minutes: int


def situation(slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement) -> Situation:
    """Work out what every prompt for this slot is measured against."""
    limits = tuple(sorted(slot_limits(slot, facts, arrangement), key=lambda limit: limit.depth))
    return Situation(
        slot=slot,
        facts=facts,
        history=history,
        arrangement=arrangement,
        limits=limits,
        deepest=limits[0].depth,
        shallowest=shallowest_allowed(slot, arrangement),
        themes=themes_for(slot, facts),
        theme=facts.sub_bind,
        occasion=facts.occasion,
        elsewhere=frozenset(card.prompt_id for card in arrangement.others(slot)),
        taken_theme=_taken_theme(slot, facts, arrangement),
        missing_sides=_sides_due(slot, facts, history, arrangement),
        available_minutes=slot.available_minutes,
    )


def refusals(
    prompt: PromptCard, slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement
) -> tuple[Refusal, ...]:
    """List every hard rule that refuses this prompt in this slot; empty means allowed.

    What stands in the slot itself is left out of account, so a swap is judged as if it were empty.
    """
    return list_refusals(prompt, situation(slot, facts, history, arrangement))


def first_refusal(prompt: PromptCard, at: Situation) -> Refusal | None:
    """Find the first hard rule that refuses, in the order of RULES."""
    # asked of hundreds of prompts for every slot, nearly all of which nothing refuses
    for rule in RULES:
        for refusal in rule(prompt, at):
            return refusal
    return None


def list_refusals(prompt: PromptCard, at: Situation) -> tuple[Refusal, ...]:
    """List every hard rule that refuses, in the order of RULES."""
    return tuple(refusal for rule in RULES for refusal in rule(prompt, at))


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
    return prompt.fallback_format if people < people_for(prompt) and prompt.fallback_format else prompt.format


def people_for(prompt: PromptCard) -> int:
    """Give the least number of people that a prompt's own format takes; pairs take 4, whatever its author entered."""
    return max(prompt.min_people, PAIRS_PEOPLE) if prompt.format is Format.PAIRS else prompt.min_people


def _refuse(code: RefusalCode, **params: str | int) -> Found:
    return (Refusal(code=code, params=params),)


def _depth(prompt: PromptCard, at: Situation) -> Found:
    # H1 to H5 are numbers; which rule it was stands beside each, and the one that holds closest is named first
    if at.shallowest <= prompt.depth <= at.deepest:
        return NOTHING
    too_deep = (limit for limit in at.limits if prompt.depth > limit.depth)
    found = tuple(Refusal(code=limit.code, params=_depth_params(prompt, limit, at)) for limit in too_deep)
    if prompt.depth < at.shallowest:
        found += _refuse(RefusalCode.H4_LEAP_AFTER, depth=prompt.depth, least=at.shallowest)
    return found


def _depth_params(prompt: PromptCard, limit: Limit, at: Situation) -> Params:
    return {"depth": prompt.depth, "limit": limit.depth, "kind": at.slot.kind}


def _repeat(prompt: PromptCard, at: Situation) -> Found:
    found = _refuse(RefusalCode.H6_TWICE) if prompt.prompt_id in at.elsewhere else NOTHING
    ago = at.history.used.get(prompt.prompt_id)
    if ago is None:
        return found
    if at.facts.group_kind is GroupKind.CLOSED:
        return found + _refuse(RefusalCode.H6_USED, ago=ago)
    if ago <= OPEN_WINDOW:
        return found + _refuse(RefusalCode.H6_RECENT, ago=ago, free_in=OPEN_WINDOW + 1 - ago)
    return found


def _kept(prompt: PromptCard, at: Situation) -> Found:
    # only a closed group has a first, a weaving and a last session that comes once
    uses = prompt.uses if at.facts.group_kind is GroupKind.CLOSED else ()
    if not uses:
        return NOTHING
    return tuple(Refusal(code=RefusalCode.H6_KEPT, params={"use": use}) for use in uses if use != at.occasion)


def _theme(prompt: PromptCard, at: Situation) -> Found:
    if prompt.sub_bind not in at.themes and not is_newcomers_core(prompt, at.slot, at.facts):
        return _refuse(RefusalCode.H8_THEME, sub_bind=prompt.sub_bind, focus=at.facts.focus)
    if prompt.sub_bind is at.taken_theme:
        return _refuse(RefusalCode.H8_SAME_THEME, sub_bind=prompt.sub_bind)
    return NOTHING


def _sides(prompt: PromptCard, at: Situation) -> Found:
    if at.missing_sides and prompt.sub_bind is at.theme and not at.missing_sides <= prompt.pole.sides:
        side = min(at.missing_sides - prompt.pole.sides)
        return _refuse(RefusalCode.H8_ONE_SIDED, pole=side, sub_bind=prompt.sub_bind)
    return NOTHING


def _place(prompt: PromptCard, at: Situation) -> Found:
    found = NOTHING
    if prompt.phase is not at.slot.phase:
        found = _refuse(RefusalCode.H9_PHASE, phase=prompt.phase, kind=at.slot.kind)
    if prompt.minutes_min > at.available_minutes:
        found += _refuse(RefusalCode.H9_MINUTES, minutes=prompt.minutes_min, available=at.available_minutes)
    return found


def _people(prompt: PromptCard, at: Situation) -> Found:
    facts, found = at.facts, NOTHING
    if facts.people < people_for(prompt) and prompt.fallback_format not in QUIET_FORMATS:
        found = _refuse(RefusalCode.H9_PEOPLE, least=people_for(prompt), people=facts.people)
    if facts.group_kind not in prompt.group_kinds:
        found += _refuse(RefusalCode.H9_GROUP_KIND, group_kind=facts.group_kind)
    if facts.online and not prompt.online_ok:
        found += _refuse(RefusalCode.H9_ONLINE)
    if prompt.language != facts.language:
        found += _refuse(RefusalCode.H9_LANGUAGE, language=prompt.language)
    return found


def _review(prompt: PromptCard, at: Situation) -> Found:
    found = NOTHING
    if prompt.status is PromptStatus.RETIRED:
        found = _refuse(RefusalCode.H10_RETIRED)
    # a facilitator's own prompt is their own decision, shown with a badge
    elif at.facts.require_review and prompt.status is not PromptStatus.REVIEWED and not prompt.own:
        found = _refuse(RefusalCode.H10_NOT_REVIEWED)
    if prompt.depth == DEEPEST and prompt.format not in CONTAINED_FORMATS:
        found += _refuse(RefusalCode.H10_FORMAT, format=prompt.format)
    return found


RULES: tuple[Callable[[PromptCard, Situation], Found], ...] = (
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
    # a silent minute has no phase: it is not free
    later = [s for s in arrangement.slots if s.phase is Phase.EXPLORE and s.position > slot.position]
    if any(s.slot_id not in arrangement.prompts for s in later):
        return frozenset()
    return Pole.BOTH.sides - sides_met(facts.sub_bind, slot, history, arrangement)


def sides_met(sub_bind: SubBind, slot: Slot, history: History, arrangement: Arrangement) -> frozenset[Pole]:
    """Name the single pulls on a sub-bind that were taken up before, or stand in other slots tonight."""
    tonight = [c.pole.sides for c in arrangement.others(slot) if c.phase is Phase.EXPLORE and c.sub_bind is sub_bind]
    return history.sides_met.get(sub_bind, frozenset()).union(*tonight)
