"""Calendars behind secret addresses: what they show, to whom, when they end, and that reading one leaves no trace."""

import json
import re
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from sqlalchemy import select

from facilitator.accounts.models import Facilitator
from facilitator.groups import consent, people
from facilitator.groups.feeds import end_feed, find_feed_token, renew_feed
from facilitator.groups.models import Group, MailState, Participant
from facilitator.groups.people import Entry, find_participant_by_settings_token
from facilitator.planning.models import GroupSession
from facilitator.planning.rules_slots import Reach
from facilitator.planning.service import cancel_session, move_session, restore_session
from tests.factories import add_confirmed, counted
from tests.mail.forbidden import FORBIDDEN
from tests.planning.stage import make_group, make_series
from tests.real import find_node, require

READER = Path(__file__).parents[1] / "planning" / "read_calendar.mjs"
# what must stand in no calendar of a participant
TELLING = re.compile(rb"Monday Circle|Old Mill|@|Pat\b|Kim\b|Alice|Bob|http|/s/|/m/|/c/|mailto", re.IGNORECASE)


def pat(db, stage):
    return find_participant_by_settings_token(db, stage.settings["Pat"])


def change(stage, how):
    with stage.database.write() as db:
        kept = how(db)
        db.commit()
    return kept


def session_of(db, stage, number):
    return db.get_one(GroupSession, stage.session_ids[number])


def alice(db, stage):
    return db.scalars(select(Facilitator).where(Facilitator.session_token == stage.tokens["alice"])).one()


@pytest.fixture
def feed(stage):
    """The address of Pat's calendar."""
    return f"/c/{change(stage, lambda db: renew_feed(db, pat(db, stage)))}.ics"


@pytest.fixture
def lead_feed(stage):
    """The address of Alice's calendar."""
    return f"/c/{change(stage, lambda db: renew_feed(db, alice(db, stage)))}.ics"


def events(answer):
    assert answer.status_code == 200, answer.text
    return {str(event["UID"]): event for event in Calendar.from_ical(answer.data).walk("VEVENT")}


def read_with_ical_js(raw):
    """Read a calendar with the parser of Thunderbird."""
    node = find_node()
    require(node is not None, "node")
    done = subprocess.run([node, READER], input=raw, capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout)


# ---- what it shows


def test_a_persons_calendar_says_when_and_nothing_else(stage, visitor, feed):
    answer = visitor.get(feed)
    found = events(answer)
    assert list(found) == stage.session_ids
    for event in found.values():
        assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"}
        assert event["SUMMARY"] == "Appointment"
        assert event.subcomponents == []
    assert found[stage.session_ids[0]].start.astimezone(UTC) == stage.starts_at
    assert TELLING.findall(answer.data) == []
    assert not any(word in answer.text.lower() for word in FORBIDDEN)


@pytest.mark.parametrize(("language", "title"), [("es", "Cita"), (None, "Appointment")])
def test_it_is_in_the_language_of_the_person_whatever_asks(stage, visitor, feed, language, title):
    change(stage, lambda db: setattr(pat(db, stage), "language", language))
    answer = visitor.get(feed, headers={"Accept-Language": "en" if language else "es"})
    assert {str(event["SUMMARY"]) for event in events(answer).values()} == {title}
    assert not any(word in answer.text.lower() for word in FORBIDDEN)


def test_it_keeps_what_ended_for_a_week_and_no_longer(stage, visitor, feed):
    stage.clock.at = stage.ends_at + timedelta(days=7) - timedelta(seconds=1)
    change(stage, lambda db: consent.reaffirm(db, pat(db, stage)))
    assert stage.session_ids[0] in events(visitor.get(feed))
    stage.clock.at += timedelta(seconds=1)
    assert stage.session_ids[0] not in events(visitor.get(feed))


