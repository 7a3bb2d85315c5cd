"""Totals and means over groups, over one group or over one series, as they may leave those who lead.

Every number of people here comes from whole blocks (see `rules_suppression`); a figure of a single session is never
in reach of whoever holds one of these. Numbers of sessions are from the plan. It reads; it never writes a row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from facilitator.attendance.models import Tally
from facilitator.attendance.rules import Level, numeric
from facilitator.curriculum.rules import Focus, SessionKind
from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.reports.rules_period import Period
from facilitator.reports.rules_published import Fact, Share, count_people, count_sessions, make_share
from facilitator.reports.rules_suppression import Sitting, list_blocks

COLUMNS = (
    GroupSession.id,
    GroupSession.group_id,
    GroupSession.series_id,
    GroupSession.focus,
    GroupSession.session_kind,
    GroupSession.on_date,
    GroupSession.starts_at,
    GroupSession.ends_at,
    GroupSession.minutes,
    GroupSession.status,
    GroupSession.not_held,
    Group.capacity,
    Tally.headcount,
    Tally.returning_level,
)
SessionRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report is about: every group, some, or one series of one of them.

    Args:
        group_ids: None for every group of the installation.
    """

    group_ids: tuple[str, ...] | None
    series: Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of the sessions of a period: numbers of sessions, which say nothing of anybody.

    Args:
        groups: that met in it.
        planned: were to take place, those that were called off aside.
        open: began, and nobody has said what became of them.
    """

    groups: int
    planned: int
    held: int
    cancelled: int
    not_held: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What may be handed on about a scope and a period.

    Args:
        shares: the blocks of the period, in time.
        focuses: how many sessions were held on each focus.
    """

    counts: Counts
    shares: tuple[Share, ...]
    focuses: dict[Focus, int]

    @property
    def people(self) -> int:
        """Return the person-attendances, at least."""
        return count_people(self.shares)

    @property
    def sessions(self) -> int:
        """Return how many sessions the numbers of people come from."""
        return count_sessions(self.shares)

    @property
    def waiting(self) -> int:
        """Return how many sessions held in the period are in none of its blocks."""
        return max(self.counts.held - self.sessions, 0)


def publish(rows: Sequence[SessionRow], period: Period, now: datetime) -> Published:
    """Return what may be handed on; the rows are every session of a scope, by series and in time."""
    inside = [row for row in rows if period.holds(row.on_date)]
    held = [row for row in inside if was_held(row)]
    return Published(
        counts=_count(inside, held, now),
        shares=tuple(share for share in list_shares(rows, now) if period.holds(share.on_date)),
        focuses={focus: sum(row.focus == focus for row in held) for focus in Focus},
    )


def read_sessions(db: Session, scope: Scope) -> Sequence[SessionRow]:
    """Return every session of a scope with what is kept of it, by series and in time."""
    found = select(*COLUMNS).join(Group, Group.id == GroupSession.group_id)
    found = only_in(found.outerjoin(Tally, Tally.session_id == GroupSession.id), scope)
    return db.execute(found.order_by(GroupSession.series_id, GroupSession.starts_at, GroupSession.id)).all()


def only_in(found: AnySelect, scope: Scope) -> AnySelect:
    """Narrow a statement that selects sessions, or what hangs on them, to a scope."""
    if scope.group_ids is not None:
        found = found.where(GroupSession.group_id.in_(scope.group_ids))
    return found if scope.series is None else found.where(GroupSession.series_id == scope.series.id)


def was_held(row: SessionRow) -> bool:
    """Say whether a session took place: its room was closed or its people were counted."""
    return not row.not_held and (row.headcount is not None or row.status == SessionStatus.DONE)


def list_shares(rows: Sequence[SessionRow], now: datetime) -> list[Share]:
    """List the blocks of some series in time; the rows of a series stand together and are all of it."""
    facts = {row.id: _fact(row) for row in rows}
    found = [
        make_share(series_id, block, facts)
        for series_id, sessions in groupby(rows, key=attrgetter("series_id"))
        for block in list_blocks([make_sitting(row, _least(row)) for row in sessions], now)
    ]
    return sorted(found, key=lambda share: (share.on_date, share.series_id))


def make_sitting(row: SessionRow | GroupSession, people: int | None, sessions: int = 1, least: int = 0) -> Sitting:
    """Return a session as blocks are made of it, with a number of people or of answers."""
    return Sitting(
        session_id=row.id,
        on_date=row.on_date,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        people=people,
        closing=row.session_kind == SessionKind.LAST,
        sessions=sessions,
        least=least,
    )


def _least(row: SessionRow) -> int | None:
    # the group's precision may change after a session: what is kept of it then is read as it was written
    return None if row.headcount is None or row.not_held else numeric(row.headcount)


def _fact(row: SessionRow) -> Fact:
    return Fact(
        minutes=row.minutes,
        places=row.capacity,
        focus=Focus(row.focus),
        level=Level(row.returning_level) if row.returning_level else None,
    )


def _count(inside: Collection[SessionRow], held: Collection[SessionRow], now: datetime) -> Counts:
    cancelled = sum(row.status == SessionStatus.CANCELLED and not row.not_held for row in inside)
    not_held = sum(bool(row.not_held) for row in inside)
    open_rows = [row for row in inside if row.status == SessionStatus.SCHEDULED and not (row.not_held or was_held(row))]
    return Counts(
        groups=len({row.group_id for row in held}),
        planned=len(inside) - cancelled,
        held=len(held),
        cancelled=cancelled,
        not_held=not_held,
        open=sum(row.starts_at <= now for row in open_rows),
    )
