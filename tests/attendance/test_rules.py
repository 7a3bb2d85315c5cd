"""How headcounts are coded, and that no coded value gives anyone away."""

from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.attendance.rules import (
    Level,
    Precision,
    Spoken,
    SpokenCode,
    code_headcount,
    code_returning,
    correctable_until,
    is_surprising,
    numeric,
    spoken,
    validate_headcount,
)
from facilitator.errors import Invalid

PROTECTED, EXACT, GUARDED = Precision.PROTECTED, Precision.EXACT, Precision.GUARDED


@pytest.mark.parametrize(
    ("headcount", "list_size", "precision", "code"),
    [
        (0, 0, PROTECTED, "held"),
        (4, 4, PROTECTED, "held"),
        (7, 4, PROTECTED, "held"),
        (0, 5, PROTECTED, "few"),
        (2, 5, PROTECTED, "few"),
        (3, 5, PROTECTED, "3"),
        (4, 5, PROTECTED, "4+"),
        (5, 5, PROTECTED, "4+"),
        (0, 8, PROTECTED, "few"),
        (3, 8, PROTECTED, "3"),
        (6, 8, PROTECTED, "6"),
        (7, 8, PROTECTED, "7+"),
        (8, 8, PROTECTED, "7+"),
        (11, 8, PROTECTED, "7+"),
        (0, 8, EXACT, "0"),
        (8, 8, EXACT, "8"),
        (3, 3, EXACT, "3"),
        (3, 4, GUARDED, "held"),
        (1, 5, GUARDED, "few"),
        (3, 5, GUARDED, "half"),
        (4, 5, GUARDED, "most"),
        (0, 9, GUARDED, "few"),
        (3, 9, GUARDED, "few"),
        (4, 9, GUARDED, "half"),
        (5, 9, GUARDED, "half"),
        (6, 9, GUARDED, "most"),
        (12, 9, GUARDED, "most"),
    ],
)
def test_a_headcount_is_coded_by_the_precision_of_its_group(headcount, list_size, precision, code):
    coded = code_headcount(headcount, list_size, precision)
    assert coded == code
    assert len(coded) <= 8, "the column is eight characters wide"


@pytest.mark.parametrize("precision", [PROTECTED, GUARDED])
@pytest.mark.parametrize("list_size", range(5, 11))
def test_every_stored_value_fits_an_evening_with_and_without_each_member(list_size, precision):
    """Go through every set of people who could have come, and ask of every member."""
    members = range(list_size)
    came, stayed = defaultdict(set), defaultdict(set)
    for size in range(list_size + 1):
        for present in combinations(members, size):
            code = code_headcount(size, list_size, precision)
            came[code].update(present)
            stayed[code].update(set(members).difference(present))
    assert came.keys() == stayed.keys()
    for code in came:
        assert came[code] == set(members), f"{code} proves that somebody stayed away"
        assert stayed[code] == set(members), f"{code} proves that somebody came"


def stored_worlds(list_size, precision):
    """Map every value that can be stored to the headcounts behind it, by way of everything people can tap.

    Taps go to one above the headcount, as somebody may tap twice.
    """
    worlds = defaultdict(set)
    for headcount in range(list_size + 1):
        code = code_headcount(headcount, list_size, precision)
        for taps in range(headcount + 2):
            for first in range(taps + 1):
                for been in range(taps - first + 1):
                    level = code_returning(first, been, taps, headcount, list_size)
                    worlds[code, level].add(headcount)
    return worlds


@pytest.mark.parametrize("precision", [PROTECTED, GUARDED])
@pytest.mark.parametrize("list_size", range(5, 21))
def test_no_stored_pair_makes_anyone_certain(list_size, precision):
    """Any headcount from 1 has worlds in which a given member came, and any below the whole list has worlds without.

    People are exchangeable under a total, so the headcounts behind a value decide for every member at once.
    """
    for stored, headcounts in stored_worlds(list_size, precision).items():
        assert max(headcounts) >= 1, f"{stored} proves that nobody came"
        assert min(headcounts) < list_size, f"{stored} proves that everybody came"


def test_exact_counts_do_make_people_certain_so_the_test_above_can_fail():
    assert stored_worlds(8, EXACT)["8", None] == {8}


@pytest.mark.parametrize(
    ("told", "level"),  # first, been, taps, headcount, list_size
    [
        ((0, 4, 4, 6, 8), None),
        ((1, 4, 5, 6, 8), Level.MOST),
        ((2, 3, 6, 6, 8), Level.HALF),
        ((4, 1, 5, 6, 8), Level.FEW),
        ((5, 0, 5, 6, 8), Level.FEW),
        ((0, 6, 7, 6, 8), None),
        ((3, 3, 6, 6, 8), Level.HALF),
        ((4, 2, 6, 6, 8), Level.FEW),
        ((2, 4, 6, 6, 8), Level.MOST),
        ((0, 5, 5, 5, 5), None),
        ((0, 5, 5, 6, 4), None),
    ],
)
def test_the_returning_level_needs_five_answers_and_no_more_taps_than_heads(told, level):
    assert code_returning(*told) is level


@pytest.mark.parametrize(
    ("code", "said", "number", "guarded_number"),
    [
        ("held", Spoken(code=SpokenCode.HELD), None, None),
        ("few", Spoken(code=SpokenCode.FEW), 0, None),
        ("half", Spoken(code=SpokenCode.HALF), None, None),
        ("most", Spoken(code=SpokenCode.MOST), None, None),
        ("5", Spoken(code=SpokenCode.EXACT, count=5), 5, 5),
        ("7+", Spoken(code=SpokenCode.AT_LEAST, count=7), 7, 7),
    ],
)
def test_a_kept_value_can_be_said_and_counted(code, said, number, guarded_number):
    assert spoken(code) == said
    assert numeric(code) == number
    assert numeric(code, GUARDED) == guarded_number


def test_a_value_that_was_never_kept_is_refused():
    with pytest.raises(ValueError, match="all of them"):
        spoken("all of them")


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(Precision))
def test_a_number_told_later_is_never_above_the_heads_that_were_counted(headcount, list_size, precision):
    number = numeric(code_headcount(headcount, list_size, precision), precision)
    assert number is None or number <= headcount


def test_a_count_can_be_corrected_for_48_hours():
    assert correctable_until(datetime(2026, 11, 19, 20, tzinfo=UTC)) == datetime(2026, 11, 21, 20, tzinfo=UTC)


@pytest.mark.parametrize("headcount", [0, 1, 500])
def test_a_possible_headcount_is_taken(headcount):
    assert validate_headcount(headcount) == headcount


@pytest.mark.parametrize("headcount", [-1, 501])
def test_an_impossible_headcount_is_refused(headcount):
    with pytest.raises(Invalid) as refusal:
        validate_headcount(headcount)
    assert refusal.value.field == "headcount"


@pytest.mark.parametrize(("headcount", "asked"), [(0, False), (8, False), (10, False), (11, True), (500, True)])
def test_more_than_the_people_and_those_who_lead_them_is_asked_about(headcount, asked):
    assert is_surprising(headcount, people=8, facilitators=2) is asked
