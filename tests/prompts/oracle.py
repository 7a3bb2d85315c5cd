"""A second reading of the hard rules, written from their text and from nothing of the code that obeys them.

It looks at evenings as they were laid out: the facts, the agenda, what was fixed beforehand and what was chosen. What a
group has had it works out itself, from the evenings before.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

THEMES = ("fear", "shame", "powerlessness", "vulnerability")
QUIET = ("writing", "silent")
CONTAINED = ("writing", "silent", "pairs")
SECTIONS = {"checkin": "checkin", "explore_a": "explore", "explore_b": "explore", "integrate": "integrate"}
SECTIONS["checkout"] = "close"
WINDOW = 11


@dataclass(frozen=True, kw_only=True)
class Evening:
    """One session: what was known, what was fixed, what was chosen, and what there was to choose from."""

    series: int = 1
    facts: object
    slots: tuple
    locked: dict = field(default_factory=dict)
    choices: tuple = ()
    pool: tuple = ()
    exercises: tuple = ()
    comes_again: bool = False  # a later session of the series has this focus

    def prompts(self):
        return {choice.slot_id: choice.prompt for choice in self.choices if choice.prompt}

    def in_order(self):
        return sorted(self.slots, key=lambda slot: slot.position)

    def explores(self):
        """Give the explore parts that take a prompt; a silent minute takes none."""
        return [slot for slot in self.in_order() if slot.kind in {"explore_a", "explore_b"} and slot.phase]


@dataclass(frozen=True, kw_only=True)
class Past:
    """What a group has had, as far as it counts tonight.

    Args:
        ago: by prompt id, how many held sessions ago it was last used.
        sides: the single pulls that sessions on tonight's focus have taken up.
        depth: the depth of the last session that had any; a closed series starts anew.
        exercises: those of the session before.
    """

    ago: dict[str, int]
    sides: set[str]
    depth: int | None
    exercises: set[str]


def look_back(held, tonight):
    """Read the evenings that were held before, oldest first, with the eyes of tonight."""
    closed = tonight.facts.group_kind == "closed"

    def mine(evening):
        return evening.series == tonight.series or not closed

    own = [evening for evening in held if mine(evening)]
    ago = {}
    for distance, evening in reversed(list(enumerate(reversed(held), start=1))):
        for card in evening.prompts().values():
            if mine(evening) or (card.phase == "explore" and card.sub_bind in THEMES):
                ago[card.prompt_id] = distance
    focus = tonight.facts.focus
    sides = [sides_of(evening.prompts().values(), focus) for evening in own if evening.facts.focus == focus]
    depths = [max(card.depth for card in evening.prompts().values()) for evening in own if evening.prompts()]
    last = held[-1].choices if held else ()
    return Past(
        ago=ago,
        sides=set().union(*sides),
        depth=depths[-1] if depths else None,
        exercises={choice.exercise.exercise_id for choice in last if choice.exercise},
    )


def sides_of(prompts, theme):
    """Name the single pulls taken up by explore prompts on a theme."""
    poles = {str(p.pole) for p in prompts if p.phase == "explore" and p.sub_bind == theme}
    return {"identity", "belonging"} if "both" in poles else poles


def rules_against(card, slot, evening, standing, past):
    """Name every hard rule that speaks against a prompt in a slot, given what stands in the other slots."""
    others = {slot_id: prompt for slot_id, prompt in standing.items() if slot_id != slot.slot_id}
    readings = {
        "H1": too_deep_for_the_evening, "H2": too_deep_for_the_frame, "H3": leaves_no_way_back, "H4": out_of_shape,
        "H5": a_leap_between_meetings, "H6": a_repeat, "H8": off_focus, "H9": does_not_fit, "H10": not_consented,
    }  # fmt: skip
    return {rule for rule, broken in readings.items() if broken(card, slot, evening, others, past)}


def too_deep_for_the_evening(card, slot, evening, others, past):
    facts = evening.facts
    caps = [facts.depth_cap, facts.depth_limit or 3]
    if facts.group_kind == "open" or facts.minutes <= 60:
        caps.append(2)
    if facts.newcomers and facts.group_kind == "open" and slot.kind in {"explore_a", "explore_b", "integrate"}:
        caps.append(1)
    return card.depth > min(caps)


def too_deep_for_the_frame(card, slot, evening, others, past):
    facts = evening.facts
    frail = facts.session_kind in {"first", "last"} or facts.group_kind == "open" or facts.minutes <= 60 or facts.lone
    return card.depth == 3 and frail


def leaves_no_way_back(card, slot, evening, others, past):
    start, end = slot.start_minute / evening.facts.minutes, (slot.start_minute + slot.minutes) / evening.facts.minutes
    late = start > 0.6 or end > 0.75
    return card.depth == 3 and (late or any(other.depth == 3 for other in others.values()))


def out_of_shape(card, slot, evening, others, past):
    by_kind = {str(s.kind): others[s.slot_id] for s in evening.slots if s.slot_id in others}
    if slot.kind == "explore_a" and any(s.kind == "explore_b" for s in evening.slots):
        leap = "explore_b" in by_kind and by_kind["explore_b"].depth > card.depth + 1
        return card.depth > 2 or leap
    if slot.kind == "explore_b":
        first = by_kind.get("explore_a")
        return card.depth > (first.depth if first else 0) + 1
    return card.depth > {"checkin": 1, "integrate": 2, "checkout": 1}.get(str(slot.kind), 3)


def a_leap_between_meetings(card, slot, evening, others, past):
    return past.depth is not None and card.depth > past.depth + 1


def a_repeat(card, slot, evening, others, past):
    if any(other.prompt_id == card.prompt_id for other in others.values()):
        return True
    if card.prompt_id in past.ago and (evening.facts.group_kind == "closed" or past.ago[card.prompt_id] <= WINDOW):
        return True
    return evening.facts.group_kind == "closed" and bool(kept_for(card) - {occasion(evening)})


def off_focus(card, slot, evening, others, past):
    facts = evening.facts
    explores = slot.kind in {"explore_a", "explore_b"}
    near, far = themes_of(slot, evening)
    if card.sub_bind not in near and (card.sub_bind not in far or (explores and card.depth > 1)):
        return True
    if facts.focus == "weaving":
        taken = {other.sub_bind for other in others.values() if other.phase == "explore"}
        return explores and card.sub_bind in taken
    if not explores or facts.focus not in THEMES or card.sub_bind != facts.focus or evening.comes_again:
        return False
    open_after = [s for s in evening.explores() if s.position > slot.position and s.slot_id not in others]
    met = past.sides | sides_of(others.values(), facts.focus) | sides_of([card], facts.focus)
    return not open_after and card.phase == "explore" and met != {"identity", "belonging"}


def does_not_fit(card, slot, evening, others, past):
    facts = evening.facts
    too_few = facts.people < (max(4, card.min_people) if card.format == "pairs" else card.min_people)
    return (
        SECTIONS.get(str(slot.kind)) != card.phase
        or card.minutes_min > slot.minutes - slot.reserved_minutes
        or (too_few and card.fallback_format not in QUIET)
        or facts.group_kind not in card.group_kinds
        or (facts.online and not card.online_ok)
        or card.language != facts.language
    )


def not_consented(card, slot, evening, others, past):
    unread = evening.facts.require_review and card.status != "reviewed"
    return unread or card.status == "retired" or (card.depth == 3 and card.format not in CONTAINED)


def themes_of(slot, evening):
    """Give the sub-binds that a slot draws on, and those that it may fall back to."""
    facts = evening.facts
    if slot.kind in {"explore_a", "explore_b"}:
        near = THEMES if facts.focus == "weaving" else (str(facts.focus),)
        newcomers = facts.newcomers and facts.group_kind == "open"
        return near, ("core",) if newcomers else ()
    return THEMES if facts.focus == "weaving" else (str(facts.focus),), ("core",)


def kept_for(card):
    return {tag.removeprefix("use:") for tag in card.tags if tag.startswith("use:")}


def occasion(evening):
    return "weaving" if evening.facts.focus == "weaving" else str(evening.facts.session_kind)


def judge(evening, past):
    """List what is wrong with what was chosen on one evening; an empty list is a clean one."""
    faults, standing = [], dict(evening.locked)
    for slot in evening.in_order():
        choice = next((c for c in evening.choices if c.slot_id == slot.slot_id), None)
        wanted = slot.phase or slot.kind in {"ground_open", "ground_close"} or slot.slot_id in evening.locked
        if choice is None:
            faults += [f"no answer for {slot.kind}"] if wanted else []
        elif slot.slot_id in evening.locked:
            same = (choice.prompt or choice.exercise) == evening.locked[slot.slot_id]
            faults += [] if same else [f"lock broken in {slot.kind}"]
        elif slot.phase:
            faults += judge_choice(choice, slot, evening, standing_prompts(standing), past)
        else:
            faults += judge_exercise(choice, slot, evening, standing, past)
        if choice and (choice.prompt or choice.exercise):
            standing[slot.slot_id] = choice.prompt or choice.exercise
    return faults + judge_both_sides(evening, past)


def standing_prompts(standing):
    return {slot_id: card for slot_id, card in standing.items() if hasattr(card, "prompt_id")}


def judge_choice(choice, slot, evening, standing, past):
    def allowed(wanted):
        return [
            card for card in evening.pool if wanted(card) and not rules_against(card, slot, evening, standing, past)
        ]

    card = choice.prompt
    if card is None:
        return judge_empty(choice, slot, evening, standing, past, allowed(lambda _card: True))
    broken = sorted(rules_against(card, slot, evening, standing, past))
    faults = [f"{rule}: {card.prompt_id} in {slot.kind}" for rule in broken]
    if evening.facts.focus != "core" and card.sub_bind == "core" and occasion(evening) not in kept_for(card):
        themed = allowed(lambda other: other.sub_bind != "core")
        faults += [f"core before {themed[0].prompt_id}"] if themed else []
    return faults + judge_side(card, slot, evening, past, allowed)


def judge_side(card, slot, evening, past, allowed):
    """With one explore part, the side that is still missing comes first."""
    met, theme = past.sides, evening.facts.focus
    themed = theme != "weaving" and card.phase == "explore" and card.sub_bind == theme
    if not themed or len(evening.explores()) != 1 or len(met) != 1 or sides_of([card], theme) - met:
        return []
    brings = allowed(lambda other: other.sub_bind == theme and sides_of([other], theme) - met)
    return [f"missing side passed over for {card.prompt_id}"] if brings else []


def judge_empty(choice, slot, evening, standing, past, allowed):
    if allowed:
        return [f"left {slot.kind} empty beside {allowed[0].prompt_id}"]
    names = {name for circle in themes_of(slot, evening) for name in circle}
    written = [card for card in evening.pool if card.phase == SECTIONS[str(slot.kind)] and card.sub_bind in names]
    said = choice.emptied_by
    if said is None:
        return [f"empty {slot.kind} without a word"]
    if said.code == "nothing_written":
        return [f"{slot.kind}: there is something written"] if written else []
    if said.code != "emptied":
        return [f"{slot.kind}: wrong word {said.code}"]
    against = Counter(r for card in written for r in rules_against(card, slot, evening, standing, past))
    rule, removed = str(said.params["rule"]), said.params["removed"]
    if said.params["considered"] != len(written) or not 0 < removed <= against[rule]:
        return [f"{slot.kind}: {rule} is named for {removed} and speaks against {against[rule]} of {len(written)}"]
    return []


def judge_exercise(choice, slot, evening, standing, past):
    allowed = [e for e in evening.exercises if not exercise_faults(e, slot, standing, past)]
    if choice.exercise is None:
        named = choice.emptied_by and choice.emptied_by.code == "no_exercise"
        return [] if named and not allowed else [f"H7: {slot.kind} left without a word or beside {allowed[:1]}"]
    return [
        f"{fault}: {choice.exercise.exercise_id}" for fault in exercise_faults(choice.exercise, slot, standing, past)
    ]


def exercise_faults(exercise, slot, standing, past):
    here = {card.exercise_id for card in standing.values() if hasattr(card, "exercise_id")}
    end = {"ground_open": "open", "ground_close": "close"}[str(slot.kind)]
    if exercise.use not in {end, "either"} or exercise.exercise_id in past.exercises | here:
        yield "H7"
    if exercise.minutes > slot.minutes - slot.reserved_minutes:
        yield "H9"


def judge_both_sides(evening, past):
    """After the last session on a theme both sides were met, or an empty explore part says why not."""
    theme = evening.facts.focus
    if theme not in THEMES or evening.comes_again:
        return []
    prompts = evening.prompts()
    free = [slot for slot in evening.explores() if slot.slot_id not in evening.locked]
    by_rule = [prompts[s.slot_id] for s in free if s.slot_id in prompts]
    met = past.sides | sides_of(prompts.values(), theme)
    ways_out = any(card.sub_bind != theme for card in by_rule)
    if met == {"identity", "belonging"} or len(by_rule) < len(free) or not free or ways_out:
        return []
    return [f"H8: {theme} ends one-sided"]


def judge_all(evenings):
    """List what is wrong with a whole history, as (number of the evening, fault)."""
    faults, held = [], []
    for number, evening in enumerate(evenings, start=1):
        faults += [(number, fault) for fault in judge(evening, look_back(held, evening))]
        held.append(evening)
    return faults


def spoil(evening, slot_id, **changes):
    """Give an evening in which a chosen prompt was changed, to see whether it is noticed."""
    choices = [
        replace(c, prompt=replace(c.prompt, **changes)) if c.slot_id == slot_id and c.prompt else c
        for c in evening.choices
    ]
    return replace(evening, choices=tuple(choices))
