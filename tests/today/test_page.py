"""The first page: what is next, what needs a person, the week; and few queries whatever the size."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from facilitator.accounts.models import Role
from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession, SessionStatus
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import Channel, Tick
from facilitator.reminders.rules import OutboxState
from tests.factories import ON_SQLITE, counted, make_group, make_message, make_series

pytestmark = ON_SQLITE
MOST_QUERIES = 8


@pytest.fixture(autouse=True)
def worker(house):
    """A worker that is alive all through a test, whatever the clock is set to."""
    with house.change() as db:
        for name in TICK_PERIODS:
            at = house.clock() + timedelta(days=365)
            db.add(Tick(name=name, owner="w", epoch=1, started_at=at, finished_at=at))


@pytest.fixture
def alice(house):
    return house.client()


def today(client):
    response = client.get("/")
    assert response.status_code == 200
    return " ".join(response.text.split())


def test_without_a_group_the_page_says_how_to_begin(house):
    charlie = house.client("charlie")
    charlie.post("/guide", data={"do": "hidden"})
    page = today(charlie)
    assert "Begin with a group" in page
    assert 'href="/groups/new"' in page
    assert "Needs you" not in page
    assert "Week ahead" not in page


def test_without_a_series_the_page_leads_to_planning_one(alice):
    alice.post("/guide", data={"do": "hidden"})
    page = today(alice)
    assert "No session in the next days" in page
    assert "Nothing needs you now." in page
    assert "No session in the next 8 days." in page


def test_the_head_says_the_day_on_the_clock_of_the_reader(house, alice):
    with house.change() as db:
        house.account(db, "alice").zone = "Asia/Tokyo"
    assert "Monday 23 November 2026, 18:00, Tokyo time (JST)" in today(alice)


def test_the_next_session_says_when_where_and_what(house, alice):
    house.plan()
    page = today(alice)
    assert "Monday Circle, session 1" in page
    assert "Starts in 9 h 30 min" in page
    assert "18:30</time> to 20:00" in page
    assert "for you" not in page


def test_a_running_session_says_since_when(house, alice):
    first = house.plan()[0]
    house.clock.at = first.starts_at + timedelta(minutes=20)
    page = today(alice)
    assert "Began 20 min ago" in page
    assert f'href="/sessions/{first.id}/run"' in page


def test_a_session_at_its_first_second_runs_and_at_its_last_is_over(house, alice):
    first = house.plan()[0]
    house.clock.at = first.starts_at
    assert "Began 0 seconds ago" in today(alice)
    house.clock.at = first.ends_at
    assert "Began" not in today(alice)


def test_a_session_on_another_clock_shows_both_times(house, alice):
    with house.change() as db:
        house.account(db, "alice").zone = "America/New_York"
    house.plan()
    page = today(alice)
    assert "London time (GMT)" in page
    assert page.count("13:30 for you") == 3  # beside the session, and for both of the coming days


def test_a_session_that_is_over_without_a_count_needs_its_count(house, alice):
    first = house.plan()[0]
    house.clock.at = first.ends_at
    page = today(alice)
    assert 'Needs you <span class="soft">(1)</span>' in page
    assert "Headcount missing" in page
    assert "Can be entered until Wed 25 Nov, 20:00." in page
    house.clock.advance(hours=48)
    assert "The time to enter it has passed" in today(alice)


@pytest.mark.parametrize("status", [SessionStatus.DONE, SessionStatus.CANCELLED])
def test_a_session_that_was_closed_or_called_off_needs_nothing(house, alice, status):
    first = house.plan()[0]
    with house.change() as db:
        db.get_one(GroupSession, first.id).status = status
    house.clock.at = first.ends_at
    assert "Headcount missing" not in today(alice)


def test_a_cancelled_session_stays_in_the_week_and_is_not_next(house, alice):
    first, second, *_ = house.plan()
    with house.change() as db:
        db.get_one(GroupSession, first.id).status = SessionStatus.CANCELLED
    page = today(alice)
    assert '<li class="off">' in page
    assert "Cancelled" in page
    assert "session 2</h2>" in page
    assert f'href="/sessions/{second.id}/run"' in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (OutboxState.HELD, "1 message waits for you"),
        (OutboxState.FAILED, "1 message failed"),
        (OutboxState.EXPIRED, "1 message was too late"),
    ],
)
def test_a_message_that_needs_a_person_is_named_without_saying_for_whom(house, alice, state, words):
    first = house.plan()[0]
    with house.change() as db:
        make_message(db, first, state=state, participant_id=house.person_id)
    page = today(alice)
    assert words in page
    assert 'Needs you <span class="soft">(1)</span>' in page
    assert "Pat" not in page


def test_equal_messages_are_one_line_with_their_number_their_reason_and_a_link(house, alice):
    first = house.plan()[0]
    with house.change() as db:
        for reason in ("no_answer", "no_answer", "no_answer", "worker_died"):
            make_message(db, first, state=OutboxState.HELD, reason=reason)
    page = today(alice)
    assert 'Needs you <span class="soft">(2)</span>' in page
    assert page.count("3 messages wait for you") == 1
    assert page.count("1 message waits for you") == 1
    line = page.partition("3 messages wait for you")[2].partition("</li>")[0]
    assert "3 h before. The mail server took the text and then went silent." in line
    assert 'href="/reminders#decisions"' in line


def fail_server(house, **values):
    since = house.clock.at
    usual = {"failures": 1, "reason": "unreachable", "last_error": "[Errno 111] Connection refused"}
    with house.change() as db:
        db.add(Channel(name="smtp", open_since_at=since, open_until_at=since, **(usual | values)))


def test_a_mail_server_that_is_down_needs_somebody_at_once(house, alice):
    house.plan()
    fail_server(house)
    house.clock.advance(minutes=2)
    page = today(alice)
    assert 'Needs you <span class="soft">(1)</span>' in page
    assert "The mail server does not answer. This has lasted 2 min." in page.partition("No mail goes out")[2]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("unreachable", "The mail server does not answer."),
        ("sign_in_refused", "The mail server does not accept our sign-in."),
        ("refused_by_policy", "The mail server refuses our messages."),
        ("no_answer", "The mail server takes messages and then goes silent."),
        ("", "The mail server does not answer."),
    ],
)
@pytest.mark.parametrize("path", ["/", "/reminders"])
def test_what_is_wrong_with_the_mail_server_is_said_in_plain_words(house, alice, path, reason, words):
    house.plan()
    fail_server(house, reason=reason)
    page = " ".join(alice.get(path).text.split())
    assert words in page
    assert "Errno" not in page
    with house.change() as db:
        house.account(db, "alice").role = Role.ADMIN
    assert "[Errno 111] Connection refused" in alice.get(path).text


@pytest.mark.parametrize("state", [OutboxState.FAILED, OutboxState.EXPIRED])
def test_a_message_that_failed_needs_nobody_once_the_session_has_begun(house, alice, state):
    first = house.plan()[0]
    with house.change() as db:
        make_message(db, first, state=state)
    house.clock.at = first.starts_at
    assert "Nothing needs you now." in today(alice)


def test_a_session_with_an_empty_slot_needs_a_choice(house, alice):
    first = house.plan()[0]
    with house.change() as db:
        filled = update(Assignment).where(Assignment.session_id == first.id, Assignment.prompt_version_id.is_not(None))
        db.execute(filled.values(prompt_version_id=None))
    page = today(alice)
    assert "empty slot" in page
    assert f'href="/sessions/{first.id}"' in page


def test_a_plan_of_the_next_three_days_that_nobody_looked_over_needs_a_look(house, alice):
    first, second = house.plan(looked_over=False)[:2]
    page = today(alice)
    assert "Plan not looked over" in page
    assert 'Needs you <span class="soft">(1)</span>' in page
    alice.post(f"/sessions/{first.id}/looked-over")
    assert "Plan not looked over" not in today(alice)
    house.clock.at = second.starts_at - timedelta(days=3)
    assert "Plan not looked over" in today(alice)
    house.clock.at -= timedelta(seconds=1)
    assert "Plan not looked over" not in today(alice)


def test_nothing_of_somebody_elses_group_is_there(house):
    first = house.plan()[0]
    with house.change() as db:
        make_message(db, first, state=OutboxState.HELD)
        make_group(db, house.account(db, "charlie"), house.clock(), label="Blue Room")
    house.clock.at = first.ends_at
    page = today(house.client("charlie"))
    assert "Monday Circle" not in page
    assert "Nothing needs you now." in page


def test_more_than_five_needs_show_five_and_lead_to_the_rest(house, alice):
    first = house.plan()[0]
    with house.change() as db:
        for number in range(8):
            make_message(db, first, state=OutboxState.HELD, lead_minutes=60 * (number + 1))
    page = today(alice)
    assert page.count("1 message waits for you</span>") == 5
    assert 'Needs you <span class="soft">(8)</span>' in page
    assert "All messages that need you" in page
    assert "more session" not in page


def test_many_rooms_left_open_are_no_reason_to_be_sent_to_the_messages(house, alice):
    sessions = house.plan()
    house.clock.at = sessions[-1].ends_at
    page = today(alice)
    assert page.count("Headcount missing") == 5
    assert 'Needs you <span class="soft">(8)</span>' in page
    assert "All messages that need you" not in page
    assert "3 more sessions, on the pages of their groups" in page


def test_a_worker_that_is_silent_is_told_above_everything_else(house, alice):
    with house.change() as db:
        db.execute(update(Tick).values(finished_at=house.clock() - timedelta(minutes=3)))
    house.plan()
    page = today(alice)
    assert "Not as it should be" in page
    note = page.partition('class="note bad"')[2].partition("</div>")[0]
    assert "Nobody sends: the worker is silent." in note
    assert "It was last heard of 3 min ago." in note
    assert page.index("Nobody sends: the worker is silent.</b>") < page.index('id="next"')
    assert "Nothing else needs you now." in page


def test_a_worker_that_is_alive_is_no_news(house, alice):
    assert "silent" not in today(alice)


def test_pausing_all_messages_is_one_press_and_so_is_letting_them_go(house, alice):
    assert "Pause all messages" in today(alice)
    assert alice.post("/reminders/pause").status_code == 303
    assert "Let messages go again" in today(alice)
    alice.post("/reminders/pause")
    assert "Pause all messages" in today(alice)


def test_a_co_facilitator_sees_the_day_of_the_group(house):
    house.plan()
    assert "Monday Circle, session 1" in today(house.client("bob"))


def test_long_names_and_places_are_escaped_and_kept_whole(house, alice):
    label = "<b>" + "W" * 76
    with house.change() as db:
        group = db.get_one(Group, house.group_id)
        group.label, group.place = label, "&" * 200
    house.plan()
    page = alice.get("/").text
    assert f"&lt;b&gt;{'W' * 76}" in page
    assert "&amp;" * 200 in page


@pytest.fixture
def crowded(house):
    """Thirty groups with more than two hundred sessions, and messages of every state."""
    house.plan()
    with house.change() as db:
        alice = house.account(db, "alice")
        for number in range(29):
            group = make_group(db, alice, house.clock(), label=f"Circle {number:02}")
            sessions = make_series(db, group, house.clock(), first_on=house.clock().date() + timedelta(days=number))[1]
            for state in (OutboxState.HELD, OutboxState.FAILED, OutboxState.PENDING, OutboxState.SENT):
                make_message(db, sessions[-1], state=state, reason="greylisted")
        assert db.query(GroupSession).count() >= 200
        db.execute(delete(Tick))
    return house


def test_every_page_of_lists_takes_few_queries_whatever_the_size(crowded):
    alice, found = crowded.client(), {}
    pages = ["/", "/groups", "/reminders", "/crisis-card", "/settings", "/reports", "/groups/new"]
    pages += [crowded.at(ending) for ending in ("", "/edit", "/people", f"/people/{crowded.person_id}", "/reminders")]
    for path in pages:
        with counted(crowded.database) as statements:
            assert alice.get(path).status_code == 200
        found[path.replace(crowded.group_id, "x")] = statements["SELECT"]
    assert {path: count for path, count in found.items() if count > MOST_QUERIES} == {}


def test_the_end_of_a_list_is_told_from_seven_days_before_with_what_keeps_it(house, alice):
    last = house.plan()[-1]
    with house.change() as db:
        db.execute(update(GroupSession).values(status=SessionStatus.DONE))
    house.clock.at = last.ends_at + timedelta(days=22)
    assert "A list ends" not in today(alice)
    house.clock.advance(days=1)
    page = today(alice)
    assert 'Needs you <span class="soft">(1)</span>' in page
    assert "The list of Monday Circle is erased on Wednesday 10 February. To keep it, plan another" in page
    assert f'href="{house.at("/people")}#end"' in page
    assert 'id="end"' in alice.get(house.at("/people")).text
    assert "A list ends" not in today(house.client("bob"))


def test_a_session_to_come_takes_the_end_of_the_list_away(house, alice):
    last = house.plan()[-1]
    house.clock.at = last.ends_at + timedelta(days=25)
    assert "A list ends" in today(alice)
    with house.change() as db:
        planned = update(GroupSession).where(GroupSession.id == last.id)
        db.execute(planned.values(ends_at=house.clock() + timedelta(days=9)))
    assert "A list ends" not in today(alice)
