"""Why one prompt stands in a slot and another does not, and what would fill an empty one.

Every answer is got by asking the rules that choose: the same refusals, the same points. Nothing is judged here a
second time, and nothing is guessed: a change that would help was tried.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from facilitator.prompts.rules import list_candidates, sift
from facilitator.prompts.rules_cards import PromptCard, PromptPool, SessionFacts, Slot
from facilitator.prompts.rules_fit import Situation, list_refusals, situation
from facilitator.prompts.rules_reasons import LeadCode, Params, PointCode, Refusal, RemedyCode, Rule
from facilitator.prompts.rules_score import Ranked, list_points, rank_all, weigh_slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Everything written for a slot: what may stand there, best first, and whom each rule refuses.

    Args:
        written: how many prompts are written for the slot's phase and themes.
        refused: how many of them each rule refuses; a prompt may be refused by several.
    """

    at: Situation
    ranked: tuple[Ranked, ...]
    written: int
    refused: Mapping[Rule, int]

    def find(self, prompt_id: str) -> Ranked | None:
        """Find a prompt among those that may stand here."""
        return next((each for each in self.ranked if each.prompt.prompt_id == prompt_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One point of view from which two prompts differ, with the points of each."""

    code: PointCode
    ours: int
    theirs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one prompt has over another, and the other over it.

    Args:
        lead: what puts one before the other whatever the points say, with its parameters; None where points decide.
    """

    lead: tuple[LeadCode, Params] | None
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A single change that would fill an empty slot, and how many prompts would fit then."""

    code: RemedyCode
    prompts: int
    params: Params = field(default_factory=dict)


def hold_contest(at: Situation, prompts: PromptPool, guest: PromptCard | None = None) -> Contest:
    """Rank what may stand in a slot unasked; a guest is one that may stand there once somebody asks for it."""
    allowed, _ = sift(at, prompts)
    if guest and guest not in allowed and not list_refusals(guest, at):
        allowed.append(guest)
    written = list_candidates(at, prompts)
    refused = Counter(rule for card in written for rule in {refusal.rule for refusal in list_refusals(card, at)})
    return Contest(at=at, ranked=rank_all(allowed, weigh_slot(at)), written=len(written), refused=refused)


def list_matters(contest: Contest, present: PromptCard) -> tuple[tuple[Rule, int], ...]:
    """List the rules that a prompt keeps and others break, in the order of the rules, with how many break them."""
    broken = {refusal.rule for refusal in list_refusals(present, contest.at)}
    return tuple((rule, contest.refused[rule]) for rule in Rule if rule in contest.refused and rule not in broken)


def compare(ours: Ranked, theirs: Ranked) -> Comparison:
    """Say what puts one prompt before another or after it."""
    points = [{point.code: point.points for point in list_points(each.prompt, each.weighed)} for each in (ours, theirs)]
    gaps = (Gap(code=code, ours=points[0].get(code, 0), theirs=points[1].get(code, 0)) for code in PointCode)
    return Comparison(lead=_find_lead(ours, theirs), gaps=tuple(gap for gap in gaps if gap.ours != gap.theirs))


def list_removed(at: Situation, prompts: PromptPool) -> tuple[tuple[Refusal, int], ...]:
    """List the reasons that left a slot empty, each with how many prompts it was the first to remove, most first."""
    _, removed = sift(at, prompts)
    said: dict[str, Refusal] = {}
    for card in list_candidates(at, prompts):
        for refusal in list_refusals(card, at):
            said.setdefault(refusal.code, refusal)
    return tuple((said.get(code, Refusal(code=code)), count) for code, count in removed.most_common())


def list_remedies(at: Situation, prompts: PromptPool) -> tuple[Remedy, ...]:
    """List the single changes that would each fill a slot, by trying them."""
    tried = ((code, params, len(sift(changed, prompts)[0])) for code, params, changed in _list_changes(at, prompts))
    found: dict[RemedyCode, Remedy] = {}
    for code, params, count in tried:
        if count and code not in found:
            found[code] = Remedy(code=code, prompts=count, params=params)
    return tuple(found.values())


def _find_lead(ours: Ranked, theirs: Ranked) -> tuple[LeadCode, Params] | None:
    if ours.tier == theirs.tier:
        return None
    first, second = sorted((ours, theirs), key=lambda each: each.tier)
    if first.tier[0] != second.tier[0]:
        return LeadCode.THEME, {"focus": first.weighed.at.facts.focus}
    return LeadCode.POLE, {"wanted": first.prompt.pole, "pole": second.prompt.pole}


def _list_changes(at: Situation, prompts: PromptPool) -> Iterator[tuple[RemedyCode, Params, Situation]]:
    facts = at.facts
    if facts.newcomers_expected:
        yield RemedyCode.NEWCOMERS_OFF, {}, _given(at, replace(facts, newcomers=False))
    if facts.lone:
        yield RemedyCode.SECOND_LEADER, {}, _given(at, replace(facts, lone=False))
    if facts.depth_limit is not None and facts.depth_limit < facts.depth_cap:
        yield RemedyCode.LIMIT_UP, {"limit": facts.depth_cap}, _given(at, replace(facts, depth_limit=None))
    for more in _list_longer(at, prompts):
        slot = replace(at.slot, minutes=at.slot.minutes + more)
        yield RemedyCode.MORE_MINUTES, {"more": more}, _given(at, facts, slot)
    if facts.online:
        yield RemedyCode.IN_PERSON, {}, _given(at, replace(facts, online=False))
    if facts.require_review:
        yield RemedyCode.REVIEWED, {}, _given(at, replace(facts, require_review=False))


def _list_longer(at: Situation, prompts: PromptPool) -> list[int]:
    wanted = {card.minutes_min - at.available_minutes for card in list_candidates(at, prompts)}
    return sorted(more for more in wanted if 0 < more <= at.facts.minutes - at.slot.minutes)


def _given(at: Situation, facts: SessionFacts, slot: Slot | None = None) -> Situation:
    slot = slot or at.slot
    slots = tuple(slot if each.slot_id == slot.slot_id else each for each in at.arrangement.slots)
    return situation(slot, facts, at.history, replace(at.arrangement, slots=slots))
