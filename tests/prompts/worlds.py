"""Made-up groups for the properties of assignment: who they are, what they walk through, what they can draw from.

Hypothesis draws the kind of world; the many small things in it come from a seed that it draws too.
"""

import random
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from facilitator.curriculum.rules import (
    THEMES,
    Focus,
    Format,
    GroupKind,
    Pole,
    PromptStatus,
    SegmentKind,
    SessionKind,
    depth_cap,
)
from facilitator.curriculum.service import catalogue
from facilitator.prompts.rules import choose_session
from facilitator.prompts.rules_cards import History, Pace, PromptPool, SessionFacts
from facilitator.prompts.rules_coverage import carry_over, remember
from tests.prompts.oracle import Evening
from tests.prompts.rules_cases import EXERCISES, SHIPPED, make_slots

POLES = tuple(Pole)
TAGS = ((), ("use:first",), ("use:last",), ("use:weaving",), ("image:door",))


@dataclass(frozen=True, kw_only=True)
class World:
    """A group and everything about it that the rules may meet."""

    kind: GroupKind
    pathway: str | None  # None: one of its own
    minutes: int
    people: int
    online: bool
    pace: Pace
    require_review: bool
    rounds: int  # cycles of an open group, series of a closed one
    trouble: float  # how often an evening is out of the ordinary
    thin: float  # how much of the library is there
    twisted: float  # how much of it is changed at random
    deepened: float = 0.0  # how much of it is turned to depth 3
    seed: int


def describe(pick, **fixed):
    """Make a world out of choices between values; what is fixed is not chosen."""
    kind = pick(list(GroupKind))
    values = {
        "kind": kind,
        "pathway": pick(["open-6", None] if kind is GroupKind.OPEN else ["closed-8", "closed-12", "closed-16", None]),
        "minutes": pick([60, 75, 90]),
        "people": pick([*range(3, 15), 3, 3, 3]),
        "online": pick([False, True]),
        "pace": pick(list(Pace)),
        "require_review": pick([False, True]),
        "rounds": pick([1, 2]),
        "trouble": pick([0.0, 0.1, 0.4]),
        "thin": pick([1.0, 0.6, 0.25, 0.05]),
        "twisted": pick([0.0, 0.1, 0.5]),
    }
    return World(**{**values, "seed": pick(range(2**32)), **fixed})


@st.composite
def worlds(draw, **fixed):
    """Let Hypothesis describe a world."""
    return describe(lambda options: draw(st.sampled_from(options)), **fixed)


def some_worlds(count, **fixed):
    """Describe the same few worlds every time."""
    return [describe(random.Random(number).choice, **fixed) for number in range(count)]


def live(world, choose=choose_session):
    """Plan every evening of a world, one after another, and give them as they were laid out."""
    chance = random.Random(world.seed)
    pool, exercises = make_pool(world, chance), chance.sample(EXERCISES, chance.choice([3, 8, len(EXERCISES)]))
    shelves = PromptPool(pool)
    history, evenings = History(), []
    for round_ in range(1, world.rounds + 1):
        plans = [plan for plan in lay_path(world, chance) if chance.random() > world.trouble / 4]  # the rest: cancelled
        if world.kind is GroupKind.CLOSED and round_ > 1:
            history = carry_over(history, pool)
        previous = previous_depth(evenings) if world.kind is GroupKind.OPEN else None
        for number, (facts, agenda) in enumerate(plans):
            again = any(later.focus is facts.focus for later, _ in plans[number + 1 :])
            facts_now = replace(facts, previous_depth=previous, last_meeting=not again, cycle=round_ - 1)
            slots, locked = disturb(agenda, pool, exercises, chance, world.trouble)
            choices = choose(
                facts_now, slots, shelves, exercises, history, locked=locked, seed=f"{world.seed}/{round_}/{number}"
            )
            evening = Evening(
                series=round_, facts=facts_now, slots=slots, locked=locked, choices=tuple(choices), pool=tuple(pool),
                exercises=tuple(exercises), comes_again=again,
            )  # fmt: skip
            evenings.append(evening)
            history = remember(history, facts_now, choices)
            previous = previous_depth([evening]) or previous
    return evenings


def previous_depth(evenings):
    depths = [max(p.depth for p in evening.prompts().values()) for evening in evenings if evening.prompts()]
    return depths[-1] if depths else None


