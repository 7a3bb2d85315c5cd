"""Erasing a list by hand when the last session is over: a question in plain words, a press, and a receipt."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.groups.models import ErasureReceipt
from facilitator.mail import mailbox
from facilitator.materials.models import Material, MaterialKind
from facilitator.planning.models import GroupSession
from facilitator.reminders.models import OutboxMessage
from tests.factories import ON_SQLITE, make_message

pytestmark = ON_SQLITE


@pytest.fixture
def alice(house):
    return house.client()


@pytest.fixture
def over(house):
    """The group after its last session; return that session."""
    last = house.plan()[-1]
    house.clock.at = last.ends_at + timedelta(hours=1)
    return last


def words_of(answer):
    return " ".join(answer.text.split())


def receipts(house):
    with house.database.read() as db:
        return db.scalars(select(ErasureReceipt)).all()


def test_the_page_of_the_list_leads_to_the_question_when_the_last_session_is_over(house, alice, over):
    assert house.at("/people/erase") in alice.get(house.at("/people")).text
    page = words_of(alice.get(house.at("/people/erase")))
    assert "Erase the list with 1 person" in page
    assert page.index("What goes") < page.index("Every alias and address") < page.index("What stays")
    assert "Without a press the list is erased on" in page
    assert house.people()


def test_a_press_erases_the_list_and_leaves_a_receipt(house, alice, over):
    with house.change() as db:
        make_message(db, over, participant_id=house.person_id)
        db.add(Material(session_id=over.id, kind=MaterialKind.TEXT, title="Stones", text="Stones"))
    answer = alice.post(house.at("/people/erase"), follow_redirects=True)
    [receipt] = receipts(house)
    assert (receipt.by_hand, receipt.people, receipt.messages > 0, receipt.materials) == (True, 1, True, 1)
    assert house.people() == []
    assert f"Erased by hand on {over.on_date:%A} {over.on_date.day}" in words_of(answer)
    assert f"1 person, {receipt.messages} message" in words_of(answer)
    assert "1 material." in words_of(answer)
    with house.database.read() as db:
        assert db.scalars(select(OutboxMessage.id)).all() == db.scalars(select(Material.id)).all() == []
        assert db.scalars(select(GroupSession.id)).all()


def test_the_mail_that_was_kept_for_them_goes_too_and_that_of_others_stays(house, alice, over, config):
    folder = config.mailbox_dir
    folder.mkdir()
    for number, to in enumerate(("Pat@Example.org", "alice@example.org")):
        name = f"20261123T09000000000{number}-0000000{number}.eml"
        (folder / name).write_bytes(f"Delivered-To: {to}\r\nSubject: x\r\n\r\nx\r\n".encode())
    alice.post(house.at("/people/erase"))
    [kept] = mailbox.list_messages(folder)
    assert mailbox.read_message(folder, kept.id).headers[0][1] == "alice@example.org"


def test_before_the_last_session_is_over_nothing_can_be_erased(house, alice):
    house.plan()
    assert house.at("/people/erase") not in alice.get(house.at("/people")).text
    assert alice.get(house.at("/people/erase")).location == house.at("/people")
    assert alice.post(house.at("/people/erase")).status_code == 409
    assert len(house.people()) == 1


def test_a_second_press_erases_nothing_and_writes_no_second_receipt(house, alice, over):
    assert [alice.post(house.at("/people/erase")).status_code for _ in range(2)] == [303, 409]
    assert len(receipts(house)) == 1
    assert alice.get(house.at("/people/erase")).location == house.at("/people")


@pytest.mark.parametrize(("name", "status"), [("bob", 403), ("charlie", 404)])
def test_whoever_does_not_lead_the_group_erases_nothing(house, over, name, status):
    client = house.client(name)
    assert client.get(house.at("/people/erase")).status_code == status
    assert client.post(house.at("/people/erase")).status_code == status
    assert len(house.people()) == 1
