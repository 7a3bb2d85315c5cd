"""The sentences behind the codes of rules_reasons, in English, for the template layer to translate.

Each sentence is a whole translatable string with placeholders; the words that fill a placeholder are translated
before they are put in. Nothing here decides anything.
"""

from collections.abc import Callable
from dataclasses import dataclass

from facilitator.prompts.rules_reasons import (
    LeadCode,
    Params,
    PointCode,
    ReasonCode,
    RefusalCode,
    RemedyCode,
    Rule,
)


def N_(message: str) -> str:  # noqa: N802 - the name that message extraction knows
    """Mark a string for extraction and give it back."""
    return message


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A hard rule's short name and why it is there."""

    name: str
    reason: str


RULES: dict[Rule, RuleWords] = {
    Rule.H1: RuleWords(
        N_("Depth limit"), N_("Trust grows with time; opening up too early harms and drives people away.")
    ),
    Rule.H2: RuleWords(
        N_("Where depth 3 has no place"), N_("Without the time or the people to hold it, depth 3 waits.")
    ),
    Rule.H3: RuleWords(N_("One depth 3, early enough"), N_("At least a quarter of the time is left to come back up.")),
    Rule.H4: RuleWords(N_("Shape of a session"), N_("A session goes in gradually and comes out gradually.")),
    Rule.H5: RuleWords(N_("No leaps between sessions"), N_("From one session to the next, depth rises by 1 at most.")),
    Rule.H6: RuleWords(
        N_("No repeats"), N_("People gave a prompt their attention once; it is not asked of them again.")
    ),
    Rule.H7: RuleWords(N_("Grounding at both ends"), N_("People leave steady, and the rhythm can be relied on.")),
    Rule.H8: RuleWords(N_("Theme and both sides"), N_("Taking up one side only would take sides in the bind.")),
    Rule.H9: RuleWords(N_("Time and people"), N_("An agenda that cannot be kept helps nobody.")),
    Rule.H10: RuleWords(
        N_("Reviewed, and by choice"), N_("People decide what they share, and a clinician has read it.")
    ),
}

REFUSALS: dict[RefusalCode, str] = {
    RefusalCode.H1_CAP: N_("Depth {depth} is above this session's limit of {limit}."),
    RefusalCode.H1_LOWERED: N_("Depth {depth} is above the limit of {limit} that was set for this session."),
    RefusalCode.H1_NEWCOMERS: N_(
        "Newcomers are expected, so this part stays at depth {limit}; the prompt has depth {depth}."
    ),
    RefusalCode.H2_OPEN: N_("Open groups stay at depth {limit}: every session is someone's first."),
    RefusalCode.H2_SHORT: N_("Sessions of 60 minutes stay at depth {limit}: there is no time to come back up."),
    RefusalCode.H2_FIRST: N_("The first session has no depth 3."),
    RefusalCode.H2_LAST: N_("The closing session has no depth 3."),
    RefusalCode.H2_LONE: N_("With one facilitator, the limit is depth {limit}. It rises when a second one is there."),
    RefusalCode.H3_SECOND: N_("Another part of this session already has depth 3. One is the most."),
    RefusalCode.H3_LATE: N_(
        "Depth 3 starts in the first three fifths of a session and ends in the first three quarters. This part is later."
    ),
    RefusalCode.H4_SEGMENT: N_("{kind} goes no deeper than {limit}; the prompt has depth {depth}."),
    RefusalCode.H4_FIRST_EXPLORE: N_(
        "With two explore parts, the first stays at depth {limit} and the second may go deeper."
    ),
    RefusalCode.H4_LEAP: N_(
        "The second explore goes at most 1 deeper than the first, here depth {limit}; the prompt has depth {depth}."
    ),
    RefusalCode.H4_LEAP_AFTER: N_(
        "The second explore would be more than 1 deeper. Here depth {least} is the least; the prompt has depth {depth}."
    ),
    RefusalCode.H5_LEAP: N_(
        "Depth rises by 1 at most from the session before, here to {limit}; the prompt has depth {depth}."
    ),
    RefusalCode.H6_USED: N_(
        "The group has had this prompt (sessions ago: {ago}). A new series opens part of the library again."
    ),
    RefusalCode.H6_RECENT: N_(
        "The group had this prompt not long ago (sessions ago: {ago}). Sessions until it is free again: {free_in}."
    ),
    RefusalCode.H6_TWICE: N_("Another part of this session already has this prompt."),
    RefusalCode.H6_KEPT: N_("This prompt is kept for {use}."),
    RefusalCode.H7_NOT_LAST: N_("The closing grounding is always the last part, and there is one."),
    RefusalCode.H7_NOT_FIRST: N_("The opening grounding comes before the check-in."),
    RefusalCode.H7_END: N_("This exercise is not written for this part: {kind}."),
    RefusalCode.H7_LAST_TIME: N_(
        "The session before had this exercise. It is free again in the session after this one."
    ),
    RefusalCode.H7_TWICE: N_("Another part of this session already has this exercise."),
    RefusalCode.H8_THEME: N_("Today is about {focus}; this prompt is about {sub_bind}."),
    RefusalCode.H8_SAME_THEME: N_("Weaving takes two different themes, and {sub_bind} is already there."),
    RefusalCode.H8_ONE_SIDED: N_("This is the last meeting on {sub_bind}, and {pole} has not been explored yet."),
    RefusalCode.H9_PHASE: N_("The prompt is written for another part: {phase}."),
    RefusalCode.H9_MINUTES: N_("It takes at least {minutes} minutes; this part has {available}."),
    RefusalCode.H9_PEOPLE: N_("It takes at least {least} people; {people} are expected."),
    RefusalCode.H9_GROUP_KIND: N_("It is not written for this kind of group: {group_kind}."),
    RefusalCode.H9_ONLINE: N_("It does not work online."),
    RefusalCode.H9_LANGUAGE: N_("It is in another language: {language}."),
    RefusalCode.H9_TOTAL: N_("The parts add up to {total} minutes; the session has {minutes}."),
    RefusalCode.H10_RETIRED: N_("The prompt has been retired."),
    RefusalCode.H10_NOT_REVIEWED: N_(
        "The prompt has not been reviewed. It can be used once a reviewer has approved it."
    ),
    RefusalCode.H10_FORMAT: N_("Depth 3 is for writing, silence or pairs only; this prompt's format: {format}."),
}

