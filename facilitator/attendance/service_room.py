"""The open room: counters that participants move, the guesses it bears, and the slips of paper that were not yet spent.

A press moves one counter of one row and writes nothing else: no row of its own, no time, no sign of who pressed. What
participants type is compared and forgotten. This module must never be given a person and never writes a log line.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, String, case, column, delete, func, insert, select, table, update
from sqlalchemy.orm import Session

from facilitator.attendance.models import OpenRoom, Ticket
from facilitator.attendance.rules_room import (
    EASED,
    KEPT_AFTER,
    MOST_WRONG,
    ON_SLIP,
    Answer,
    Way,
    coming_phrases,
    plain,
    share_words,
    turn_of,
    valid_phrases,
    words_of_turn,
)
from facilitator.attendance.service_words import list_words
from facilitator.db import Instant
from facilitator.tokens import new_id, token_hash

# the one thing of a session that this package looks at: whether it is long over
_SESSION = table("group_session", column("id", String), column("ends_at", Instant()))
_Room = Row[str, str, str, str, int]
_OPEN = select(OpenRoom.session_id, OpenRoom.secret, OpenRoom.way, OpenRoom.language, OpenRoom.wrong)


def open_room(db: Session, session_id: str, way: Way, language: str, now: datetime) -> OpenRoom:
    """Open a room, or find it as it is when it is open already and may be entered in this way.

    A room that is open in the other way changes to this one and keeps its counters; slips end with their way.

    Args:
        db: a writing session.
        session_id: which session.
        way: how people check in.
        language: of the words.
        now: the present instant; from it on, no other open room ever shares words with this one.
    """
    _take_turn(db)
    room = find_room(db, session_id) or _add(db, session_id, way, language, now)
    if way is Way.WORDS:
        db.execute(delete(Ticket).where(Ticket.session_id == session_id))
    room.way = way
    db.flush()
    return room


def _add(db: Session, session_id: str, way: Way, language: str, now: datetime) -> OpenRoom:
    room = OpenRoom(session_id=session_id, secret=_choose_secret(db, language, now), way=way, language=language)
    db.add(room)
    return room


def _choose_secret(db: Session, language: str, now: datetime) -> str:
    """Return a secret whose words no other open room has while both are open."""
    rooms = db.execute(_OPEN).all()
    others = [coming_phrases(room.secret, now, list_words(room.language)) for room in rooms]
    while True:
        secret = new_id()
        ours = coming_phrases(secret, now, list_words(language))
        if not any(share_words(ours, theirs) for theirs in others):
            return secret


def find_room(db: Session, session_id: str) -> OpenRoom | None:
    """Return the open room of a session as it stands now, or None."""
    return db.get(OpenRoom, session_id, populate_existing=True)


def room_words(room: OpenRoom, at: datetime) -> tuple[str, str]:
    """Return the two words that a room shows at an instant; those of the ten minutes before still open it."""
    return words_of_turn(room.secret, turn_of(at), list_words(room.language))


def taps(room: OpenRoom) -> int:
    """Return how often somebody checked in."""
    return room.first_time + room.been_before + room.unsaid


def make_slips(db: Session, room: OpenRoom, count: int, now: datetime) -> tuple[tuple[str, ...], ...]:
    """Return the words of so many new slips, five each; the earlier slips and words of the room open it no more.

    Only hashes are kept, so nobody can show these words again.
    """
    _take_turn(db)
    room.secret = _choose_secret(db, room.language, now)
    listed = list_words(room.language)
    slips = tuple(tuple(secrets.choice(listed) for _ in range(ON_SLIP)) for _ in range(count))
    db.execute(delete(Ticket).where(Ticket.session_id == room.session_id))
    db.execute(insert(Ticket), [{"words_hash": _hash("".join(slip)), "session_id": room.session_id} for slip in slips])
    return slips


def check_in(db: Session, words: str, answer: Answer, at: datetime) -> bool:
    """Move one counter of the room that these words open, and tell whether there was one.

    A wrong guess cannot be told to a room, so it is counted on the open room that bore the fewest; when every room bore
    20, nothing is compared until the clock has eased them. A slip is spent in the same transaction.

    Args:
        db: a writing session.
        words: as they were typed.
        answer: which counter.
        at: the present instant.
    """
    guess = plain(words)
    if not guess:
        return False
    _take_turn(db)
    rooms = db.execute(_OPEN).all()
    if all(room.wrong >= MOST_WRONG for room in rooms):
        return False
    session_id = _opened_by(rooms, guess, at) or _spend(db, guess)
    if session_id is None:
        _count_wrong(db, rooms)
        return False
    counter = OpenRoom.__table__.c[answer]
    moved = update(OpenRoom).where(OpenRoom.session_id == session_id).values({counter: counter + 1})
    return db.scalar(moved.returning(OpenRoom.session_id).execution_options(synchronize_session=False)) is not None


def _opened_by(rooms: Sequence[_Room], guess: str, at: datetime) -> str | None:
    for room in rooms:
        if room.way == Way.WORDS and guess in valid_phrases(room.secret, at, list_words(room.language)):
            return str(room.session_id)
    return None


def _spend(db: Session, guess: str) -> str | None:
    """Delete the slip with these words and return its room; of two at once, one finds it."""
    spent = delete(Ticket).where(Ticket.words_hash == _hash(guess)).returning(Ticket.session_id)
    return db.execute(spent).scalar_one_or_none()


def _count_wrong(db: Session, rooms: Sequence[_Room]) -> None:
    fewest = min(rooms, key=lambda room: (room.wrong, room.session_id))
    db.execute(
        update(OpenRoom)
        .where(OpenRoom.session_id == fewest.session_id)
        .values(wrong=OpenRoom.wrong + 1)
        .execution_options(synchronize_session=False)
    )


def close_open_room(db: Session, session_id: str) -> None:
    """Forget a room: its counters, its secret and the slips that were not spent."""
    _take_turn(db)
    for model in (Ticket, OpenRoom):
        db.execute(delete(model).where(model.session_id == session_id))


def ease_wrong(db: Session) -> None:
    """Take 3 wrong guesses away from every room that bore any; the clock calls this every 10 seconds."""
    left = case((OpenRoom.wrong > EASED, OpenRoom.wrong - EASED), else_=0)
    db.execute(
        update(OpenRoom).where(OpenRoom.wrong > 0).values(wrong=left).execution_options(synchronize_session=False)
    )


def clear_rooms(db: Session, now: datetime) -> int:
    """Forget the rooms that nobody closed within 12 hours of their session's end; return how many there were."""
    over = select(_SESSION.c.id).where(_SESSION.c.ends_at < now - KEPT_AFTER)
    found = db.scalars(select(OpenRoom.session_id).where(OpenRoom.session_id.in_(over))).all()
    for session_id in found:
        close_open_room(db, session_id)
    return len(found)


def _hash(words: str) -> str:
    return token_hash(plain(words))


def _take_turn(db: Session) -> None:
    """Let one press at a time look at the rooms, until its transaction ends.

    Otherwise guesses sent at once would all be compared before the first is counted. SQLite's writers take turns anyhow.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(func.hashtext("open rooms"))))
