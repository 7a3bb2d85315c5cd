"""Groups and their lists on the web: what is typed is kept, nothing is stored before it was looked at, strangers find nothing."""

import io
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from facilitator.groups.consent import reaffirm
from facilitator.groups.models import Group, MailState, Participant, Wording
from facilitator.groups.people import list_people
from facilitator.groups.roster import MOST_BYTES
from facilitator.reminders.models import OutboxMessage, ReminderRule
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.service import follow_group
from tests.factories import ON_SQLITE, counted, email
from tests.planning import stage
from tests.worlds import shelve

pytestmark = ON_SQLITE
MOST_QUERIES = 8
DRAFT = {
    "label": "Thursday Circle",
    "kind": "closed",
    "capacity": "8",
    "zone": "Europe/Berlin",
    "minutes": "75",
    "place": "Old Mill 3",
    "link": "",
    "language": "en",
    "country": "IE",
    "pace": "standard",
    "precision": "guarded",
}
AGREED = {"do": "add", "agreed": "y"}


@pytest.fixture
def alice(house):
    return house.client("alice")


@pytest.fixture
def planned(house):
    """Give the group a series, so that there is something to remind of."""
    with house.change() as db:
        shelve(db)
        stage.make_series(db, db.get_one(Group, house.group_id), zone="Europe/London")


def group_of(house):
    with house.read() as db:
        return db.get_one(Group, house.group_id)


def listed(house):
    """Return who is on the list: {alias: address}."""
    with house.read() as db:
        return {one.alias: one.address for one in list_people(db, db.get_one(Group, house.group_id))}


def messages(house):
    """Return how many messages of the group stand in each state."""
    with house.read() as db:
        return dict(db.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all())


def assert_refused(response, sentence):
    """Assert that a form came back with what is wrong in its title, above the form and beside the field."""
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    assert response.text.count(sentence) == 2


def value_of(response, name):
    return re.search(rf'<input[^>]*name="{name}"[^>]*>', response.text)[0].partition('value="')[2].partition('"')[0]


def chosen(response, name):
    """Return what is selected in a list of choices."""
    options = re.search(rf'<select[^>]*name="{name}".*?</select>', response.text, re.DOTALL)[0]
    return re.search(r"<option[^>]*selected[^>]*value=\"([^\"]*)\"|value=\"([^\"]*)\"[^>]*selected", options)


def add(alice, house, text, **values):
    """Look at a list and add it as it was shown."""
    looked = alice.post(house.at("/people"), data={"text": text})
    seen = value_of(looked, "seen") if 'name="seen"' in looked.text else ""
    return alice.post(house.at("/people"), data={**AGREED, "text": text, "seen": seen, **values})


def upload(text):
    return {"file": (io.BytesIO(text if isinstance(text, bytes) else text.encode()), "list.csv")}


# the list of groups


def test_who_has_no_group_is_told_what_one_is_and_how_to_make_it(house):
    response = house.client("charlie").get("/groups")
    assert "You have none yet" in response.text
    assert "Monday Circle" not in response.text
    assert 'href="/groups/new"' in response.text


def test_each_group_is_listed_with_its_people_and_its_next_session(house, alice, planned):
    response = alice.get("/groups")
    assert "1 person on the list" in response.text
    assert "Monday 11 January 2027, 18:30" in response.text
    assert "you co-facilitate" in house.client("bob").get("/groups").text


# making and changing a group


def test_a_new_group_starts_from_ones_own_zone(alice):
    assert chosen(alice.get("/groups/new"), "zone")[0].count("Europe/London")


