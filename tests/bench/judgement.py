"""How good the automatic choice is beside a random one among prompts that the rules allow, and how fast it is.

Whole series of made-up evenings, 40 of each kind. Figures go to standard output, the same figures as a table to
standard error.
"""

import random
import sys
from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import pairwise

from facilitator.accounts.models import Role
from facilitator.accounts.service import create_facilitator
from facilitator.curriculum.rules import THEMES, GroupKind
from facilitator.curriculum.service import load_prompt_entries
from facilitator.groups.service import GroupDraft, create_group
from facilitator.planning.rules import Rhythm
from facilitator.planning.service import SeriesDraft, schedule_series
from facilitator.prompts.importing import import_entries
from facilitator.prompts.rules import choose_session, list_candidates
from facilitator.prompts.rules_agenda import GROUNDINGS, list_exercises
from facilitator.prompts.rules_cards import Arrangement, Choice, Pace
from facilitator.prompts.rules_fit import first_refusal, format_used, situation
from facilitator.prompts.rules_reasons import Reason, ReasonCode
from tests.bench.installation import EMAIL, NOW, PASSWORD, empty
from tests.bench.report import median_ms, tell
from tests.prompts.oracle import WINDOW, Evening, judge_all
from tests.prompts.rules_cases import evenings_of, plan_series

SEEDS = 40
ROUNDS = 5
LIMIT_MS = 500
LIBRARY = 5000
WAYS = (
    *(("closed-8", pace, {}) for pace in Pace),
    *(("closed-12", pace, {}) for pace in Pace),
    *(("closed-16", pace, {}) for pace in Pace),
    ("open-6 x3", Pace.GENTLE, {"cycles": 3}),
    ("open-6 x3, newcomers 30 %", Pace.GENTLE, {"cycles": 3, "newcomers": 0.3}),
    ("open-6 x3, newcomers always", Pace.GENTLE, {"cycles": 3, "newcomers": 1.0}),
)
COLUMNS = ("way", "minutes", "pace", "sessions", "empty", "breaks", "repeats", "one-sided", "cells", "fresh %", "quiet %", "depth 3 %")  # fmt: skip


