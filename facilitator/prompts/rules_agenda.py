"""What an agenda and its grounding exercises have to keep to (H7, H9), and how long each person can speak.

It judges slots and exercises, never prompts.
"""

from collections.abc import Iterable, Iterator, Sequence

from facilitator.curriculum.rules import ExerciseUse, SegmentKind
from facilitator.prompts.rules_cards import Arrangement, ExerciseCard, History, Slot
from facilitator.prompts.rules_reasons import Refusal, RefusalCode

GROUNDINGS = {SegmentKind.GROUND_OPEN: ExerciseUse.OPEN, SegmentKind.GROUND_CLOSE: ExerciseUse.CLOSE}

SPEAKING_SECONDS = {
    SegmentKind.CHECKIN: 45,
    SegmentKind.EXPLORE_A: 45,
    SegmentKind.EXPLORE_B: 45,
    SegmentKind.CHECKOUT: 15,
}
"""Below this many seconds a person, suggest pairs; a closing round needs a few words only."""

HAND_OVER_SECONDS = 60
"""A minute of every segment goes to introducing it."""


def agenda_refusals(slots: Sequence[Slot], minutes: int) -> tuple[Refusal, ...]:
    """List what is wrong with the order and the length of an agenda; empty means it can be used."""
    return tuple(_judge_agenda(sorted(slots, key=lambda s: s.position), minutes))


def exercise_refusals(
    exercise: ExerciseCard, slot: Slot, history: History, arrangement: Arrangement
) -> tuple[Refusal, ...]:
    """List every hard rule that refuses this exercise in this slot; empty means allowed."""
    return tuple(_judge_exercise(exercise, slot, history, arrangement))


def list_exercises(
    slot: Slot, exercises: Iterable[ExerciseCard], history: History, arrangement: Arrangement
) -> list[ExerciseCard]:
    """List the exercises allowed in a slot, least used first; ties by id."""
    allowed = [e for e in exercises if next(_judge_exercise(e, slot, history, arrangement), None) is None]
    return sorted(allowed, key=lambda e: (history.exercise_uses.get(e.exercise_id, 0), e.exercise_id))


def speaking_seconds(minutes: int, people: int) -> int:
    """Give the seconds that each person has in a segment of so many minutes, one of them for introducing it."""
    return max(0, minutes * 60 - HAND_OVER_SECONDS) // max(1, people)


def speaking_is_short(slot: Slot, people: int) -> bool:
    """Say whether a round of everyone would leave each person too little time: 45 s, in a closing round 15 s."""
    return speaking_seconds(slot.available_minutes, people) < SPEAKING_SECONDS.get(slot.kind, 0)


def _judge_agenda(slots: Sequence[Slot], minutes: int) -> Iterator[Refusal]:
    kinds = [slot.kind for slot in slots]
    if kinds[-1:] != [SegmentKind.GROUND_CLOSE] or kinds.count(SegmentKind.GROUND_CLOSE) > 1:
        yield Refusal(code=RefusalCode.H7_NOT_LAST)
    before_checkin = kinds[: kinds.index(SegmentKind.CHECKIN)] if SegmentKind.CHECKIN in kinds else kinds
    if SegmentKind.GROUND_OPEN not in before_checkin:
        yield Refusal(code=RefusalCode.H7_NOT_FIRST)
    total = sum(slot.minutes for slot in slots)
    if total != minutes:
        yield Refusal(code=RefusalCode.H9_TOTAL, params={"total": total, "minutes": minutes})


def _judge_exercise(
    exercise: ExerciseCard, slot: Slot, history: History, arrangement: Arrangement
) -> Iterator[Refusal]:
    if exercise.use not in (GROUNDINGS.get(slot.kind), ExerciseUse.EITHER) or slot.kind not in GROUNDINGS:
        yield Refusal(code=RefusalCode.H7_END, params={"kind": slot.kind})
    if exercise.exercise_id in history.last_exercises:
        yield Refusal(code=RefusalCode.H7_LAST_TIME)
    here = {e.exercise_id for slot_id, e in arrangement.exercises.items() if slot_id != slot.slot_id}
    if exercise.exercise_id in here:
        yield Refusal(code=RefusalCode.H7_TWICE)
    if exercise.minutes > slot.available_minutes:
        params = {"minutes": exercise.minutes, "available": slot.available_minutes}
        yield Refusal(code=RefusalCode.H9_MINUTES, params=params)
