"""The page of a meeting: the same for everybody with the link, and without a word more than was released."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from facilitator.curriculum.editions import edition
from facilitator.groups.models import Participant
from facilitator.participant.service import get_help
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.planning.service import cancel_session, page_token, renew_page, set_released
from facilitator.prompts.importing import import_library
from facilitator.prompts.models import PromptVersion
from tests import evening
from tests.factories import counted

# what a page must not say to whoever looks over a shoulder; the help lines name themselves
TELLING = re.compile(
    r"betray|affair|infidel|trauma|therapeut|recover|heal|Monday Circle|prompt|depth|series|identity|belonging|"
    r"facilitator|Fear|Shame|Powerless|Vulnerab|Pat\b|example\.org",
    re.IGNORECASE,
)


def change(stage, how):
    with stage.database.write() as db:
        how(db, db.get(GroupSession, stage.session_ids[0]))
        db.commit()


def release(stage, *, note=False):
    change(stage, lambda db, session: set_released(db, session, materials=True, note=note))


def prompts(stage):
    with stage.database.read() as db:
        found = select(PromptVersion).join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        found = found.join(Segment, Segment.id == Assignment.segment_id)
        return list(db.scalars(found.where(Assignment.session_id == stage.session_ids[0]).order_by(Segment.position)))


def live_zones(stage, *zones):
    with stage.database.write() as db:
        for person, zone in zip(db.scalars(select(Participant)), zones, strict=False):
            person.zone = zone
        db.commit()


@pytest.fixture
def link(stage):
    return f"/s/{stage.page}"


def shown(text):
    """Return the words of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_it_says_when_where_and_with_whom_in_neutral_words(visitor, link):
    response = visitor.get(link)
    text = shown(response.text)
    assert "<title>Monday 18:30</title>" in response.text
    assert "Monday 11 January 18:30 to 20:00 Berlin time (CET)." in text
    assert "Where Old Mill 3" in text
    assert "With Alice and Bob" in text
    assert "Stone" not in text


def test_it_says_nothing_of_what_the_group_is_for(visitor, link):
    for page in (visitor.get(link).text, read(visitor, link)):
        body = page.partition('<section class="card stack" aria-labelledby="help">')[0]
        assert TELLING.findall(body) == []


def test_it_sets_no_cookie_and_reads_none(stage, visitor, link):
    plain = visitor.get(link)
    assert "Set-Cookie" not in plain.headers
    assert stage.client("alice").get(link).text == plain.text


def test_it_is_never_cached_and_never_indexed(visitor, link):
    headers = visitor.get(link).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


def test_reading_it_writes_nothing(stage, visitor, link):
    release(stage)
    with counted(stage.database) as statements:
        for address in (link, f"{link}?zone=Asia/Tokyo", f"{link}/appointment.ics"):
            visitor.get(address)
            visitor.head(address)
        read(visitor, link)
    assert set(statements) <= {"BEGIN", "SELECT", "PRAGMA"}


def test_it_takes_few_queries(stage, visitor, link):
    release(stage)
    with counted(stage.database) as statements:
        visitor.get(link)
    assert statements["SELECT"] <= 8
    with counted(stage.database) as statements:
        read(visitor, link)
    assert statements["SELECT"] <= 8


@pytest.mark.parametrize("token", ["A" * 22, "short", "%00", "é"])
def test_an_unknown_link_has_ended(visitor, token):
    response = visitor.get(f"/s/{token}")
    assert response.status_code == 404
    assert "This link has ended" in response.text
    assert "Facilitator" not in response.text


def test_a_renewed_link_ends_the_old_one_at_once(stage, visitor, link):
    change(stage, renew_page)
    assert visitor.get(link).status_code == 404


@pytest.mark.parametrize(
    ("seen", "clock", "words"),
    [
        (0, lambda start: start - timedelta(days=3), "Next meeting"),
        (1, lambda start: start - timedelta(days=3), "A later meeting"),
        (0, lambda start: start, "This meeting is on now"),
        (1, lambda start: start, "A later meeting"),
        (0, lambda start: start + timedelta(minutes=90), "This meeting is over"),
        (1, lambda start: start + timedelta(minutes=90), "Next meeting"),
    ],
)
def test_it_is_headed_by_where_it_stands_among_the_meetings(stage, visitor, seen, clock, words):
    with stage.database.read() as db:
        token = page_token(db, db.get(GroupSession, stage.session_ids[seen]))
    stage.clock.at = clock(stage.starts_at)
    text = shown(visitor.get(f"/s/{token}").text)
    said = {"Next meeting", "A later meeting", "This meeting is on now", "This meeting is over"}
    assert {each for each in said if each in text} == {words}