@dataclass(kw_only=True)
class Tally:
    """What 40 series of one kind came to."""

    sessions: int = 0
    empty: int = 0
    breaks: int = 0
    repeats: int = 0
    one_sided: int = 0
    cells: int = 0
    steps: int = 0
    fresh: int = 0
    quiet: int = 0
    deep_allowed: int = 0
    deep: int = 0

    def row(self) -> list[str]:
        """Give the figures as they stand in the table, in the order of COLUMNS from the sessions on."""
        counts = [self.sessions // SEEDS, self.empty, self.breaks, self.repeats, self.one_sided]
        shares = [
            percent(self.fresh, self.steps),
            percent(self.quiet, self.sessions),
            percent(self.deep, self.deep_allowed),
        ]
        return [*(str(n) for n in counts), f"{self.cells / SEEDS:.1f}", *(f"{share:.0f}" for share in shares)]


def run() -> None:
    """Judge every kind of series, then measure the longest with a large library."""
    print(" | ".join(COLUMNS), "(figure / random peer)", file=sys.stderr)
    for way, pace, given in WAYS:
        for minutes in (60, 75, 90):
            ours, peer = (judge_way(way, minutes, pace, choose, given) for choose in (choose_session, choose_at_random))
            _print_row(way, minutes, pace, ours, peer)
            _tell_all(f"judgement: {way}, {minutes} min, {pace}", ours, peer)
    tell(f"judgement: 16 sessions from {LIBRARY} prompts", seconds_to_plan() * 1000, "ms", "limit", LIMIT_MS)


def judge_way(way, minutes, pace, choose, given) -> Tally:
    """Plan 40 series of one kind and count what they came to."""
    tally = Tally()
    for seed in range(SEEDS):
        log, _history = plan_series(way.partition(" ")[0], minutes, seed, choose=choose, pace=pace, **given)
        count_series(tally, log)
    return tally


def count_series(tally: Tally, log) -> None:
    """Add one series to what was counted."""
    repeating = log[0][0].group_kind is GroupKind.OPEN
    evenings = evenings_of(log, pool=())
    # with an empty pool the judge looks at what was chosen alone, not at what else there was
    tally.breaks += sum(fault.startswith("H") for _number, fault in judge_all(evenings))
    tally.sessions += len(evenings)
    tally.empty += sum(choice.emptied_by is not None for evening in evenings for choice in evening.choices)
    tally.repeats += count_repeats(evenings, WINDOW if repeating else len(evenings))
    explored = [(e.facts.focus, c) for e in evenings for c in e.prompts().values() if c.phase == "explore"]
    for theme in THEMES:
        sides = {side for focus, card in explored if focus == card.sub_bind == theme for side in card.pole.sides}
        tally.one_sided += len(sides) < 2
    had = [card for evening in evenings for card in evening.prompts().values() if card.sub_bind in THEMES]
    tally.cells += len({(card.sub_bind, card.pole, arena) for card in had for arena in card.arenas})
    for evening in evenings:
        count_evening(tally, evening)


def count_evening(tally: Tally, evening: Evening) -> None:
    """Add the formats and the depth of one session."""
    prompts = evening.prompts()
    in_order = [prompts[slot.slot_id] for slot in evening.in_order() if slot.slot_id in prompts]
    formats = [format_used(card, evening.facts.people) for card in in_order]
    tally.steps += max(0, len(formats) - 1)
    tally.fresh += sum(one is not other for one, other in pairwise(formats))
    tally.quiet += not {"writing", "silent"}.isdisjoint(formats)
    facts = evening.facts
    allowed = facts.depth_cap == 3 and facts.minutes > 60 and not facts.lone
    tally.deep_allowed += allowed
    tally.deep += allowed and any(card.depth == 3 for card in in_order)


def count_repeats(evenings, window: int) -> int:
    """Count prompts that came again within so many sessions."""
    last, repeats = {}, 0
    for number, evening in enumerate(evenings):
        for card in evening.prompts().values():
            repeats += card.prompt_id in last and number - last[card.prompt_id] <= window
            last[card.prompt_id] = number
    return repeats


def choose_at_random(facts, slots, prompts, exercises, history, *, locked, seed):
    """Choose for every slot at random among what the hard rules allow; nothing is weighed."""
    draw, choices = random.Random(seed), []
    arrangement = Arrangement(slots=tuple(sorted(slots, key=lambda slot: slot.position)))
    for slot in arrangement.slots:
        if slot.kind in GROUNDINGS:
            found = list_exercises(slot, exercises, history, arrangement)
            choice = Choice(slot_id=slot.slot_id, exercise=draw.choice(found) if found else None)
        elif slot.phase:
            at = situation(slot, facts, history, arrangement)
            allowed = [card for card in list_candidates(at, prompts) if first_refusal(card, at) is None]
            choice = Choice(slot_id=slot.slot_id, prompt=draw.choice(allowed) if allowed else None)
        else:
            continue
        if choice.prompt:
            arrangement = replace(arrangement, prompts={**arrangement.prompts, slot.slot_id: choice.prompt})
        elif choice.exercise:
            arrangement = replace(arrangement, exercises={**arrangement.exercises, slot.slot_id: choice.exercise})
        else:
            choice = replace(choice, emptied_by=Reason(code=ReasonCode.NOTHING_WRITTEN))
        choices.append(choice)
    return tuple(choices)


def seconds_to_plan() -> float:
    """Return how long a series of 16 takes from a library of 5,000 prompts: load, choose and store, on SQLite."""
    with empty() as (_config, database):
        with database.write() as db:
            ana = create_facilitator(
                db, name="Ana", email=EMAIL, password=PASSWORD, role=Role.ADMIN, zone="Europe/London", now=NOW
            )
            shipped = load_prompt_entries()
            more = [replace(shipped[n % len(shipped)], id=f"more-{n}") for n in range(LIBRARY - len(shipped))]
            import_entries(db, more)
            db.commit()

        def plan() -> None:
            with database.write() as db:
                group = create_group(
                    db,
                    ana,
                    GroupDraft(label="Circle", kind=GroupKind.CLOSED, capacity=8, zone="Europe/London", minutes=90),
                    NOW,
                )
                draft = SeriesDraft(
                    pathway_id="closed-16", first_on=NOW.date() + timedelta(days=7), start_time=time(18, 30),
                    zone="Europe/London", minutes=90, rhythm=Rhythm.WEEKLY,
                )  # fmt: skip
                schedule_series(db, group, draft, NOW, require_review=False)
                db.commit()

        return median_ms(plan, ROUNDS) / 1000


def percent(part: int, whole: int) -> float:
    """Give a share in percent, 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def _print_row(way: str, minutes: int, pace: Pace, ours: Tally, peer: Tally) -> None:
    figures = [a if a == b else f"{a} / {b}" for a, b in zip(ours.row(), peer.row(), strict=True)]
    print(" | ".join([way, str(minutes), str(pace), *figures]), file=sys.stderr)


def _tell_all(name: str, ours: Tally, peer: Tally) -> None:
    for what, unit in (("empty", "slots"), ("breaks", "rules"), ("repeats", "prompts"), ("one_sided", "themes")):
        tell(f"{name}: {what}", getattr(ours, what), unit, "random", getattr(peer, what))
    tell(f"{name}: cells", ours.cells / SEEDS, "of 48", "random", peer.cells / SEEDS)
    for what, part, whole in (
        ("another format than before", "fresh", "steps"),
        ("sessions with a quiet part", "quiet", "sessions"),
        ("depth 3 where allowed", "deep", "deep_allowed"),
    ):
        shares = [percent(getattr(tally, part), getattr(tally, whole)) for tally in (ours, peer)]
        tell(f"{name}: {what}", shares[0], "%", "random", shares[1])
