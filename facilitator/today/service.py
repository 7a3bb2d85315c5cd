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
from facilitator.reminders.erasure import Ending, list_own_and_endings
from facilitator.reminders.lines import Line, list_lines

WEEK = timedelta(days=8)
SOON = timedelta(days=3)  # when a plan that nobody has looked over is worth a line


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
        has_reviewed: whether any prompt was reviewed; looked up where there are gaps alone.
        unread: sessions of the next 3 days whose plan is full and which nobody has looked over.
        groups: of the facilitator.
        endings: lists that are erased within 7 days.
        week: the sessions of the next days, cancelled ones among them.
    """

    next: Gathering | None
    plan: SessionPlan | None
    unclosed: Sequence[tuple[Gathering, datetime]]
    messages: Sequence[Line]
    gaps: Sequence[tuple[Gathering, SessionLine]]
    has_reviewed: bool
    unread: Sequence[Gathering]
    groups: Sequence[Group]
    endings: Sequence[Ending]
    week: Sequence[Gathering]

    @property
    def needs(self) -> int:
        """Return how many things wait for a decision."""
        return len(self.unclosed) + len(self.messages) + len(self.gaps) + len(self.unread) + len(self.endings)


def show_day(db: Session, me: Facilitator, now: datetime) -> Day:
    """Return the day of a facilitator as it is at this instant."""
    groups, endings = list_own_and_endings(db, me, now)
    past, ahead = planning.list_day(db, me, now, now + WEEK)
    over = [Gathering(session=session, group=group) for session, group in past]
    week = [Gathering(session=session, group=group) for session, group in ahead]
    coming = next((each for each in week if each.session.status == SessionStatus.SCHEDULED), None)
    gaps, has_reviewed = planning.list_gaps(db, [each.session.id for each in week])
    lines = {line.session.id: line for line in gaps}
    return Day(
        next=coming,
        plan=planning.session_plan(db, coming.session, coming.group) if coming else None,
        unclosed=[(each, correctable_until(each.session.ends_at)) for each in over],
        messages=[line for line in list_lines(db, [group.id for group in groups], now) if line.needs_you],
        gaps=[(each, lines[each.session.id]) for each in week if each.session.id in lines],
        has_reviewed=has_reviewed,
        unread=[each for each in week if _is_unread(each.session, now) and each.session.id not in lines],
        groups=groups,
        endings=endings,
        week=week,
    )


def _is_unread(session: GroupSession, now: datetime) -> bool:
    is_soon = now < session.starts_at <= now + SOON
    return is_soon and session.status == SessionStatus.SCHEDULED and not session.looked_over
