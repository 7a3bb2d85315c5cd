"""Every hard rule holds in the database after a series was scheduled, counted again without the rules themselves."""

from itertools import pairwise

import pytest

from facilitator.planning.checking import CheckCode
from tests.planning.stage import filled_rows, list_warnings, make_group, make_series

ADVICE = {CheckCode.NOT_REVIEWED, CheckCode.SPEAKING_SHORT}
PLANS = [(f"closed-{count}", minutes, 1) for count in (8, 12, 16) for minutes in (60, 75, 90)]
PLANS += [("open-6", minutes, 3) for minutes in (60, 75, 90)]


@pytest.mark.parametrize(("pathway", "minutes", "cycles"), PLANS)
def test_a_scheduled_series_breaks_no_hard_rule_and_has_no_empty_slot(db, alice, pathway, minutes, cycles):
    kind = pathway.split("-")[0]
    group = make_group(db, alice, kind=kind, minutes=minutes)
    series, sessions = make_series(db, group, pathway_id=pathway, minutes=minutes, cycles=cycles)
    rows = filled_rows(db, series)
    assert not [row for row in rows if row.prompt_id is None and row.exercise_id is None]
    for session in sessions:
        found = list_warnings(db, session, group)
        assert {warning.code for warning in found} <= ADVICE
        mine = [row for row in rows if row.session_id == session.id]
        _assert_shape(session, mine)
    _assert_series(kind, rows, sessions)


def _assert_shape(session, rows):
    depths = {row.kind: row.depth for row in rows if row.depth}
    assert max(depths.values()) <= session.depth_cap
    assert depths["checkin"] == depths["checkout"] == 1
    assert depths.get("integrate", 1) <= 2
    assert depths.get("explore_b", 1) <= depths["explore_a"] + 1
    deep = [row for row in rows if row.depth == 3]
    assert len(deep) <= 1
    assert all(row.format in ("writing", "silent", "pairs") for row in deep)
    assert rows[-1].kind == "ground_close"
    assert rows[0].kind == "ground_open"


def _assert_series(kind, rows, sessions):
    by_number = {n: [row for row in rows if row.number == n] for n in range(1, len(sessions) + 1)}
    for before, after in pairwise(by_number.values()):
        assert max(r.depth or 0 for r in after) <= max(r.depth or 0 for r in before) + 1
        assert not {r.exercise_id for r in before if r.exercise_id} & {r.exercise_id for r in after}
    window = len(sessions) if kind == "closed" else 11
    for number in by_number:
        near = [r.prompt_id for n in range(number, number + window + 1) for r in by_number.get(n, ()) if r.prompt_id]
        assert len(near) == len(set(near))
    for theme in ("fear", "shame", "powerlessness", "vulnerability"):
        met = {r.pole for r in rows if r.kind.startswith("explore") and r.focus == r.sub_bind == theme}
        assert "both" in met or met == {"identity", "belonging"}
