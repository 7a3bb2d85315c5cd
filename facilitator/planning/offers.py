"""What may stand in one part of a session instead of what stands there, with its wording, best first.

Only what every hard rule allows is offered. Nothing here writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.materials import Exercise
from facilitator.errors import NotFound
from facilitator.groups.models import Group
from facilitator.planning.filling import Desk
from facilitator.planning.models import GroupSession
from facilitator.planning.queries import PlannedSegment, session_plan
from facilitator.planning.scene import load_scene
from facilitator.planning.session_page import lay_out
from facilitator.prompts import rules
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import load_pool
from facilitator.prompts.rules_agenda import list_exercises
from facilitator.prompts.rules_cards import Alternative, PromptPool, Slot
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
    plan = session_plan(db, session, group)
    part = next((each for each in plan.segments if each.segment.id == segment_id), None)
    if part is None or part.assignment is None:
        raise NotFound
    desk = lay_out(plan, load_scene(db, group, require_review=require_review))
    slot = next(each for each in desk.all_slots if each.slot_id == segment_id)
    if slot.phase is None:
        return Offers(part=part, exercises=_exercises(desk, slot, part))
    pool = PromptPool(load_pool(db, desk.scene.language, [me.id]))
    found = rules.alternatives(slot, desk.facts, pool, desk.history, desk.arrangement)
    return Offers(part=part, prompts=_offers(db, found))


def _exercises(desk: Desk, slot: Slot, part: PlannedSegment) -> tuple[Exercise, ...]:
    cards = list_exercises(slot, desk.scene.exercises, desk.history, desk.arrangement)
    found = (desk.scene.catalogue.exercise(card.exercise_id) for card in cards)
    return tuple(exercise for exercise in found if exercise != part.exercise)


def _offers(db: Session, found: Sequence[Alternative]) -> tuple[Offer, ...]:
    ids = [each.prompt.version_id for each in found]
    wording = {version.id: version for version in db.scalars(select(PromptVersion).where(PromptVersion.id.in_(ids)))}
    return tuple(
        Offer(prompt=wording[each.prompt.version_id], own=each.prompt.own, reasons=each.reasons) for each in found
    )
