"""Takes the plan of one session over for another: order and minutes, and every prompt that the rules allow there.

What a rule refuses there is chosen anew, and the rule is named. A lock goes along with what it holds; a part that is
locked in the session that takes over keeps what it has. What would happen is worked out as values first, so that a page
can show it; the same values are written afterwards. Nothing of people, notes or what became of a session is copied.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.planning.filling import Card, Desk, choose, choose_again, is_silent, store_reasons
from facilitator.planning.keeping import read_parts
from facilitator.planning.laying import Laying, Place, kind_of, plan_laying, write_laying
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.planning.originals import Part, Source, find_card, in_words_of
from facilitator.planning.rules_lengths import pair_parts
from facilitator.planning.scene import Scene, facts_of, history_of
from facilitator.prompts import rules
from facilitator.prompts.rules_agenda import GROUNDINGS
from facilitator.prompts.rules_cards import Choice, ExerciseCard, PromptCard, PromptPool
from facilitator.prompts.rules_reasons import Refusal, RefusalCode


class Fate(StrEnum):
    """What becomes of one part of the session that takes over."""

    TAKEN = "taken"  # it has what stood in the other session
    SILENT = "silent"  # a silent minute, as there
    LOCKED = "locked"  # it was locked and keeps what it has
    REFUSED = "refused"  # a rule refuses what stood there, so it is chosen anew
    PRIVATE = "private"  # what stood there belongs to somebody who does not lead this group; chosen anew
    ANEW = "anew"  # nothing stood there; chosen by the rules
    PLAIN = "plain"  # nothing belongs here


class Frame(StrEnum):
    """Whether order and minutes are taken over, or why not."""

    TAKEN = "taken"
    OTHER_KIND = "other_kind"  # opening, closing and ordinary sessions, open and closed groups differ in their parts
    TOO_LONG = "too_long"  # the parts cannot be short enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of one part, and what stood in it in the other session.

    Args:
        refusal: the rule that refuses.
        is_locked: the lock goes along.
    """

    place: Place
    fate: Fate
    part: Part | None = None
    refusal: Refusal | None = None
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What taking a plan over comes to for one session, worked out and not written."""

    session: GroupSession
    frame: Frame
    laying: Laying
    outcomes: tuple[Outcome, ...]
    desk: Desk

    def of(self, *fates: Fate) -> list[Outcome]:
        """List the parts that come to one of these ends."""
        return [each for each in self.outcomes if each.fate in fates]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A copy before the rules are asked.

    Args:
        parts: what stood in the other session, by the places of this one.
        rows: what would be written down, by place.
        standing: the prompt or exercise that would stand there, by place.
        locked: the places that were locked and keep what they have.
    """

    frame: Frame
    laying: Laying
    parts: Mapping[str, Part]
    rows: Mapping[str, Assignment]
    standing: Mapping[str, Card]
    locked: Collection[str]


def plan_copy(scene: Scene, source: Source, parts: Sequence[Part], session: GroupSession, own: Sequence[Part]) -> Copy:
    """Return what taking a plan over comes to for one session; nothing is written.

    Args:
        scene: what stands around the session in its group, with the prompts to choose from.
        source: whose plan is taken over.
        parts: of that plan.
        session: the one that takes it over.
        own: its parts now.
    """
    return _judge(scene, session, _draft(scene, source, parts, session, own), session.id)


def take_over(
    db: Session,
    scene: Scene,
    pairs: Sequence[tuple[Source, Sequence[Part], GroupSession, Sequence[Part]]],
    seed: str = "",
) -> list[Copy]:
    """Take plans over for sessions of one group, one after another, and return what came of each.

    Every prompt that could be taken over counts from the first session on, so that none that is chosen anew for an
    early one stands in the way of a later one.

    Args:
        db: a writing session.
        scene: what stands around these sessions, with the prompts to choose from.
        pairs: as `plan_copy` takes them.
        seed: decides between equals; left out, it is that of `plan_copy`.
    """
    drafts = [_draft(scene, *pair) for pair in pairs]
    for draft in drafts:
        scene.choices[draft.laying.session.id] = tuple(_choice(at, card) for at, card in draft.standing.items())
    copies = []
    for draft in drafts:
        session = draft.laying.session
        copy = _judge(scene, session, draft, seed or session.id)
        _write(db, copy)
        copies.append(copy)
    return copies


