"""Each hard rule refuses what it has to and lets the rest pass."""

from dataclasses import replace

import pytest

from facilitator.curriculum.rules import (
    Focus,
    Format,
    GroupKind,
    Phase,
    Pole,
    PromptStatus,
    SegmentKind,
    SessionKind,
    SubBind,
)
from facilitator.prompts.rules_agenda import agenda_refusals, exercise_refusals, speaking_is_short, speaking_seconds
from facilitator.prompts.rules_cards import History
from facilitator.prompts.rules_depth import leaves_room_to_come_back, session_cap
from facilitator.prompts.rules_fit import format_used, refusals
from facilitator.prompts.rules_reasons import RefusalCode, Rule
from tests.prompts.rules_cases import make_arrangement, make_card, make_exercise, make_facts, make_slot, make_slots

A, B = SegmentKind.EXPLORE_A, SegmentKind.EXPLORE_B
OPEN = {"group_kind": GroupKind.OPEN, "depth_cap": 2}
CHECKIN = {"phase": Phase.CHECKIN, "minutes_min": 8}
INTEGRATE = {"phase": Phase.INTEGRATE, "minutes_min": 6}
CLOSE = {"phase": Phase.CLOSE, "minutes_min": 4}


def judge(card=None, facts=None, slot=A, agenda="closed-90", history=None, **placed):
    """List the codes that refuse a card, all else being in order."""
    found = refusals(
        make_card(**(card or {})),
        make_slot(slot, agenda),
        make_facts(**(facts or {})),
        History(**(history or {})),
        make_arrangement(agenda, **placed),
    )
    return [str(refusal.code) for refusal in found]


DEPTH_CASES = [
    ("h1_cap", {"depth": 2}, {"depth_cap": 1}, A),
    ("h1_lowered", {"depth": 2}, {"depth_limit": 1}, A),
    ("h2_short", {"depth": 3}, {"minutes": 60}, B),
    ("h2_first", {"depth": 3}, {"session_kind": SessionKind.FIRST}, B),
    ("h2_last", {"depth": 3}, {"session_kind": SessionKind.LAST}, B),
    ("h2_lone", {"depth": 3}, {"lone": True}, B),
    ("h2_open", {"depth": 3}, {"group_kind": GroupKind.OPEN}, B),
    ("h5_leap", {"depth": 3}, {"previous_depth": 1}, B),
]


@pytest.mark.parametrize(("code", "card", "facts", "slot"), DEPTH_CASES)
def test_depth_rules_of_a_session_refuse_one_level_and_allow_the_one_below(code, card, facts, slot):
    first = {"explore_a": make_card("first", depth=2)} if slot is B else {}
    assert code in judge(card, facts, slot, **first)
    assert code not in judge(card | {"depth": card["depth"] - 1}, facts, slot, **first)
    assert judge(card, {}, slot, **first) == []


def test_h1_names_the_limit_that_holds_and_the_closest_first():
    lowered = {"depth_cap": 2, "depth_limit": 1}
    refusal, *_ = refusals(
        make_card(depth=3), make_slot(A, "closed-60"), make_facts(**lowered), History(), make_arrangement()
    )
    assert (refusal.code, refusal.params["limit"]) == ("h1_lowered", 1)
    found = judge({"depth": 3}, OPEN | {"depth_cap": 2, "newcomers": True}, A, "open-90")
    assert found[0] == "h1_newcomers"


def test_h1_a_facilitator_can_lower_the_limit_but_never_raise_it():
    assert judge({"depth": 2}, {"depth_cap": 1, "depth_limit": 3}) == ["h1_cap"]
    assert session_cap(make_facts(depth_cap=3, depth_limit=2)) == 2
    assert session_cap(make_facts(depth_cap=2, depth_limit=3)) == 2


