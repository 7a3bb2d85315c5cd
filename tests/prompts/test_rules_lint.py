"""What an author is asked to look at again."""

from dataclasses import replace

import pytest

from facilitator.curriculum.rules import Arena, Format, Phase, Pole, SubBind
from facilitator.curriculum.service import load_prompt_entries
from facilitator.prompts.rules_draft import PromptDraft
from facilitator.prompts.rules_lint import LintCode, lint_prompt

GOOD = PromptDraft(
    sub_bind=SubBind.FEAR,
    pole=Pole.BOTH,
    arenas=(Arena.IDENTITY,),
    depth=2,
    phase=Phase.EXPLORE,
    format=Format.WRITING,
    fallback_format=Format.SILENT,
    minutes_default=12,
    minutes_min=10,
    text="What would you like to know about your own alarm?",
    opt_out="You can pass.",
    follow_ups=("Where is it now?", "What eases it?"),
)


def test_a_good_prompt_gets_no_warning():
    assert lint_prompt(GOOD) == ()


@pytest.mark.parametrize(
    ("change", "code", "params"),
    [
        ({"text": "word " * 61}, LintCode.TOO_LONG, {"words": 61, "most": 60}),
        ({"text": "Why now"}, LintCode.HARD_WORD, {"word": "why"}),
        ({"text": "You could Move On now"}, LintCode.HARD_WORD, {"word": "move on"}),
        ({"text": "A? B? C?"}, LintCode.MANY_QUESTIONS, {"questions": 3, "most": 2}),
        ({"opt_out": " "}, LintCode.NO_OPT_OUT, {}),
        ({"depth": 3, "format": Format.CIRCLE}, LintCode.LOUD_DEPTH, {"format": "circle"}),
        ({"phase": Phase.CLOSE}, LintCode.DEPTH_PHASE, {"depth": 2, "phase": "close", "most": 1}),
        ({"fallback_format": None}, LintCode.NO_FALLBACK, {}),
        ({"follow_ups": ("One?",)}, LintCode.FOLLOW_UPS, {"count": 1, "wanted": 2}),
    ],
)
def test_each_habit_to_avoid_is_one_warning(change, code, params):
    found = lint_prompt(replace(GOOD, **change))
    assert [(warning.code, dict(warning.params)) for warning in found] == [(code, params)]


def test_a_hard_word_is_told_once_and_only_as_a_word():
    assert len(lint_prompt(replace(GOOD, text="Why, oh why"))) == 1
    assert lint_prompt(replace(GOOD, text="Addiction, mustard, whyever")) == ()


def test_the_word_list_is_english():
    assert lint_prompt(replace(GOOD, language="es", text="must")) == ()


def test_a_gentle_prompt_needs_no_other_format():
    assert lint_prompt(replace(GOOD, depth=1, fallback_format=None)) == ()


def test_the_shipped_prompts_pass():
    for entry in load_prompt_entries("en"):
        draft = replace(
            GOOD,
            text=entry.text,
            depth=entry.depth,
            phase=entry.phase,
            format=entry.format,
            fallback_format=entry.fallback_format,
            opt_out=entry.opt_out,
            follow_ups=entry.follow_ups,
        )
        assert lint_prompt(draft) == (), entry.id
