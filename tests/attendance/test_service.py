"""Keeping a headcount: one coded row a session, overwritten in place, on both engines."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from facilitator.attendance import service
from facilitator.attendance.models import Tally
from facilitator.attendance.rules import Precision
from facilitator.db import Database
from facilitator.errors import Conflict, Invalid
from facilitator.planning.models import GroupSession
from facilitator.vault import Vault
from tests.conftest import VAULT_KEY
from tests.factories import counted
from tests.planning import stage
from tests.worlds import shelve

MINUTE = timedelta(minutes=1)


@pytest.fixture
def db(db):
    shelve(db)
    return db


@pytest.fixture
def sessions(db):
    group = stage.make_group(db, stage.make_facilitator(db, "Alice"))
    found = stage.make_series(db, group)[1]
    db.commit()
    return found


@pytest.fixture
def close(db, sessions):
    def close_room(headcount, list_size=8, precision=Precision.PROTECTED, after=MINUTE, session=None):
        at = session or sessions[0]
        return service.close_room(db, at.id, at.ends_at, headcount, list_size, precision, at.ends_at + after)

    return close_room


def rows(db):
    return [tuple(row) for row in db.execute(select(Tally.session_id, Tally.headcount, Tally.returning_level))]


@pytest.mark.parametrize(
    ("headcount", "list_size", "precision", "kept"),
    [
        (8, 8, Precision.PROTECTED, "7+"),
        (12, 8, Precision.PROTECTED, "7+"),
        (6, 8, Precision.PROTECTED, "6"),
        (0, 8, Precision.PROTECTED, "few"),
        (4, 4, Precision.PROTECTED, "held"),
        (4, 4, Precision.EXACT, "4"),
        (5, 8, Precision.GUARDED, "half"),
    ],
)
def test_only_the_coded_value_is_kept(db, sessions, close, headcount, list_size, precision, kept):
    close(headcount, list_size, precision)
    assert rows(db) == [(sessions[0].id, kept, None)]


def test_the_row_is_the_same_for_every_count_with_the_same_code(db, close):
    kept = set()
    for headcount in (7, 8, 9):
        close(headcount)
        kept.add(tuple(rows(db)))
    assert len(kept) == 1


def test_a_correction_overwrites_the_row_and_leaves_no_history(db, sessions, close):
    close(3)
    close(6, after=timedelta(hours=47))
    assert rows(db) == [(sessions[0].id, "6", None)]


def test_a_correction_leaves_what_was_kept_of_the_returning(db, close):
    close(6).returning_level = "most"
    close(5)
    assert [row[1:] for row in rows(db)] == [("5", "most")]


def test_the_count_can_be_corrected_to_the_last_minute_and_not_after(db, close):
    close(6, after=timedelta(hours=48) - MINUTE)
    with pytest.raises(Conflict, match="48 hours"):
        close(5, after=timedelta(hours=48))
    assert rows(db)[0][1] == "6"


def test_the_room_can_be_closed_before_the_session_ends(db, close):
    close(6, after=-30 * MINUTE)
    assert rows(db)[0][1] == "6"


def test_nobody_is_counted_before_the_session_begins(sessions):
    starts_at = sessions[0].starts_at
    service.refuse_early(starts_at, starts_at)
    with pytest.raises(Conflict, match="not begun"):
        service.refuse_early(starts_at, starts_at - MINUTE)


@pytest.mark.parametrize("headcount", [-1, 501, 10_000])
def test_a_count_that_cannot_be_right_is_refused_and_nothing_is_kept(db, close, headcount):
    with pytest.raises(Invalid) as caught:
        close(headcount)
    assert caught.value.field == "headcount"
    assert rows(db) == []


def test_two_facilitators_who_close_at_the_same_moment_leave_one_row(postgres_server):
    # on SQLite the second waits for the first; on PostgreSQL both find no row and both add one
    with postgres_server.fresh() as url:
        database = Database(url, Vault(VAULT_KEY))
        with database.write() as mine:
            shelve(mine)
            at = stage.make_series(mine, stage.make_group(mine, stage.make_facilitator(mine, "Alice")))[1][0]
            mine.commit()

            def close_first(*_):
                with database.write() as theirs:
                    service.close_room(theirs, at.id, at.ends_at, 5, 8, Precision.PROTECTED, at.ends_at)
                    theirs.commit()

            event.listen(mine, "before_flush", close_first, once=True)
            service.close_room(mine, at.id, at.ends_at, 6, 8, Precision.PROTECTED, at.ends_at)
            mine.commit()
            assert rows(mine) == [(at.id, "6", None)]
        database.close()


def test_tallies_are_read_in_one_query(database, db, sessions, close):
    for number, session in enumerate(sessions[:3]):
        close(3 + number, session=session)
    db.commit()
    with database.read() as reader, counted(database) as statements:
        found = service.tallies(reader, [session.id for session in sessions])
    assert {session_id: tally.headcount for session_id, tally in found.items()} == {
        sessions[0].id: "3",
        sessions[1].id: "4",
        sessions[2].id: "5",
    }
    assert statements["SELECT"] == 1


def test_no_tallies_are_asked_for_without_a_session(db):
    assert service.tallies(db, []) == {}


def test_a_session_that_was_not_closed_has_no_tally(db, sessions):
    assert service.find_tally(db, sessions[0].id) is None


def test_a_tally_goes_with_its_session(db, sessions, close):
    close(6)
    db.commit()
    db.execute(GroupSession.__table__.delete().where(GroupSession.id == sessions[0].id))
    assert rows(db) == []


def test_closing_writes_no_line_to_any_log(close, caplog):
    caplog.set_level(logging.DEBUG, logger="facilitator")
    close(6)
    close(5)
    assert [record for record in caplog.records if record.name.startswith("facilitator")] == []
