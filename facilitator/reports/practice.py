"""What became of plans: minutes that parts took, closing groundings, and prompts used. Parts and prompts, not people."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Row, case, func, select
from sqlalchemy.orm import Session

from facilitator.curriculum.rules import SegmentKind, SubBind
from facilitator.planning.models import Assignment, GroupSession, Outcome, Segment, SessionStatus
from facilitator.planning.rules_coverage import Count
from facilitator.prompts.models import PromptVersion
from facilitator.reports.published import AnySelect, Scope, only_in
from facilitator.reports.rules_period import Period

DONE = GroupSession.status == SessionStatus.DONE
IN_THE_ROOM = Assignment.outcome.in_((Outcome.USED, Outcome.CUT_SHORT))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTime:
    """How long the parts of one kind took in the room.

    Args:
        parts: of which somebody said how long they took.
        planned: minutes on average.
        took: minutes on average.
    """

    kind: SegmentKind
    parts: int
    planned: float
    took: float

    @property
    def over(self) -> float:
        """Return by how many minutes they went over their plan on average, below 0 when they were shorter."""
        return self.took - self.planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How sessions kept their time.

    Args:
        parts: by kind, in the order of an agenda.
        grounded: sessions that ended with their closing grounding.
        said: sessions of which somebody said whether they did.
    """

    parts: tuple[PartTime, ...]
    grounded: int
    said: int


def read_timing(db: Session, scope: Scope, period: Period) -> Timing:
    """Return how the sessions of a scope and a period kept their time, in one query."""
    timed = Assignment.actual_minutes.is_not(None)
    found = (
        select(
            Segment.kind,
            func.count(Assignment.actual_minutes).label("parts"),
            func.coalesce(func.sum(case((timed, Segment.minutes))), 0).label("planned"),
            func.coalesce(func.sum(Assignment.actual_minutes), 0).label("took"),
            func.count(case((IN_THE_ROOM, 1))).label("used"),
            func.count(case((Assignment.outcome != Outcome.NOT_SAID, 1))).label("said"),
        )
        .join(Assignment, Assignment.segment_id == Segment.id)
        .join(GroupSession, GroupSession.id == Segment.session_id)
        .where(DONE)
        .group_by(Segment.kind)
    )
    rows = {SegmentKind(row.kind): row for row in db.execute(_within(found, scope, period))}
    parts = [
        PartTime(kind=kind, parts=row.parts, planned=row.planned / row.parts, took=row.took / row.parts)
        for kind in SegmentKind
        if (row := rows.get(kind)) and row.parts
    ]
    last = rows.get(SegmentKind.GROUND_CLOSE)
    return Timing(parts=tuple(parts), grounded=last.used if last else 0, said=last.said if last else 0)


def count_prompts(db: Session, scope: Scope, period: Period) -> dict[SubBind, Count]:
    """Return how many prompts of each sub-bind are planned, were used and were skipped, in one query.

    Those of which nobody said what became of them count as planned, as on the page of coverage.
    """
    used, skipped = DONE & IN_THE_ROOM, DONE & (Assignment.outcome == Outcome.SKIPPED)
    found = (
        select(
            PromptVersion.sub_bind,
            func.count().label("every"),
            func.sum(case((used, 1), else_=0), type_=Integer).label("used"),
            func.sum(case((skipped, 1), else_=0), type_=Integer).label("skipped"),
        )
        .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        .join(GroupSession, GroupSession.id == Assignment.session_id)
        .where(GroupSession.status != SessionStatus.CANCELLED)
        .group_by(PromptVersion.sub_bind)
    )
    rows = {row.sub_bind: row for row in db.execute(_within(found, scope, period))}
    return {sub_bind: _count(rows.get(sub_bind)) for sub_bind in SubBind}


def _within(found: AnySelect, scope: Scope, period: Period) -> AnySelect:
    found = only_in(found, scope)
    found = found if period.first_on is None else found.where(GroupSession.on_date >= period.first_on)
    return found if period.last_on is None else found.where(GroupSession.on_date <= period.last_on)


def _count(row: Row[*tuple[Any, ...]] | None) -> Count:
    if row is None:
        return Count()
    return Count(planned=row.every - row.used - row.skipped, used=row.used, skipped=row.skipped)
