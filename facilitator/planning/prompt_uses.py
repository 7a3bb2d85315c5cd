"""Where prompts were used and where one may stand next: what the library of prompts knows of sessions.

Only sessions of the reader's own groups are ever read. It must never write a row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group, GroupFacilitator
from facilitator.planning.filling import Desk, is_silent
from facilitator.planning.models import Assignment, GroupSession, Outcome, Segment, SessionStatus
from facilitator.planning.scene import Scene, facts_of, history_of, load_scene
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.rules_cards import PromptCard
from facilitator.prompts.rules_fit import refusals
from facilitator.prompts.rules_reasons import Refusal

MOST_USES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One part of a session in which a prompt stands."""

    session: GroupSession
    group: Group
    part: str
    version: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One part of a coming session that is of a prompt's phase.

    Args:
        standing: what stands there now.
        locked: a facilitator fixed what stands there.
        refusal: the first hard rule that refuses the prompt there.
    """

    session: GroupSession
    segment: Segment
    standing: PromptVersion | None
    locked: bool
    refusal: Refusal | None

    @property
    def fits(self) -> bool:
        """Tell whether the prompt may be put there as things stand."""
        return not self.locked and self.refusal is None


def list_uses(db: Session, me: Facilitator, prompt_id: str) -> list[Use]:
    """List where any version of a prompt stands in sessions of a person's groups, latest first, cancelled ones aside."""
    found = (
        select(GroupSession, Group, Segment.title, PromptVersion.version, Assignment.outcome)
        .join(Assignment, Assignment.session_id == GroupSession.id)
        .join(Segment, Segment.id == Assignment.segment_id)
        .join(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .join(Group, Group.id == GroupSession.group_id)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id, PromptVersion.prompt_id == prompt_id)
        .where(GroupSession.status != SessionStatus.CANCELLED)
        .order_by(GroupSession.starts_at.desc(), GroupSession.id)
        .limit(MOST_USES)
    )
    return [
        Use(session=session, group=group, part=part, version=version, outcome=Outcome(outcome))
        for session, group, part, version, outcome in db.execute(found)
    ]


def count_uses(groups: Collection[Group], now: datetime) -> Subquery:
    """Return, for another query to join, how often groups had a prompt and when last: prompt_id, times, last_at, last_on.

    A session counts once it has begun, unless it was cancelled or the prompt was skipped.
    """
    return (
        select(
            PromptVersion.prompt_id,
            func.count().label("times"),
            func.max(GroupSession.starts_at).label("last_at"),
            func.max(GroupSession.on_date).label("last_on"),
        )
        .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        .join(GroupSession, GroupSession.id == Assignment.session_id)
        .where(GroupSession.group_id.in_([group.id for group in groups]), GroupSession.starts_at <= now)
        .where(GroupSession.status != SessionStatus.CANCELLED, Assignment.outcome != Outcome.SKIPPED)
        .group_by(PromptVersion.prompt_id)
        .subquery()
    )


def find_start_of_last(db: Session, group: Group, sessions: int, now: datetime) -> datetime | None:
    """Return when the first of a group's last so many sessions began; None where it had fewer."""
    begun = (GroupSession.group_id == group.id, GroupSession.starts_at <= now)
    found = select(GroupSession.starts_at).where(*begun, GroupSession.status != SessionStatus.CANCELLED)
    return db.scalar(found.order_by(GroupSession.starts_at.desc()).offset(sessions - 1).limit(1))


def list_openings(
    db: Session, group: Group, card: PromptCard, now: datetime, *, require_review: bool = True
) -> list[Opening]:
    """List the parts of a group's coming sessions that are of a prompt's phase, in time; where it stands already is left out.

    Each is judged by the hard rules that the swap page asks, in five queries for the whole group.
    """
    scene = load_scene(db, group, require_review=require_review)
    coming = [s for s in scene.sessions if s.status == SessionStatus.SCHEDULED and s.ends_at > now]
    rows = db.execute(
        select(Segment, Assignment, PromptVersion)
        .join(Assignment, Assignment.segment_id == Segment.id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .where(Segment.session_id.in_([session.id for session in coming]))
        .order_by(Segment.position)
    )
    parts: dict[str, list[tuple[Segment, Assignment, PromptVersion | None]]] = {session.id: [] for session in coming}
    for segment, row, standing in rows:
        parts[segment.session_id].append((segment, row, standing))
    return [opening for session in coming for opening in _open(scene, session, parts[session.id], card)]


def _open(
    scene: Scene,
    session: GroupSession,
    parts: Sequence[tuple[Segment, Assignment, PromptVersion | None]],
    card: PromptCard,
) -> list[Opening]:
    found = {choice.slot_id: choice.prompt or choice.exercise for choice in scene.choices.get(session.id, ())}
    desk = Desk(
        scene=scene,
        session=session,
        seed="",  # nothing is chosen from it
        segments=[segment for segment, _, _ in parts],
        rows={segment.id: row for segment, row, _ in parts},
        standing={slot_id: filling for slot_id, filling in found.items() if filling},
        facts=facts_of(scene, session),
        history=history_of(scene, session),
    )
    slots = {slot.slot_id: slot for slot in desk.all_slots}
    openings = []
    for segment, row, standing in parts:
        if segment.phase != card.phase or (standing is not None and standing.prompt_id == card.prompt_id):
            continue
        refused = refusals(card, slots[segment.id], desk.facts, desk.history, desk.arrangement)
        openings.append(
            Opening(
                session=session,
                segment=segment,
                standing=standing,
                locked=row.locked and not is_silent(row),
                refusal=refused[0] if refused else None,
            )
        )
    return openings
