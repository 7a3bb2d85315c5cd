"""What the prompts of a group, or of one of its series, cover: planned, used and skipped, and what is left to do.

One query, whatever the size of the plan. It reads prompts and never a headcount. Nothing here writes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from facilitator.curriculum.rules import Arena, Focus, Format, Phase, Pole, SubBind
from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession, Outcome, Segment, Series, SessionStatus
from facilitator.planning.rules_coverage import By, Gap, Grid, Placed, State, find_step, list_gaps, make_grid
from facilitator.prompts.models import PromptVersion

SIDES = (
    PromptVersion.sub_bind,
    PromptVersion.pole,
    PromptVersion.arenas,
    PromptVersion.format,
    PromptVersion.phase,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapStep:
    """A gap and the next session that does something about it.

    Args:
        session: None where no session to come can take it up.
        fills: the prompts of the session take it up; otherwise something can be changed there.
        swap_id: the part of the session whose prompt can best be spared.
    """

    gap: Gap
    session: GroupSession | None
    fills: bool = False
    swap_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What some sessions cover.

    Args:
        grids: the counts, by what stands in the columns.
        steps: every gap, with what comes next.
        held: sessions whose room was closed.
        open: sessions that began or are over and whose room was not closed.
        to_come: sessions that have not begun.
        cancelled: sessions that were called off; they count nowhere.
        unsaid: prompts of sessions that began, of which nobody said what became of them.
        rounds: how often a repeating pathway goes round.
    """

    grids: Mapping[By, Grid]
    steps: tuple[GapStep, ...]
    held: int
    open: int
    to_come: int
    cancelled: int
    unsaid: int
    rounds: int

    @property
    def counted(self) -> int:
        """Return how many sessions count."""
        return self.held + self.open + self.to_come


def load_coverage(
    db: Session,
    group: Group,
    now: datetime,
    *,
    series: Series | None = None,
    from_on: date | None = None,
    until_on: date | None = None,
) -> Coverage:
    """Return what a group covers, or one of its series, or its sessions between two dates, in one query."""
    here = [GroupSession.group_id == group.id]
    here += [GroupSession.series_id == series.id] if series is not None else []
    here += [GroupSession.on_date >= from_on] if from_on is not None else []
    here += [GroupSession.on_date <= until_on] if until_on is not None else []
    with_prompt = (Assignment.session_id == GroupSession.id) & Assignment.prompt_version_id.is_not(None)
    rows = db.execute(
        select(GroupSession, Assignment.segment_id, Assignment.outcome, Assignment.locked, *SIDES)
        .outerjoin(Assignment, with_prompt)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .outerjoin(Segment, Segment.id == Assignment.segment_id)
        .where(*here)
        .order_by(GroupSession.starts_at, GroupSession.id, Segment.position)
    ).all()
    sessions = {row.GroupSession.id: row.GroupSession for row in rows}
    placed = [_place(row) for row in rows if row.segment_id and row.GroupSession.status != SessionStatus.CANCELLED]
    return _weigh(list(sessions.values()), placed, now)


def _place(row: Row[*tuple[Any, ...]]) -> Placed:
    session: GroupSession = row.GroupSession
    return Placed(
        session_id=session.id,
        segment_id=row.segment_id,
        sub_bind=SubBind(row.sub_bind),
        pole=Pole(row.pole),
        arenas=tuple(Arena(arena) for arena in row.arenas),
        format=Format(row.format),
        phase=Phase(row.phase),
        state=_state(Outcome(row.outcome), session),
        locked=row.locked,
    )


def _state(outcome: Outcome, session: GroupSession) -> State:
    if session.status != SessionStatus.DONE or outcome is Outcome.NOT_SAID:
        return State.PLANNED
    return State.SKIPPED if outcome is Outcome.SKIPPED else State.USED


def _weigh(sessions: Sequence[GroupSession], placed: Sequence[Placed], now: datetime) -> Coverage:
    # what a cancelled session was about is still owed, so it counts for what is taken up
    focuses = {Focus(session.focus) for session in sessions}
    taken_up = [each for each in SubBind if Focus(each) in focuses]
    coming = {s.id: s for s in sessions if s.status == SessionStatus.SCHEDULED and s.starts_at > now}
    begun = {s.id for s in sessions if s.starts_at <= now}
    grids = {by: make_grid(placed, by, taken_up) for by in By}
    statuses = Counter(session.status for session in sessions)
    return Coverage(
        grids=grids,
        steps=tuple(_find_step(gap, placed, coming, grids[By.POLE]) for gap in list_gaps(grids[By.POLE])),
        held=statuses[SessionStatus.DONE],
        open=statuses[SessionStatus.SCHEDULED] - len(coming),
        to_come=len(coming),
        cancelled=statuses[SessionStatus.CANCELLED],
        unsaid=sum(each.state is State.PLANNED and each.session_id in begun for each in placed),
        rounds=len({session.cycle for session in sessions}),
    )


def _find_step(gap: Gap, placed: Sequence[Placed], coming: Mapping[str, GroupSession], grid: Grid) -> GapStep:
    step = find_step(gap, placed, {each.id: Focus(each.focus) for each in coming.values()}, grid)
    if step is None:
        return GapStep(gap=gap, session=None)
    return GapStep(gap=gap, session=coming[step.session_id], fills=step.fills, swap_id=step.swap_id)
