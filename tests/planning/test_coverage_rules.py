"""What counts as missing, under- and over-served, and which session does something about it."""

import pytest

from facilitator.curriculum.rules import Arena, Focus, Format, Phase, Pole, SubBind
from facilitator.planning.rules_coverage import (
    By,
    Count,
    Finding,
    Placed,
    State,
    Step,
    find_step,
    judge_poles,
    judge_row,
    judge_spread,
    list_gaps,
    make_grid,
)

IDENTITY, BELONGING, BOTH = Pole
MISSING, UNDER, OVER = Finding


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ((0, 0, 0), {}),
        ((1, 1, 0), {}),  # fewer prompts than cells: one of them has to be empty
        ((1, 1, 1), {}),
        ((2, 1, 0), {2: UNDER}),
        ((2, 2, 2), {}),
        ((3, 1, 2), {}),  # exactly half the mean is enough
        ((4, 1, 1), {}),  # exactly twice the mean is not too much
        ((5, 1, 1), {0: OVER, 1: UNDER, 2: UNDER}),
        ((3, 0, 0), {0: OVER, 1: UNDER, 2: UNDER}),
        ((6, 6, 1), {2: UNDER}),
    ],
)
def test_a_cell_stands_out_below_half_and_above_twice_the_mean_of_its_row(counts, found):
    assert judge_spread(dict(zip(Pole, counts, strict=True))) == {list(Pole)[at]: said for at, said in found.items()}


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ((0, 0, 0), {IDENTITY: MISSING, BELONGING: MISSING}),
        ((1, 0, 0), {BELONGING: MISSING}),
        ((0, 1, 0), {IDENTITY: MISSING}),
        ((0, 0, 1), {}),  # held together, both pulls were heard
        ((1, 1, 0), {}),
        ((0, 0, 3), {IDENTITY: UNDER, BELONGING: UNDER, BOTH: OVER}),
        ((3, 0, 0), {IDENTITY: OVER, BELONGING: MISSING, BOTH: UNDER}),
        ((2, 0, 2), {BELONGING: UNDER}),
        ((2, 2, 0), {BOTH: UNDER}),
    ],
)
def test_a_pull_that_no_prompt_takes_up_is_missing_however_few_prompts_there_are(counts, found):
    assert judge_poles(dict(zip(Pole, counts, strict=True))) == found


@pytest.mark.parametrize(
    ("row", "figures"),
    [
        ({IDENTITY: Count(planned=3), BELONGING: Count(), BOTH: Count()}, {BELONGING: (MISSING, 0, 3, False)}),
        # once something was used, what is still planned does not hide that the other side has not come
        ({IDENTITY: Count(used=1), BELONGING: Count(planned=2), BOTH: Count()}, {BELONGING: (MISSING, 0, 1, True)}),
        # what was skipped is neither
        ({IDENTITY: Count(used=1), BELONGING: Count(skipped=2), BOTH: Count()}, {BELONGING: (MISSING, 0, 1, True)}),
        ({IDENTITY: Count(skipped=1), BELONGING: Count(planned=1), BOTH: Count()}, {IDENTITY: (MISSING, 0, 1, False)}),
    ],
)
def test_a_row_is_judged_by_what_was_used_and_before_that_by_the_plan(row, figures):
    found = {pole: (s.finding, s.count, s.total, s.so_far) for pole, s in judge_row(row, judge_poles).items()}
    assert {pole: found[pole] for pole in figures} == figures


def place(session_id, pole, state=State.PLANNED, sub_bind=SubBind.SHAME, **values):
    usual = {
        "segment_id": f"{session_id}-{sub_bind}-{pole}",
        "arenas": (Arena.IDENTITY, Arena.ATTACHMENT_NEEDS),
        "format": Format.PAIRS,
        "phase": Phase.EXPLORE,
    }
    return Placed(**{"session_id": session_id, "sub_bind": sub_bind, "pole": pole, "state": state, **usual, **values})


