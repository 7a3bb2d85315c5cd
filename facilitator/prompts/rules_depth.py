"""How deep a prompt may go in a slot: H1 to H5, each as limits with the reason beside the number.

One list of limits serves the refusals, the automatic choice and the depth that a slot aims for.
"""

from dataclasses import dataclass

from facilitator.curriculum.rules import SHALLOW_CAP, SHORT_SESSION_MINUTES, GroupKind, Phase, SegmentKind, SessionKind
from facilitator.prompts.rules_cards import Arrangement, SessionFacts, Slot
from facilitator.prompts.rules_reasons import RefusalCode

DEEPEST = 3
NEWCOMERS_CAP = 1
LATEST_START_PERCENT = 60
LATEST_END_PERCENT = 75
FIRST_EXPLORE_CAP = 2

SEGMENT_CAPS = {SegmentKind.CHECKIN: 1, SegmentKind.INTEGRATE: 2, SegmentKind.CHECKOUT: 1}
"""H4: gradual in, gradual out."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The deepest level allowed, and the code of the rule that says so."""

    depth: int
    code: RefusalCode


def session_limits(facts: SessionFacts) -> list[Limit]:
    """List the limits that hold for a whole session: H1, H2 and H5."""
    lowered = facts.depth_limit
    # one limit holds: where a facilitator lowered it, the pathway's is no longer the one to name
    if lowered is not None and lowered < facts.depth_cap:
        limits = [Limit(lowered, RefusalCode.H1_LOWERED)]
    else:
        limits = [Limit(facts.depth_cap, RefusalCode.H1_CAP)]
    # H2: no time or relationship to hold depth 3
    forbidden = {
        RefusalCode.H2_OPEN: facts.group_kind is GroupKind.OPEN,
        RefusalCode.H2_SHORT: facts.minutes <= SHORT_SESSION_MINUTES,
        RefusalCode.H2_FIRST: facts.session_kind is SessionKind.FIRST,
        RefusalCode.H2_LAST: facts.session_kind is SessionKind.LAST,
        RefusalCode.H2_LONE: facts.lone,
    }
    limits += [Limit(SHALLOW_CAP, code) for code, holds in forbidden.items() if holds]
    if facts.previous_depth is not None:
        limits.append(Limit(facts.previous_depth + 1, RefusalCode.H5_LEAP))
    return limits


def slot_limits(slot: Slot, facts: SessionFacts, arrangement: Arrangement) -> list[Limit]:
    """List the limits that hold in one slot: those of the session, newcomers, H3 and H4."""
    limits = session_limits(facts)
    if facts.newcomers_expected and slot.phase in (Phase.EXPLORE, Phase.INTEGRATE):
        limits.append(Limit(NEWCOMERS_CAP, RefusalCode.H1_NEWCOMERS))
    if any(card.depth == DEEPEST for card in arrangement.others(slot)):
        limits.append(Limit(SHALLOW_CAP, RefusalCode.H3_SECOND))
    if not leaves_room_to_come_back(slot, facts.minutes):
        limits.append(Limit(SHALLOW_CAP, RefusalCode.H3_LATE))
    return limits + _shape_limits(slot, arrangement)


def leaves_room_to_come_back(slot: Slot, minutes: int) -> bool:
    """Say whether a slot starts by 60 % and ends by 75 % of the session's minutes (H3)."""
    return (
        slot.start_minute * 100 <= LATEST_START_PERCENT * minutes
        and slot.end_minute * 100 <= LATEST_END_PERCENT * minutes
    )


def session_cap(facts: SessionFacts) -> int:
    """Give the deepest level that a session allows anywhere; at least 1."""
    return max(1, min(limit.depth for limit in session_limits(facts)))


def shallowest_allowed(slot: Slot, arrangement: Arrangement) -> int:
    """Give the level below which a second explore already in place would be a leap (H4)."""
    second = arrangement.prompt_in(SegmentKind.EXPLORE_B)
    return second.depth - 1 if second and slot.kind is SegmentKind.EXPLORE_A else 1


def _shape_limits(slot: Slot, arrangement: Arrangement) -> list[Limit]:
    if slot.kind in SEGMENT_CAPS:
        return [Limit(SEGMENT_CAPS[slot.kind], RefusalCode.H4_SEGMENT)]
    if slot.kind is SegmentKind.EXPLORE_A and arrangement.has(SegmentKind.EXPLORE_B):
        # the deepest point stays where the agenda puts it
        return [Limit(FIRST_EXPLORE_CAP, RefusalCode.H4_FIRST_EXPLORE)]
    if slot.kind is SegmentKind.EXPLORE_B:
        first = arrangement.prompt_in(SegmentKind.EXPLORE_A)
        return [Limit(first.depth + 1 if first else 1, RefusalCode.H4_LEAP)]
    return []
