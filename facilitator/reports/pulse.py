"""The pulse over many sessions: for those who lead, all that is kept; for others, whole blocks of sessions alone.

What is kept of an evening has five answers or more, or is pooled over three evenings. Feedback, not evidence of change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.attendance.models import PulseKept
from facilitator.attendance.rules import LEAST_ANSWERS, numeric
from facilitator.attendance.rules_pulse import TENTHS, WAITS_FOR, Question, proposes_lower
from facilitator.curriculum.scripts import PulseDecision
from facilitator.planning.models import GroupSession
from facilitator.reports.published import Scope, SessionRow, make_sitting, only_in
from facilitator.reports.rules_period import Period
from facilitator.reports.rules_suppression import LEAST_SESSIONS, Sitting, list_blocks

Kept = Mapping[str, PulseKept]


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseFigure:
    """What was answered to one question.

    Args:
        answers: how many there were, at least.
        sessions: how many sessions they come from.
        well: the share of the two best answers, from 0 to 1; `slow` and `fast` are about pace alone.
    """

    question: str
    answers: int
    sessions: int
    well: float
    slow: float
    fast: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseReading:
    """What those who lead read of the pulse, and whether it speaks for one depth lower next time."""

    figures: tuple[PulseFigure, ...]
    is_gentler_proposed: bool


def publish_pulse(
    db: Session, scope: Scope, rows: Sequence[SessionRow], period: Period, now: datetime
) -> list[PulseFigure]:
    """Return what may be handed on of each question, in one query; a question without a whole block is left out.

    Args:
        db: the open session.
        scope: what the report is about.
        rows: every session of the scope, by series and in time.
        period: the days of the report.
        now: the present instant.
    """
    found = only_in(select(PulseKept).join(GroupSession, GroupSession.id == PulseKept.session_id), scope)
    by_question: dict[str, dict[str, PulseKept]] = {}
    for kept in db.scalars(found):
        by_question.setdefault(kept.question, {})[kept.session_id] = kept
    figures = [_weigh(question, kept, _pick(rows, kept, period, now)) for question, kept in by_question.items()]
    return _in_order(figure for figure in figures if figure.sessions)


def read_pulse(db: Session, scope: Scope, period: Period, decision: PulseDecision, now: datetime) -> PulseReading:
    """Return what is kept of each question for those who lead, in one query.

    A question that was not answered is left out. Less depth is X
    """
    found = select(PulseKept, GroupSession).join(GroupSession, GroupSession.id == PulseKept.session_id)
    by_question: dict[str, dict[str, PulseKept]] = {}
    sittings: dict[str, list[Sitting]] = {}
    last: dict[str, PulseKept] = {}
    for kept, session in db.execute(only_in(found, scope).order_by(GroupSession.ends_at)):
        if now - session.ends_at <= WAITS_FOR:
            last[kept.question] = kept
        if period.holds(session.on_date):
            by_question.setdefault(kept.question, {})[kept.session_id] = kept
            sittings.setdefault(kept.question, []).append(_sit(session, kept))
    figures = [_weigh(question, kept, iter(sittings[question])) for question, kept in by_question.items()]
    return PulseReading(
        figures=tuple(_in_order(figure for figure in figures if figure.answers)),
        is_gentler_proposed=_proposes_lower(last, decision),
    )


def _proposes_lower(last: Kept, decision: PulseDecision) -> bool:
    steady, pace = last.get(Question.STEADY), last.get(Question.PACE)
    return proposes_lower(
        steady.well if steady else None,
        pace.fast if pace else None,
        least_steady=decision.or_steady_top_two_share_below,
        most_fast=decision.if_pace_too_fast_share_at_least,
    )


def _pick(rows: Sequence[SessionRow], kept: Kept, period: Period, now: datetime) -> Iterator[Sitting]:
    """Return the sessions of every block of the period."""
    for _series, sessions in groupby(rows, key=attrgetter("series_id")):
        for block in list_blocks([_sit(row, kept.get(row.id)) for row in sessions], now):
            if period.holds(block.on_date):
                yield from block.sittings


def _sit(row: SessionRow | GroupSession, kept: PulseKept | None) -> Sitting:
    if kept is None:
        return make_sitting(row, None)
    pooled = kept.sessions >= LEAST_SESSIONS  # nobody, not even the table, has the answers of one of them
    return make_sitting(row, numeric(kept.answers), kept.sessions, 0 if pooled else LEAST_ANSWERS)


def _in_order(figures: Iterable[PulseFigure]) -> list[PulseFigure]:
    return sorted(figures, key=lambda figure: list(Question).index(Question(figure.question)))


def _weigh(question: str, kept: Kept, sittings: Iterator[Sitting]) -> PulseFigure:
    inside = list(sittings)
    answers = sum(sitting.people or 0 for sitting in inside)

    def share(side: str) -> float:
        given = sum((sitting.people or 0) * getattr(kept[sitting.session_id], side) for sitting in inside)
        return given / TENTHS / answers if answers else 0.0

    return PulseFigure(
        question=question,
        answers=answers,
        sessions=sum(sitting.sessions for sitting in inside),
        well=share("well"),
        slow=share("slow"),
        fast=share("fast"),
    )
