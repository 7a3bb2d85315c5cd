"""A session called off while its messages are in somebody's hands, or nobody knows where they are."""

import os
import signal

import pytest

from tests.faults import accidents
from tests.faults.installation import conserved, kill, stopped, wait_until
from tests.mail.servers import Liar

pytestmark = pytest.mark.processes


@pytest.mark.fault(21)
def test_a_cancellation_ends_what_is_leased_and_what_is_unknown_at_once_and_for_good(installation):
    """A row that a refused gate left without an end would go from leased to pending and back for ever."""
    installation.settings["FACILITATOR_MAIL_CONNECTIONS"] = "1"
    [doubtful] = installation.remind(1)
    with Liar(dot=[None]) as server:
        installation.send_to(server)
        first = installation.fork(ticks=["dispatch"])
        wait_until(lambda: installation.states() == {"unknown": 1})
        kill(first)
        installation.remind(3)
        worker = installation.fork(at={"point": accidents.AFTER_CLAIM, "signal": "STOP"}, ticks=["dispatch"])
        wait_until(lambda: stopped(worker.pid))
        assert installation.states() == {"unknown": 1, "leased": 3}

        installation.scene.cancel()
        # the one person who may have been told hears of it
        assert installation.states() == {"cancelled": 4, "pending": 1}
        notice = installation.scene.row(state="pending")
        assert (notice.kind, notice.participant_id) == ("cancelled", doubtful.participant_id)

        os.kill(worker.pid, signal.SIGCONT)
        wait_until(lambda: installation.states() == {"cancelled": 4, "sent": 1})
        kill(worker)
        steps, known = installation.steps(), {row.id for row in installation.scene.rows(state="cancelled")}
        last = installation.fork()
        epoch = installation.epoch("dispatch")
        wait_until(lambda: installation.ticked("reap") and installation.epoch("dispatch") > epoch + 2)
        kill(last)
    assert installation.steps() == steps
    assert all(after != "pending" for row, before, after in steps if row in known and before == "leased")
    assert set(conserved(installation, server)) == {doubtful.uuid, notice.uuid}