def _draft(scene: Scene, source: Source, parts: Sequence[Part], session: GroupSession, own: Sequence[Part]) -> _Draft:
    frame, laying = _lay(scene, source, parts, session, [part.segment for part in own])
    places = [(place.part.kind, place.segment_id) for place in laying.places]
    by_id = {part.segment.id: part for part in parts}
    taken = pair_parts([kind for kind, _at in places], [(part.segment.kind, part.segment.id) for part in parts])
    found = {at: by_id[part_id] for (_kind, at), part_id in zip(places, taken, strict=True) if part_id}
    staying = {at for _kind, at in places}
    rows = {p.segment.id: p.row for p in own if p.row and p.row.locked and p.segment.id in staying}
    locked = frozenset(rows)
    held = {choice.slot_id: choice.prompt or choice.exercise for choice in scene.choices.get(session.id, ())}
    cards = {at: held.get(at) for at in locked} | {
        at: find_card(scene, part) for at, part in found.items() if at not in locked
    }
    for at, part in found.items():
        if at not in locked and part.row is not None:
            rows[at] = _copy_row(at, session, part.row, cards[at])
    standing = {at: card for at, card in cards.items() if card is not None}
    return _Draft(frame=frame, laying=laying, parts=found, rows=rows, standing=standing, locked=locked)


def _lay(
    scene: Scene, source: Source, parts: Sequence[Part], session: GroupSession, present: Sequence[Segment]
) -> tuple[Frame, Laying]:
    """Return the agenda that the session then has: that of the other one where it can be, or its own."""
    if kind_of(scene.group, session) == kind_of(source.group, source.session):
        laying = plan_laying(session, present, in_words_of(read_parts(p.segment for p in parts), scene, source.group))
        if laying is not None:
            return Frame.TAKEN, laying
        frame = Frame.TOO_LONG
    else:
        frame = Frame.OTHER_KIND
    as_it_is = zip(read_parts(present), present, strict=True)
    places = tuple(Place(part=part, segment=segment, segment_id=segment.id) for part, segment in as_it_is)
    return frame, Laying(session=session, places=places, going=())


def _copy_row(at: str, session: GroupSession, row: Assignment, card: Card | None) -> Assignment:
    """Make a row for a place; what this group cannot have loses its lock with it."""
    made = Assignment(segment_id=at, session_id=session.id, locked=row.locked and (card is not None or is_silent(row)))
    _fill(made, card)
    return made


def _fill(row: Assignment, card: Card | None) -> None:
    row.prompt_version_id = card.version_id if isinstance(card, PromptCard) else None
    row.exercise_id = card.exercise_id if isinstance(card, ExerciseCard) else None
    row.exercise_version = card.version if isinstance(card, ExerciseCard) else 0


def _judge(scene: Scene, session: GroupSession, draft: _Draft, seed: str) -> Copy:
    desk = Desk(
        scene=scene,
        session=session,
        seed=seed,
        segments=[place.make(session, position) for position, place in enumerate(draft.laying.places, start=1)],
        rows=draft.rows,
        standing=draft.standing,
        facts=facts_of(scene, session),
        history=history_of(scene, session),
    )
    refused = _ask_rules(desk, draft.locked)
    outcomes = tuple(_come_to(desk, draft, place, refused) for place in draft.laying.places)
    return Copy(session=session, frame=draft.frame, laying=draft.laying, outcomes=outcomes, desk=desk)


