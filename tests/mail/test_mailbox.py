import dataclasses
import socket
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from facilitator.errors import NotFound
from facilitator.mail import mailbox
from facilitator.mail.message import Form
from facilitator.mail.outcome import OutcomeKind
from facilitator.mail.smtp import Parties
from tests.mail.conftest import NOTES, PAT
from tests.mail.servers import HOST, Liar

ARRIVAL = datetime(2026, 11, 26, 15, 30, 4, 250000, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mailbox"


@pytest.fixture
def clock():
    """Go on by a second each time it is read."""
    ticks = iter(range(10_000))
    return lambda: ARRIVAL + timedelta(seconds=next(ticks))


def send(client, message, to=PAT):
    return client.send(Parties(sender=NOTES, recipient=to), message, lambda: True)


def test_a_message_is_kept_and_can_be_read(folder, clock, client, letter, message):
    with mailbox.serve(folder, clock) as target:
        assert send(client(target), message).kind is OutcomeKind.ACCEPTED
    [summary] = mailbox.list_messages(folder)
    assert (summary.subject, summary.to, summary.at) == (letter.subject, "p***@example.org", ARRIVAL)
    assert summary.size > len(message)
    received = mailbox.read_message(folder, summary.id)
    assert (received.subject, received.text, received.at) == (letter.subject, letter.text, ARRIVAL)
    assert received.html == letter.html
    assert received.headers[0] == ("Delivered-To", PAT)
    assert ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") in received.headers
    assert received.source.encode().endswith(message)


def test_the_newest_message_comes_first(folder, clock, client, letter, envelope):
    with mailbox.serve(folder, clock) as target:
        one = client(target)
        for subject in ("first", "second", "third"):
            send(one, Form.of(dataclasses.replace(letter, subject=subject)).fill(envelope))
    assert [summary.subject for summary in mailbox.list_messages(folder)] == ["third", "second", "first"]
    assert [summary.subject for summary in mailbox.list_messages(folder, limit=1)] == ["third"]


def test_the_next_send_fails_once_when_it_is_asked_to(folder, clock, client, message):
    mailbox.set_fail_next(folder, fail=True)
    assert mailbox.is_fail_next(folder)
    with mailbox.serve(folder, clock) as target:
        one = client(target)
        outcomes = [send(one, message) for _ in range(2)]
    assert [(outcome.kind, outcome.code) for outcome in outcomes] == [
        (OutcomeKind.DEFERRED, 451),
        (OutcomeKind.ACCEPTED, 250),
    ]
    assert not mailbox.is_fail_next(folder)
    assert len(mailbox.list_messages(folder)) == 1


def test_the_wish_to_fail_can_be_taken_back(folder):
    for fail in (True, False, False):
        mailbox.set_fail_next(folder, fail=fail)
        assert mailbox.is_fail_next(folder) is fail


def test_clearing_removes_every_message_and_nothing_else(folder, clock, client, message):
    with mailbox.serve(folder, clock) as target:
        send(client(target), message)
        mailbox.clear(folder)
        assert mailbox.list_messages(folder) == ()
        assert mailbox.connect_target(folder) == target


@pytest.mark.parametrize(
    "message_id",
    [
        "../secret",
        "..",
        "",
        "/etc/passwd",
        "20261126T153004250000-0123abcd/../../secret",
        "20261126T153004250000-0123abcd\n",
        "20261126T153004250000-0123abcd\x00",
        "２０261126T153004250000-0123abcd",
        "20261126T153004250000-0123abcd",
        "port",
    ],
)
def test_no_id_leads_out_of_the_folder(folder, message_id):
    folder.mkdir()
    (folder.parent / "secret.eml").write_text("secret")
    (folder / "port.eml").write_text("no message")
    with pytest.raises(NotFound):
        mailbox.read_message(folder, message_id)


def test_files_of_other_names_are_not_listed(folder):
    folder.mkdir()
    (folder / "notes.eml").write_text("Subject: no\n\n")
    (folder / ".20261126T153004250000-0123abcd.eml.1").write_text("Subject: half written\n\n")
    assert mailbox.list_messages(folder) == ()


def test_an_empty_or_missing_folder_has_no_messages(folder):
    assert mailbox.list_messages(folder) == ()
    mailbox.clear(folder)
    assert mailbox.connect_target(folder) is None


def test_only_this_machine_and_this_user_come_near(folder, clock, client, message):
    with mailbox.serve(folder, clock) as target:
        assert target.host == "127.0.0.1"
        send(client(target), message)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_second_process_uses_the_listener_that_runs(folder, clock, client, message):
    with mailbox.serve(folder, clock) as first:
        with mailbox.serve(folder, clock) as second:
            assert second == first
        assert mailbox.connect_target(folder) == first
        assert send(client(first), message).kind is OutcomeKind.ACCEPTED
    assert mailbox.connect_target(folder) is None


def test_a_stranger_on_the_port_of_a_listener_that_died_gets_no_mail(folder):
    folder.mkdir()
    with Liar() as stranger:
        (folder / "port").write_text(str(stranger.url.port))
        assert mailbox.connect_target(folder) is None


def test_a_listener_of_another_folder_is_not_taken_for_this_one(folder, clock):
    with mailbox.serve(folder.with_name("other"), clock) as other:
        folder.mkdir()
        (folder / "port").write_text(str(other.port))
        assert mailbox.connect_target(folder) is None


@pytest.mark.parametrize("content", ["", "no number", "0", "99999999", "-1", "25\x00"])
def test_a_damaged_port_file_is_as_good_as_none(folder, content):
    folder.mkdir()
    (folder / "port").write_text(content)
    assert mailbox.connect_target(folder) is None


def test_a_listener_that_says_nothing_is_not_waited_for_long(folder, monkeypatch):
    monkeypatch.setattr(mailbox, "ANSWER_TIMEOUT", 0.2)
    folder.mkdir()
    with socket.create_server((HOST, 0)) as silent:
        (folder / "port").write_text(str(silent.getsockname()[1]))
        assert mailbox.connect_target(folder) is None


def test_many_senders_at_once_lose_nothing(folder, client, message):
    with mailbox.serve(folder, lambda: ARRIVAL) as target:
        clients = [client(target) for _ in range(4)]
        threads = [threading.Thread(target=lambda one=one: [send(one, message) for _ in range(10)]) for one in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(mailbox.list_messages(folder)) == 40


@pytest.mark.parametrize(
    ("address", "masked"),
    [("pat@example.org", "p***@example.org"), ("<pat@example.org>", "p***@example.org"), ("p", "***"), ("", "***")],
)
def test_an_address_is_masked_but_for_its_first_letter_and_domain(address, masked):
    assert mailbox.mask_address(address) == masked


def test_messages_to_an_address_that_is_gone_are_erased_and_no_other(folder, clock, client, message):
    with mailbox.serve(folder, clock) as target:
        one = client(target)
        for to in (PAT, "kim@example.org", PAT):
            send(one, message, to)
        assert mailbox.erase(folder, lambda address: address == PAT) == 2
        [kept] = mailbox.list_messages(folder)
        assert mailbox.read_message(folder, kept.id).headers[0] == ("Delivered-To", "kim@example.org")
        assert mailbox.erase(folder, lambda address: address == PAT) == 0
    assert mailbox.erase(folder / "not there", lambda _address: True) == 0


def test_only_the_first_lines_say_whose_a_message_is(folder):
    folder.mkdir()
    (folder / "20261126T153004250000-00000001.eml").write_bytes(b"Subject: x\r\n\r\nDelivered-To: pat@example.org\r\n")
    assert mailbox.erase(folder, lambda _address: True) == 0


def test_what_a_listener_left_unfinished_goes_when_the_next_one_begins(folder, clock):
    folder.mkdir()
    unfinished = folder / ".20261126T153004250000-00000001.eml.00000001"
    unfinished.write_bytes(b"Delivered-To: pat@exa")
    with mailbox.serve(folder, clock):
        assert not unfinished.exists()
