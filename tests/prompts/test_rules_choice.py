"""The automatic choice: what comes first, what is locked, what is offered instead, and how it is explained."""

import json
import string
from dataclasses import replace
from datetime import date

import pytest

from facilitator.curriculum.rules import (
    Arena,
    ExerciseUse,
    Focus,
    Format,
    GroupKind,
    Phase,
    Pole,
    PromptStatus,
    SegmentKind,
    SubBind,
)
from facilitator.prompts.rules import alternatives, choose_session
from facilitator.prompts.rules_cards import Choice, History, Pace, PromptPool, Run
from facilitator.prompts.rules_coverage import carry_over, count_cells, remember
from facilitator.prompts.rules_fit import refusals
from facilitator.prompts.rules_poles import pole_order
from facilitator.prompts.rules_reasons import LeadCode, PointCode, ReasonCode, RefusalCode, RemedyCode, Rule
from facilitator.prompts.wording import (
    LEADS,
    POINTS,
    REASONS,
    REFUSALS,
    REMEDIES,
    RULES,
    SENTENCES,
    WORDS,
    justify_rule,
    name_rule,
    say,
)
from tests.prompts.rules_cases import (
    EXERCISES,
    POOL,
    SHIPPED,
    make_arrangement,
    make_card,
    make_exercise,
    make_facts,
    make_slot,
    make_slots,
    plan_series,
)

THIRD = date(2026, 11, 3)
A, B = SegmentKind.EXPLORE_A, SegmentKind.EXPLORE_B
OPEN = {"group_kind": GroupKind.OPEN, "depth_cap": 2}


def choose(cards, *, facts=None, agenda="closed-60", history=None, locked=None, seed="s", exercises=()):
    """Choose a session and give its choices by slot."""
    choices = choose_session(
        make_facts(**({"minutes": 60} | (facts or {}))),
        make_slots(agenda),
        PromptPool(cards),
        exercises,
        history or History(),
        locked=locked or {},
        seed=seed,
    )
    return {choice.slot_id: choice for choice in choices}


def explored(cards, **given):
    """Give the id of the prompt chosen for the only explore slot, or None."""
    prompt = choose(cards, **given)["explore_a"].prompt
    return prompt.prompt_id if prompt else None


def codes(choice):
    return {str(reason.code) for reason in choice.reasons}


def test_every_slot_that_takes_something_gets_one_choice_in_order():
    kinds = [choice.slot_id for choice in choose(SHIPPED, exercises=EXERCISES).values()]
    assert kinds == ["ground_open", "checkin", "explore_a", "integrate", "checkout", "ground_close"]


def test_the_emptiest_cell_is_filled_first():
    cards = [make_card("a"), make_card("b", arenas=(Arena.IDENTITY,))]
    full = History(cells=count_cells([cards[0]]))
    chosen = choose(cards, history=full)["explore_a"]
    assert chosen.prompt.prompt_id == "b"
    assert "cell_least" in codes(chosen)
    assert "cell_new" in codes(choose(cards)["explore_a"])


def test_a_format_or_an_arena_not_met_is_preferred():
    checkin = make_card("c", phase=Phase.CHECKIN, minutes_min=8, arenas=(Arena.IDENTITY,))
    same, fresh = make_card("a"), make_card("b", format=Format.CIRCLE)
    assert explored([checkin, same, fresh]) == "b"
    seen = make_card("d", arenas=(Arena.IDENTITY,), format=Format.CIRCLE)
    assert explored([checkin, seen, fresh]) == "b"


def test_two_rounds_running_and_a_shared_image_count_against_a_prompt():
    checkin = make_card("c", phase=Phase.CHECKIN, minutes_min=8, format=Format.GO_ROUND, tags=("image:door",))
    rounds, other = make_card("a", format=Format.GO_ROUND), make_card("b", format=Format.CIRCLE)
    assert explored([checkin, rounds, other]) == "b"
    door, post = (make_card(i, format=Format.CIRCLE, tags=(f"image:{i}",)) for i in ("door", "post"))
    assert explored([checkin, door, post]) == "post"


def test_the_image_none_is_shared_by_nobody():
    assert make_card(tags=("image:none",)).image is None


