"""The running pulse: what a press moves, what is kept two days later, what is put together, and what is forgotten."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.attendance.models import PulseCount, PulseKept, Tally
from facilitator.attendance.rules_pulse import Answer, Question
from facilitator.attendance.service_pulse import record, settle_pulses
from facilitator.planning.models import GroupSession
from facilitator.ticks import Worker
from facilitator.worker import make_station
from tests.attendance.test_room_ticks import NOWHERE
from tests.factories import counted

GOOD = dict.fromkeys(Question, Answer.FIFTH) | {Question.PACE: Answer.THIRD}
DAY = timedelta(days=1)


@pytest.fixture
def db(stage):
    with stage.database.write() as session:
        yield session
        session.commit()


def answer(db, stage, times, answers=GOOD, number=0):
    for _ in range(times):
        record(db, stage.session_ids[number], answers, 8)


def close(db, stage, number=0, headcount="6", list_size=8):
    db.add(Tally(session_id=stage.session_ids[number], headcount=headcount, list_size=list_size))
    db.flush()


def settle(db, stage, number=0, after=2 * DAY):
    return settle_pulses(db, db.get_one(GroupSession, stage.session_ids[number]).ends_at + after)


def kept(db):
    db.flush()
    found = db.scalars(select(PulseKept).order_by(PulseKept.session_id, PulseKept.question)).all()
    return {(row.session_id, row.question): (row.sessions, row.answers, row.well, row.slow, row.fast) for row in found}


def counters(db, number=0, stage=None):
    rows = db.execute(select(PulseCount.question, PulseCount.answer, PulseCount.given, PulseCount.session_id))
    return {
        (question, said): given
        for question, said, given, session_id in rows
        if stage is None or session_id == stage.session_ids[number]
    }


def test_the_first_press_lays_out_every_counter_so_that_the_rows_tell_nothing(db, stage):
    record(db, stage.session_ids[0], {}, 8)
    found = counters(db)
    assert set(found) == {(question, said) for question in Question for said in Answer}
    assert {key for key, given in found.items() if given} == {(question, Answer.UNSAID) for question in Question}


def test_a_press_moves_one_counter_of_each_question(db, stage):
    answer(db, stage, 2)
    answer(db, stage, 1, {Question.PACE: Answer.FIRST})
    moved = {key: given for key, given in counters(db).items() if given}
    assert moved == {
        **{(question, Answer.FIFTH): 2 for question in Question if question is not Question.PACE},
        **{(question, Answer.UNSAID): 1 for question in Question if question is not Question.PACE},
        (Question.PACE, Answer.THIRD): 2,
        (Question.PACE, Answer.FIRST): 1,
    }


def test_a_press_writes_the_same_whatever_is_answered(stage):
    seen = []
    for answers in (GOOD, {}, {Question.USE: Answer.FIRST}):
        with counted(stage.database) as statements, stage.database.write() as db:
            record(db, stage.session_ids[0], answers, 8)
            db.commit()
        seen.append(dict(statements))
    assert seen[0] == seen[1] == seen[2]


def test_nothing_is_counted_any_more_when_it_was_sent_twenty_times(db, stage):
    answer(db, stage, 25)
    assert sum(counters(db).values()) == 20 * len(Question)


def test_of_presses_at_the_same_moment_none_is_lost(stage):
    together = threading.Barrier(6)

    def press():
        together.wait(10)
        with stage.database.write() as db:
            record(db, stage.session_ids[0], GOOD, 8)
            db.commit()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with stage.database.read() as db:
        assert counters(db)[Question.STEADY, Answer.FIFTH] == 6


def test_nothing_is_settled_before_the_count_of_the_session_stands_for_good(db, stage):
    answer(db, stage, 6)
    close(db, stage)
    assert settle(db, stage, after=2 * DAY - timedelta(seconds=1)) == 0
    assert kept(db) == {}


def test_five_answers_are_kept_alone_and_their_counters_are_deleted(db, stage):
    answer(db, stage, 6)
    close(db, stage)
    assert settle(db, stage) == 4
    assert kept(db) == {
        (stage.session_ids[0], question): (1, "6", 8, 2 if question == "pace" else 0, 2 if question == "pace" else 0)
        for question in Question
    }
    assert counters(db) == {}


def test_a_question_with_fewer_answers_waits_while_the_others_are_kept(db, stage):
    answer(db, stage, 4)
    answer(db, stage, 2, GOOD | {Question.USE: Answer.UNSAID})
    close(db, stage)
    assert settle(db, stage) == 3
    assert {question for _session, question in kept(db)} == {"steady", "free", "pace"}
    assert {question for question, _said in counters(db)} == {"use"}


@pytest.mark.parametrize("headcount", ["few", "4", "held", "half", "most"])
def test_answers_wait_where_the_kept_headcount_says_less_than_they_would(db, stage, headcount):
    answer(db, stage, 6)
    close(db, stage, headcount=headcount)
    assert settle(db, stage) == 0
    assert kept(db) == {}


def test_three_sessions_of_a_series_are_put_together_under_the_last(db, stage):
    for number in range(3):
        answer(db, stage, 2, number=number)
        close(db, stage, number, headcount="3")
    assert settle(db, stage, 1) == 0
    assert settle(db, stage, 2) == 12
    assert {key: found[:3] for key, found in kept(db).items()} == {
        (stage.session_ids[2], question): (3, "6", 8) for question in Question
    }
    assert counters(db) == {}


def test_of_three_sessions_with_fewer_than_five_answers_together_nothing_is_kept(db, stage):
    for number in range(3):
        answer(db, stage, 1, number=number)
        close(db, stage, number, headcount="3")
    assert settle(db, stage, 2) == 12
    assert (kept(db), counters(db)) == ({}, {})


def test_what_has_waited_for_sixty_days_is_forgotten(db, stage):
    answer(db, stage, 3)
    close(db, stage)
    assert settle(db, stage, after=60 * DAY) == 0
    assert settle(db, stage, after=60 * DAY + timedelta(seconds=1)) == 4
    assert (kept(db), counters(db)) == ({}, {})


def test_nothing_is_kept_of_a_session_that_nobody_closed(db, stage):
    answer(db, stage, 8)
    assert settle(db, stage) == 4
    assert (kept(db), counters(db)) == ({}, {})


def test_nothing_is_kept_of_a_session_that_was_called_off(db, stage):
    answer(db, stage, 8)
    close(db, stage)
    db.get_one(GroupSession, stage.session_ids[0]).status = "cancelled"
    assert settle(db, stage) == 4
    assert kept(db) == {}


def test_nothing_is_kept_when_the_questions_were_sent_too_often_to_be_true(db, stage):
    answer(db, stage, 20)
    close(db, stage)
    assert settle(db, stage) == 4
    assert (kept(db), counters(db)) == ({}, {})


def test_settling_twice_ends_the_same(db, stage):
    answer(db, stage, 6)
    close(db, stage)
    settle(db, stage)
    before = kept(db)
    assert settle(db, stage) == 0
    assert kept(db) == before


def test_the_clock_settles_what_has_ended(stage, config):
    with stage.database.write() as db:
        answer(db, stage, 6)
        close(db, stage)
        db.commit()
    stage.clock.at = stage.ends_at + 2 * DAY
    station = make_station(config, stage.database, stage.clock, NOWHERE)
    Worker(station=station, app=stage.app, stopping=threading.Event()).tick("plan")
    with stage.database.read() as db:
        assert (len(kept(db)), counters(db)) == (4, {})
