"""How a headcount is coded before it is kept, so that no stored value proves that any one person came or did not.

Totals are safe in the middle and dangerous at both ends: a full count proves that everyone came, a zero that nobody
did. Coding happens at the single write, never on the way out, because whoever reads the table reads no page.
This module must never be given a person, only numbers of people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from facilitator.errors import Invalid

SMALLEST_CODED = 5  # people on the list; below it any count comes too close to a name
FEW_AT_MOST = 2
LEAST_ANSWERS = 5
MOST_PEOPLE = 500
CORRECTABLE_FOR = timedelta(hours=48)

HELD = "held"


class Precision(StrEnum):
    """How closely a group lets its headcounts be kept."""

    PROTECTED = "protected"
    EXACT = "exact"
    GUARDED = "guarded"


class Level(StrEnum):
    """A share of people, in thirds."""

    FEW = "few"
    HALF = "half"
    MOST = "most"


class Dropped(StrEnum):
    """Why no returning level is kept, although there were answers or hands."""

    SMALL_LIST = "small_list"
    FEW_ANSWERS = "few_answers"
    MORE_TAPS = "more_taps"
    FEW_HEADS = "few_heads"
    TELLS_COUNT = "tells_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How often each answer was tapped at a check-in."""

    first: int
    been: int
    unsaid: int

    @property
    def taps(self) -> int:
        """Return how often anything was tapped."""
        return self.first + self.been + self.unsaid

    @property
    def said(self) -> int:
        """Return how many taps told something."""
        return self.first + self.been


class SpokenCode(StrEnum):
    """How a kept value is said."""

    HELD = "held"
    EXACT = "exact"
    AT_LEAST = "at_least"
    FEW = "few"
    HALF = "half"
    MOST = "most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What to say of a kept value: a code, with the number for `exact` and `at_least`."""

    code: SpokenCode
    count: int | None = None


def validate_headcount(headcount: int) -> int:
    """Return a headcount that can be right.

    Raises:
        Invalid: when it is below 0 or above 500.
    """
    if not 0 <= headcount <= MOST_PEOPLE:
        raise Invalid("Enter a number from 0 to {most}.", field="headcount", most=MOST_PEOPLE)
    return headcount


def is_surprising(headcount: int, people: int, facilitators: int) -> bool:
    """Tell whether a headcount is asked about once more: more than the group's people, had its facilitators been counted.

    A guest may come, so it is asked and never refused.
    """
    return headcount > people + facilitators


def code_headcount(headcount: int, list_size: int, precision: Precision) -> str:
    """Return the only form in which a headcount is kept.

    Deniability: under `protected` and `guarded`, for every value and every person on the list there is an evening
    with this value on which they came and one on which they did not. `exact` gives that up by the group's choice.

    Args:
        headcount: participants the facilitator counted, who need not be on the list.
        list_size: people on the mailing list at close.
        precision: the group's choice.
    """
    if precision == Precision.EXACT:
        return str(headcount)
    if list_size < SMALLEST_CODED:
        return HELD
    if precision == Precision.GUARDED:
        return _level(headcount, list_size)
    if headcount <= FEW_AT_MOST:
        return Level.FEW.value
    if headcount >= list_size - 1:
        return f"{list_size - 1}+"
    return str(headcount)


def code_spans(list_size: int, precision: Precision) -> dict[str, tuple[int, int]]:
    """Return the least and the most headcount behind every code that a list can have, by code, from few to many."""
    spans: dict[str, tuple[int, int]] = {}
    for headcount in range(list_size + 1):
        code = code_headcount(headcount, list_size, precision)
        spans[str(code)] = (spans.get(code, (headcount, headcount))[0], headcount)
    return spans


def _level(part: int, whole: int) -> Level:
    third = whole // 3
    if part <= third:
        return Level.FEW
    return Level.MOST if part >= whole - third else Level.HALF


