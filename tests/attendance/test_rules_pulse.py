"""The four questions after a session: when they are asked, and that what is kept of the answers tells of nobody.

People are exchangeable under a total. Whoever says "I did not answer" is believed as long as one world with what was
kept has an answer fewer than people at every session; whoever is known to have answered keeps their answer to
themselves as long as those worlds do not all have them on one side.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.attendance.rules_pulse import (
    SAID,
    SIDES,
    Answer,
    Kept,
    Question,
    code_answers,
    is_asked,
    merge_answers,
    most_sendings,
    proposes_lower,
)

RIGHT, SLOW, FAST = SIDES[Question.PACE]
BEST = {question: SIDES[question][0] for question in Question}
ENDS = datetime(2026, 3, 5, 20, tzinfo=UTC)
LISTS = range(2, 13)


@pytest.mark.parametrize(
    ("after", "asked"),
    [
        (timedelta(minutes=-11), False),
        (timedelta(minutes=-10), True),
        (timedelta(0), True),
        (timedelta(hours=24) - timedelta(seconds=1), True),
        (timedelta(hours=24), False),
    ],
)
def test_the_questions_are_open_from_ten_minutes_before_the_end_until_a_day_after(after, asked):
    assert is_asked(ENDS, ENDS + after) is asked


@pytest.mark.parametrize(("people", "most"), [(0, 20), (5, 20), (10, 20), (11, 22), (30, 60)])
def test_a_pulse_bears_twice_as_many_sendings_as_there_are_people_and_twenty_at_least(people, most):
    assert most_sendings(people) == most


def splits(total):
    """Return every way in which so many answers fall on slow, right and fast."""
    return [
        {SLOW[0]: slow, RIGHT[0]: right, FAST[0]: total - slow - right}
        for slow in range(total + 1)
        for right in range(total + 1 - slow)
    ]


def worlds(code, question, list_size, sessions=1):
    """Map what can be kept of a question to the worlds behind it: how many answered, and on which side."""
    found = defaultdict(list)
    for said in range(list_size * sessions + 1):
        for given_answers in splits(said):
            # what is asked of the pace falls into three, everything else into the best and the others
            kept = code(question, given_answers, [list_size] * sessions)
            if kept is not None:
                found[kept].append(given_answers)
    return found


def proves_an_answer(found, list_size, sessions):
    """Return what is kept only where somebody on the list must have answered at one of the sessions."""
    others = (list_size - 1) * sessions
    return [kept for kept, behind in found.items() if all(sum(each.values()) > others for each in behind)]


def proves_a_side(found, question):
    """Return what is kept only where whoever answered chose one and the same side."""

    def chosen(each):
        return {number for number, side in enumerate(SIDES[question]) if any(each.get(answer, 0) for answer in side)}

    return [kept for kept, behind in found.items() if len(set().union(*(chosen(each) for each in behind))) == 1]


@pytest.mark.parametrize("sessions", [1, 3])
@pytest.mark.parametrize("question", [Question.STEADY, Question.PACE])
@pytest.mark.parametrize("list_size", LISTS)
def test_nothing_that_is_kept_proves_that_anybody_answered_or_what(question, list_size, sessions):
    found = worlds(code_answers, question, list_size, sessions)
    assert proves_an_answer(found, list_size, sessions) == []
    assert proves_a_side(found, question) == []


def keeping_the_number(question, given_answers, list_sizes):
    kept = code_answers(question, given_answers, list_sizes)
    return kept and Kept(answers=str(sum(given_answers.values())), well=kept.well, slow=kept.slow, fast=kept.fast)


def keeping_five_of_five(question, given_answers, list_sizes):
    return code_answers(question, given_answers, [size + 1 for size in list_sizes])


def share_of_all(question, given_answers):
    return round(10 * sum(given_answers.get(answer, 0) for answer in BEST[question]) / sum(given_answers.values()))


def keeping_true_shares(question, given_answers, list_sizes):
    kept = code_answers(question, given_answers, list_sizes)
    return kept and Kept(answers=kept.answers, well=share_of_all(question, given_answers))


@pytest.mark.parametrize(
    ("leaky", "list_size"), [(keeping_the_number, 8), (keeping_five_of_five, 5), (keeping_true_shares, 6)]
)
def test_a_leaky_twin_that_proves_that_somebody_answered_is_caught(leaky, list_size):
    assert proves_an_answer(worlds(leaky, Question.STEADY, list_size), list_size, 1) != []


def test_a_leaky_twin_that_proves_what_somebody_answered_is_caught():
    assert proves_a_side(worlds(keeping_true_shares, Question.STEADY, 8), Question.STEADY) != []


@pytest.mark.parametrize("few", range(5))
def test_nothing_is_kept_of_fewer_than_five_answers(few):
    assert code_answers(Question.USE, {Answer.FOURTH: few, Answer.UNSAID: 9}, [12]) is None


@pytest.mark.parametrize("sizes", [[5], [1, 1, 1], [2, 2, 2], []])
def test_nothing_is_kept_where_five_answers_need_everybody(sizes):
    assert code_answers(Question.USE, {Answer.FOURTH: 5}, sizes) is None


@pytest.mark.parametrize(
    ("question", "given_answers", "sizes", "kept"),
    [
        (Question.STEADY, {Answer.FIFTH: 3, Answer.FIRST: 3}, [12], Kept(answers="6", well=5)),
        (Question.STEADY, {Answer.FIFTH: 7}, [8], Kept(answers="7+", well=9)),
        (Question.STEADY, {Answer.FIFTH: 8}, [8], Kept(answers="7+", well=9)),
        (Question.FREE, {Answer.FIRST: 5}, [12], Kept(answers="5", well=2)),
        (Question.FREE, {Answer.FOURTH: 4, Answer.THIRD: 2, Answer.UNSAID: 3}, [12], Kept(answers="6", well=7)),
        (Question.PACE, {Answer.THIRD: 4, Answer.FOURTH: 2}, [12], Kept(answers="6", well=7, slow=2, fast=3)),
        (Question.PACE, {Answer.FIRST: 3, Answer.FIFTH: 3}, [12], Kept(answers="6", well=2, slow=5, fast=5)),
        (Question.USE, {Answer.FOURTH: 6}, [3, 3, 4], Kept(answers="6", well=8)),
        (Question.USE, {Answer.FOURTH: 7}, [3, 3, 4], Kept(answers="7+", well=9)),
    ],
)
def test_what_is_kept_of_a_question(question, given_answers, sizes, kept):
    assert code_answers(question, given_answers, sizes) == kept


@given(st.dictionaries(st.sampled_from(Answer), st.integers(0, 20)), st.integers(102, 200))
def test_shares_are_the_nearest_tenths_with_one_person_at_least_on_either_side(given_answers, people):
    for question in Question:
        kept = code_answers(question, given_answers, [people])
        if kept is not None:
            said = sum(times for answer, times in given_answers.items() if answer is not Answer.UNSAID)
            exact = sum(given_answers.get(answer, 0) for answer in BEST[question]) / said
            assert abs(kept.well / 10 - min(max(exact, 1 / said), 1 - 1 / said)) <= 0.05 + 1e-9


def test_parts_are_added_up_answer_by_answer():
    merged = merge_answers([{Answer.FIRST: 1, Answer.UNSAID: 2}, {Answer.FIRST: 3}])
    assert merged == {**dict.fromkeys(Answer, 0), Answer.FIRST: 4, Answer.UNSAID: 2}
    assert merge_answers([]) == dict.fromkeys(Answer, 0)


@pytest.mark.parametrize(
    ("steady", "fast", "proposes"),
    [
        (None, None, False),
        (6, 2, False),
        (5, None, True),
        (None, 3, True),
        (None, 2, False),
        (9, 4, True),
    ],
)
def test_less_depth_is_proposed_when_many_were_shaken_or_found_it_too_fast(steady, fast, proposes):
    assert proposes_lower(steady, fast, least_steady=0.6, most_fast=0.3) is proposes


def test_the_sides_of_every_question_hold_the_five_answers_once():
    for question in Question:
        assert sorted(answer for side in SIDES[question] for answer in side) == list(SAID)
        assert BEST[question]
