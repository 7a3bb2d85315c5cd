"""The trend of a group: what follows from coded totals, and what waits for three of them."""

import pytest

from facilitator.attendance.rules import Spoken, SpokenCode
from facilitator.reports import service
from tests.factories import counted
from tests.planning import stage
from tests.planning.stage import FIRST_ON


def test_a_group_without_a_session_has_an_empty_trend(db, group):
    trend = service.attendance_trend(db, group)
    assert (trend.lines, trend.planned, trend.held, trend.hours, trend.mean) == ((), 0, 0, 0, None)


def test_a_planned_series_without_a_closed_room_shows_no_session(db, group, sessions):
    trend = service.attendance_trend(db, group)
    assert (trend.lines, trend.planned, trend.held) == ((), 8, 0)


def test_the_lines_end_with_the_last_session_held_and_show_the_gap_before_it(db, group, sessions, close):
    close(sessions[0], 6)
    close(sessions[2], 8)
    trend = service.attendance_trend(db, group)
    assert [line.session.position for line in trend.lines] == [1, 2, 3]
    assert [line.held for line in trend.lines] == [True, False, True]
    assert [line.value for line in trend.lines] == [6, None, 7]
    assert trend.lines[2].came == Spoken(code=SpokenCode.AT_LEAST, count=7)
    assert trend.held == 2


def test_a_cancelled_session_is_no_planned_one_and_is_told(db, group, sessions, close):
    sessions[1].status = "cancelled"
    for session in (sessions[0], sessions[2]):
        close(session, 5)
    trend = service.attendance_trend(db, group)
    assert (trend.planned, trend.held, trend.cancelled) == (7, 2, 1)
    assert trend.lines[1].cancelled


def test_a_session_cancelled_after_the_last_one_held_is_not_shown_yet(db, group, sessions, close):
    close(sessions[0], 5)
    sessions[5].status = "cancelled"
    assert service.attendance_trend(db, group).cancelled == 0


@pytest.mark.parametrize(("rooms", "mean"), [([6], None), ([6, 5], None), ([6, 5, 4], 5.0), ([8, 5, 0], 4.0)])
def test_a_mean_waits_for_three_counted_sessions(db, group, sessions, close, rooms, mean):
    for session, headcount in zip(sessions, rooms, strict=False):
        close(session, headcount)
    trend = service.attendance_trend(db, group)
    assert trend.mean == mean
    assert trend.fill == (None if mean is None else mean / 8)


def test_hours_are_the_least_that_there_were(db, group, sessions, close):
    for session, headcount in zip(sessions, (8, 6, 1), strict=False):
        close(session, headcount)
    # 7 or more, 6 and few, at 90 minutes each
    assert service.attendance_trend(db, group).hours == (7 + 6) * 1.5


def test_holding_waits_for_six_counted_sessions(db, group, sessions, close):
    for session, headcount in zip(sessions, (6, 6, 6, 3, 3, 3), strict=False):
        assert service.attendance_trend(db, group).holding is None
        close(session, headcount)
    assert service.attendance_trend(db, group).holding == 0.5


def test_early_hold_looks_at_the_third_meeting_though_the_second_was_cancelled(db, group, sessions, close):
    sessions[1].status = "cancelled"
    for session, headcount in zip((sessions[0], sessions[2], sessions[3]), (6, 5, 3), strict=True):
        close(session, headcount)
    assert service.attendance_trend(db, group).early_hold == 0.5


def test_levels_stay_words_and_make_no_number(db, group, sessions, close):
    group.precision = "guarded"
    for session, headcount in zip(sessions, (0, 4, 8), strict=False):
        close(session, headcount)
    trend = service.attendance_trend(db, group)
    assert [line.came.code for line in trend.lines] == [SpokenCode.FEW, SpokenCode.HALF, SpokenCode.MOST]
    assert (trend.counted, trend.mean, trend.hours) == (0, None, 0)


def test_a_room_closed_without_a_count_was_held_all_the_same(db, group, sessions):
    sessions[0].status = "done"
    trend = service.attendance_trend(db, group)
    assert (trend.held, trend.counted) == (1, 0)


def test_one_series_is_shown_without_the_others(db, group, sessions, close):
    later, others = stage.make_series(db, group, first_on=FIRST_ON.replace(month=6, day=7))
    close(sessions[0], 6)
    close(others[0], 5)
    assert [line.value for line in service.attendance_trend(db, group).lines if line.held] == [6, 5]
    assert [line.value for line in service.attendance_trend(db, group, later).lines] == [5]
    assert service.attendance_trend(db, group, later).planned == 8


def test_the_chart_has_a_point_for_each_line_and_says_or_more(db, group, sessions, close):
    close(sessions[0], 8)
    close(sessions[2], 5)
    points = service.attendance_trend(db, group).chart.points
    assert [(point.value, point.at_least) for point in points] == [(7, True), (None, False), (5, False)]


def test_every_group_is_read_in_two_queries_and_kept_apart(database, db, alice, group, sessions, close):
    other = stage.make_group(db, alice, label="Another")
    empty = stage.make_group(db, alice, label="Empty")
    their_sessions = stage.make_series(db, other)[1]
    close(sessions[0], 6)
    close(their_sessions[0], 3)
    db.commit()
    with database.read() as reader, counted(database) as statements:
        trends = service.list_trends(reader, [group, other, empty])
    assert [[line.value for line in trend.lines] for trend in trends] == [[6], [3], []]
    assert [trend.planned for trend in trends] == [8, 8, 0]
    assert statements["SELECT"] == 2
