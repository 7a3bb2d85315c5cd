"""Our bytes against servers that others wrote: aiosmtpd with a strict reader behind it, and Postfix's smtp-sink."""

import dataclasses
import os
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from facilitator.mail.message import Form
from facilitator.mail.outcome import OutcomeKind, Phase
from facilitator.mail.smtp import Parties
from facilitator.mail.urls import MailUrl
from tests.mail.conftest import NOTES, PAT
from tests.mail.servers import HOST, Strict, free_port, honest
from tests.real import require_tool

AWKWARD = {
    "dots": ".\n..\n.leading\n.\n",
    "a thousand characters": "x" * 1000 + "\n" + "y " * 3000 + "\n",
    "a dot where a line is broken": "x" * 75 + "." + "\n",
    "other scripts": "Jueves, mañana. Четверг. الخميس. 木曜日 🙂\n",
    "line ends of all kinds": "a\rb\r\nc\n\rd\n",
    "headers in the body": "From eve@example.org\nBcc: eve@example.org\n\nMAIL FROM:<eve@example.org>\n",
    "a null": "a\x00b\x0bc\n",
    "nothing": "",
}


@contextmanager
def smtp_sink(*options):
    tool = require_tool("smtp-sink")
    port = free_port()
    if os.geteuid() == 0:
        options = ("-u", "nobody", *options)  # it refuses to run as root
    process = subprocess.Popen([tool, *options, f"{HOST}:{port}", "10"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield MailUrl(host=HOST, port=port)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("smtp-sink did not start")


def send(client, message, to=PAT):
    return client.send(Parties(sender=NOTES, recipient=to), message, lambda: True)


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_awkward_text_is_taken_by_a_strict_server_as_it_was_built(client, letter, envelope, text):
    message = Form.of(dataclasses.replace(letter, text=text, html=f"<p>{text}</p>")).fill(envelope)
    handler = Strict()
    with honest(handler) as url:
        outcome = send(client(url), message)
    assert (outcome.kind, outcome.text) == (OutcomeKind.ACCEPTED, "2.0.0 taken")
    assert [taken.original_content for taken in handler.accepted] == [message]


@pytest.mark.parametrize("name", ["Miércoles y más", 'Notes, "quoted" \\ (really)', "木曜日" * 30, "=?utf-8?q?a?=", ""])
def test_awkward_names_are_taken_by_a_strict_server(client, letter, envelope, name):
    letter = dataclasses.replace(letter, subject=name or "\u200f\u05d9\u05d5\u05dd")
    message = Form.of(letter).fill(dataclasses.replace(envelope, from_name=name))
    handler = Strict()
    with honest(handler) as url:
        outcome = send(client(url), message)
    assert (outcome.kind, outcome.text) == (OutcomeKind.ACCEPTED, "2.0.0 taken")


def test_an_address_outside_ascii_goes_to_a_server_that_carries_it(client, letter, envelope):
    address = "p\u00e4t@b\u00fccher.example"
    message = Form.of(letter).fill(dataclasses.replace(envelope, to_address=address))
    handler = Strict()
    with honest(handler) as url:
        outcome = send(client(url), message, address)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert handler.accepted[0].rcpt_tos == ["p\u00e4t@xn--bcher-kva.example"]
    assert handler.accepted[0].mail_options == ["SMTPUTF8", "BODY=8BITMIME"]


def test_smtp_sink_keeps_the_same_bytes(client, letter, envelope):
    message = Form.of(dataclasses.replace(letter, text=AWKWARD["dots"])).fill(envelope)
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to the user smtp-sink runs as
        Path(folder).chmod(0o777)
        with smtp_sink("-d", f"{folder}/kept.") as url:
            assert send(client(url), message).kind is OutcomeKind.ACCEPTED
        [kept] = [path.read_bytes() for path in Path(folder).glob("kept.*")]
    assert message.replace(b"\r\n", b"\n") in kept.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("options", "kind", "phase"),
    [
        (("-r", "RCPT"), OutcomeKind.DEFERRED, Phase.RCPT),
        (("-f", "RCPT"), OutcomeKind.REFUSED, Phase.RCPT),
        (("-f", "DATA"), OutcomeKind.REFUSED, Phase.DATA),
        (("-r", "."), OutcomeKind.DEFERRED, Phase.REPLY),
        (("-f", "."), OutcomeKind.REFUSED, Phase.REPLY),
        (("-f", "MAIL"), OutcomeKind.CHANNEL, Phase.MAIL),
        (("-q", "MAIL"), OutcomeKind.CHANNEL, Phase.MAIL),
        (("-q", "DATA"), OutcomeKind.CHANNEL, Phase.DATA),
        (("-q", "."), OutcomeKind.UNKNOWN, Phase.REPLY),
    ],
)
def test_smtp_sink_is_understood_when_it_refuses_and_when_it_hangs_up(client, message, options, kind, phase):
    with smtp_sink(*options) as url:
        outcome = send(client(url), message)
    assert (outcome.kind, outcome.phase) == (kind, phase)
