"""Two worlds that differ in nothing but who came leave the same bytes behind: the flagship of what is promised.

A whole evening is played through the web application for different people with the same count, each time from the same
beginning, with the clock and the numbers of chance held still. A leaky twin of the application has to be found out.
"""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from flask import request

from facilitator.proof import verdict
from facilitator.proof.evening import Moment, sign_in, visits_of
from tests.privacy import twins
from tests.privacy.evenings import differing, image, images, play
from tests.privacy.twins import before_each_request

FIRST, SECOND = (0, 1, 2, 3), (4, 5, 6, 7)
TWINS = (twins.used_at, twins.used, twins.consume, twins.last_seen, twins.touched, twins.access_log, twins.agents)
MOMENTS = (Moment.OPEN, Moment.CLOSED, Moment.WEEK)


@pytest.mark.timeout(900)
def test_all_70_ways_to_choose_4_of_8_leave_one_image_and_not_70(stage):
    sets = verdict.list_sets()
    found = verdict.compare(stage, sets, MOMENTS)
    assert len(set(sets)) == 70
    assert set(found.sizes) == set(MOMENTS)
    assert found.differences == {moment: [] for moment in MOMENTS}
    assert found.is_seeing


# what a person changes about their own messages: it is theirs, and kept on purpose
OF_ONES_OWN = {
    ("participant.change_messages", "POST"),
    ("participant.stop_messages", "POST"),
    ("participant.confirm", "POST"),
    ("participant.answer_still", "POST"),
    ("participant.change_calendar", "POST"),
}


def test_everything_that_a_participant_can_open_or_press_is_opened_or_pressed_in_an_evening(stage, cookie):
    asked = set()
    with before_each_request(stage, lambda: asked.add((request.endpoint, request.method))):
        play(stage, cookie, visits_of(FIRST))
    offered = {
        (rule.endpoint, method)
        for rule in stage.app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST"}
        if rule.endpoint.startswith(("participant.", "here.")) or rule.endpoint == "planning.show_feed"
    }
    assert offered - asked - OF_ONES_OWN == {
        (f"participant.{name}", "GET") for name in ("leave", "show_erased", "show_kept")
    } | {
        ("participant.ask_stop", "GET"),
        ("participant.thank_for_pulse", "GET"),
        ("here.thank", "GET"),
    }


def test_on_postgresql_every_row_of_every_table_is_the_same(stage_on_postgresql):
    found = verdict.compare(stage_on_postgresql, verdict.pick_sets(3))
    assert found.differences == {moment: [] for moment in found.sizes}
    assert len(found.sizes) == 4
    assert found.is_seeing


def test_on_postgresql_a_leaky_twin_is_found_out(stage_on_postgresql):
    cookie = sign_in(stage_on_postgresql)
    one, other = (
        images(stage_on_postgresql, cookie, visits_of(people), Moment.READ, twins.used) for people in (FIRST, SECOND)
    )
    assert differing(one, other) == [("READ", "table link")]


def test_a_month_later_it_is_still_the_same(stage, cookie):
    one, other = (images(stage, cookie, visits_of(people)) for people in (FIRST, SECOND))
    assert set(one) == set(Moment)
    assert differing(one, other) == []


@pytest.mark.parametrize("habit", TWINS, ids=lambda habit: habit.__name__)
def test_a_leaky_twin_leaves_as_many_images_as_there_are_sets(stage, cookie, habit):
    sets = verdict.pick_sets(3)
    found = [images(stage, cookie, visits_of(people), Moment.READ, habit)[Moment.READ] for people in sets]
    assert len({tuple(sorted(each.prints.items())) for each in found}) == len(sets)


def test_what_a_twin_puts_aside_is_found_as_well(stage, cookie):
    one, other = (images(stage, cookie, visits_of(s), Moment.READ, twins.put_aside) for s in (FIRST, SECOND))
    assert differing(one, other) == [("READ", "file tmp/visits")]


def test_the_verdict_on_a_twin_is_that_it_tells_who_came(stage):
    def habit(world):
        twins.access_log(world)

    with twins.twin(stage, habit):
        found = verdict.compare(stage, verdict.pick_sets(2), (Moment.READ, Moment.CLOSED))
    assert not found.is_clean
    assert found.differences[Moment.READ] == ["file log"]
    assert "Do not use this installation" in "\n".join(verdict.tell(found, on_postgresql=False))


def shuffled(visits, draw):
    """Return the same visits in another order and with other gaps, from 1 s to 40 min."""
    mixed = draw.sample(visits, len(visits))
    at = timedelta()
    for number, visit in enumerate(mixed):
        at += timedelta(seconds=draw.randint(1, 2400 if number == 0 else 1200))
        mixed[number] = replace(visit, arrives=at)
    return tuple(mixed)


@pytest.mark.timeout(900)
def test_50_orders_and_gaps_of_arrival_leave_the_same_bytes(stage, cookie):
    visits, draw = visits_of(FIRST), random.Random("arrivals")
    orders = [shuffled(visits, draw) for _ in range(50)]
    assert len({tuple(visit.person for visit in order) for order in orders}) > 15
    first = images(stage, cookie, visits, Moment.CLOSED)[Moment.CLOSED]
    for order in orders:
        play(stage, cookie, order, Moment.CLOSED)
        assert first.differences(image(stage)) == []


def test_a_twin_that_notes_when_a_link_is_used_tells_the_order(stage, cookie):
    orders = [visits_of(order) for order in list(permutations(FIRST))[:3]]
    found = [images(stage, cookie, order, Moment.READ, twins.used_at)[Moment.READ] for order in orders]
    assert all(one.differences(other) for one in found for other in found if one is not other)