def steps(placed, coming):
    grid = make_grid(placed, By.POLE, [SubBind.SHAME])
    return {gap.pole: find_step(gap, placed, coming, grid) for gap in list_gaps(grid)}


USED = [place("one", IDENTITY, State.USED)]


@pytest.mark.parametrize(
    ("later", "coming", "step"),
    [
        ([place("three", BELONGING), place("two", BELONGING)], ["two", "three"], Step(session_id="two", fills=True)),
        ([place("two", BOTH)], ["two"], Step(session_id="two", fills=True)),
        # it is over, or called off: nothing is to be expected of it
        ([place("two", BELONGING)], [], None),
        ([place("two", BELONGING, sub_bind=SubBind.FEAR)], [], None),
    ],
)
def test_a_gap_names_the_next_session_whose_prompts_take_it_up(later, coming, step):
    found = steps([*USED, *later], dict.fromkeys(coming, Focus.SHAME))
    assert found[BELONGING] == step


@pytest.mark.parametrize(
    ("coming", "session_id"),
    [
        ({"two": Focus.FEAR, "three": Focus.SHAME}, "three"),
        ({"two": Focus.WEAVING, "three": Focus.SHAME}, "three"),
        ({"two": Focus.WEAVING, "three": Focus.FEAR}, "two"),
        ({"two": Focus.FEAR, "three": Focus.CORE}, None),
    ],
)
def test_where_none_does_the_next_session_that_may_is_named(coming, session_id):
    found = steps(USED, coming)[BELONGING]
    assert found == (Step(session_id=session_id, fills=False) if session_id else None)


def test_a_gap_in_the_plan_is_not_filled_by_the_plan():
    found = steps([place("two", IDENTITY)], {"two": Focus.SHAME})
    assert found == {BELONGING: Step(session_id="two", fills=False, swap_id="two-shame-identity")}


def test_the_part_that_is_best_spared_is_an_unlocked_explore_of_the_fullest_cell():
    parts = [
        place("two", IDENTITY, phase=Phase.CHECKIN, segment_id="check-in"),
        place("two", IDENTITY, segment_id="first"),
        place("two", IDENTITY, sub_bind=SubBind.FEAR, segment_id="fear"),
    ]
    assert steps([*USED, *parts], {"two": Focus.SHAME})[BELONGING].swap_id == "first"
    locked = [parts[0], place("two", IDENTITY, segment_id="first", locked=True)]
    assert steps([*USED, *locked], {"two": Focus.SHAME})[BELONGING].swap_id == "check-in"
    assert steps([*USED, locked[1]], {"two": Focus.SHAME})[BELONGING].swap_id is None


def test_a_sub_bind_that_no_session_takes_up_is_counted_and_not_judged():
    grid = make_grid([place("one", IDENTITY, sub_bind=SubBind.FEAR)], By.POLE, [SubBind.SHAME])
    assert grid.counts[SubBind.FEAR, IDENTITY] == Count(planned=1)
    assert {sub_bind for sub_bind, _pole in grid.judged} == {SubBind.SHAME}


def test_arenas_and_formats_are_judged_over_all_sub_binds_and_a_prompt_counts_in_each_of_its_arenas():
    placed = [place(str(at), IDENTITY, sub_bind=theme) for at, theme in enumerate([*SubBind, SubBind.FEAR])]
    arenas, formats = make_grid(placed, By.ARENA, SubBind), make_grid(placed, By.FORMAT, SubBind)
    assert arenas.counts[SubBind.FEAR, Arena.ATTACHMENT_NEEDS] == Count(planned=2)
    assert arenas.sum_column(Arena.IDENTITY) == Count(planned=6)
    assert {key: said.finding for key, said in arenas.judged.items()} == {
        (None, Arena.NERVOUS_SYSTEM): UNDER,
        (None, Arena.SURVIVAL_INSTINCTS): UNDER,
    }
    pairs = formats.judged[None, Format.PAIRS]
    assert (pairs.finding, pairs.count, pairs.total, pairs.so_far) == (OVER, 6, 6, False)
