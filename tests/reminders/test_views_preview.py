"""Every message as it is received, the test to oneself, and what happens when the server's answer is lost."""

from datetime import timedelta

import pytest

from facilitator.groups.models import Group, Wording
from facilitator.planning.models import GroupSession
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import OutboxMessage, Tick
from facilitator.reminders.policy import policies
from facilitator.reminders.rules import MessageKind, OutboxState, UnknownPolicy
from facilitator.reminders.service import pause_all
from tests.factories import ON_SQLITE

pytestmark = ON_SQLITE
SPEAK_OF_PLACE = {MessageKind.REMINDER, MessageKind.MOVED, MessageKind.RESTORED}
KINDS = [kind for kind in MessageKind if kind is not MessageKind.TEST]


@pytest.fixture
def alice(house):
    return house.client()


@pytest.fixture(autouse=True)
def worker(house):
    with house.change() as db:
        for name in TICK_PERIODS:
            at = house.clock() + timedelta(days=1)
            db.add(Tick(name=name, owner="w", epoch=1, started_at=at, finished_at=at))


def text_of(response, status=200):
    assert response.status_code == status
    return " ".join(response.text.split())


def preview(house, client, **query):
    return text_of(client.get(house.at("/reminders/preview"), query_string=query))


def letter(page):
    return page.partition("<pre")[2].partition("</pre>")[0]


def ask(house, client, **query):
    response = client.post(house.at("/reminders/preview"), query_string=query)
    assert response.status_code == 303
    return response


@pytest.mark.parametrize("wording", Wording)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_message_is_shown_in_every_wording_and_in_the_language_of_the_group(
    house, alice, kind, wording, language
):
    first = house.plan()[0]
    with house.change() as db:
        db.get_one(Group, house.group_id).language = language
        db.get_one(GroupSession, first.id).place = "Old Mill 3"
    page = preview(house, alice, kind=kind, wording=wording)
    assert ("Old Mill 3" in letter(page)) == (wording is Wording.FULL and kind in SPEAK_OF_PLACE)
    assert ("Detener los mensajes:" in letter(page) or "Para " in letter(page)) == (language == "es")
    assert page.count('aria-current="true"') == 3
    assert f'<pre class="sunk" role="group" lang="{language}"' in page
    assert ("18:30" in letter(page)) == (kind in SPEAK_OF_PLACE | {MessageKind.CANCELLED})


@pytest.mark.parametrize(("language", "subject"), [("en", "A question"), ("es", "Una pregunta"), ("xx", "A question")])
def test_the_other_language_is_one_press_away_and_an_unknown_one_is_the_groups(house, alice, language, subject):
    page = preview(house, alice, kind="safe_check", language=language)
    assert f"<b>{subject}</b>" in page
    assert ">Español</a>" in page
    assert ">English</a>" in page


@pytest.mark.parametrize("kind", KINDS)
def test_the_locked_screen_shows_the_first_words_of_the_text_itself(house, alice, kind):
    house.plan()
    page = preview(house, alice, kind=kind)
    screen = page.partition('id="screen"')[2].partition("</section>")[0]
    line = screen.rpartition('<p class="small">')[2].partition("</p>")[0].removesuffix(" …")
    text = letter(page).partition(">")[2]
    assert len(line) > 10
    assert text.startswith(line)


SHOWN = [
    (MessageKind.REMINDER, Wording.VAGUE, "Monday", "Monday 18:30."),
    (MessageKind.MOVED, Wording.PLAIN, "New time for Sunday", "Monday 23 November, 18:30"),
    (MessageKind.CANCELLED, Wording.PLAIN, "Cancelled: Monday 18:30", "Monday"),
    (MessageKind.RESTORED, Wording.VAGUE, "Monday again", "Monday"),
]


@pytest.mark.parametrize(("kind", "wording", "subject", "words"), SHOWN)
def test_the_sender_the_subject_and_what_a_locked_screen_shows_stand_beside_it(
    house, alice, kind, wording, subject, words
):
    house.plan()
    page = preview(house, alice, kind=kind, wording=wording)
    assert f">{subject}</dd>" in page
    screen = page.partition('id="screen"')[2].partition("</section>")[0]
    assert "Notes" in screen
    assert f"<b>{subject}</b>" in screen
    assert words in letter(page)


@pytest.mark.parametrize("query", [{}, {"kind": "test"}, {"kind": "x", "wording": "y"}])
def test_without_a_choice_it_is_a_reminder_in_the_first_wording(house, alice, query):
    page = preview(house, alice, **query)
    assert "Reminder, day and time</h2>" in page
    assert "No session is planned, so this one is made up." in page


def test_nobody_sees_the_preview_of_somebody_elses_group_or_sends_from_it(house):
    charlie = house.client("charlie")
    assert charlie.get(house.at("/reminders/preview")).status_code == 404
    assert charlie.post(house.at("/reminders/preview")).status_code == 404


def test_a_test_is_planned_in_the_chosen_words_and_the_page_asks_again_while_it_is_on_its_way(house, alice):
    house.plan()
    response = ask(house, alice, kind="moved", wording="full")
    assert response.location.endswith("/reminders/preview?kind=moved&wording=full#test")
    page = preview(house, alice, kind="moved", wording="full")
    outcome = page.partition('id="outcome"')[2].partition("</section>")[0]
    assert "On its way since 09:00" in outcome
    assert "New time, full, 09:00" in outcome
    assert 'data-hx-trigger="every 2s"' in outcome
    assert ">Look again</a>" in outcome
    with house.read() as db:
        [row] = db.query(OutboxMessage).filter_by(kind="test")
        assert (row.wording, row.asked_by) == ("full", house.account(db, "alice").id)


