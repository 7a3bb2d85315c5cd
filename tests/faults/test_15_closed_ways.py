"""A way to the mail server that is closed for long: by a wrong password, by policy, by nobody being there."""

import time
from collections import Counter

import pytest
from sqlalchemy import text

from facilitator.mail.urls import MailUrl
from facilitator.reminders.ledger import list_occasions
from tests.faults.installation import IN_FULL, conserved, kill, on_sqlite, wait_until
from tests.faults.test_11_refusals import channel
from tests.mail.servers import HOST, Liar, free_port
from tests.reminders.conftest import HOUR

MANY = 10_000 if IN_FULL else 60
ALWAYS = 10 * MANY
SHORT_BREAKS = {"BREAKER_FIRST": 0.1, "BREAKER_LONGEST": 0.5}


@pytest.mark.fault(15)
def test_a_refused_password_fails_nobody_and_holds_up_only_what_is_not_too_late(installation):
    """60 due (10,000 in full); the hour of pauses from 30 s to 15 min is 3 s of pauses from 0.1 s to 0.5 s."""
    installation.remind(MANY)
    expired = [row.id for row in installation.scene.rows()[:5]]
    with closed_to_us() as server:
        installation.send_to(sign_in_at(server))
        worker = installation.fork(shorten=SHORT_BREAKS, every={"plan": 1})
        wait_until(lambda: sum(word.startswith("AUTH") for word in server.heard) >= 4)
        pass_by(installation, expired)
        wait_until(lambda: installation.states()["expired"] == 5)
        assert set(installation.states()) <= {"pending", "leased", "expired"}
        assert {(row.attempts, row.unknowns) for row in installation.scene.rows()} == {(0, 0)}
        assert channel(installation).reason == "sign_in_refused"
        server.script["auth"][:] = ["235 2.7.0 welcome"] * ALWAYS
        wait_until(lambda: installation.states() == {"expired": 5, "sent": MANY - 5}, 120)
        kill(worker)
    assert set(conserved(installation, server).values()) == {1}


@pytest.mark.fault(15)
@on_sqlite
def test_a_refused_password_raises_one_alarm_however_often_it_is_tried(installation):
    installation.remind(3)
    with closed_to_us() as server:
        installation.send_to(sign_in_at(server))
        worker = installation.fork(shorten=SHORT_BREAKS)
        wait_until(lambda: channel(installation).failures >= 4)
        kill(worker)
    conserved(installation, server)
    assert [line["event"] for line in worker.log if line["level"] == "error"] == ["sign_in_refused"]


def closed_to_us():
    extension = "250-liar\r\n250 AUTH PLAIN LOGIN"
    return Liar(ehlo=[extension] * ALWAYS, auth=["535 5.7.8 no"] * ALWAYS)


def sign_in_at(server):
    return MailUrl(host=server.url.host, port=server.url.port, user="notes", password="wrong")


def pass_by(installation, ids):
    """Let the time of some messages be over."""
    with installation.scene.change() as db:
        for row_id in ids:
            db.execute(
                text("UPDATE outbox SET valid_until_at = valid_until_at - 36000000 WHERE id = :id"), {"id": row_id}
            )


@pytest.mark.fault(16)
@pytest.mark.parametrize("connections", [1, 2])
def test_a_server_that_refuses_everybody_by_policy_costs_five_messages(installation, connections):
    """Five running close the way; on each further connection one more may be in hand at that moment."""
    installation.settings["FACILITATOR_MAIL_CONNECTIONS"] = str(connections)
    installation.remind(MANY)
    with Liar(rcpt=["550 5.7.1 not you"] * ALWAYS) as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: channel(installation).open_until_at)
        time.sleep(1.2)
        failed = installation.states()["failed"]
        assert 5 <= failed <= 4 + connections
        assert installation.states() == {"failed": failed, "pending": MANY - failed}
        server.script["rcpt"].clear()
        installation.skip()
        wait_until(lambda: installation.states() == {"failed": failed, "sent": MANY - failed}, 120)
        kill(worker)
    assert set(conserved(installation, server).values()) == {1}


@pytest.mark.fault(17)
def test_what_nobody_could_take_before_the_session_is_listed_and_never_sent_after_it(installation):
    """The three hours from the reminder to the session are taken from the data while nobody listens."""
    installation.remind(5)
    installation.send_to(MailUrl(host=HOST, port=free_port()))
    worker = installation.fork()
    wait_until(lambda: channel(installation).open_until_at)
    begin(installation)
    kill(worker)
    with Liar() as server:
        installation.send_to(server)
        worker = installation.fork()
        wait_until(lambda: installation.states() == {"expired": 5})
        epoch = installation.epoch()
        wait_until(lambda: installation.epoch() > epoch)
        kill(worker)
    assert server.messages == []
    assert {row.reason for row in installation.scene.rows()} == {"too_late"}
    with installation.database.read() as db:
        [occasion] = list_occasions(db, [installation.scene.group_id], coming=False)
    assert occasion.counts == Counter({"expired": 5})
    conserved(installation, server)


def begin(installation):
    """Let the session begin: move it and what is told of it three hours back."""
    installation.skip(3 * HOUR)
    columns = {"group_session": ("starts_at", "ends_at"), "outbox": ("due_at", "valid_until_at", "session_starts_at")}
    with installation.scene.change() as db:
        for table, names in columns.items():
            earlier = ", ".join(f"{name} = {name} - {3 * 3_600_000}" for name in names)
            db.execute(text(f"UPDATE {table} SET {earlier}"))  # noqa: S608 - a number
