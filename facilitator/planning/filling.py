"""Fills the slots of sessions by the assignment rules and writes down what fills them and why.

What a facilitator locked is never touched. A slot that is locked and empty is a silent minute.
It must never decide which prompt is better: the rules do.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.pathways import Agenda
from facilitator.curriculum.rules import GroupKind, Phase, SegmentKind, SessionKind
from facilitator.planning.models import Assignment, GroupSession, Segment, Series
from facilitator.planning.scene import Scene, facts_of, history_of
from facilitator.prompts.rules import choose_session
from facilitator.prompts.rules_agenda import exercise_refusals
from facilitator.prompts.rules_cards import Arrangement, Choice, ExerciseCard, History, PromptCard, SessionFacts, Slot
from facilitator.prompts.rules_fit import refusals
from facilitator.prompts.rules_reasons import Reason, ReasonCode, Refusal

Card = PromptCard | ExerciseCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One session laid out for choosing: its agenda, what fills it now, and what the rules go by.

    Args:
        rows: what is written down, by segment id.
        standing: the prompt or exercise in each filled slot.
    """

    scene: Scene
    session: GroupSession
    seed: str
    segments: Sequence[Segment]
    rows: Mapping[str, Assignment]
    standing: Mapping[str, Card]
    facts: SessionFacts
    history: History

    @property
    def all_slots(self) -> tuple[Slot, ...]:
        """Return the whole agenda as the rules see it."""
        return slots_of(self.segments)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Return the agenda with its silent minutes, which take no prompt."""
        silent = self.silent
        return tuple(replace(slot, phase=None) if slot.slot_id in silent else slot for slot in self.all_slots)

    @property
    def silent(self) -> frozenset[str]:
        """Name the slots that a facilitator emptied."""
        return frozenset(slot_id for slot_id, row in self.rows.items() if is_silent(row))

    @property
    def arrangement(self) -> Arrangement:
        """Return what stands where."""
        return Arrangement(
            slots=self.slots,
            prompts={slot_id: card for slot_id, card in self.standing.items() if isinstance(card, PromptCard)},
            exercises={slot_id: card for slot_id, card in self.standing.items() if isinstance(card, ExerciseCard)},
        )

    def locked(self) -> dict[str, Card]:
        """Return what a facilitator fixed."""
        return {slot_id: card for slot_id, card in self.standing.items() if self.rows[slot_id].locked}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """What came of choosing anew where a plan no longer fitted.

    Args:
        chosen: parts that have another prompt or exercise now.
        emptied: parts whose prompt went and where nothing else qualified.
        kept: locked parts that stayed although a rule refuses them, with what the rule says.
    """

    chosen: tuple[Segment, ...]
    emptied: tuple[Segment, ...]
    kept: tuple[tuple[Segment, Refusal], ...]


def is_silent(row: Assignment) -> bool:
    """Say whether a facilitator emptied a slot: it is locked with nothing in it."""
    return row.locked and row.prompt_version_id is None and row.exercise_id is None


def slots_of(segments: Sequence[Segment]) -> tuple[Slot, ...]:
    """Return an agenda as the rules see it, with the minute at which each part starts."""
    minute, slots = 0, []
    for segment in sorted(segments, key=lambda s: s.position):
        slots.append(
            Slot(
                slot_id=segment.id,
                position=segment.position,
                kind=SegmentKind(segment.kind),
                phase=Phase(segment.phase) if segment.phase else None,
                minutes=segment.minutes,
                reserved_minutes=segment.reserved_minutes,
                start_minute=minute,
            )
        )
        minute += segment.minutes
    return tuple(slots)


def agenda_of(scene: Scene, session: GroupSession) -> Agenda:
    """Return the agenda in the library for a session of this kind and length."""
    kinds = GroupKind(scene.group.kind), SessionKind(session.session_kind)
    return scene.catalogue.agenda(kinds[0], session.minutes, kinds[1])


def lay_agenda(scene: Scene, session: GroupSession) -> list[Segment]:
    """Make the segments of a session from its agenda."""
    return [
        Segment(
            session_id=session.id,
            position=part.order,
            kind=part.kind,
            title=part.title,
            minutes=part.minutes,
            reserved_minutes=part.reserved_minutes,
            phase=part.phase or "",
            purpose=part.purpose,
            facilitator_note=part.facilitator_note,
        )
        for part in agenda_of(scene, session).segments
    ]


def open_desk(db: Session, scene: Scene, session: GroupSession) -> Desk:
    """Lay out a session that is in the database, in three queries."""
    segments = db.scalars(select(Segment).where(Segment.session_id == session.id).order_by(Segment.position)).all()
    rows = {row.segment_id: row for row in db.scalars(select(Assignment).where(Assignment.session_id == session.id))}
    seed = db.scalar(select(Series.seed).where(Series.id == session.series_id)) or ""
    # what was skipped in the room no longer counts, so it is not among the choices
    found = {choice.slot_id: choice.prompt or choice.exercise for choice in scene.choices.get(session.id, ())}
    return Desk(
        scene=scene,
        session=session,
        seed=seed,
        segments=segments,
        rows=rows,
        # a part that a shorter agenda dropped took its row with it
        standing={slot_id: card for slot_id, card in found.items() if card and slot_id in rows},
        facts=facts_of(scene, session),
        history=history_of(scene, session),
    )


def fill_new(scene: Scene, session: GroupSession, seed: str, segments: Sequence[Segment]) -> list[Assignment]:
    """Choose for every slot of a session that has nothing yet, and return the rows to add."""
    choices = choose_session(
        facts_of(scene, session),
        slots_of(segments),
        scene.pool,
        scene.exercises,
        history_of(scene, session),
        locked={},
        seed=draw_seed(session, seed),
    )
    scene.choices[session.id] = choices
    return [write_choice(Assignment(segment_id=choice.slot_id, session_id=session.id), choice) for choice in choices]


def draw_seed(session: GroupSession, seed: str) -> str:
    """Return what decides between equals: the series, the step of its pathway, and how often it was chosen anew."""
    return f"{seed}/{session.cycle}/{session.pathway_position}/{session.attempt}"


def choose(desk: Desk, keep: Mapping[str, Card]) -> tuple[Choice, ...]:
    """Return what stands in a session when something is kept and the rest is chosen; what is kept has warnings.

    Nothing is written, and the scene does not learn of it.
    """
    scene, seed = desk.scene, draw_seed(desk.session, desk.seed)
    return choose_session(desk.facts, desk.slots, scene.pool, scene.exercises, desk.history, locked=keep, seed=seed)


def choose_again(db: Session, desk: Desk, keep: Mapping[str, Card]) -> tuple[Choice, ...]:
    """Choose anew for every slot that is neither kept nor silent, write it down, and return what stands now.

    Args:
        db: the open session.
        desk: the session laid out.
        keep: what stays, by segment id; what is locked has to be among it.
    """
    scene, session = desk.scene, desk.session
    choices = choose(desk, keep)
    scene.choices[session.id] = choices
    for choice in choices:
        if choice.slot_id not in keep:
            row = desk.rows.get(choice.slot_id)
            if row is None:
                row = Assignment(segment_id=choice.slot_id, session_id=session.id)
                db.add(row)
            write_choice(row, choice)
    db.flush()
    return choices


def refit(db: Session, desk: Desk, done: Collection[str] = ()) -> Refit:
    """Choose anew where what stands now breaks a rule or nothing stands, keep all the rest, and say what came of it.

    Args:
        db: the open session.
        desk: the session laid out.
        done: parts that were used already, which keep what they had whatever the rules say now.
    """
    locked = desk.locked()
    kept = {*passing(desk), *(slot_id for slot_id in done if slot_id in desk.standing)}
    choices = choose_again(db, desk, locked | {slot_id: desk.standing[slot_id] for slot_id in kept})
    parts = {segment.id: segment for segment in desk.segments}
    changed = [choice for choice in choices if _card_of(choice) != desk.standing.get(choice.slot_id)]
    return Refit(
        chosen=tuple(parts[choice.slot_id] for choice in changed if _card_of(choice)),
        emptied=tuple(parts[choice.slot_id] for choice in changed if not _card_of(choice)),
        kept=tuple(
            (parts[choice.slot_id], choice.warnings[0])
            for choice in choices
            if choice.slot_id in locked and choice.warnings
        ),
    )


def _card_of(choice: Choice) -> Card | None:
    return choice.prompt or choice.exercise


def passing(desk: Desk) -> Collection[str]:
    """Name the slots whose prompt or exercise passes every hard rule."""
    arrangement = desk.arrangement
    slots = {slot.slot_id: slot for slot in arrangement.slots}
    return {slot_id for slot_id, card in desk.standing.items() if not _judge(desk, slots[slot_id], card, arrangement)}


def _judge(desk: Desk, slot: Slot, card: Card, arrangement: Arrangement) -> bool:
    if isinstance(card, PromptCard):
        return bool(refusals(card, slot, desk.facts, desk.history, arrangement))
    return bool(exercise_refusals(card, slot, desk.history, arrangement))


def write_choice(row: Assignment, choice: Choice) -> Assignment:
    """Write into a row what the rules chose and why, and return it."""
    row.prompt_version_id = choice.prompt.version_id if choice.prompt else None
    row.exercise_id = choice.exercise.exercise_id if choice.exercise else None
    row.exercise_version = choice.exercise.version if choice.exercise else 0
    row.reasons = store_reasons(choice.reasons)
    row.emptied_by = store_reasons([choice.emptied_by])[0] if choice.emptied_by else None
    return row


def store_reasons(reasons: Iterable[Reason]) -> list[dict[str, object]]:
    """Return reasons as they are stored: codes, ids and numbers."""
    return [{"code": str(reason.code), "params": dict(reason.params)} for reason in reasons]


def read_reason(stored: Mapping[str, object]) -> Reason:
    """Return a stored reason."""
    params = stored["params"]
    if not isinstance(params, dict):
        raise TypeError("the parameters of a reason are a mapping")
    return Reason(code=ReasonCode(str(stored["code"])), params=params)
