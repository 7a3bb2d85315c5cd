"""Which prompt goes into which slot, and why: the automatic assignment of one session.

Slots are filled in order, each seeing what stands before it and what is locked after it. The same facts, prompts,
history and seed always give the same session. It must never read a clock or a database, and never write a sentence.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from facilitator.curriculum.rules import PromptStatus, SubBind
from facilitator.prompts.rules_agenda import GROUNDINGS, exercise_refusals, list_exercises
from facilitator.prompts.rules_cards import (
    Alternative,
    Arrangement,
    Choice,
    ExerciseCard,
    History,
    PromptCard,
    PromptPool,
    SessionFacts,
    Slot,
)
from facilitator.prompts.rules_fit import Situation, first_refusal, refusals, situation
from facilitator.prompts.rules_reasons import Reason, ReasonCode, RefusalCode
from facilitator.prompts.rules_score import explain, list_tiers, rank, rank_all, weigh_slot

Locked = Mapping[str, PromptCard | ExerciseCard]
"""What a facilitator has fixed, by slot id."""


def choose_session(
    facts: SessionFacts,
    slots: Iterable[Slot],
    prompts: PromptPool,
    exercises: Sequence[ExerciseCard],
    history: History,
    *,
    locked: Locked,
    seed: str,
) -> tuple[Choice, ...]:
    """Choose for every slot that takes a prompt or an exercise, in the order of the agenda.

    Args:
        facts: what the rules know of the session.
        slots: the whole agenda; slots that take nothing are passed over.
        prompts: the pool, in any language; other languages than the session's are refused.
        exercises: the grounding exercises.
        history: what the group has had; after a closed series, see `carry_over`.
        locked: what stays whatever the rules say; a broken rule becomes a warning.
        seed: decides between equals; a new one gives another session.
    """
    arrangement = _lay_out(slots, locked)
    choices = []
    for slot in arrangement.slots:
        # a seed of its own for every slot, so that a locked slot takes no draw away from those after it
        draw = random.Random(f"{seed}/{slot.position}")  # noqa: S311 - wanted repeatable, not secret
        if slot.slot_id in locked:
            choice = _keep(locked[slot.slot_id], slot, facts, history, arrangement)
        elif slot.kind in GROUNDINGS:
            choice = _choose_exercise(slot, exercises, history, arrangement, draw)
        elif slot.phase:
            choice = _choose_prompt(situation(slot, facts, history, arrangement), prompts, draw)
        else:
            continue
        choices.append(choice)
        arrangement = _place(arrangement, choice)
    return tuple(choices)


def alternatives(
    slot: Slot, facts: SessionFacts, prompts: PromptPool, history: History, arrangement: Arrangement
) -> tuple[Alternative, ...]:
    """List the prompts that may stand in a slot instead, best first, a facilitator's own among them."""
    at = situation(slot, facts, history, arrangement)
    present = arrangement.prompts.get(slot.slot_id)
    others = [card for card in list_candidates(at, prompts) if present is None or card.prompt_id != present.prompt_id]
    allowed = [card for card in others if first_refusal(card, at) is None]
    return tuple(
        Alternative(prompt=ranked.prompt, reasons=explain(ranked.prompt, ranked.weighed))
        for ranked in rank_all(allowed, weigh_slot(at))
    )


def list_candidates(at: Situation, prompts: PromptPool) -> list[PromptCard]:
    """List the prompts written for a slot's phase and themes, before any other rule."""
    if at.slot.phase is None:
        return []
    ways_out = (SubBind.CORE,) if at.facts.newcomers_expected and SubBind.CORE not in at.themes else ()
    return prompts.of(at.slot.phase, (*at.themes, *ways_out))


def sift(at: Situation, prompts: PromptPool) -> tuple[list[PromptCard], Counter[RefusalCode]]:
    """Part the prompts written for a slot: those that may be placed there unasked, and how many each rule removed."""
    removed: Counter[RefusalCode] = Counter()
    allowed = []
    for card in list_candidates(at, prompts):
        refused = _refuse_unasked(card, at)
        if refused is None:
            allowed.append(card)
        else:
            removed[refused] += 1
    return allowed, removed


def _lay_out(slots: Iterable[Slot], locked: Locked) -> Arrangement:
    return Arrangement(
        slots=tuple(sorted(slots, key=lambda slot: slot.position)),
        prompts={slot_id: card for slot_id, card in locked.items() if isinstance(card, PromptCard)},
        exercises={slot_id: card for slot_id, card in locked.items() if isinstance(card, ExerciseCard)},
    )


def _place(arrangement: Arrangement, choice: Choice) -> Arrangement:
    if choice.prompt:
        return replace(arrangement, prompts={**arrangement.prompts, choice.slot_id: choice.prompt})
    if choice.exercise:
        return replace(arrangement, exercises={**arrangement.exercises, choice.slot_id: choice.exercise})
    return arrangement


def _keep(
    card: PromptCard | ExerciseCard, slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement
) -> Choice:
    reasons = (Reason(code=ReasonCode.LOCKED),)
    if isinstance(card, ExerciseCard):
        broken = exercise_refusals(card, slot, history, arrangement)
        return Choice(slot_id=slot.slot_id, exercise=card, reasons=reasons, warnings=broken)
    broken = refusals(card, slot, facts, history, arrangement)
    return Choice(slot_id=slot.slot_id, prompt=card, reasons=reasons, warnings=broken)


def _choose_prompt(at: Situation, prompts: PromptPool, draw: random.Random) -> Choice:
    allowed, removed = sift(at, prompts)
    if not allowed:
        return Choice(slot_id=at.slot.slot_id, emptied_by=_say_emptied(at, removed))
    weighed, cards = next(list_tiers(allowed, weigh_slot(at)))
    scored = rank(cards, weighed)
    chosen = draw.choice([card for points, card in scored if points == scored[0][0]])
    return Choice(slot_id=at.slot.slot_id, prompt=chosen, reasons=explain(chosen, weighed))


def _refuse_unasked(card: PromptCard, at: Situation) -> RefusalCode | None:
    # a facilitator may place their own unreviewed prompt by hand; it is never placed for them (H10)
    if card.own and at.facts.require_review and card.status is not PromptStatus.REVIEWED:
        return RefusalCode.H10_NOT_REVIEWED
    refusal = first_refusal(card, at)
    return refusal.code if refusal else None


def _say_emptied(at: Situation, removed: Counter[RefusalCode]) -> Reason:
    if not removed:
        return Reason(code=ReasonCode.NOTHING_WRITTEN, params={"kind": at.slot.kind, "focus": at.facts.focus})
    code, count = removed.most_common(1)[0]
    return Reason(
        code=ReasonCode.EMPTIED,
        params={"refusal": code, "rule": code.rule, "removed": count, "considered": removed.total()},
    )


def _choose_exercise(
    slot: Slot, exercises: Iterable[ExerciseCard], history: History, arrangement: Arrangement, draw: random.Random
) -> Choice:
    allowed = list_exercises(slot, exercises, history, arrangement)
    if not allowed:
        return Choice(slot_id=slot.slot_id, emptied_by=Reason(code=ReasonCode.NO_EXERCISE))
    least = history.exercise_uses.get(allowed[0].exercise_id, 0)
    chosen = draw.choice([e for e in allowed if history.exercise_uses.get(e.exercise_id, 0) == least])
    reason = Reason(code=ReasonCode.EXERCISE_LEAST, params={"uses": least})
    return Choice(slot_id=slot.slot_id, exercise=chosen, reasons=(reason,))
