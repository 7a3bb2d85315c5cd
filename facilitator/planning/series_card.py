"""A series at a glance for the page of its group: the timeline, and what the prompts cover.

Four queries, whatever the size of the series. Nothing here writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from sqlalchemy.orm import Session

from facilitator.curriculum.editions import edition
from facilitator.curriculum.pathways import Pathway
from facilitator.curriculum.rules import SHORT_SESSION_MINUTES, Pole
from facilitator.groups.models import Group
from facilitator.planning.coverage import Coverage, load_coverage
from facilitator.planning.joining import list_running_first
from facilitator.planning.models import GroupSession, Series, SessionStatus
from facilitator.planning.queries import SessionLine, list_series, series_overview
from facilitator.times import get_zone, to_local

MOST_IN_ONE_LIST = 16  # a longer series is shown by month
FOLDED_FROM = 3  # settled sessions at the start; the last one stays in sight


class LineState(StrEnum):
    """Where a session stands; each is also said in words."""

    CANCELLED = "cancelled"
    HELD = "held"
    OVER = "over"  # its time has passed and nobody closed the room
    TODAY = "today"
    EMPTY = "empty"  # slots without a prompt
    DRAFT = "draft"  # prompts that nobody has reviewed
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """One session of the timeline.

    Args:
        passes: the sides that it takes up, in order.
        limit: how deep it may go.
        left_out: dates between the session before and this one on which the group does not meet.
    """

    session: GroupSession
    state: LineState
    passes: tuple[Pole, ...]
    limit: int
    empty_slots: int
    unreviewed: int
    left_out: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMonth:
    """The sessions of one month, under its first date."""

    first_on: date
    lines: tuple[CardLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCard:
    """A series at a glance.

    Args:
        name: what its pathway is called.
        earlier: settled sessions, folded away.
        later: all others.
        by_month: the series is long, so `later` is shown month by month.
        others: the group's other series, newest first.
        coverage: what its prompts cover.
    """

    series: Series
    name: str
    earlier: tuple[CardLine, ...]
    later: tuple[CardMonth, ...]
    by_month: bool
    others: tuple[Series, ...]
    coverage: Coverage

    @property
    def lines(self) -> tuple[CardLine, ...]:
        """Return the whole timeline."""
        return (*self.earlier, *(line for month in self.later for line in month.lines))

    def count(self, *states: LineState) -> int:
        """Return how many sessions stand in one of these states."""
        return sum(line.state in states for line in self.lines)

    @property
    def to_come(self) -> int:
        """Return how many sessions are still to come."""
        return len(self.lines) - self.count(LineState.CANCELLED, LineState.HELD, LineState.OVER)


def series_cards(db: Session, group: Group, now: datetime) -> list[SeriesCard]:
    """Return what the page of a group shows: one series, with the others named; nothing while it has none.

    It is the one that holds the next session, or the newest when no session is to come.
    """
    found = list_running_first(db, group, now)
    return [_make_card(db, group, found[0], found[1:], now)] if found else []


def series_card(db: Session, group: Group, series: Series, now: datetime) -> SeriesCard:
    """Return one series of a group at a glance."""
    others = [each for each in list_series(db, group) if each.id != series.id]
    return _make_card(db, group, series, others, now)


def _make_card(db: Session, group: Group, series: Series, others: Sequence[Series], now: datetime) -> SeriesCard:
    pathway = edition(db, group.language).pathway(series.pathway_id, series.pathway_version)
    overview = sorted(series_overview(db, series), key=lambda line: line.session.starts_at)
    lines = _lines(overview, pathway, series, now)
    folded = _count_folded(lines, now)
    return SeriesCard(
        series=series,
        name=pathway.name,
        earlier=lines[:folded],
        later=_by_month(lines[folded:]),
        by_month=len(lines) > MOST_IN_ONE_LIST,
        others=tuple(others),
        coverage=load_coverage(db, group, now, series=series),
    )


def _lines(overview: Sequence[SessionLine], pathway: Pathway, series: Series, now: datetime) -> tuple[CardLine, ...]:
    skipped = sorted(date.fromisoformat(on) for on in series.skip_on)
    lines, before = [], series.first_on - timedelta(days=1)
    for found in overview:
        session = found.session
        lines.append(
            CardLine(
                session=session,
                state=_state(found, now),
                passes=list_passes(pathway, session),
                limit=session.depth_limit or session.depth_cap,
                empty_slots=found.empty_slots,
                unreviewed=found.unreviewed,
                left_out=tuple(on for on in skipped if before < on < session.on_date),
            )
        )
        before = max(before, session.on_date)
    return tuple(lines)


def _state(line: SessionLine, now: datetime) -> LineState:
    session = line.session
    if session.status == SessionStatus.CANCELLED:
        return LineState.CANCELLED
    if session.status == SessionStatus.DONE:
        return LineState.HELD
    if session.ends_at <= now:
        return LineState.OVER
    if session.on_date == to_local(now, get_zone(session.zone)).date():
        return LineState.TODAY
    if line.empty_slots:
        return LineState.EMPTY
    return LineState.DRAFT if line.unreviewed else LineState.READY


def list_passes(pathway: Pathway, session: GroupSession) -> tuple[Pole, ...]:
    """Return the sides that a session takes up first: one for each explore part of its agenda."""
    step = pathway.sessions[session.pathway_position - 1]
    if step.explore_b_poles and session.minutes > SHORT_SESSION_MINUTES:
        return tuple(dict.fromkeys((*step.explore_a_poles[:1], *step.explore_b_poles[:1])))
    poles = step.single_explore_poles or step.explore_a_poles
    return (poles[session.cycle % len(poles)],) if poles else ()


def _count_folded(lines: Sequence[CardLine], now: datetime) -> int:
    settled = (LineState.HELD, LineState.CANCELLED)
    rest = (at for at, line in enumerate(lines) if line.state not in settled or line.session.ends_at > now)
    count = next(rest, len(lines))
    return count - 1 if count >= FOLDED_FROM else 0


def _by_month(lines: Sequence[CardLine]) -> tuple[CardMonth, ...]:
    months = groupby(lines, key=lambda line: line.session.on_date.replace(day=1))
    return tuple(CardMonth(first_on=first_on, lines=tuple(found)) for first_on, found in months)
