"""The four questions after a session: how long they are asked, and in which form their answers are kept.

Like a headcount, answers are coded before they are kept. What is kept of a question leaves it open of everybody whether
they answered, and of whoever is known to have answered, what. This module must never be given a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from facilitator.attendance.rules import LEAST_ANSWERS, Precision, code_headcount

OPENS_BEFORE = timedelta(minutes=10)  # the end: it is asked while the group closes
ASKED_FOR = timedelta(hours=24)
WAITS_FOR = timedelta(days=60)  # too few answers wait so long for those of two more sessions
POOLED = 3  # sessions
LEAST_CAP = 20
TENTHS = 10


class Question(StrEnum):
    """What is asked, in this order."""

    STEADY = "steady"
    FREE = "free"
    PACE = "pace"
    USE = "use"


class Answer(StrEnum):
    """The place of an answer among the five, from the first, or that it was left unsaid."""

    FIRST = "1"
    SECOND = "2"
    THIRD = "3"
    FOURTH = "4"
    FIFTH = "5"
    UNSAID = "unsaid"


SAID = tuple(answer for answer in Answer if answer is not Answer.UNSAID)
# what is told apart of the answers: the best, and of the pace too slow and too fast
SIDES = {
    question: (SAID[2:3], SAID[:2], SAID[3:]) if question is Question.PACE else (SAID[3:], SAID[:3], ())
    for question in Question
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one question.

    Args:
        answers: how many there were, coded.
        well: tenths of them that chose one of the best answers; of the pace, that it was right.
        slow: of the pace alone, tenths that found it too slow.
        fast: of the pace alone, tenths that found it too fast.
    """

    answers: str
    well: int
    slow: int = 0
    fast: int = 0


def is_asked(ends_at: datetime, now: datetime) -> bool:
    """Tell whether the questions are open: from 10 minutes before the end of a session until 24 hours after it."""
    return ends_at - OPENS_BEFORE <= now < ends_at + ASKED_FOR


def most_sendings(list_size: int) -> int:
    """Return how often the questions of one session may be sent: twice for each on the list, and 20 times at least.

    The link is shared and nothing tells who sent, so some are sent twice. A pulse that reached the cap was stuffed.
    """
    return max(LEAST_CAP, 2 * list_size)


def merge_answers(parts: Iterable[Mapping[Answer, int]]) -> dict[Answer, int]:
    """Return how often each answer was given in all the parts together."""
    merged = dict.fromkeys(Answer, 0)
    for part in parts:
        for answer, times in part.items():
            merged[answer] += times
    return merged


def code_answers(question: Question, given: Mapping[Answer, int], list_sizes: Sequence[int]) -> Kept | None:
    """Return what is kept of one question, or None with too few answers.

    Deniability: for every kept value and every person on the lists there is a world with this value in which they left
    the question unsaid at every session, and whoever did answer may have chosen one of two sides at least. For the
    first, answers beyond "all but one at each session" are left out, from the side that has most, as their shares
    would tell how many there were; for the second, a share counts one person at least on either side.

    Args:
        question: which.
        given: how often each answer was given, in all sessions together.
        list_sizes: people on the mailing list, for each session.
    """
    sides = [sum(given.get(answer, 0) for answer in side) for side in SIDES[question]]
    others = sum(size - 1 for size in list_sizes)
    if sum(sides) < LEAST_ANSWERS or others < LEAST_ANSWERS:
        return None
    code = code_headcount(sum(sides), others + 1, Precision.PROTECTED)
    while sum(sides) > others:
        sides[sides.index(max(sides))] -= 1
    well, slow, fast = (_tenths(side, sum(sides)) for side in sides)
    return (
        Kept(answers=code, well=well, slow=slow, fast=fast)
        if question is Question.PACE
        else Kept(answers=code, well=well)
    )


def _tenths(part: int, whole: int) -> int:
    part = min(max(part, 1), whole - 1)
    return (2 * TENTHS * part + whole) // (2 * whole)


def proposes_lower(steady: int | None, fast: int | None, *, least_steady: float, most_fast: float) -> bool:
    """Tell whether the next session had better go one depth lower; the facilitator decides.

    Args:
        steady: tenths that felt mostly or very steady at the end, or None where that is not kept.
        fast: tenths that found the pace too fast, or None.
        least_steady: a share below it speaks for less depth.
        most_fast: a share from it on does.
    """
    is_shaken = steady is not None and steady < least_steady * TENTHS
    return is_shaken or (fast is not None and fast >= most_fast * TENTHS)
