"""Pathways (which theme on which date) and agendas (which segment at which minute) as frozen values."""

from dataclasses import dataclass, field

from facilitator.curriculum.rules import Focus, GroupKind, Phase, Pole, SegmentKind, SessionKind, Topic, path_cap
from facilitator.errors import Invalid


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


def check_agenda(agenda: Agenda, where: str) -> None:
    """Refuse an agenda whose minutes do not add up, or that does not end with the closing grounding (H7).

    Args:
        agenda: as read.
        where: file and entry, for the message.
    """
    minute = 0
    for segment in agenda.segments:
        if segment.minutes < 1:
            raise Invalid(f"{where}: {segment.kind} takes {segment.minutes} minutes.")
        if segment.start_minute != minute:
            raise Invalid(f"{where}: {segment.kind} starts at {segment.start_minute}, not at {minute}.")
        minute += segment.minutes
    if minute != agenda.total_minutes:
        raise Invalid(f"{where}: the segments add up to {minute}, not to {agenda.total_minutes}.")
    if not agenda.segments or agenda.segments[-1].kind is not SegmentKind.GROUND_CLOSE:
        raise Invalid(f"{where}: it does not end with the closing grounding.")


def check_pathway(pathway: Pathway, where: str) -> None:
    """Refuse a pathway that miscounts its sessions, or goes deeper somewhere than the ramp allows at that place (H1)."""
    positions = [s.position for s in pathway.sessions]
    if not positions or positions != list(range(1, pathway.session_count + 1)):
        raise Invalid(f"{where}: {pathway.session_count} sessions are announced, {positions} found.")
    longest = max(pathway.lengths, default=0)
    for session in pathway.sessions:
        most = path_cap(session.position, pathway.session_count, pathway.group_kind, longest)
        if session.depth_cap > most:
            raise Invalid(f"{where}: session {session.position} goes to depth {session.depth_cap}, {most} is the most.")
