"""Which pole a slot asks for first, so that over time neither side of the bind is taken.

The order of preference comes from the pathway; nothing here refuses a prompt.
"""

from facilitator.curriculum.rules import GroupKind, Phase, Pole, SegmentKind
from facilitator.prompts.rules_cards import Arrangement, History, SessionFacts, Slot
from facilitator.prompts.rules_fit import sides_met

NO_PREFERENCE = (Pole.BOTH, Pole.IDENTITY, Pole.BELONGING)


def missing_side(slot: Slot, facts: SessionFacts, history: History, arrangement: Arrangement) -> Pole | None:
    """Find the one side that a single explore slot owes to the focus, once the other has been met."""
    if slot.phase is not Phase.EXPLORE or facts.sub_bind is None or not _is_single(arrangement):
        return None
    owed = Pole.BOTH.sides - sides_met(facts.sub_bind, slot, history, arrangement)
    return next(iter(owed)) if len(owed) == 1 else None


def pole_order(
    slot: Slot, facts: SessionFacts, arrangement: Arrangement, missing: Pole | None = None
) -> tuple[Pole, ...]:
    """Give the order in which a slot prefers poles; empty where the pole does not matter.

    A repeating pathway moves on by one entry a cycle. In a single slot a missing side comes first, alone or held
    together with the other.
    """
    if slot.phase is not Phase.EXPLORE:
        return ()
    if not _is_single(arrangement):
        return _complete(facts.explore_a_poles if slot.kind is SegmentKind.EXPLORE_A else facts.explore_b_poles)
    wanted = facts.single_explore_poles
    if facts.group_kind is GroupKind.OPEN and wanted:
        turn = facts.cycle % len(wanted)
        wanted = wanted[turn:] + wanted[:turn]
    if missing:
        bringing = tuple(pole for pole in wanted if missing in pole.sides)
        wanted = bringing if missing in bringing else (missing, *bringing)
    return _complete(wanted)


def _is_single(arrangement: Arrangement) -> bool:
    # a silent minute has no phase: it is no second part
    return sum(slot.phase is Phase.EXPLORE for slot in arrangement.slots) == 1


def _complete(wanted: tuple[Pole, ...]) -> tuple[Pole, ...]:
    return tuple(dict.fromkeys((*wanted, *NO_PREFERENCE)))
