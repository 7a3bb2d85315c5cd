"""Whole series, assigned session by session and judged by a second reading of the hard rules."""

import random
import time
from dataclasses import replace

import pytest

from facilitator.prompts.rules_cards import Pace, PromptPool
from facilitator.prompts.rules_coverage import carry_over
from tests.prompts.oracle import judge_all, spoil
from tests.prompts.rules_cases import POOL, SHIPPED, evenings_of, plan_series

SEEDS = range(10)
LENGTHS = (60, 75, 90)
THEMES = {"fear", "shame", "powerlessness", "vulnerability"}


def judge_series(log):
    """List what breaks a rule in a finished series, by the second reading of the rules."""
    return judge_all(evenings_of(log))


def list_empty(log):
    return [(f.focus.value, c.slot_id) for f, _, choices in log for c in choices if c.emptied_by]


def ids(log):
    return [[(c.prompt and c.prompt.prompt_id) or c.exercise.exercise_id for c in choices] for _, _, choices in log]


@pytest.mark.parametrize("minutes", LENGTHS)
@pytest.mark.parametrize("pathway", ["closed-8", "closed-12", "closed-16"])
@pytest.mark.parametrize("pace", Pace)
def test_a_closed_series_fills_every_slot_and_breaks_no_rule(pathway, minutes, pace):
    for seed in SEEDS:
        log, _ = plan_series(pathway, minutes, seed, pace=pace)
        assert judge_series(log) == []
        assert list_empty(log) == []


@pytest.mark.parametrize("minutes", LENGTHS)
def test_a_closed_series_holds_when_one_facilitator_is_sometimes_alone(minutes):
    for seed in SEEDS:
        log, _ = plan_series("closed-12", minutes, seed, lone=0.3)
        assert judge_series(log) == []
        assert list_empty(log) == []


@pytest.mark.parametrize("minutes", LENGTHS)
def test_three_rounds_of_an_open_cycle_fill_every_slot_and_break_no_rule(minutes):
    for seed in SEEDS:
        log, _ = plan_series("open-6", minutes, seed, cycles=3)
        assert judge_series(log) == []
        assert list_empty(log) == []


@pytest.mark.parametrize("newcomers", [0.3, 0.6, 1.0])
def test_newcomers_nights_fill_every_slot_and_break_no_rule(newcomers):
    # this takes three gentle integrate prompts a theme, and as many on the bind itself
    for seed in SEEDS:
        log, _ = plan_series("open-6", 75, seed, cycles=4, newcomers=newcomers)
        assert judge_series(log) == []
        assert list_empty(log) == []


def test_six_rounds_of_an_open_cycle_do_not_run_dry():
    log, _ = plan_series("open-6", 75, 0, cycles=6)
    assert judge_series(log) == []
    assert list_empty(log) == []


def test_a_second_series_of_a_closed_group_fills_every_slot_with_new_explores():
    for seed in SEEDS:
        first, history = plan_series("closed-12", 90, seed)
        second, _ = plan_series("closed-12", 90, seed + 100, history=carry_over(history, SHIPPED))
        assert judge_series(second) == []
        assert list_empty(second) == []
        explored = [
            {
                c.prompt.prompt_id
                for f, _, choices in log
                for c in choices
                if c.slot_id.startswith("explore") and f.focus in THEMES
            }
            for log in (first, second)
        ]
        assert not explored[0] & explored[1]


@pytest.mark.parametrize(
    ("rule", "slot_id", "changes"),
    [
        ("H1", "explore_a", {"depth": 3}),
        ("H3", "integrate", {"depth": 3}),
        ("H4", "integrate", {"depth": 3}),
        ("H5", "explore_a", {"depth": 3}),
        ("H6", "explore_a", {"prompt_id": "core-checkin-both-1"}),
        ("H8", "explore_b", {"sub_bind": "core"}),
        ("H9", "checkout", {"phase": "checkin"}),
        ("H10", "explore_a", {"status": "draft"}),
    ],
)
def test_the_judge_finds_a_broken_session(rule, slot_id, changes):
    log, _ = plan_series("closed-8", 90, 1)
    evenings = evenings_of(log)
    evenings[2] = spoil(evenings[2], slot_id, **changes)
    assert "core-checkin-both-1" in {card.prompt_id for card in evenings[0].prompts().values()}
    for shallow in evenings[1].prompts():
        evenings[1] = spoil(evenings[1], shallow, depth=1)
    assert rule in {fault.partition(":")[0] for number, fault in judge_all(evenings) if number == 3}


def test_the_same_seed_gives_the_same_series_and_another_seed_another():
    shuffled = list(SHIPPED)
    random.Random(7).shuffle(shuffled)
    assert ids(plan_series("closed-12", 90, 3)[0]) == ids(plan_series("closed-12", 90, 3, pool=PromptPool(shuffled))[0])
    assert ids(plan_series("closed-12", 90, 3)[0]) != ids(plan_series("closed-12", 90, 4)[0])


def test_a_standard_pace_reaches_depth_three_in_most_sessions_that_allow_it_and_a_gentle_one_in_few():
    reached = {}
    for pace in Pace:
        allowed = deep = 0
        for seed in SEEDS:
            for facts, _, choices in plan_series("closed-12", 90, seed, pace=pace)[0]:
                allowed += facts.depth_cap == 3
                deep += any(c.prompt and c.prompt.depth == 3 for c in choices)
        reached[pace] = deep / allowed
    assert reached[Pace.GENTLE] < 0.6 < reached[Pace.STANDARD]


def seconds_of_work(pool):
    """Measure the processor time of the longest series, so that a busy machine does not count."""
    began = time.process_time()
    plan_series("closed-16", 90, 1, pool=pool)
    return time.process_time() - began


def test_choosing_grows_more_slowly_than_the_library():
    many = PromptPool([replace(SHIPPED[n % len(SHIPPED)], prompt_id=f"{n}", tags=(f"image:{n}",)) for n in range(5000)])
    small, large = (min(seconds_of_work(pool) for _ in range(3)) for pool in (POOL, many))
    # 38 times the prompts; about 12 times the work
    assert large < 30 * small