REASONS: dict[ReasonCode, str] = {
    ReasonCode.SIDE_MISSING: N_("Takes up {pole} of {sub_bind}, which has not been explored yet."),
    ReasonCode.CELL_NEW: N_("Not yet covered: {pole} of {sub_bind}."),
    ReasonCode.CELL_LEAST: N_("Among the least covered so far: {pole} of {sub_bind}, in the {arena}."),
    ReasonCode.MADE_FOR: N_("Written for {use}."),
    ReasonCode.DEPTH_TARGET: N_("Depth {depth} is what this part aims for; the limit is {limit}."),
    ReasonCode.DEPTH_WITHIN: N_("Depth {depth} is within this part's limit of {limit}."),
    ReasonCode.FORMAT_FRESH: N_("A change of format, from {before} to {format}."),
    ReasonCode.ARENA_FRESH: N_("Touches the {arena}, new in this session."),
    ReasonCode.QUIET: N_("Brings a quiet part into the session: {format}."),
    ReasonCode.POLE_SECOND: N_("No prompt was left for {wanted}, so it takes {pole}."),
    ReasonCode.CORE_LAST_RESORT: N_("No prompt on {focus} was left, so it comes from the bind itself."),
    ReasonCode.NEWCOMERS_CORE: N_(
        "Newcomers are expected and no prompt on the theme was gentle enough, so it comes from the bind itself."
    ),
    ReasonCode.FALLBACK_FORMAT: N_("With {people} people it is done another way: {format}."),
    ReasonCode.RAN_LONG: N_("It took {took} min in place of {planned} on {on}."),
    ReasonCode.SKIPPED: N_("It was skipped on {on}, so it comes back."),
    ReasonCode.LOCKED: N_("Kept because a facilitator locked it."),
    ReasonCode.EXERCISE_LEAST: N_(
        "Times used so far: {uses}. Nothing that fits was used less, and the session before had another."
    ),
    ReasonCode.NO_EXERCISE: N_("Left empty: no exercise fits this part."),
    ReasonCode.EMPTIED: N_('Left empty. The rule "{rule}" ruled out {removed} of {considered} prompts.'),
    ReasonCode.NOTHING_WRITTEN: N_("Left empty. The library has no prompt for this part on {focus}: {kind}."),
}

