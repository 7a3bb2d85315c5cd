"""The guide of the first days on the first page: six steps, where the test stands, and how it goes away and comes back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from facilitator.accounts.models import Facilitator, Role
from facilitator.groups.models import Group, Participant
from facilitator.planning.models import GroupSession
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.reminders.rules import OutboxState
from facilitator.reminders.service_proof import proof_of
from facilitator.today.guide import find_guide
from facilitator.today.rules import Mark, Step
from tests.factories import ON_SQLITE, counted, make_group

HTMX = {"HX-Request": "true"}
SENT = (OutboxState.LEASED, OutboxState.SENDING, OutboxState.SENT)


@pytest.fixture(autouse=True)
def worker(house):
    """A worker that is alive all through a test."""
    with house.change() as db:
        for name in TICK_PERIODS:
            at = house.clock() + timedelta(days=365)
            db.add(Tick(name=name, owner="w", epoch=1, started_at=at, finished_at=at))


@pytest.fixture
def charlie(house):
    """Somebody whose first days these are: no group, and the clock that an account begins with."""
    with house.change() as db:
        house.account(db, "charlie").zone = "Etc/UTC"
    return house.client("charlie")


@pytest.fixture
def alice(house):
    return house.client()


def card(client, address="/", status=200):
    """Return the guide as the first page shows it, or nothing."""
    response = client.get(address)
    assert response.status_code == status
    found = re.search(r'<section [^>]*id="guide".*?</section>', response.text, re.DOTALL)
    return " ".join(found[0].split()) if found else ""


def step(client, name):
    """Return one step of the guide."""
    return card(client).partition(f'id="guide-{name}"')[2].partition("</li> <li ")[0]


def asked_tests(house):
    with house.read() as db:
        return list(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "test").order_by(OutboxMessage.id)))


def proof(house):
    """Return what the newest test carries."""
    with house.read() as db:
        return proof_of(db, db.get_one(OutboxMessage, asked_tests(house)[-1].id))


def pretend(house, *states, **values):
    """Let the newest test go through states, and give it values at the end."""
    with house.change() as db:
        row = db.get_one(OutboxMessage, asked_tests(house)[-1].id)
        for state in states:
            row.state = state
            db.flush()
        for name, value in values.items():
            setattr(row, name, value)


def marks(house, who):
    with house.change() as db:
        db.execute(update(Group).values(country="GB"))
    with house.read() as db:
        me = house.account(db, who)
        groups = list(db.scalars(select(Group))) if who != "charlie" else []
        guide = find_guide(db, me, groups, house.clock())
        return guide and dict(guide.marks)


def test_the_marks_are_read_from_what_there_is(house):
    assert marks(house, "alice") == {
        Step.SETTINGS: Mark.DONE,
        Step.GROUP: Mark.DONE,
        Step.MAIL: Mark.OPEN,
        Step.PEOPLE: Mark.DONE,
        Step.SERIES: Mark.OPEN,
        Step.PLAN: Mark.OPEN,
    }
    first = house.plan(looked_over=False)[0]
    assert marks(house, "alice")[Step.SERIES] is Mark.DONE
    assert marks(house, "alice")[Step.PLAN] is Mark.OPEN
    with house.change() as db:
        db.get_one(GroupSession, first.id).looked_over = True
    assert marks(house, "alice")[Step.PLAN] is Mark.DONE
    assert set(marks(house, "charlie").values()) == {Mark.DONE, Mark.OPEN}  # only the zone is set


def test_when_every_step_is_done_or_later_there_is_no_guide(house):
    house.plan(looked_over=False)
    with house.change() as db:
        db.execute(update(GroupSession).values(looked_over=True))
        house.account(db, "alice").mail_proved_on = house.clock().date()
    assert marks(house, "alice") is None


def test_a_session_that_is_over_was_looked_at(house):
    first = house.plan(looked_over=False)[0]
    house.clock.at = first.ends_at
    assert marks(house, "alice")[Step.PLAN] is Mark.DONE


def test_a_list_that_another_person_leads_is_not_for_the_co_facilitator_to_fill(house):
    with house.change() as db:
        db.execute(delete(Participant))
    assert marks(house, "alice")[Step.PEOPLE] is Mark.OPEN
    assert marks(house, "bob")[Step.PEOPLE] is Mark.LATER


@ON_SQLITE
def test_somebody_new_sees_six_steps_and_one_main_thing_to_press(charlie):
    page = card(charlie)
    assert "Getting started" in page
    assert "0 of 6 steps" in page
    assert page.count("To do</span>") == 6
    assert page.count('class="btn go"') == 1
    assert 'href="/settings">Open the settings' in page
    assert step(charlie, "people").count("<a ") == 0


@ON_SQLITE
def test_each_step_leads_to_where_it_is_done(house, alice):
    with house.change() as db:
        db.execute(delete(Participant))
        db.execute(update(Group).values(country="GB"))
    assert f'href="{house.at()}">Open the group' in step(alice, "group")
    assert f'href="{house.at("/people")}">Add people' in step(alice, "people")
    assert f'href="{house.at("/plan")}">Plan a series' in step(alice, "series")
    first = house.plan(looked_over=False)[0]
    assert f'href="/sessions/{first.id}">Look at the plan' in step(alice, "plan")
    assert 'class="btn go"' not in card(alice)  # the next session has it


@ON_SQLITE
def test_a_group_without_a_country_is_left_for_later_and_says_what_that_means(house, alice):
    with house.change() as db:
        db.execute(update(Group).values(country="INT"))
    words = step(alice, "group")
    assert "Later</span>" in words
    assert "its help lines are those of any country." in words
    assert f'href="{house.at("/edit")}#country"' in words


@ON_SQLITE
def test_people_can_be_left_for_later(house, alice):
    with house.change() as db:
        db.execute(delete(Participant))
    response = alice.post("/guide", data={"do": "list_later"})
    assert (response.status_code, response.location) == (303, "/#guide")
    assert "Later</span>" in step(alice, "people")
    assert "Add people" in step(alice, "people")


@ON_SQLITE
def test_the_guide_is_hidden_for_one_person_alone_and_the_settings_bring_it_back(house, alice):
    assert alice.post("/guide", data={"do": "hidden"}).status_code == 303
    assert card(alice) == ""
    assert card(house.client("bob"))
    settings = alice.get("/settings").text
    assert "Show the guide again" in settings
    alice.post("/guide", data={"do": "shown"})
    assert card(alice)
    assert "Hide the guide" in alice.get("/settings").text
    assert alice.post("/guide", data={"do": "nothing"}).status_code == 422


@ON_SQLITE
def test_a_test_goes_to_oneself_in_ones_own_language_about_no_group(house, alice):
    assert "It goes to the address of your account" in step(alice, "mail")
    assert "@" not in card(alice)
    assert "4 digits from the message" not in card(alice)
    response = alice.post("/guide/test")
    assert (response.status_code, response.location) == (303, "/#guide-mail")
    [row] = asked_tests(house)
    assert (row.session_id, row.wording, row.dedup_key.rpartition(":")[2]) == (None, "vague", "reminder")
    words = step(alice, "mail")
    assert 'role="status"' in words
    assert "On its way since 09:00" in words
    assert "Send another test" in words
    assert "4 digits from the message" in words


@ON_SQLITE
@pytest.mark.parametrize(
    ("states", "values", "words"),
    [
        ((), {}, "On its way since 09:00"),
        ((), {"reason": "unreachable"}, "The mail server does not answer."),
        (SENT, {}, "Handed to the mail server at 09:00."),
        (
            (*SENT[:2], OutboxState.FAILED),
            {"reason": "sender_refused", "enhanced": "5.7.1", "reply": "550 go away"},
            'The mail server does not accept our sender address. <span class="soft small">(5.7.1)',
        ),
        (
            (*SENT[:2], OutboxState.FAILED),
            {"reason": "sender_refused", "reply": "550 go away"},
            "Look whether the address of your account is right",
        ),
        ((*SENT[:2], OutboxState.UNKNOWN), {}, "The answer was lost."),
    ],
)
def test_before_it_arrived_the_guide_says_where_it_stands(house, alice, states, values, words):
    alice.post("/guide/test")
    pretend(house, *states, sent_at=house.clock(), **values)
    shown = step(alice, "mail")
    assert words in shown
    assert "To do</span>" in shown
    assert "550 go away" not in shown


@ON_SQLITE
def test_whoever_runs_the_installation_sees_the_last_answer_of_the_server(house, alice):
    with house.change() as db:
        house.account(db, "alice").role = Role.ADMIN
    alice.post("/guide/test")
    pretend(house, *SENT[:2], OutboxState.FAILED, reason="sender_refused", reply="550 go away")
    assert "Last answer of the mail server: 550 go away" in step(alice, "mail")


@ON_SQLITE
def test_a_silent_worker_is_told_in_the_guide(house, alice):
    with house.change() as db:
        db.execute(delete(Tick))
    alice.post("/guide/test")
    assert "Nobody sends: the worker is silent." in step(alice, "mail")


@ON_SQLITE
def test_after_a_minute_it_says_where_else_to_look(house, alice):
    alice.post("/guide/test")
    pretend(house, *SENT, sent_at=house.clock())
    assert "folder for spam" not in step(alice, "mail")
    house.clock.advance(minutes=1)
    words = step(alice, "mail")
    assert "Look in the folder for spam as well. It comes from" in words
    assert 'href="/settings">Look whether the address of your account is right' in words


@ON_SQLITE
def test_the_page_looks_again_by_itself_for_ten_minutes_and_without_scripts_there_is_a_link(house, alice):
    alice.post("/guide/test")
    assert 'data-hx-trigger="every 3s"' in card(alice)
    assert ">Look again</a>" in card(alice)
    with counted(house.database) as found:
        part = alice.get("/guide/test", headers=HTMX).text
    assert 'id="guide-state"' in part
    assert "On its way since 09:00" in part
    assert found["SELECT"] == 2
    house.clock.advance(minutes=10)
    assert "data-hx-trigger" not in card(alice)


@ON_SQLITE
def test_a_page_that_waits_is_read_anew_once_the_test_was_in_somebodys_hands(house, alice):
    alice.post("/guide/test")
    with house.change() as db:
        house.account(db, "alice").mail_proved_on = house.clock().date()
    response = alice.get("/guide/test", headers=HTMX)
    assert (response.status_code, response.headers["HX-Refresh"]) == (204, "true")
    assert "The test has arrived." in alice.get("/").text
    assert "It has arrived." in alice.get("/guide/test").text


@ON_SQLITE
def test_the_digits_of_the_message_prove_that_it_arrived(house, alice):
    alice.post("/guide/test")
    digits = proof(house).digits
    wrong = f"{(int(digits) + 1) % 10_000:04}"
    response = alice.post("/guide/digits", data={"digits": wrong})
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    assert response.text.count("Enter the 4 digits that stand at the end of the newest test.") == 2
    assert alice.post("/guide/digits", data={"digits": f" {digits[:2]} {digits[2:]} "}).location == "/#guide"
    assert "It has arrived." in step(alice, "mail")
    assert "Done</span>" in step(alice, "mail")
    assert "Send" not in step(alice, "mail")


@ON_SQLITE
def test_the_link_in_the_message_asks_first_and_a_press_proves_that_it_arrived(house, alice):
    alice.post("/guide/test")
    path, elsewhere = proof(house).path, house.client(None)
    for _ in range(2):
        assert "If you asked for this test" in elsewhere.get(path).text
    assert "To do</span>" in step(alice, "mail")
    assert elsewhere.post(path).location == path
    shown = elsewhere.get(path).text
    assert "That is noted." in shown
    assert "alice" not in shown.lower()
    assert "It has arrived." in step(alice, "mail")
    with house.read() as db:
        assert house.account(db, "alice").mail_proved_on == house.clock().date()


@ON_SQLITE
def test_the_page_behind_the_link_speaks_the_language_of_who_asked(house, alice):
    with house.change() as db:
        house.account(db, "alice").language = "es"
    alice.post("/guide/test")
    assert '<html lang="es"' in house.client(None).get(proof(house).path).text


@ON_SQLITE
def test_another_link_opens_nothing(house, alice):
    alice.post("/guide/test")
    _, _, uuid, token = proof(house).path.split("/")
    for path in (f"/arrived/{uuid}/x", f"/arrived/x/{token}", f"/arrived/{uuid}/é"):
        assert house.client(None).get(path).status_code == 404
        assert house.client(None).post(path).status_code == 404
    assert marks(house, "alice")[Step.MAIL] is Mark.OPEN


@ON_SQLITE
def test_after_five_tests_the_button_waits(house, alice):
    for _ in range(5):
        alice.post("/guide/test")
        house.clock.advance(minutes=1)
    words = step(alice, "mail")
    assert " disabled " in words
    assert "The next is possible at 10:00." in words
    assert alice.post("/guide/test").status_code == 409
    house.clock.advance(minutes=55)
    assert " disabled " not in step(alice, "mail")


@ON_SQLITE
def test_the_guide_costs_the_first_page_one_query_however_many_groups_and_tests_there_are(house, alice):
    with house.change() as db:
        for number in range(10):
            make_group(db, house.account(db, "alice"), house.clock(), label=f"Circle {number}")
    for _ in range(5):
        alice.post("/guide/test")
    with counted(house.database) as shown:
        assert card(alice)
    with house.change() as db:
        db.execute(update(Facilitator).values(guide="hidden"))
    with counted(house.database) as hidden:
        assert not card(alice)
    assert shown["SELECT"] == hidden["SELECT"] + 1
