"""Dates and codes of planning as people read them; every code has its sentence."""

from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel

from facilitator.planning.checking import CheckCode, PlanWarning
from facilitator.planning.wording import dates_words, lint_words, span_words, warning_words
from facilitator.prompts.rules_lint import LintCode, LintWarning

PARAMS = {"kind": "checkin", "seconds": 40, "people": 9, "words": 70, "most": 60, "word": "why", "questions": 3}
PARAMS |= {"format": "circle", "depth": 2, "phase": "checkin", "count": 0, "wanted": 2}


@pytest.fixture
def english():
    app = Flask("words")
    Babel(app)
    with app.app_context():
        yield


@pytest.mark.parametrize("code", [*CheckCode])
def test_every_check_has_its_words(english, code):
    for words in warning_words(PlanWarning(code=code, params=PARAMS)):
        assert words
        assert "%" not in words


@pytest.mark.parametrize("code", [*LintCode])
def test_every_remark_on_a_wording_has_its_sentence(english, code):
    words = lint_words(LintWarning(code=code, params=PARAMS))
    assert words.endswith(".")
    assert "%" not in words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2027, 1, 11), date(2027, 4, 5), "11 January to 5 April 2027"),
        (date(2026, 12, 7), date(2027, 2, 1), "7 December 2026 to 1 February 2027"),
        (date(2026, 10, 1), date(2026, 10, 29), "1 to 29 October 2026"),
        (date(2026, 10, 1), date(2026, 10, 1), "1 October 2026"),
    ],
)
def test_a_span_of_dates_says_each_part_once(english, first, last, words):
    assert span_words([first, last]) == words


def test_dates_in_a_row_are_said_by_month(english):
    on = [date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 7)]
    assert dates_words(on) == "24 and 31 December, 7 January"
