"""What may stand in one part of a session instead of what stands there, with its wording, best first.

Only what every hard rule allows is offered. Nothing here writes.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.materials import Exercise
from facilitator.curriculum.rules import PromptStatus
from facilitator.errors import NotFound
from facilitator.groups.models import Group
from facilitator.planning.filling import Desk
from facilitator.planning.models import GroupSession
from facilitator.planning.queries import PlannedSegment, session_plan
from facilitator.planning.scene import load_scene
from facilitator.planning.session_page import lay_out
from facilitator.prompts import rules
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import CARD_COLUMNS, read_card
from facilitator.prompts.rules_agenda import list_exercises
from facilitator.prompts.rules_cards import PromptCard, PromptPool, Slot
from facilitator.prompts.rules_reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One prompt that may stand here, and what speaks for it.

    Args:
        own: the reader wrote it.
    """

    prompt: PromptVersion
    own: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What may stand in one part: prompts, or at both ends of a session exercises."""

    part: PlannedSegment
    prompts: tuple[Offer, ...] = ()
    exercises: tuple[Exercise, ...] = ()


def list_offers(
    db: Session, me: Facilitator, session: GroupSession, group: Group, segment_id: str, *, require_review: bool = True
) -> Offers:
    """Return what may stand in a part instead, in six queries.

    Raises:
        NotFound: when the part is not one of this session, or takes neither prompt nor exercise.
    """
    scene = load_scene(db, group, require_review=require_review)
    plan = session_plan(db, session, group, scene.catalogue)
    part = next((each for each in plan.segments if each.segment.id == segment_id), None)
    if part is None or part.assignment is None:
        raise NotFound
    desk = lay_out(plan, scene)
    slot = next(each for each in desk.all_slots if each.slot_id == segment_id)
    if slot.phase is None:
        return Offers(part=part, exercises=_exercises(desk, slot, part))
    shelf = _load_shelf(db, desk.scene.language, me)
    pool = PromptPool(card for card, _ in shelf.values())
    found = rules.alternatives(slot, desk.facts, pool, desk.history, desk.arrangement)
    return Offers(
        part=part,
        prompts=tuple(
            Offer(prompt=shelf[each.prompt.prompt_id][1], own=each.prompt.own, reasons=each.reasons) for each in found
        ),
    )


def _exercises(desk: Desk, slot: Slot, part: PlannedSegment) -> tuple[Exercise, ...]:
    cards = list_exercises(slot, desk.scene.exercises, desk.history, desk.arrangement)
    found = (desk.scene.catalogue.exercise(card.exercise_id) for card in cards)
    return tuple(exercise for exercise in found if exercise != part.exercise)


def _load_shelf(db: Session, language: str, me: Facilitator) -> dict[str, tuple[PromptCard, PromptVersion]]:
    """Load the newest version of each prompt in a language as the rules see it and as people read it, in one query."""
    visible = Prompt.shared | (Prompt.owner_id == me.id)
    rows = db.execute(
        select(PromptVersion, *CARD_COLUMNS)
        .join(Prompt, Prompt.id == PromptVersion.prompt_id)
        .where(visible, PromptVersion.language == language)
        .order_by(PromptVersion.version)
    )
    # the newest comes last and stays; where that one is retired, no older one takes its place
    newest = {row.prompt_id: row for row in rows}
    return {
        prompt_id: (read_card(row, [me.id]), row.PromptVersion)
        for prompt_id, row in newest.items()
        if row.prompt_status != PromptStatus.RETIRED
    }
