"""The shipped prompts keep to the rules of wording, depth, choice and balance."""

import itertools
import re
from collections import Counter

import pytest

from facilitator.curriculum.materials import PromptEntry
from facilitator.curriculum.rules import THEMES, Arena, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.curriculum.service import LIBRARY, load_prompt_entries

PROMPTS = load_prompt_entries()
PASS = "You can pass, answer silently, or come back later; no reason needed."
PASS_IS_ENOUGH = {"vulnerability-close-belonging-1", "core-explore-both-1"}
LEAST_MINUTES = {Phase.CHECKIN: 8, Phase.EXPLORE: 10, Phase.INTEGRATE: 6, Phase.CLOSE: 4}
DEEPEST = {Phase.CHECKIN: 1, Phase.EXPLORE: 3, Phase.INTEGRATE: 2, Phase.CLOSE: 1}
THEME_GRID = {Phase.CHECKIN: 4, Phase.EXPLORE: 13, Phase.INTEGRATE: 7, Phase.CLOSE: 3}
CORE_GRID = {Phase.CHECKIN: 5, Phase.EXPLORE: 7, Phase.INTEGRATE: 6, Phase.CLOSE: 4}
DEPTHS = {
    SubBind.FEAR: [13, 12, 2],
    SubBind.SHAME: [12, 11, 4],
    SubBind.POWERLESSNESS: [12, 11, 4],
    SubBind.VULNERABILITY: [12, 11, 4],
    SubBind.CORE: [15, 7, 0],
}

# fmt: off  (a list of words reads best as lines of words)
BANNED = (
    r"why",
    r"should",
    r"must",
    r"never",
    r"always",
    r"forgiv\w*",
    r"move on",
    r"moving on",
    r"get over",
    r"husbands?",
    r"wife",
    r"wives",
    r"spouses?",
    r"marriage\w*",
    r"married",
    r"boyfriend\w*",
    r"girlfriend\w*",
    r"cheat\w*",
    r"victims?",
    r"codependen\w*",
    r"toxic",
    r"narcissis\w*",
    r"addict\w*",
    r"needs? to",
    r"ought to",
    r"have to tell",
    r"homework",
    r"betray\w*",
    r"affairs?",
    r"infidel\w*",
    r"unfaithful\w*",
    r"perpetrators?",
    r"survivors?",
    r"crazy",
    r"denial",
    r"damaged",
    r"weak\w*",
    r"triggered",
    r"triggers?",
    r"closure",
    r"heal\w*",
    r"calm down",
    r"relax\w*",
    r"let go",
    r"letting go",
    r"safe space",
    r"therap\w*",
    r"treatment",
    r"patients?",
    r"recover\w*",
    r"trauma\w*",
    r"divorc\w*",
    r"separation",
    r"reconcil\w*",
    r"god",
    r"pray\w*",
    r"church",
    r"he",
    r"she",
    r"him",
    r"his",
    r"hers?",
    r"sex\w*",
    r"grateful",
    r"gratitude",
    r"blessing",
    r"silver lining",
    r"warrior",
    r"battle",
    r"victory",
    r"conquer\w*",
    r"normal",
    r"just try",
    r"at least you",
)
STEERING = (
    r"stay or (go|leave)",
    r"whether to (stay|leave|tell)",
    r"trust them again",
    r"walk out",
    r"(stay|leave|break up) (with|from)? ?(them|your partner|the relationship|someone)",
    r"take (them|someone) back",
)
DETAIL = (
    r"what happened",
    r"what took place",
    r"what they did",
    r"what was done",
    r"how (did|do) you (find|found) out",
    r"when did you (find|learn|discover)",
    r"tell (us )?your story",
    r"tell us what",
    r"describe the (day|moment|event)",
    r"the details of",
    r"(the|that) day (it|you|when you) (found|learned|happened)",
    r"discover\w*",
    r"disclos\w*",
    r"found out",
    r"confess\w*",
    r"the other (person|woman|man)",
)
# fmt: on
RULED_OUT = {
    "a banned word": re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE),
    "steering a decision": re.compile(rf"\b({'|'.join(STEERING)})\b", re.IGNORECASE),
    "asking for event detail": re.compile(rf"\b({'|'.join(DETAIL)})\b", re.IGNORECASE),
    "an exclamation mark": re.compile("!"),
    "a long dash": re.compile("[\u2013\u2014]"),
}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", re.sub("['\u2018\u2019]", "", text.lower()))


def count_words(text: str) -> int:
    return len(re.findall(r"[A-Za-z0-9][A-Za-z0-9'\u2019-]*", text))


def syllables(word: str) -> int:
    word = re.sub(r"[^a-z]", "", word.lower())
    if len(word) > 3 and word.endswith("e") and not word.endswith(("le", "ee", "ye")):
        word = word[:-1]
    if len(word) > 4 and word.endswith("ed") and word[-3] not in "td":
        word = word[:-2]
    return max(1, len(re.findall(r"[aeiouy]+", word))) if word else 0


def reading_grade(text: str) -> float:
    """Give the Flesch-Kincaid grade."""
    sentences = [s for s in re.split(r"[.?!;:]+(?:\s|$)|\.\.\.", text) if count_words(s)]
    found = re.findall(r"[A-Za-z']+", text)
    return 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + n]) for i in range(len(found) - n + 1)}