def _ask_rules(desk: Desk, locked: Collection[str]) -> Mapping[str, Refusal]:
    """Return what the rules refuse of what would stand in a session whose other parts are filled, by place."""
    refused: dict[str, Refusal] = {}
    while True:
        keep = {at: card for at, card in desk.standing.items() if at not in refused}
        choices = choose(desk, keep)
        # what is refused leaves a gap, and what is chosen for the gap may not go with all the rest
        broken = {each.slot_id: each.warnings[0] for each in choices if each.warnings and each.slot_id not in locked}
        if not broken:
            return refused
        refused |= broken


def _come_to(desk: Desk, draft: _Draft, place: Place, refused: Mapping[str, Refusal]) -> Outcome:
    at = place.segment_id
    part, row, card = draft.parts.get(at), draft.rows.get(at), draft.standing.get(at)
    if place.part.phase is None and place.part.kind not in GROUNDINGS:
        return Outcome(place=place, fate=Fate.PLAIN)
    if at in draft.locked:
        return Outcome(place=place, fate=Fate.LOCKED, part=part, is_locked=True)
    if row is not None and is_silent(row):
        return Outcome(place=place, fate=Fate.SILENT, part=part, is_locked=True)
    if part is None or row is None or (card is None and part.card is None):
        return Outcome(place=place, fate=Fate.ANEW)
    if card is None:
        return _lose(desk.scene, place, part)
    if at in refused:
        return Outcome(place=place, fate=Fate.REFUSED, part=part, refusal=refused[at])
    return Outcome(place=place, fate=Fate.TAKEN, part=part, is_locked=row.locked)


def _lose(scene: Scene, place: Place, part: Part) -> Outcome:
    """Say why a prompt that this group cannot have at all is not taken over."""
    if part.owner_id and part.owner_id not in scene.facilitator_ids:
        return Outcome(place=place, fate=Fate.PRIVATE, part=part)
    refusal = Refusal(code=RefusalCode.H10_RETIRED)
    if part.card and part.card.language != scene.language:
        refusal = Refusal(code=RefusalCode.H9_LANGUAGE, params={"language": part.card.language})
    return Outcome(place=place, fate=Fate.REFUSED, part=part, refusal=refusal)


def _choice(at: str, card: Card) -> Choice:
    if isinstance(card, PromptCard):
        return Choice(slot_id=at, prompt=card)
    return Choice(slot_id=at, exercise=card)


def _write(db: Session, copy: Copy) -> None:
    """Write a copy: its agenda, what is taken over, and what the rules choose for the rest."""
    own = select(Assignment).where(Assignment.session_id == copy.session.id)
    rows = {row.segment_id: row for row in db.scalars(own)}
    write_laying(db, copy.laying)
    desk, keep = copy.desk, {}
    for each in copy.of(Fate.TAKEN, Fate.SILENT, Fate.LOCKED):
        at = each.place.segment_id
        if at in desk.standing:
            keep[at] = desk.standing[at]
        if each.fate is Fate.LOCKED:
            continue
        if at not in rows:
            rows[at] = Assignment(segment_id=at, session_id=copy.session.id)
            db.add(rows[at])
        _fill(rows[at], keep.get(at))
        rows[at].locked, rows[at].emptied_by, rows[at].reasons = each.is_locked, None, _reasons(desk, at)
    db.flush()
    choose_again(db, replace(desk, rows=rows), keep)


def _reasons(desk: Desk, at: str) -> list[dict[str, object]]:
    card = desk.standing.get(at)
    if not isinstance(card, PromptCard):
        return []
    slot = next(each for each in desk.all_slots if each.slot_id == at)
    others = {slot_id: prompt for slot_id, prompt in desk.arrangement.prompts.items() if slot_id != at}
    around = replace(desk.arrangement, prompts=others)
    [ranked] = rules.alternatives(slot, desk.facts, PromptPool([card]), desk.history, around) or [None]
    return store_reasons(ranked.reasons) if ranked else []
