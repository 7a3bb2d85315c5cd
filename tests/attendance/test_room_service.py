"""The open room: counters, wrong guesses, slips, and what ends them; on both engines."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from facilitator.attendance import service_room as rooms
from facilitator.attendance.models import OpenRoom, Ticket
from facilitator.attendance.rules_room import EASED, KEPT_AFTER, MOST_WRONG, Answer, Way, share_words
from facilitator.attendance.service_words import list_words
from tests.factories import counted

MINUTE = timedelta(minutes=1)


@pytest.fixture
def at(stage):
    """Ten minutes into the session."""
    stage.clock.at = stage.starts_at + 10 * MINUTE
    return stage.clock.at


@pytest.fixture
def ids(stage, at):
    return stage.session_ids


@pytest.fixture
def db(stage):
    with stage.database.write() as session:
        yield session


def open_words(db, session_id, at, language="en"):
    return rooms.open_room(db, session_id, Way.WORDS, language, at)


def open_tickets(db, session_id, at, count=8):
    room = rooms.open_room(db, session_id, Way.TICKETS, "en", at)
    return room, rooms.make_slips(db, room, count, at)


def counters(db, session_id):
    room = rooms.find_room(db, session_id)
    return room and (room.first_time, room.been_before, room.unsaid, room.wrong)


def guess(db, at, times=1, words="wrong words"):
    return [rooms.check_in(db, words, Answer.UNSAID, at) for _ in range(times)]


def test_a_room_opens_once_and_is_found_as_it_is(db, ids, at):
    first = open_words(db, ids[0], at)
    secret = first.secret
    rooms.check_in(db, " ".join(rooms.room_words(first, at)), Answer.UNSAID, at)
    again = open_words(db, ids[0], at + 5 * MINUTE)
    assert (again.secret, rooms.taps(again)) == (secret, 1)


def test_a_room_in_the_other_way_changes_and_keeps_its_counters(db, ids, at):
    room = open_words(db, ids[0], at)
    words = rooms.room_words(room, at)
    assert rooms.check_in(db, "-".join(words), Answer.FIRST_TIME, at)
    room, slips = open_tickets(db, ids[0], at)
    assert (room.way, counters(db, ids[0])[:3]) == ("tickets", (1, 0, 0))
    assert guess(db, at, words=" ".join(words)) == [False]
    room = open_words(db, ids[0], at)
    assert guess(db, at, words=" ".join(slips[0])) == [False]
    assert db.scalar(select(func.count()).select_from(Ticket)) == 0
    assert (room.way, counters(db, ids[0])[:3]) == ("words", (1, 0, 0))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(Answer.FIRST_TIME, (1, 0, 0, 0)), (Answer.BEEN_BEFORE, (0, 1, 0, 0)), (Answer.UNSAID, (0, 0, 1, 0))],
)
def test_a_press_moves_one_counter_of_the_room_that_its_words_open(db, ids, at, answer, expected):
    room, other = open_words(db, ids[0], at), open_words(db, ids[1], at)
    assert rooms.check_in(db, " ".join(rooms.room_words(room, at)), answer, at) is True
    assert counters(db, room.session_id) == expected
    assert counters(db, other.session_id) == (0, 0, 0, 0)


def test_a_press_is_one_update_and_no_row_of_its_own(stage, db, ids, at):
    words = " ".join(rooms.room_words(open_words(db, ids[0], at), at))
    with counted(stage.database) as statements:
        assert rooms.check_in(db, words, Answer.UNSAID, at)
    assert (statements["UPDATE"], statements["INSERT"], statements["DELETE"]) == (1, 0, 0)


def test_words_are_forgiven_their_case_hyphens_spaces_and_accents(db, ids, at):
    words = rooms.room_words(open_words(db, ids[0], at, language="es"), at)
    assert set(words) <= set(list_words("es"))
    for typed in ("-".join(words).upper(), "  ".join(words), "".join(words), f"{words[0]}, {words[1]}."):
        assert rooms.check_in(db, typed, Answer.UNSAID, at)


def test_words_hold_ten_minutes_longer_than_they_are_shown(db, ids, at):
    shown = " ".join(rooms.room_words(open_words(db, ids[0], at), at))
    assert guess(db, at + 19 * MINUTE, words=shown) == [True]
    assert guess(db, at + 20 * MINUTE, words=shown) == [False]


def test_nothing_opens_when_no_room_is_open_and_nothing_is_written(stage, db, ids, at):
    with counted(stage.database) as statements:
        assert guess(db, at, times=30) == [False] * 30
    assert set(statements) <= {"SELECT", "BEGIN"}


@pytest.mark.parametrize("words", ["", "   ", "- -", "1234"])
def test_what_holds_no_word_is_no_guess(db, ids, at, words):
    open_words(db, ids[0], at)
    assert guess(db, at, times=30, words=words) == [False] * 30
    assert counters(db, ids[0]) == (0, 0, 0, 0)


def test_a_wrong_guess_is_counted_on_the_room_that_bore_the_fewest(db, ids, at):
    for session_id in ids[:3]:
        open_words(db, session_id, at)
    guess(db, at, times=7)
    assert sorted(counters(db, each)[3] for each in ids[:3]) == [2, 2, 3]


def test_when_every_room_bore_20_nothing_is_compared(stage, db, ids, at):
    opened = [open_words(db, session_id, at) for session_id in ids[:2]]
    guess(db, at, times=2 * MOST_WRONG)
    right = " ".join(rooms.room_words(opened[0], at))
    with counted(stage.database) as statements:
        assert guess(db, at, times=50, words=right) == [False] * 50
    assert statements["UPDATE"] == 0
    assert [counters(db, each) for each in ids[:2]] == [(0, 0, 0, 20), (0, 0, 0, 20)]


def test_the_clock_eases_three_wrong_guesses_in_ten_seconds(db, ids, at):
    room = open_words(db, ids[0], at)
    guess(db, at, times=25)
    left = []
    for _ in range(8):
        rooms.ease_wrong(db)
        left.append(counters(db, ids[0])[3])
    assert left == [17, 14, 11, 8, 5, 2, 0, 0]
    assert guess(db, at, words=" ".join(rooms.room_words(room, at))) == [True]


def test_where_nothing_is_to_ease_nothing_is_written(stage, ids, at):
    with stage.database.write() as db:
        open_words(db, ids[0], at)
        db.commit()
    before = wal_size(stage.database)
    with stage.database.write() as db:
        rooms.ease_wrong(db)
        db.commit()
    assert wal_size(stage.database) == before


def wal_size(database):
    """Return how much was ever written: the log's length on SQLite, its position on PostgreSQL."""
    if database.is_sqlite:
        return Path(f"{database.engine.url.database}-wal").stat().st_size
    with database.read() as db:
        return db.execute(select(func.txid_current_if_assigned())).all()