def test_a_group_is_made_with_the_usual_reminders_and_nobody_is_told(house, alice):
    response = alice.post("/groups/new", data=DRAFT)
    assert response.status_code == 303
    page = alice.get(response.location)
    assert "Thursday Circle" in page.text
    assert "Nothing was sent to anybody" in page.text
    with house.read() as db:
        made = db.scalars(select(Group).where(Group.label == "Thursday Circle")).one()
        leads = sorted(db.scalars(select(ReminderRule.lead_minutes).where(ReminderRule.group_id == made.id)))
    assert {name: str(getattr(made, name)) for name in DRAFT} == DRAFT
    assert leads == [180, 2880]
    assert messages(house) == {}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"label": ""}, "Enter an answer."),
        ({"label": "x" * 10_000}, "Enter at most 80 characters."),
        ({"label": "A\x07"}, "Enter a name of 1 to 80 characters."),
        ({"capacity": "40"}, "Enter a number of places from 4 to 10 for this kind of group."),
        ({"capacity": "eight"}, "Enter a number of places from 4 to 10 for this kind of group."),
        ({"capacity": "9" * 100}, "Enter at most 20 characters."),
        ({"zone": "Mars/Base"}, "Choose a time zone from the list, for example Europe/London."),
        ({"minutes": "45"}, "Choose one of the answers."),
        ({"link": "http://meet.example"}, "Enter an address that begins with https://"),
        ({"country": "XX"}, "Choose one of the answers."),
        ({"language": "xx"}, "Choose one of the answers."),
        ({"kind": "secret"}, "Choose one of the answers."),
    ],
)
def test_what_cannot_be_used_comes_back_with_what_was_typed(house, alice, values, sentence):
    response = alice.post("/groups/new", data={**DRAFT, **values})
    assert_refused(response, sentence)
    assert value_of(response, "place") == "Old Mill 3"
    for name in {"label", "capacity", "link"} & set(values):
        assert value_of(response, name) == values[name]
    with house.read() as db:
        assert db.scalar(select(func.count()).select_from(Group)) == 1


@pytest.mark.parametrize("label", ["Recovery Tuesdays", "The healing room", "Grupo de apoyo", "TRAUMA"])
def test_a_name_that_tells_a_stranger_too_much_is_kept_with_a_gentle_word(alice, label):
    page = alice.post("/groups/new", data={**DRAFT, "label": label}, follow_redirects=True)
    assert f"<h1>{label}</h1>" in page.text
    assert "may tell a stranger what the group is for" in page.text


@pytest.mark.parametrize("label", ["Thursday Circle", "Susana's Circle", "Harbour", "Wealden evenings"])
def test_a_neutral_name_is_let_be(alice, label):
    page = alice.post("/groups/new", data={**DRAFT, "label": label}, follow_redirects=True)
    assert "may tell a stranger" not in page.text


def test_a_group_is_changed_and_its_page_says_so(house, alice):
    response = alice.post(house.at("/edit"), data=DRAFT, follow_redirects=True)
    assert "Saved." in response.text
    assert {name: str(getattr(group_of(house), name)) for name in DRAFT} == DRAFT


def test_the_form_of_a_group_shows_what_is_kept_even_under_an_older_name_of_its_zone(house, alice):
    with house.change() as db:
        db.get_one(Group, house.group_id).zone = "Asia/Calcutta"
    response = alice.get(house.at("/edit"))
    assert "Asia/Calcutta" in chosen(response, "zone")[0]
    assert value_of(response, "label") == "Monday Circle"


def test_fewer_places_than_people_are_refused(house, alice):
    people = "\n".join(f"P{n}, p{n}@example.org" for n in range(6))
    add(alice, house, people)
    response = alice.post(house.at("/edit"), data={**DRAFT, "capacity": "5"})
    assert_refused(response, "There are more people on the list than places.")
    assert value_of(response, "capacity") == "5"


# the country of a group


@pytest.mark.parametrize(
    ("zone", "answer", "kept", "said"),
    [
        ("Europe/Berlin", "", "DE", "Public holidays and help lines are those of Germany."),
        ("Asia/Calcutta", "", "IN", "Public holidays and help lines are those of India."),
        ("Europe/Berlin", "AT", "AT", "Public holidays and help lines are those of Austria."),
        ("Europe/Berlin", "INT", "INT", "No country is set: public holidays are not pointed out"),
        ("Etc/UTC", "", "INT", "No country is set: public holidays are not pointed out"),
    ],
)
@pytest.mark.parametrize("ending", ["/groups/new", "/edit"])
def test_the_country_comes_from_the_time_zone_unless_another_is_chosen(house, alice, ending, zone, answer, kept, said):
    path = house.at(ending) if ending == "/edit" else ending
    response = alice.post(path, data={**DRAFT, "zone": zone, "country": answer})
    with house.read() as db:
        assert db.get_one(Group, response.location.rpartition("/")[2]).country == kept
    assert said in alice.get(response.location).text


