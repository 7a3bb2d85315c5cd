"""Other lengths for the parts of an agenda, and which part takes the place of which."""

import pytest

from facilitator.planning.rules_lengths import Stretch, fit_minutes, pair_parts

HOUR = [("ground_open", 5, 0), ("checkin", 15, 0), ("explore_a", 25, 0), ("checkout", 11, 3), ("ground_close", 4, 0)]

LENGTHS = [
    (60, (5, 15, 25, 11, 4)),
    (75, (5, 20, 32, 14, 4)),  # 15 more, by 15 : 25 : 11
    (45, (5, 10, 17, 9, 4)),  # 15 fewer, by what each can spare: 14 : 24 : 7
    (15, (5, 1, 1, 4, 4)),  # nothing is left to spare
    (14, None),
]


def stretches(rows=HOUR):
    return [Stretch(kind=kind, minutes=minutes, reserved_minutes=reserved) for kind, minutes, reserved in rows]


@pytest.mark.parametrize(("total", "minutes"), LENGTHS)
def test_groundings_keep_their_minutes_and_the_others_share_the_difference(total, minutes):
    assert fit_minutes(stretches(), total) == minutes


@pytest.mark.parametrize("total", range(15, 121))
def test_whatever_fits_adds_up_and_leaves_each_part_what_it_cannot_do_without(total):
    minutes = fit_minutes(stretches(), total)
    assert sum(minutes) == total
    assert all(length >= part.least for length, part in zip(minutes, stretches(), strict=True))


def test_groundings_alone_cannot_be_stretched():
    only = stretches([HOUR[0], HOUR[-1]])
    assert fit_minutes(only, 9) == (5, 4)
    assert fit_minutes(only, 10) is None


PAIRS = [
    (["checkin", "teach"], [("teach", "a"), ("checkin", "b")], ["b", "a"]),
    (["teach", "teach"], [("teach", "a")], ["a", None]),
    (["teach"], [("teach", "a"), ("teach", "b")], ["a"]),
    (["teach", "pause", "teach"], [("teach", "a"), ("teach", "b")], ["a", None, "b"]),
]


@pytest.mark.parametrize(("wanted", "present", "found"), PAIRS)
def test_the_first_of_a_kind_takes_the_place_of_the_first(wanted, present, found):
    assert pair_parts(wanted, present) == found
