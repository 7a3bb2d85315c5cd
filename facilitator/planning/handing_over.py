"""What somebody who has never met a group needs to lead one session of it: where the group stands, and what holds today.

It reads plans alone: nobody who comes is named, counted or told of. Notes that hold a name from the list stay behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from facilitator.curriculum.catalogue import Catalogue
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, Outcome, Series, SessionStatus
from facilitator.planning.notes import list_nameless
from facilitator.planning.queries import PlannedSegment, SessionPlan, session_plan

DEEPEST_ALONE = 2
REACHED = (Outcome.USED, Outcome.CUT_SHORT)


class LimitReason(StrEnum):
    """Why a session goes no deeper."""

    PATH = "path"
    LOWERED = "lowered"
    ALONE = "alone"
    NEWCOMERS = "newcomers"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTime:
    """The session of the series that was held before.

    Args:
        plan: what was planned for it, with what became of each part.
        note: what it left for the next plan; empty where it holds a name.
        is_note_withheld: whether a note stayed behind because of a name.
    """

    plan: SessionPlan
    note: str
    is_note_withheld: bool

    @property
    def said(self) -> Sequence[PlannedSegment]:
        """List the parts with a prompt of which somebody said what became of them."""
        return [part for part in self.plan.segments if part.prompt and _outcome(part) is not Outcome.NOT_SAID]

    @property
    def deepest(self) -> int:
        """Return how deep it went: the depth of the deepest prompt that was used, 0 where nobody said."""
        return max((part.prompt.depth for part in self.said if part.prompt and _outcome(part) in REACHED), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Everything of the plan that a hand-over note is made of.

    Args:
        plan: of the session itself.
        count: how many sessions the series has.
        path: what the path of the series is called, or nothing where it is gone.
        last: the session before, or None for the first one held.
        notes: what whoever planned wrote beside a part, by segment id; those with a name stay behind.
    """

    plan: SessionPlan
    count: int
    path: str
    last: LastTime | None
    notes: dict[str, str]

    @property
    def limit(self) -> int:
        """Return how deep the session may go at most."""
        return min(self._set_limit, DEEPEST_ALONE) if self.plan.session.lone else self._set_limit

    @property
    def limit_reasons(self) -> tuple[LimitReason, ...]:
        """Return why it goes no deeper, and what else holds today."""
        session, is_lowest = self.plan.session, self.limit == self._set_limit
        found = (
            (LimitReason.PATH, is_lowest and session.depth_limit is None),
            (LimitReason.LOWERED, is_lowest and session.depth_limit is not None),
            (LimitReason.ALONE, not is_lowest),
            (LimitReason.NEWCOMERS, session.newcomers),
        )
        return tuple(reason for reason, holds in found if holds)

    @property
    def _set_limit(self) -> int:
        return self.plan.session.depth_limit or self.plan.session.depth_cap


def hand_over(db: Session, session: GroupSession, group: Group, content: Catalogue) -> HandOver:
    """Return what is handed over of a session, whatever the size of the series, in four queries."""
    pathway_id, count, before = _look_around(db, session)
    plan = session_plan(db, session, group, content)
    last = session_plan(db, before, group, content) if before else None
    own = {part.segment.id: part.segment.own_note for part in plan.segments if part.segment.own_note}
    left = before.next_note if before else ""
    written = {*own.values(), left} - {""}
    told = set(list_nameless(db, group.id, written)) if written else set()
    return HandOver(
        plan=plan,
        count=count,
        path=next((path.name for path in content.pathways if path.id == pathway_id), ""),
        last=LastTime(plan=last, note=left if left in told else "", is_note_withheld=left not in told | {""})
        if last
        else None,
        notes={segment_id: words for segment_id, words in own.items() if words in told},
    )


def _look_around(db: Session, session: GroupSession) -> tuple[str, int, GroupSession | None]:
    """Return which path the series takes, how many sessions it has, and the one that was held last before this one."""
    found = aliased(GroupSession)
    held = (GroupSession.status == SessionStatus.DONE) & (GroupSession.starts_at < session.starts_at)
    own = GroupSession.series_id == session.series_id
    last = select(GroupSession.id).where(own, held).order_by(GroupSession.starts_at.desc()).limit(1)
    count = select(func.count()).select_from(GroupSession).where(own)
    pathway_id, total, before = db.execute(
        select(Series.pathway_id, count.scalar_subquery(), found)
        .outerjoin(found, found.id == last.scalar_subquery())
        .where(Series.id == session.series_id)
    ).one()
    return pathway_id, total, before


def _outcome(part: PlannedSegment) -> Outcome:
    return Outcome(part.assignment.outcome) if part.assignment is not None else Outcome.NOT_SAID