def test_the_form_proposes_the_country_of_the_zone_and_says_what_it_is_for(house, alice):
    page = alice.get("/groups/new")
    assert "From the time zone Europe/London it is United Kingdom." in page.text
    assert "Its public holidays are pointed out while you plan" in page.text
    assert "Another country" in page.text
    alice.post(house.at("/edit"), data={**DRAFT, "country": "DE"})
    edit = alice.get(house.at("/edit"))
    assert chosen(edit, "country")[1] == ""
    assert "From the time zone Europe/Berlin it is Germany." in edit.text
    assert "Germany" in alice.get(house.at()).text


def test_a_country_that_is_not_of_the_zone_stays_chosen(house, alice):
    alice.post(house.at("/edit"), data=DRAFT)
    assert "IE" in chosen(alice.get(house.at("/edit")), "country")[0]


# who leads


def test_a_co_facilitator_is_added_by_the_address_of_their_account(house, alice):
    response = alice.post(house.at("/facilitators"), data={"email": email("Charlie")}, follow_redirects=True)
    assert "Charlie now sees plan, room and count of this group, and no addresses." in response.text
    assert house.client("charlie").get(house.at()).status_code == 200


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Enter an answer."),
        ("nobody@example.org", "No account has this address."),
        (email("Bob"), "This person is in the group already."),
    ],
)
def test_an_address_that_cannot_be_added_comes_back(house, alice, address, sentence):
    response = alice.post(house.at("/facilitators"), data={"email": address})
    assert_refused(response, sentence)
    assert value_of(response, "email") == address
    assert value_of(response, "label") == "Monday Circle"


def test_a_co_facilitator_is_taken_out_and_finds_nothing_then(house, alice):
    with house.read() as db:
        bob_id = house.account(db, "bob").id
    alice.post(house.at(f"/facilitators/{bob_id}/remove"))
    assert house.client("bob").get(house.at()).status_code == 404


# who may see what

OF_THE_GROUP = [("get", ""), ("get", "/edit"), ("post", "/edit")]
OF_THE_LIST = [
    ("get", "/people"),
    ("post", "/people"),
    ("get", "/people/{person}"),
    ("post", "/people/{person}"),
    ("post", "/people/{person}/state"),
    ("post", "/people/{person}/remove"),
    ("post", "/facilitators"),
    ("post", "/facilitators/{person}/remove"),
]


@pytest.mark.parametrize(("method", "ending"), OF_THE_GROUP + OF_THE_LIST)
def test_a_stranger_finds_nothing(house, method, ending):
    response = getattr(house.client("charlie"), method)(house.at(ending.format(person=house.person_id)))
    assert response.status_code == 404
    assert "Monday Circle" not in response.text
    assert "Pat" in listed(house)


@pytest.mark.parametrize(("method", "ending"), OF_THE_LIST)
def test_a_co_facilitator_is_kept_from_the_list(house, method, ending):
    response = getattr(house.client("bob"), method)(house.at(ending.format(person=house.person_id)), data=AGREED)
    assert response.status_code == 403
    assert "pat@example.org" not in response.text
    assert listed(house) == {"Pat": "pat@example.org"}


def test_a_co_facilitator_sees_the_count_and_no_way_to_the_list(house):
    page = house.client("bob").get(house.at()).text
    assert "1 of 8 places" in page
    assert house.at("/people") not in page
    assert "Pat" not in page


@pytest.mark.parametrize(("method", "ending"), OF_THE_GROUP + OF_THE_LIST)
def test_who_is_not_signed_in_is_led_to_the_door(house, method, ending):
    response = getattr(house.client(None), method)(house.at(ending.format(person=house.person_id)))
    assert response.status_code == 303
    assert response.location.startswith("/login")


def test_a_person_of_another_group_is_not_found(house, alice):
    other = alice.post("/groups/new", data=DRAFT).location
    for ending, method in (("", "get"), ("", "post"), ("/state", "post"), ("/remove", "post")):
        response = getattr(alice, method)(f"{other}/people/{house.person_id}{ending}", data={"do": "stop"})
        assert response.status_code == 404
    assert listed(house) == {"Pat": "pat@example.org"}


# the page of a group


def test_a_group_without_a_series_says_what_one_is(house, alice):
    page = alice.get(house.at()).text
    assert "No series yet" in page
    assert "1 of 8 places" in page
    assert "you and Bob" in page


