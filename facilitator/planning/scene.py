"""What stands around a session in its group: its sessions in order, what fills them, and the content they draw on.

Loaded once for a use case, whatever the number of sessions, and handed to the assignment rules as facts and history.
It reads; it never writes a row.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.editions import edition
from facilitator.curriculum.pathways import Pathway, PathwaySession
from facilitator.curriculum.rules import Focus, GroupKind, Pole, SessionKind
from facilitator.groups.models import Group, GroupFacilitator
from facilitator.planning.models import Assignment, GroupSession, Outcome, Segment, Series, SessionStatus
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import CARD_COLUMNS, load_pool, read_card
from facilitator.prompts.rules_cards import (
    Choice,
    ExerciseCard,
    History,
    Pace,
    PromptCard,
    PromptPool,
    Run,
    SessionFacts,
)
from facilitator.prompts.rules_coverage import carry_over, remember

EXTRA_POLES = (Pole.BOTH, Pole.IDENTITY, Pole.BELONGING)
"""An inserted session takes up its focus once more with both sides together."""


@dataclass(kw_only=True)
class Scene:
    """A group's sessions and what fills them, by session id; new sessions and choices are entered as they are made.

    Args:
        sessions: all of the group, cancelled ones too.
        choices: what counts of each filled session; what was skipped in the room does not.
        runs: how long prompts took in each session where somebody noted it, by session id and prompt id.
        skipped: the prompts that were skipped in each session, by session id.
        pathways: what each series was planned along, by series id.
        catalogue: the content in the group's language.
        facilitator_ids: whose own prompts may be placed here.
        require_review: whether only reviewed prompts may be placed by themselves.
    """

    group: Group
    sessions: list[GroupSession]
    choices: dict[str, tuple[Choice, ...]]
    pathways: dict[str, Pathway]
    runs: dict[str, dict[str, Run]] = field(default_factory=dict)
    skipped: dict[str, set[str]] = field(default_factory=dict)
    catalogue: Catalogue
    facilitator_ids: frozenset[str]
    pool: PromptPool = field(default_factory=lambda: PromptPool(()))
    require_review: bool = True

    @property
    def language(self) -> str:
        """Return the language of the group, or the source language where the library has no edition of it."""
        return self.catalogue.language

    @cached_property
    def exercises(self) -> tuple[ExerciseCard, ...]:
        """Return the grounding exercises as the rules see them."""
        found = self.catalogue.exercises
        return tuple(ExerciseCard(exercise_id=e.id, version=e.version, use=e.use, minutes=e.minutes) for e in found)

    def pathway(self, session: GroupSession) -> Pathway:
        """Return the pathway that a session belongs to."""
        return self.pathways[session.series_id]

    def step(self, session: GroupSession) -> PathwaySession:
        """Return the step of the pathway that a session takes."""
        return self.pathway(session).sessions[session.pathway_position - 1]

    def series(self, session: GroupSession) -> list[GroupSession]:
        """List the sessions of the same series, as people count them."""
        return sorted((s for s in self.sessions if s.series_id == session.series_id), key=lambda s: s.position)


def load_scene(db: Session, group: Group, *, require_review: bool = True) -> Scene:
    """Load what stands around the sessions of a group, the pool aside, in four queries."""
    rows = db.execute(
        select(GroupSession, Series.pathway_id, Series.pathway_version)
        .join(Series, Series.id == GroupSession.series_id)
        .where(GroupSession.group_id == group.id)
        .order_by(GroupSession.starts_at)
    ).all()
    leading = select(GroupFacilitator.facilitator_id).where(GroupFacilitator.group_id == group.id)
    content = edition(db, group.language)
    scene = Scene(
        group=group,
        sessions=[session for session, _, _ in rows],
        choices={},
        pathways={session.series_id: content.pathway(pathway, version) for session, pathway, version in rows},
        catalogue=content,
        facilitator_ids=frozenset(db.scalars(leading)),
        require_review=require_review,
    )
    _load_choices(db, scene)
    return scene


def add_pool(db: Session, scene: Scene) -> Scene:
    """Load the prompts that the rules may choose from, and return the scene."""
    scene.pool = PromptPool(load_pool(db, scene.language, scene.facilitator_ids))
    return scene


def _load_choices(db: Session, scene: Scene) -> None:
    """Enter what counts of each session into the scene, and beside it what was skipped and how long prompts took."""
    rows = db.execute(
        select(
            Assignment.session_id,
            Assignment.segment_id,
            Assignment.exercise_id,
            Assignment.outcome,
            Assignment.actual_minutes,
            (Segment.minutes - Segment.reserved_minutes).label("planned_minutes"),
            GroupSession.on_date,
            *CARD_COLUMNS,
        )
        .join(Segment, Segment.id == Assignment.segment_id)
        .join(GroupSession, GroupSession.id == Assignment.session_id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .outerjoin(Prompt, Prompt.id == PromptVersion.prompt_id)
        .where(GroupSession.group_id == scene.group.id)
    )
    exercises = {card.exercise_id: card for card in scene.exercises}
    cards: dict[str, PromptCard] = {}
    found: dict[str, list[Choice]] = {}
    for row in rows:
        # a session in which everything was skipped was held all the same, and is not still to fill
        counted = found.setdefault(row.session_id, [])
        if row.outcome == Outcome.SKIPPED:
            if row.prompt_id:
                scene.skipped.setdefault(row.session_id, set()).add(row.prompt_id)
            continue
        if row.actual_minutes is not None:
            run = Run(took=row.actual_minutes, planned=row.planned_minutes, on=row.on_date)
            scene.runs.setdefault(row.session_id, {})[row.prompt_id] = run
        if row.version_id and row.version_id not in cards:
            cards[row.version_id] = read_card(row, scene.facilitator_ids)
        choice = Choice(
            slot_id=row.segment_id,
            prompt=cards.get(row.version_id or ""),
            exercise=exercises.get(row.exercise_id or ""),
        )
        counted.append(choice)
    scene.choices = {session_id: tuple(choices) for session_id, choices in found.items()}


def facts_of(scene: Scene, session: GroupSession) -> SessionFacts:
    """Return what the assignment rules know of a session.

    A group is taken at its full size, so that a plan does not change with every address on the list. A focus has its
    last meeting when no other session of the series on it is left to fill.
    """
    step = scene.step(session)
    extra = _is_extra(scene, session)
    return replace(
        _plain_facts(scene.group, session),
        language=scene.language,
        depth_cap=session.depth_cap,
        depth_limit=session.depth_limit,
        previous_depth=_previous_depth(scene, session),
        lone=session.lone,
        newcomers=session.newcomers,
        online=bool(session.link),
        explore_a_poles=EXTRA_POLES if extra else step.explore_a_poles,
        explore_b_poles=EXTRA_POLES if extra else step.explore_b_poles,
        single_explore_poles=EXTRA_POLES if extra else step.single_explore_poles,
        last_meeting=_is_last_to_fill(scene, session),
        cycle=session.cycle,
        require_review=scene.require_review,
        pace=Pace(scene.group.pace),
    )


def history_of(scene: Scene, session: GroupSession) -> History:
    """Return what counts against new choices for a session.

    In an open group, every other session that was not cancelled. In a closed group, those of the same series, and
    from earlier series the themed explores alone. Sessions that are planned for later count like earlier ones:
    the future is the past in reverse, so the nearest one is one session away.
    """
    before, after = _around(scene, session)
    if scene.group.kind == GroupKind.OPEN:
        return _join(_replay(scene, before), _replay(scene, reversed(after)))
    old = [s for s in before if s.series_id != session.series_id]
    own = [s for s in before if s.series_id == session.series_id]
    later = [s for s in after if s.series_id == session.series_id]
    themed = [choice.prompt for s in old for choice in scene.choices.get(s.id, ()) if choice.prompt]
    carried = carry_over(_replay(scene, old), themed)
    return _join(_replay(scene, own, carried), _replay(scene, reversed(later)))


def _around(scene: Scene, session: GroupSession) -> tuple[list[GroupSession], list[GroupSession]]:
    counted = [s for s in scene.sessions if s.id != session.id and s.status != SessionStatus.CANCELLED]
    counted.sort(key=lambda s: s.starts_at)
    before = [s for s in counted if s.starts_at < session.starts_at]
    return before, counted[len(before) :]


def _replay(scene: Scene, sessions: Iterable[GroupSession], history: History | None = None) -> History:
    result = history or History()
    for session in sessions:
        if session.id in scene.choices:
            result = remember(result, _plain_facts(scene.group, session), scene.choices[session.id])
            skipped = dict.fromkeys(scene.skipped.get(session.id, ()), session.on_date)
            runs = scene.runs.get(session.id, {})
            result = replace(result, runs={**result.runs, **runs}, skipped={**result.skipped, **skipped})
    return result


def _join(past: History, future: History) -> History:
    used = dict(past.used)
    for prompt_id, away in future.used.items():
        used[prompt_id] = min(away, used.get(prompt_id, away))
    themes = {*past.sides_met, *future.sides_met}
    none: frozenset[Pole] = frozenset()
    return History(
        used=used,
        cells=Counter(past.cells) + Counter(future.cells),
        sides_met={theme: past.sides_met.get(theme, none) | future.sides_met.get(theme, none) for theme in themes},
        last_exercises=past.last_exercises | future.last_exercises,
        exercise_uses=Counter(past.exercise_uses) + Counter(future.exercise_uses),
        # what comes later tells neither how long something took nor what was left out
        runs=past.runs,
        skipped=past.skipped,
    )


def _plain_facts(group: Group, session: GroupSession) -> SessionFacts:
    return SessionFacts(
        focus=Focus(session.focus),
        session_kind=SessionKind(session.session_kind),
        group_kind=GroupKind(group.kind),
        minutes=session.minutes,
        depth_cap=session.depth_cap,
        people=group.capacity,
    )


def _previous_depth(scene: Scene, session: GroupSession) -> int | None:
    """Return the depth of the last session that had any; a new series of a closed group starts anew."""
    before, _ = _around(scene, session)
    closed = scene.group.kind == GroupKind.CLOSED
    for earlier in reversed(before):
        depth = depth_of(scene.choices.get(earlier.id, ()))
        if depth and not (closed and earlier.series_id != session.series_id):
            return depth
    return None


def depth_of(choices: Sequence[Choice]) -> int:
    """Return the deepest level among some choices, 0 where there is no prompt."""
    return max((choice.prompt.depth for choice in choices if choice.prompt), default=0)


def _is_last_to_fill(scene: Scene, session: GroupSession) -> bool:
    return not any(
        other.focus == session.focus
        and other.id != session.id
        and other.id not in scene.choices
        and other.status != SessionStatus.CANCELLED
        for other in scene.series(session)
    )


def _is_extra(scene: Scene, session: GroupSession) -> bool:
    """Say whether a session was inserted: it takes the same step of the pathway as one before it."""
    step = (session.cycle, session.pathway_position)
    return any(
        (other.cycle, other.pathway_position) == step and other.position < session.position
        for other in scene.series(session)
    )
