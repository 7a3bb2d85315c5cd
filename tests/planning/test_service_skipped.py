"""What was skipped in the room counts as not had; whatever happened before, choosing again keeps to the rules."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.curriculum.rules import THEMES, GroupKind
from facilitator.planning.assigning import lower_depth, regenerate, set_evening, set_locked
from facilitator.planning.filling import slots_of
from facilitator.planning.models import Assignment, Outcome, Segment, SessionStatus
from facilitator.planning.offers import list_offers
from facilitator.planning.scene import facts_of, history_of, load_scene
from facilitator.planning.service import cancel_session, mark_done, record_outcomes
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import CARD_COLUMNS, read_card
from facilitator.prompts.rules_cards import Choice
from facilitator.prompts.rules_reasons import Reason, ReasonCode
from tests.planning.stage import NOW, assignment, content, make_group, make_series, segments
from tests.prompts.oracle import Evening, judge, look_back, sides_of


def say(db, session, outcome, *kinds):
    """Write down what became of some parts of a session, of all when none is named, and close the room."""
    parts = segments(db, session)
    record_outcomes(db, session, {parts[kind].id: outcome for kind in kinds or parts})
    mark_done(db, session)


@pytest.fixture
def sessions(db, group):
    return make_series(db, group, pathway_id="closed-12")[1]


def history(db, group, session):
    return history_of(load_scene(db, group), session)


def test_what_was_skipped_leaves_no_trace_in_the_history(db, group, sessions):
    had = content(db, sessions[2])
    before = history(db, group, sessions[3])
    say(db, sessions[2], Outcome.SKIPPED, "checkin", "explore_a", "ground_open")
    after = history(db, group, sessions[3])
    assert set(before.used) - set(after.used) == {had["checkin"], had["explore_a"]}
    assert after.exercise_uses.get(had["ground_open"], 0) == before.exercise_uses[had["ground_open"]] - 1
    assert had["ground_open"] not in after.last_exercises - set(content(db, sessions[4]).values())
    assert sum(after.cells.values()) < sum(before.cells.values())


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.SKIPPED])
def test_whatever_else_is_said_of_a_part_counts_as_had(db, group, sessions, outcome):
    before = history(db, group, sessions[3])
    say(db, sessions[2], outcome)
    assert history(db, group, sessions[3]) == before


def test_a_skipped_part_comes_back_as_an_offer_for_a_session_still_to_come(db, alice, group, sessions):
    skipped = content(db, sessions[2])["explore_b"]
    where = segments(db, sessions[3])["explore_b"].id
    assert skipped not in offered(db, alice, group, sessions[3], where)
    say(db, sessions[2], Outcome.SKIPPED, "explore_b")
    assert skipped in offered(db, alice, group, sessions[3], where)


def offered(db, alice, group, session, where):
    found = list_offers(db, alice, session, group, where, require_review=False).prompts
    return {each.prompt.prompt_id for each in found}


def test_a_side_that_was_skipped_is_owed_again(db, group, sessions):
    say(db, sessions[2], Outcome.SKIPPED, "explore_a", "explore_b")
    met = history(db, group, sessions[3]).sides_met.get("fear", frozenset())
    assert met == frozenset()
    regenerate(db, sessions[3], NOW, require_review=False)
    assert sides_of(standing(db, group, sessions[3]), "fear") == {"identity", "belonging"}


def test_a_depth_that_was_skipped_was_not_reached(db, group, sessions):
    for session in sessions[:3]:
        say(db, session, Outcome.USED)
    scene = load_scene(db, group)
    assert facts_of(scene, sessions[3]).previous_depth == 2
    deep = [kind for kind in content(db, sessions[2]) if depth(db, sessions[2], kind) == 2]
    say(db, sessions[2], Outcome.SKIPPED, *deep)
    assert facts_of(load_scene(db, group), sessions[3]).previous_depth == 1


def test_a_session_in_which_everything_was_skipped_is_held_and_not_still_to_fill(db, group, sessions):
    before = history(db, group, sessions[3])
    say(db, sessions[2], Outcome.SKIPPED)
    assert facts_of(load_scene(db, group), sessions[3]).last_meeting
    after = history(db, group, sessions[3])
    first = content(db, sessions[0])["checkin"]
    assert after.used[first] == before.used[first] == 3


def depth(db, session, kind):
    row = assignment(db, session, kind)
    return db.get(PromptVersion, row.prompt_version_id).depth if row.prompt_version_id else 0


def standing(db, group, session):
    return evening_of(db, load_scene(db, group), session).prompts().values()


def evening_of(db, scene, session):
    """Read a session as it stands in the database, without what was skipped."""
    parts = db.scalars(select(Segment).where(Segment.session_id == session.id)).all()
    rows = db.execute(
        select(Assignment.segment_id, Assignment.exercise_id, Assignment.locked, *CARD_COLUMNS)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .outerjoin(Prompt, Prompt.id == PromptVersion.prompt_id)
        .where(Assignment.session_id == session.id, Assignment.outcome != Outcome.SKIPPED)
    ).all()
    exercises = {exercise.exercise_id: exercise for exercise in scene.exercises}
    choices = tuple(
        Choice(
            slot_id=row.segment_id,
            prompt=read_card(row, []) if row.version_id else None,
            exercise=exercises.get(row.exercise_id),
            emptied_by=None if row.version_id or row.exercise_id else Reason(code=ReasonCode.NOTHING_WRITTEN),
        )
        for row in rows
    )
    found = {choice.slot_id: choice.prompt or choice.exercise for choice in choices}
    return Evening(
        series=session.series_id,
        facts=facts_of(scene, session),
        slots=slots_of(parts),
        locked={row.segment_id: found[row.segment_id] for row in rows if row.locked},
        choices=choices,
        comes_again=True,
    )


def happen(db, sessions, chance):
    """Let a group live: some sessions were held, with parts skipped or cut short; some are changed or called off."""
    held = chance.randint(0, len(sessions) // 2)
    for session in sessions[:held]:
        parts = segments(db, session)
        record_outcomes(db, session, {part.id: chance.choice(list(Outcome)) for part in parts.values()})
        mark_done(db, session)
    coming = sessions[held:]
    for session in chance.sample(coming, 3):
        now = session.starts_at - timedelta(days=1)
        act = chance.choice(["call off", "gentler", "newcomers", "alone", "lock", "again"])
        if act == "call off":
            cancel_session(db, session, "", now)
        elif act == "gentler":
            lower_depth(db, session, 1, now, require_review=False)
        elif act in {"newcomers", "alone"}:
            set_evening(db, session, now, lone=act == "alone", newcomers=act == "newcomers", require_review=False)
        elif act == "lock":
            set_locked(db, session, segments(db, session)["checkin"].id, locked=True)
        else:
            regenerate(db, session, now, require_review=False)
    return [session for session in coming if session.status == SessionStatus.SCHEDULED]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happened_before_choosing_again_breaks_no_rule(db, alice, seed):
    chance = random.Random(seed)
    pathway = chance.choice(["closed-8", "closed-12", "closed-16", "open-6"])
    kind = GroupKind.OPEN if pathway == "open-6" else GroupKind.CLOSED
    minutes = chance.choice([60, 75, 90])
    group = make_group(db, alice, kind=kind, minutes=minutes, pace=chance.choice(["gentle", "standard"]))
    rounds = {"cycles": 3} if kind is GroupKind.OPEN else {}
    _series, sessions = make_series(db, group, pathway_id=pathway, minutes=minutes, seed=f"{seed}", **rounds)
    session = chance.choice(happen(db, sessions, chance))
    regenerate(db, session, session.starts_at - timedelta(days=1), require_review=False)

    scene = load_scene(db, group, require_review=False)
    counted = [s for s in sessions if s.status != SessionStatus.CANCELLED]
    evenings = {s.id: evening_of(db, scene, s) for s in counted}
    tonight, held = evenings[session.id], [evenings[s.id] for s in counted if s.starts_at < session.starts_at]
    # an empty pool: what else there would have been is judged elsewhere
    assert [fault for fault in judge(tonight, look_back(held, tonight)) if fault.startswith("H")] == []
    if kind is GroupKind.CLOSED:
        others = {card.prompt_id for s, e in evenings.items() if s != session.id for card in e.prompts().values()}
        assert not others & {card.prompt_id for card in free(tonight)}
        assert_both_sides(tonight, evenings.values())


def free(evening):
    return [card for slot_id, card in evening.prompts().items() if slot_id not in evening.locked]


def assert_both_sides(tonight, evenings):
    theme = tonight.facts.focus
    on_theme = [evening for evening in evenings if evening.facts.focus == theme]
    met = set().union(*(sides_of(evening.prompts().values(), theme) for evening in on_theme))
    filled = all(slot.slot_id in tonight.prompts() for slot in tonight.explores())
    if theme in THEMES and filled:
        assert met == {"identity", "belonging"}
