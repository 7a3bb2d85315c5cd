"""Servers that refuse: the whole connection, one message for now, one message for good."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.groups.models import Participant
from facilitator.reminders.delivery import CHANNEL
from facilitator.reminders.lines import list_lines
from facilitator.reminders.models import Attempt, Channel, Suppression
from tests.faults.installation import conserved, kill, wait_until
from tests.mail.servers import Liar, Strict, honest
from tests.reminders.conftest import HOUR

ONE_CONNECTION = {"FACILITATOR_MAIL_CONNECTIONS": "1"}


@pytest.mark.fault(11)
def test_a_server_that_closes_in_the_middle_charges_nobody_and_gets_everything_later(installation):
    installation.remind(8)
    with Liar(mail=["250", "250", "421 4.3.2 closing", "421 4.3.2 closing"]) as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: channel(installation).open_until_at)
        wait_until(lambda: set(installation.states()) == {"sent", "pending"})
        waiting = installation.scene.rows(state="pending")
        assert {(row.attempts, row.unknowns) for row in waiting} == {(0, 0)}
        assert channel(installation).reason == "server_closing"
        heard = len(server.heard)
        time.sleep(1.2)  # a dispatch later the server is still left alone
        assert len(server.heard) == heard
        for _ in range(2):  # it is asked once more too early
            installation.skip()
            wait_until(lambda: installation.settled() or channel(installation).failures > 1)
        wait_until(installation.settled)
        kill(worker)
    assert set(conserved(installation, server).values()) == {1}
    assert {row.attempts for row in installation.scene.rows()} == {1}
    assert channel(installation).open_until_at is None


def channel(installation):
    with installation.database.read() as db:
        return db.get(Channel, CHANNEL) or Channel(name=CHANNEL)


@pytest.mark.fault(12)
@pytest.mark.parametrize("step", ["rcpt", "dot"])
def test_greylisting_is_answered_a_minute_later_with_the_same_bytes(installation, step):
    """The minute is asserted on the row, and then taken from it."""
    installation.remind(1)
    with Liar(**{step: ["450 4.7.1 come back"]}) as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: installation.scene.row().reason == "try_later")
        deferred = installation.scene.row()
        wait = deferred.next_attempt_at - deferred.first_gated_at
        assert timedelta(seconds=48) <= wait <= timedelta(seconds=75)
        time.sleep(1.1)  # a date made anew would tell another second
        installation.skip(timedelta(seconds=80))
        wait_until(installation.settled)
        kill(worker)
    # a message refused after its dot was read, but never accepted
    taken = server.messages[1:] if step == "dot" else server.messages
    assert len(taken) == 1
    assert len(set(server.messages)) == 1
    row = installation.scene.row()
    assert (row.state, row.attempts, row.unknowns) == ("sent", 2, 0)
    assert row.first_gated_at.strftime("Date: %a, %d %b %Y %H:%M:%S +0000").encode() in taken[0]
    server.messages[:] = taken
    conserved(installation, server)


class Noting(Strict):
    """A strict server that counts how often a transaction was given up."""

    resets = 0

    async def handle_RSET(self, _server, _session, _envelope):  # noqa: N802 - aiosmtpd's name
        self.resets += 1
        return "250 OK"


@pytest.mark.fault(13)
def test_a_refused_recipient_does_not_spoil_the_next_one_on_the_same_connection(installation):
    """Aiosmtpd answers 503 to a MAIL inside a transaction that was not given up."""
    installation.settings |= ONE_CONNECTION
    installation.remind(4)
    handler = Noting(rcpt=["450 4.2.0 greylisted", "250", "550 5.2.2 full"])
    with honest(handler) as url:
        installation.send_to(url)
        worker = installation.fork()
        wait_until(lambda: installation.states() == {"pending": 1, "failed": 1, "sent": 2})
        assert (handler.resets, len(handler.connections)) == (2, 1)
        installation.skip()
        wait_until(lambda: installation.states() == {"failed": 1, "sent": 3})
        kill(worker)
    conserved(installation, handler)
    with installation.database.read() as db:
        assert set(db.scalars(select(Attempt.code))) == {250, 450, 550}


@pytest.mark.fault(14)
def test_a_mailbox_that_does_not_exist_is_told_and_never_written_to_again(installation):
    installation.remind(2)
    scene = installation.scene
    later = scene.add_session(scene.clock() + 5 * HOUR, position=2)
    assert scene.follow(later).planned == 2
    with Liar(rcpt=["550 5.1.1 no such person"]) as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: set(installation.states()) - {"pending"} == {"failed", "sent"})
        failed = scene.row(state="failed")
        assert (failed.reason, failed.enhanced, failed.attempts) == ("no_such_mailbox", "5.1.1", 1)
        with installation.database.read() as db:
            index = db.get_one(Participant, failed.participant_id).address_index
            assert db.get_one(Suppression, index).until_at is None
            [line] = list_lines(db, [scene.group_id], scene.clock())
        assert (line.state, line.reason, line.count, line.needs_you) == ("failed", "no_such_mailbox", 1, True)
        heard = sum(word.startswith("RCPT") for word in server.heard)
        installation.skip(3 * HOUR)
        wait_until(lambda: not {"pending", "leased", "sending"} & set(installation.states()))
        kill(worker)
        assert sum(word.startswith("RCPT") for word in server.heard) == heard + 1
    mine = {row.state for row in scene.rows(session_id=later, participant_id=failed.participant_id)}
    assert mine == {"suppressed"}
    conserved(installation, server)
