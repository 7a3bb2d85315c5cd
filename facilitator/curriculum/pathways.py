"""Pathways (which theme on which date) and agendas (which segment at which minute) as frozen values."""

from dataclasses import dataclass, field

from facilitator.curriculum.rules import Focus, GroupKind, Phase, Pole, SegmentKind, SessionKind, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwaySession:
    """One session of a pathway; the participant title gives nothing away.

    The pole fields are orders of preference. single_explore_poles holds where the agenda has one explore segment;
    in a repeating cycle its n-th entry leads in the n-th cycle.
    """

    position: int
    focus: Focus
    session_kind: SessionKind
    depth_cap: int
    title: str
    participant_title: str
    passes: tuple[str, ...]
    explore_a_poles: tuple[Pole, ...]
    explore_b_poles: tuple[Pole, ...]
    single_explore_poles: tuple[Pole, ...]
    teach: Topic
    goals: tuple[str, ...]
    missed_session_recap: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway:
    """A series as content: its sessions in order, and the lengths in minutes it is written for."""

    id: str
    name: str
    version: int
    group_kind: GroupKind = field(metadata={"key": "group_type"})
    session_count: int = field(metadata={"key": "sessions"})
    repeating: bool
    newcomer_explore_cap: int
    lengths: tuple[int, ...]
    sessions: tuple[PathwaySession, ...] = field(metadata={"key": "session"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayFile:
    """What pathways.toml holds."""

    schema_version: int
    language: str
    translation_of: int = 0
    swap_allowed: tuple[tuple[Focus, ...], ...]
    recap_minutes: int
    pathways: tuple[Pathway, ...] = field(metadata={"key": "pathway"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaSegment:
    """A segment: minutes, the minute it starts at, and the minutes in it that a prompt cannot have."""

    order: int
    kind: SegmentKind
    title: str
    minutes: int
    start_minute: int = field(metadata={"key": "starts_at"})
    phase: Phase | None = field(metadata={"key": "prompt_phase"})
    reserved_minutes: int
    purpose: str
    facilitator_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The segments of one session; their minutes add up to total_minutes, and a closing grounding is last."""

    id: str
    name: str
    version: int
    group_kind: GroupKind = field(metadata={"key": "group_type"})
    session_kind: SessionKind = field(metadata={"key": "session"})
    total_minutes: int
    depth_note: str
    segments: tuple[AgendaSegment, ...] = field(metadata={"key": "segment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaFile:
    """What agendas.toml holds."""

    schema_version: int
    language: str
    translation_of: int = 0
    agendas: tuple[Agenda, ...] = field(metadata={"key": "agenda"})