def test_after_a_cancelled_meeting_the_one_behind_it_is_next(stage, visitor):
    change(stage, lambda db, session: cancel_session(db, session, "", stage.clock.at))
    with stage.database.read() as db:
        token = page_token(db, db.get(GroupSession, stage.session_ids[1]))
    assert "Next meeting" in visitor.get(f"/s/{token}").text


def test_the_link_ends_24_hours_after_the_meeting(stage, visitor, link):
    stage.after(hours=24, seconds=-1)
    assert "This meeting is over" in visitor.get(link).text
    stage.after(hours=24)
    for address in (link, f"{link}/appointment.ics"):
        response = visitor.get(address)
        assert response.status_code == 404
        assert "This link has ended" in response.text


def test_a_cancelled_meeting_says_so_first_and_not_why(stage, visitor, link):
    change(stage, lambda db, session: cancel_session(db, session, "Ana is ill", stage.clock.at))
    text = shown(visitor.get(link).text.partition("<main")[2])
    assert text.index("This meeting is cancelled.") < text.index("Monday 11 January")
    assert "ill" not in text.split()
    assert "Come as you are" not in text


def test_the_page_is_the_same_wherever_the_groups_people_live(stage, visitor, link):
    before = visitor.get(link).text
    live_zones(stage, "America/New_York", "Europe/Paris", "Asia/Tokyo")
    # anybody with the link would otherwise learn that somebody of the group lives in Tokyo
    assert visitor.get(link).text == before


def test_a_group_in_one_place_shows_one_clock(visitor, link):
    assert " in " not in shown(visitor.get(link).text).partition("Berlin time (CET).")[2].partition("Show in my")[0]


def test_a_reader_may_ask_for_their_own_clock(stage, visitor, link):
    live_zones(stage, "America/New_York")
    text = shown(visitor.get(f"{link}?zone=Asia/Tokyo").text)
    assert "02:30 on Tuesday in Tokyo." in text
    assert "12:30 in New York" not in text
    assert '<option value="Asia/Tokyo" selected>' in visitor.get(f"{link}?zone=Asia/Tokyo").text


def test_a_reader_with_the_same_clock_is_told_so(visitor, link):
    assert "It is the same time in Paris." in visitor.get(f"{link}?zone=Europe/Paris").text


def test_a_zone_that_there_is_not_is_refused_in_plain_words(visitor, link):
    response = visitor.get(f"{link}?zone=<script>")
    assert response.status_code == 422
    assert "Choose a time zone from the list" in response.text


def read(visitor, link):
    """Return what stands behind the press on "Read on"."""
    response = visitor.post(f"{link}/read")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    return response.text


def test_questions_are_absent_until_they_are_released(stage, visitor, link):
    before = read(visitor, link)
    assert "Read the questions first" not in before
    assert all(prompt.text not in shown(before) for prompt in prompts(stage))
    release(stage)
    after = read(visitor, link).replace("&#39;", "'").replace("&#34;", '"')
    assert "Read the questions first" in after
    assert all(prompt.text in after for prompt in prompts(stage))


def test_content_notes_are_closed_and_only_there_when_released(stage, visitor, link):
    first, *others = prompts(stage)
    assert {prompt.content_note for prompt in others} == {"none"}
    with stage.database.write() as db:
        db.get(PromptVersion, first.id).content_note = "Touches endings."
        db.commit()
    release(stage)
    assert "Touches endings." not in read(visitor, link)
    release(stage, note=True)
    text = read(visitor, link)
    assert text.count("<details><summary>A note before this one</summary>") == 1
    assert "Touches endings." in text
    assert "<details open" not in text


def test_what_is_written_for_facilitators_never_shows(stage, visitor, link):
    release(stage, note=True)
    text = shown(read(visitor, link))
    assert all(prompt.facilitator_note not in text for prompt in prompts(stage) if prompt.facilitator_note)


def test_something_steadying_and_help_are_always_there(visitor, link):
    text = read(visitor, link)
    assert "Something steadying" in text
    assert "Something steadying" not in visitor.get(link).text
    assert 'href="tel:999"' in text
    assert 'href="tel:116123"' in text
    assert "findahelpline.com" in text


