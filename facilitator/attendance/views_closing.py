"""What the page that closes a room stands on: the session, by what its count is coded, and what was tapped."""

from dataclasses import dataclass

from flask_babel import gettext as _

from facilitator.attendance import service as attendance
from facilitator.attendance.forms import CHECK_IN, NOT_ASKED, CloseForm
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
from facilitator.planning import queries
from facilitator.planning.models import GroupSession, SessionStatus
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
        """Return the number to step from."""
        return starting_count(self.taps, self.last, self.people, self.facilitators)

    @property
    def from_taps(self) -> bool:
        """Tell whether the stepper starts from the check-in."""
        return self.taps > 0 and self.start == self.taps and not self.is_surprised(self.taps)

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
    details = groups.get_details(db(), me(), group.id)
    tally = attendance.find_tally(db(), session.id)
    answers = attendance.find_answers(db(), session.id)
    known = tally or attendance.find_last_kept(db(), group.id, session.starts_at)
    return Room(
        plan=queries.session_plan(db(), session, group),
        group_id=group.id,
        label=group.label,
        list_size=attendance.coding_size(tally, details.people),
        precision=Precision(group.precision),
        people=details.people or group.capacity,
        facilitators=len(details.leaders),
        tally=tally,
        answers=answers,
        last=spoken(known.headcount).count if known else None,
    )