@pytest.mark.parametrize("ending", ["", "/edit", "/people", "/people/{person}"])
def test_a_page_takes_few_queries_however_much_there_is(house, alice, planned, ending):
    add(alice, house, "a, a@example.org\nb, b@example.org\nc, c@example.org")
    path = house.at(ending.format(person=house.person_id))
    with counted(house.database) as found:
        assert alice.get(path).status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_the_series_that_holds_the_next_session_is_shown_and_the_later_one_named(house, alice, planned):
    with house.change() as db:
        group = db.get_one(Group, house.group_id)
        stage.make_series(db, group, first_on=date(2027, 6, 7), pathway_id="closed-12", zone="Europe/London")
    page = alice.get(house.at()).text
    assert "8 to come" in page
    assert ">from 7 June 2027</a>" in page
    house.clock.at = datetime(2027, 4, 1, tzinfo=UTC)
    assert "12 to come" in alice.get(house.at()).text
    house.clock.at = datetime(2028, 4, 1, tzinfo=UTC)
    late = alice.get(house.at()).text
    assert "12 to close" in late
    assert ">from 11 January 2027</a>" in late


def test_a_date_of_another_year_carries_it(house, alice, planned):
    add(alice, house, "Kim, kim@example.org")
    page = alice.get(house.at()).text
    assert ">Jan 2027</span>" in page
    assert re.search(r"Sat 9 Jan 2027, \d\d:\d\d", page)
    house.clock.at = datetime(2027, 1, 2, tzinfo=UTC)
    assert ">Jan</span>" in alice.get(house.at()).text


def confirm_all(house):
    """Let everybody on the list answer that their address is safe."""
    with house.change() as db:
        for person in db.scalars(select(Participant)):
            reaffirm(db, person)
        follow_group(db, db.get_one(Group, house.group_id), house.clock())


def test_the_usual_time_of_a_reminder_is_shown_with_how_many_get_it_earlier(house, alice, planned):
    add(alice, house, "Kim, kim@example.org\nLee, lee@example.org\nMax, max@example.org, , Asia/Tokyo")
    confirm_all(house)
    page = alice.get(house.at()).text
    assert "Sat 9 Jan 2027, 18:30, 1 earlier" in page


# adding people


def test_lines_that_were_added_after_the_look_are_shown_before_they_are_stored(house, alice):
    looked = alice.post(house.at("/people"), data={"text": "Kim, kim@example.org"})
    data = {**AGREED, "text": "Kim, kim@example.org\nLee, lee@example.org", "seen": value_of(looked, "seen")}
    again = alice.post(house.at("/people"), data=data)
    assert_refused(again, "The list is not the one that you looked at.")
    assert "2 people can be added" in again.text
    assert listed(house) == {"Pat": "pat@example.org"}
    assert alice.post(house.at("/people"), data={**data, "seen": value_of(again, "seen")}).status_code == 303
    assert {"Kim", "Lee"} < set(listed(house))


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_a_list_that_nobody_looked_at_is_not_stored(house, alice, seen):
    response = alice.post(house.at("/people"), data={**AGREED, "text": "Kim, kim@example.org", "seen": seen})
    assert_refused(response, "The list is not the one that you looked at.")
    assert listed(house) == {"Pat": "pat@example.org"}


def test_who_joins_a_closed_group_late_is_added_only_when_the_group_knows(house, alice, planned):
    text, reason = "Kim, kim@example.org", "Session 3 of this closed group has begun."
    house.clock.at = datetime(2027, 1, 25, 18, 0, tzinfo=UTC)
    assert reason not in alice.get(house.at("/people")).text
    house.clock.at = datetime(2027, 1, 25, 18, 31, tzinfo=UTC)
    for page in (alice.get(house.at("/people")), alice.post(house.at("/people"), data={"text": text})):
        assert reason in page.text
        assert "Somebody new changes the room for everybody." in page.text
    assert_refused(add(alice, house, text), "Tick this when the group knows of it; without it nobody is added.")
    assert listed(house) == {"Pat": "pat@example.org"}
    assert add(alice, house, text, spoken="y").status_code == 303
    assert "Kim" in listed(house)


def test_after_the_last_session_people_are_listed_for_the_next_series_unasked(house, alice, planned):
    house.clock.at = datetime(2027, 6, 1, tzinfo=UTC)
    assert add(alice, house, "Kim, kim@example.org").status_code == 303


def test_an_open_group_takes_people_at_any_session(house, alice, planned):
    with house.change() as db:
        db.get_one(Group, house.group_id).kind = "open"
    house.clock.at = datetime(2027, 2, 12, tzinfo=UTC)
    assert add(alice, house, "Kim, kim@example.org").status_code == 303


