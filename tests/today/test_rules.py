"""Where each step of the guide stands, decided from what there is."""

import pytest

from facilitator.today.rules import Mark, Standing, Step, mark_steps

NOTHING = dict.fromkeys(Standing.__slots__, False)
GROUP = {"has_group": True, "has_country": True}


def marks(**found):
    return mark_steps(Standing(**{**NOTHING, **found}))


def test_on_an_empty_installation_every_step_is_open_in_the_order_of_the_guide():
    assert dict(marks()) == dict.fromkeys(Step, Mark.OPEN)
    assert list(marks()) == list(Step)


@pytest.mark.parametrize(
    ("found", "step", "mark"),
    [
        ({"has_zone": True}, Step.SETTINGS, Mark.DONE),
        (GROUP, Step.GROUP, Mark.DONE),
        ({"has_group": True}, Step.GROUP, Mark.LATER),  # people of many countries may meet online
        ({"is_proved": True}, Step.MAIL, Mark.DONE),
        ({"has_people": True}, Step.PEOPLE, Mark.DONE),
        (GROUP | {"list_is_later": True}, Step.PEOPLE, Mark.LATER),
        ({"list_is_later": True}, Step.PEOPLE, Mark.OPEN),  # there is no list yet to be later
        (GROUP | {"list_is_later": True, "has_people": True}, Step.PEOPLE, Mark.DONE),
        ({"has_series": True}, Step.SERIES, Mark.DONE),
        ({"has_series": True}, Step.PLAN, Mark.OPEN),
        ({"has_series": True, "is_looked_over": True}, Step.PLAN, Mark.DONE),
        ({"is_looked_over": True}, Step.PLAN, Mark.OPEN),
    ],
)
def test_a_step_is_marked_by_what_there_is(found, step, mark):
    assert marks(**found)[step] is mark


def test_one_fact_closes_no_other_step():
    assert [step for step, mark in marks(is_proved=True).items() if mark is not Mark.OPEN] == [Step.MAIL]