def test_a_page_that_was_left_open_stops_asking_after_two_minutes(house, alice):
    ask(house, alice)
    house.clock.advance(minutes=2)
    page = preview(house, alice)
    assert "On its way" in page
    assert "hx-trigger" not in page
    assert ">Look again</a>" in page


@pytest.mark.parametrize(
    ("steps", "values", "words"),
    [
        ((OutboxState.LEASED, OutboxState.SENDING, OutboxState.SENT), {}, "Handed to the mail server at 09:00."),
        ((OutboxState.LEASED, OutboxState.SENDING, OutboxState.SENT), {}, "Look in your inbox."),
        (
            (OutboxState.LEASED, OutboxState.SENDING, OutboxState.FAILED),
            {"reason": "no_such_mailbox", "enhanced": "5.1.1"},
            "(5.1.1)",
        ),
        ((OutboxState.EXPIRED,), {"reason": "too_late"}, "Its hour passed before it could go out."),
        (
            (OutboxState.LEASED, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.HELD),
            {"reason": "no_answer"},
            "The mail server took the text and then went silent.",
        ),
    ],
)
def test_what_became_of_it_is_said_in_words_and_nothing_asks_any_more(house, alice, steps, values, words):
    ask(house, alice)
    with house.change() as db:
        [row] = db.query(OutboxMessage).filter_by(kind="test")
        for state in steps:
            row.state = state
            db.flush()
        row.sent_at = house.clock()
        for name, value in values.items():
            setattr(row, name, value)
    page = preview(house, alice)
    assert words in page
    assert "hx-trigger" not in page
    assert "On its way" not in page


def test_a_test_that_waits_says_for_what(house, alice):
    ask(house, alice)
    with house.change() as db:
        [row] = db.query(OutboxMessage).filter_by(kind="test")
        row.reason, row.next_attempt_at = "try_later", house.clock() + timedelta(minutes=5)
    assert "The mail server asked us to try later. We will try once more at 09:05." in preview(house, alice)
    with house.change() as db:
        pause_all(db, house.clock())
    assert "All messages are held back." in preview(house, alice)
    with house.change() as db:
        db.query(Tick).delete()
    assert "Nobody sends: the worker is silent." in preview(house, alice).partition('id="outcome"')[2]


def test_after_five_tests_the_button_waits_and_says_until_when(house, alice):
    for _ in range(5):
        ask(house, alice)
    page = preview(house, alice)
    assert " disabled " in page.partition('id="test"')[2].partition("</button>")[0]
    assert "The next is possible at 10:00." in page
    assert "5 tests within an hour" in text_of(alice.post(house.at("/reminders/preview")), 409)


def test_a_co_facilitator_does_not_see_the_test_of_another(house, alice):
    ask(house, alice)
    assert "On its way" not in preview(house, house.client("bob"))


def chosen(house):
    with house.read() as db:
        return policies(db)


ANSWERS = {kind.value: "resend_once" for kind in MessageKind if kind != MessageKind.TEST}


def test_what_happens_to_lost_answers_is_chosen_for_each_kind(house):
    bob = house.client("bob")
    page = text_of(bob.get("/reminders")).partition('id="lost"')[2]
    assert page.count('<option selected value="resend_once">') == len(ANSWERS)
    response = bob.post("/reminders/policy", data=ANSWERS | {"moved": "hold"})
    assert response.status_code == 303
    assert {kind for kind, policy in chosen(house).items() if policy is UnknownPolicy.HOLD} == {MessageKind.MOVED}
    assert text_of(bob.get("/reminders")).count('<option selected value="hold">') == 1
    bob.post("/reminders/policy", data=ANSWERS)
    assert set(chosen(house).values()) == {UnknownPolicy.RESEND_ONCE}


@pytest.mark.parametrize("wrong", [{"moved": "never"}, {"moved": ""}])
def test_an_answer_that_is_none_is_refused_beside_its_field(house, alice, wrong):
    page = text_of(alice.post("/reminders/policy", data=ANSWERS | wrong), 422)
    assert "<title>Error: " in page
    assert page.count("Choose one of the answers.") == 2
    assert set(chosen(house).values()) == {UnknownPolicy.RESEND_ONCE}


def test_the_clock_says_in_words_what_each_tick_does_when_it_ran_and_when_it_runs_next(house, alice):
    with house.change() as db:
        db.query(Tick).filter_by(name="plan").one().finished_at = house.clock() - timedelta(seconds=20)
        db.query(Tick).filter_by(name="audit").one().finished_at = house.clock() - timedelta(hours=2)
        db.query(Tick).filter_by(name="purge").one().error = "OperationalError"
        db.query(Tick).filter_by(name="reap").delete()
    clock = text_of(alice.get("/reminders")).partition("The clock</summary>")[2].partition("</details>")[0]
    assert 'Brings planned messages up to date</b> <span class="soft">every 1 min</span>' in clock
    assert "Last run 20 seconds ago. Next in 40 seconds." in clock
    assert "Last run 2 h ago, and none since" in clock
    assert "Has not run yet" in clock
    assert "The last run ended with a fault (OperationalError)." in clock
    assert all(f"<b>{name}</b>" not in clock for name in TICK_PERIODS)  # every tick has words