def test_the_page_says_which_words_of_wording_are_understood(house, alice):
    assert "day and time, short or full." in alice.get(house.at("/people")).text


def test_a_list_is_looked_at_before_anything_is_stored(house, alice):
    text = "Kim, kim@example.org\nPat again, PAT@example.org\nwrong\nKim too, kim@example.org"
    response = alice.post(house.at("/people"), data={"text": text, "do": "preview"})
    assert response.status_code == 200
    for words in (
        "1 person can be added, 3 lines cannot",
        "This address is on the list already.",
        "This address stands further up.",
        "Enter an email address, such as name@example.org.",
        "Nothing is stored yet.",
        "Add 1 person",
    ):
        assert words in response.text
    assert "Pat again, PAT@example.org\nwrong" in response.text.replace("\r\n", "\n")
    assert listed(house) == {"Pat": "pat@example.org"}


def test_the_good_lines_alone_are_added(house, alice):
    text = "Kim, kim@example.org\nPat again, PAT@example.org\nwrong\nLee <lee@example.org>"
    response = alice.get(add(alice, house, text).location)
    assert "2 people are on the list now." in response.text
    assert listed(house) == {"Pat": "pat@example.org", "Kim": "kim@example.org", "Lee": "lee@example.org"}


def test_nobody_is_added_unless_each_agreed(house, alice):
    response = add(alice, house, "Kim, kim@example.org", agreed="")
    assert_refused(response, "Tick this when each person agreed; without it nothing is added.")
    assert "Kim, kim@example.org" in response.text
    assert "Add 1 person" in response.text
    assert listed(house) == {"Pat": "pat@example.org"}


def test_pressing_twice_adds_nobody_twice(house, alice):
    assert add(alice, house, "Kim, kim@example.org").status_code == 303
    assert_refused(add(alice, house, "Kim, kim@example.org"), "No line of this list can be added.")
    assert len(listed(house)) == 2


def test_a_closed_group_takes_as_many_as_it_has_places(house, alice):
    text = "\n".join(f"P{n}, p{n}@example.org" for n in range(9))
    response = alice.post(house.at("/people"), data={"text": text})
    assert "7 people can be added, 2 lines cannot" in response.text
    assert "No place is left in this group." in response.text
    add(alice, house, text)
    assert len(listed(house)) == 8


def test_a_file_is_read_into_the_form_and_travels_on_as_text(house, alice):
    content = "\ufeffName;E-Mail;Wording;Zone\r\nZoë;zoe@example.org;full;Europe/Berlin\r\n"
    response = alice.post(house.at("/people"), data=upload(content), content_type="multipart/form-data")
    assert "1 person can be added" in response.text
    shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", response.text, re.DOTALL)[1].strip()
    add(alice, house, shown)
    assert listed(house)["Zoë"] == "zoe@example.org"
    added = next(one for one in house.people() if one.zone)
    assert (added.wording, added.zone) == (Wording.FULL, "Europe/Berlin")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Zoë, zoe@example.org".encode("latin-1"), "The file is not text in UTF-8."),
        (b"x" * (MOST_BYTES + 1), "The file is too large."),
        ('"Kim, kim@example.org', "a quotation mark is opened and never closed"),
        ("alias,address\n", "Enter at least one person"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_what_was_typed_stays(house, alice, content, sentence):
    data = {**upload(content), "text": "Kim, kim@example.org"}
    response = alice.post(house.at("/people"), data=data, content_type="multipart/form-data")
    assert_refused(response, sentence)
    assert "im, kim@example.org" in response.text or "alias,address" in response.text


@pytest.mark.parametrize("text", ["", "\n".join(f"p{n}@example.org" for n in range(201)), "x" * 65_000])
def test_a_list_that_cannot_be_read_is_refused(house, alice, text):
    assert alice.post(house.at("/people"), data={"text": text}).status_code == 422
    assert len(listed(house)) == 1


def test_what_is_written_on_a_list_is_shown_as_text(house, alice):
    response = alice.post(house.at("/people"), data={"text": "<script>alert(1)</script>, kim@example.org"})
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.text


# one person


def test_a_person_is_changed(house, alice):
    data = {"alias": "Pat B", "wording": "full", "zone": "Europe/Berlin", "quiet_from": "21:30", "quiet_to": "7.00"}
    assert alice.post(house.at(f"/people/{house.person_id}"), data=data).status_code == 303
    [pat] = house.people()
    assert listed(house) == {"Pat B": "pat@example.org"}
    assert (pat.wording, pat.zone, f"{pat.quiet_from_time:%H:%M}", f"{pat.quiet_to_time:%H:%M}") == (
        "full",
        "Europe/Berlin",
        "21:30",
        "07:00",
    )


def test_the_zone_of_the_group_is_no_zone_of_the_person(house, alice):
    data = {"alias": "Pat", "wording": "vague", "zone": "", "quiet_from": "20:00", "quiet_to": "08:00"}
    alice.post(house.at(f"/people/{house.person_id}"), data=data)
    assert house.people()[0].zone is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"alias": ""}, "Enter an answer."),
        ({"alias": "x" * 41}, "Enter at most 40 characters."),
        ({"wording": "loud"}, "Choose one of the answers."),
        ({"zone": "Mars/Base"}, "Choose a time zone from the list, for example Europe/London."),
        ({"quiet_from": "25:00"}, "Enter a time on the 24-hour clock, for example 18:30."),
        ({"quiet_to": ""}, "Enter a time on the 24-hour clock, for example 18:30."),
    ],
)
def test_a_change_that_cannot_be_used_comes_back(house, alice, values, sentence):
    usual = {"alias": "New", "wording": "full", "zone": "", "quiet_from": "20:00", "quiet_to": "08:00"}
    response = alice.post(house.at(f"/people/{house.person_id}"), data={**usual, **values})
    assert_refused(response, sentence)
    assert listed(house) == {"Pat": "pat@example.org"}


