"""What closing a room keeps beside the count, and what it forgets, on both engines."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from facilitator.attendance import service
from facilitator.attendance.models import Forecast, OpenRoom, PulseCount, PulseKept, Tally, Ticket
from facilitator.attendance.rules import Answers, Level, Precision, starting_count
from facilitator.attendance.rules_room import Way
from facilitator.attendance.service_forecast import press_away
from facilitator.attendance.service_room import make_slips, open_room
from facilitator.db import Database
from facilitator.errors import Conflict, Invalid
from facilitator.vault import Vault
from tests.conftest import VAULT_KEY
from tests.planning import stage
from tests.worlds import shelve


@pytest.fixture
def sessions(db):
    shelve(db)
    found = stage.make_series(db, stage.make_group(db, stage.make_facilitator(db, "Alice")))[1]
    db.commit()
    return found


@pytest.fixture
def close(db, sessions):
    def close_room(headcount, list_size=8, precision=Precision.PROTECTED, **more):
        at = sessions[0]
        tally = service.close_room(db, at.id, at.ends_at, headcount, list_size, precision, at.ends_at, **more)
        return tally.headcount, tally.returning_level

    return close_room


def tap(db, session, first=0, been=0, unsaid=0):
    room = open_room(db, session.id, Way.WORDS, "en", session.starts_at)
    room.first_time, room.been_before, room.unsaid = first, been, unsaid
    db.flush()
    return room


def rows(db):
    return {model: db.scalar(select(func.count()).select_from(model)) for model in (OpenRoom, Ticket, Forecast)}


@pytest.mark.parametrize(
    ("taps", "headcount", "level"),
    [
        ({"first": 1, "been": 4, "unsaid": 1}, 6, "most"),
        ({"first": 4, "been": 1}, 6, "few"),
        ({"first": 1, "been": 3, "unsaid": 2}, 6, None),
        ({"first": 3, "been": 4}, 6, None),
    ],
)
def test_the_level_comes_from_the_check_in_when_no_hands_were_counted(db, sessions, close, taps, headcount, level):
    tap(db, sessions[0], **taps)
    assert close(headcount) == (str(headcount), level)


def test_a_show_of_hands_rules_over_the_check_in(db, sessions, close):
    tap(db, sessions[0], first=1, been=5)
    assert close(6, returning=Level.FEW, is_answered=True) == ("6", "few")


def test_not_asked_keeps_nothing_of_the_check_in(db, sessions, close):
    tap(db, sessions[0], first=1, been=5)
    assert close(6, is_answered=True) == ("6", None)


@pytest.mark.parametrize(
    ("headcount", "list_size", "precision", "kept"),
    [
        (4, 8, Precision.PROTECTED, ("4", None)),
        (5, 5, Precision.PROTECTED, ("4+", None)),
        (5, 9, Precision.GUARDED, ("half", None)),
        (6, 9, Precision.GUARDED, ("most", "half")),
        (5, 8, Precision.EXACT, ("5", "half")),
    ],
)
def test_hands_are_kept_under_the_conditions_of_taps(close, headcount, list_size, precision, kept):
    assert close(headcount, list_size, precision, returning=Level.HALF, is_answered=True) == kept


def test_closing_forgets_the_room_its_slips_and_the_forecast_of_this_session_alone(db, sessions, close):
    for session in sessions[:2]:
        make_slips(db, open_room(db, session.id, Way.TICKETS, "en", session.starts_at), 3, session.starts_at)
        press_away(db, session.id, 8)
    assert rows(db) == {OpenRoom: 2, Ticket: 6, Forecast: 2}
    close(6)
    assert rows(db) == {OpenRoom: 1, Ticket: 3, Forecast: 1}


def test_what_closing_forgets_is_there_again_when_the_transaction_is_taken_back(db, sessions, close):
    tap(db, sessions[0], been=5)
    db.commit()
    close(6)
    db.rollback()
    assert (rows(db)[OpenRoom], service.find_tally(db, sessions[0].id)) == (1, None)


@pytest.mark.parametrize(("headcount", "error"), [(501, Invalid), (-1, Invalid)])
def test_a_count_that_is_refused_leaves_the_room_open(db, sessions, close, headcount, error):
    tap(db, sessions[0], been=5)
    with pytest.raises(error):
        close(headcount)
    assert rows(db)[OpenRoom] == 1


def test_closing_again_after_the_other_facilitator_keeps_the_level_that_the_check_in_gave(db, sessions, close):
    tap(db, sessions[0], first=1, been=5)
    close(6)
    assert close(7) == ("7+", "most")


def test_closing_again_with_fewer_than_five_drops_the_level(db, sessions, close):
    tap(db, sessions[0], first=1, been=5)
    close(6)
    assert close(4) == ("4", None)


@pytest.mark.parametrize(
    ("first_size", "later_size", "headcount", "kept"),
    [(8, 10, 8, "7+"), (8, 10, 6, "6"), (8, 6, 6, "5+"), (4, 6, 4, "held"), (8, 8, 8, "7+")],
)
def test_a_correction_is_coded_by_no_more_people_than_the_first_time(close, first_size, later_size, headcount, kept):
    close(5, first_size)
    assert close(headcount, later_size)[0] == kept


def test_a_list_that_shrank_and_grew_again_counts_as_small(close):
    close(5, 8)
    close(5, 6)
    assert close(6, 9)[0] == "5+"


def test_who_closes_at_the_same_moment_codes_by_the_shorter_list_and_keeps_one_row(postgres_server):
    # on SQLite the second waits for the first; on PostgreSQL both find no row and both add one
    with postgres_server.fresh() as url:
        database = Database(url, Vault(VAULT_KEY))
        with database.write() as mine:
            shelve(mine)
            at = stage.make_series(mine, stage.make_group(mine, stage.make_facilitator(mine, "Alice")))[1][0]
            tap(mine, at, first=1, been=4)
            mine.commit()

            def close_first(*_):
                with database.write() as theirs:
                    service.close_room(theirs, at.id, at.ends_at, 6, 8, Precision.PROTECTED, at.ends_at)
                    theirs.commit()

            event.listen(mine, "before_flush", close_first, once=True)
            service.close_room(mine, at.id, at.ends_at, 8, 9, Precision.PROTECTED, at.ends_at)
            mine.commit()
            kept = mine.execute(select(Tally.headcount, Tally.returning_level, Tally.list_size)).all()
            assert kept == [("7+", "most", 8)]
            assert rows(mine)[OpenRoom] == 0
        database.close()


def test_an_evening_that_did_not_take_place_leaves_nothing_that_was_counted(db, sessions, close):
    for session in sessions[:2]:
        tap(db, session, been=5)
        press_away(db, session.id, 8)
        db.add(PulseCount(session_id=session.id, question="pace", answer="right", given=3))
        db.add(PulseKept(session_id=session.id, question="pace", sessions=1, answers="6", well=8))
        db.add(Tally(session_id=session.id, headcount="6"))
    db.flush()
    service.forget_evening(db, sessions[0].id)
    for model in (Tally, OpenRoom, Forecast, PulseCount, PulseKept):
        assert db.scalars(select(model.session_id)).all() == [sessions[1].id]


def test_it_is_too_late_from_48_hours_after_the_end(sessions):
    ends_at = sessions[0].ends_at
    service.refuse_late(ends_at, ends_at + timedelta(hours=48) - timedelta(seconds=1))
    with pytest.raises(Conflict, match="48 hours"):
        service.refuse_late(ends_at, ends_at + timedelta(hours=48))


def test_the_answers_are_found_while_the_room_is_open(db, sessions):
    assert service.find_answers(db, sessions[0].id) is None
    tap(db, sessions[0], first=1, been=4, unsaid=2)
    found = service.find_answers(db, sessions[0].id)
    assert found == Answers(first=1, been=4, unsaid=2)
    assert (found.taps, found.said) == (7, 5)


def test_the_last_that_was_kept_is_that_of_the_same_group_before(db, sessions):
    other = stage.make_series(db, stage.make_group(db, stage.make_facilitator(db, "Bob")))[1]
    for session, code in ((sessions[0], "4"), (sessions[1], "5"), (sessions[3], "6"), (other[1], "8")):
        db.add(Tally(session_id=session.id, headcount=code))
    db.flush()
    at = sessions[2]
    assert service.find_last_kept(db, at.group_id, at.starts_at).headcount == "5"
    assert service.find_last_kept(db, at.group_id, sessions[0].starts_at) is None


@pytest.mark.parametrize(
    ("taps", "last", "start"), [(6, 4, 6), (0, 4, 4), (0, None, 8), (10, 4, 10), (11, 4, 4), (1000, None, 8)]
)
def test_the_stepper_starts_from_taps_that_can_be_right_then_the_last_time_then_the_people(taps, last, start):
    assert starting_count(taps, last, people=8, facilitators=2) == start