POINTS: dict[PointCode, str] = {
    PointCode.COVERAGE: N_("Takes up what was covered least so far."),
    PointCode.MADE_FOR: N_("Written for this kind of session."),
    PointCode.DEPTH: N_("As deep as this part aims for."),
    PointCode.FORMAT: N_("Another format than the prompt before."),
    PointCode.ARENA: N_("Touches what the other prompts of the session do not."),
    PointCode.QUIET: N_("The first quiet part of the session."),
    PointCode.TWO_ROUNDS: N_("Two go-rounds would follow each other."),
    PointCode.SAME_IMAGE: N_("Draws on the same picture as the prompt beside it."),
    PointCode.RUNS_OVER: N_("Took longer the last time than this part has."),
}

LEADS: dict[LeadCode, str] = {
    LeadCode.THEME: N_("Today is about {focus}. The bind itself comes last, whatever the points."),
    LeadCode.POLE: N_("This part takes up {wanted} before {pole}, whatever the points."),
}

REMEDIES: dict[RemedyCode, str] = {
    RemedyCode.NEWCOMERS_OFF: N_("No newcomers are expected."),
    RemedyCode.SECOND_LEADER: N_("A second facilitator is there."),
    RemedyCode.LIMIT_UP: N_("The depth limit goes back to {limit}."),
    RemedyCode.MORE_MINUTES: N_("This part gets more time, in minutes: {more}."),
    RemedyCode.IN_PERSON: N_("The group meets in person, without a link."),
    RemedyCode.REVIEWED: N_("A reviewer approves prompts that are drafts now."),
}

_THEMES = {
    "fear": N_("fear"),
    "shame": N_("shame"),
    "powerlessness": N_("powerlessness"),
    "vulnerability": N_("vulnerability"),
    "core": N_("the bind itself"),
    "weaving": N_("all four themes"),
}
_POLES = {"identity": N_("the identity side"), "belonging": N_("the belonging side"), "both": N_("both sides together")}
_FORMATS = {
    "go_round": N_("go-round"),
    "pairs": N_("pairs"),
    "writing": N_("writing"),
    "silent": N_("silence"),
    "circle": N_("circle"),
}

WORDS: dict[str, dict[str, str]] = {
    "sub_bind": _THEMES,
    "focus": _THEMES,
    "pole": _POLES,
    "wanted": _POLES,
    "format": _FORMATS,
    "before": _FORMATS,
    "arena": {
        "nervous_system": N_("nervous system"),
        "survival_instincts": N_("survival instincts"),
        "attachment_needs": N_("attachment needs"),
        "identity": N_("sense of self"),
    },
    "use": {
        "first": N_("the first session"),
        "weaving": N_("the weaving session"),
        "last": N_("the closing session"),
    },
    "kind": {
        "welcome": N_("Welcome"),
        "agreements": N_("Agreements"),
        "ground_open": N_("Opening grounding"),
        "checkin": N_("Check-in"),
        "teach": N_("Bind in brief"),
        "explore_a": N_("Explore A"),
        "pause": N_("Pause"),
        "explore_b": N_("Explore B"),
        "integrate": N_("Integrate"),
        "recap": N_("Recap"),
        "checkout": N_("Check-out"),
        "news": N_("News"),
        "ground_close": N_("Closing grounding"),
    },
    "phase": {
        "checkin": N_("check-in"),
        "explore": N_("explore"),
        "integrate": N_("integrate"),
        "close": N_("check-out"),
    },
    "group_kind": {"open": N_("open"), "closed": N_("closed")},
    "rule": {rule: words.name for rule, words in RULES.items()},
}
"""What stands in a sentence for an id, by placeholder; numbers and anything else go in as they are."""

SENTENCES: dict[str, str] = {
    str(code): text for table in (REFUSALS, REASONS, POINTS, LEADS, REMEDIES) for code, text in table.items()
}


def say(code: str, params: Params, translate: Callable[[str], str] = N_) -> str:
    """Put a code and its params into words.

    Args:
        code: a code of rules_reasons, or its stored value.
        params: the ids and numbers stored with it.
        translate: gives a marked string in the reader's language.

    Raises:
        KeyError: the code is not known.
    """
    words = {name: _word(name, value, translate) for name, value in params.items()}
    return translate(SENTENCES[code]).format_map(words)


def name_rule(rule: Rule, translate: Callable[[str], str] = N_) -> str:
    """Name a hard rule."""
    return translate(RULES[rule].name)


def justify_rule(rule: Rule, translate: Callable[[str], str] = N_) -> str:
    """Say why a hard rule is there."""
    return translate(RULES[rule].reason)


def _word(name: str, value: str | int, translate: Callable[[str], str]) -> str:
    word = WORDS.get(name, {}).get(str(value))
    return translate(word) if word else str(value)
