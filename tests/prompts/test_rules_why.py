"""Why one prompt stands and another does not: by the rules that choose, and by trying what would help."""

import random

import pytest

from facilitator.curriculum.rules import Format, GroupKind, Phase, Pole, PromptStatus, SegmentKind, SubBind
from facilitator.prompts.rules import alternatives, choose_session
from facilitator.prompts.rules_cards import History, PromptPool
from facilitator.prompts.rules_fit import situation
from facilitator.prompts.rules_reasons import LeadCode, PointCode, RefusalCode, RemedyCode, Rule
from facilitator.prompts.rules_why import compare, hold_contest, list_matters, list_remedies, list_removed
from facilitator.prompts.wording import say
from tests.prompts.rules_cases import EXERCISES, POOL, make_arrangement, make_card, make_facts, make_slot, make_slots

A = SegmentKind.EXPLORE_A
OPEN = {"group_kind": GroupKind.OPEN, "depth_cap": 2}


def stand(agenda="closed-60", kind=A, history=None, **facts):
    """Look at one empty slot of a session."""
    agenda_facts = make_facts(**({"minutes": int(agenda[-2:])} | facts))
    return situation(make_slot(kind, agenda), agenda_facts, history or History(), make_arrangement(agenda))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("agenda", ["closed-60", "closed-90", "open-75"])
def test_what_is_chosen_comes_first_in_the_contest_that_the_choice_saw(agenda, seed):
    facts = make_facts(minutes=int(agenda[-2:]), **(OPEN if agenda.startswith("open") else {}))
    slots = make_slots(agenda)
    choices = choose_session(facts, slots, POOL, EXERCISES, History(), locked={}, seed=str(seed))
    stood = {}
    for slot in slots:
        found = {choice.slot_id: choice.prompt for choice in choices}.get(slot.slot_id)
        if found:
            contest = hold_contest(situation(slot, facts, History(), make_arrangement(agenda, **stood)), POOL)
            assert contest.find(found.prompt_id).place == 1
            stood[slot.slot_id] = found
    assert stood


def test_the_contest_ranks_as_the_swap_offers():
    slot, facts, arrangement = make_slot(A), make_facts(), make_arrangement()
    offered = [each.prompt for each in alternatives(slot, facts, POOL, History(), arrangement)]
    ranked = hold_contest(situation(slot, facts, History(), arrangement), POOL).ranked
    assert offered == [each.prompt for each in ranked]
    assert [each.place for each in ranked] == sorted(each.place for each in ranked)


def test_equals_share_a_place_and_the_next_one_counts_them():
    cards = [make_card("a"), make_card("b"), make_card("c", format=Format.GO_ROUND, pole=Pole.BELONGING)]
    ranked = hold_contest(stand(single_explore_poles=()), PromptPool(cards)).ranked
    assert [(each.prompt.prompt_id, each.place) for each in ranked] == [("a", 1), ("b", 1), ("c", 3)]


def test_a_rule_matters_where_the_present_prompt_keeps_it_and_another_breaks_it():
    cards = [make_card("fine"), make_card("deep", depth=3), make_card("deeper", depth=3), make_card("had")]
    contest = hold_contest(stand("open-75", history=History(used={"had": 1}), **OPEN), PromptPool(cards))
    assert contest.written == 4
    assert dict(list_matters(contest, cards[0])) == {Rule.H1: 2, Rule.H2: 2, Rule.H6: 1}
    assert Rule.H6 not in dict(list_matters(contest, cards[3]))


def test_a_guest_stands_in_the_contest_only_where_no_rule_refuses_it():
    own = make_card("own", status=PromptStatus.DRAFT, own=True)
    pool = PromptPool([make_card("a")])
    at = stand()
    assert hold_contest(at, pool, own).find("own")
    assert hold_contest(at, pool).find("own") is None
    assert hold_contest(at, pool, make_card("deep", depth=3, format=Format.CIRCLE)).find("deep") is None


