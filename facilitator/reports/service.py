"""What a facilitator sees of their groups over time: sessions held, people counted, hours, the trend.

Everything is worked out from coded totals, so a figure here can say no more than the table does. Means wait for three
counted sessions, as fewer would point at single evenings. It reads; it never writes a row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.attendance.models import Tally
from facilitator.attendance.rules import Level, Precision, Spoken, SpokenCode, numeric, spoken
from facilitator.attendance.service import tallies
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.reports.rules import Chart, Reading, chart, early_hold, fill, holding, mean, participant_hours
from facilitator.reports.rules_period import Period

EVERY_DAY = Period()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendLine:
    """One session of the trend.

    Args:
        came: what is kept of the headcount, or None when nothing is.
        value: the least number of people that `came` stands for, or None where it stands for no number.
        returning: what share had been before, or None when that is not kept.
    """

    session: GroupSession
    came: Spoken | None
    value: int | None
    returning: Level | None

    @property
    def cancelled(self) -> bool:
        """Say whether the session was called off."""
        return self.session.status == SessionStatus.CANCELLED and not self.not_held

    @property
    def not_held(self) -> bool:
        """Say whether the session did not take place after all, though nobody had called it off."""
        return bool(self.session.not_held)

    @property
    def held(self) -> bool:
        """Say whether the session took place: its room was closed or its people counted."""
        return not self.not_held and (self.came is not None or self.session.status == SessionStatus.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The sessions of a group up to the last one held, and what follows from them.

    Args:
        lines: in time, cancelled ones among them.
        planned: sessions that are or were to take place, the later ones too.
        places: how many people the group offers room to.
        chart: the geometry of the same lines.
    """

    group: Group
    lines: tuple[TrendLine, ...]
    planned: int
    places: int
    chart: Chart

    @property
    def held(self) -> int:
        """Return how many sessions took place."""
        return sum(line.held for line in self.lines)

    @property
    def cancelled(self) -> int:
        """Return how many sessions up to the last one held were called off."""
        return sum(line.cancelled for line in self.lines)

    @property
    def not_held(self) -> int:
        """Return how many sessions did not take place after all."""
        return sum(line.not_held for line in self.lines)

    @property
    def counted(self) -> int:
        """Return how many sessions have a number to reckon with."""
        return sum(value is not None for value in self.values)

    @property
    def values(self) -> tuple[int | None, ...]:
        """Return the least number of people at each session."""
        return tuple(line.value for line in self.lines)

    @property
    def hours(self) -> float:
        """Return the participant-hours that there were at least."""
        return participant_hours((line.value, line.session.minutes) for line in self.lines)

    @property
    def mean(self) -> float | None:
        """Return how many came on average at least, or None before three counted sessions."""
        return mean(self.values)

    @property
    def fill(self) -> float | None:
        """Return the share of places taken on average, or None before three counted sessions."""
        return fill(self.values, self.places)

    @property
    def holding(self) -> float | None:
        """Return the last three counted sessions over the first three, or None before they are six."""
        return holding(self.values)

    @property
    def early_hold(self) -> float | None:
        """Return the third meeting over the first, cancelled ones left out, or None when either has no number."""
        return early_hold([line.value for line in self.lines if not (line.cancelled or line.not_held)])


def attendance_trend(db: Session, group: Group, series: Series | None = None, period: Period = EVERY_DAY) -> Trend:
    """Return the attendance of a group, or of one of its series, in a period, in two queries."""
    found = [s for s in _list_sessions(db, [group.id], period) if series is None or s.series_id == series.id]
    return _trend(group, found, tallies(db, [session.id for session in found]))


def list_trends(db: Session, groups: Sequence[Group], period: Period = EVERY_DAY) -> list[Trend]:
    """Return the attendance of each of these groups in a period, in two queries."""
    found: dict[str, list[GroupSession]] = {group.id: [] for group in groups}
    for session in _list_sessions(db, found, period):
        found[session.group_id].append(session)
    kept = tallies(db, [session.id for sessions in found.values() for session in sessions])
    return [_trend(group, found[group.id], kept) for group in groups]


def _list_sessions(db: Session, group_ids: Collection[str], period: Period) -> list[GroupSession]:
    wanted = GroupSession.group_id.in_(group_ids)
    found = db.scalars(select(GroupSession).where(wanted).order_by(GroupSession.starts_at, GroupSession.id))
    return [session for session in found if period.holds(session.on_date)]


def _trend(group: Group, sessions: Sequence[GroupSession], kept: dict[str, Tally]) -> Trend:
    lines = [_line(session, kept.get(session.id), Precision(group.precision)) for session in sessions]
    last = max((at for at, line in enumerate(lines, start=1) if line.held or line.not_held), default=0)
    shown = tuple(lines[:last])
    return Trend(
        group=group,
        lines=shown,
        planned=sum(not line.cancelled for line in lines),
        places=group.capacity,
        chart=chart([_reading(line) for line in shown]),
    )


def _line(session: GroupSession, tally: Tally | None, precision: Precision) -> TrendLine:
    if tally is None:
        return TrendLine(session=session, came=None, value=None, returning=None)
    return TrendLine(
        session=session,
        came=spoken(tally.headcount),
        value=numeric(tally.headcount, precision),
        returning=Level(tally.returning_level) if tally.returning_level else None,
    )


def _reading(line: TrendLine) -> Reading:
    return Reading(
        label=line.session.on_date.isoformat(),
        value=line.value,
        at_least=line.came is not None and line.came.code is SpokenCode.AT_LEAST,
    )
