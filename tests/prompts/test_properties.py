"""Properties of the automatic choice in made-up groups, judged by a reading of the rules that shares no code with it.

The judge is itself on trial: choosers that are broken on purpose, one rule at a time, are caught by it.
"""

import random
from dataclasses import replace
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings

from facilitator.prompts import rules, rules_agenda, rules_fit, rules_score
from facilitator.prompts.rules import choose_session
from facilitator.prompts.rules_cards import PromptPool
from facilitator.prompts.rules_reasons import Reason, ReasonCode, RefusalCode, Rule
from tests.prompts.oracle import judge_all
from tests.prompts.worlds import live, some_worlds, worlds

EXAMPLES = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ABOUT_AGENDAS = {RefusalCode.H7_NOT_LAST, RefusalCode.H7_NOT_FIRST, RefusalCode.H9_TOTAL}
ABOUT_EXERCISES = (RefusalCode.H7_END, RefusalCode.H7_LAST_TIME, RefusalCode.H7_TWICE, RefusalCode.H9_MINUTES)
ABOUT_PROMPTS = [code for code in RefusalCode if code.rule is not Rule.H7 and code not in ABOUT_AGENDAS]
STRANGE = some_worlds(60, trouble=0.4, twisted=0.5, thin=1.0)
"""Worlds full of odd evenings and odd prompts, where every rule has something to do."""
DEEP = some_worlds(
    80, pathway=None, minutes=90, rounds=1, require_review=False, trouble=0.2, twisted=0.3, thin=0.6, deepened=0.7
)
"""Short series of their own making that could reach depth 3 on any evening."""
ALTERNATING = [world for pair in zip_longest(STRANGE, DEEP) for world in pair if world]


@EXAMPLES
@given(world=worlds())
def test_no_choice_breaks_a_rule_and_an_empty_slot_names_one_that_emptied_it(world):
    assert judge_all(live(world)) == []


@settings(EXAMPLES, max_examples=25)
@given(world=worlds())
def test_the_same_seed_gives_the_same_plan_whatever_the_order_of_the_library(world):
    def choose_from_shuffled(facts, slots, shelves, *rest, **named):
        cards = all_cards(shelves)
        random.Random(1).shuffle(cards)
        return choose_session(facts, slots[::-1], PromptPool(cards), *rest, **named)

    plan = [evening.choices for evening in live(world)]
    assert [evening.choices for evening in live(world)] == plan
    assert [evening.choices for evening in live(world, choose_from_shuffled)] == plan


@settings(EXAMPLES, max_examples=25)
@given(world=worlds(trouble=0.0))
def test_a_plan_that_is_locked_as_it_stands_stays_and_draws_no_warning(world):
    def choose_then_lock_all(*given_, locked, seed):
        first = choose_session(*given_, locked=locked, seed=seed)
        fixed = {c.slot_id: c.prompt or c.exercise for c in first if c.prompt or c.exercise}
        again = choose_session(*given_, locked=fixed, seed=f"{seed} again")
        assert [(c.prompt, c.exercise, c.emptied_by) for c in again] == [
            (c.prompt, c.exercise, c.emptied_by) for c in first
        ]
        assert [c.warnings for c in again if c.warnings] == []
        return first

    live(world, choose_then_lock_all)


def test_what_is_locked_stays_whatever_the_rules_say():
    kept = [
        (choice.prompt or choice.exercise) == evening.locked[choice.slot_id]
        for world in STRANGE[:20]
        for evening in live(world)
        for choice in evening.choices
        if choice.slot_id in evening.locked
    ]
    assert len(kept) > 50
    assert all(kept)


def all_cards(shelves):
    return [card for shelf in shelves._shelves.values() for card in shelf]


def is_caught(accusation, choose=choose_session):
    """Say whether the judge accuses a chooser of this in one of the strange worlds."""
    return any(
        fault.startswith(accusation) for world in ALTERNATING for _number, fault in judge_all(live(world, choose))
    )


def deaf_to(judge, code):
    """Make a rule, or a judge of exercises, that no longer speaks one of its codes."""

    def judge_on(*given_):
        return (refusal for refusal in judge(*given_) if refusal.code is not code)

    return judge_on


@pytest.mark.parametrize("code", ABOUT_PROMPTS)
def test_a_chooser_deaf_to_one_rule_about_prompts_is_caught(code, monkeypatch):
    monkeypatch.setattr(rules_fit, "RULES", [deaf_to(rule, code) for rule in rules_fit.RULES])
    # phase and theme are kept a second time by where the prompts are looked for
    if code in {RefusalCode.H8_THEME, RefusalCode.H9_PHASE}:
        monkeypatch.setattr(rules, "list_candidates", lambda _at, shelves: all_cards(shelves))
    assert is_caught(f"{code.rule}: ")


@pytest.mark.parametrize("code", ABOUT_EXERCISES)
def test_a_chooser_deaf_to_one_rule_about_exercises_is_caught(code, monkeypatch):
    monkeypatch.setattr(rules_agenda, "_judge_exercise", deaf_to(rules_agenda._judge_exercise, code))
    assert is_caught(f"{code.rule}: ")


def test_a_chooser_that_places_unreviewed_prompts_of_ones_own_is_caught(monkeypatch):
    monkeypatch.setattr(
        rules, "_refuse_unasked", lambda card, at: getattr(rules_fit.first_refusal(card, at), "code", None)
    )
    assert is_caught("H10: ")


def test_a_chooser_that_takes_the_bind_itself_before_the_theme_is_caught(monkeypatch):
    monkeypatch.setattr(rules_score, "_is_last_resort", lambda _prompt, _at: False)
    assert is_caught("core before ")


def test_a_chooser_that_forgets_the_missing_side_is_caught(monkeypatch):
    monkeypatch.setattr(rules_score, "missing_side", lambda *_given: None)
    assert is_caught("missing side passed over ")


def forget_locks(*given_, locked, seed):
    return choose_session(*given_, locked={}, seed=seed)


def give_up(*given_, **named):
    words = Reason(code=ReasonCode.EMPTIED, params={"rule": Rule.H6, "removed": 1, "considered": 1})
    return [replace(c, prompt=None, emptied_by=words) for c in choose_session(*given_, **named)]


def stay_silent(*given_, **named):
    return [replace(c, emptied_by=None) for c in choose_session(*given_, **named)]


def blame_another_rule(*given_, **named):
    choices = choose_session(*given_, **named)
    return [
        replace(c, emptied_by=replace(c.emptied_by, params={**c.emptied_by.params, "rule": Rule.H7}))
        if c.emptied_by and c.emptied_by.code is ReasonCode.EMPTIED
        else c
        for c in choices
    ]


def leave_one_out(*given_, **named):
    return choose_session(*given_, **named)[1:]


@pytest.mark.parametrize(
    ("choose", "accusation"),
    [
        (forget_locks, "lock broken"),
        (give_up, "left checkin empty"),
        (stay_silent, "empty explore_a without a word"),
        (blame_another_rule, "explore_a: H7 is named"),
        (leave_one_out, "no answer for ground_open"),
    ],
)
def test_a_chooser_that_does_not_answer_for_itself_is_caught(choose, accusation):
    assert is_caught(accusation, choose)


def test_the_judge_accuses_nobody_in_the_strange_worlds_when_no_rule_is_broken():
    assert [(world, fault) for world in ALTERNATING for fault in judge_all(live(world))] == []
