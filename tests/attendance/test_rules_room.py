"""How a room is checked into, as tables: when, with which words, and that no two rooms share them."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from facilitator.attendance.rules_room import (
    LONGEST_OPEN,
    OPENS_BEFORE,
    ROTATION,
    SHUTS_AFTER,
    coming_phrases,
    may_open,
    next_turn_at,
    phrase,
    plain,
    share_words,
    turn_of,
    valid_phrases,
    words_of_turn,
)
from facilitator.attendance.service_words import list_words

NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LISTED = list_words("en")
# what touches the subject, or could hurt; compared with the beginnings of words
HURTFUL = {
    "en": "fear afraid scare panic body skin blood hand foot arm leg face heart bone famil mother father parent child bab "
    "son daughter wife husband love kiss marr wed bride ring lust sex church god pray bible saint angel sin faith ill "
    "sick pain drug pill wound cancer fight kill gun knife shoot bomb war hit stab crime steal thief jail prison court "
    "judge law wine beer rum drunk lie liar cheat betray affair secret shame guilt trap cage rope chain knot bind trust",
    "es": "miedo temor susto cuerpo piel sangre mano pie brazo pierna cara corazon hueso familia madre padre hijo hija "
    "esposo esposa marido mujer amor beso boda novio novia anillo iglesia dios cruz santo angel pecado enferm dolor "
    "droga herida cancer pelea arma pistola cuchillo bomba guerra golpe crimen robo ladron carcel juez ley vino cerveza "
    "ron mentir mentira engan traici secreto culpa verguenza trampa jaula cuerda cadena nudo cuern zorr perr cabron",
}
# what begins like one of these and is another thing
SAFE = {
    "armchair",
    "armario",
    "caracola",
    "caramelo",
    "caravana",
    "caravela",
    "courtesy",
    "facet",
    "footpath",
    "handbag",
    "handmade",
    "legend",
    "leyenda",
    "manojo",
    "robot",
    "sonar",
    "warbler",
    "wardrobe",
    "warm",
}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - OPENS_BEFORE - SECOND, False),
        (NOW - OPENS_BEFORE, True),
        (NOW, True),
        (NOW + 90 * MINUTE + SHUTS_AFTER, True),
        (NOW + 90 * MINUTE + SHUTS_AFTER + SECOND, False),
    ],
)
def test_check_in_opens_half_an_hour_before_a_session_and_until_two_hours_after_it(at, expected):
    assert may_open(NOW, NOW + 90 * MINUTE, at) is expected


@pytest.mark.parametrize(
    "typed",
    [
        "maple river",
        "Maple River",
        "MAPLE-RIVER",
        " maple  river ",
        "mapleriver",
        "maple, river.",
        "máple rivér",
        "maple\u00a0river",
        "maple–river",
        "ｍａｐｌｅ river",
    ],
)
def test_case_accents_hyphens_and_spaces_make_no_difference(typed):
    assert plain(typed) == "mapleriver"


@pytest.mark.parametrize("typed", ["", "  ", "-", "12 34", "…", "\x00"])
def test_what_holds_no_letter_says_nothing(typed):
    assert plain(typed) == ""


def test_the_words_of_ten_minutes_differ_from_one_another_and_are_drawn_from_the_whole_list():
    drawn = [words_of_turn("a secret", turn, LISTED) for turn in range(20_000)]
    assert all(first != second for first, second in drawn)
    assert {word for pair in drawn for word in pair} == set(LISTED)
    assert len(set(drawn)) > 19_000


def test_the_words_follow_from_the_secret_and_the_clock_alone():
    turn = turn_of(NOW)
    assert words_of_turn("a secret", turn, LISTED) == words_of_turn("a secret", turn, LISTED)
    assert words_of_turn("a secret", turn, LISTED) != words_of_turn("another", turn, LISTED)
    assert words_of_turn("a secret", turn, LISTED) != words_of_turn("a secret", turn + 1, LISTED)


@pytest.mark.parametrize(
    ("later", "holds"),
    [(timedelta(), True), (10 * MINUTE - SECOND, True), (20 * MINUTE - SECOND, True), (20 * MINUTE, False)],
)
def test_words_open_a_room_for_their_ten_minutes_and_the_ten_that_follow(later, holds):
    shown = phrase("a secret", turn_of(NOW), LISTED)
    assert (shown in valid_phrases("a secret", NOW + later, LISTED)) is holds


def test_words_do_not_open_a_room_before_their_time():
    to_come = phrase("a secret", turn_of(NOW) + 1, LISTED)
    assert to_come not in valid_phrases("a secret", NOW + ROTATION - SECOND, LISTED)


def test_the_next_words_come_at_a_full_ten_minutes():
    assert next_turn_at(NOW + 3 * MINUTE) == NOW + 10 * MINUTE
    assert next_turn_at(NOW) == NOW + 10 * MINUTE


def test_what_may_be_valid_is_known_for_as_long_as_a_room_may_stay_open():
    coming = coming_phrases("a secret", NOW, LISTED)
    for minutes in range(0, LONGEST_OPEN // MINUTE + 1, 7):
        at = NOW + minutes * MINUTE
        assert valid_phrases("a secret", at, LISTED) <= set(coming)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("abcd", "efgh", False),
        ("abcd", "aefg", True),
        ("abcd", "xaxx", True),
        ("abcd", "xxax", False),
        ("abcd", "xxbx", True),
        ("abcd", "xxxa", False),
        ("abcd", "xxxd", True),
    ],
)
def test_two_rooms_share_words_when_both_would_take_them_at_one_instant(ours, theirs, expected):
    assert share_words(ours, theirs) is expected
    assert share_words(theirs, ours) is expected


def near(word, other):
    """Tell whether one slip of a finger makes one word the other."""
    if len(word) > len(other):
        word, other = other, word
    if len(word) == len(other):
        differ = [at for at in range(len(word)) if word[at] != other[at]]
        return len(differ) == 1 or (len(differ) == 2 and sorted(word) == sorted(other) and differ[1] - differ[0] == 1)
    return len(other) - len(word) == 1 and any(other[:at] + other[at + 1 :] == word for at in range(len(other)))


@pytest.mark.parametrize("language", ["en", "es"])
class TestList:
    def test_it_holds_1296_short_words_in_small_letters(self, language):
        words = list_words(language)
        assert len(set(words)) == 1296 == 6**4
        assert all(3 <= len(word) <= 10 and word == word.lower() and word.isalpha() for word in words)
        assert sum(map(len, words)) / len(words) < 6.5

    def test_no_word_begins_another_so_that_words_run_together_say_one_thing(self, language):
        typed = sorted(map(plain, list_words(language)))
        assert [pair for pair in pairwise(typed) if pair[1].startswith(pair[0])] == []

    def test_no_slip_of_a_finger_makes_another_word(self, language):
        typed = sorted(map(plain, list_words(language)), key=lambda word: (len(word), word))
        assert [(a, b) for at, a in enumerate(typed) for b in typed[at + 1 :] if near(a, b)] == []

    def test_every_word_can_be_typed_with_26_letters(self, language):
        assert all(re.fullmatch("[a-z]+", plain(word)) for word in list_words(language))

    def test_no_word_touches_the_subject_or_could_hurt(self, language):
        stems = HURTFUL[language].split()
        typed = {plain(word) for word in list_words(language)}
        found = [word for word in typed - SAFE for stem in stems if word.startswith(stem)]
        assert found == []

    def test_it_is_sorted_so_that_a_change_can_be_read(self, language):
        words = list_words(language)
        assert list(words) == sorted(words, key=plain)


@pytest.mark.parametrize(("language", "expected"), [("es", "es"), ("es-MX", "es"), ("en-GB", "en"), ("de", "en")])
def test_a_language_without_a_list_takes_the_english_one(language, expected):
    assert list_words(language) == list_words(expected)
