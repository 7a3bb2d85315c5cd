"""What an author may want to look at again in a prompt: codes and parameters, never a verdict.

Warnings never stop anybody from saving; the hard rules decide what may be assigned. The words are English, and what
asks for the event Spanish too; other languages are left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from facilitator.curriculum.rules import Format, Phase
from facilitator.prompts.rules_draft import PromptDraft
from facilitator.prompts.rules_event import find_event_question
from facilitator.prompts.rules_reasons import Params

MOST_WORDS = 60
MOST_QUESTIONS = 2
FOLLOW_UPS = 2
DEEPEST = 3
LOUD_FORMATS = frozenset({Format.GO_ROUND, Format.CIRCLE})
DEEPEST_IN_PHASE = {Phase.CHECKIN: 1, Phase.INTEGRATE: 2, Phase.CLOSE: 1}
HARD_WORDS = (
    *("why", "should", "must", "never", "always", "forgive", "move on", "get over", "your husband", "your wife"),
    *("cheater", "victim", "codependent", "toxic", "narcissist", "addict"),
)
ONLY_PASSING = re.compile(
    r"(?:(?:you|people|anyone|or|and|just|simply|always|may|can|could|feel free to|it is|it's|fine|ok|okay|to|say|please)\W+)*"
    r"(?:pass|passing|skip|skipping|skip it|skip this|paso|pasar)"
    r"(?:\W+(?:is|always|also|fine|ok|okay|allowed|welcome|possible|a full answer|no reason(?: is)? needed|if you like))*\W*",
    re.IGNORECASE,
)
"""Passing is always allowed, so naming it adds no other way to take part."""

_HARD = re.compile(rf"\b(?:{'|'.join(HARD_WORDS)})\b", re.IGNORECASE)


class LintCode(StrEnum):
    """What a warning is about; the names of its parameters stand behind each."""

    TOO_LONG = "too_long"  # words, most
    HARD_WORD = "hard_word"  # word
    EVENT = "event"  # words
    MANY_QUESTIONS = "many_questions"  # questions, most
    NO_OPT_OUT = "no_opt_out"
    ONLY_PASSING = "only_passing"
    LOUD_DEPTH = "loud_depth"  # format
    DEPTH_PHASE = "depth_phase"  # depth, phase, most
    NO_FALLBACK = "no_fallback"
    FOLLOW_UPS = "follow_ups"  # count, wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class LintWarning:
    """One remark on a prompt: a code and its parameters."""

    code: LintCode
    params: Params = field(default_factory=dict)


def lint_prompt(draft: PromptDraft) -> tuple[LintWarning, ...]:
    """List what the author may want to change about the wording, the way out or the depth."""
    return (*_lint_words(draft), *_lint_form(draft))


def _lint_words(draft: PromptDraft) -> Iterator[LintWarning]:
    words, questions = len(draft.text.split()), draft.text.count("?")
    if words > MOST_WORDS:
        yield LintWarning(code=LintCode.TOO_LONG, params={"words": words, "most": MOST_WORDS})
    if draft.language == "en":
        asked = " ".join((draft.text, *draft.follow_ups))
        for word in dict.fromkeys(found.lower() for found in _HARD.findall(asked)):
            yield LintWarning(code=LintCode.HARD_WORD, params={"word": word})
    for asked in (draft.text, *draft.follow_ups):
        if words_of_event := find_event_question(asked, draft.language):
            yield LintWarning(code=LintCode.EVENT, params={"words": words_of_event})
    if questions > MOST_QUESTIONS:
        yield LintWarning(code=LintCode.MANY_QUESTIONS, params={"questions": questions, "most": MOST_QUESTIONS})


def _lint_form(draft: PromptDraft) -> Iterator[LintWarning]:
    if not draft.opt_out.strip():
        yield LintWarning(code=LintCode.NO_OPT_OUT)
    elif ONLY_PASSING.fullmatch(draft.opt_out.strip()):
        yield LintWarning(code=LintCode.ONLY_PASSING)
    if draft.depth == DEEPEST and draft.format in LOUD_FORMATS:
        yield LintWarning(code=LintCode.LOUD_DEPTH, params={"format": draft.format})
    most = DEEPEST_IN_PHASE.get(draft.phase, DEEPEST)
    if draft.depth > most:
        params: Params = {"depth": draft.depth, "phase": draft.phase, "most": most}
        yield LintWarning(code=LintCode.DEPTH_PHASE, params=params)
    if draft.depth > 1 and draft.fallback_format is None:
        yield LintWarning(code=LintCode.NO_FALLBACK)
    if len(draft.follow_ups) != FOLLOW_UPS:
        yield LintWarning(code=LintCode.FOLLOW_UPS, params={"count": len(draft.follow_ups), "wanted": FOLLOW_UPS})
