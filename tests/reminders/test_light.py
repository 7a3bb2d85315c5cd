"""The light on every page of a facilitator: green while mail goes out, the most pressing thing in words otherwise."""

from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from facilitator.planning.models import GroupSession
from facilitator.reminders import views_light
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import Channel, Tick
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.service import pause_all
from tests.factories import ON_SQLITE, counted, make_group, make_message, make_series

pytestmark = ON_SQLITE
PAGES = (
    "/",
    "/groups",
    "/groups/new",
    "/prompts",
    "/reminders",
    "/reports",
    "/settings",
    "/curriculum",
    "/crisis-card",
)


@pytest.fixture
def alice(house):
    return house.client()


@pytest.fixture(autouse=True)
def worker(house):
    with house.change() as db:
        for name in TICK_PERIODS:
            at = house.clock()
            db.add(Tick(name=name, owner="w", epoch=1, started_at=at, finished_at=at))


def light(client, path="/groups"):
    """Return the sign and the words of the light of a page, or None."""
    header = client.get(path).text.partition('<header class="top">')[2].partition("</header>")[0]
    _before, found, rest = header.partition('<a class="light')
    if not found:
        return None
    words = rest.partition("</i>")[2].replace("</span>", "").partition("</a>")[0].rpartition(">")[2]
    return rest.partition('"')[0].strip() == "calm", words


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_that_mail_goes_out(alice, path):
    assert light(alice, path) == (True, "Mail goes out")


def silence(house):
    house.clock.advance(minutes=1)


def pause(house):
    with house.change() as db:
        pause_all(db, house.clock())


def break_server(house, reason="unreachable"):
    with house.change() as db:
        db.add(
            Channel(name="smtp", failures=1, open_since_at=house.clock(), open_until_at=house.clock(), reason=reason)
        )


def refuse_sign_in(house):
    break_server(house, "sign_in_refused")


def delay(house):
    with house.change() as db:
        make_message(db, first_of(house, db), next_attempt_at=house.clock() - timedelta(minutes=3))


def hold(house):
    with house.change() as db:
        session = first_of(house, db)
        for _ in range(2):
            make_message(db, session, state=OutboxState.HELD)


def fail(house):
    with house.change() as db:
        session = first_of(house, db)
        make_message(db, session, state=OutboxState.FAILED)
        make_message(db, session, state=OutboxState.EXPIRED)


def delay_audit(house):
    with house.change() as db:
        db.execute(delete(Tick).where(Tick.name == "audit"))


def first_of(house, db):
    group = make_group(db, house.account(db, "alice"), house.clock(), label="Quiet Room")
    return make_series(db, group, house.clock())[1][0]


@pytest.mark.parametrize(
    ("happen", "words"),
    [
        (silence, "Nobody sends: the worker is silent"),
        (pause, "Paused"),
        (break_server, "The mail server does not answer"),
        (refuse_sign_in, "The mail server takes no mail"),
        (delay, "Messages are late"),
        (hold, "2 messages wait for you"),
        (fail, "2 messages did not go out"),
        (delay_audit, "Delivery is not as it should be"),
    ],
)
def test_what_is_not_well_is_said_in_words_and_the_light_is_not_green(house, alice, happen, words):
    happen(house)
    assert light(alice) == (False, words)


def test_the_light_is_never_green_while_a_monitor_is_told_that_delivery_is_not_well(house, alice):
    for happen in (delay_audit, silence):
        happen(house)
        assert alice.get("/health/delivery").status_code == 503
        assert light(alice)[0] is False


def test_what_did_not_go_out_is_no_news_once_the_session_has_begun(house, alice):
    fail(house)
    with house.change() as db:
        for session in db.query(GroupSession):
            session.starts_at = house.clock()
    assert light(alice) == (True, "Mail goes out")


@pytest.mark.parametrize("happen", [hold, fail])
def test_what_needs_somebody_else_is_not_said(house, happen):
    happen(house)
    assert light(house.client("charlie")) == (True, "Mail goes out")


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/s/nothing", "/m/nothing"])
def test_visitors_participants_and_pages_of_errors_have_none(house, path):
    assert light(house.client(None), path) is None


def test_a_page_is_shown_without_its_light_when_it_cannot_be_read(alice, monkeypatch):
    def fail(*_arguments, **_named):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(views_light, "check_delivery", fail)
    response = alice.get("/groups")
    assert response.status_code == 200
    assert 'class="light' not in response.text


@pytest.mark.parametrize("path", ["/", "/reminders", "group", "preview"])
def test_the_pages_that_say_more_of_delivery_take_few_queries(house, alice, path):
    hold(house)
    addresses = {"group": house.at("/reminders"), "preview": house.at("/reminders/preview")}
    with counted(house.database) as found:
        assert alice.get(addresses.get(path, path)).status_code == 200
    assert found["SELECT"] <= 8
