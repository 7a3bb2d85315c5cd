"""What a facilitator does to the plan of one session, within the hard rules."""

from datetime import date

import pytest
from sqlalchemy import func, select

from facilitator.curriculum.rules import Arena, Format, Phase, Pole, SubBind
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.planning.agenda import place_segment, set_minutes
from facilitator.planning.assigning import (
    Refused,
    empty_slot,
    lower_depth,
    regenerate,
    set_evening,
    set_locked,
    swap,
    swap_exercise,
    use_own,
)
from facilitator.planning.checking import CheckCode
from facilitator.planning.models import Assignment, Outcome
from facilitator.planning.service import cancel_session, mark_done
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.rules_draft import PromptDraft
from facilitator.prompts.rules_reasons import RefusalCode
from facilitator.prompts.service import approve, write_own
from tests.planning.stage import (
    NOW,
    assignment,
    content,
    list_fitting,
    list_warnings,
    make_group,
    make_series,
    segments,
)

ADVICE = {CheckCode.NOT_REVIEWED, CheckCode.SPEAKING_SHORT}
DRAFT = PromptDraft(
    sub_bind=SubBind.FEAR,
    pole=Pole.BOTH,
    arenas=(Arena.IDENTITY,),
    depth=2,
    phase=Phase.EXPLORE,
    format=Format.WRITING,
    minutes_default=12,
    minutes_min=10,
    text="What would you like to know about your own alarm?",
    opt_out="You can pass.",
    follow_ups=("Where is it now?", "What eases it?"),
)


@pytest.fixture
def sessions(db, group):
    return make_series(db, group)[1]


@pytest.fixture
def fear(sessions):
    return sessions[2]


def slot(db, session, kind):
    return segments(db, session)[kind].id


def warnings(db, session, group):
    return {warning.code for warning in list_warnings(db, session, group)}


def version(db, **values):
    return db.scalars(select(PromptVersion).filter_by(**values).order_by(PromptVersion.prompt_id)).first()


def test_choosing_again_keeps_what_is_locked_and_breaks_no_rule(db, group, fear):
    before = content(db, fear)
    set_locked(db, fear, slot(db, fear, "explore_a"), locked=True)
    regenerate(db, fear, NOW, require_review=False)
    after = content(db, fear)
    assert after["explore_a"] == before["explore_a"]
    assert after != before
    assert fear.attempt == 1
    assert warnings(db, fear, group) <= ADVICE


def test_choosing_again_can_be_reproduced(db, alice):
    plans = []
    for _ in range(2):
        _series, sessions = make_series(db, make_group(db, alice))
        for _ in range(3):
            regenerate(db, sessions[3], NOW, require_review=False)
        plans.append(content(db, sessions[3]))
    assert plans[0] == plans[1]


def test_choosing_again_takes_nothing_that_a_later_session_has(db, group, sessions):
    for _ in range(5):
        regenerate(db, sessions[2], NOW, require_review=False)
        later = {pid for session in sessions[3:] for kind, pid in content(db, session).items() if "ground" not in kind}
        assert not later & set(content(db, sessions[2]).values())
    assert all(warnings(db, session, group) <= ADVICE for session in sessions)


def test_what_was_skipped_in_the_room_may_come_again(db, alice, sessions, fear):
    row = assignment(db, sessions[1], "checkin")
    row.outcome = Outcome.SKIPPED
    db.flush()
    found = list_fitting(db, alice, fear, slot(db, fear, "checkin"))
    assert row.prompt_version_id in {each.prompt.id for each in found}


def test_alternatives_are_allowed_and_say_what_speaks_for_them(db, alice, group, fear):
    where = slot(db, fear, "explore_b")
    found = list_fitting(db, alice, fear, where)
    assert len(found) >= 3
    assert all(each.reasons for each in found)
    for each in found[:3]:
        swap(db, alice, fear, where, each.prompt.id, NOW, require_review=False)
        assert content(db, fear)["explore_b"] == each.prompt.prompt_id
        assert warnings(db, fear, group) <= ADVICE
        assert assignment(db, fear, "explore_b").reasons


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        ({"sub_bind": "fear", "phase": "explore", "depth": 3}, RefusalCode.H1_CAP, "^Depth limit: Depth 3 is above"),
        ({"sub_bind": "shame", "phase": "explore", "depth": 2}, RefusalCode.H8_THEME, "^Theme and both sides: "),
        (
            {"sub_bind": "fear", "phase": "close"},
            RefusalCode.H9_PHASE,
            "^Time and people: The prompt is written for another",
        ),
    ],
)
def test_a_swap_that_a_rule_forbids_names_the_rule_and_its_reason(db, alice, fear, wanted, code, words):
    before = content(db, fear)
    with pytest.raises(Refused, match=words) as refusal:
        swap(db, alice, fear, slot(db, fear, "explore_b"), version(db, **wanted).id, NOW, require_review=False)
    assert code in {each.code for each in refusal.value.refusals}
    assert content(db, fear) == before


