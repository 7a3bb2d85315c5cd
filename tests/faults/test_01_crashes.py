"""Workers that die: at each named point of a hand-over, at random, and by request."""

import random
import signal
import time

import pytest

from facilitator.reminders.policy import set_policy
from facilitator.reminders.rules import MessageKind, UnknownPolicy
from tests.faults import accidents
from tests.faults.installation import IN_FULL, conserved, kill, sink, wait_until
from tests.mail.servers import Liar

pytestmark = pytest.mark.timeout(1800 if IN_FULL else 180)
REPEATS = 52 if IN_FULL else len(accidents.POINTS)
QUICK = {"dispatch": 0.2, "reap": 0.5}
ROWS, KILLS = (3000, 60) if IN_FULL else (120, 6)
UNSENT, DOUBTFUL, DOUBLED, DONE = "unsent", "doubtful", "doubled", "done"
# what a crash at each point leaves behind
WINDOWS = {
    accidents.BEFORE_CLAIM: UNSENT,
    accidents.AFTER_CLAIM: UNSENT,
    accidents.BEFORE_GATE: UNSENT,
    accidents.AFTER_GATE: DOUBTFUL,
    accidents.AFTER_MAIL: DOUBTFUL,
    accidents.AFTER_RCPT: DOUBTFUL,
    accidents.AFTER_354: DOUBTFUL,
    accidents.HALF_BODY: DOUBTFUL,
    accidents.BEFORE_DOT: DOUBTFUL,
    accidents.AFTER_DOT: DOUBLED,
    accidents.AFTER_250: DOUBLED,
    accidents.BEFORE_DONE: DOUBLED,
    accidents.AFTER_DONE: DONE,
}


AHEAD = "250-liar\r\n250 PIPELINING"  # then the parties are named before the gate is asked
EARLIER = dict.fromkeys((accidents.AFTER_MAIL, accidents.AFTER_RCPT), UNSENT)


@pytest.mark.fault(1)
def test_a_crash_at_each_point_leaves_exactly_what_the_table_of_windows_says(installation):
    """13 crashes on each engine (52 in full), one at each point; every second server lets us name the parties early.

    A crash before the gate is certainly unsent. Between gate and dot nobody can tell from outside, so the row is
    doubtful although the server has nothing. Behind the dot the server has it, and the repeat is the second copy.
    """
    installation.settings["FACILITATOR_MAIL_CONNECTIONS"] = "1"
    installation.remind(REPEATS + 20)
    doubts, doubles, other = 0, 0, int(installation.database.is_sqlite)
    with Liar() as server:
        installation.send_to(server)
        for repeat in range(REPEATS):
            # an odd number of points, so that each meets both kinds of server
            point, ahead = accidents.POINTS[repeat % len(accidents.POINTS)], (repeat + other) % 2 == 1
            server.script["ehlo"] = [AHEAD] if ahead else []
            accepted, sent = len(server.messages), installation.states()["sent"]
            installation.skip()
            worker = installation.fork(at={"point": point}, ticks=["dispatch", "reap"], every=QUICK)
            assert worker.wait(20) == -9, point
            window = EARLIER.get(point, WINDOWS[point]) if ahead else WINDOWS[point]
            states = installation.states()
            in_hand = sum(
                f":{worker.pid}" in (row.lease_owner or "") for row in installation.scene.rows(state="sending")
            )
            wait_until(lambda accepted=accepted, window=window: len(server.messages) - accepted == _accepted(window))
            if window is not DONE:
                assert (in_hand, states["sent"] - sent) == (int(window != UNSENT), 0), point
            else:  # the next one may have passed the gate in the same commit
                assert states["sent"] - sent == 1
            doubts += in_hand
            doubles += window is DOUBLED
        installation.skip()
        last = installation.fork(every=QUICK)
        wait_until(installation.settled)
        kill(last)
    copies = conserved(installation, server)
    rows = installation.scene.rows()
    assert all(row.state == ("held" if row.unknowns > 1 else "sent") for row in rows)
    assert sum(row.unknowns for row in rows) == doubts
    assert copies.total() == installation.states()["sent"] + doubles


def _accepted(window):
    return int(window in {DOUBLED, DONE})


@pytest.mark.fault(2)
@pytest.mark.parametrize("policy", UnknownPolicy)
def test_workers_killed_at_random_lose_nothing_and_repeat_only_what_was_flagged(installation, policy):
    """120 rows and 6 SIGKILLs (3,000 and 60 in full); on PostgreSQL two workers, killed together.

    Who holds sees no second copy at all and decides on each doubtful row; who repeats once loses nothing.
    """
    with installation.scene.change() as db:
        set_policy(db, MessageKind.REMINDER, policy)
    installation.remind(ROWS)
    rng, workers = random.Random(20), 1 if installation.database.is_sqlite else 2
    with Liar(dot=[0.002] * 2 * ROWS) as server:
        installation.send_to(server)
        for _ in range(KILLS):
            before, more = len(server.messages), rng.randint(1, ROWS // KILLS)
            team = [installation.fork(every=QUICK) for _ in range(workers)]
            wait_until(lambda before=before, more=more: len(server.messages) >= before + more)
            time.sleep(rng.uniform(0, 0.01))
            for worker in team:
                kill(worker)
            installation.skip()
        last = installation.fork(every=QUICK)
        wait_until(installation.settled, 120)
        kill(last)
    copies = conserved(installation, server)
    rows = installation.scene.rows()
    assert sum(row.unknowns for row in rows) >= KILLS / 5  # it did hit hand-overs
    if policy is UnknownPolicy.HOLD:
        assert set(copies.values()) == {1}
        assert all((row.state == "held") == bool(row.unknowns) for row in rows)
    else:
        assert all((row.state == "held") == (row.unknowns == 2) for row in rows)


@pytest.mark.fault(3)
def test_a_worker_asked_to_stop_finishes_what_it_has_in_hand(installation):
    """SIGTERM among 200 messages to a server that others wrote: nothing is doubtful, and the rest waits."""
    installation.remind(200)
    with sink() as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: len(server.messages) >= 20)
        asked = time.monotonic()
        worker.terminate()
        assert worker.wait(15) == 0
        assert time.monotonic() - asked < 5
        states = installation.states()
        assert set(states) == {"sent", "pending"}
        assert states["sent"] == len(server.messages) < 200
        last = installation.fork()
        wait_until(installation.settled)
        kill(last)
        assert set(conserved(installation, server).values()) == {1}
    assert not any(row.unknowns for row in installation.scene.rows())


@pytest.mark.fault(3)
def test_a_second_request_ends_a_worker_that_waits_and_leaves_only_what_is_in_hand_in_doubt(installation):
    installation.remind(10)
    with Liar(dot=[60.0] * 2) as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: server.messages)
        time.sleep(0.3)  # another connection may have one in hand as well
        worker.terminate()
        time.sleep(0.2)
        asked = time.monotonic()
        worker.terminate()
        assert worker.wait(15) != -signal.SIGKILL
        assert time.monotonic() - asked < 5
        in_hand = len(server.messages)
        assert installation.states()["sending"] == in_hand <= 2
        installation.skip()
        with Liar() as other:
            installation.send_to(other)
            last = installation.fork()
            wait_until(installation.settled)
            kill(last)
    copies = conserved(installation, server, other)
    assert sum(row.unknowns for row in installation.scene.rows()) == in_hand
    assert copies.total() == 10 + in_hand
