"""What may be handed on about groups, a group or a series in a period."""

from datetime import UTC, date, datetime

import pytest

from facilitator.curriculum.rules import Focus
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue
from facilitator.groups.models import Group
from facilitator.reports import published
from facilitator.reports.published import Counts, Scope
from facilitator.reports.pulse import publish_pulse, read_pulse
from facilitator.reports.rules_period import Period
from tests.factories import counted
from tests.planning import stage
from tests.reports.organisation import CANCELLED, NOT_CLOSED, NOT_HELD, write_pulse, write_series

MONDAY, LATER = date(2026, 1, 5), datetime(2027, 6, 1, tzinfo=UTC)


def publish(db, scope=None, period=None, at=LATER):
    return published.publish(published.read_sessions(db, scope or Scope(group_ids=None)), period or Period(), at)


RULE = catalogue(SOURCE_LANGUAGE).pulse.decision_rule


def read(db, scope, period, at=LATER):
    return list(read_pulse(db, scope, period, RULE, at).figures)


def pulse(db, at=LATER, period=None, **scope):
    where = Scope(**({"group_ids": None} | scope))
    return publish_pulse(db, where, published.read_sessions(db, where), period or Period(), at)


def test_nothing_is_handed_on_where_nothing_was_held(db, group):
    found = publish(db)
    assert found.counts == Counts(groups=0, planned=0, held=0, cancelled=0, not_held=0, open=0)
    assert (found.shares, found.people, found.sessions, found.waiting) == ((), 0, 0, 0)


def test_sessions_are_counted_by_what_became_of_them(db, group):
    write_series(db, group, MONDAY, ["6", CANCELLED, NOT_HELD, NOT_CLOSED, "5"], to_come=1)
    now = datetime(2026, 2, 3, tzinfo=UTC)
    assert publish(db, at=now).counts == Counts(groups=1, planned=5, held=2, cancelled=1, not_held=1, open=1)


def test_numbers_of_people_come_from_whole_blocks_and_the_others_wait(db, group):
    write_series(db, group, MONDAY, ["7+", "6", "few", "6", "6"], to_come=3)
    early = publish(db, at=datetime(2026, 2, 6, tzinfo=UTC))
    assert (early.people, early.sessions, early.waiting) == (0, 0, 5)
    found = publish(db)
    assert (found.people, found.sessions, found.waiting) == (25, 5, 0)


def test_sessions_without_a_number_are_held_and_in_no_block(db, group):
    write_series(db, group, MONDAY, ["half", "held", "most", "6", "6", "6"])
    found = publish(db)
    assert (found.counts.held, found.sessions, found.waiting) == (6, 3, 3)


def test_a_group_that_keeps_levels_hands_on_no_number(db, group):
    write_series(db, group, MONDAY, ["few", "half", "most", "few", "few", "few"])
    assert publish(db).shares == ()


def test_what_was_kept_is_read_as_it_was_written_though_the_precision_changes(db, group):
    write_series(db, group, MONDAY, ["few", "6", "few", "5"])
    before = publish(db).shares
    group.precision = "guarded"
    db.flush()
    assert publish(db).shares == before != ()


def test_a_block_counts_in_the_period_of_its_last_session_and_never_in_part(db, group):
    write_series(db, group, MONDAY, ["6"] * 6)  # the third is on 19 January, the sixth on 9 February
    for first, last, sessions in (
        (MONDAY, date(2026, 1, 18), 0),
        (date(2026, 1, 19), date(2026, 1, 19), 3),
        (date(2026, 1, 20), date(2026, 2, 9), 3),
        (MONDAY, date(2026, 2, 9), 6),
    ):
        found = publish(db, period=Period(first_on=first, last_on=last))
        assert found.sessions == sessions
        assert found.people == sessions * 6