@pytest.mark.parametrize(("slot", "card"), [(A, {"depth": 2}), (SegmentKind.INTEGRATE, INTEGRATE | {"depth": 2})])
def test_h1_newcomers_keep_explore_and_integrate_at_depth_one_in_open_groups_alone(slot, card):
    assert judge(card, OPEN | {"newcomers": True}, slot, "open-90") == ["h1_newcomers"]
    assert judge(card | {"depth": 1}, OPEN | {"newcomers": True}, slot, "open-90") == []
    assert judge(card, OPEN, slot, "open-90") == []
    assert judge(card, {"newcomers": True}, slot) == []


def test_h3_only_one_depth_three_prompt_stands_in_a_session():
    first = make_card("first", depth=2)
    assert judge({"depth": 3}, {}, B, explore_a=first) == []
    assert "h3_second" in judge({"depth": 3}, {}, B, explore_a=first, integrate=make_card("x", depth=3, **INTEGRATE))
    assert judge({"depth": 3}, {}, B, explore_a=first, explore_b=make_card("x", depth=3)) == []


@pytest.mark.parametrize(
    ("start", "end", "allowed"), [(60, 75, True), (61, 75, False), (60, 76, False), (0, 10, True), (80, 90, False)]
)
def test_h3_depth_three_starts_by_sixty_and_ends_by_seventy_five_percent(start, end, allowed):
    slot = replace(make_slot(B), start_minute=start, minutes=end - start)
    assert leaves_room_to_come_back(slot, 100) is allowed


@pytest.mark.parametrize(("minutes", "codes"), [(90, []), (89, ["h3_late"])])  # explore B runs from minute 51 to 67
def test_h3_a_shortened_session_loses_its_depth_three(minutes, codes):
    assert judge({"depth": 3}, {"minutes": minutes}, B, explore_a=make_card("first", depth=2)) == codes


@pytest.mark.parametrize(
    ("kind", "card", "most"),
    [(SegmentKind.CHECKIN, CHECKIN, 1), (SegmentKind.INTEGRATE, INTEGRATE, 2), (SegmentKind.CHECKOUT, CLOSE, 1)],
)
def test_h4_a_session_goes_in_and_comes_out_gradually(kind, card, most):
    assert judge(card | {"depth": most}, {}, kind) == []
    assert "h4_segment" in judge(card | {"depth": most + 1}, {}, kind)


@pytest.mark.parametrize(("first", "second", "allowed"), [(1, 2, True), (1, 3, False), (2, 3, True), (None, 2, False)])
def test_h4_the_second_explore_goes_at_most_one_deeper(first, second, allowed):
    placed = {"explore_a": make_card("first", depth=first)} if first else {}
    assert ("h4_leap" not in judge({"depth": second}, {}, B, **placed)) is allowed


def test_h4_swapping_the_first_explore_minds_the_second():
    second = make_card("second", depth=3)
    assert judge({"depth": 1}, {}, A, explore_b=second) == ["h4_leap_after"]
    assert judge({"depth": 2}, {}, A, explore_b=second) == []


def test_h4_with_two_explores_the_first_stays_at_two():
    assert "h4_first_explore" in judge({"depth": 3}, {}, A)
    assert "h4_first_explore" not in judge({"depth": 3}, {}, A, "closed-60")


@pytest.mark.parametrize(("previous", "allowed"), [(None, True), (1, False), (2, True), (3, True)])
def test_h5_depth_rises_by_one_at_most_between_sessions(previous, allowed):
    found = judge({"depth": 3}, {"previous_depth": previous}, B, explore_a=make_card("first", depth=2))
    assert (found == []) is allowed


@pytest.mark.parametrize(
    ("kind", "ago", "codes"),
    [
        (GroupKind.CLOSED, 1, ["h6_used"]),
        (GroupKind.CLOSED, 40, ["h6_used"]),
        (GroupKind.OPEN, 11, ["h6_recent"]),
        (GroupKind.OPEN, 12, []),
    ],
)
def test_h6_a_closed_group_never_and_an_open_group_for_eleven_sessions_sees_a_prompt_again(kind, ago, codes):
    assert judge({}, {"group_kind": kind}, history={"used": {"p": ago}}) == codes
    assert judge({}, {"group_kind": kind}, history={"used": {"other": ago}}) == []