@pytest.mark.parametrize(
    ("other", "lead", "gaps"),
    [
        ({}, None, {}),
        ({"pole": Pole.BELONGING}, (LeadCode.POLE, {"wanted": "both", "pole": "belonging"}), {}),
        ({"sub_bind": SubBind.CORE}, (LeadCode.THEME, {"focus": "fear"}), {}),
        ({"format": Format.GO_ROUND}, None, {PointCode.QUIET: (1, 0)}),
    ],
)
def test_a_comparison_says_what_one_has_over_the_other(other, lead, gaps):
    kind = SegmentKind.CHECKIN if other.get("sub_bind") else A
    phase = Phase.CHECKIN if kind is SegmentKind.CHECKIN else Phase.EXPLORE
    first = make_card("a", phase=phase, pole=Pole.BOTH, minutes_min=5)
    second = make_card("b", **({"phase": phase, "pole": Pole.BOTH, "minutes_min": 5} | other))
    contest = hold_contest(stand(kind=kind), PromptPool([first, second]))
    found = compare(contest.find("a"), contest.find("b"))
    assert found.lead == lead
    assert {gap.code: (gap.ours, gap.theirs) for gap in found.gaps} == gaps
    if lead:
        assert "{" not in say(*found.lead)


@pytest.mark.parametrize(
    ("card", "facts", "agenda", "code", "params"),
    [
        ({"depth": 2}, {**OPEN, "newcomers": True}, "open-75", RemedyCode.NEWCOMERS_OFF, {}),
        ({"depth": 3}, {"lone": True}, "open-75", RemedyCode.SECOND_LEADER, {}),
        ({"depth": 2}, {"depth_limit": 1}, "closed-60", RemedyCode.LIMIT_UP, {"limit": 3}),
        ({"minutes_min": 40, "minutes_default": 40}, {}, "closed-60", RemedyCode.MORE_MINUTES, None),
        ({"online_ok": False}, {"online": True}, "closed-60", RemedyCode.IN_PERSON, {}),
        ({"status": PromptStatus.DRAFT}, {}, "closed-60", RemedyCode.REVIEWED, {}),
    ],
)
def test_a_single_change_that_would_fill_a_slot_is_found_by_trying_it(card, facts, agenda, code, params):
    at = stand(agenda, **facts)
    pool = PromptPool([make_card("a", **card)])
    assert not hold_contest(at, pool).ranked
    [remedy] = list_remedies(at, pool)
    wanted = {"more": 40 - at.available_minutes} if params is None else params
    assert (remedy.code, remedy.prompts, dict(remedy.params)) == (code, 1, wanted)
    assert "{" not in say(remedy.code, remedy.params)


def test_where_two_things_stand_in_the_way_no_single_change_helps():
    at = stand(depth_limit=1, online=True)
    assert list_remedies(at, PromptPool([make_card("a", depth=2, online_ok=False)])) == ()


def test_what_left_prompts_out_adds_up_to_what_was_written():
    at = stand("open-75", history=History(used={"c": 1}), **OPEN)
    cards = [
        make_card("a", depth=3),
        make_card("b", depth=3),
        make_card("c"),
        make_card("elsewhere", phase=Phase.CLOSE),
    ]
    removed = list_removed(at, PromptPool(cards))
    assert [(refusal.code, count) for refusal, count in removed] == [
        (RefusalCode.H1_CAP, 2),
        (RefusalCode.H6_RECENT, 1),
    ]


def test_the_order_of_the_library_changes_no_answer():
    cards = [make_card(f"p{n}", depth=1 + n % 2, pole=list(Pole)[n % 3]) for n in range(12)]
    at = stand()
    straight = hold_contest(at, PromptPool(cards))
    random.Random(3).shuffle(cards)
    assert hold_contest(at, PromptPool(cards)) == straight
