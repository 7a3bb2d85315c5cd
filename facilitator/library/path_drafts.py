"""A pathway while it is built: its sessions in order with what was typed, and proposals for what was not.

Proposals are the words of the library's own pathways for sessions of the same focus. Nothing here reads a database.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.pathways import Pathway, PathwaySession
from facilitator.curriculum.rules import Focus, GroupKind, Pole, Topic, path_cap
from facilitator.library.rules_paths import NEWCOMERS_CAP, Step, kind_at, place_for_one_more, propose_foci, topic_of

AS_THE_PLACE = 0
"""The cap of a session that goes as deep as its place in the path allows."""

EITHER = "both,identity,belonging//both,identity,belonging"
TURNS = "identity/belonging/both"
TURNS_BACK = "belonging/identity/both"
TOGETHER = "both/both/both"
IDENTITY = "identity/identity/identity"
BELONGING = "belonging/belonging/belonging"
LEAVING = "belonging,both,identity//belonging,both,identity"
SIDES = (EITHER, TURNS, TURNS_BACK, TOGETHER, IDENTITY, BELONGING, LEAVING)
"""Which side a session takes up first: of Explore A, of Explore B, and of the only explore part where there is one."""

_NUMBERED = re.compile(r" \d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One session as it is typed; empty words are to be proposed.

    Args:
        key: tells it apart in its form, wherever it is moved.
        cap: AS_THE_PLACE, or a depth.
        sides: one of SIDES, or other orders of poles written in the same way.
        was: what the words were proposed for, None where nothing was.
    """

    key: str
    focus: Focus
    cap: int = AS_THE_PLACE
    sides: str = ""
    title: str = ""
    participant_title: str = ""
    goals: tuple[str, ...] = ()
    teach: Topic | None = None
    recap: str = ""
    was: Topic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A whole path as it is typed."""

    name: str
    kind: GroupKind
    lengths: tuple[int, ...]
    language: str
    rows: tuple[Row, ...]

    @property
    def longest(self) -> int:
        """Return the longest sessions that it is written for, in minutes."""
        return max(self.lengths, default=0)

    def topic(self, index: int) -> Topic:
        """Say what a session is about, counted from 0."""
        return topic_of(self.rows[index].focus, kind_at(index + 1, len(self.rows), self.kind))

    def cap(self, index: int) -> int:
        """Return how deep a session is meant to go, counted from 0."""
        return self.rows[index].cap or path_cap(index + 1, len(self.rows), self.kind, self.longest)

    def steps(self) -> tuple[Step, ...]:
        """Return its sessions as the rules see them."""
        return tuple(
            Step(
                focus=row.focus,
                cap=self.cap(index),
                takes=frozenset(side for poles in read_sides(row.sides) for pole in poles[:1] for side in pole.sides),
                participant_title=row.participant_title,
            )
            for index, row in enumerate(self.rows)
        )


def begin_draft(kind: GroupKind, count: int, lengths: Sequence[int], content: Catalogue) -> Draft:
    """Propose a whole path from its kind, its number of sessions and their lengths."""
    rows = tuple(Row(key=f"s{at}", focus=focus) for at, focus in enumerate(propose_foci(kind, count), start=1))
    return settle(Draft(name="", kind=kind, lengths=tuple(lengths), language=content.language, rows=rows), content)


def read_draft(pathway: Pathway, language: str) -> Draft:
    """Return a pathway as it can be typed over; a cap that its place allows follows the session to other places."""
    rows = []
    for step in pathway.sessions:
        most = path_cap(step.position, pathway.session_count, pathway.group_kind, max(pathway.lengths, default=0))
        rows.append(
            Row(
                key=f"s{step.position}",
                focus=step.focus,
                cap=AS_THE_PLACE if step.depth_cap == most else step.depth_cap,
                sides=_write_sides(step),
                title=step.title,
                participant_title=step.participant_title,
                goals=step.goals,
                teach=step.teach,
                recap=step.missed_session_recap,
                was=topic_of(step.focus, step.session_kind),
            )
        )
    return Draft(
        name=pathway.name, kind=pathway.group_kind, lengths=pathway.lengths, language=language, rows=tuple(rows)
    )


def write_pathway(draft: Draft, slug: str, passes: Sequence[str]) -> Pathway:
    """Return the pathway that a draft describes; its version is given when it is written down.

    Args:
        draft: with everything filled in.
        slug: its name in addresses.
        passes: what the sides of each session are called.
    """
    count, is_open = len(draft.rows), draft.kind is GroupKind.OPEN
    sessions = []
    for index, row in enumerate(draft.rows):
        first, second, single = read_sides(row.sides)
        sessions.append(
            PathwaySession(
                position=index + 1,
                focus=row.focus,
                session_kind=kind_at(index + 1, count, draft.kind),
                depth_cap=draft.cap(index),
                title=row.title,
                participant_title=row.participant_title,
                passes=(passes[index],),
                explore_a_poles=first,
                explore_b_poles=second,
                single_explore_poles=single,
                teach=row.teach or draft.topic(index),
                goals=row.goals,
                missed_session_recap=row.recap,
            )
        )
    return Pathway(
        id=slug,
        name=draft.name,
        version=1,
        group_kind=draft.kind,
        session_count=count,
        repeating=is_open,
        newcomer_explore_cap=NEWCOMERS_CAP if is_open else 0,
        lengths=draft.lengths,
        sessions=tuple(sessions),
    )


def settle(draft: Draft, content: Catalogue) -> Draft:
    """Propose what is empty; where a session is about something else now, renew what had only been proposed."""
    rows = [_clear(row, draft.topic(at), content) for at, row in enumerate(draft.rows)]
    topics = [draft.topic(at) for at in range(len(rows))]
    for at, row in enumerate(rows):
        taken = {other.participant_title for other in rows if other is not row}
        model = _find_model(content, draft.kind, topics, at)
        is_new = row.was is not topics[at]
        rows[at] = replace(
            row,
            title=row.title or (model.title if model else ""),
            participant_title=row.participant_title or _propose_name(content, draft.kind, topics[at], model, taken),
            goals=row.goals or (model.goals if model else ()),
            recap=row.recap or (model.missed_session_recap if model and is_new else ""),
            sides=row.sides or (_write_sides(model) if model else EITHER),
            teach=row.teach or topics[at],
            was=topics[at],
        )
    return replace(draft, rows=tuple(rows))


def move_row(draft: Draft, key: str, by: int) -> Draft:
    """Move a session up (-1) or down (1); at the end of the path it stays."""
    rows = list(draft.rows)
    at = next((index for index, row in enumerate(rows) if row.key == key), None)
    if at is not None and 0 <= at + by < len(rows):
        rows.insert(at + by, rows.pop(at))
    return replace(draft, rows=tuple(rows))


def drop_row(draft: Draft, key: str) -> Draft:
    """Take a session out."""
    return replace(draft, rows=tuple(row for row in draft.rows if row.key != key))


def add_row(draft: Draft) -> Draft:
    """Put one more session in, on the theme that is met least."""
    at, focus = place_for_one_more([row.focus for row in draft.rows], draft.kind)
    numbers = [int(row.key[1:]) for row in draft.rows]
    rows = list(draft.rows)
    rows.insert(at, Row(key=f"s{max(numbers, default=0) + 1}", focus=focus))
    return replace(draft, rows=tuple(rows))


def read_sides(sides: str) -> tuple[tuple[Pole, ...], tuple[Pole, ...], tuple[Pole, ...]]:
    """Return the orders of poles of Explore A, of Explore B and of the only explore part.

    Raises:
        ValueError: when they are written in another way.
    """
    first, second, single = (tuple(Pole(each) for each in part.split(",") if each) for part in sides.split("/"))
    return first, second, single


def _write_sides(step: PathwaySession) -> str:
    return "/".join(",".join(each) for each in (step.explore_a_poles, step.explore_b_poles, step.single_explore_poles))


def _clear(row: Row, topic: Topic, content: Catalogue) -> Row:
    """Empty what was proposed for something else and not typed over."""
    if row.was is None or row.was is topic:
        return row
    known = list(_sessions_on(content, row.was))
    names = {each.participant_title for each in known}
    return replace(
        row,
        title="" if row.title in {each.title for each in known} else row.title,
        participant_title="" if _NUMBERED.sub("", row.participant_title) in names else row.participant_title,
        goals=() if row.goals in {each.goals for each in known} else row.goals,
        recap="" if row.recap in {each.missed_session_recap for each in known} else row.recap,
        sides="" if row.sides in {_write_sides(each) for each in known} else row.sides,
        teach=None if row.teach is row.was else row.teach,
    )


def _library_of(content: Catalogue) -> tuple[Pathway, ...]:
    return tuple(pathway for pathway in content.pathways if pathway.id not in content.owners)


def _topics_of(pathway: Pathway) -> list[Topic]:
    return [topic_of(step.focus, step.session_kind) for step in pathway.sessions]


def _sessions_on(
    content: Catalogue, topic: Topic, pathways: Iterable[Pathway] | None = None
) -> tuple[PathwaySession, ...]:
    return tuple(
        step
        for pathway in (_library_of(content) if pathways is None else pathways)
        for step, its_topic in zip(pathway.sessions, _topics_of(pathway), strict=True)
        if its_topic is topic
    )


def _find_model(content: Catalogue, kind: GroupKind, topics: Sequence[Topic], at: int) -> PathwaySession | None:
    """Return the session of the library that this one is most like: of a path that meets the topic as often."""
    topic = topics[at]
    found = [p for p in _library_of(content) if topic in _topics_of(p)]
    found.sort(
        key=lambda p: (
            p.group_kind is not kind,
            abs(_topics_of(p).count(topic) - topics.count(topic)),
            abs(p.session_count - len(topics)),
        )
    )
    sessions = _sessions_on(content, topic, found[:1])
    return sessions[topics[:at].count(topic) % len(sessions)] if sessions else None


def _propose_name(
    content: Catalogue, kind: GroupKind, topic: Topic, model: PathwaySession | None, taken: set[str]
) -> str:
    """Return a participant title that no other session of the path has: of the library, or with a number."""
    first = model.participant_title if model else ""
    same_kind_first = sorted(_library_of(content), key=lambda p: p.group_kind is not kind)
    of_topic = [step.participant_title for step in _sessions_on(content, topic, same_kind_first)]
    free = next((name for name in (first, *of_topic) if name and name not in taken), None)
    if free or not first:
        return free or ""
    return next(name for name in (f"{first} {number}" for number in range(2, 100)) if name not in taken)
