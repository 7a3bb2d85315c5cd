"""What people typed, on its way through SMTP: whatever it holds, a strict server takes it and no header is smuggled in."""

import re
from email import message_from_bytes, policy

import pytest

from facilitator.groups.models import ADDRESS_PLACE, Participant, Wording
from facilitator.groups.sealed import sealer_of
from facilitator.planning.models import GroupSession
from tests.faults.clockwork import let_time_pass
from tests.faults.installation import MIDNIGHT, conserved, sink, wait_until
from tests.mail.servers import Strict, honest
from tests.reminders.conftest import HOUR, MINUTE, Scene

pytestmark = pytest.mark.processes
HEADERS = ["From", "To", "Subject", "Date", "Message-ID"]
PLACES = {
    "line ends": "Old Mill\r\nBcc: eve@example.org\r\n\r\nDear all",
    "an end of data": "Old Mill\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<eve@example.org>\r\nDATA\r\n",
    "bare line ends": "Old Mill\n.\nQUIT\n\r.\rRSET\r",
    "lines of dots": ".\n..\n...\n.leading",
    "one long word": "x" * 200,
    "one long word in other letters": "й" * 200,
    "a boundary": "--=_0123456789abcdef--\r\n--",
    "other scripts": "Четверг 木曜日 الخميس 🙂 \u2028\u2029\x85",
    "controls": "a\x01b\x0bc\x1bd\x7f",
}
NAMES = ["päť", "用户", "o'hara+notes", "a.b-c_d"]


ADDRESSES = [
    "eve@example.org\r\nRCPT TO:<all@example.org>",
    "a@example.org>\r\nDATA\r\n.\r\n",
    "a b@example.org",
    "<a@example.org>",
]


def prepare(installation, place, names):
    """Plan a letter in full wording, with the place in its text, to people of these names in a group of their own."""
    clock = installation.scene.clock
    scene = Scene(installation.database, clock).build(leads=(3 * HOUR,), people=(), start=clock.at + 179 * MINUTE)
    with scene.change() as db:
        db.get_one(GroupSession, scene.session_id).place = place
    for name in names:
        scene.add_person(
            f"{name}@bücher.example", wording=Wording.FULL, quiet_from_time=MIDNIGHT, quiet_to_time=MIDNIGHT
        )
    assert scene.follow().planned == len(names)


def check(content):
    """Read a message as its recipient's program does, and return its text."""
    message = message_from_bytes(content, policy=policy.SMTPUTF8)
    assert all(len(message.get_all(name)) == 1 for name in HEADERS)
    assert not {"Bcc", "Cc", "Resent-To"} & set(message.keys())
    assert "eve" not in message["To"]
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")
    return message.get_body(("plain",)).get_content()


def letters(text):
    return "".join(filter(str.isalnum, text))


@pytest.mark.fault(38)
def test_awkward_places_and_names_reach_a_strict_server_whole(installation):
    for place in PLACES.values():
        prepare(installation, place, NAMES)
    handler = Strict()
    with honest(handler) as server:
        installation.send_to(server)
        installation.fork()
        wait_until(installation.settled)
    assert installation.states() == {"sent": len(PLACES) * len(NAMES)}
    assert {tuple(envelope.rcpt_tos) for envelope in handler.accepted} == {
        (f"{name}@xn--bcher-kva.example",) for name in NAMES
    }
    texts = [letters(check(envelope.original_content)) for envelope in handler.accepted]
    for place in PLACES.values():
        assert sum(letters(place) in text for text in texts) >= len(NAMES)
    conserved(installation, handler)


@pytest.mark.fault(38)
def test_postfixs_own_sink_hears_no_command_in_a_letter(installation):
    prepare(installation, PLACES["an end of data"], ["plain"])
    with sink() as server:
        installation.send_to(server)
        installation.fork()
        wait_until(installation.settled)
        [kept] = server.messages
        conserved(installation, server)
    [named] = [line for line in kept.split(b"\r\n") if line.startswith(b"X-Rcpt-Args")]
    assert named.startswith(b"X-Rcpt-Args: <plain@xn--bcher-kva.example>")
    assert b"eve" not in named


@pytest.mark.fault(38)
def test_an_address_that_holds_a_command_is_never_spoken(installation):
    """No page lets one in; a database that somebody edited may hold it."""
    rows = installation.remind(len(ADDRESSES) + 2)
    for row, address in zip(rows, ADDRESSES, strict=False):
        with installation.scene.change() as db:
            sealed = sealer_of(db, db.get_one(Participant, row.participant_id)).seal(
                ADDRESS_PLACE, row.participant_id, address
            )
        installation.scene.set_person(row.participant_id, address_sealed=sealed)
    bad = {row.id for row in rows[: len(ADDRESSES)]}
    handler = Strict()
    with honest(handler) as server:
        installation.send_to(server)
        installation.fork()
        for attempts in (1, 2, 3):
            wait_until(
                lambda attempts=attempts: all(
                    row.attempts == attempts for row in installation.scene.rows() if row.id in bad
                )
            )
            let_time_pass(installation)
        wait_until(lambda: installation.states() == {"sent": 2, "failed": len(bad)})
    assert {row.reason for row in installation.scene.rows(state="failed")} == {"cannot_be_built"}
    assert all(re.fullmatch(r"person\d+@example.org", *envelope.rcpt_tos) for envelope in handler.accepted)
    conserved(installation, handler)
