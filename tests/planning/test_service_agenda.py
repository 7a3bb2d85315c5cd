"""Changing the agenda of one session."""

import pytest

from facilitator.errors import Conflict, Invalid
from facilitator.planning.agenda import move_segment, set_minutes
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


def test_parts_move_but_the_groundings_keep_their_places(db, fear):
    move_segment(db, fear, slot(db, fear, "teach"), -1, NOW)
    kinds = list(segments(db, fear))
    assert kinds.index("teach") == kinds.index("checkin") - 1
    for kind, by in (("ground_close", -1), ("checkout", 1), ("welcome", -1), ("ground_close", 1)):
        with pytest.raises(Conflict):
            move_segment(db, fear, slot(db, fear, kind), by, NOW)
    move_segment(db, fear, slot(db, fear, "teach"), -1, NOW)
    with pytest.raises(Conflict, match="before the check-in"):
        move_segment(db, fear, slot(db, fear, "checkin"), -2, NOW)