def test_h6_an_edited_version_or_another_language_is_the_same_prompt():
    assert judge({"version": 7, "language": "es"}, {"language": "es"}, history={"used": {"p": 3}}) == ["h6_used"]


def test_h6_says_when_the_prompt_is_free_again():
    found = refusals(make_card(), make_slot(), make_facts(**OPEN), History(used={"p": 4}), make_arrangement())
    assert dict(found[0].params) == {"ago": 4, "free_in": 8}
    assert found[0].rule is Rule.H6


def test_h6_a_prompt_stands_once_in_a_session():
    assert judge({}, {}, B, explore_a=make_card("p", version=2)) == ["h6_twice"]
    assert judge({}, {}, A, explore_a=make_card("p")) == []


@pytest.mark.parametrize("use", ["first", "weaving", "last"])
def test_h6_a_prompt_kept_for_one_session_waits_for_it_in_a_closed_group(use):
    facts = {
        "first": {"session_kind": SessionKind.FIRST},
        "last": {"session_kind": SessionKind.LAST},
        "weaving": {"focus": Focus.WEAVING},
    }
    card = {"tags": (f"use:{use}", "image:door")}
    assert judge(card, {}) == ["h6_kept"]
    assert judge(card, facts[use]) == []
    assert judge(card, OPEN) == []


@pytest.mark.parametrize(
    ("kinds", "codes"),
    [
        (["ground_open", "checkin", "ground_close"], []),
        (["checkin", "ground_open", "ground_close"], ["h7_not_first"]),
        (["checkin", "ground_close"], ["h7_not_first"]),
        (["ground_open", "checkin", "ground_close", "news"], ["h7_not_last"]),
        (["ground_open", "ground_close", "checkin", "ground_close"], ["h7_not_last"]),
        (["ground_open", "checkin"], ["h7_not_last"]),
        ([], ["h7_not_last", "h7_not_first"]),
    ],
)
def test_h7_an_agenda_grounds_at_both_ends(kinds, codes):
    slots = [replace(make_slot(), kind=SegmentKind(kind), position=n) for n, kind in enumerate(kinds)]
    found = agenda_refusals(slots, sum(s.minutes for s in slots))
    assert [str(refusal.code) for refusal in found] == codes


def test_h9_an_agenda_fills_the_session_exactly():
    assert agenda_refusals(make_slots(), 90) == ()
    assert [r.code for r in agenda_refusals(make_slots(), 95)] == [RefusalCode.H9_TOTAL]


@pytest.mark.parametrize(
    ("use", "minutes", "last", "here", "codes"),
    [
        ("either", 3, (), {}, []),
        ("close", 3, (), {}, []),
        ("open", 3, (), {}, ["h7_end"]),
        ("close", 3, ("e",), {}, ["h7_last_time"]),
        ("close", 3, (), {"ground_open": make_exercise("e")}, ["h7_twice"]),
        ("close", 3, (), {"ground_close": make_exercise("e")}, []),
        ("close", 6, (), {}, ["h9_minutes"]),
    ],
)
def test_h7_an_exercise_suits_its_end_and_does_not_come_twice_running(use, minutes, last, here, codes):
    exercise = make_exercise("e", use, minutes)
    slot = make_slot(SegmentKind.GROUND_CLOSE)
    found = exercise_refusals(exercise, slot, History(last_exercises=frozenset(last)), make_arrangement(exercises=here))
    assert [str(refusal.code) for refusal in found] == codes


def test_h7_no_exercise_stands_where_a_prompt_belongs():
    found = exercise_refusals(make_exercise("e"), make_slot(A), History(), make_arrangement())
    assert [r.code for r in found] == [RefusalCode.H7_END]


