"""Pages that ask first: messages that wait for a decision, and one more copy of what went out."""

import re
from datetime import timedelta
from html import escape
from urllib.parse import urlencode

import pytest

from facilitator.reminders.health import check_delivery
from facilitator.reminders.models import Channel, OutboxMessage
from facilitator.reminders.rules import MessageKind, OutboxState
from tests.factories import ON_SQLITE, make_message

pytestmark = ON_SQLITE


@pytest.fixture
def alice(house):
    return house.client()


@pytest.fixture
def first(house):
    return house.plan()[0]


def text_of(response, status=200):
    assert response.status_code == status
    return " ".join(response.text.split())


def write(house, session, number=1, **values):
    with house.change() as db:
        return [make_message(db, session, **values).id for _ in range(number)]


def states(house):
    with house.read() as db:
        return [state for (state,) in db.query(OutboxMessage.state).order_by(OutboxMessage.id)]


def held_at(session, do="again", **other):
    usual = {"kind": "reminder", "lead": 180, "reason": "no_answer", "do": do}
    return f"/sessions/{session.id}/messages/held?{urlencode(usual | other)}"


def hold(house, session, number=1, **values):
    return write(house, session, number, **{"state": OutboxState.HELD, "reason": "no_answer", **values})


def seen_on(page):
    return re.search(r'name="seen" value="(\w+)"', page)[1]


@pytest.mark.parametrize(
    ("number", "send", "leave"),
    [(1, "Send it once more", "Leave it unsent"), (3, "Send all 3 once more", "Leave all 3 unsent")],
)
def test_equal_messages_that_wait_are_one_line_with_one_way_to_send_and_one_to_leave(
    house, alice, first, number, send, leave
):
    hold(house, first, number)
    page = text_of(alice.get("/reminders"))
    assert page.count(f">{send}<") == page.count(f">{leave}<") == 1
    assert f"{number} message" in page.partition('id="decisions"')[2]


@pytest.mark.parametrize(
    ("do", "heading", "warning", "state"),
    [
        (
            "again",
            "Send 3 messages once more",
            "3 people get it now, some of them perhaps for the second time.",
            "pending",
        ),
        ("leave", "Leave 3 messages unsent", "3 people hear nothing of it. This cannot be taken back.", "cancelled"),
    ],
)
def test_a_page_asks_first_and_then_does_it_for_all_of_them(house, alice, first, do, heading, warning, state):
    hold(house, first, 3)
    hold(house, first, lead_minutes=60)
    page = text_of(alice.get(held_at(first, do)))
    assert f"<h1>{heading}</h1>" in page
    assert warning in page
    assert "went silent" in page
    assert states(house) == ["held"] * 4
    response = alice.post(held_at(first, do), data={"seen": seen_on(page)})
    assert response.status_code == 303
    assert states(house) == [state] * 3 + ["held"]
    assert "3 messages are " in text_of(alice.get(response.location))
    assert "do not wait for you any more" in text_of(alice.get(held_at(first, do)), 409)
    assert "do not wait for you any more" in text_of(alice.post(held_at(first, do)), 409)


def test_messages_that_came_to_wait_meanwhile_are_asked_about_anew(house, alice, first):
    hold(house, first, 2)
    page = text_of(alice.get(held_at(first)))
    hold(house, first)
    assert "This was changed elsewhere meanwhile." in text_of(
        alice.post(held_at(first), data={"seen": seen_on(page)}), 409
    )
    assert states(house) == ["held"] * 3


def test_what_an_older_state_of_the_database_left_says_so(house, alice, first):
    hold(house, first, 2, reason="restored")
    words = "An older state of the database was brought back. Nobody can tell whether these went out."
    assert words in text_of(alice.get("/reminders"))
    assert words in text_of(alice.get("/"))
    assert words in text_of(alice.get(held_at(first, reason="restored")))


def test_what_is_too_late_is_not_sent_but_can_be_left(house, alice, first):
    hold(house, first)
    house.clock.at = first.starts_at
    assert "has passed" in text_of(alice.post(held_at(first)), 409)
    assert alice.post(held_at(first, "leave")).status_code == 303


@pytest.mark.parametrize(
    ("do", "state", "words"), [("again", "pending", "Send it once more"), ("leave", "cancelled", "Leave it unsent")]
)
def test_a_message_to_a_person_as_such_that_waits_is_told_and_decided_on(house, alice, first, do, state, words):
    beside = {"session_id": None, "kind": "confirm", "lead_minutes": 0, "participant_id": house.person_id}
    hold(house, first, **beside)
    with house.read() as db:
        assert check_delivery(db, house.clock(), me=house.account(db, "alice")).held == 1
    address = house.at(f"/messages/held?kind=confirm&do={do}")
    for path in ("/reminders", house.at("/reminders")):
        assert escape(address) in alice.get(path).text
    page = text_of(alice.get(address))
    assert words in page
    assert house.client("charlie").post(address).status_code == 404
    assert alice.post(address, data={"seen": seen_on(page)}).status_code == 303
    assert states(house) == [state]
    assert alice.get(address).status_code == 409