@pytest.mark.parametrize(("alarm", "seconds"), [("60", -3600), ("1440", -86400)])
def test_an_alarm_is_asked_for_in_the_address_and_neutral(stage, visitor, feed, alarm, seconds):
    raw = visitor.get(f"{feed}?alarm={alarm}").data
    read = read_with_ical_js(raw)["events"]
    assert [each["alarms"] for each in read] == [[["DISPLAY", seconds, "Appointment"]]] * len(stage.session_ids)


def test_another_groups_person_sees_nothing_of_ours(stage, visitor, feed):
    def write(db):
        other = make_group(db, alice(db, stage), label="Blue Room", zone="America/New_York")
        sessions = make_series(db, other, zone="America/New_York", start_time=time(9))[1]
        [stranger] = add_confirmed(db, other, [Entry(alias="Zoe", address="zoe@example.org")])
        return renew_feed(db, stranger), [session.id for session in sessions]

    token, theirs = change(stage, write)
    assert list(events(visitor.get(f"/c/{token}.ics"))) == theirs
    assert list(events(visitor.get(feed))) == stage.session_ids


def test_a_lead_and_a_co_facilitator_see_all_they_lead_in_neutral_words_until_they_choose_more(stage, visitor):
    def write(db):
        lead = alice(db, stage)
        other = make_group(db, lead, label="Blue Room", zone="America/New_York", place="")
        sessions = make_series(db, other, zone="America/New_York", start_time=time(12, 30))[1]
        bob = db.scalars(select(Facilitator).where(Facilitator.session_token == stage.tokens["bob"])).one()
        return renew_feed(db, lead), renew_feed(db, bob), [session.id for session in sessions]

    token, of_bob, others = change(stage, write)
    neutral = visitor.get(f"/c/{token}.ics")
    assert set(events(neutral)) == {*stage.session_ids, *others}
    assert {str(event["SUMMARY"]) for event in events(neutral).values()} == {"Appointment"}
    assert b"LOCATION" not in neutral.data
    assert list(events(visitor.get(f"/c/{of_bob}.ics"))) == stage.session_ids
    change(stage, lambda db: setattr(alice(db, stage), "feed_titles", True))
    full = events(visitor.get(f"/c/{token}.ics?alarm=60"))
    first = full[stage.session_ids[0]]
    with stage.database.read() as db:
        assert first["SUMMARY"] == f"Monday Circle: 1. {session_of(db, stage, 0).title}"
    assert first["LOCATION"] == "Old Mill 3"
    assert [str(part["DESCRIPTION"]) for part in first.walk("VALARM")] == ["Appointment"]
    assert not any(name in str(full) for name in ("Pat", "Kim", "@", "Bob", "Stone"))


# ---- moved and cancelled


def test_a_moved_and_a_cancelled_session_keep_their_uid_under_a_higher_sequence(stage, visitor, feed):
    before = events(visitor.get(feed))
    now = stage.clock.at
    change(stage, lambda db: move_session(db, session_of(db, stage, 1), date(2027, 1, 20), time(19), Reach.ONE, now))
    change(stage, lambda db: cancel_session(db, session_of(db, stage, 2), "Snow", now))
    raw = visitor.get(feed).data
    after, read = events(visitor.get(feed)), {each["uid"]: each for each in read_with_ical_js(raw)["events"]}
    assert after.keys() == before.keys() == read.keys()
    moved, gone, still = (stage.session_ids[n] for n in (1, 2, 0))
    for uid, status in ((moved, "CONFIRMED"), (gone, "CANCELLED")):
        assert after[uid]["SEQUENCE"] == read[uid]["sequence"] > before[uid]["SEQUENCE"]
        assert after[uid]["STATUS"] == read[uid]["status"] == status
    assert read[moved]["starts"] == "2027-01-20T18:00:00.000Z"
    assert read[gone]["summary"] == "Cancelled: Appointment"
    assert b"Snow" not in raw
    assert after[still]["SEQUENCE"] == before[still]["SEQUENCE"]