def code_returning(first: int, been: int, taps: int, headcount: int, list_size: int) -> Level | None:
    """Return what share of those who answered had been before, or None when that is not kept.

    Not kept with fewer than five answers; with more taps than heads, as somebody tapped twice; and on a list of
    five or fewer, where five answers would prove that everyone came.

    Args:
        first: taps on "first time here".
        been: taps on "been before".
        taps: all taps, "rather not say" among them.
        headcount: participants the facilitator counted.
        list_size: people on the mailing list at close.
    """
    answers = first + been
    if answers < LEAST_ANSWERS or taps > headcount or list_size <= LEAST_ANSWERS:
        return None
    return _level(been, answers)


def keep_level(level: Level | None, headcount: int, list_size: int, precision: Precision) -> Level | None:
    """Return a level that may stand beside the headcount it is kept with, whether it comes from taps or from hands.

    A level says that five people or more were there to be asked. It is kept only where the headcount alone says as
    much: with five heads or more, on a list of more than five, and under a code that no headcount below five shares.
    Otherwise the two together would tell more than the group chose to keep.

    Args:
        level: from taps or hands, or None when nothing is to be kept.
        headcount: participants the facilitator counted.
        list_size: people on the mailing list at close.
        precision: the group's choice.
    """
    if headcount < LEAST_ANSWERS or list_size <= LEAST_ANSWERS:
        return None
    is_told_already = code_headcount(headcount, list_size, precision) != _code_of_four(list_size, precision)
    return level if is_told_already else None


def _code_of_four(list_size: int, precision: Precision) -> str:
    # codes rise with headcounts, so one that four does not share is shared by none below
    return code_headcount(LEAST_ANSWERS - 1, list_size, precision)


def why_dropped(headcount: int, list_size: int, precision: Precision, answers: Answers | None = None) -> Dropped | None:
    """Return why no level is kept with this headcount, or None when one is.

    Args:
        headcount: participants the facilitator counted.
        list_size: people on the mailing list at close.
        precision: the group's choice.
        answers: those of the check-in, or None for a show of hands.
    """
    if list_size <= LEAST_ANSWERS:
        return Dropped.SMALL_LIST
    if answers is not None and answers.said < LEAST_ANSWERS:
        return Dropped.FEW_ANSWERS
    if answers is not None and answers.taps > headcount:
        return Dropped.MORE_TAPS
    if headcount < LEAST_ANSWERS:
        return Dropped.FEW_HEADS
    return None if keep_level(Level.FEW, headcount, list_size, precision) else Dropped.TELLS_COUNT


def starting_count(taps: int, last: int | None, people: int, facilitators: int) -> int:
    """Return the number that the stepper starts from, so that most evenings need few presses.

    The taps of a check-in, where there were any that can be right; otherwise the number of the last time, as a group
    is seldom far from it; otherwise the people of the group, as more come to a first evening than stay away.

    Args:
        taps: how often somebody checked in.
        last: what was kept of the session before, as a number, or None.
        people: how many may come.
        facilitators: those who lead, who are not counted.
    """
    if taps and not is_surprising(taps, people, facilitators):
        return taps
    return people if last is None else last


def spoken(code: str) -> Spoken:
    """Return how a kept value is said: `7+` is at least 7."""
    if code.isdecimal():
        return Spoken(code=SpokenCode.EXACT, count=int(code))
    if code.endswith("+"):
        return Spoken(code=SpokenCode.AT_LEAST, count=int(code[:-1]))
    return Spoken(code=SpokenCode(code))


def numeric(code: str, precision: Precision = Precision.PROTECTED) -> int | None:
    """Return the least number of people a kept value stands for, or None where it stands for no number.

    A level without its list has no number. Under `guarded` even `few` gives None: counted as 0 beside levels that
    count as nothing, it would pull every mean down to 0.
    """
    said = spoken(code)
    if said.count is not None:
        return said.count
    return 0 if said.code is SpokenCode.FEW and precision != Precision.GUARDED else None


def tell_away(away: int, list_size: int) -> int:
    """Return how many said that they cannot come, or 0 on a list so short that a number comes too close to a name."""
    return away if list_size >= SMALLEST_CODED else 0


def correctable_until(ends_at: datetime) -> datetime:
    """Return until when the count of a session can be overwritten: 48 hours after its end."""
    return ends_at + CORRECTABLE_FOR