def lay_path(world, chance):
    """Give the facts and the agenda of every session of one round."""
    for step in shipped_steps(world) if world.pathway else own_steps(world, chance):
        kind = step.pop("session_kind")
        agenda = catalogue().agenda(world.kind, world.minutes, kind)
        strange = chance.random() < world.trouble
        facts = SessionFacts(
            session_kind=kind,
            group_kind=world.kind,
            minutes=world.minutes,
            people=world.people,
            online=world.online,
            pace=world.pace,
            require_review=world.require_review,
            depth_limit=chance.choice([None, 1, 2]) if strange else None,
            lone=strange and chance.random() < 0.5,
            newcomers=strange and chance.random() < 0.6,
            **step,
        )
        # the shipped first agenda explores too late for depth 3; moved about, it may not
        bent = strange or chance.random() < world.deepened
        yield facts, bend(make_slots(agenda.id), chance) if bent else make_slots(agenda.id)


def shipped_steps(world):
    for step in catalogue().pathway(world.pathway).sessions:
        yield {
            "focus": step.focus,
            "session_kind": step.session_kind,
            "depth_cap": step.depth_cap,
            "explore_a_poles": step.explore_a_poles,
            "explore_b_poles": step.explore_b_poles,
            "single_explore_poles": step.single_explore_poles,
        }


def own_steps(world, chance):
    """Make a pathway up; its caps are the ramp of a closed group even where the group is open."""
    count = chance.randint(3, 12)
    for position in range(1, count + 1):
        ends = {1: SessionKind.FIRST, count: SessionKind.LAST} if world.kind is GroupKind.CLOSED else {}
        focus = chance.choice([*THEMES, *THEMES, Focus.CORE, Focus.WEAVING])
        order = tuple(chance.sample(POLES, chance.randint(0, 3)))
        yield {
            "focus": Focus(focus),
            "session_kind": ends.get(position, SessionKind.STANDARD),
            "depth_cap": chance.choice([depth_cap(position, count), 3]),
            "explore_a_poles": order,
            "explore_b_poles": order[::-1],
            "single_explore_poles": order,
        }


def bend(slots, chance):
    """Move minutes from one part to another, as a facilitator may."""
    minutes = {slot.slot_id: slot.minutes for slot in slots}
    for _ in range(3):
        giver, taker = chance.sample(sorted(minutes), 2)
        moved = chance.randint(0, minutes[giver] - 1)
        minutes[giver] -= moved
        minutes[taker] += moved
    bent, start = [], 0
    for slot in sorted(slots, key=lambda s: s.position):
        bent.append(replace(slot, minutes=minutes[slot.slot_id], start_minute=start))
        start += minutes[slot.slot_id]
    return tuple(bent)


def disturb(slots, pool, exercises, chance, trouble):
    """Lock something in, whether the rules like it or not, and silence a minute."""
    locked, slots = {}, list(slots)
    for at, slot in enumerate(slots):
        if chance.random() > trouble / 3:
            continue
        if slot.phase and chance.random() < 0.3:
            slots[at] = replace(slot, phase=None)
        elif slot.phase:
            fitting = [card for card in pool if card.phase is slot.phase]
            if fitting:
                locked[slot.slot_id] = chance.choice(fitting)
        elif slot.kind in {SegmentKind.GROUND_OPEN, SegmentKind.GROUND_CLOSE}:
            locked[slot.slot_id] = chance.choice(exercises)
    return tuple(slots), locked


def make_pool(world, chance):
    """Take a part of the library, turn some of it into what nobody would ship, and shuffle it."""
    there = [card for card in SHIPPED if chance.random() < world.thin]
    pool = [twist(card, chance) if chance.random() < world.twisted else card for card in there]
    pool = [replace(card, depth=3) if chance.random() < world.deepened else card for card in pool]
    chance.shuffle(pool)
    return pool


def twist(card, chance):
    """Change a few attributes of a prompt, within what an author may enter."""
    options = {
        "depth": (1, 2, 3),
        "format": tuple(Format),
        "fallback_format": (None, Format.WRITING, Format.SILENT, Format.GO_ROUND),
        "minutes_min": (4, 10, 15, 25),
        "min_people": (2, 3, 5, 9),
        "status": tuple(PromptStatus),
        "own": (True, False),
        "language": ("en", "es"),
        "online_ok": (True, False),
        "group_kinds": (frozenset(GroupKind), frozenset({GroupKind.OPEN}), frozenset({GroupKind.CLOSED})),
        "pole": POLES,
        "tags": TAGS,
    }
    names = chance.sample(sorted(options), 4)
    return replace(card, **{name: chance.choice(options[name]) for name in names})