@pytest.mark.parametrize(
    ("focus", "sub_bind", "allowed"),
    [
        (Focus.FEAR, SubBind.FEAR, True),
        (Focus.FEAR, SubBind.SHAME, False),
        (Focus.FEAR, SubBind.CORE, False),
        (Focus.CORE, SubBind.CORE, True),
        (Focus.CORE, SubBind.FEAR, False),
        (Focus.WEAVING, SubBind.SHAME, True),
        (Focus.WEAVING, SubBind.CORE, False),
    ],
)
def test_h8_explore_stays_on_the_theme(focus, sub_bind, allowed):
    assert (judge({"sub_bind": sub_bind}, {"focus": focus}) == []) is allowed


@pytest.mark.parametrize(
    ("focus", "sub_bind", "allowed"),
    [
        (Focus.FEAR, SubBind.CORE, True),
        (Focus.FEAR, SubBind.SHAME, False),
        (Focus.CORE, SubBind.FEAR, False),
        (Focus.WEAVING, SubBind.CORE, True),
        (Focus.WEAVING, SubBind.SHAME, True),
    ],
)
def test_h8_the_other_parts_may_also_come_from_the_bind_itself(focus, sub_bind, allowed):
    assert (judge(CHECKIN | {"sub_bind": sub_bind}, {"focus": focus}, SegmentKind.CHECKIN) == []) is allowed


def test_h8_on_a_newcomers_night_explore_may_fall_back_to_the_bind_itself_at_depth_one():
    core = {"sub_bind": SubBind.CORE}
    assert judge(core, OPEN | {"newcomers": True}, A, "open-90") == []
    assert judge(core, OPEN, A, "open-90") == ["h8_theme"]
    assert "h8_theme" in judge(core | {"depth": 2}, OPEN | {"newcomers": True}, A, "open-90")


def test_h8_weaving_takes_two_different_themes():
    facts = {"focus": Focus.WEAVING}
    assert judge({"sub_bind": SubBind.FEAR}, facts, B, explore_a=make_card("first")) == ["h8_same_theme"]
    assert judge({"sub_bind": SubBind.SHAME}, facts, B, explore_a=make_card("first")) == []
    assert judge({}, {}, B, explore_a=make_card("first")) == []


@pytest.mark.parametrize(
    ("met", "first", "pole", "allowed"),
    [
        ((), Pole.IDENTITY, Pole.BELONGING, True),
        ((), Pole.IDENTITY, Pole.IDENTITY, False),
        ((), Pole.IDENTITY, Pole.BOTH, True),
        ((), Pole.BOTH, Pole.IDENTITY, True),
        ((Pole.BELONGING,), Pole.IDENTITY, Pole.IDENTITY, True),
        ((Pole.IDENTITY,), Pole.IDENTITY, Pole.IDENTITY, False),
    ],
)
def test_h8_the_last_meeting_on_a_theme_completes_both_sides(met, first, pole, allowed):
    history = {"sides_met": {SubBind.FEAR: frozenset(met)}}
    placed = {"explore_a": make_card("first", pole=first)}
    assert (judge({"pole": pole}, {"last_meeting": True}, B, history=history, **placed) == []) is allowed
    assert judge({"pole": pole}, {}, B, history=history, **placed) == []


def test_h8_an_earlier_slot_leaves_the_missing_side_to_a_later_one():
    assert judge({"pole": Pole.IDENTITY}, {"last_meeting": True}, A) == []
    assert judge({"pole": Pole.IDENTITY}, {"last_meeting": True}, A, explore_b=make_card("b")) == ["h8_one_sided"]
    assert judge({"pole": Pole.IDENTITY}, {"last_meeting": True, "minutes": 60}, A, "closed-60") == ["h8_one_sided"]


