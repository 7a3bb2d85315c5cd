"""A series planned again for another group: what the wizard takes from it, and what its sessions take over.

Path, length, rhythm, times and reminders are proposed. Once the new series is scheduled, each of its sessions takes
over the agenda, the depth limit and the prompts of the session that took the same step of the path. Nothing else is
copied: no people, no counts, no notes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.groups.models import Group
from facilitator.groups.service import only_mine
from facilitator.planning.copying import Copy, take_over
from facilitator.planning.models import GroupSession, Series
from facilitator.planning.originals import Source, load_parts
from facilitator.planning.scene import add_pool, load_scene

WEEK_DAYS = 7
Step = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A series that is planned again, and its group."""

    series: Series
    group: Group

    def first_on(self, earliest: date) -> date:
        """Return the first day from another one on that is the weekday on which the series began."""
        return earliest + timedelta(days=(self.series.first_on.weekday() - earliest.weekday()) % WEEK_DAYS)


def find_source(db: Session, me: Facilitator, series_id: str) -> Again | None:
    """Return a series of one of a person's groups to plan again; None where there is none, in one query."""
    found = select(Series, Group).join(Group, Group.id == Series.group_id)
    row = db.execute(only_mine(found, me).where(Series.id == series_id)).one_or_none() if series_id else None
    return Again(series=row.Series, group=row.Group) if row else None


def count_cycles(db: Session, series: Series) -> int:
    """Return how often a series goes through its path."""
    found = db.scalars(select(GroupSession.cycle).where(GroupSession.series_id == series.id))
    return max(found, default=0) + 1


def take_over_series(
    db: Session, again: Again, series: Series, sessions: Sequence[GroupSession], *, require_review: bool = True
) -> list[Copy]:
    """Take over what a series has for the sessions of another one, which was just scheduled; say what came of each.

    A session that was added to the first series by hand has none that answers to it, and is left out.
    """
    found = select(GroupSession).where(GroupSession.series_id == again.series.id).order_by(GroupSession.position)
    olds: dict[Step, GroupSession] = {}
    for old in db.scalars(found):
        olds.setdefault(_step(old), old)
    pairs = [(olds[_step(session)], session) for session in sessions if _step(session) in olds]
    for old, session in pairs:
        _lower(old, session)
    db.flush()
    group = db.get_one(Group, series.group_id)
    scene = add_pool(db, load_scene(db, group, require_review=require_review))
    parts = load_parts(db, [each for pair in pairs for each in pair], scene)
    whole = [
        (Source(session=old, group=again.group), parts[old.id], session, parts[session.id]) for old, session in pairs
    ]
    return take_over(db, scene, whole, series.seed)


def propose(again: Again, earliest: date, cycles: int, leads: Sequence[timedelta]) -> Mapping[str, str]:
    """Return the answers of the wizard that are taken from a series, by the names of its fields."""
    series, on = again.series, again.first_on(earliest)
    first, second, *_rest = [*(str(lead // timedelta(minutes=1)) for lead in leads), "0", "0"]
    return {
        "source": series.id,
        "pathway_id": series.pathway_id,
        "cycles": str(cycles),
        "day": str(on.day),
        "month": str(on.month),
        "year": str(on.year),
        "start_time": f"{series.start_time:%H:%M}",
        "minutes": str(series.minutes),
        "rhythm": series.rhythm,
        "first_lead": first,
        "second_lead": second,
    }


def _step(session: GroupSession) -> Step:
    return session.cycle, session.pathway_position


def _lower(old: GroupSession, session: GroupSession) -> None:
    limit = min(old.depth_limit or session.depth_cap, session.depth_limit or session.depth_cap)
    session.depth_limit = limit if limit < session.depth_cap else None