def test_the_depth_aimed_for_weighs_one_point_gently_and_four_as_standard():
    # the deep one is on target but in a cell that is not the emptiest
    cards = [make_card("deep", depth=2), make_card("low", arenas=(Arena.IDENTITY,))]
    facts = {"minutes": 75, "depth_cap": 3}
    history = History(cells=count_cells([cards[0]]))
    gentle, standard = (
        choose(cards, agenda="open-75", facts=facts | {"pace": pace}, history=history)["explore_a"].prompt.prompt_id
        for pace in (Pace.GENTLE, Pace.STANDARD)
    )
    assert (gentle, standard) == ("low", "deep")


def test_a_quiet_part_is_brought_in_once():
    checkin = make_card("c", phase=Phase.CHECKIN, minutes_min=8, format=Format.GO_ROUND)
    chosen = choose([checkin, make_card("loud", format=Format.CIRCLE), make_card("quiet")])["explore_a"]
    assert chosen.prompt.prompt_id == "quiet"
    assert "quiet" in codes(chosen)


def test_a_prompt_on_the_bind_itself_comes_last_in_a_themed_session():
    core = make_card("core", sub_bind=SubBind.CORE, phase=Phase.INTEGRATE, minutes_min=6, arenas=(Arena.IDENTITY,))
    fear = make_card("fear", phase=Phase.INTEGRATE, minutes_min=6, depth=2)
    full = History(cells=count_cells([fear] * 5))
    assert choose([core, fear], history=full)["integrate"].prompt is fear
    alone = choose([core])["integrate"]
    assert alone.prompt is core
    assert "core_last_resort" in codes(alone)


def test_a_prompt_written_for_the_session_goes_before_the_theme():
    kept = make_card("kept", sub_bind=SubBind.CORE, phase=Phase.INTEGRATE, minutes_min=6, tags=("use:weaving",))
    fear = make_card("fear", phase=Phase.INTEGRATE, minutes_min=6)
    chosen = choose([kept, fear], facts={"focus": Focus.WEAVING})["integrate"]
    assert chosen.prompt is kept
    assert "made_for" in codes(chosen)


@pytest.mark.parametrize(("cycle", "first"), [(0, Pole.BOTH), (1, Pole.IDENTITY), (2, Pole.BELONGING), (3, Pole.BOTH)])
def test_an_open_cycle_turns_its_poles(cycle, first):
    order = pole_order(make_slot(A, "open-90"), make_facts(**OPEN, cycle=cycle), make_arrangement("open-90"))
    assert order[0] is first
    assert set(order) == set(Pole)


def test_two_explore_slots_ask_for_their_own_poles_and_other_slots_for_none():
    arrangement, facts = make_arrangement(), make_facts()
    assert pole_order(make_slot(A), facts, arrangement)[0] is Pole.IDENTITY
    assert pole_order(make_slot(B), facts, arrangement)[0] is Pole.BELONGING
    assert pole_order(make_slot(SegmentKind.CHECKIN), facts, arrangement) == ()


@pytest.mark.parametrize(
    ("wanted", "best"),
    [((Pole.IDENTITY,), "belonging"), ((Pole.BOTH, Pole.IDENTITY), "belonging"), ((Pole.BOTH, Pole.BELONGING), "both")],
)
def test_with_one_explore_slot_the_missing_side_comes_first(wanted, best):
    cards = [make_card(str(pole), pole=pole) for pole in Pole]
    history = History(sides_met={SubBind.FEAR: frozenset({Pole.IDENTITY})})
    chosen = choose(cards, facts={"single_explore_poles": wanted}, history=history)["explore_a"]
    assert chosen.prompt.prompt_id == best
    assert chosen.reasons[0].code is ReasonCode.SIDE_MISSING


def test_a_silent_second_explore_leaves_both_sides_to_the_first():
    slots = tuple(replace(s, phase=None) if s.kind is B else s for s in make_slots("closed-90"))
    cards = [make_card(str(pole), pole=pole) for pole in Pole]
    chosen = choose_session(make_facts(last_meeting=True), slots, PromptPool(cards), (), History(), locked={}, seed="s")
    explore = next(choice for choice in chosen if choice.slot_id == "explore_a")
    assert explore.prompt.pole is Pole.BOTH


