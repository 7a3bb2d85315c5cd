"""What the page of one session shows: its plan, what does not fit about it, and its place in the series.

The plan is read once and the rules are asked about what was read, so the page costs five queries whatever its size.
Nothing here writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from facilitator.curriculum.rules import Pole, SessionKind
from facilitator.groups.models import Group
from facilitator.planning.checking import CheckCode, PlanWarning, check_desk
from facilitator.planning.filling import Desk
from facilitator.planning.models import GroupSession, Segment, SessionStatus
from facilitator.planning.parts import FRAME
from facilitator.planning.queries import PlannedSegment, SessionPlan, session_plan
from facilitator.planning.scene import Scene, facts_of, history_of, load_scene
from facilitator.planning.series_card import list_passes
from facilitator.prompts.rules_reasons import RefusalCode

GROUNDING_CODES = (RefusalCode.H7_NOT_LAST, RefusalCode.H7_NOT_FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthBar:
    """One part of a session in the picture of its depth; 0 where there is no prompt."""

    kind: str
    minutes: int
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Everything about one session that its page shows.

    Args:
        warnings: what does not fit.
        passes: the sides that it takes up, in order.
        count: how many sessions the series has.
        note: what the session before left for this plan.
    """

    session: GroupSession
    group: Group
    plan: SessionPlan
    warnings: tuple[PlanWarning, ...]
    count: int
    passes: tuple[Pole, ...]
    note: str = ""

    @property
    def limit(self) -> int:
        """Return how deep the session may go: the pathway's limit, or a lower one that was set."""
        return self.session.depth_limit or self.session.depth_cap

    @property
    def bars(self) -> tuple[DepthBar, ...]:
        """Return the picture of depth through the session."""
        return tuple(
            DepthBar(
                kind=part.segment.kind, minutes=part.segment.minutes, depth=part.prompt.depth if part.prompt else 0
            )
            for part in self.plan.segments
        )

    @property
    def deepest_ends(self) -> int:
        """Return when the last of the deepest parts ends, in hundredths of the session; 0 without any prompt."""
        deepest = self.plan.deepest
        ends = [
            part.start_minute + part.segment.minutes
            for part in self.plan.segments
            if part.prompt and part.prompt.depth == deepest
        ]
        return round(100 * max(ends) / self.session.minutes) if ends else 0

    @property
    def checkin(self) -> PlannedSegment | None:
        """Return the round in which everybody speaks first."""
        return next((part for part in self.plan.segments if part.segment.kind == "checkin"), None)

    @property
    def times_add_up(self) -> bool:
        """Say whether the parts fill the session exactly."""
        return all(warning.code is not RefusalCode.H9_TOTAL for warning in self.warnings)

    @property
    def is_grounded(self) -> bool:
        """Say whether there is a grounding at both ends."""
        return all(warning.code not in GROUNDING_CODES for warning in self.warnings)

    @property
    def unreviewed(self) -> int:
        """Return how many of the prompts no clinician has read."""
        return sum(warning.code is CheckCode.NOT_REVIEWED for warning in self.warnings)

    @property
    def by_segment(self) -> Mapping[str, list[PlanWarning]]:
        """Return what does not fit about single parts, by segment id."""
        found: dict[str, list[PlanWarning]] = {}
        for warning in self.warnings:
            if warning.segment_id is not None:
                found.setdefault(warning.segment_id, []).append(warning)
        return found

    def can_plan(self, now: datetime) -> bool:
        """Say whether the plan can still be changed: the session stands and is not over."""
        return self.session.status == SessionStatus.SCHEDULED and self.session.ends_at > now

    def can_move(self, now: datetime) -> bool:
        """Say whether the time can still be changed: the session stands and has not begun."""
        return self.session.status == SessionStatus.SCHEDULED and self.session.starts_at > now

    def can_take_out(self, segment: Segment) -> bool:
        """Say whether a part may be taken out: one that frames the session only where there is another of its kind."""
        twins = sum(part.segment.kind == segment.kind for part in self.plan.segments)
        return segment.kind not in FRAME or twins > 1

    @property
    def can_follow(self) -> bool:
        """Say whether one more session can come after it: the closing one stays the last."""
        return self.session.session_kind != SessionKind.LAST


def session_page(db: Session, session: GroupSession, group: Group, *, require_review: bool = True) -> SessionPage:
    """Return what the page of a session shows, in five queries."""
    scene = load_scene(db, group, require_review=require_review)
    plan = session_plan(db, session, group, scene.catalogue)
    return SessionPage(
        session=session,
        group=group,
        plan=plan,
        warnings=check_desk(lay_out(plan, scene)),
        count=len(scene.series(session)),
        passes=list_passes(scene.pathway(session), session),
        note=_read_note(scene, session),
    )


def _read_note(scene: Scene, session: GroupSession) -> str:
    """Return the note of the last session of the series that was held before this one."""
    before = [s for s in scene.series(session) if s.starts_at < session.starts_at and s.status == SessionStatus.DONE]
    return before[-1].next_note if before else ""


def lay_out(plan: SessionPlan, scene: Scene) -> Desk:
    """Lay out a plan that was read already; nothing is chosen from it, so no seed is drawn."""
    found = {choice.slot_id: choice.prompt or choice.exercise for choice in scene.choices.get(plan.session.id, ())}
    return Desk(
        scene=scene,
        session=plan.session,
        seed="",
        segments=[part.segment for part in plan.segments],
        rows={part.segment.id: part.assignment for part in plan.segments if part.assignment is not None},
        standing={slot_id: card for slot_id, card in found.items() if card},
        facts=facts_of(scene, plan.session),
        history=history_of(scene, plan.session),
    )