@pytest.mark.parametrize(
    ("code", "card", "facts", "slot"),
    [
        ("h9_phase", {"phase": Phase.CHECKIN}, {}, A),
        ("h9_minutes", {"minutes_min": 15}, {}, A),
        ("h9_minutes", CLOSE | {"minutes_min": 6}, {}, SegmentKind.CHECKOUT),
        ("h9_people", {"min_people": 4, "fallback_format": None}, {"people": 3}, A),
        ("h9_people", {"min_people": 4, "fallback_format": Format.GO_ROUND}, {"people": 3}, A),
        ("h9_group_kind", {"group_kinds": frozenset({GroupKind.CLOSED})}, OPEN, A),
        ("h9_online", {"online_ok": False}, {"online": True}, A),
        ("h9_language", {"language": "es"}, {}, A),
    ],
)
def test_h9_a_prompt_that_does_not_fit_is_refused(code, card, facts, slot):
    assert judge(card, facts, slot) == [code]


@pytest.mark.parametrize(
    ("card", "facts", "slot"),
    [
        ({"minutes_min": 14}, {}, A),
        (CLOSE | {"minutes_min": 5}, {}, SegmentKind.CHECKOUT),
        ({"min_people": 4}, {"people": 3}, A),
        ({"online_ok": False}, {}, A),
        ({"language": "es"}, {"language": "es"}, A),
    ],
)
def test_h9_a_prompt_that_just_fits_is_allowed(card, facts, slot):
    assert judge(card, facts, slot) == []


def test_h9_too_few_for_pairs_take_the_quiet_way():
    pairs = make_card(format=Format.PAIRS, fallback_format=Format.WRITING, min_people=4)
    assert [format_used(pairs, people) for people in (3, 4)] == [Format.WRITING, Format.PAIRS]
    assert format_used(make_card(fallback_format=None, min_people=9), 3) is Format.WRITING


@pytest.mark.parametrize(
    ("card", "facts", "codes"),
    [
        ({}, {}, []),
        ({"status": PromptStatus.DRAFT}, {}, ["h10_not_reviewed"]),
        ({"status": PromptStatus.DRAFT}, {"require_review": False}, []),
        ({"status": PromptStatus.DRAFT, "own": True}, {}, []),
        ({"status": PromptStatus.RETIRED}, {"require_review": False}, ["h10_retired"]),
        ({"status": PromptStatus.RETIRED, "own": True}, {}, ["h10_retired"]),
    ],
)
def test_h10_only_reviewed_prompts_or_ones_own_may_stand(card, facts, codes):
    assert judge(card, facts) == codes


@pytest.mark.parametrize("form", Format)
def test_h10_depth_three_puts_nobody_before_the_circle(form):
    found = judge({"depth": 3, "format": form}, {}, B, explore_a=make_card("first", depth=2))
    assert (found == []) is (form in (Format.WRITING, Format.SILENT, Format.PAIRS))
    assert set(found) <= {"h10_format"}


def test_a_prompt_hears_every_rule_that_refuses_it_and_each_code_names_its_rule():
    found = judge({"depth": 3, "language": "es", "status": PromptStatus.DRAFT}, {"lone": True}, B)
    assert {RefusalCode(code).rule for code in found} == {Rule.H2, Rule.H4, Rule.H9, Rule.H10}


@pytest.mark.parametrize(
    ("kind", "people", "seconds", "short"),
    [
        (SegmentKind.CHECKIN, 18, 46, False),
        (SegmentKind.CHECKIN, 19, 44, True),
        (SegmentKind.EXPLORE_A, 18, 43, True),
        (SegmentKind.CHECKOUT, 16, 15, False),
        (SegmentKind.CHECKOUT, 17, 14, True),
        (SegmentKind.INTEGRATE, 60, 9, False),
    ],
)
def test_speaking_time_warns_below_45_seconds_and_in_closing_rounds_below_15(kind, people, seconds, short):
    slot = make_slot(kind)
    assert speaking_seconds(slot.available_minutes, people) == seconds
    assert speaking_is_short(slot, people) is short


def test_speaking_time_is_never_negative_and_survives_an_empty_room():
    assert speaking_seconds(0, 5) == 0
    assert speaking_seconds(3, 0) == 120