def test_a_prompt_in_pairs_takes_four_people_whatever_its_author_entered():
    pairs = make_card("pairs", format=Format.PAIRS, fallback_format=Format.GO_ROUND, min_people=2)
    assert explored([pairs], facts={"people": 4}) == "pairs"
    emptied = choose([pairs], facts={"people": 3})["explore_a"].emptied_by
    assert (emptied.params["refusal"], emptied.params["rule"]) == (RefusalCode.H9_PEOPLE, Rule.H9)
    [refusal] = refusals(pairs, make_slot(), make_facts(people=3), History(), make_arrangement())
    assert dict(refusal.params) == {"least": 4, "people": 3}


def test_where_the_wanted_pole_has_run_out_another_stands_in_and_says_so():
    chosen = choose([make_card("a")], facts={"single_explore_poles": (Pole.BOTH,)})["explore_a"]
    second = next(reason for reason in chosen.reasons if reason.code is ReasonCode.POLE_SECOND)
    assert dict(second.params) == {"wanted": "both", "pole": "identity"}


def test_newcomers_fall_back_to_the_bind_itself_only_when_the_theme_has_nothing_gentle():
    core, deep, gentle = make_card("core", sub_bind=SubBind.CORE), make_card("deep", depth=2), make_card("gentle")
    facts = OPEN | {"newcomers": True}
    fallen = choose([core, deep], facts=facts, agenda="open-60")["explore_a"]
    assert fallen.prompt is core
    assert "newcomers_core" in codes(fallen)
    assert explored([core, deep, gentle], facts=facts, agenda="open-60") == "gentle"


def test_an_unreviewed_prompt_of_ones_own_is_offered_but_never_placed():
    own = make_card("own", own=True, status=PromptStatus.DRAFT)
    assert choose([own])["explore_a"].emptied_by.params["rule"] == Rule.H10
    assert explored([own], facts={"require_review": False}) == "own"
    offered = alternatives(make_slot(), make_facts(), PromptPool([own]), History(), make_arrangement())
    assert [a.prompt for a in offered] == [own]


def test_an_empty_slot_names_the_rule_that_emptied_it():
    cards = [make_card("a", depth=3), make_card("b", depth=3), make_card("c", language="es")]
    emptied = choose(cards, facts={"minutes": 75, "depth_cap": 2}, agenda="open-75")["explore_a"].emptied_by
    assert emptied.code is ReasonCode.EMPTIED
    assert dict(emptied.params) == {"refusal": "h1_cap", "rule": "H1", "removed": 2, "considered": 3}


def test_an_empty_slot_says_when_nothing_was_ever_written_for_it():
    emptied = choose([])["checkin"].emptied_by
    assert (emptied.code, dict(emptied.params)) == (ReasonCode.NOTHING_WRITTEN, {"kind": "checkin", "focus": "fear"})


@pytest.mark.parametrize(("took", "long"), [(12, False), (14, False), (15, True), (18, True)])
def test_what_took_a_quarter_longer_than_planned_ran_long(took, long):
    assert Run(took=took, planned=12, on=THIRD).ran_long is long


def test_what_ran_long_is_said_and_comes_last_only_where_it_would_run_over_again():
    cards = [make_card("a"), make_card("b")]
    available = make_slot(A, "closed-60").available_minutes
    over, fits = (History(runs={"a": Run(took=took, planned=5, on=THIRD)}) for took in (available + 1, available))
    chosen = {explored(cards, history=over, seed=str(n)) for n in range(20)}
    assert chosen == {"b"}
    assert {explored(cards, history=fits, seed=str(n)) for n in range(20)} == {"a", "b"}
    said = choose(cards[:1], history=over)["explore_a"].reasons[-1]
    assert (said.code, dict(said.params)) == (
        ReasonCode.RAN_LONG,
        {"took": available + 1, "planned": 5, "on": "2026-11-03"},
    )


def test_how_long_prompts_took_is_remembered_from_session_to_session():
    history = History(runs={"a": Run(took=18, planned=12, on=THIRD)})
    assert carry_over(remember(history, make_facts(), ()), ()).runs == history.runs


def test_what_was_skipped_says_so_where_it_comes_back_and_is_forgotten_once_it_was_used():
    history = History(skipped={"a": THIRD, "b": THIRD})
    assert carry_over(remember(history, make_facts(), ()), ()).skipped == history.skipped
    chosen = choose([make_card("a")], history=history)["explore_a"]
    assert (chosen.reasons[-1].code, dict(chosen.reasons[-1].params)) == (ReasonCode.SKIPPED, {"on": "2026-11-03"})
    assert remember(history, make_facts(), [chosen]).skipped == {"b": THIRD}


