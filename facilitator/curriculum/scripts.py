"""What facilitators say and follow, and the four anonymous questions, as frozen values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Signs to slow down; not signs that someone is doing it wrong."""

    too_much: tuple[str, ...]
    too_little: tuple[str, ...]
    whole_group: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowDown:
    """The slow-down routine, step by step."""

    title: str
    steps: tuple[str, ...]
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowDownScript:
    """What to say in one situation, and what to do then."""

    id: str
    situation: str
    say: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisStep:
    """One step of the crisis card."""

    order: int
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisCard:
    """The crisis card: one tap from every facilitator page, and printable."""

    title: str
    note: str
    online_note: str
    alone_note: str
    steps: tuple[CrisisStep, ...] = field(metadata={"key": "step"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DebriefQuestion:
    """One question for the facilitators among themselves."""

    order: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Debrief:
    """The talk afterwards: no names and no stories."""

    title: str
    minutes: str
    rule: str
    questions: tuple[DebriefQuestion, ...] = field(metadata={"key": "question"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Who does what when two lead, and what holds for one alone."""

    lead: str
    watcher: str
    swap: str
    alone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """The short recap after a missed session: the theme, never what people said."""

    title: str
    say: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentMinute:
    """What to say where no prompt fits."""

    title: str
    say: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pregroup:
    """The conversation before joining; only "done" is ever stored."""

    title: str
    note: str
    items: tuple[str, ...]
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """What scripts.toml holds."""

    schema_version: int
    language: str
    translation_of: int = 0
    signs: Signs
    slow_down: SlowDown
    crisis_card: CrisisCard
    debrief: Debrief
    roles: Roles
    recap: Recap
    silent_minute: SilentMinute
    pregroup: Pregroup
    slow_down_scripts: tuple[SlowDownScript, ...] = field(metadata={"key": "slow_down_script"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseQuestion:
    """One question with five answers; store the position of an answer, never its words."""

    id: str
    order: int
    text: str
    answers: tuple[str, ...]
    top_two: tuple[str, ...] = ()
    too_fast: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseDecision:
    """When the tool proposes a lower cap; the facilitator decides. Shares run from 0 to 1."""

    suggest_lower_cap_by: int
    if_pace_too_fast_share_at_least: float
    or_steady_top_two_share_below: float
    decided_by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The anonymous four-question pulse: feedback, not evidence of change."""

    schema_version: int
    id: str
    version: int
    language: str
    translation_of: int = 0
    name: str
    intro: str
    not_validated: str
    skip_label: str
    free_text: bool
    open_for_hours: int
    min_responses_to_show: int
    pool_sessions_when_fewer: int
    show_resources_to_everyone_after: bool
    after_text: str
    questions: tuple[PulseQuestion, ...] = field(metadata={"key": "question"})
    decision_rule: PulseDecision
