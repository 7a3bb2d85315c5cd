"""What another session has in its parts, and what of it the group of a scene can have. It reads, and never writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.pathways import AgendaSegment
from facilitator.curriculum.rules import SubBind
from facilitator.groups.models import Group
from facilitator.planning.filling import Card
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.planning.scene import Scene
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import CARD_COLUMNS, read_card
from facilitator.prompts.rules_cards import PromptCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The session whose plan is taken over, and its group."""

    session: GroupSession
    group: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a session with what stands in it.

    Args:
        words: the text of its prompt.
        owner_id: who wrote the prompt, where it is somebody's own.
    """

    segment: Segment
    row: Assignment | None
    card: PromptCard | None
    words: str = ""
    owner_id: str | None = None


def load_parts(db: Session, sessions: Iterable[GroupSession], scene: Scene) -> Mapping[str, list[Part]]:
    """Return the parts of sessions with what stands in them, in order, by session id, in one query."""
    ids = [session.id for session in sessions]
    found: dict[str, list[Part]] = {session_id: [] for session_id in ids}
    rows = db.execute(
        select(Segment, Assignment, PromptVersion.text.label("words"), Prompt.shared, *CARD_COLUMNS)
        .outerjoin(Assignment, Assignment.segment_id == Segment.id)
        .outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        .outerjoin(Prompt, Prompt.id == PromptVersion.prompt_id)
        .where(Segment.session_id.in_(ids))
        .order_by(Segment.position)
    )
    for row in rows:
        part = Part(
            segment=row.Segment,
            row=row.Assignment,
            card=read_card(row, scene.facilitator_ids) if row.version_id else None,
            words=row.words or "",
            owner_id=None if row.shared else row.owner_id,
        )
        found[row.Segment.session_id].append(part)
    return found


def in_words_of(parts: Sequence[AgendaSegment], scene: Scene, source: Group) -> Sequence[AgendaSegment]:
    """Return parts in the language of the group that takes them over, as the library says them there."""
    if source.language == scene.group.language:
        return parts
    said = {part.kind: part for agenda in reversed(scene.catalogue.agendas) for part in agenda.segments}
    return [
        replace(part, title=words.title, purpose=words.purpose, facilitator_note=words.facilitator_note)
        for part in parts
        for words in [said.get(part.kind, part)]
    ]


def find_card(scene: Scene, part: Part) -> Card | None:
    """Return what stood in a part as this group can have it: in its language, in the newest version."""
    if part.row is not None and part.row.exercise_id:
        return next((each for each in scene.exercises if each.exercise_id == part.row.exercise_id), None)
    if part.card is None:
        return None
    written = scene.pool.of(part.card.phase, tuple(SubBind))
    return next((each for each in written if each.prompt_id == part.card.prompt_id), None)