def test_the_least_used_exercise_is_taken_and_none_says_so():
    often, seldom = make_exercise("a"), make_exercise("b", ExerciseUse.OPEN)
    chosen = choose([], exercises=[often, seldom], history=History(exercise_uses={"a": 3, "b": 1}))
    assert chosen["ground_open"].exercise is seldom
    assert chosen["ground_close"].exercise is often
    assert choose([], exercises=[seldom])["ground_close"].emptied_by.code is ReasonCode.NO_EXERCISE


def test_a_locked_choice_is_kept_and_warns_only_where_it_breaks_a_rule():
    fine, deep = make_card("fine"), make_card("deep", depth=2)
    kept = choose([make_card("other")], locked={"explore_a": fine})["explore_a"]
    assert (kept.prompt, kept.warnings) == (fine, ())
    assert codes(kept) == {"locked"}
    warned = choose([make_card("other")], locked={"explore_a": deep}, facts={"depth_limit": 1})["explore_a"]
    assert warned.prompt is deep
    assert [w.code for w in warned.warnings] == [RefusalCode.H1_LOWERED]


def test_a_locked_exercise_is_kept_with_its_warning():
    exercise = make_exercise("e", ExerciseUse.OPEN)
    kept = choose([], locked={"ground_close": exercise})["ground_close"]
    assert kept.exercise is exercise
    assert [w.code for w in kept.warnings] == [RefusalCode.H7_END]


def test_what_is_locked_later_is_seen_by_the_slots_before_it():
    locked = make_card("b", depth=3, pole=Pole.BELONGING)
    cards = [make_card("b"), make_card("one"), make_card("two", depth=2)]
    choices = choose(cards, facts={"minutes": 90}, agenda="closed-90", locked={"explore_b": locked})
    assert choices["explore_a"].prompt.prompt_id == "two"
    assert choices["explore_b"].warnings == ()


def test_locking_what_was_chosen_first_leaves_all_that_follows_as_it_was():
    free = choose(SHIPPED, exercises=EXERCISES)
    again = choose(SHIPPED, exercises=EXERCISES, locked={"checkin": free["checkin"].prompt})
    assert {k: c.prompt or c.exercise for k, c in again.items()} == {k: c.prompt or c.exercise for k, c in free.items()}


def test_the_same_seed_gives_the_same_session_whatever_the_order_of_the_pool():
    assert choose(SHIPPED, exercises=EXERCISES) == choose(reversed(SHIPPED), exercises=EXERCISES)
    assert len({str(choose(SHIPPED, seed=str(n))["explore_a"].prompt.prompt_id) for n in range(20)}) > 1


def test_alternatives_are_all_allowed_best_first_and_leave_out_what_is_there():
    facts, arrangement = make_facts(), make_arrangement(explore_a=SHIPPED[0])
    best = choose(SHIPPED, facts={"minutes": 90}, agenda="closed-90", locked={"checkin": SHIPPED[0]})
    offered = alternatives(make_slot(), facts, POOL, History(), arrangement)
    poles = [a.prompt.pole for a in offered]
    assert poles == sorted(poles, key=(Pole.IDENTITY, Pole.BOTH, Pole.BELONGING).index)
    assert all(a.reasons for a in offered)
    present = make_arrangement(explore_a=best["explore_a"].prompt)
    others = alternatives(make_slot(), facts, POOL, History(), present)
    assert best["explore_a"].prompt not in [a.prompt for a in others]
    assert len(others) == len(offered) - 1


def test_a_slot_without_a_phase_offers_nothing():
    assert alternatives(make_slot(SegmentKind.WELCOME), make_facts(), POOL, History(), make_arrangement()) == ()


