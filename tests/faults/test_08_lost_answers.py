"""Servers that take a message and say nothing, say it late, or hang up before they have it."""

import signal
import time
from collections import Counter
from itertools import pairwise

import pytest

from tests.faults import accidents
from tests.faults.installation import conserved, kill, wait_until
from tests.faults.test_04_two_workers import freeze
from tests.mail.servers import Liar


@pytest.mark.fault(8)
def test_a_message_taken_without_an_answer_is_doubtful_before_it_is_repeated(installation):
    [row] = installation.remind(1)
    with Liar(dot=[None]) as server:
        installation.send_to(server)
        worker = installation.fork(every={"reap": 0.5})
        wait_until(installation.settled)
        kill(worker)
    assert conserved(installation, server) == {row.uuid: 2}
    went = ["pending", "leased", "sending", "unknown", "pending", "leased", "sending", "sent"]
    assert installation.steps() == [(row.id, *step) for step in pairwise(went)]
    assert len(set(server.messages)) == 1, "the same bytes, so that the second copy can be told for what it is"


@pytest.mark.fault(9)
def test_an_answer_that_takes_half_a_minute_is_waited_for(installation):
    """Every wait is a tenth or less of the real one: 6 s for commands would be 0.6 s, and the answer comes after 3 s."""
    installation.remind(2)
    with Liar(dot=[3.0]) as server:
        installation.send_to(server)
        worker = installation.fork(timeouts={"connect": 1, "command": 1, "reply": 60})
        wait_until(installation.settled)
        kill(worker)
    assert set(conserved(installation, server).values()) == {1}
    assert not any(row.unknowns for row in installation.scene.rows())


@pytest.mark.fault(9)
def test_an_answer_that_comes_after_ten_minutes_makes_a_message_doubtful_once(installation):
    """The ten minutes that the answer to the dot may take are 1 s here, and it would come after 5 s."""
    [row] = installation.remind(1)
    with Liar(dot=[5.0]) as server:
        installation.send_to(server)
        worker = installation.fork(timeouts={"reply": 1}, every={"reap": 0.5})
        wait_until(installation.settled)
        kill(worker)
    assert conserved(installation, server) == {row.uuid: 2}
    assert (installation.scene.row().state, installation.scene.row().unknowns) == ("sent", 1)


@pytest.mark.fault(10)
def test_a_server_that_hangs_up_before_the_dot_has_nothing_and_gets_it_again(installation):
    """After MAIL, after RCPT and after DATA; the breaker's 30 s are 0.1 s here."""
    [row] = installation.remind(1)
    with Liar(mail=[None], rcpt=[None], data=[None]) as server:
        installation.send_to(server)
        worker = installation.fork(shorten={"BREAKER_FIRST": 0.1})
        wait_until(installation.settled)
        kill(worker)
    assert conserved(installation, server) == {row.uuid: 1}
    assert Counter(step[1:] for step in installation.steps()) == {
        ("pending", "leased"): 4,
        ("leased", "sending"): 4,
        ("sending", "pending"): 3,
        ("sending", "sent"): 1,
    }
    assert server.connections == 4
    assert installation.scene.row().attempts == 1  # the way was at fault, and not the message


@pytest.mark.fault(10)
def test_a_server_that_hangs_up_in_the_middle_of_a_letter_has_nothing_and_gets_it_again(installation):
    """The worker stands still after half of the letter until the server is gone, or both would race for the dot."""
    [row] = installation.remind(1)
    with Liar(body=[None]) as server:
        installation.send_to(server)
        frozen = freeze(installation, accidents.HALF_BODY, shorten={"BREAKER_FIRST": 0.1})
        time.sleep(0.2)
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: len(installation.steps()) > 2)
        assert installation.steps()[2] == (row.id, "sending", "pending")
        wait_until(installation.settled)
        kill(frozen)
    assert conserved(installation, server) == {row.uuid: 1}
    assert (installation.scene.row().unknowns, installation.scene.row().attempts) == (0, 1)
