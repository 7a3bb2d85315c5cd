"""The codes that say why a prompt was chosen, refused or missing.

A reason is a code and a few ids and numbers, so that it can be stored and read in any language; the sentences
stand in wording.py. Nothing here may hold a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Params = Mapping[str, str | int]


class Rule(StrEnum):
    """The hard rules, never relaxed: where no prompt passes, the slot stays empty and says so."""

    H1 = "H1"
    H2 = "H2"
    H3 = "H3"
    H4 = "H4"
    H5 = "H5"
    H6 = "H6"
    H7 = "H7"
    H8 = "H8"
    H9 = "H9"
    H10 = "H10"


class RefusalCode(StrEnum):
    """Why a hard rule refuses; each begins with the rule's name."""

    H1_CAP = "h1_cap"
    H1_LOWERED = "h1_lowered"
    H1_NEWCOMERS = "h1_newcomers"
    H2_OPEN = "h2_open"
    H2_SHORT = "h2_short"
    H2_FIRST = "h2_first"
    H2_LAST = "h2_last"
    H2_LONE = "h2_lone"
    H3_SECOND = "h3_second"
    H3_LATE = "h3_late"
    H4_SEGMENT = "h4_segment"
    H4_FIRST_EXPLORE = "h4_first_explore"
    H4_LEAP = "h4_leap"
    H4_LEAP_AFTER = "h4_leap_after"
    H5_LEAP = "h5_leap"
    H6_USED = "h6_used"
    H6_RECENT = "h6_recent"
    H6_TWICE = "h6_twice"
    H6_KEPT = "h6_kept"
    H7_NOT_LAST = "h7_not_last"
    H7_NOT_FIRST = "h7_not_first"
    H7_END = "h7_end"
    H7_LAST_TIME = "h7_last_time"
    H7_TWICE = "h7_twice"
    H8_THEME = "h8_theme"
    H8_SAME_THEME = "h8_same_theme"
    H8_ONE_SIDED = "h8_one_sided"
    H9_PHASE = "h9_phase"
    H9_MINUTES = "h9_minutes"
    H9_PEOPLE = "h9_people"
    H9_GROUP_KIND = "h9_group_kind"
    H9_ONLINE = "h9_online"
    H9_LANGUAGE = "h9_language"
    H9_TOTAL = "h9_total"
    H10_RETIRED = "h10_retired"
    H10_NOT_REVIEWED = "h10_not_reviewed"
    H10_FORMAT = "h10_format"

    @property
    def rule(self) -> Rule:
        """Name the hard rule behind this code."""
        return Rule(self.partition("_")[0].upper())


class ReasonCode(StrEnum):
    """Why a choice fell as it did, or why nothing was chosen."""

    SIDE_MISSING = "side_missing"
    CELL_NEW = "cell_new"
    CELL_LEAST = "cell_least"
    MADE_FOR = "made_for"
    DEPTH_TARGET = "depth_target"
    DEPTH_WITHIN = "depth_within"
    FORMAT_FRESH = "format_fresh"
    ARENA_FRESH = "arena_fresh"
    QUIET = "quiet"
    POLE_SECOND = "pole_second"
    CORE_LAST_RESORT = "core_last_resort"
    NEWCOMERS_CORE = "newcomers_core"
    FALLBACK_FORMAT = "fallback_format"
    RAN_LONG = "ran_long"
    SKIPPED = "skipped"
    LOCKED = "locked"
    EXERCISE_LEAST = "exercise_least"
    NO_EXERCISE = "no_exercise"
    EMPTIED = "emptied"
    NOTHING_WRITTEN = "nothing_written"


class PointCode(StrEnum):
    """The points of view from which prompts are weighed against each other."""

    COVERAGE = "point_coverage"
    MADE_FOR = "point_made_for"
    DEPTH = "point_depth"
    FORMAT = "point_format"
    ARENA = "point_arena"
    QUIET = "point_quiet"
    TWO_ROUNDS = "point_two_rounds"
    SAME_IMAGE = "point_same_image"
    RUNS_OVER = "point_runs_over"


class LeadCode(StrEnum):
    """What puts one prompt before another whatever the points say; the names of the parameters stand behind each."""

    THEME = "lead_theme"  # focus
    POLE = "lead_pole"  # pole, wanted


class RemedyCode(StrEnum):
    """A single change of the evening that would fill an empty slot."""

    NEWCOMERS_OFF = "remedy_newcomers_off"
    SECOND_LEADER = "remedy_second_leader"
    LIMIT_UP = "remedy_limit_up"  # limit
    MORE_MINUTES = "remedy_more_minutes"  # more
    IN_PERSON = "remedy_in_person"
    REVIEWED = "remedy_reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One point in favour of a choice, or what left a slot empty."""

    code: ReasonCode
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One hard rule that a prompt, an exercise or an agenda breaks."""

    code: RefusalCode
    params: Params = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        """Name the hard rule."""
        return self.code.rule
