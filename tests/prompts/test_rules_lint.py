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
    opt_out="Draw the alarm, or listen.",
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
        ({"follow_ups": ("Where is it now?", "Why there?")}, LintCode.HARD_WORD, {"word": "why"}),
        ({"text": "What exactly happened?"}, LintCode.EVENT, {"words": "What exactly happened"}),
        ({"follow_ups": ("Where is it?", "Who was it?")}, LintCode.EVENT, {"words": "Who was it"}),
        ({"text": "A? B? C?"}, LintCode.MANY_QUESTIONS, {"questions": 3, "most": 2}),
        ({"opt_out": " "}, LintCode.NO_OPT_OUT, {}),
        ({"opt_out": "Pass"}, LintCode.ONLY_PASSING, {}),
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


ASKS_FOR_THE_EVENT = [
    "Tell the group what exactly happened.",
    "What happened on the day everything changed?",
    "What did he do, and what did you do then?",
    "What was done to you?",
    "How did you find out?",
    "Think of the moment you discovered the affair.",
    "When did you first learn of it?",
    "Go back to the day you found out. Where were you?",
    "Who was the other person?",
    "Who betrayed you?",
    "With whom did she lie to you?",
    "How many times did it happen?",
    "How long had it been going on?",
    "What did the messages say?",
    "Describe the messages you found on the phone.",
    "You found the texts. What stayed with you?",
    "Share the story of the betrayal, in your own time.",
    "Describe the discovery in a few words.",
    "Walk us through the whole story.",
    "Say in detail what hurt the most.",
    "Give us the details you keep going over.",
    "Without the details, who was it?",
    "What do you remember about the affair?",
    "When did your partner begin to lie?",
    "Where did they meet?",
]
ASKS_FOR_THE_PULL = [
    "When part of you wants to know: leaving out what it was about, what is each side looking after?",
    "Without the details, recall an ordinary moment when a part of you stepped back. What did going along protect?",
    "Without telling the story, what do you tend to leave out, soften or carry alone?",
    "Say which column was harder to look at, not what is in it.",
    "What happened in your body just now?",
    "Where do you notice it as you arrive?",
    "With whom is less editing needed?",
    "Who, if anyone, would you like to know about it?",
    "What did you choose this week, however small?",
    "When fear comes close, which of your own signals goes quiet first?",
    "How long does the softening last?",
    "Describe the weather inside, and leave out what brought it.",
    "Notice the pull to know, and the pull not to. No details are needed.",
    "If your alarm sent messages, which one would you answer?",
]


@pytest.mark.parametrize("text", ASKS_FOR_THE_EVENT)
def test_a_question_for_what_happened_is_pointed_out(text):
    found = [warning.code for warning in lint_prompt(replace(GOOD, text=text))]
    assert LintCode.EVENT in found


@pytest.mark.parametrize("text", ASKS_FOR_THE_PULL)
def test_a_question_for_the_pull_or_the_body_is_not(text):
    assert lint_prompt(replace(GOOD, text=text)) == ()


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("¿Qué pasó exactamente?", True),
        ("¿Cómo te enteraste?", True),
        ("¿Cuántas veces ocurrió?", True),
        ("Describe los mensajes que encontraste.", True),
        ("Sin contar la historia, ¿qué sueles callar?", False),
        ("¿Dónde lo notas en el cuerpo?", False),
        ("¿Qué te ayudó hoy, aunque fuera poco?", False),
    ],
)
def test_spanish_is_looked_over_too(text, asks):
    found = [warning.code for warning in lint_prompt(replace(GOOD, language="es", text=text))]
    assert (LintCode.EVENT in found) is asks


@pytest.mark.parametrize(
    ("opt_out", "only"),
    [
        ("Pass", True),
        ("You can pass.", True),
        ("or just pass, no reason needed", True),
        ("Passing is always fine.", True),
        ("Skip it.", True),
        ("Paso.", True),
        ("Pass, or listen.", False),
        ("You can pass, answer silently, or come back later; no reason needed.", False),
        ("Skip the thanks; name only a rest.", False),
        ("Listen.", False),
    ],
)
def test_passing_alone_is_no_other_way_to_take_part(opt_out, only):
    found = [warning.code for warning in lint_prompt(replace(GOOD, opt_out=opt_out))]
    assert found == ([LintCode.ONLY_PASSING] if only else [])


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