def test_groups_and_series_are_kept_apart_and_add_up(db, alice, group):
    other = stage.make_group(db, alice, label="Another")
    first = write_series(db, group, MONDAY, ["6"] * 3)
    second = write_series(db, group, date(2026, 6, 1), ["5"] * 4)
    write_series(db, other, MONDAY, ["7+"] * 3)
    series = db.get(published.Series, second[0].series_id)
    assert publish(db).people == 18 + 20 + 21
    assert publish(db, Scope(group_ids=(group.id,))).people == 18 + 20
    assert publish(db, Scope(group_ids=(group.id,), series=series)).people == 20
    assert publish(db, Scope(group_ids=())).people == 0
    assert publish(db).counts.groups == 2
    assert publish(db).focuses[Focus.CORE] == 3
    assert first


def test_a_pulse_is_handed_on_from_blocks_of_three_sessions_weighted_by_answers(db, group):
    sessions = write_series(db, group, MONDAY, ["7+"] * 4)
    for session, answers, well in zip(sessions, ("6", "7+", "8", "7"), (10, 5, 0, 5), strict=True):
        write_pulse(db, session, "steady", answers, well)
    [found] = pulse(db)
    assert (found.question, found.answers, found.sessions) == ("steady", 28, 4)
    assert found.well == pytest.approx((6 * 10 + 7 * 5 + 8 * 0 + 7 * 5) / 280)


def test_the_answers_of_one_or_two_evenings_are_not_handed_on(db, group):
    sessions = write_series(db, group, MONDAY, ["7+"] * 4)
    for session in sessions[:2]:
        write_pulse(db, session, "steady", "9")
    assert pulse(db) == []


def test_answers_that_are_no_more_than_everybody_knows_beforehand_wait_for_others(db, group):
    sessions = write_series(db, group, MONDAY, ["7+"] * 4)
    for session in sessions:
        write_pulse(db, session, "steady", "5")
    assert pulse(db) == []


def test_a_pulse_that_was_pooled_over_three_sessions_can_stand_alone(db, group):
    sessions = write_series(db, group, MONDAY, ["7+"] * 4)
    write_pulse(db, sessions[2], "pace", "8", sessions=3)
    [found] = pulse(db)
    assert (found.question, found.answers, found.sessions, found.slow, found.fast) == ("pace", 8, 3, 0.1, 0.2)


def test_those_who_lead_see_every_pulse_that_is_kept(db, group):
    sessions = write_series(db, group, MONDAY, ["7+"] * 3)
    write_pulse(db, sessions[0], "steady", "6", 10)
    write_pulse(db, sessions[1], "steady", "4+", 5)
    write_pulse(db, sessions[1], "pace", "held")
    [found] = read(db, Scope(group_ids=(group.id,)), Period())
    assert (found.answers, found.sessions, found.well) == (10, 2, 0.8)
    assert read(db, Scope(group_ids=(group.id,)), Period(first_on=date(2026, 1, 19))) == []
    assert read(db, Scope(group_ids=()), Period()) == []


def test_a_pulse_keeps_to_its_scope_and_period(db, alice, group):
    other = stage.make_group(db, alice, label="Another")
    for place in (group, other):
        for session in write_series(db, place, MONDAY, ["7+"] * 3):
            write_pulse(db, session, "steady", "8")
    assert [figure.answers for figure in pulse(db)] == [48]
    assert [figure.answers for figure in pulse(db, group_ids=(group.id,))] == [24]
    assert pulse(db, period=Period(last_on=date(2026, 1, 18))) == []


@pytest.mark.parametrize("groups", [1, 5])
def test_everything_is_read_in_one_query_and_the_pulse_in_another(database, db, alice, groups):
    for number in range(groups):
        for session in write_series(db, stage.make_group(db, alice, label=f"Group {number}"), MONDAY, ["6"] * 6):
            write_pulse(db, session)
    db.commit()
    with database.read() as reader, counted(database) as statements:
        assert publish(reader).people == 36 * groups
        assert pulse(reader)[0].answers == 36 * groups
    assert statements["SELECT"] == 3
    assert db.query(Group).count() == groups