def list_faults(text: str) -> list[str]:
    return [f"{what}: {m.group(0)}" for what, pattern in RULED_OUT.items() for m in pattern.finditer(text)]


def image(prompt: PromptEntry) -> str:
    return next(tag for tag in prompt.tags if tag.startswith("image:"))


each_prompt = pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: p.id)
each_theme = pytest.mark.parametrize("theme", THEMES)
each_sub_bind = pytest.mark.parametrize("sub_bind", SubBind)


def of(sub_bind: SubBind, phase: Phase | None = None) -> list[PromptEntry]:
    return [p for p in PROMPTS if p.sub_bind is sub_bind and phase in (None, p.phase)]


@each_prompt
def test_a_prompt_is_named_after_its_place_and_stands_in_its_file(prompt):
    assert re.fullmatch(rf"{prompt.sub_bind}-{prompt.phase}-{prompt.pole}-\d+", prompt.id)
    assert f'id = "{prompt.id}"' in (LIBRARY / "prompts" / f"{prompt.sub_bind}.toml").read_text(encoding="utf-8")


@each_prompt
def test_a_shipped_prompt_is_an_unreviewed_original_that_assumes_nothing(prompt):
    assert prompt.status is PromptStatus.DRAFT
    assert (prompt.reviewed_by_role, prompt.reviewed_on) == ("", None)
    assert (prompt.assumes_status, prompt.provenance, prompt.version) == ("none", "original", 1)


@each_prompt
def test_a_prompt_goes_no_deeper_than_its_phase_and_can_be_done_in_the_time(prompt):
    assert 1 <= prompt.depth <= DEEPEST[prompt.phase]
    assert LEAST_MINUTES[prompt.phase] <= prompt.minutes.least <= prompt.minutes.default


@each_prompt
def test_a_prompt_touches_one_or_two_arenas_and_draws_on_one_image(prompt):
    assert len(prompt.arenas) in (1, 2)
    assert len(set(prompt.arenas)) == len(prompt.arenas)
    assert sum(tag.startswith("image:") for tag in prompt.tags) == 1


@each_prompt
def test_a_deep_or_paired_prompt_has_a_quiet_way_to_do_it(prompt):
    assert prompt.fallback_format is not prompt.format
    if prompt.depth >= 2 or prompt.format is Format.PAIRS:
        assert prompt.fallback_format in (Format.WRITING, Format.SILENT)
    assert prompt.min_people >= (4 if prompt.format is Format.PAIRS else 3)


@each_prompt
def test_depth_three_is_contained_announced_and_for_closed_groups(prompt):
    if prompt.depth < 3:
        return
    assert prompt.format in (Format.WRITING, Format.SILENT, Format.PAIRS)
    assert prompt.group_kinds == (GroupKind.CLOSED,)
    assert prompt.content_note != "none"


@each_prompt
def test_a_prompt_is_short_plain_and_asks_little(prompt):
    assert 1 <= count_words(prompt.text) <= 60
    assert prompt.text.count("?") <= 2
    assert reading_grade(prompt.text) <= 10.0


@each_prompt
def test_a_prompt_offers_a_real_alternative(prompt):
    own_words = prompt.opt_out.replace(PASS, "").strip()
    assert own_words or prompt.id in PASS_IS_ENOUGH
    assert prompt.opt_out.strip()