def test_a_prompt_of_another_session_of_the_series_is_refused(db, alice, sessions, fear):
    taken = assignment(db, sessions[5], "checkin").prompt_version_id
    with pytest.raises(Refused):
        swap(db, alice, fear, slot(db, fear, "checkin"), taken, NOW, require_review=False)


def test_an_unreviewed_prompt_is_refused_while_review_is_required(db, alice, fear):
    other = list_fitting(db, alice, fear, slot(db, fear, "checkin"))[0].prompt
    with pytest.raises(Refused, match="has not been reviewed"):
        swap(db, alice, fear, slot(db, fear, "checkin"), other.id, NOW)
    approve(db, [other.id], "psychologist", date(2026, 11, 1))
    assert swap(db, alice, fear, slot(db, fear, "checkin"), other.id, NOW).prompt_version_id == other.id


def test_a_locked_slot_is_unlocked_before_it_is_swapped(db, alice, fear):
    where = slot(db, fear, "checkin")
    other = list_fitting(db, alice, fear, where)[0].prompt.id
    set_locked(db, fear, where, locked=True)
    with pytest.raises(Conflict, match="Unlock it first"):
        swap(db, alice, fear, where, other, NOW, require_review=False)
    set_locked(db, fear, where, locked=False)
    swap(db, alice, fear, where, other, NOW, require_review=False)


def test_slots_prompts_and_exercises_of_others_are_not_there(db, alice, charlie, sessions, fear):
    foreign = slot(db, sessions[3], "checkin")
    private = write_own(db, charlie, DRAFT).version.id
    other = version(db, sub_bind="fear", phase="checkin").id
    for act in (
        lambda: swap(db, alice, fear, foreign, other, NOW),
        lambda: swap(db, alice, fear, "nothing", other, NOW),
        lambda: swap(db, alice, fear, slot(db, fear, "explore_b"), private, NOW, require_review=False),
        lambda: swap(db, alice, fear, slot(db, fear, "explore_b"), "nothing", NOW),
        lambda: swap_exercise(db, fear, slot(db, fear, "ground_open"), "nothing", NOW),
        lambda: list_fitting(db, alice, fear, foreign),
        lambda: set_locked(db, fear, foreign, locked=True),
        lambda: empty_slot(db, fear, foreign, NOW),
        lambda: set_minutes(db, fear, foreign, 10, NOW),
        lambda: place_segment(db, fear, foreign, "", NOW),
        lambda: use_own(db, alice, fear, foreign, DRAFT, NOW),
    ):
        with pytest.raises(NotFound):
            act()


def test_nobody_elses_private_prompt_is_offered(db, alice, bob, fear):
    item = write_own(db, bob, DRAFT)
    where = slot(db, fear, "explore_b")
    offered = {each.prompt.prompt_id for each in list_fitting(db, bob, fear, where, require_review=True)}
    assert offered == {item.prompt.id}
    assert list_fitting(db, alice, fear, where, require_review=True) == ()


def test_ones_own_prompt_is_put_in_by_hand_and_locked_under_its_badge(db, alice, group, fear):
    where = slot(db, fear, "explore_b")
    item = use_own(db, alice, fear, where, DRAFT, NOW)
    row = db.get(Assignment, where)
    assert (row.prompt_version_id, row.locked, row.reasons) == (item.version.id, True, [])
    regenerate(db, fear, NOW, require_review=False)
    assert row.prompt_version_id == item.version.id
    found = [w.code for w in list_warnings(db, fear, group, require_review=True) if w.segment_id == where]
    assert found == [CheckCode.NOT_REVIEWED]


def test_an_own_prompt_that_a_rule_refuses_is_not_kept(db, alice, fear):
    deep = PromptDraft(**{name: getattr(DRAFT, name) for name in DRAFT.__slots__} | {"depth": 3})
    with pytest.raises(Refused):
        use_own(db, alice, fear, slot(db, fear, "explore_b"), deep, NOW)
    assert db.scalar(select(func.count()).select_from(Prompt).where(Prompt.owner_id.is_not(None))) == 0


def test_own_prompts_are_placed_by_themselves_only_where_review_is_off(db, alice, bob):
    item = write_own(db, bob, DRAFT)
    for require_review, members in ((True, (alice, bob)), (False, (alice,))):
        _series, sessions = make_series(db, make_group(db, *members), require_review=require_review)
        assert item.prompt.id not in {pid for session in sessions for pid in content(db, session).values()}


def test_a_silent_minute_stays_empty(db, group, fear):
    where = slot(db, fear, "integrate")
    empty_slot(db, fear, where, NOW)
    regenerate(db, fear, NOW, require_review=False)
    assert content(db, fear)["integrate"] is None
    assert warnings(db, fear, group) <= ADVICE
    set_locked(db, fear, where, locked=False)
    assert CheckCode.EMPTY_SLOT in warnings(db, fear, group)
    regenerate(db, fear, NOW, require_review=False)
    assert content(db, fear)["integrate"]


def test_a_silent_minute_can_take_a_prompt_again(db, alice, fear):
    where = slot(db, fear, "integrate")
    empty_slot(db, fear, where, NOW)
    chosen = list_fitting(db, alice, fear, where)[0].prompt
    assert not swap(db, alice, fear, where, chosen.id, NOW, require_review=False).locked
    assert content(db, fear)["integrate"] == chosen.prompt_id


