"""Changing the agenda of one session."""

import pytest

from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.planning.agenda import place_segment, set_minutes
from facilitator.prompts.rules_reasons import RefusalCode
from tests.planning.stage import NOW, list_warnings, make_series, segments


@pytest.fixture
def fear(db, group):
    return make_series(db, group)[1][2]


def slot(db, session, kind):
    return segments(db, session)[kind].id


def test_minutes_that_no_longer_add_up_are_told_of(db, group, fear):
    set_minutes(db, fear, slot(db, fear, "checkin"), 20, NOW)
    found = {w.code: w.params for w in list_warnings(db, fear, group)}
    assert found[RefusalCode.H9_TOTAL] == {"total": 95, "minutes": 90}
    for minutes, kind in ((0, "checkin"), (91, "checkin"), (3, "checkout")):
        with pytest.raises(Invalid):
            set_minutes(db, fear, slot(db, fear, kind), minutes, NOW)


def place(db, session, kind, before):
    place_segment(db, session, slot(db, session, kind), slot(db, session, before) if before else "", NOW)


def test_a_part_is_put_before_another_but_the_groundings_keep_their_places(db, fear):
    place(db, fear, "teach", "checkin")
    kinds = list(segments(db, fear))
    assert kinds.index("teach") == kinds.index("checkin") - 1
    for kind, before in (("ground_close", "checkout"), ("checkout", ""), ("checkin", "ground_open")):
        with pytest.raises(Conflict):
            place(db, fear, kind, before)
    assert list(segments(db, fear)) == kinds


def test_a_part_is_not_put_before_one_that_is_gone(db, fear):
    with pytest.raises(Conflict, match="not in the plan any more"):
        place_segment(db, fear, slot(db, fear, "teach"), "gone", NOW)
    with pytest.raises(NotFound):
        place_segment(db, fear, "gone", slot(db, fear, "teach"), NOW)
