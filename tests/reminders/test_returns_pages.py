"""What people see of returned mail: how many and why, on the pages of reminders and the first page; who, on one page."""

import re
from datetime import timedelta

import pytest

from facilitator.reminders.health import RETURNS
from facilitator.reminders.models import Tick
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.suppression import suppress
from tests.factories import ON_SQLITE, counted, make_message
from tests.reminders.test_views import text_of

pytestmark = ON_SQLITE
CAME_BACK = re.compile(r"\d (?:messages? )?came back")
PAGES = ("/", "/reminders", "/groups/{group}/reminders")
WHY = {
    "5.1.1": "The mailbox does not exist. Nothing more is sent to that address.",
    "5.2.2": "The mailbox is full.",
    "4.4.7": "The mail server of the person could not take it for too long.",
    "5.7.1": "The mail server refused it by its rules.",
    "5.0.0": "The mail server of the person refused it.",
}


@pytest.fixture
def alice(house):
    return house.client("alice")


@pytest.fixture
def first(house):
    return house.plan()[0]


def came_back(house, session, code, state=OutboxState.SENT):
    with house.change() as db:
        at = house.clock()
        make_message(db, session, state=state, reason="accepted", sent_at=at, returned_at=at, returned_code=code)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("code", WHY)
def test_pages_say_how_many_came_back_and_why_and_name_nobody(house, alice, first, page, code):
    for _ in range(2):
        came_back(house, first, code)
    said = text_of(alice.get(page.format(group=house.group_id)))
    assert "2 messages came back" in said
    assert WHY[code] in said
    assert "pat@example.org" not in said
    assert "Pat" not in said


def test_reasons_stand_apart_and_equal_ones_together(house, alice, first):
    for code in ("5.1.1", "5.1.1", "5.2.2"):
        came_back(house, first, code)
    said = text_of(alice.get("/reminders"))
    assert "2 messages came back" in said
    assert "1 message came back" in said


@pytest.mark.parametrize("page", PAGES)
def test_what_came_back_is_told_until_the_session_begins_and_stays_in_the_ledger(house, first, page):
    came_back(house, first, "5.1.1")
    house.clock.at = first.starts_at
    said = text_of(house.client("alice").get(page.format(group=house.group_id)))
    assert "message came back" not in said
    assert ("1 came back" in said) == (page != "/")


def test_a_message_that_arrived_says_nothing_of_the_kind(house, alice, first):
    with house.change() as db:
        make_message(db, first, state=OutboxState.SENT, reason="accepted", sent_at=house.clock())
    assert not CAME_BACK.search(text_of(alice.get("/reminders")))


def test_a_stranger_hears_nothing(house, first):
    came_back(house, first, "5.1.1")
    assert not CAME_BACK.search(text_of(house.client("charlie").get("/reminders")))


def person_page(house, alice):
    return text_of(alice.get(f"/groups/{house.group_id}/people/{house.person_id}"))


def stop(house, cause, until_at=None):
    with house.change() as db:
        suppress(db, house.person_id, cause, until_at)


def test_the_page_of_a_person_says_that_the_mailbox_is_gone_and_what_to_do(house, alice):
    assert "does not exist" not in person_page(house, alice)
    stop(house, "no_such_mailbox")
    said = person_page(house, alice)
    assert "The mailbox of this address does not exist. Nothing more is sent there." in said.replace("</b>", "")
    assert "ask how to reach them; do not write elsewhere" in said


def test_the_page_of_a_person_says_until_when_nothing_is_sent(house, alice):
    stop(house, "returned_often", house.clock() + timedelta(days=30))
    assert "Nothing is sent there until Wednesday 23 December" in person_page(house, alice)
    house.clock.at += timedelta(days=30)
    assert "Nothing is sent there" not in person_page(house, house.client("alice"))


def test_the_page_of_a_person_stays_cheap(house, alice):
    stop(house, "no_such_mailbox")
    with counted(house.database) as queries:
        person_page(house, alice)
    assert queries.total() <= 8


def test_a_box_that_cannot_be_read_is_said_on_the_page_of_health(house, alice):
    with house.change() as db:
        at = house.clock()
        db.add(Tick(name=RETURNS, owner="w", epoch=1, started_at=at, finished_at=at, error="BoxError"))
    assert "Returned mail cannot be read." in text_of(alice.get("/reminders"))
    assert alice.get("/health/delivery").json["returns_unread"] is True
    with house.change() as db:
        db.get_one(Tick, RETURNS).error = ""
    assert "Returned mail cannot be read." not in text_of(alice.get("/reminders"))
