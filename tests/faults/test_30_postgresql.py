"""PostgreSQL throws everybody out, again and again, while mail goes out and pages are read."""

import time

import pytest
from sqlalchemy import text

from tests.faults.clockwork import let_time_pass
from tests.faults.installation import IN_FULL, conserved, kill, on_postgresql, wait_until
from tests.faults.pages import answers, pages
from tests.mail.servers import Slow, honest

pytestmark = [pytest.mark.processes, on_postgresql]
TIMES, PAUSE_S = (30, 2.0) if IN_FULL else (6, 1.5)
OTHERS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Steady(Slow):
    pause = 0.03


@pytest.mark.fault(30)
def test_connections_that_are_cut_again_and_again_lose_nothing_and_pages_answer_again(installation):
    installation.remind(150)
    handler, ended = Steady(), 0
    with honest(handler) as server, pages(installation) as address:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: len(handler.accepted) > 5)
        for _ in range(TIMES):
            with installation.database.read() as db:
                ended += db.scalar(text(OTHERS))
            cut = time.monotonic()
            wait_until(lambda: answers(f"{address}/readyz"), 5)
            time.sleep(max(0.0, cut + PAUSE_S - time.monotonic()))
        assert worker.poll() is None, "the worker did not survive"
        assert ended > TIMES

        def is_over():
            let_time_pass(installation)  # what was in hand at a cut waits for its lease
            time.sleep(0.5)
            return installation.settled()

        wait_until(is_over, 60)
        assert worker.poll() is None
        kill(worker)
    accepted = conserved(installation, handler)
    assert installation.states()["sent"] + installation.states()["held"] == 150
    assert accepted.total() - len(accepted) <= sum(row.unknowns for row in installation.scene.rows())
