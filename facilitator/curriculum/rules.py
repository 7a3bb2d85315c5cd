"""The words that the curriculum is written in, and how deep a session may go.

Owns the enumerations that content, prompts and plans share, and the ramp of depth over a series.
It must never read a file, a clock or a database, and never hold a sentence.
"""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

SHORT_SESSION_MINUTES = 60
"""At this length or below there is no time to come back up from depth 3."""

SHALLOW_CAP = 2
"""The cap of open groups, short sessions and lone facilitators."""


class SubBind(StrEnum):
    """One of the four sub-binds, or the bind itself."""

    FEAR = "fear"
    SHAME = "shame"
    POWERLESSNESS = "powerlessness"
    VULNERABILITY = "vulnerability"
    CORE = "core"


THEMES = (SubBind.FEAR, SubBind.SHAME, SubBind.POWERLESSNESS, SubBind.VULNERABILITY)
"""The four sub-binds in teaching order, without the bind itself."""


class Focus(StrEnum):
    """What a session is about: a sub-bind, the bind itself, or all four woven together."""

    FEAR = "fear"
    SHAME = "shame"
    POWERLESSNESS = "powerlessness"
    VULNERABILITY = "vulnerability"
    CORE = "core"
    WEAVING = "weaving"


class Topic(StrEnum):
    """What a short teaching is about; openings and closings have their own."""

    OPENING = "opening"
    CORE = "core"
    FEAR = "fear"
    SHAME = "shame"
    POWERLESSNESS = "powerlessness"
    VULNERABILITY = "vulnerability"
    WEAVING = "weaving"
    CLOSING = "closing"


class Pole(StrEnum):
    """The pull toward self, the pull toward connection, or the two held together."""

    IDENTITY = "identity"
    BELONGING = "belonging"
    BOTH = "both"

    @property
    def sides(self) -> frozenset["Pole"]:
        """Name the single pulls that this pole takes up."""
        return frozenset({Pole.IDENTITY, Pole.BELONGING}) if self is Pole.BOTH else frozenset({self})


class Arena(StrEnum):
    """Where the strain is felt."""

    NERVOUS_SYSTEM = "nervous_system"
    SURVIVAL_INSTINCTS = "survival_instincts"
    ATTACHMENT_NEEDS = "attachment_needs"
    IDENTITY = "identity"


class Phase(StrEnum):
    """The part of a session that a prompt is written for."""

    CHECKIN = "checkin"
    EXPLORE = "explore"
    INTEGRATE = "integrate"
    CLOSE = "close"


class Format(StrEnum):
    """How people take up a prompt."""

    GO_ROUND = "go_round"
    PAIRS = "pairs"
    WRITING = "writing"
    SILENT = "silent"
    CIRCLE = "circle"


class SegmentKind(StrEnum):
    """What a part of an agenda is for."""

    WELCOME = "welcome"
    AGREEMENTS = "agreements"
    GROUND_OPEN = "ground_open"
    CHECKIN = "checkin"
    TEACH = "teach"
    EXPLORE_A = "explore_a"
    PAUSE = "pause"
    EXPLORE_B = "explore_b"
    INTEGRATE = "integrate"
    RECAP = "recap"
    CHECKOUT = "checkout"
    NEWS = "news"
    GROUND_CLOSE = "ground_close"


class GroupKind(StrEnum):
    """Whether people may join at any session (open) or before the third (closed)."""

    CLOSED = "closed"
    OPEN = "open"


class SessionKind(StrEnum):
    """Whether a session opens a closed series, closes it, or stands between."""

    STANDARD = "standard"
    FIRST = "first"
    LAST = "last"


class PromptStatus(StrEnum):
    """Where a version stands in clinical review."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    RETIRED = "retired"


class ExerciseUse(StrEnum):
    """Which end of a session a grounding exercise suits."""

    OPEN = "open"
    CLOSE = "close"
    EITHER = "either"


class HelpKind(StrEnum):
    """What a help line is for."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    DOMESTIC_ABUSE = "domestic_abuse"


class EntryKind(StrEnum):
    """What an entry of the library is."""

    PATHWAY = "pathway"
    AGENDA = "agenda"
    EXERCISE = "exercise"
    AGREEMENT = "agreement"
    SCRIPT = "script"
    HELP_LINE = "help_line"


class Origin(StrEnum):
    """Where a version comes from: with the program, or written or imported here."""

    SHIPPED = "shipped"
    LOCAL = "local"


class Provenance(StrEnum):
    """Where a statement comes from, so that nobody mistakes our inference for the author's teaching."""

    SEED = "seed"
    MAYS = "mays"
    GUIDELINE = "guideline"
    INFERENCE = "inference"
    BACKGROUND = "background"
    ORIGINAL = "original"


def depth_cap(position: int, count: int) -> int:
    """Give the deepest level (1-3) of a closed series' session by its place, counted from 1.

    Shallow at both ends, depth 3 only in the middle after two fifths of the way, with two sessions left to come back.
    """
    if position in (1, count):
        return 1
    return 3 if math.ceil(0.4 * count) + 1 <= position <= count - 2 else 2


def path_cap(position: int, count: int, kind: GroupKind, minutes: int) -> int:
    """Give the cap of a session once the kind of group and the length in minutes are known.

    An open group stays at 2 all the way, since every session is someone's first.
    """
    if kind is GroupKind.OPEN:
        return SHALLOW_CAP
    return effective_cap(depth_cap(position, count), kind, minutes)


def effective_cap(cap: int, kind: GroupKind, minutes: int) -> int:
    """Lower a pathway's cap to 2 for an open group or a session of 60 minutes or less."""
    return min(cap, SHALLOW_CAP) if kind is GroupKind.OPEN or minutes <= SHORT_SESSION_MINUTES else cap


def vulnerability_comes_too_early(order: Sequence[Focus]) -> bool:
    """Say whether vulnerability stands before the middle of a series; it needs the most trust."""
    return any(
        focus is Focus.VULNERABILITY and position < len(order) / 2 for position, focus in enumerate(order, start=1)
    )


def needs_checking(last_verified_on: date | None, today: date, allowed_age: timedelta) -> bool:
    """Say whether a help line was never verified, or too long ago."""
    return last_verified_on is None or today - last_verified_on > allowed_age