def test_before_reading_on_it_says_what_a_browser_keeps_and_how_to_leave(visitor, link):
    text = shown(visitor.get(link).text)
    assert text.index("stays in the history of your browser") < text.index("Read on")
    assert "another device" in text
    assert "private window" in text


def test_what_stands_behind_the_press_is_never_opened_by_an_address(visitor, link):
    for method in (visitor.get, visitor.head):
        response = method(f"{link}/read")
        assert (response.status_code, response.location) == (303, link)


def test_a_cancelled_meeting_has_nothing_to_read(stage, visitor, link):
    change(stage, lambda db, session: cancel_session(db, session, "", stage.clock()))
    assert "Read on" not in visitor.get(link).text
    assert visitor.post(f"{link}/read").location == link


@pytest.mark.parametrize(("days", "outdated"), [(0, False), (180, False), (181, True)])
def test_a_help_line_that_was_checked_long_ago_is_outdated(db, days, outdated):
    import_library(db, "en")
    [line] = edition(db, "en").help_lines("INT")
    found = get_help(db, "en", line.last_verified_on + timedelta(days=days))
    assert (found.checked_on, found.outdated) == (line.last_verified_on, outdated)


def test_a_help_line_that_nobody_checked_says_so(visitor, link):
    text = shown(visitor.get(link).text)
    assert "Not every line was checked lately: a number may have changed." in text
    assert "Nobody watches this page around the clock." in text


def test_the_way_out_comes_first(visitor, link):
    links = re.findall(r"<a [^>]*>", visitor.get(link).text)
    assert "#main" in links[0]
    assert 'href="/leave"' in links[1]
    assert 'rel="noreferrer nofollow"' in links[1]


def test_a_hostile_place_stays_text(stage, visitor, link):
    change(stage, lambda _db, session: setattr(session, "place", '<script>alert("x")</script>'))
    assert "<script>alert" not in visitor.get(link).text


def test_an_online_meeting_has_its_link_and_gives_no_address_away(stage, visitor, link):
    change(stage, lambda _db, session: setattr(session, "link", "https://meet.example/room"))
    assert '<a href="https://meet.example/room" rel="noreferrer nofollow">' in visitor.get(link).text


def test_the_calendar_file_says_when_and_nothing_else(stage, visitor, link):
    response = visitor.get(f"{link}/appointment.ics")
    assert response.mimetype == "text/calendar"
    assert response.headers["Content-Disposition"] == 'attachment; filename="appointment.ics"'
    calendar = Calendar.from_ical(response.data)
    event = calendar.walk("VEVENT")[0]
    assert calendar["METHOD"] == "PUBLISH"
    assert (str(event["SUMMARY"]), str(event["STATUS"])) == ("Appointment", "CONFIRMED")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (stage.starts_at, stage.ends_at)
    assert not {"LOCATION", "DESCRIPTION", "URL", "ATTENDEE", "ORGANIZER"} & set(event)
    assert not TELLING.search(response.text)


def test_the_calendar_file_of_a_cancelled_meeting_takes_the_place_of_the_first(stage, visitor, link):
    first = Calendar.from_ical(visitor.get(f"{link}/appointment.ics").data).walk("VEVENT")[0]
    change(stage, lambda db, session: cancel_session(db, session, "", stage.clock.at))
    second = Calendar.from_ical(visitor.get(f"{link}/appointment.ics").data).walk("VEVENT")[0]
    assert second["UID"] == first["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert (str(second["SUMMARY"]), str(second["STATUS"])) == ("Cancelled: Appointment", "CANCELLED")


def test_leaving_forgets_this_site_and_leads_to_one_that_says_nothing(visitor):
    response = visitor.get("/leave")
    assert response.status_code == 303
    assert response.location == "https://www.wikipedia.org/"
    assert response.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "Set-Cookie" not in response.headers


def test_a_group_abroad_shows_the_help_of_its_country(config, database, now):
    begun = evening.begin(config, database, now, country="US")
    assert 'href="tel:988"' in begun.client().get(f"/s/{begun.page}").text


def test_a_moved_meeting_shows_its_new_time_under_the_same_link(stage, visitor, link):
    def move(_db, session):
        session.starts_at += timedelta(hours=1)
        session.ends_at += timedelta(hours=1)

    change(stage, move)
    assert "19:30 to 21:00" in shown(visitor.get(link).text)
