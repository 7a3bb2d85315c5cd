"""The values that the assignment rules look at: prompts, slots, one session's facts, a group's history.

Ids, enumerations and numbers alone; no wording of a prompt, no name of a person, no clock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from facilitator.curriculum.rules import (
    Arena,
    ExerciseUse,
    Focus,
    Format,
    GroupKind,
    Phase,
    Pole,
    PromptStatus,
    SegmentKind,
    SessionKind,
    SubBind,
)
from facilitator.prompts.rules_reasons import Reason, Refusal

Cell = tuple[SubBind, Pole, Arena]
"""One cell of the coverage matrix."""

IMAGE = "image:"
NO_IMAGE = "image:none"
USE = "use:"


class Pace(StrEnum):
    """How strongly choosing aims for the depth that a session allows."""

    GENTLE = "gentle"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCard:
    """A version of a prompt as the rules see it; editions of one prompt in other languages share its prompt_id."""

    prompt_id: str
    version_id: str
    version: int
    language: str
    status: PromptStatus
    own: bool = False
    sub_bind: SubBind
    pole: Pole
    arenas: tuple[Arena, ...]
    depth: int
    phase: Phase
    format: Format
    fallback_format: Format | None
    minutes_default: int
    minutes_min: int
    group_kinds: frozenset[GroupKind]
    min_people: int
    online_ok: bool
    tags: tuple[str, ...] = ()

    @property
    def image(self) -> str | None:
        """Give the picture that the prompt draws on, or None."""
        return _read_tags(self.tags)[0]

    @property
    def uses(self) -> tuple[str, ...]:
        """Name the kinds of session (first, weaving, last) that the prompt is kept for."""
        return _read_tags(self.tags)[1]


# asked of every prompt for every slot, and most prompts share their tags with nobody or with all
@lru_cache(maxsize=16384)
def _read_tags(tags: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    image = next((tag for tag in tags if tag.startswith(IMAGE) and tag != NO_IMAGE), None)
    return image, tuple(tag.removeprefix(USE) for tag in tags if tag.startswith(USE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseCard:
    """A grounding exercise as the rules see it."""

    exercise_id: str
    version: int = 0
    use: ExerciseUse
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A segment of the agenda; phase is None where no prompt belongs. Minutes count from the start of the session."""

    slot_id: str
    position: int
    kind: SegmentKind
    phase: Phase | None
    minutes: int
    reserved_minutes: int = 0
    start_minute: int

    @property
    def end_minute(self) -> int:
        """Give the minute at which the segment ends."""
        return self.start_minute + self.minutes

    @property
    def available_minutes(self) -> int:
        """Give the minutes that a prompt can have."""
        return self.minutes - self.reserved_minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What the rules know of one session.

    Args:
        depth_cap: the cap of the path, 1 to 3.
        depth_limit: the limit that a facilitator set; it only ever lowers.
        previous_depth: the deepest prompt of the session before, None at the first.
        newcomers: newcomers are expected; counts in open groups alone.
        last_meeting: no later session of this series has this focus (H8: both sides by then).
        cycle: 0 in the first round of a repeating pathway.
        require_review: whether only reviewed prompts may be assigned.
    """

    focus: Focus
    session_kind: SessionKind = SessionKind.STANDARD
    group_kind: GroupKind
    minutes: int
    language: str = "en"
    depth_cap: int
    depth_limit: int | None = None
    previous_depth: int | None = None
    lone: bool = False
    newcomers: bool = False
    people: int
    online: bool = False
    explore_a_poles: tuple[Pole, ...] = ()
    explore_b_poles: tuple[Pole, ...] = ()
    single_explore_poles: tuple[Pole, ...] = ()
    last_meeting: bool = False
    cycle: int = 0
    require_review: bool = True
    pace: Pace = Pace.GENTLE

    @property
    def sub_bind(self) -> SubBind | None:
        """Give the sub-bind in focus, or None when all are woven together."""
        return None if self.focus is Focus.WEAVING else SubBind(self.focus)

    @property
    def newcomers_expected(self) -> bool:
        """Say whether the newcomers' limit holds tonight."""
        return self.newcomers and self.group_kind is GroupKind.OPEN

    @property
    def occasion(self) -> str:
        """Name what a prompt may be kept for: first, last, weaving or standard."""
        return Focus.WEAVING if self.focus is Focus.WEAVING else self.session_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How long a prompt took in a group the last time, beside what its part of the agenda gave it, in minutes.

    Args:
        on: the day of that session.
    """

    took: int
    planned: int
    on: date

    @property
    def ran_long(self) -> bool:
        """Say whether it took at least a quarter longer than planned; less than that is how evenings go."""
        return self.took * 4 >= self.planned * 5


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a group has had, in any language, as far as it counts against new choices.

    Args:
        used: prompt id to how many sessions ago it was last used; 1 is the session before. Cancelled sessions do not
            count, sessions planned before this one do, and the session itself is left out.
        cells: how often each cell of the coverage matrix was filled.
        sides_met: which single pulls the explore prompts on a sub-bind have taken up.
        last_exercises: the exercises of the session before.
        exercise_uses: exercise id to how often it was used.
        runs: prompt id to how long it took the last time, where somebody noted it.
        skipped: prompt id to the day on which it was left out in the room, until it is used.

    A second series of a closed group starts from `carry_over(...)`: the caller decides that it is a new series.
    """

    used: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[Cell, int] = field(default_factory=dict)
    sides_met: Mapping[SubBind, frozenset[Pole]] = field(default_factory=dict)
    last_exercises: frozenset[str] = frozenset()
    exercise_uses: Mapping[str, int] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    skipped: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """The slots of a session, and what stands in them by slot id."""

    slots: tuple[Slot, ...]
    prompts: Mapping[str, PromptCard] = field(default_factory=dict)
    exercises: Mapping[str, ExerciseCard] = field(default_factory=dict)

    def prompt_in(self, kind: SegmentKind) -> PromptCard | None:
        """Find the prompt that stands in the first slot of a kind."""
        return next((self.prompts[s.slot_id] for s in self.slots if s.kind is kind and s.slot_id in self.prompts), None)

    def has(self, kind: SegmentKind) -> bool:
        """Say whether the agenda has a slot of a kind."""
        return any(s.kind is kind for s in self.slots)

    def others(self, slot: Slot) -> tuple[PromptCard, ...]:
        """List the prompts in every other slot."""
        return tuple(self.prompts[s.slot_id] for s in self.slots if s.slot_id in self.prompts and s != slot)

    def before(self, slot: Slot) -> PromptCard | None:
        """Find the prompt that comes just before a slot."""
        earlier = [s for s in self.slots if s.position < slot.position and s.slot_id in self.prompts]
        return self.prompts[max(earlier, key=lambda s: s.position).slot_id] if earlier else None

    def after(self, slot: Slot) -> PromptCard | None:
        """Find the prompt that comes just after a slot."""
        later = [s for s in self.slots if s.position > slot.position and s.slot_id in self.prompts]
        return self.prompts[min(later, key=lambda s: s.position).slot_id] if later else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What fills a slot and why: a prompt, an exercise, or nothing and what emptied it.

    Warnings name the rules that a locked choice breaks; it is kept all the same.
    """

    slot_id: str
    prompt: PromptCard | None = None
    exercise: ExerciseCard | None = None
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Refusal, ...] = ()
    emptied_by: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A prompt that may stand in a slot, with what speaks for it."""

    prompt: PromptCard
    reasons: tuple[Reason, ...]


class PromptPool:
    """Prompts sorted by id and indexed by phase and sub-bind, built once for a series.

    The order of the database never matters.
    """

    def __init__(self, prompts: Iterable[PromptCard]) -> None:
        shelves: dict[tuple[Phase, SubBind], list[PromptCard]] = defaultdict(list)
        for card in sorted(prompts, key=lambda c: (c.prompt_id, c.version)):
            shelves[card.phase, card.sub_bind].append(card)
        self._shelves = dict(shelves)

    def of(self, phase: Phase, sub_binds: Sequence[SubBind]) -> list[PromptCard]:
        """List the prompts written for a phase on any of some sub-binds."""
        return [card for sub_bind in sub_binds for card in self._shelves.get((phase, sub_bind), ())]
