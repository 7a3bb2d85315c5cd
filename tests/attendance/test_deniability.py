"""No value that is kept of an evening makes anybody certain that one person came, or that one person stayed away.

People are exchangeable under a total: the headcounts that a kept value can stand for decide for everybody on the list
at once. One that stands for the whole list alone proves of each that they came, one that stands for 0 alone that none did.
Guests are left out of account, so that nothing rests on them.
"""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.attendance.models import Tally
from facilitator.attendance.rules import (
    Answers,
    Dropped,
    Level,
    Precision,
    code_headcount,
    code_returning,
    keep_level,
    why_dropped,
)
from facilitator.attendance.service import coding_size

CODED = [Precision.PROTECTED, Precision.GUARDED]
LISTS = range(5, 21)


def tapped(headcount):
    """Go through everything that can be tapped; one tap more than heads is enough, as it drops the answers."""
    for first, been in product(range(headcount + 2), repeat=2):
        for unsaid in range(headcount + 2 - first - been):
            yield Answers(first=first, been=been, unsaid=unsaid)


def keep(headcount, answers, hands, list_size, precision):
    """Return the pair that closing a room keeps."""
    level = hands or (answers and code_returning(answers.first, answers.been, answers.taps, headcount, list_size))
    code = code_headcount(headcount, list_size, precision)
    return code, keep_level(level, headcount, list_size, precision)


def worlds(keep, list_size, precision):
    """Map every pair that can be kept to the headcounts behind it, by way of every tap and every show of hands."""
    found = defaultdict(set)
    for headcount in range(list_size + 1):
        for hands in (None, *Level):
            found[keep(headcount, None, hands, list_size, precision)].add(headcount)
        for answers in tapped(headcount):
            found[keep(headcount, answers, None, list_size, precision)].add(headcount)
    return found


def certain(found, list_size):
    """Return the pairs that prove of everybody that they came, or that they stayed away."""
    return [kept for kept, headcounts in found.items() if headcounts in ({0}, {list_size})]


def narrowed(found):
    """Return the pairs whose level tells more of the headcount than its code alone."""
    behind = defaultdict(set)
    for (code, _level), headcounts in found.items():
        behind[code] |= headcounts
    return [(code, level) for (code, level), headcounts in found.items() if level and headcounts != behind[code]]


@pytest.mark.parametrize("precision", CODED)
@pytest.mark.parametrize("list_size", LISTS)
def test_no_pair_that_is_kept_makes_anybody_certain_and_no_level_tells_of_the_number(list_size, precision):
    found = worlds(keep, list_size, precision)
    assert certain(found, list_size) == []
    assert narrowed(found) == []


@pytest.mark.parametrize("precision", CODED)
def test_levels_are_kept_at_all_from_taps_as_from_hands(precision):
    assert {level for _code, level in worlds(keep, 8, precision)} == {None, *Level}


def keeping_the_ends(headcount, answers, hands, list_size, precision):
    return str(headcount), keep(headcount, answers, hands, list_size, precision)[1]


def keeping_five_of_five(headcount, answers, hands, list_size, precision):
    level = hands or (answers and code_returning(answers.first, answers.been, answers.taps, headcount, 6))
    return code_headcount(headcount, list_size, precision), level if headcount >= 5 else None


def keeping_hands_as_they_are(headcount, answers, hands, list_size, precision):
    kept = keep(headcount, answers, None, list_size, precision)
    return kept[0], hands if hands and headcount else kept[1]


@pytest.mark.parametrize(
    ("leaky", "list_size", "precision", "told"),
    [
        (keeping_the_ends, 8, Precision.PROTECTED, ("8", Level.FEW)),
        (keeping_the_ends, 8, Precision.PROTECTED, ("0", None)),
        (keeping_five_of_five, 5, Precision.PROTECTED, ("4+", Level.MOST)),
        (keeping_five_of_five, 5, Precision.GUARDED, ("most", Level.MOST)),
    ],
)
def test_a_leaky_twin_that_makes_people_certain_is_caught(leaky, list_size, precision, told):
    assert told in certain(worlds(leaky, list_size, precision), list_size)


