"""Why a prompt stands in one part of a session, and why another one does not.

The session is laid out as for choosing, and the same rules are asked. What stands there is explained from where it
was chosen, as far as that can be found again; every other prompt is judged as the session stands now, as a swap
would. Nothing here writes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.rules import PromptStatus
from facilitator.errors import NotFound
from facilitator.groups.models import Group
from facilitator.planning.filling import Desk
from facilitator.planning.models import GroupSession
from facilitator.planning.queries import PlannedSegment, session_plan
from facilitator.planning.scene import facts_of, history_of, load_scene
from facilitator.planning.session_page import lay_out
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import CARD_COLUMNS, read_card
from facilitator.prompts.rules import list_candidates, sift
from facilitator.prompts.rules_cards import PromptCard, PromptPool, Slot
from facilitator.prompts.rules_fit import Situation, first_refusal, list_refusals, situation
from facilitator.prompts.rules_reasons import Reason, Refusal, Rule
from facilitator.prompts.rules_score import Point, Ranked, list_points, qualify
from facilitator.prompts.rules_search import list_beginnings
from facilitator.prompts.rules_why import (
    Comparison,
    Contest,
    Remedy,
    compare,
    hold_contest,
    list_matters,
    list_remedies,
    list_removed,
)

RUNNERS_UP = 2
MOST_FOUND = 12
"""How many prompts a search shows; a word more finds fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A prompt as the rules see it, with its words."""

    card: PromptCard
    text: str
    search_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in a part, and why.

    Args:
        as_chosen: the points are those of the choice; otherwise something has changed since, or a person chose.
        ranked: its place, or None where a rule refuses it now.
        notes: what else there is to know; it gives no points.
        matters: the rules that it keeps and others break, with how many break them.
        refusals: the rules that refuse it now.
        runners_up: what would have come second and third.
    """

    sheet: Sheet
    as_chosen: bool
    ranked: Ranked | None
    points: tuple[Point, ...]
    notes: tuple[Reason, ...]
    contest: Contest
    matters: tuple[tuple[Rule, int], ...]
    refusals: tuple[Refusal, ...]
    runners_up: tuple[tuple[Ranked, Sheet], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """Why nothing stands in a part: who was removed by which rule, and which single changes would fill it.

    Args:
        fitting: how many prompts pass every rule by now; where there are any, nothing needs to change.
    """

    written: int
    fitting: int
    removed: tuple[tuple[Refusal, int], ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a prompt that was asked about may stand here.

    Args:
        present: it stands here already.
        refusals: every rule that refuses it; where there is none it may stand here.
        ranked: its place among those that may stand here.
        points: what speaks for it and against it.
        rivals: how many may stand here, it among them.
        against: what it has beside the present one, where both may stand here.
        unasked: it may be chosen by itself, and not by hand alone.
    """

    sheet: Sheet
    present: bool
    refusals: tuple[Refusal, ...]
    ranked: Ranked | None = None
    points: tuple[Point, ...] = ()
    rivals: int = 0
    against: Comparison | None = None
    present_ranked: Ranked | None = None
    unasked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A prompt that a search found, and the first rule that refuses it here."""

    sheet: Sheet
    refusal: Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Everything that the page shows.

    Args:
        unknown: a prompt was asked about that there is not, or not for this person.
        more: how many more the search found than it shows.
    """

    part: PlannedSegment
    standing: Standing | None
    emptied: Emptied | None
    verdict: Verdict | None
    unknown: bool
    matches: tuple[Match, ...]
    more: int


def explain_part(  # noqa: PLR0917 - a use case names its inputs
    db: Session,
    me: Facilitator,
    session: GroupSession,
    group: Group,
    segment_id: str,
    asked: str = "",
    words: str = "",
    *,
    require_review: bool = True,
) -> Why:
    """Return why a part holds what it holds and what is to be said of others, in six queries.

    Args:
        db: the open session.
        me: who asks; the private prompts of others are not there.
        session: the session.
        group: its group.
        segment_id: the part.
        asked: the id of a prompt to be judged.
        words: what to search the library for.
        require_review: whether only reviewed prompts are placed by themselves.

    Raises:
        NotFound: when the part is not one of this session, or takes no prompt.
    """
    scene = load_scene(db, group, require_review=require_review)
    plan = session_plan(db, session, group, scene.catalogue)
    part = next((each for each in plan.segments if each.segment.id == segment_id), None)
    if part is None or part.assignment is None or not part.segment.phase:
        raise NotFound
    desk = lay_out(plan, scene)
    slot = next(each for each in desk.all_slots if each.slot_id == segment_id)
    present_id = part.prompt.id if part.prompt is not None else ""
    shelf, present = _load_shelf(db, me, scene.language, asked, present_id)
    pool = PromptPool(s.card for s in shelf.values() if s.card.status is not PromptStatus.RETIRED or s is present)
    at = situation(slot, desk.facts, desk.history, desk.arrangement)
    found = _search(shelf, words) if words.strip() else []
    return Why(
        part=part,
        standing=_explain(desk, slot, at, pool, shelf, present) if present else None,
        emptied=_explain_gap(at, pool) if present is None else None,
        verdict=_judge(at, pool, shelf[asked], present) if asked in shelf else None,
        unknown=bool(asked) and asked not in shelf,
        matches=tuple(Match(sheet=s, refusal=first_refusal(s.card, at)) for s in found[:MOST_FOUND]),
        more=max(0, len(found) - MOST_FOUND),
    )


def _load_shelf(
    db: Session, me: Facilitator, language: str, asked: str, present_id: str
) -> tuple[dict[str, Sheet], Sheet | None]:
    """Load the library of a language by prompt id, in one query, with what stands here and what was asked about.

    What stands here is there in the version that stands; what was asked about may be in another language alone.
    """
    visible = Prompt.shared | (Prompt.owner_id == me.id)
    wanted = visible & or_(PromptVersion.language == language, PromptVersion.prompt_id == asked)
    rows = db.execute(
        select(*CARD_COLUMNS, PromptVersion.text, PromptVersion.search_words)
        .join(Prompt, Prompt.id == PromptVersion.prompt_id)
        .where(or_(wanted, PromptVersion.id == present_id))
        # the last of a prompt stays: its newest version in this language, and before all what stands here
        .order_by(PromptVersion.id == present_id, PromptVersion.language == language, PromptVersion.version)
    )
    shelf = {
        row.prompt_id: Sheet(card=read_card(row, [me.id]), text=row.text, search_words=row.search_words) for row in rows
    }
    return shelf, next((sheet for sheet in shelf.values() if sheet.card.version_id == present_id), None)


def _explain(  # noqa: PLR0917 - what was laid out for the page
    desk: Desk, slot: Slot, at: Situation, pool: PromptPool, shelf: Mapping[str, Sheet], present: Sheet
) -> Standing:
    card = present.card
    contest = hold_contest(at, pool, card)
    for seen in _list_views(desk, slot, at):
        tried = hold_contest(seen, pool, card)
        if (first := tried.find(card.prompt_id)) and first.place == 1:
            contest = tried
            break
    ranked = contest.find(card.prompt_id)
    others = [each for each in contest.ranked if each.prompt.prompt_id != card.prompt_id][:RUNNERS_UP]
    return Standing(
        sheet=present,
        as_chosen=contest.at is not at,
        ranked=ranked,
        points=list_points(card, ranked.weighed) if ranked else (),
        notes=tuple(qualify(card, ranked.weighed)) if ranked else (),
        contest=contest,
        matters=list_matters(contest, card),
        refusals=list_refusals(card, at),
        runners_up=tuple((each, shelf[each.prompt.prompt_id]) for each in others),
    )


def _list_views(desk: Desk, slot: Slot, at: Situation) -> Iterator[Situation]:
    """Yield the slot as the choice may have seen it: when the series was planned, or when it was chosen again."""
    scene, session = desk.scene, desk.session
    earlier = {other.id for other in scene.sessions if other.starts_at < session.starts_at}
    then = replace(scene, choices={each: found for each, found in scene.choices.items() if each in earlier})
    positions = {each.slot_id: each.position for each in at.arrangement.slots}
    locked = desk.locked()
    filled = {
        slot_id: card
        for slot_id, card in at.arrangement.prompts.items()
        if positions[slot_id] < slot.position or slot_id in locked
    }
    arrangement = replace(at.arrangement, prompts=filled)
    yield situation(slot, facts_of(then, session), history_of(then, session), arrangement)
    yield situation(slot, at.facts, at.history, arrangement)


def _explain_gap(at: Situation, pool: PromptPool) -> Emptied:
    fitting = len(sift(at, pool)[0])
    return Emptied(
        written=len(list_candidates(at, pool)),
        fitting=fitting,
        removed=list_removed(at, pool),
        remedies=() if fitting else list_remedies(at, pool),
    )


def _judge(at: Situation, pool: PromptPool, asked: Sheet, present: Sheet | None) -> Verdict:
    found = list_refusals(asked.card, at)
    if found:
        return Verdict(sheet=asked, present=asked is present, refusals=found)
    contest = hold_contest(at, pool, asked.card)
    ours = contest.find(asked.card.prompt_id)
    theirs = contest.find(present.card.prompt_id) if present else None
    return Verdict(
        sheet=asked,
        present=asked is present,
        refusals=(),
        ranked=ours,
        points=list_points(asked.card, ours.weighed) if ours else (),
        rivals=len(contest.ranked),
        against=compare(ours, theirs) if ours and theirs and asked is not present else None,
        present_ranked=theirs,
        unasked=hold_contest(at, pool).find(asked.card.prompt_id) is not None,
    )


def _search(shelf: Mapping[str, Sheet], words: str) -> list[Sheet]:
    """Find prompts by their id, or by words that each one of theirs begins with."""
    beginnings, part_of_id = list_beginnings(words), words.strip().casefold()
    return [
        sheet
        for prompt_id, sheet in sorted(shelf.items())
        if part_of_id in prompt_id.casefold()
        or (beginnings and all(f" {beginning}" in sheet.search_words for beginning in beginnings))
    ]
