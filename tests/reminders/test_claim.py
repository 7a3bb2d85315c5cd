"""Claiming: each due row goes to one worker, in order, and comes back when that worker dies."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from facilitator.reminders import claim
from facilitator.reminders.claim import LEASE, SENDING_LEASE, SILENCE, beat, claim_due, free_all, free_expired
from facilitator.reminders.models import OutboxMessage
from facilitator.reminders.rules import OutboxState, Priority
from tests.reminders.conftest import HOUR, MINUTE, START
from tests.reminders.test_follow import LEASED, SENDING, SENT, pretend


@pytest.fixture
def many(scene):
    """Thirty people whose early reminder is due."""
    for number in range(29):
        scene.add_person(f"person{number}")
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    return scene


def claimed(scene, limit=50, owner="worker:1"):
    with scene.change() as db:
        return [row.id for row in claim_due(db, owner, limit, scene.clock())]


def test_a_row_is_claimed_when_it_is_due_and_not_before(scene):
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR - timedelta(milliseconds=1))
    assert claimed(scene) == []
    scene.clock.go_to(START - 48 * HOUR)
    assert claimed(scene) == [scene.rows()[0].id]


def test_a_claim_is_a_lease_with_a_token_that_rises(many):
    [first] = claimed(many, limit=1)
    row = many.row(id=first)
    assert (row.state, row.lease_owner, row.lease_token, row.lease_until_at) == (
        "leased",
        "worker:1",
        1,
        many.clock() + LEASE,
    )
    many.clock.advance(LEASE)
    with many.change() as db:
        assert free_expired(db, many.clock()) == 1
    assert claimed(many, limit=1, owner="worker:2") == [first]
    assert (many.row(id=first).lease_token, many.row(id=first).lease_owner) == (2, "worker:2")


def test_a_claim_takes_at_most_what_it_asked_for_and_the_rest_next(many):
    first, second, third = claimed(many, 12), claimed(many, 12), claimed(many, 12)
    assert [len(first), len(second), len(third)] == [12, 12, 6]
    assert len({*first, *second, *third}) == 30


def test_the_most_urgent_come_first_and_then_the_oldest(many):
    ids = [row.id for row in many.rows()]
    with many.change() as db:
        db.get_one(OutboxMessage, ids[20]).priority = Priority.URGENT
        db.get_one(OutboxMessage, ids[10]).priority = Priority.NOTICE
        db.get_one(OutboxMessage, ids[25]).next_attempt_at = many.clock() - HOUR
    assert claimed(many, 5) == [ids[20], ids[10], ids[25], ids[0], ids[1]]


@pytest.mark.parametrize("states", [(LEASED,), (LEASED, SENDING), (LEASED, SENDING, SENT)])
def test_a_row_that_is_not_pending_is_not_claimed(scene, states):
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, *states)
    assert claimed(scene) == []


def test_four_workers_never_claim_the_same_row(many):
    mine: dict[str, list[int]] = {}
    together = threading.Barrier(4)

    def work(owner):
        together.wait(10)
        mine[owner] = []
        while found := claimed(many, 3, owner):
            mine[owner] += found
        if not many.database.is_sqlite:  # rows of others are skipped rather than waited for
            mine[owner] += claimed(many, 3, owner)

    threads = [threading.Thread(target=work, args=(f"worker:{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    every = [row for rows in mine.values() for row in rows]
    assert len(every) == len(set(every)) == 30
    assert all(row.lease_token == 1 for row in many.rows())
    assert all(row.id in mine[row.lease_owner] for row in many.rows())


def test_on_postgresql_the_list_is_made_once_and_locked_rows_are_skipped(many):
    if many.database.is_sqlite:
        with many.database.write() as db:
            assert len(claim_due(db, "worker:1", 7, many.clock())) == 7
        return
    held = [row.id for row in many.rows()[:10]]
    with many.database.write() as holder:
        holder.execute(select(OutboxMessage.id).where(OutboxMessage.id.in_(held)).with_for_update())
        assert set(claimed(many)) == {row.id for row in many.rows()} - set(held)


def test_the_claim_says_materialized_and_skip_locked(many, monkeypatch):
    said = []
    with many.database.write() as db:
        scalars = db.scalars
        monkeypatch.setattr(db, "scalars", lambda statement: said.append(statement) or scalars(statement))
        claim_due(db, "worker:1", 7, many.clock())
    words = " ".join(str(said[0].compile(dialect=postgresql.dialect())).split())
    assert "WITH picked AS MATERIALIZED (SELECT outbox.id" in words
    assert "FOR UPDATE SKIP LOCKED" in words


def test_a_lease_that_ran_out_is_given_back_unsent_and_a_hand_over_becomes_unknown(scene):
    bob = scene.add_person("bob")
    scene.remove_rule(3 * HOUR)
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    pretend(scene, SENDING, state=OutboxState.SENDING)
    leased, _ = claimed(scene)
    pretend(scene, SENDING, participant_id=bob)
    with scene.change() as db:
        assert free_expired(db, scene.clock() + LEASE - timedelta(milliseconds=1)) == 0
    with scene.change() as db:
        assert free_expired(db, scene.clock() + LEASE) == 2
    back, doubtful = scene.row(id=leased), scene.row(participant_id=bob)
    assert (back.state, back.unknowns, back.lease_owner, back.lease_until_at) == ("pending", 0, None, None)
    assert (doubtful.state, doubtful.unknowns, doubtful.reason, doubtful.lease_owner) == (
        "unknown",
        1,
        "worker_died",
        None,
    )


def test_a_worker_that_knows_all_others_dead_frees_everything_at_once(many):
    claimed(many, 20)
    pretend(many, SENDING, id=many.rows(state="leased")[0].id)
    with many.change() as db:
        assert free_all(db) == 20
    assert [len(many.rows(state=state)) for state in ("pending", "unknown", "leased", "sending")] == [29, 1, 0, 0]
    assert all(row.lease_owner is None for row in many.rows())


def test_the_reaper_waits_for_nobody_who_holds_a_row(many):
    """It would otherwise lock rows in another order than a cancellation does, and one of the two would fail."""
    if many.database.is_sqlite:
        return  # writers take turns there
    claimed(many, 20)
    many.clock.advance(LEASE)
    held = many.rows(state="leased")[0].id
    with many.database.write() as holder, many.database.write() as reaper:
        holder.execute(select(OutboxMessage.id).where(OutboxMessage.id == held).with_for_update())
        reaper.connection().exec_driver_sql("SET lock_timeout = '2s'")
        assert free_expired(reaper, many.clock()) == 19
        reaper.commit()
    assert many.row(state="leased").id == held


def test_the_lease_of_a_hand_over_outlasts_the_longest_wait_for_an_answer():
    assert timedelta(seconds=600) + timedelta(seconds=30) < claim.SENDING_LEASE
    assert claim.LEASE >= MINUTE


def test_a_worker_that_beats_no_more_loses_its_rows_long_before_their_lease_ends(scene):
    """What it leased is certainly unsent, what it was handing over is unknown; a living worker keeps both."""
    scene.add_person("bob")
    scene.add_person("cat")
    scene.add_person("dan")
    scene.follow()
    scene.clock.go_to(START - 48 * HOUR)
    with scene.change() as db:
        for owner in ("silent:1", "alive:2"):
            beat(db, owner, scene.clock())
            claim_due(db, owner, 2, scene.clock())
    for owner in ("silent:1", "alive:2"):
        mine = [row.id for row in scene.rows(lease_owner=owner)]
        pretend(scene, SENDING, id=mine[0])
        scene.force(mine[0], lease_until_at=int((scene.clock() + SENDING_LEASE).timestamp() * 1000))
        scene.force(mine[1], lease_until_at=int((scene.clock() + SENDING_LEASE).timestamp() * 1000))
    scene.clock.advance(SILENCE)
    with scene.change() as db:
        beat(db, "alive:2", scene.clock())
        assert free_expired(db, scene.clock()) == 2
    assert Counter((row.state, row.lease_owner) for row in scene.rows(lead_minutes=48 * 60)) == {
        ("unknown", None): 1,
        ("pending", None): 1,
        ("sending", "alive:2"): 1,
        ("leased", "alive:2"): 1,
    }
