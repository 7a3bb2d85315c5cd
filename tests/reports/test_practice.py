"""Minutes that parts took, closing groundings and prompts used, over a scope and a period."""

import pytest

from facilitator.curriculum.rules import SegmentKind, SubBind
from facilitator.planning.models import GroupSession, Outcome, SessionStatus
from facilitator.planning.service import mark_done, record_outcomes
from facilitator.reports.focuses import list_focus_means
from facilitator.reports.practice import PartTime, Timing, count_prompts, read_timing
from facilitator.reports.published import Scope
from facilitator.reports.rules_period import Period
from facilitator.reports.service import attendance_trend
from tests.factories import counted
from tests.planning import stage
from tests.reports.organisation import write_series

EVERY = Period()


@pytest.fixture
def scope(group):
    return Scope(group_ids=(group.id,))


def hold(db, session, outcomes, minutes=None):
    """Close a session; what became of its parts, and their minutes, are given by kind."""
    parts = stage.segments(db, session)
    record_outcomes(
        db,
        session,
        {parts[kind].id: outcome for kind, outcome in outcomes.items()},
        {parts[kind].id: took for kind, took in (minutes or {}).items()},
    )
    mark_done(db, session)


def test_a_group_whose_rooms_were_not_closed_has_no_timing(db, scope, sessions):
    assert read_timing(db, scope, EVERY) == Timing(parts=(), grounded=0, said=0)


def test_minutes_are_set_against_the_plan_on_average_over_sessions(db, scope, sessions):
    parts = [stage.segments(db, session)["explore_a"] for session in sessions[:2]]
    for session, part, more in zip(sessions, parts, (6, 2), strict=False):
        hold(db, session, {"explore_a": Outcome.USED}, {"explore_a": part.minutes + more})
    [found] = read_timing(db, scope, EVERY).parts
    assert (found.kind, found.parts, found.over) == (SegmentKind.EXPLORE_A, 2, 4)


def test_a_part_that_took_less_is_under_its_plan():
    assert PartTime(kind=SegmentKind.CHECKIN, parts=3, planned=15, took=12.5).over == -2.5


@pytest.mark.parametrize(
    ("outcomes", "grounded", "said"),
    [
        ([Outcome.USED, Outcome.CUT_SHORT], 2, 2),
        ([Outcome.USED, Outcome.SKIPPED], 1, 2),
        ([Outcome.USED, Outcome.NOT_SAID], 1, 1),
        ([Outcome.NOT_SAID], 0, 0),
    ],
)
def test_a_session_ended_with_grounding_where_somebody_said_so(db, scope, sessions, outcomes, grounded, said):
    for session, outcome in zip(sessions, outcomes, strict=False):
        hold(db, session, {"ground_close": outcome})
    found = read_timing(db, scope, EVERY)
    assert (found.grounded, found.said) == (grounded, said)


def test_timing_keeps_to_its_scope_and_period(db, alice, scope, sessions):
    other = stage.make_series(db, stage.make_group(db, alice, label="Another"))[1]
    for session in (sessions[0], sessions[1], other[0]):
        hold(db, session, {"ground_close": Outcome.USED})
    assert read_timing(db, Scope(group_ids=None), EVERY).said == 3
    assert read_timing(db, scope, EVERY).said == 2
    assert read_timing(db, scope, Period(first_on=sessions[1].on_date)).said == 1
    assert read_timing(db, scope, Period(last_on=sessions[0].on_date)).said == 1


def test_prompts_are_counted_as_planned_used_or_skipped(db, scope, sessions):
    before = count_prompts(db, scope, EVERY)
    planned = sum(count.planned for count in before.values())
    assert planned
    assert set(before) == set(SubBind)
    hold(db, sessions[0], {"explore_a": Outcome.USED, "checkin": Outcome.SKIPPED})
    after = count_prompts(db, scope, EVERY).values()
    assert [sum(getattr(c, name) for c in after) for name in ("planned", "used", "skipped")] == [planned - 2, 1, 1]


def test_prompts_of_a_cancelled_session_count_nowhere(db, scope, sessions):
    for session in sessions:
        db.get(GroupSession, session.id).status = SessionStatus.CANCELLED
    db.flush()
    assert {count.planned for count in count_prompts(db, scope, EVERY).values()} == {0}


def test_each_is_read_in_one_query(database, db, scope, sessions):
    db.commit()
    with database.read() as reader, counted(database) as statements:
        read_timing(reader, scope, EVERY)
        count_prompts(reader, scope, EVERY)
    assert statements["SELECT"] == 2


def focus_means(db, group):
    means, together = list_focus_means(attendance_trend(db, group).lines)
    said = {focus.value: mean.mean if mean.mean is not None else "hidden" for focus, mean in means.items() if mean.held}
    return said | {"together": together.mean}


def test_a_focus_with_fewer_than_three_sessions_is_hidden_and_the_next_smallest_with_it(db, group):
    # one session in six is on each focus, so that after 14 sessions two focuses have three and the others two
    write_series(db, group, stage.FIRST_ON, ["6"] * 14)
    found = focus_means(db, group)
    assert found == {"core": 6, "fear": 6, "together": 6} | dict.fromkeys(
        ("shame", "powerlessness", "vulnerability", "weaving"), "hidden"
    )


def test_one_hidden_focus_takes_another_with_it(db, group):
    write_series(db, group, stage.FIRST_ON, ["6"] * 12 + ["7+", "6", "6", "6", "5"])
    found = focus_means(db, group)
    assert found["weaving"] == "hidden"
    assert found["vulnerability"] == "hidden"
    assert [found[focus] for focus in ("fear", "shame", "powerlessness")] == [6, 6, 6]


def test_a_total_that_is_one_hidden_focus_alone_is_hidden_too(db, group):
    write_series(db, group, stage.FIRST_ON, ["6"])
    assert focus_means(db, group) == {"core": "hidden", "together": None}
