"""Cards, slots and whole series for the tests of the rules: each with plain values that a test may change."""

import random
from collections import Counter

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
from facilitator.curriculum.service import catalogue, load_prompt_entries
from facilitator.prompts.rules import choose_session
from facilitator.prompts.rules_cards import (
    Arrangement,
    ExerciseCard,
    History,
    PromptCard,
    PromptPool,
    SessionFacts,
    Slot,
)
from facilitator.prompts.rules_coverage import remember
from tests.prompts.oracle import Evening

PHASES = {
    SegmentKind.CHECKIN: Phase.CHECKIN,
    SegmentKind.EXPLORE_A: Phase.EXPLORE,
    SegmentKind.EXPLORE_B: Phase.EXPLORE,
    SegmentKind.INTEGRATE: Phase.INTEGRATE,
    SegmentKind.CHECKOUT: Phase.CLOSE,
}


def make_card(prompt_id="p", **changes):
    """Make a reviewed depth 1 explore prompt on fear, identity side, in writing."""
    values = {
        "version_id": f"{prompt_id}-v1",
        "version": 1,
        "language": "en",
        "status": PromptStatus.REVIEWED,
        "sub_bind": SubBind.FEAR,
        "pole": Pole.IDENTITY,
        "arenas": (Arena.NERVOUS_SYSTEM,),
        "depth": 1,
        "phase": Phase.EXPLORE,
        "format": Format.WRITING,
        "fallback_format": Format.SILENT,
        "minutes_default": 12,
        "minutes_min": 10,
        "group_kinds": frozenset(GroupKind),
        "min_people": 3,
        "online_ok": True,
    }
    return PromptCard(prompt_id=prompt_id, **(values | changes))


def make_exercise(exercise_id, use=ExerciseUse.EITHER, minutes=3):
    return ExerciseCard(exercise_id=exercise_id, use=use, minutes=minutes)


def make_slots(agenda_id="closed-90"):
    """Lay out a shipped agenda; a slot's id is its kind."""
    agenda = next(a for a in catalogue().agendas if a.id == agenda_id)
    return tuple(
        Slot(
            slot_id=str(s.kind),
            position=s.order,
            kind=s.kind,
            phase=s.phase,
            minutes=s.minutes,
            reserved_minutes=s.reserved_minutes,
            start_minute=s.start_minute,
        )
        for s in agenda.segments
    )


def make_slot(kind=SegmentKind.EXPLORE_A, agenda_id="closed-90"):
    return next(s for s in make_slots(agenda_id) if s.kind is kind)


def make_arrangement(agenda_id="closed-90", exercises=None, **prompts):
    return Arrangement(slots=make_slots(agenda_id), prompts=prompts, exercises=exercises or {})


def make_facts(**changes):
    """Make the facts of a middle session on fear: closed, 90 minutes, cap 3, eight people."""
    values = {
        "focus": Focus.FEAR,
        "group_kind": GroupKind.CLOSED,
        "minutes": 90,
        "depth_cap": 3,
        "people": 8,
        "explore_a_poles": (Pole.IDENTITY,),
        "explore_b_poles": (Pole.BELONGING,),
        "single_explore_poles": (Pole.BOTH, Pole.IDENTITY, Pole.BELONGING),
    }
    return SessionFacts(**(values | changes))


def card_of(entry, **changes):
    """Turn a shipped prompt into a reviewed card."""
    values = {
        "version_id": entry.id,
        "version": entry.version,
        "language": entry.language,
        "status": PromptStatus.REVIEWED,
        "sub_bind": entry.sub_bind,
        "pole": entry.pole,
        "arenas": entry.arenas,
        "depth": entry.depth,
        "phase": entry.phase,
        "format": entry.format,
        "fallback_format": entry.fallback_format,
        "minutes_default": entry.minutes.default,
        "minutes_min": entry.minutes.least,
        "group_kinds": frozenset(entry.group_kinds),
        "min_people": entry.min_people,
        "online_ok": entry.online_ok,
        "tags": entry.tags,
    }
    return PromptCard(prompt_id=entry.id, **(values | changes))


SHIPPED = tuple(card_of(entry) for entry in load_prompt_entries())
POOL = PromptPool(SHIPPED)
EXERCISES = tuple(make_exercise(e.id, e.use, e.minutes) for e in catalogue().exercises)


def plan_series(
    pathway_id,
    minutes,
    seed,
    *,
    pool=POOL,
    cycles=1,
    newcomers=0.0,
    lone=0.0,
    history=None,
    choose=choose_session,
    **changes,
):
    """Assign a whole series, each session seeing the one before; gives [(facts, slots, choices)] and the history."""
    pathway = catalogue().pathway(pathway_id)
    chance = random.Random(f"{pathway_id}/{minutes}/{seed}")
    history, previous, log = history or History(), None, []
    for cycle in range(cycles):
        for session in pathway.sessions:
            agenda = catalogue().agenda(pathway.group_kind, minutes, session.session_kind)
            later = Counter(s.focus for s in pathway.sessions[session.position :])
            facts = make_facts(
                focus=session.focus,
                session_kind=session.session_kind,
                group_kind=pathway.group_kind,
                minutes=minutes,
                depth_cap=session.depth_cap,
                previous_depth=previous,
                lone=chance.random() < lone,
                newcomers=chance.random() < newcomers,
                people=chance.randint(3, 9),
                explore_a_poles=session.explore_a_poles,
                explore_b_poles=session.explore_b_poles,
                single_explore_poles=session.single_explore_poles,
                cycle=cycle,
                last_meeting=not pathway.repeating and not later[session.focus],
                **changes,
            )
            slots = make_slots(agenda.id)
            choices = choose(
                facts, slots, pool, EXERCISES, history, locked={}, seed=f"{seed}/{cycle}/{session.position}"
            )
            history = remember(history, facts, choices)
            previous = max((c.prompt.depth for c in choices if c.prompt), default=previous)
            log.append((facts, slots, choices))
    return log, history


def evenings_of(log, pool=SHIPPED):
    """Give the sessions of a planned series as the oracle looks at them."""
    return [
        Evening(
            facts=facts,
            slots=slots,
            choices=tuple(choices),
            pool=pool,
            exercises=EXERCISES,
            comes_again=not facts.last_meeting,
        )
        for facts, slots, choices in log
    ]
