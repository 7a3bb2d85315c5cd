"""What an erasure leaves outside its rows: a message stays in the local mailbox as long as its address stands somewhere."""

import pytest

from facilitator.accounts.models import EMAIL_PLACE
from facilitator.mail import mailbox
from facilitator.reminders.traces import erase_traces
from facilitator.vault import vault_of
from tests.factories import make_account


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mailbox"
    made.mkdir()
    return made


def deliver(folder, *addresses):
    for number, address in enumerate(addresses):
        name = f"20261123T090000000000-{number:08x}.eml"
        (folder / name).write_bytes(f"Delivered-To: {address}\r\nSubject: x\r\n\r\nx\r\n".encode())


def kept(folder):
    return [mailbox.read_message(folder, one.id).headers[0][1] for one in reversed(mailbox.list_messages(folder))]


@pytest.mark.parametrize(
    ("listed", "delivered", "stays"),
    [
        ("pat@example.org", "pat@example.org", True),
        ("pat@example.org", "Pat@Example.ORG", True),
        ("pat@bücher.example", "pat@xn--bcher-kva.example", True),
        ("pat@example.org", "kim@example.org", False),
        ("pat@example.org", "spat@example.org", False),
        ("pat@example.org", "no address", False),
    ],
)
def test_a_message_stays_whose_address_is_on_a_list_however_it_is_written(scene, folder, listed, delivered, stays):
    if listed != "pat@example.org":  # who is there from the beginning
        scene.add_person(listed)
    deliver(folder, delivered)
    assert erase_traces(scene.database, folder) == (not stays)
    assert kept(folder) == ([delivered] if stays else [])


def test_a_message_to_an_account_stays(scene, folder):
    with scene.change() as db:
        email = "bob@example.org"
        assert make_account(db, "Bob").email_index == vault_of(db).blind_index(EMAIL_PLACE, email)
    deliver(folder, "bob@example.org", "bo@example.org")
    assert erase_traces(scene.database, folder) == 1
    assert kept(folder) == ["bob@example.org"]


def test_without_a_local_mailbox_only_the_log_is_folded(scene, tmp_path):
    scene.remove_person(scene.people[0])
    log = tmp_path / "facilitator.db-wal"
    assert not scene.database.is_sqlite or log.stat().st_size
    assert erase_traces(scene.database, tmp_path / "not there") == 0
    assert not scene.database.is_sqlite or not log.stat().st_size