@pytest.mark.parametrize(
    ("leaky", "list_size", "precision", "told"),
    [
        (keeping_hands_as_they_are, 8, Precision.PROTECTED, ("few", Level.MOST)),
        (keeping_five_of_five, 9, Precision.GUARDED, ("half", Level.MOST)),
        (keeping_five_of_five, 15, Precision.GUARDED, ("few", Level.MOST)),
    ],
)
def test_a_leaky_twin_whose_level_tells_of_the_number_is_caught(leaky, list_size, precision, told):
    assert told in narrowed(worlds(leaky, list_size, precision))


def corrected(size_of, first_size, precision):
    """Map what is kept after a correction, the list having grown meanwhile, to the headcounts behind it, by size."""
    found = defaultdict(set)
    for later_size, headcount in product(range(first_size, first_size + 5), range(first_size + 1)):
        tally = Tally(session_id="one", headcount="few", list_size=first_size)
        size = size_of(tally, later_size)
        found[later_size, code_headcount(headcount, size, precision)].add(headcount)
    return found


@pytest.mark.parametrize("precision", CODED)
@pytest.mark.parametrize("list_size", LISTS)
def test_a_correction_after_people_joined_makes_nobody_certain_either(list_size, precision):
    assert certain(corrected(coding_size, list_size, precision), list_size) == []


def test_a_leaky_twin_that_codes_a_correction_by_the_grown_list_is_caught():
    leaky = corrected(lambda _tally, later_size: later_size, 8, Precision.PROTECTED)
    assert (10, "8") in certain(leaky, 8)


ANSWERS = st.builds(Answers, first=st.integers(0, 40), been=st.integers(0, 40), unsaid=st.integers(0, 40))


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(Precision), st.none() | ANSWERS)
def test_it_is_said_why_a_level_is_dropped_exactly_when_it_is(headcount, list_size, precision, answers):
    level = Level.FEW
    if answers is not None:
        level = code_returning(answers.first, answers.been, answers.taps, headcount, list_size)
    why = why_dropped(headcount, list_size, precision, answers)
    assert (keep_level(level, headcount, list_size, precision) is None) is (why is not None)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(Precision), st.sampled_from(Level))
def test_a_level_is_kept_as_it_is_or_not_at_all(headcount, list_size, precision, level):
    assert keep_level(level, headcount, list_size, precision) in {None, level}


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from(CODED), st.sampled_from(Level))
def test_a_level_stands_only_beside_five_heads_or_more_on_a_list_of_more_than_five(
    headcount, list_size, precision, level
):
    if keep_level(level, headcount, list_size, precision):
        code = code_headcount(headcount, list_size, precision)
        assert all(code_headcount(fewer, list_size, precision) != code for fewer in range(5))
        assert list_size > 5


@pytest.mark.parametrize(
    ("headcount", "list_size", "precision", "answers", "why"),
    [
        (5, 5, Precision.PROTECTED, None, Dropped.SMALL_LIST),
        (6, 8, Precision.PROTECTED, Answers(first=1, been=3, unsaid=2), Dropped.FEW_ANSWERS),
        (6, 8, Precision.PROTECTED, Answers(first=1, been=4, unsaid=2), Dropped.MORE_TAPS),
        (4, 8, Precision.PROTECTED, None, Dropped.FEW_HEADS),
        (5, 9, Precision.GUARDED, None, Dropped.TELLS_COUNT),
        (6, 9, Precision.GUARDED, None, None),
        (6, 8, Precision.PROTECTED, Answers(first=1, been=4, unsaid=1), None),
        (6, 8, Precision.EXACT, None, None),
    ],
)
def test_the_reason_for_keeping_no_level(headcount, list_size, precision, answers, why):
    assert why_dropped(headcount, list_size, precision, answers) is why