def test_a_guesser_gets_20_guesses_and_then_18_a_minute_however_many_are_sent(db, ids, at):
    open_words(db, ids[0], at)
    compared = Counter()
    for tick in range(60):
        if tick:
            rooms.ease_wrong(db)
        before = counters(db, ids[0])[3]
        guess(db, at + tick * timedelta(seconds=10), times=30)
        compared[tick // 6] += counters(db, ids[0])[3] - before
    assert compared[0] == MOST_WRONG + 5 * EASED
    assert {compared[minute] for minute in range(1, 10)} == {6 * EASED}
    assert compared.total() <= 10 * MOST_WRONG


def test_no_two_open_rooms_ever_share_words(db, ids, at, monkeypatch):
    """Draw the same secret again: the second room must take another."""
    drawn = iter(["one secret", "one secret", "another"])
    monkeypatch.setattr(rooms, "new_id", lambda: next(drawn))
    first, second = open_words(db, ids[0], at), open_words(db, ids[1], at)
    assert (first.secret, second.secret) == ("one secret", "another")
    listed = list_words("en")
    ours, theirs = (rooms.coming_phrases(room.secret, at, listed) for room in (first, second))
    assert not share_words(ours, theirs)


def test_a_room_whose_words_come_ten_minutes_later_is_no_twin_either(db, ids, at, monkeypatch):
    monkeypatch.setattr(rooms, "share_words", lambda ours, theirs: ours[0] == theirs[0])
    drawn = iter(["a", "a", "a", "b"])
    monkeypatch.setattr(rooms, "new_id", lambda: next(drawn))
    open_words(db, ids[0], at)
    assert open_words(db, ids[1], at).secret == "b"


def test_slips_have_five_words_each_and_only_hashes_are_kept(db, ids, at):
    _room, slips = open_tickets(db, ids[0], at, count=9)
    assert len(set(slips)) == 9
    assert {len(slip) for slip in slips} == {5}
    assert {word for slip in slips for word in slip} <= set(list_words("en"))
    kept = db.scalars(select(Ticket.words_hash)).all()
    assert len(kept) == 9
    assert all(len(each) == 64 for each in kept)


def test_a_slip_is_spent_once_and_moves_the_counter(db, ids, at):
    _room, slips = open_tickets(db, ids[0], at)
    assert rooms.check_in(db, "-".join(slips[2]).upper(), Answer.BEEN_BEFORE, at)
    assert guess(db, at, words=" ".join(slips[2])) == [False]
    assert counters(db, ids[0]) == (0, 1, 0, 1)
    assert db.scalar(select(func.count()).select_from(Ticket)) == 7


def test_a_slip_is_spent_and_counted_in_one_transaction(stage, ids, at):
    with stage.database.write() as db:
        _room, slips = open_tickets(db, ids[0], at)
        db.commit()
    with stage.database.write() as db:
        assert guess(db, at, words=" ".join(slips[0])) == [True]
        db.rollback()
    with stage.database.write() as db:
        assert counters(db, ids[0]) == (0, 0, 0, 0)
        assert guess(db, at, words=" ".join(slips[0])) == [True]


def test_new_slips_end_the_earlier_ones(db, ids, at):
    room, old = open_tickets(db, ids[0], at)
    new = rooms.make_slips(db, room, 3, at)
    assert [guess(db, at, words=" ".join(slip))[0] for slip in (old[0], new[0])] == [False, True]


def test_a_room_of_slips_has_no_words_that_open_it(db, ids, at):
    room, _slips = open_tickets(db, ids[0], at)
    assert guess(db, at, words=" ".join(rooms.room_words(room, at))) == [False]


def test_closing_forgets_the_counters_the_secret_and_the_slips(db, ids, at):
    _room, slips = open_tickets(db, ids[0], at)
    rooms.close_open_room(db, ids[0])
    assert rooms.find_room(db, ids[0]) is None
    assert db.scalar(select(func.count()).select_from(Ticket)) == 0
    assert guess(db, at, words=" ".join(slips[0])) == [False]


def test_closing_what_is_not_open_does_nothing(db, ids, at):
    open_words(db, ids[1], at)
    rooms.close_open_room(db, ids[0])
    assert rooms.find_room(db, ids[1]) is not None


@pytest.mark.parametrize(("later", "kept"), [(KEPT_AFTER, True), (KEPT_AFTER + MINUTE, False)])
def test_a_room_that_nobody_closed_is_forgotten_twelve_hours_after_its_session(stage, db, ids, at, later, kept):
    open_words(db, ids[0], at)
    open_words(db, ids[1], at)
    assert rooms.clear_rooms(db, stage.ends_at + later) == (0 if kept else 1)
    assert (rooms.find_room(db, ids[0]) is not None) is kept
    assert rooms.find_room(db, ids[1]) is not None


def press(stage, words, answer, at):
    with stage.database.write() as db:
        counted_it = rooms.check_in(db, words, answer, at)
        db.commit()
    return counted_it


def test_of_presses_at_once_none_is_lost(stage, ids, at):
    with stage.database.write() as db:
        words = " ".join(rooms.room_words(open_words(db, ids[0], at), at))
        db.commit()
    with ThreadPoolExecutor(8) as hands:
        done = list(hands.map(lambda turn: press(stage, words, list(Answer)[turn % 3], at), range(60)))
    with stage.database.read() as db:
        assert (all(done), counters(db, ids[0])) == (True, (20, 20, 20, 0))


def test_of_hands_that_spend_one_slip_at_once_one_is_counted(stage, ids, at):
    with stage.database.write() as db:
        slips = open_tickets(db, ids[0], at)[1]
        db.commit()
    with ThreadPoolExecutor(8) as hands:
        done = list(hands.map(lambda _turn: press(stage, " ".join(slips[0]), Answer.UNSAID, at), range(16)))
    with stage.database.read() as db:
        assert (done.count(True), counters(db, ids[0])[2]) == (1, 1)


def test_guesses_sent_at_once_do_not_slip_past_the_limit(stage, ids, at):
    """Forty wrong words and then the right ones, from eight hands: all but 20 must have been counted or not compared."""
    with stage.database.write() as db:
        open_words(db, ids[0], at)
        db.commit()
    with ThreadPoolExecutor(8) as hands:
        list(hands.map(lambda turn: press(stage, f"wrong {turn}", Answer.UNSAID, at), range(40)))
    with stage.database.read() as db:
        assert counters(db, ids[0])[3] == MOST_WRONG


def test_two_who_lead_and_open_at_once_get_one_room(stage, ids, at):
    def go(_turn):
        with stage.database.write() as db:
            secret = open_words(db, ids[0], at).secret
            db.commit()
        return secret

    with ThreadPoolExecutor(4) as hands:
        assert len(set(hands.map(go, range(8)))) == 1
    with stage.database.read() as db:
        assert db.scalar(select(func.count()).select_from(OpenRoom)) == 1
