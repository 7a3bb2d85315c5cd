"""What a group has covered: the matrix of sub-binds and poles, and the history that a session leaves behind.

It reports what is covered, never how people are doing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from facilitator.curriculum.rules import THEMES, Phase
from facilitator.prompts.rules_cards import Cell, Choice, History, PromptCard, SessionFacts


def count_cells(prompts: Iterable[PromptCard], before: Mapping[Cell, int] | None = None) -> Counter[Cell]:
    """Count prompts by sub-bind, pole and arena, on top of an earlier count."""
    cells: Counter[Cell] = Counter(before or {})
    cells.update((card.sub_bind, card.pole, arena) for card in prompts for arena in card.arenas)
    return cells


def remember(history: History, facts: SessionFacts, choices: Iterable[Choice]) -> History:
    """Give the history after a session: everything one session further back, and tonight at distance 1.

    Poles count as met where an explore prompt on the session's focus took them up.
    """
    choices = tuple(choices)
    prompts = [choice.prompt for choice in choices if choice.prompt]
    exercises = [choice.exercise.exercise_id for choice in choices if choice.exercise]
    explored = [card for card in prompts if card.phase is Phase.EXPLORE and card.sub_bind is facts.sub_bind]
    sides = dict(history.sides_met)
    for card in explored:
        sides[card.sub_bind] = sides.get(card.sub_bind, frozenset()) | card.pole.sides
    used = {prompt_id: ago + 1 for prompt_id, ago in history.used.items()}
    tonight = {card.prompt_id: 1 for card in prompts}
    return History(
        used=used | tonight,
        cells=count_cells(prompts, history.cells),
        sides_met=sides,
        last_exercises=frozenset(exercises),
        exercise_uses=Counter(history.exercise_uses) + Counter(exercises),
        runs=history.runs,
        skipped={prompt_id: on for prompt_id, on in history.skipped.items() if prompt_id not in tonight},
    )


def carry_over(history: History, prompts: Iterable[PromptCard]) -> History:
    """Give the history that a second series of a closed group starts from.

    Only explore prompts on the four sub-binds stay used; openings, check-ins and closings come round again, and
    coverage and poles start afresh. An open group keeps its history as it is.
    """
    themed = {card.prompt_id for card in prompts if card.phase is Phase.EXPLORE and card.sub_bind in THEMES}
    kept = {prompt_id: ago for prompt_id, ago in history.used.items() if prompt_id in themed}
    return replace(history, used=kept, cells={}, sides_met={})
