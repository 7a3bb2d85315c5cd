"""The Spanish edition says the same as the English one, entry by entry, and keeps to the style decided for it.

Meaning, tone and gendered agreement need a person; what a machine can see is looked at here, and each look is shown to
be able to find something.
"""

import re
import tomllib
from collections import Counter

import pytest

from facilitator.curriculum.materials import PromptEntry
from facilitator.curriculum.service import LIBRARY, catalogue, load_prompt_entries

FILES = sorted(str(path.relative_to(LIBRARY / "es")) for path in (LIBRARY / "es").rglob("*.toml"))
PASS = (
    "You can pass, answer silently, or come back later; no reason needed.",
    "Puedes pasar, responder en silencio o volver más tarde; no hace falta dar razones.",
)
# keys that hold words for people; everything else is a code or a number and equal in both editions
WORDS = frozenset(
    re.findall(
        r"\w+",
        "after after_text alone alone_note alternative answers attribution audience belonging_pole body_signs caution "
        "confidentiality_line content_note defaults depth_note everyday_sign facilitator_note first_half follow_ups "
        "frame_line goals honesty_note hours how_it_pits_them identity_pole intro items label languages lead limits_line "
        "minutes missed_session_recap movement name not_a_defect not_a_score not_validated note notice online_note opt_out "
        "outcomes participant_title passes phone picture plain_name purpose real_risk review_notice rule safety_line say "
        "scope second_half severity_picture situation skip_label steps stuck_loops summary swap text then title too_fast "
        "too_little too_much top_two verification_note watch_out watcher whole_group",
    )
)
CODES = {"provenance", "arena_weights"}
OFFICIAL = {"label", "phone", "languages"}  # names and figures of services stand as they are
MOST_WORDS = 70

STYLE = {
    "asks why": r"¿\s*(?:y\s+)?por qué",
    "steers": r"perdon\w+|superar\w*|pasar página|codependien\w+|tóxic\w+|narcisis\w+|infi(?:el|delidad)\w*|v[íi]ctimas?",
    "names a spouse": r"espos[oa]s?|maridos?|(?:mi|tu|su) (?:mujer|pareja)|parejas|en pareja",
    "a double ending": r"\w+(?:o|e)s?/(?:a|as)|\w+a/o|\w+/a|\w+\((?:a|as|o|os)\)|\w*@\w*|tod[xe]s|nosotr[xe]s",
    "another address than tú": r"usted(?:es)?|vosotr[oa]s|vuestr[oa]s?|sentís|podéis|queréis",
    "English left over": r"the|and|with|you|your|what|this|from|when|how|they|their|would|should|which|about",
}
STYLE_PATTERNS = {what: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) for what, words in STYLE.items()}
TELLING = re.compile(
    r"nudo|traici|infidel|trauma|abus|maltrat|pareja|vergüenz|miedo|impoten|vulnerab|terap|apoyo|grupo|sana|crisis|dolor",
    re.IGNORECASE,
)
SPANISH = load_prompt_entries("es")
ENGLISH = {entry.id: entry for entry in load_prompt_entries()}


def find_faults(words: str) -> list[str]:
    """List what is wrong with a Spanish sentence."""
    found = [what for what, pattern in STYLE_PATTERNS.items() if pattern.search(words)]
    found += ["an exclamation"] * bool(re.search("[!¡]", words))
    found += ["a long dash"] * bool(re.search("[\u2013\u2014]", words))
    found += ["unpaired question marks"] * (words.count("¿") != words.count("?"))
    found += ["unpaired quotation marks"] * any(words.count(a) != words.count(b) for a, b in ("“”", "«»", "()"))
    return found + ["stray space"] * (words != words.strip() or "  " in words)


def walk(key, english, spanish, where, *, code=False):
    """Yield every pair of sentences, and assert that all else is equal."""
    if isinstance(english, dict):
        assert set(english) == set(spanish) - {"translation_of"} | ({"translation_of"} & set(english)), where
        for name in english:
            if name != "language":
                yield from walk(name, english[name], spanish[name], f"{where}.{name}", code=code or name in CODES)
    elif isinstance(english, list):
        # help lines of Spanish-speaking countries stand after those of the English file
        assert len(english) == len(spanish) or (key == "resource" and len(english) < len(spanish)), where
        for number, (each, other) in enumerate(zip(english, spanish, strict=False)):
            yield from walk(key, each, other, f"{where}[{number}]", code=code)
    elif isinstance(english, str) and key in WORDS and not code:
        yield key, english, spanish, where
    else:
        assert english == spanish, where


@pytest.mark.parametrize("name", FILES)
def test_every_entry_says_the_same_as_the_english_one_in_the_words_of_the_style(name):
    english = tomllib.loads((LIBRARY / name).read_text(encoding="utf-8"))
    spanish = tomllib.loads((LIBRARY / "es" / name).read_text(encoding="utf-8"))
    pairs = 0
    for key, one, other, where in walk("", english, spanish, name):
        pairs += 1
        assert bool(one) == bool(other), where
        assert sorted(re.findall(r"\[[a-z_]+\]", one)) == sorted(re.findall(r"\[[a-z_]+\]", other)), where
        if key not in OFFICIAL and "resources" not in name:
            assert find_faults(other.replace(" (the betrayal bind)", "")) == [], where
            assert one != other or len(one.split()) <= 1, where
    assert pairs > 10


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("¿Por qué te fuiste?", "asks why"),
        ("Es hora de perdonar.", "steers"),
        ("Habla de tu pareja.", "names a spouse"),
        ("Estás cansado/a.", "a double ending"),
        ("¿Qué necesitáis? Podéis pasar.", "another address than tú"),
        ("Nota your ritmo.", "English left over"),
        ("¡Bien!", "an exclamation"),
        ("Qué notas?", "unpaired question marks"),
        ("Dos  espacios.", "stray space"),
    ],
)
def test_the_style_finds_what_it_looks_for(words, fault):
    assert fault in find_faults(words)


def test_a_code_that_differs_is_found():
    with pytest.raises(AssertionError, match="depth"):
        list(walk("", {"depth": 1}, {"depth": 2}, "x"))
    with pytest.raises(AssertionError):
        list(walk("", {"text": "a"}, {"text": "a", "more": 1}, "x"))


@pytest.mark.parametrize("entry", SPANISH, ids=lambda entry: entry.id)
def test_a_translated_prompt_is_a_short_draft_tied_to_its_original(entry: PromptEntry):
    original = ENGLISH[entry.id]
    assert (entry.status, entry.translation_of) == ("draft", original.version)
    assert len(entry.text.split()) <= MOST_WORDS
    assert (PASS[0] in original.opt_out) == (PASS[1] in entry.opt_out)


@pytest.mark.parametrize("pathway", catalogue("es").pathways, ids=lambda pathway: pathway.id)
def test_participant_titles_give_nothing_away_and_differ(pathway):
    titles = [session.participant_title for session in pathway.sessions]
    assert not [title for title in titles if TELLING.search(title) or len(title.split()) > 3]
    assert max(Counter(titles).values()) == 1


def test_help_lines_that_nobody_verified_are_not_shown():
    added = {line.id for line in catalogue("es").help.lines} - {line.id for line in catalogue().help.lines}
    lines = [line for line in catalogue("es").help.lines if line.id in added]
    assert len(lines) > 10
    assert not [line.id for line in lines if line.active or line.last_verified_on]