@each_prompt
def test_follow_ups_are_two_short_open_questions(prompt):
    assert len(prompt.follow_ups) == 2
    assert [f for f in prompt.follow_ups if not f.endswith("?") or f.count("?") > 1 or count_words(f) > 16] == []


@each_prompt
def test_notes_are_there_and_short(prompt):
    assert prompt.content_note == "none" or (
        count_words(prompt.content_note) <= 10 and prompt.content_note.endswith(".")
    )
    assert count_words(prompt.facilitator_note) >= 4


@each_prompt
def test_nothing_a_participant_reads_blames_steers_or_asks_for_the_story(prompt):
    for text in (prompt.text, prompt.content_note, prompt.opt_out, *prompt.follow_ups):
        assert list_faults(text) == []


def test_the_lint_finds_what_it_looks_for():
    for text in ("Why me?", "You should stay or go.", "Tell us what happened!", "A pause \u2014 or two."):
        assert list_faults(text)


@each_sub_bind
def test_every_phase_has_its_number_of_prompts(sub_bind):
    grid = CORE_GRID if sub_bind is SubBind.CORE else THEME_GRID
    assert {phase: len(of(sub_bind, phase)) for phase in Phase} == grid


@each_sub_bind
def test_depths_are_spread_as_planned_and_only_explore_goes_to_three(sub_bind):
    assert [sum(p.depth == depth for p in of(sub_bind)) for depth in (1, 2, 3)] == DEPTHS[sub_bind]
    assert {p.phase for p in of(sub_bind) if p.depth == 3} <= {Phase.EXPLORE}


@each_theme
def test_a_theme_gives_both_sides_equal_room(theme):
    explore = of(theme, Phase.EXPLORE)
    assert [sum(p.pole is pole for p in explore) for pole in Pole] == [4, 4, 5]
    assert sum(p.pole is Pole.BOTH and p.depth <= 2 for p in explore) >= 3
    assert all({p.pole for p in of(theme, phase)} == set(Pole) for phase in Phase)


@each_theme
def test_a_theme_can_be_brought_back_up(theme):
    assert sorted(p.depth for p in of(theme, Phase.INTEGRATE)) == [1, 1, 1, 2, 2, 2, 2]


@each_theme
def test_a_theme_offers_every_arena_and_enough_quiet_formats(theme):
    formats = Counter(p.format for p in of(theme))
    assert all(sum(arena in p.arenas for p in of(theme)) >= 5 for arena in Arena)
    assert formats[Format.WRITING] >= 6
    assert formats[Format.PAIRS] >= 6
    assert formats[Format.SILENT] >= 4


@each_theme
def test_a_theme_serves_open_groups(theme):
    assert sum(GroupKind.OPEN in p.group_kinds for p in of(theme)) >= 12


def test_the_bind_itself_is_explored_gently_from_both_sides():
    explore = of(SubBind.CORE, Phase.EXPLORE)
    assert sorted(p.depth for p in explore) == [1, 1, 1, 2, 2, 2, 2]
    assert all(sum(p.pole is pole for p in explore) >= 2 for pole in Pole)
    assert sorted(p.depth for p in of(SubBind.CORE, Phase.INTEGRATE)) == [1, 1, 1, 2, 2, 2]


def test_the_library_holds_130_prompts_and_14_at_depth_three():
    assert len(PROMPTS) == 130
    assert sum(p.depth == 3 for p in PROMPTS) == 14


def test_openings_vary():
    first = Counter(words(p.text)[0] for p in PROMPTS)
    pairs = Counter(tuple(words(p.text)[:2]) for p in PROMPTS)
    assert max(first.values()) <= 12
    assert max(pairs.values()) <= 4


def test_no_image_and_no_follow_up_wears_out():
    assert max(Counter(image(p) for p in PROMPTS).values()) <= 2
    assert max(Counter(tuple(words(f)) for p in PROMPTS for f in p.follow_ups).values()) == 1


def test_no_two_prompts_say_nearly_the_same():
    by_id = {p.id: grams(p.text, 4) for p in PROMPTS}
    alike = [
        (a, b)
        for a, b in itertools.combinations(by_id, 2)
        if len(by_id[a] & by_id[b]) > 0.35 * len(by_id[a] | by_id[b])
    ]
    assert alike == []


def test_the_library_reads_at_about_age_twelve_on_average():
    assert sum(reading_grade(p.text) for p in PROMPTS) / len(PROMPTS) <= 7.0