def test_a_session_that_takes_place_again_has_a_higher_sequence_still(stage, visitor, feed):
    uid, now = stage.session_ids[0], stage.clock.at
    change(stage, lambda db: cancel_session(db, session_of(db, stage, 0), "", now))
    off = events(visitor.get(feed))[uid]
    change(stage, lambda db: restore_session(db, session_of(db, stage, 0), now, require_review=False))
    on = events(visitor.get(feed))[uid]
    assert (off["STATUS"], on["STATUS"]) == ("CANCELLED", "CONFIRMED")
    assert on["SEQUENCE"] > off["SEQUENCE"]


def test_two_zones_and_the_change_of_their_clocks_read_the_same_in_both_parsers(stage, visitor):
    def write(db):
        other = make_group(db, alice(db, stage), label="Blue Room", zone="America/New_York")
        values = {"zone": "America/New_York", "first_on": date(2027, 2, 24), "start_time": time(12)}
        make_series(db, other, **values)
        third = make_group(db, alice(db, stage), label="Green Room")
        make_series(db, third, first_on=date(2027, 3, 2))
        return renew_feed(db, alice(db, stage))

    raw = visitor.get(f"/c/{change(stage, write)}.ics").data
    read = read_with_ical_js(raw)
    assert (read["method"], read["refresh"]) == ("PUBLISH", 14400)
    with stage.database.read() as db:
        truth = {row.id: (row.starts_at, row.ends_at, row.zone) for row in db.scalars(select(GroupSession))}
    by_js = {
        each["uid"]: (datetime.fromisoformat(each["starts"]), datetime.fromisoformat(each["ends"]), each["zone"])
        for each in read["events"]
    }
    by_python = {
        str(event["UID"]): (event.start.astimezone(UTC), event.end.astimezone(UTC), event["DTSTART"].params["TZID"])
        for event in Calendar.from_ical(raw).walk("VEVENT")
    }
    assert by_js == by_python == truth
    for zone in ("Europe/Berlin", "America/New_York"):
        assert len({row[0].time() for row in truth.values() if row[2] == zone}) > 1, "no change of clocks in between"
    assert {each["people"] for each in read["events"]} == {0}


# ---- when it ends


def gone(visitor, address):
    answer = visitor.get(address)
    return answer.status_code, answer.data, dict(answer.headers)


def test_a_renewed_and_an_ended_address_answer_like_one_that_never_was(stage, visitor, feed, lead_feed):
    unknown = gone(visitor, f"/c/{'A' * 22}.ics")
    assert unknown[0] == 404
    change(stage, lambda db: (renew_feed(db, pat(db, stage)), end_feed(db, alice(db, stage))))
    assert gone(visitor, feed) == gone(visitor, lead_feed) == unknown
    again = change(stage, lambda db: renew_feed(db, alice(db, stage)))
    assert again not in lead_feed
    assert gone(visitor, lead_feed) == unknown


@pytest.mark.parametrize(
    "how",
    [
        lambda db, person: people.change_state(db, person, MailState.STOPPED),
        lambda _db, person: setattr(person, "state", MailState.STOPPED),
        people.remove_participant,
        people.renew_settings_link,
        lambda _db, person: setattr(person, "consent_round", 0),
        lambda db, person: setattr(db.get_one(Group, person.group_id), "consent_round", 3),
        lambda _db, person: setattr(person, "waiting", 1),
        lambda db, person: people.move_participant(db, person, make_group(db, label="Blue Room")),
    ],
    ids=["stopped", "stopped otherwise", "left", "new link", "unconfirmed", "stale", "waiting", "moved on"],
)
def test_it_ends_for_whoever_is_not_to_be_told(stage, visitor, feed, how):
    unknown = gone(visitor, f"/c/{'A' * 22}.ics")
    change(stage, lambda db: how(db, pat(db, stage)))
    assert gone(visitor, feed) == unknown


