"""A dry run of a pathway: what the assignment would choose for its sessions, with no group and nothing written.

The real rules choose from the real prompts over the agendas of one length. What comes of it are counts and the parts
that would stay empty; the prompts themselves differ from group to group.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.pathways import Agenda, Pathway, PathwaySession
from facilitator.curriculum.rules import Pole, SubBind, effective_cap
from facilitator.prompts.rules import choose_session
from facilitator.prompts.rules_cards import Choice, ExerciseCard, History, PromptPool, SessionFacts, Slot
from facilitator.prompts.rules_coverage import remember
from facilitator.prompts.rules_reasons import Reason

PEOPLE = 8
SEED = "rehearsal"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyPart:
    """A part of a session that no prompt qualifies for.

    Args:
        position: of the session, counted from 1.
        part: what the part is called.
        reason: what emptied it.
    """

    position: int
    part: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a pathway would bring to a group of the usual size.

    Args:
        minutes: the length of its sessions.
        counts: prompts by sub-bind and pole.
        depths: the deepest prompt of each session, 0 where it has none.
    """

    minutes: int
    counts: Mapping[tuple[SubBind, Pole], int]
    depths: tuple[int, ...]
    empty: tuple[EmptyPart, ...]


def rehearse(
    pathway: Pathway, minutes: int, content: Catalogue, pool: PromptPool, *, require_review: bool
) -> Rehearsal:
    """Choose for every session of a pathway in order, each knowing what came before.

    Raises:
        NotFound: when there are no agendas of this length.
    """
    exercises = [
        ExerciseCard(exercise_id=e.id, version=e.version, use=e.use, minutes=e.minutes) for e in content.exercises
    ]
    history, counts = History(), Counter[tuple[SubBind, Pole]]()
    depths: list[int] = []
    empty: list[EmptyPart] = []
    for step in pathway.sessions:
        agenda = content.agenda(pathway.group_kind, minutes, step.session_kind)
        facts = replace(_facts(pathway, step, minutes, content.language), require_review=require_review)
        facts = replace(facts, previous_depth=next((depth for depth in reversed(depths) if depth), None))
        slots = _lay_out(agenda)
        seed = f"{SEED}/{step.position}"
        choices = choose_session(facts, slots, pool, exercises, history, locked={}, seed=seed)
        history = remember(history, facts, choices)
        prompts = [choice.prompt for choice in choices if choice.prompt]
        counts.update((card.sub_bind, card.pole) for card in prompts)
        depths.append(max((card.depth for card in prompts), default=0))
        empty += _list_empty(step, agenda, choices)
    return Rehearsal(minutes=minutes, counts=counts, depths=tuple(depths), empty=tuple(empty))


def _facts(pathway: Pathway, step: PathwaySession, minutes: int, language: str) -> SessionFacts:
    return SessionFacts(
        focus=step.focus,
        session_kind=step.session_kind,
        group_kind=pathway.group_kind,
        minutes=minutes,
        language=language,
        depth_cap=effective_cap(step.depth_cap, pathway.group_kind, minutes),
        people=PEOPLE,
        explore_a_poles=step.explore_a_poles,
        explore_b_poles=step.explore_b_poles,
        single_explore_poles=step.single_explore_poles,
        last_meeting=not any(each.focus is step.focus for each in pathway.sessions[step.position :]),
    )


def _lay_out(agenda: Agenda) -> list[Slot]:
    return [
        Slot(
            slot_id=str(part.order),
            position=part.order,
            kind=part.kind,
            phase=part.phase,
            minutes=part.minutes,
            reserved_minutes=part.reserved_minutes,
            start_minute=part.start_minute,
        )
        for part in agenda.segments
    ]


def _list_empty(step: PathwaySession, agenda: Agenda, choices: Sequence[Choice]) -> list[EmptyPart]:
    titles = {str(part.order): part.title for part in agenda.segments}
    return [
        EmptyPart(position=step.position, part=titles[choice.slot_id], reason=choice.emptied_by)
        for choice in choices
        if choice.emptied_by
    ]
