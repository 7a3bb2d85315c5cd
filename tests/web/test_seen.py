"""A page's mark of what it showed, and a press on a page that showed something else."""

from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel

from facilitator.web.seen import ChangedMeanwhile, mark_of, refuse_changed


@pytest.fixture
def app():
    app = Flask(__name__)
    Babel(app)
    return app


def test_a_mark_differs_as_soon_as_one_fact_does():
    marks = {mark_of(), mark_of("a"), mark_of("a", 1), mark_of("a", "1"), mark_of(date(2027, 1, 25)), mark_of(("a",))}
    assert len(marks) == 6
    assert mark_of("a", date(2027, 1, 25)) == mark_of("a", date(2027, 1, 25))


@pytest.mark.parametrize("sent", [{}, {"seen": ""}, {"seen": mark_of("a", 1)}])
def test_a_press_on_a_page_that_showed_the_same_passes(app, sent):
    with app.test_request_context(method="POST", data=sent):
        refuse_changed("a", 1)


@pytest.mark.parametrize("seen", [mark_of("a", 2), "x", "x" * 10_000])
def test_a_press_on_a_page_that_showed_something_else_is_refused(app, seen):
    with app.test_request_context(method="POST", data={"seen": seen}), pytest.raises(ChangedMeanwhile) as refusal:
        refuse_changed("a", 1)
    assert refusal.value.status == 409
