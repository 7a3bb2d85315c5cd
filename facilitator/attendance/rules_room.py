"""How a room is checked into: the words that open it, how long they hold, and how many wrong guesses it bears.

The words follow from a room's secret and the clock, so that changing them writes nothing and a restart keeps them.
This module must never be given a person, a device or an address.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

ROTATION = timedelta(minutes=10)
MOST_WRONG = 20  # wrong guesses that one room bears before nothing is compared
EASED = 3  # of them forgotten every 10 seconds: after the first 20, 18 a minute; over an evening fewer than 20
LONGEST_OPEN = timedelta(hours=24)  # longer than any room stays open; so far ahead no two rooms share words
OPENS_BEFORE = timedelta(minutes=30)
SHUTS_AFTER = timedelta(hours=2)
KEPT_AFTER = timedelta(hours=12)  # a room that nobody closed is forgotten so long after its session
ON_SLIP = 5
MOST_SLIPS = 100


class Way(StrEnum):
    """How people check in: with the two words of the room, or with a slip of paper each."""

    WORDS = "words"
    TICKETS = "tickets"


class Answer(StrEnum):
    """What somebody says of themselves at check-in; named as the counter that it moves."""

    FIRST_TIME = "first_time"
    BEEN_BEFORE = "been_before"
    UNSAID = "unsaid"


def may_open(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Tell whether check-in may be opened: from 30 minutes before a session until 2 hours after it."""
    return starts_at - OPENS_BEFORE <= now <= ends_at + SHUTS_AFTER


def plain(typed: str) -> str:
    """Return what was typed without case, accents, hyphens and spaces.

    No word of a list begins another one, so words that are run together still say one thing.
    """
    taken_apart = unicodedata.normalize("NFKD", typed.casefold())
    return "".join(letter for letter in taken_apart if letter.isalpha())


def turn_of(at: datetime) -> int:
    """Return the number of the ten minutes that an instant lies in."""
    return int(at.timestamp() // ROTATION.total_seconds())


def next_turn_at(at: datetime) -> datetime:
    """Return when the words change next."""
    return datetime.fromtimestamp((turn_of(at) + 1) * ROTATION.total_seconds(), at.tzinfo)


def words_of_turn(secret: str, turn: int, listed: Sequence[str]) -> tuple[str, str]:
    """Return the two words of a room for ten minutes; they differ from one another.

    Args:
        secret: the room's.
        turn: the number of the ten minutes.
        listed: the words to choose from.
    """
    drawn = hmac.digest(secret.encode(), f"words\x00{turn}".encode(), hashlib.sha256)
    first, second = divmod(int.from_bytes(drawn) % (len(listed) * (len(listed) - 1)), len(listed) - 1)
    return listed[first], listed[second + (second >= first)]


def phrase(secret: str, turn: int, listed: Sequence[str]) -> str:
    """Return the words of ten minutes as `plain` leaves them."""
    return plain("".join(words_of_turn(secret, turn, listed)))


def valid_phrases(secret: str, at: datetime, listed: Sequence[str]) -> frozenset[str]:
    """Return what opens a room at an instant: the words of these ten minutes, and those before for slow typists."""
    turn = turn_of(at)
    return frozenset(phrase(secret, each, listed) for each in (turn - 1, turn))


def coming_phrases(secret: str, now: datetime, listed: Sequence[str]) -> tuple[str, ...]:
    """Return the words of every ten minutes for as long as a room may stay open, those just before included."""
    first = turn_of(now) - 1
    return tuple(phrase(secret, turn, listed) for turn in range(first, first + LONGEST_OPEN // ROTATION + 2))


def share_words(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Tell whether two rooms would ever hold the same words for valid at the same instant.

    Args:
        ours: `coming_phrases` of one room.
        theirs: of the other, from the same instant on.
    """
    spans = zip(pairwise(ours), pairwise(theirs), strict=True)
    return any(set(valid) & set(others) for valid, others in spans)