def test_a_pause_of_messages_does_not_end_it_and_a_new_start_does_not_bring_it_back(stage, visitor, feed):
    change(stage, lambda db: people.change_state(db, pat(db, stage), MailState.PAUSED))
    assert events(visitor.get(feed))
    for state in (MailState.STOPPED, MailState.ACTIVE):
        change(stage, lambda db, state=state: people.change_state(db, pat(db, stage), state))
    assert visitor.get(feed).status_code == 404


def test_a_token_for_one_thing_opens_no_other(stage, visitor, feed):
    assert visitor.get(f"/c/{stage.settings['Pat']}.ics").status_code == 404
    assert visitor.get(f"/c/{stage.page}.ics").status_code == 404
    assert visitor.get(f"/m/{feed[3:-4]}").status_code == 404


# ---- reading leaves no trace


def test_reading_writes_nothing_sets_nothing_and_is_the_same_on_any_condition(stage, visitor, feed, lead_feed):
    conditions = {"If-None-Match": "*", "If-Modified-Since": "Mon, 23 Nov 2026 09:00:00 GMT"}
    for address in (feed, lead_feed):
        with counted(stage.database) as statements:
            plain, again = visitor.get(address), stage.client("alice").get(address, headers=conditions)
            head, asked = visitor.head(address), visitor.options(address)
        assert set(statements) <= {"BEGIN", "SELECT", "PRAGMA"}
        assert (plain.status_code, again.status_code, head.status_code, asked.status_code) == (200,) * 4
        assert plain.data == again.data
        assert plain.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert plain.headers["Content-Disposition"] == 'attachment; filename="calendar.ics"'
        assert plain.headers["Cache-Control"] == "no-store"
        for answer in (plain, again, head):
            assert not {"ETag", "Last-Modified", "Set-Cookie", "Expires"} & set(answer.headers.keys())
        assert visitor.post(address).status_code == 405


def test_it_takes_few_queries_whatever_the_size(stage, visitor, feed, lead_feed):
    def write(db):
        for number in range(6):
            other = make_group(db, alice(db, stage), label=f"Room {number}")
            make_series(db, other, start_time=time(7 + number))

    change(stage, write)
    for address in (feed, lead_feed):
        with counted(stage.database) as statements:
            assert visitor.get(address).status_code == 200
        assert statements["SELECT"] <= 5


# ---- the pages


def press(client, address, wish):
    return client.post(address, data={"do": wish}, headers={"Sec-Fetch-Site": "same-origin"})


def shown_address(page):
    found = re.search(r'id="address" readonly value="http://localhost(/c/[^"]+)"', page)
    return found and found[1]


def test_a_person_makes_renews_and_ends_the_address_by_presses_alone(stage, visitor):
    page = f"/m/{stage.settings['Pat']}/calendar"
    assert f'href="{page}"' in visitor.get(page.removesuffix("/calendar")).text
    first = visitor.get(page)
    assert "<title>Calendar</title>" in first.text
    assert shown_address(first.text) is None
    assert press(visitor, page, "renew").status_code == 303
    one = shown_address(visitor.get(page).text)
    assert events(visitor.get(one))
    assert shown_address(visitor.get(f"{page}?alarm=60").text) == f"{one}?alarm=60"
    assert shown_address(visitor.get(f"{page}?alarm=7").text) == one
    press(visitor, page, "renew")
    two = shown_address(visitor.get(page).text)
    assert visitor.get(one).status_code == 404
    assert events(visitor.get(two))
    press(visitor, page, "end")
    assert visitor.get(two).status_code == 404
    assert shown_address(visitor.get(page).text) is None


def test_the_page_says_nothing_of_whom_or_what_it_is(stage, visitor, feed):
    page = visitor.get(f"/m/{stage.settings['Pat']}/calendar").text.partition(
        '<section class="card stack" aria-labelledby="help">'
    )[0]
    for word in ("Pat", "@", "Monday Circle", "Old Mill", "Alice", "Facilitator", "session"):
        assert word not in page