@pytest.mark.parametrize(
    ("press", "state"), [("pause", MailState.PAUSED), ("stop", MailState.STOPPED), ("resume", MailState.ACTIVE)]
)
def test_messages_to_a_person_are_paused_stopped_and_resumed(house, alice, press, state):
    assert alice.post(house.at(f"/people/{house.person_id}/state"), data={"do": press}).status_code == 303
    assert house.people()[0].state == state
    assert alice.get(house.at(f"/people/{house.person_id}")).status_code == 200
    assert alice.get(house.at("/people")).status_code == 200


def test_an_unknown_wish_is_refused(house, alice):
    assert alice.post(house.at(f"/people/{house.person_id}/state"), data={"do": "shout"}).status_code == 422
    assert house.people()[0].state == MailState.ACTIVE


def test_who_stopped_is_started_again_only_when_they_ask(house, alice):
    alice.post(house.at(f"/people/{house.person_id}/state"), data={"do": "stop"})
    assert "Start again only when the person asks you to." in alice.get(house.at(f"/people/{house.person_id}")).text


def test_who_is_taken_off_is_erased(house, alice):
    response = alice.post(house.at(f"/people/{house.person_id}/remove"), follow_redirects=True)
    assert "Alias and address are erased." in response.text
    assert house.people() == []


# what it means for messages


def test_who_joins_is_reminded_who_leaves_is_not(house, alice, planned):
    add(alice, house, "Kim, kim@example.org")
    confirm_all(house)
    both = messages(house)[OutboxState.PENDING] - 1
    assert both > 0
    alice.post(house.at(f"/people/{house.person_id}/remove"))
    after = messages(house)
    # Kim is reminded and welcomed; the question that Kim answered is at an end
    assert after[OutboxState.PENDING] == both // 2 + 1
    assert sum(after.values()) == both + 2


def test_what_was_sealed_is_gone_from_the_file_and_its_log_once_the_page_answers(house, alice, database_url):
    [pat] = house.people()
    path = database_url.removeprefix("sqlite:///")
    written = [pat.alias_sealed, pat.address_sealed, pat.address_index.encode(), pat.settings_hash.encode()]

    def found():
        content = b"".join(Path(f"{path}{ending}").read_bytes() for ending in ("", "-wal"))
        assert b"pat@example.org" not in content.lower()
        return [each in content for each in written]

    assert found() == [True] * 4
    alice.post(house.at(f"/people/{pat.id}/remove"))
    assert found() == [False] * 4


def test_the_page_says_how_many_have_not_answered_and_names_nobody(house, alice):
    add(alice, house, "a, a@example.org\nb, b@example.org")
    assert "2 people have not answered the question" in alice.get(house.at()).text
    assert "2 people have not answered the question" in alice.get(house.at("/reminders")).text
