"""What a facilitator's day looks like: the next session, what needs a decision, the week. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.attendance.rules import correctable_until
from facilitator.groups.models import Group
from facilitator.planning import queries as planning
from facilitator.planning.models import GroupSession, SessionStatus
from facilitator.planning.queries import SessionLine, SessionPlan
from facilitator.reminders.lines import Line, list_lines

WEEK = timedelta(days=8)
FIRST_NEEDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """A session beside its group."""

    session: GroupSession
    group: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Everything that the first page shows, the health of delivery aside.

    Args:
        next: the session that runs now or comes next, with its plan.
        unclosed: sessions that are over and whose headcount is missing, with the instant until which it can be kept.
        messages: messages that need a person, equal ones as one line.
        gaps: coming sessions whose plan has an empty slot.
        week: the sessions of the next days, cancelled ones among them.
    """

    next: Gathering | None
    plan: SessionPlan | None
    unclosed: Sequence[tuple[Gathering, datetime]]
    messages: Sequence[Line]
    gaps: Sequence[tuple[Gathering, SessionLine]]
    week: Sequence[Gathering]

    @property
    def needs(self) -> int:
        """Return how many things wait for a decision."""
        return len(self.unclosed) + len(self.messages) + len(self.gaps)


def show_day(db: Session, me: Facilitator, group_ids: Sequence[str], now: datetime) -> Day:
    """Return the day of a facilitator as it is at this instant."""
    past, ahead = planning.list_day(db, me, now, now + WEEK)
    over = [Gathering(session=session, group=group) for session, group in past]
    week = [Gathering(session=session, group=group) for session, group in ahead]
    coming = next((each for each in week if each.session.status == SessionStatus.SCHEDULED), None)
    lines = {line.session.id: line for line in planning.list_gaps(db, [each.session.id for each in week])}
    return Day(
        next=coming,
        plan=planning.session_plan(db, coming.session, coming.group) if coming else None,
        unclosed=[(each, correctable_until(each.session.ends_at)) for each in over],
        messages=[line for line in list_lines(db, group_ids, now) if line.needs_you],
        gaps=[(each, lines[each.session.id]) for each in week if each.session.id in lines],
        week=week,
    )