def test_history_moves_back_one_session_and_takes_tonight_in():
    before = History(used={"old": 1, "p": 5}, exercise_uses={"e": 1}, last_exercises=frozenset({"x"}))
    tonight = [Choice(slot_id="a", prompt=make_card(pole=Pole.BOTH)), Choice(slot_id="b", exercise=make_exercise("e"))]
    after = remember(before, make_facts(), tonight)
    assert after.used == {"old": 2, "p": 1}
    assert after.sides_met == {SubBind.FEAR: frozenset({Pole.IDENTITY, Pole.BELONGING})}
    assert (after.last_exercises, dict(after.exercise_uses)) == (frozenset({"e"}), {"e": 2})


def test_a_side_counts_as_met_only_by_exploring_the_sessions_own_theme():
    checkin = Choice(slot_id="a", prompt=make_card(phase=Phase.CHECKIN))
    other = Choice(slot_id="b", prompt=make_card(sub_bind=SubBind.CORE))
    assert remember(History(), make_facts(), [checkin, other]).sides_met == {}


def test_a_second_closed_series_starts_afresh_but_for_the_themed_explores():
    _, history = plan_series("closed-12", 90, 1)
    fresh = carry_over(history, SHIPPED)
    themed = {c.prompt_id for c in SHIPPED if c.phase is Phase.EXPLORE and c.sub_bind is not SubBind.CORE}
    assert set(fresh.used) == set(history.used) & themed
    assert (fresh.cells, fresh.sides_met) == ({}, {})


@pytest.mark.parametrize("code", [*RefusalCode, *ReasonCode, *PointCode, *LeadCode, *RemedyCode])
def test_every_code_has_a_sentence_in_the_house_style(code):
    sentence = SENTENCES[code]
    assert sentence[0].isupper() or sentence.startswith("{")
    assert sentence.endswith(".")
    assert "!" not in sentence
    assert not {"must", "should", "never"} & set(sentence.lower().split())


def test_no_sentence_lacks_a_code():
    assert (set(REFUSALS), set(REASONS), set(RULES)) == (set(RefusalCode), set(ReasonCode), set(Rule))
    assert (set(POINTS), set(LEADS), set(REMEDIES)) == (set(PointCode), set(LeadCode), set(RemedyCode))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sub_bind", SubBind),
        ("focus", Focus),
        ("pole", Pole),
        ("format", Format),
        ("arena", Arena),
        ("kind", SegmentKind),
    ],
)
def test_every_id_that_may_stand_in_a_sentence_has_a_word(name, kind):
    assert set(WORDS[name]) == set(kind) if name != "sub_bind" else set(kind) <= set(WORDS[name])


@pytest.mark.parametrize("pathway", ["closed-12", "open-6"])
def test_every_reason_that_a_series_gives_can_be_stored_and_said(pathway):
    log, _ = plan_series(pathway, 75, 2, newcomers=0.5)
    said = [r for _, _, choices in log for c in choices for r in (*c.reasons, c.emptied_by) if r]
    for reason in said:
        stored = json.loads(json.dumps({"code": reason.code, "params": dict(reason.params)}))
        sentence = say(stored["code"], stored["params"])
        assert sentence == say(reason.code, reason.params)
        assert not {"{", "_"} & set(sentence)


def test_every_refusal_in_the_library_can_be_said():
    for facts in (make_facts(lone=True, previous_depth=1), make_facts(**OPEN, newcomers=True, online=True, people=1)):
        for kind in (SegmentKind.CHECKIN, A, B, SegmentKind.INTEGRATE):
            for card in SHIPPED:
                for refusal in refusals_of(card, kind, facts):
                    wanted = {field for _, field, _, _ in string.Formatter().parse(REFUSALS[refusal.code]) if field}
                    assert wanted <= set(refusal.params)
                    assert "{" not in say(refusal.code, refusal.params)


def refusals_of(card, kind, facts):
    history = History(used={card.prompt_id: 2})
    return refusals(card, make_slot(kind), facts, history, make_arrangement(explore_a=card, integrate=card))


def test_words_are_translated_before_they_are_put_in():
    french = {"Not yet covered: {pole} of {sub_bind}.": "Pas encore : {pole} de {sub_bind}.", "shame": "la honte"}
    said = say("cell_new", {"pole": "both", "sub_bind": "shame", "arena": "identity"}, lambda s: french.get(s, s))
    assert said == "Pas encore : both sides together de la honte."


def test_a_rule_can_be_named_and_justified():
    assert name_rule(Rule.H6) == "No repeats"
    assert all(justify_rule(rule).endswith(".") for rule in Rule)
