"""What does not fit about the plan of a session, as codes for its page: it advises and changes nothing.

The same hard rules that choose are asked again, against what stands in the sessions around it now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from facilitator.curriculum.rules import PromptStatus
from facilitator.planning.filling import Desk, is_silent
from facilitator.prompts.rules_agenda import agenda_refusals, exercise_refusals, speaking_is_short, speaking_seconds
from facilitator.prompts.rules_cards import ExerciseCard, Slot
from facilitator.prompts.rules_fit import refusals
from facilitator.prompts.rules_reasons import Params, Refusal, RefusalCode


class CheckCode(StrEnum):
    """What a plan may lack beside the hard rules; the names of its parameters stand behind each."""

    EMPTY_SLOT = "empty_slot"  # kind
    NOT_REVIEWED = "not_reviewed"  # kind
    SPEAKING_SHORT = "speaking_short"  # kind, seconds, people


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWarning:
    """One thing that does not fit.

    Args:
        code: a CheckCode, or the code of a hard rule.
        segment_id: the part it is about, or None for the whole session.
    """

    code: CheckCode | RefusalCode
    segment_id: str | None = None
    params: Params = field(default_factory=dict)


def check_desk(desk: Desk) -> tuple[PlanWarning, ...]:
    """List what does not fit about a session that is laid out.

    Its minutes and groundings, every hard rule for what stands in it (a leap from the session before, a late depth 3
    and repeats among them), empty slots, short speaking time, and prompts that nobody has reviewed.
    """
    whole = (_warn(refusal) for refusal in agenda_refusals(desk.all_slots, desk.session.minutes))
    return (*whole, *(warning for slot in desk.all_slots for warning in _check_slot(desk, slot)))


def _check_slot(desk: Desk, slot: Slot) -> Iterator[PlanWarning]:
    row = desk.rows.get(slot.slot_id)
    if row is None or is_silent(row):
        return
    card = desk.standing.get(slot.slot_id)
    if row.prompt_version_id is None and row.exercise_id is None:
        yield PlanWarning(code=CheckCode.EMPTY_SLOT, segment_id=slot.slot_id, params={"kind": slot.kind})
    if card is None:
        return
    if isinstance(card, ExerciseCard):
        broken = exercise_refusals(card, slot, desk.history, desk.arrangement)
    else:
        broken = refusals(card, slot, desk.facts, desk.history, desk.arrangement)
        if card.status is not PromptStatus.REVIEWED:
            yield PlanWarning(code=CheckCode.NOT_REVIEWED, segment_id=slot.slot_id, params={"kind": slot.kind})
    yield from (_warn(refusal, slot.slot_id) for refusal in broken if refusal.code is not RefusalCode.H10_NOT_REVIEWED)
    yield from _check_speaking(desk, slot)


def _check_speaking(desk: Desk, slot: Slot) -> Iterator[PlanWarning]:
    people = desk.facts.people
    if speaking_is_short(slot, people):
        params: Params = {
            "kind": slot.kind,
            "seconds": speaking_seconds(slot.available_minutes, people),
            "people": people,
        }
        yield PlanWarning(code=CheckCode.SPEAKING_SHORT, segment_id=slot.slot_id, params=params)


def _warn(refusal: Refusal, segment_id: str | None = None) -> PlanWarning:
    return PlanWarning(code=refusal.code, segment_id=segment_id, params=refusal.params)
