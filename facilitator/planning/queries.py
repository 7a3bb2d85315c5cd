"""Reads plans: one session with everything on its page, a series at a glance, what is coming, what clashes.

Each page is a fixed number of queries, whatever the size of the data. Nothing here writes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import edition
from facilitator.curriculum.materials import Exercise
from facilitator.curriculum.rules import PromptStatus
from facilitator.groups.models import Group, GroupFacilitator
from facilitator.planning.filling import is_silent, read_reason
from facilitator.planning.models import Assignment, GroupSession, LiveSession, Segment, Series, SessionStatus
from facilitator.planning.rules_notes import Busy
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import reviewed_prompts
from facilitator.prompts.rules_agenda import speaking_seconds
from facilitator.prompts.rules_reasons import Reason
from facilitator.times import get_zone, to_local

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSegment:
    """One part of a session as its page shows it.

    Args:
        start_time: what the wall clock shows when it begins.
        own: the prompt was written by a facilitator.
        seconds_each: what everyone has in a round, in seconds.
    """

    segment: Segment
    starts_at: datetime
    start_time: time
    start_minute: int
    assignment: Assignment | None
    prompt: PromptVersion | None
    own: bool
    exercise: Exercise | None
    seconds_each: int

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return what spoke for the choice, most telling first."""
        return tuple(read_reason(each) for each in self.assignment.reasons) if self.assignment is not None else ()

    @property
    def emptied_by(self) -> Reason | None:
        """Return what left the slot empty."""
        stored = self.assignment.emptied_by if self.assignment is not None else None
        return read_reason(stored) if stored else None

    @property
    def silent(self) -> bool:
        """Say whether a facilitator made this a silent minute."""
        return self.assignment is not None and is_silent(self.assignment)

    @property
    def empty(self) -> bool:
        """Say whether something belongs here and nothing qualified; `emptied_by` says why."""
        return self.assignment is not None and self.prompt is None and self.exercise is None and not self.silent

    @property
    def reviewed(self) -> bool:
        """Say whether the prompt has had clinical review."""
        return self.prompt is not None and self.prompt.status == PromptStatus.REVIEWED


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """Everything that the page of one session shows, the checks aside; `live` is where it stands while it runs."""

    session: GroupSession
    segments: tuple[PlannedSegment, ...]
    live: LiveSession | None = None

    @property
    def deepest(self) -> int:
        """Return the depth of the deepest prompt, 0 where there is none."""
        return max((part.prompt.depth for part in self.segments if part.prompt is not None), default=0)

    @property
    def total_minutes(self) -> int:
        """Return what the parts add up to."""
        return sum(part.segment.minutes for part in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """One session on the page of its series."""

    session: GroupSession
    empty_slots: int
    unreviewed: int
    deepest: int


def session_plan(db: Session, session: GroupSession, group: Group, content: Catalogue | None = None) -> SessionPlan:
    """Return the plan of a session, in one query beside the library's, which falls away where the content is at hand."""
    rows = db.execute(
        select(Segment, Assignment, PromptVersion, Prompt.owner_id, LiveSession)
        .outerjoin(LiveSession, LiveSession.session_id == Segment.session_id)
        .outerjoin(Assignment, Assignment.segment_id == Segment.id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .outerjoin(Prompt, Prompt.id == PromptVersion.prompt_id)
        .where(Segment.session_id == session.id)
        .order_by(Segment.position)
    )
    content = content or edition(db, group.language)
    minute, parts, live = 0, [], None
    for segment, assignment, prompt, owner_id, live in rows:  # noqa: B007 - the same in each row
        starts_at = session.starts_at + timedelta(minutes=minute)
        parts.append(
            PlannedSegment(
                segment=segment,
                starts_at=starts_at,
                start_time=to_local(starts_at, get_zone(session.zone)).time(),
                start_minute=minute,
                assignment=assignment,
                prompt=prompt,
                own=owner_id is not None,
                exercise=_exercise_of(assignment, content),
                seconds_each=speaking_seconds(segment.minutes - segment.reserved_minutes, group.capacity),
            )
        )
        minute += segment.minutes
    return SessionPlan(session=session, segments=tuple(parts), live=live)


def list_series(db: Session, group: Group) -> list[Series]:
    """List the series of a group, newest first."""
    return list(
        db.scalars(select(Series).where(Series.group_id == group.id).order_by(Series.first_on.desc(), Series.id))
    )


def series_overview(db: Session, series: Series) -> list[SessionLine]:
    """List the sessions of a series in order, with what is missing in each, in one query."""
    return _read_lines(db, _lines().where(GroupSession.series_id == series.id))


def _lines() -> Select[GroupSession, int, int, int]:
    unfilled = Assignment.prompt_version_id.is_(None) & Assignment.exercise_id.is_(None) & Assignment.locked.is_(False)
    draft = PromptVersion.status != PromptStatus.REVIEWED
    return (
        select(
            GroupSession,
            func.count(case((unfilled, 1))),
            func.count(case((draft, 1))),
            func.coalesce(func.max(PromptVersion.depth), 0),
        )
        .outerjoin(Assignment, Assignment.session_id == GroupSession.id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .group_by(GroupSession.id)
        .order_by(GroupSession.position)
    )


def _read_lines(db: Session, found: Select[GroupSession, int, int, int]) -> list[SessionLine]:
    return [
        SessionLine(session=session, empty_slots=empty, unreviewed=unreviewed, deepest=deepest)
        for session, empty, unreviewed, deepest in db.execute(found)
    ]


def list_gaps(db: Session, session_ids: Collection[str]) -> tuple[list[SessionLine], bool]:
    """List which of these sessions have an empty slot, cancelled and past ones aside, in one query.

    Beside them stands whether any prompt at all was reviewed; without gaps nobody asks, and it is not looked up.
    """
    found = _lines().add_columns(exists(reviewed_prompts().correlate(None))).where(GroupSession.id.in_(session_ids))
    rows = db.execute(found.where(GroupSession.status == SessionStatus.SCHEDULED)).all()
    lines = [
        SessionLine(session=session, empty_slots=empty, unreviewed=unreviewed, deepest=deepest)
        for session, empty, unreviewed, deepest, _reviewed in rows
    ]
    return [line for line in lines if line.empty_slots], all(reviewed for *_line, reviewed in rows)


def upcoming(db: Session, me: Facilitator, from_at: datetime, until_at: datetime) -> list[tuple[GroupSession, Group]]:
    """List the sessions of a person's groups that end after one instant and start before another, in time.

    Cancelled ones are among them, as a person on their way has to see that.
    """
    found = (
        select(GroupSession, Group)
        .join(Group, Group.id == GroupSession.group_id)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id)
        .where(GroupSession.ends_at > from_at, GroupSession.starts_at < until_at)
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    return [(session, group) for session, group in db.execute(found)]


def list_day(
    db: Session, me: Facilitator, now: datetime, until_at: datetime
) -> tuple[list[tuple[GroupSession, Group]], list[tuple[GroupSession, Group]]]:
    """Return, in one query, the sessions whose room was not closed, oldest first, and those that run or come, in time.

    Cancelled ones are among those to come, as a person on their way has to see that.
    """
    over = (GroupSession.ends_at <= now) & (GroupSession.status == SessionStatus.SCHEDULED)
    coming = (GroupSession.ends_at > now) & (GroupSession.starts_at < until_at)
    found = (
        select(GroupSession, Group)
        .join(Group, Group.id == GroupSession.group_id)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.facilitator_id == me.id, over | coming)
        .order_by(GroupSession.starts_at, GroupSession.id)
    )
    rows = [(session, group) for session, group in db.execute(found)]
    return [row for row in rows if row[0].ends_at <= now], [row for row in rows if row[0].ends_at > now]


def busy(db: Session, me: Facilitator, from_on: date, until_on: date, besides: Group | None = None) -> tuple[Busy, ...]:
    """Return when a person's groups, besides one, meet between two dates, under their labels, for notes on clashes.

    A day is added at both ends, as a date is not the same day everywhere.
    """
    from_at = datetime.combine(from_on, time(), UTC) - DAY
    until_at = datetime.combine(until_on, time(), UTC) + 2 * DAY
    found = upcoming(db, me, from_at, until_at)
    return tuple(
        Busy(starts_at=session.starts_at, ends_at=session.ends_at, label=group.label)
        for session, group in found
        if session.status != SessionStatus.CANCELLED and (besides is None or group.id != besides.id)
    )


def _exercise_of(assignment: Assignment | None, content: Catalogue) -> Exercise | None:
    if assignment is None or assignment.exercise_id is None:
        return None
    return content.exercise(assignment.exercise_id, assignment.exercise_version)