@pytest.mark.parametrize("other", [{"kind": "test"}, {"kind": "x"}, {"lead": -1}, {"lead": "9" * 30}])
def test_addresses_that_mean_nothing_lead_nowhere(house, alice, first, other):
    hold(house, first)
    for method in (alice.get, alice.post):
        assert method(held_at(first, **other)).status_code == 404
        assert method(again_at(first, **other)).status_code == 404
    assert states(house) == ["held"]


def test_nobody_decides_on_messages_of_somebody_elses_group(house, first):
    hold(house, first)
    write(house, first, state=OutboxState.SENT, participant_id=house.person_id, sent_at=house.clock())
    charlie = house.client("charlie")
    for address in (held_at(first), again_at(first)):
        assert charlie.get(address).status_code == charlie.post(address).status_code == 404
    assert states(house) == ["held", "sent"]


def again_at(session, **other):
    return f"/sessions/{session.id}/messages/again?{urlencode({'kind': 'reminder', 'lead': 180} | other)}"


def send(house, session, **values):
    usual = {"state": OutboxState.SENT, "participant_id": house.person_id, "sent_at": house.clock()}
    return write(house, session, dedup_key="reminder:x:1:180:pat", **usual | values)


def test_what_went_out_can_be_sent_once_more_from_the_ledger_and_the_ledger_says_by_whom(house, alice, first):
    send(house, first)
    assert again_at(first, kind="reminder").replace("&", "&amp;") in text_of(alice.get("/reminders"))
    page = text_of(alice.get(again_at(first)))
    assert "1 person gets it a second time." in page
    response = alice.post(again_at(first))
    assert response.status_code == 303
    assert states(house) == ["sent", "pending"]
    page = text_of(alice.get(response.location))
    assert "It goes to 1 person once more." in page
    assert ", asked for once more by Alice" in page.partition('id="up"')[2].partition("</section>")[0]
    with house.change() as db:
        copy = db.query(OutboxMessage).filter_by(state="pending").one()
        for state in (OutboxState.LEASED, OutboxState.SENDING, OutboxState.SENT):
            copy.state = state
            db.flush()
        copy.sent_at = house.clock()
    ledger = text_of(alice.get("/reminders")).partition('id="ledger"')[2]
    assert ledger.count("sent once more by Alice") == 1
    assert ledger.count("Send this once more to everyone") == 1


def test_while_a_copy_is_on_its_way_there_is_nobody_to_send_it_to(house, alice, first):
    send(house, first)
    alice.post(again_at(first))
    assert "Nobody is left to send it to" in text_of(alice.get(again_at(first)))
    assert "Nobody is left" in text_of(alice.post(again_at(first)), 409)


@pytest.mark.parametrize(
    "values", [{"time_rev": 0}, {"state": OutboxState.FAILED}, {"valid_until_at": None}, {"state": OutboxState.PENDING}]
)
def test_what_is_of_no_use_is_not_offered_once_more(house, alice, first, values):
    send(house, first, **{name: value or house.clock() for name, value in values.items()})
    assert "Send this once more" not in text_of(alice.get("/reminders"))


def test_a_try_is_told_with_its_day_when_it_is_not_today_and_its_end_when_that_comes_first(house, alice, first):
    until = house.clock() + timedelta(days=1)
    write(house, first, reason="try_later", next_attempt_at=until, valid_until_at=until + timedelta(hours=1))
    write(house, first, reason="try_later", next_attempt_at=until, valid_until_at=until, lead_minutes=60)
    page = text_of(alice.get("/reminders"))
    assert (
        'The mail server asked us to try later. <span class="num">We will try once more on Tue 24 Nov, 09:00.' in page
    )
    assert "Its time ends before another try: Tue 24 Nov, 09:00." in page


def test_next_tries_are_told_on_the_clock_of_the_group(house, alice, first):
    with house.change() as db:
        session = db.get_one(type(first), first.id)
        session.zone = "Asia/Tokyo"
        until = house.clock() + timedelta(minutes=5)
        db.add(Channel(name="smtp", failures=3, open_since_at=house.clock(), open_until_at=until, reason="unreachable"))
        make_message(db, session, next_attempt_at=house.clock())
    assert 'The mail server does not answer. <span class="num">We will try once more at 18:05.' in text_of(
        alice.get("/reminders")
    )


def test_an_unknown_message_does_not_promise_a_try(house, alice, first):
    write(house, first, state=OutboxState.UNKNOWN, reason="no_answer", gated_at=house.clock())
    page = text_of(alice.get("/reminders"))
    assert "What follows is settled within a minute" in page
    assert "We will try" not in page


def test_a_notice_is_called_by_its_name_on_both_pages(house, alice, first):
    hold(house, first, kind=MessageKind.MOVED, lead_minutes=0)
    assert "New time</h2>" in text_of(alice.get(held_at(first, kind="moved", lead=0)))
