"""Signing in: who is let in, what a wrong try costs, and that no transaction is open while a password is hashed."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from werkzeug.security import generate_password_hash

from facilitator.accounts import passwords, sign_in
from facilitator.accounts.models import Facilitator, SignInAttempts
from facilitator.accounts.passwords import AT_ONCE, METHOD
from facilitator.accounts.sign_in import FREE_TRIES, KEPT_FOR, LONGEST_WAIT, Claim, Proof
from facilitator.errors import NotAllowed
from tests import factories
from tests.factories import ON_SQLITE

RIGHT, NOT_RIGHT = Proof(right=True), Proof(right=False)

WRONG = "The email address or the password is not right."
WAIT = "There were several wrong tries. Wait a few minutes, then try again."


@pytest.fixture
def alice(database):
    with database.write() as db:
        account = factories.make_account(db, "Alice")
        db.commit()
    return account


def look_up(database, email, now) -> Claim:
    with database.read() as db:
        return sign_in.look_up(db, email, now)


def settle(database, claim, proof, now):
    """Settle and commit, as the page does in both cases; return the account or the words of the refusal."""
    with database.write() as db:
        try:
            return sign_in.settle(db, claim, proof, now).id
        except NotAllowed as refusal:
            return refusal.message
        finally:
            db.commit()


def attempt(database, email, proof, now):
    """Try to sign in as the page does; the proof stands for a password that was hashed."""
    try:
        return settle(database, look_up(database, email, now), proof, now)
    except NotAllowed as refusal:
        return refusal.message


def rows(database):
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(SignInAttempts))


def test_the_right_password_lets_its_account_in(database, alice, now):
    claim = look_up(database, "alice@example.org", now)
    assert sign_in.prove(claim, factories.PASSWORD) == RIGHT
    assert settle(database, claim, RIGHT, now) == alice.id


@pytest.mark.parametrize("typed", ["  alice@example.org ", "Alice@Example.ORG"])
def test_an_address_is_found_however_it_is_typed(database, alice, now, typed):
    assert attempt(database, typed, RIGHT, now) == alice.id


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(database, alice, now):
    assert attempt(database, "alice@example.org", NOT_RIGHT, now) == WRONG
    assert attempt(database, "nobody@example.org", NOT_RIGHT, now) == WRONG
    assert rows(database) == 2


def test_no_account_is_never_right_whatever_is_typed(database, now):
    claim = look_up(database, "nobody@example.org", now)
    assert sign_in.prove(claim, "") == NOT_RIGHT
    assert settle(database, claim, RIGHT, now) == WRONG


def test_five_wrong_tries_cost_nothing_and_each_further_one_waits_longer(database, alice, now):
    for _ in range(FREE_TRIES):
        assert attempt(database, "alice@example.org", NOT_RIGHT, now) == WRONG
    for wait in (2, 4, 8, 16):
        assert attempt(database, "alice@example.org", NOT_RIGHT, now) == WRONG
        assert attempt(database, "alice@example.org", RIGHT, now + timedelta(seconds=wait - 1)) == WAIT
        now += timedelta(seconds=wait)
    assert attempt(database, "alice@example.org", RIGHT, now) == alice.id


def test_the_wait_never_grows_past_a_quarter_of_an_hour(database, alice, now):
    for _ in range(80):
        assert attempt(database, "alice@example.org", NOT_RIGHT, now) == WRONG
        now += LONGEST_WAIT
    assert attempt(database, "alice@example.org", RIGHT, now) == alice.id


def test_a_try_during_the_wait_is_not_counted_so_the_wait_ends(database, alice, now):
    for _ in range(FREE_TRIES + 1):
        attempt(database, "alice@example.org", NOT_RIGHT, now)
    for _ in range(20):
        assert attempt(database, "alice@example.org", NOT_RIGHT, now) == WAIT
    assert attempt(database, "alice@example.org", RIGHT, now + timedelta(seconds=2)) == alice.id


def test_an_unknown_address_waits_as_a_known_one_does(database, now):
    answers = [attempt(database, "nobody@example.org", NOT_RIGHT, now) for _ in range(FREE_TRIES + 2)]
    assert answers == [WRONG] * (FREE_TRIES + 1) + [WAIT]


def test_guesses_that_were_looked_up_at_once_gain_nothing_over_guesses_in_turn(database, alice, now):
    claims = [look_up(database, "alice@example.org", now) for _ in range(FREE_TRIES + 3)]
    for claim in claims[: FREE_TRIES + 1]:
        assert settle(database, claim, NOT_RIGHT, now) == WRONG
    assert [settle(database, claim, RIGHT, now) for claim in claims[FREE_TRIES + 1 :]] == [WAIT, WAIT]


def test_a_password_that_changed_while_it_was_checked_lets_nobody_in(database, alice, now):
    claim = look_up(database, "alice@example.org", now)
    with database.write() as db:
        db.get_one(Facilitator, alice.id).password_hash = "another"
        db.commit()
    assert settle(database, claim, RIGHT, now) == WRONG


def test_signing_in_forgets_the_wrong_tries_before_it(database, alice, now):
    attempt(database, "alice@example.org", NOT_RIGHT, now)
    assert attempt(database, "alice@example.org", RIGHT, now) == alice.id
    assert rows(database) == 0


def test_wrong_tries_are_forgotten_after_a_day(database, now):
    attempt(database, "nobody@example.org", NOT_RIGHT, now)
    attempt(database, "another@example.org", NOT_RIGHT, now + KEPT_FOR + timedelta(minutes=1))
    assert rows(database) == 1


def test_an_outdated_hash_is_made_anew_with_the_right_password(database, alice, now):
    weak = Claim(
        index="x",
        facilitator_id=alice.id,
        password_hash=generate_password_hash(factories.PASSWORD, method="pbkdf2:sha256:1000"),
    )
    proof = sign_in.prove(weak, factories.PASSWORD)
    assert proof.right
    assert proof.new_hash.startswith(METHOD)
    with database.write() as db:
        db.get_one(Facilitator, alice.id).password_hash = weak.password_hash
        db.commit()
    settle(database, look_up(database, "alice@example.org", now), proof, now)
    with database.read() as db:
        assert db.get_one(Facilitator, alice.id).password_hash == proof.new_hash


@ON_SQLITE
def test_strangers_at_the_sign_in_page_hold_up_no_writer(house):
    """SQLite has one writer; whoever held it while a password is hashed would stop deliveries."""
    client = house.client(None)
    turns = passwords._turns
    for _ in range(AT_ONCE):
        turns.acquire()
    stranger = threading.Thread(
        target=client.post, args=["/login"], kwargs={"data": {"email": "x@y.org", "password": "z"}}
    )
    stranger.start()
    try:
        while not turns._cond._waiters:
            time.sleep(0.01)
        began = time.monotonic()
        with house.change() as db:
            factories.make_account(db, "Dora")
        assert time.monotonic() - began < 2
    finally:
        for _ in range(AT_ONCE):
            turns.release()
        stranger.join()
