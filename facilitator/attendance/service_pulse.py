"""The running pulse and what is kept of it: a few counters a session, and no sign of who pressed.

The first press lays out every counter of a session at 0, so that which rows there are tells nothing. Two days after the
session, when its count stands for good, they are coded and deleted, or wait to be put together with those of two more.
This module must never be given a person and never writes a log line.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, product

from sqlalchemy import String, column, delete, func, select, table, tuple_, update
from sqlalchemy.orm import Session

from facilitator.attendance.models import PulseCount, PulseKept, Tally
from facilitator.attendance.rules import CORRECTABLE_FOR, LEAST_ANSWERS, numeric
from facilitator.attendance.rules_pulse import (
    POOLED,
    WAITS_FOR,
    Answer,
    Question,
    code_answers,
    merge_answers,
    most_sendings,
)
from facilitator.db import Instant, insert_missing

# what this package may know of a session: to which series it belongs, whether it stands, and its end
_SESSION = table(
    "group_session",
    column("id", String),
    column("series_id", String),
    column("status", String),
    column("ends_at", Instant()),
)
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """The counters of one question at one session whose tally, where there is one, stands for good."""

    session_id: str
    series_id: str
    question: Question
    is_called_off: bool
    waited: timedelta
    tally: Tally | None
    given: Mapping[Answer, int]

    @property
    def list_size(self) -> int:
        """Return how many people were on the list when the room was closed."""
        return (self.tally and self.tally.list_size) or 0

    @property
    def is_sound(self) -> bool:
        """Tell whether the session was held and its questions were not sent too often to be true."""
        is_stuffed = sum(self.given.values()) >= most_sendings(self.list_size)
        return self.tally is not None and not self.is_called_off and not is_stuffed

    @property
    def may_stand_alone(self) -> bool:
        """Tell whether the kept headcount says as much as five answers do; otherwise they would tell more than it."""
        return self.tally is not None and (numeric(self.tally.headcount) or 0) >= LEAST_ANSWERS


def record(db: Session, session_id: str, answers: Mapping[Question, Answer], list_size: int) -> None:
    """Count what was answered to each question; what is missing was left unsaid.

    One statement moves the four counters, so that of presses at the same moment none is lost. When the questions were
    sent twice as often as there are people, nothing is counted any more.

    Args:
        db: a writing session.
        session_id: which session.
        answers: by question.
        list_size: people on the mailing list now.
    """
    rows = product(Question, Answer)
    insert_missing(
        db, PulseCount, [{"session_id": session_id, "question": q, "answer": a, "given": 0} for q, a in rows]
    )
    if _sendings(db, session_id) >= most_sendings(list_size):
        return
    pressed = [(question, answers.get(question, Answer.UNSAID)) for question in Question]
    db.execute(
        update(PulseCount)
        .where(PulseCount.session_id == session_id, tuple_(PulseCount.question, PulseCount.answer).in_(pressed))
        .values(given=PulseCount.given + 1)
        .execution_options(synchronize_session=False)
    )


def _sendings(db: Session, session_id: str) -> int:
    every = select(func.sum(PulseCount.given)).where(PulseCount.session_id == session_id)
    return db.scalar(every.where(PulseCount.question == Question.STEADY)) or 0


def settle_pulses(db: Session, now: datetime) -> int:
    """Code what was answered at sessions whose count stands for good; return of how many questions counters were deleted.

    A question stands alone when five people or more answered it at a session whose kept headcount is five or more. What
    is left is put together with that of two more sessions of the series, and forgotten when it has waited for 60 days.
    Nothing is kept of a session that was called off, that nobody closed, or whose questions were sent too often.
    """
    waiting: defaultdict[tuple[str, Question], list[_Ended]] = defaultdict(list)
    settled: list[_Ended] = []
    for each in _list_ended(db, now):
        if not each.is_sound or (each.may_stand_alone and _keep(db, [each])) or each.waited > WAITS_FOR:
            settled.append(each)
        else:
            waiting[each.series_id, each.question].append(each)
    for pulses in waiting.values():
        whole = len(pulses) // POOLED * POOLED
        for at in range(0, whole, POOLED):
            _keep(db, pulses[at : at + POOLED])  # or nothing, when even three have too few
        settled += pulses[:whole]
    _forget(db, settled)
    return len(settled)


def _list_ended(db: Session, now: datetime) -> Iterator[_Ended]:
    """List the questions that wait to be settled, by series and in time."""
    found = db.execute(
        select(PulseCount, _SESSION, Tally)
        .join(_SESSION, _SESSION.c.id == PulseCount.session_id)
        .outerjoin(Tally, Tally.session_id == PulseCount.session_id)
        .where(_SESSION.c.ends_at <= now - CORRECTABLE_FOR)
        .order_by(_SESSION.c.series_id, _SESSION.c.ends_at, PulseCount.session_id, PulseCount.question)
    )
    for _key, rows in groupby(found, key=lambda row: (row.PulseCount.session_id, row.PulseCount.question)):
        answers = list(rows)
        first = answers[0]
        yield _Ended(
            session_id=first.PulseCount.session_id,
            series_id=first.series_id,
            question=Question(first.PulseCount.question),
            is_called_off=first.status == CANCELLED,
            waited=now - first.ends_at,
            tally=first.Tally,
            given={Answer(row.PulseCount.answer): row.PulseCount.given for row in answers},
        )


def _keep(db: Session, pulses: Sequence[_Ended]) -> bool:
    """Keep what was answered to one question at these sessions, under the last of them, if it is enough to be kept."""
    last = pulses[-1]
    given = merge_answers([each.given for each in pulses])
    kept = code_answers(last.question, given, [each.list_size for each in pulses])
    if kept is None:
        return False
    db.add(
        PulseKept(
            session_id=last.session_id,
            question=last.question,
            sessions=len(pulses),
            answers=kept.answers,
            well=kept.well,
            slow=kept.slow,
            fast=kept.fast,
        )
    )
    return True


def _forget(db: Session, pulses: Sequence[_Ended]) -> None:
    for each in pulses:
        db.execute(
            delete(PulseCount)
            .where(PulseCount.session_id == each.session_id, PulseCount.question == each.question)
            .execution_options(synchronize_session=False)
        )
    db.flush()
