"""What the page that closes a room stands on: the session, by what its count is coded, and what was tapped."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from facilitator.attendance import service as attendance
from facilitator.attendance.forms import CHECK_IN, MOST_MINUTES, NOT_ASKED, CloseForm
from facilitator.attendance.models import Tally
from facilitator.attendance.rules import (
    Answers,
    Dropped,
    Level,
    Precision,
    Spoken,
    code_headcount,
    code_returning,
    is_surprising,
    keep_level,
    spoken,
    starting_count,
    why_dropped,
)
from facilitator.errors import Conflict
from facilitator.groups import service as groups
from facilitator.groups.models import Group
from facilitator.planning import live, queries, rules_live
from facilitator.planning.models import GroupSession, Outcome, SessionStatus
from facilitator.planning.queries import PlannedSegment, SessionPlan
from facilitator.web.login import me
from facilitator.web.request import db, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The session whose room is closed, and what its count is coded by.

    Args:
        list_size: people on the mailing list, or fewer when the room was closed before they joined.
        people: how many may come: those of the list, or as many as there are places where nobody is listed.
        facilitators: those who lead, who are not counted.
        tally: what is kept already.
        answers: what was tapped, while the room is open.
        last: what is kept of the session before, as a number.
        heads: the people that were counted on the run screen.
        ran: what the run screen knows of each part, by its id: what became of it, and in how many minutes.
    """

    plan: SessionPlan
    group_id: str
    label: str
    list_size: int
    precision: Precision
    people: int
    facilitators: int
    tally: Tally | None
    answers: Answers | None
    last: int | None
    heads: int | None = None
    ran: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)

    @property
    def kept(self) -> Spoken | None:
        """Return what is kept already."""
        return spoken(self.tally.headcount) if self.tally else None

    @property
    def taps(self) -> int:
        """Return how often somebody checked in."""
        return self.answers.taps if self.answers else 0

    @property
    def start(self) -> int:
        """Return the number to step from: what was counted in the room, or what is likely."""
        if self.heads is not None:
            return self.heads
        return starting_count(self.taps, self.last, self.people, self.facilitators)

    @property
    def from_taps(self) -> bool:
        """Tell whether the stepper starts from the check-in."""
        return self.heads is None and self.taps > 0 and self.start == self.taps and not self.is_surprised(self.taps)

    @property
    def returning(self) -> str:
        """Return the choice that is made beforehand about how many had been before."""
        if self.answers is not None:
            return CHECK_IN
        return NOT_ASKED if self.tally is None else self.tally.returning_level or NOT_ASKED

    @property
    def coded_by(self) -> str:
        """Return the size of the list and the precision as one word, to tell when they change."""
        return f"{self.list_size}-{self.precision}"

    @property
    def fillable(self) -> list[PlannedSegment]:
        """Return the parts that something was planned for."""
        return [part for part in self.plan.segments if part.prompt is not None or part.exercise is not None]

    def begin_outcomes(self) -> tuple[dict[str, str], dict[str, int]]:
        """Return what the answers begin with, and the minutes of prompts: as kept, or as the run screen has them."""
        rows = [part.assignment for part in self.fillable if part.assignment is not None]
        said = {row.segment_id: row.outcome for row in rows}
        took = {row.segment_id: row.actual_minutes for row in rows if row.actual_minutes is not None}
        if self.session.status == SessionStatus.DONE or took or set(said.values()) - {Outcome.NOT_SAID}:
            return said, took
        ran = {
            part.segment.id: (part, *self.ran[part.segment.id]) for part in self.fillable if part.segment.id in self.ran
        }
        minutes = {
            part_id: max(1, took_all - part.segment.reserved_minutes)
            for part_id, (part, _became, took_all) in ran.items()
            if part.prompt is not None and took_all is not None and took_all <= MOST_MINUTES
        }
        return {**said, **{part_id: became for part_id, (_part, became, _took) in ran.items()}}, minutes

    @property
    def session(self) -> GroupSession:
        """Return the session whose room it is."""
        return self.plan.session

    def is_surprised(self, count: int | None) -> bool:
        """Tell whether a count is asked about once more."""
        return count is not None and is_surprising(count, self.people, self.facilitators)

    def will_keep(self, count: int | None) -> Spoken | None:
        """Return what a count will be kept as."""
        return None if count is None else spoken(code_headcount(count, self.list_size, self.precision))

    def will_keep_level(self, form: CloseForm) -> tuple[Level | None, Dropped | None]:
        """Return what will be kept of how many had been before, or why nothing is; neither where nothing was asked."""
        count, tapped = form.count, self.answers if form.returning.data == CHECK_IN else None
        level = form.hands
        if count is None or (level is None and tapped is None):
            return None, None
        if tapped is not None:
            level = code_returning(tapped.first, tapped.been, tapped.taps, count, self.list_size)
        kept = keep_level(level, count, self.list_size, self.precision)
        return kept, None if kept else why_dropped(count, self.list_size, self.precision, tapped)


def load_room(session: GroupSession, group: Group) -> Room:
    """Return what the page of a session stands on.

    Raises:
        Conflict: when it was cancelled, did not take place or has not begun.
    """
    if session.not_held:
        raise Conflict(_("This session did not take place, so there is nobody to count."))
    if session.status == SessionStatus.CANCELLED:
        raise Conflict(_("This session was cancelled, so there is nobody to count."))
    attendance.refuse_early(session.starts_at, now())
    details = groups.get_details(db(), me(), group.id, now().date())
    tally = attendance.find_tally(db(), session.id)
    answers = attendance.find_answers(db(), session.id)
    known = tally or attendance.find_last_kept(db(), group.id, session.starts_at)
    plan = queries.session_plan(db(), session, group)
    row = plan.live
    return Room(
        plan=plan,
        group_id=group.id,
        label=group.label,
        list_size=attendance.coding_size(tally, details.people),
        precision=Precision(group.precision),
        people=details.people or group.capacity,
        facilitators=len(details.leaders),
        tally=tally,
        answers=answers,
        last=spoken(known.headcount).count if known else None,
        heads=row.heads if row else None,
        ran=rules_live.read_outcomes(live.read_state(row), live.list_parts(plan), now()) if row else {},
    )