def test_opening_the_page_writes_nothing(stage, visitor, feed):
    with counted(stage.database) as statements:
        assert visitor.get(f"/m/{stage.settings['Pat']}/calendar").status_code == 200
    assert set(statements) <= {"BEGIN", "SELECT", "PRAGMA"}
    assert statements["SELECT"] <= 8


def test_another_site_presses_nothing(stage, visitor, feed):
    answer = visitor.post(
        f"/m/{stage.settings['Pat']}/calendar", data={"do": "end"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert visitor.get(feed).status_code == 200


def test_whoever_stopped_makes_none_and_whoever_never_agreed_is_asked_first(stage, visitor):
    page = f"/m/{stage.settings['Pat']}/calendar"
    change(stage, lambda db: people.change_state(db, pat(db, stage), MailState.STOPPED))
    assert "There is nothing to put in a calendar just now." in visitor.get(page).text
    assert press(visitor, page, "renew").status_code == 409
    with stage.database.read() as db:
        assert find_feed_token(db, pat(db, stage)) is None
    change(stage, lambda db: setattr(pat(db, stage), "consent_round", 0))
    assert visitor.get(page).location.endswith("/confirm")


def test_a_facilitator_makes_renews_and_ends_the_address_among_the_settings(house):
    house.plan()
    desk, visitor = house.client("alice"), house.client(None)
    assert shown_address(desk.get("/settings").text) is None
    desk.post("/settings/calendar", data={"do": "renew"})
    one = shown_address(desk.get("/settings").text)
    assert b"Monday Circle" not in visitor.get(one).data
    desk.post("/settings/calendar", data={"do": "titles", "full": "1"})
    assert b"Monday Circle" in visitor.get(one).data
    desk.post("/settings/calendar", data={"do": "titles"})
    assert b"Monday Circle" not in visitor.get(one).data
    assert shown_address(desk.get("/settings?alarm=1440").text) == f"{one}?alarm=1440"
    desk.post("/settings/calendar", data={"do": "renew"})
    two = shown_address(desk.get("/settings").text)
    assert visitor.get(one).status_code == 404
    assert events(visitor.get(two))
    assert desk.post("/settings/calendar", data={"do": "else"}).status_code == 422
    desk.post("/settings/calendar", data={"do": "end"})
    assert visitor.get(two).status_code == 404


def test_a_facilitator_who_no_longer_leads_a_group_sees_it_no_more(stage, visitor):
    def write(db):
        bob = db.scalars(select(Facilitator).where(Facilitator.session_token == stage.tokens["bob"])).one()
        return renew_feed(db, bob), bob.id

    token, bob_id = change(stage, write)
    stage.client("alice").post(f"/groups/{stage.group_id}/facilitators/{bob_id}/remove")
    assert events(visitor.get(f"/c/{token}.ics")) == {}


@pytest.mark.parametrize(("query", "alarms"), [("", 0), ("?alarm=60", 1), ("?alarm=1440", 1), ("?alarm=5", 0)])
def test_a_single_file_has_an_alarm_only_for_who_asks(stage, visitor, query, alarms):
    answer = visitor.get(f"/s/{stage.page}/appointment.ics{query}")
    (event,) = events(answer).values()
    assert len(event.walk("VALARM")) == alarms
    assert TELLING.findall(answer.data) == []


def test_the_session_page_offers_the_file_with_and_without_an_alarm(stage, visitor):
    text = visitor.get(f"/s/{stage.page}").text
    for query in ("", "?alarm=60", "?alarm=1440"):
        assert f'href="/s/{stage.page}/appointment.ics{query}"' in text


def test_every_person_has_an_address_of_their_own(stage):
    def write(db):
        return [renew_feed(db, person) for person in db.scalars(select(Participant))]

    tokens = change(stage, write)
    assert len(set(tokens)) == len(stage.settings)