def test_a_grounding_is_never_emptied(db, fear):
    with pytest.raises(Conflict, match="both ends"):
        empty_slot(db, fear, slot(db, fear, "ground_close"), NOW)


def test_a_grounding_is_swapped_for_one_that_the_rules_allow(db, alice, sessions, fear):
    where = slot(db, fear, "ground_close")
    offered = list_fitting(db, alice, fear, where)
    assert content(db, fear)["ground_close"] not in {each.id for each in offered}
    swap_exercise(db, fear, where, offered[0].id, NOW)
    assert content(db, fear)["ground_close"] == offered[0].id
    with pytest.raises(Refused, match="session before had this exercise"):
        swap_exercise(db, fear, where, content(db, sessions[1])["ground_close"], NOW)


def test_lowering_the_depth_replaces_only_what_is_too_deep(db, group, fear):
    before = content(db, fear)
    shallow = {kind for kind in before if depth(db, fear, kind) <= 1}
    lower_depth(db, fear, 1, NOW, require_review=False)
    after = content(db, fear)
    assert fear.depth_limit == 1
    assert {kind for kind in before if before[kind] == after[kind]} >= shallow
    assert max(depth(db, fear, kind) for kind in after) == 1
    assert warnings(db, fear, group) <= ADVICE


def test_a_locked_prompt_that_is_now_too_deep_stays_and_is_told_of(db, group, fear):
    set_locked(db, fear, slot(db, fear, "explore_b"), locked=True)
    before = content(db, fear)["explore_b"]
    assert depth(db, fear, "explore_b") == 2
    lower_depth(db, fear, 1, NOW, require_review=False)
    assert content(db, fear)["explore_b"] == before
    assert RefusalCode.H1_LOWERED in warnings(db, fear, group)


def test_a_limit_is_raised_back_to_the_pathways_and_no_further(db, fear):
    lower_depth(db, fear, 1, NOW, require_review=False)
    plan = content(db, fear)
    lower_depth(db, fear, 2, NOW, require_review=False)
    assert fear.depth_limit is None
    assert content(db, fear) == plan
    for limit in (0, 3):
        with pytest.raises(Invalid, match="from 1 to 2") as refusal:
            lower_depth(db, fear, limit, NOW)
        assert refusal.value.field == "limit"


def test_a_leap_after_a_gentler_session_is_told_of_and_not_rewritten(db, alice):
    group = make_group(db, alice, pace="standard")
    _series, sessions = make_series(db, group, pathway_id="closed-12")
    deep = next(s for s in sessions if any(depth(db, s, kind) == 3 for kind in content(db, s)))
    before = content(db, deep)
    lower_depth(db, sessions[deep.position - 2], 1, NOW, require_review=False)
    assert content(db, deep) == before
    assert RefusalCode.H5_LEAP in warnings(db, deep, group)


def test_a_lone_facilitator_and_newcomers_make_a_session_gentler(db, alice):
    group = make_group(db, alice, kind="open", minutes=75)
    _series, sessions = make_series(db, group, pathway_id="open-6", minutes=75)
    set_evening(db, sessions[2], NOW, lone=True, newcomers=True, require_review=False)
    assert (sessions[2].lone, sessions[2].newcomers) == (True, True)
    assert depth(db, sessions[2], "explore_a") == depth(db, sessions[2], "integrate") == 1
    assert warnings(db, sessions[2], group) <= ADVICE


def test_the_plan_of_a_running_session_can_change_and_that_of_a_past_one_not(db, alice, sessions, fear):
    where = slot(db, fear, "explore_b")
    other = list_fitting(db, alice, fear, where)[0].prompt.id
    swap(db, alice, fear, where, other, fear.starts_at, require_review=False)
    mark_done(db, sessions[1])
    cancel_session(db, sessions[4], "", NOW)
    for session, now in ((fear, fear.ends_at), (sessions[1], NOW), (sessions[4], NOW)):
        for act in (
            lambda s=session, n=now: regenerate(db, s, n),
            lambda s=session, n=now: lower_depth(db, s, 1, n),
            lambda s=session, n=now: set_evening(db, s, n, lone=True, newcomers=False),
            lambda s=session, n=now: set_minutes(db, s, slot(db, s, "checkin"), 10, n),
            lambda s=session, n=now: empty_slot(db, s, slot(db, s, "checkin"), n),
        ):
            with pytest.raises(Conflict):
                act()


def test_little_speaking_time_is_told_of_with_its_seconds(db, alice):
    group = make_group(db, alice, capacity=20)
    _series, sessions = make_series(db, group)
    found = list_warnings(db, sessions[2], group)
    checkin = next(w for w in found if w.segment_id == slot(db, sessions[2], "checkin") and w.params.get("seconds"))
    assert (checkin.code, checkin.params["seconds"], checkin.params["people"]) == (CheckCode.SPEAKING_SHORT, 42, 20)


def depth(db, session, kind):
    row = assignment(db, session, kind)
    return db.get(PromptVersion, row.prompt_version_id).depth if row.prompt_version_id else 0
