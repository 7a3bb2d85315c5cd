"""The reminders pages: what is coming, what waits for a person, the rules of a group; nobody is named anywhere."""

import re
from datetime import timedelta

import pytest

from facilitator.groups.models import Group
from facilitator.planning.models import GroupSession
from facilitator.reminders.health import TICK_PERIODS
from facilitator.reminders.models import Channel, OutboxMessage, ReminderRule, Tick
from facilitator.reminders.rules import KINDS_OF_TIME, OutboxState
from facilitator.reminders.service import follow_group, is_all_paused
from tests.factories import ON_SQLITE, make_group, make_message

pytestmark = ON_SQLITE


@pytest.fixture
def alice(house):
    return house.client()


@pytest.fixture
def first(house):
    """The first session of a series, with its reminders planned."""
    first = house.plan()[0]
    with house.change() as db:
        follow_group(db, db.get_one(Group, house.group_id), house.clock())
    return first


def text_of(response, status=200):
    assert response.status_code == status
    return " ".join(response.text.split())


def leads(house):
    with house.read() as db:
        found = db.query(ReminderRule.lead_minutes).filter_by(group_id=house.group_id)
        return sorted(minutes for (minutes,) in found)


def write(house, session, **values):
    with house.change() as db:
        return make_message(db, session, **values).id


def state_of(house, message_id):
    with house.read() as db:
        return db.get_one(OutboxMessage, message_id).state


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_pages_without_a_message_say_so(house, who):
    page = text_of(house.client(who).get("/reminders"))
    assert "Nothing is planned." in page
    assert "Nothing has gone out yet." in page
    assert ("You have no group yet." in page) == (who == "charlie")


def test_the_page_of_a_group_without_a_series_shows_a_letter_all_the_same(house, alice):
    page = text_of(alice.get(house.at("/reminders")))
    assert "Nothing is planned." in page
    assert "1 person on the list" in page
    assert "<pre" in page


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("path", ["/reminders", "group"])
def test_what_is_coming_stands_by_occasion_and_names_nobody(house, alice, path):
    page = text_of(alice.get(house.at("/reminders") if path == "group" else path))
    assert "3 h before" in page
    assert "48 h before" in page
    assert "Mon 23 Nov, 15:30" in page
    assert "Pat" not in page
    assert "pat@example.org" not in page


@pytest.mark.parametrize("state", [OutboxState.HELD, OutboxState.FAILED, OutboxState.EXPIRED])
def test_a_message_that_waits_for_a_person_says_what_it_is_and_why(house, alice, first, state):
    for kind in KINDS_OF_TIME:
        write(
            house, first, kind=kind, state=state, reason="no_answer", enhanced="4.4.2", participant_id=house.person_id
        )
    for path in ("/reminders", house.at("/reminders")):
        page = text_of(alice.get(path))
        waiting = page.partition('id="decisions"')[2].partition("</section>")[0]
        assert 'Needs you <span class="soft">(4)</span>' in waiting
        for words in ("3 h before", "New time", "Cancellation", "Takes place after all", "went silent"):
            assert words in waiting
        assert ("Send it once more" in waiting) == ("4.4.2" not in waiting) == (state is OutboxState.HELD)
        assert "Pat" not in page


@pytest.mark.parametrize("reason", ["", "try_later", "unreachable", "quiet_hours", "something_new"])
def test_a_message_that_is_tried_again_says_when(house, alice, first, reason):
    write(house, first, reason=reason, state=OutboxState.UNKNOWN if not reason else OutboxState.PENDING)
    words = "It goes out then: 15:30." if reason == "quiet_hours" else "We will try once more at 15:30."
    assert (words in text_of(alice.get("/reminders"))) == bool(reason)


def test_a_try_whose_time_has_passed_is_not_promised_for_the_past(house, alice, first):
    write(house, first, reason="unreachable", next_attempt_at=house.clock() - timedelta(hours=1))
    page = text_of(alice.get("/reminders"))
    assert "We try once more as soon as possible." in page
    assert "08:00" not in page.partition('id="up"')[2].partition("</section>")[0]


def test_while_the_server_is_left_alone_the_next_try_is_when_it_is_asked_again(house, alice, first):
    until = house.clock() + timedelta(minutes=15)
    with house.change() as db:
        db.add(Channel(name="smtp", failures=6, open_since_at=house.clock(), open_until_at=until, reason="unreachable"))
    for _ in range(3):
        write(house, first, reason="unreachable", next_attempt_at=house.clock() - timedelta(hours=1))
    page = text_of(alice.get("/reminders"))
    line = page.partition("3 messages wait")[2].partition("</p>")[0]
    assert 'The mail server does not answer. <span class="num">We will try once more at 09:15.' in line
    assert page.count("3 messages wait") == 1


def test_upcoming_shows_the_usual_time_and_how_many_are_earlier_and_later(house, alice, first):
    usual = first.starts_at - timedelta(hours=5)
    for hours in (-2, 0, 0, 0, 1):
        write(house, first, lead_minutes=300, next_attempt_at=usual + timedelta(hours=hours))
    page = text_of(alice.get("/reminders"))
    line = page.partition("5 h before")[2].partition("</li>")[0]
    assert "Mon 23 Nov, 13:30" in line
    assert "To 5 people, 1 earlier, 1 later" in line
    assert "Mon 23 Nov, 11:30" not in page


def test_what_was_never_sent_is_folded_into_one_line_for_each_occasion(house, alice, first):
    for state in (OutboxState.SUPERSEDED, OutboxState.SUPERSEDED, OutboxState.CANCELLED):
        write(house, first, state=state, lead_minutes=60)
    write(house, first, state=OutboxState.SENT, lead_minutes=120, sent_at=house.clock())
    ledger = text_of(alice.get("/reminders")).partition('id="ledger"')[2].partition("What the states mean")[0]
    open_part, _, folded = ledger.partition("<summary>Never sent</summary>")
    assert "2 h before" in open_part
    assert "1 h before" not in open_part
    assert (folded.count("1 h before"), "2 replaced" in folded, "1 withdrawn" in folded) == (1, True, True)


def test_failed_messages_of_one_kind_are_one_line(house, alice, first):
    for _ in range(4):
        write(house, first, state=OutboxState.FAILED, reason="no_such_mailbox", enhanced="5.1.1")
    waiting = text_of(alice.get("/reminders")).partition('id="decisions"')[2].partition("</section>")[0]
    assert 'Needs you <span class="soft">(4)</span>' in waiting
    assert waiting.count("4 messages failed") == 1
    assert waiting.count("The mailbox does not exist.") == 1


def test_the_first_wording_is_called_by_what_its_letters_carry(house, alice):
    page = text_of(alice.get(house.at("/reminders")))
    assert "Day and time" in page
    assert "Day only" not in page


def test_every_state_has_words_on_both_pages(house, alice, first):
    with house.change() as db:
        for lead, state in enumerate(OutboxState, start=60):
            make_message(db, first, state=state, lead_minutes=lead, reason="x", sent_at=house.clock())
    assert alice.get("/reminders").status_code == 200
    assert alice.get(house.at("/reminders")).status_code == 200


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [(("180", "2880"), [180, 2880]), (("1440", "0"), [1440]), (("0", "0"), []), (("0", "180"), [180])],
)
def test_the_rules_of_a_group_are_kept_and_its_messages_follow(house, alice, chosen, expected):
    response = alice.post(house.at("/reminders"), data={"first_lead": chosen[0], "second_lead": chosen[1]})
    assert response.status_code == 303
    assert leads(house) == expected
    page = text_of(alice.get(response.location))
    assert re.search(r"Saved\. \d+ messages? (was|were) planned and \d+ withdrawn\.", page)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (("180", "180"), "Choose two different times."),
        (("181", "0"), "Choose one of the answers."),
        (("x", "0"), "Choose one of the answers."),
        (("-180", "0"), "Choose one of the answers."),
        (("9" * 30, "0"), "Choose one of the answers."),
    ],
)
def test_rules_that_cannot_be_kept_say_why_beside_the_field_and_above_the_form(house, alice, chosen, sentence):
    response = alice.post(house.at("/reminders"), data={"first_lead": chosen[0], "second_lead": chosen[1]})
    page = text_of(response, 422)
    assert page.count(sentence) == 2
    assert "<title>Error: " in page
    assert 'aria-invalid="true"' in page
    assert leads(house) == [180, 2880]


def test_a_form_without_its_answers_changes_no_rule(house, alice):
    alice.post(house.at("/reminders"), data={})
    assert leads(house) == [180, 2880]


def test_a_rule_that_is_not_on_the_list_any_more_stays_until_it_is_changed(house, alice):
    with house.change() as db:
        db.query(ReminderRule).delete()
        db.add(ReminderRule(group_id=house.group_id, lead_minutes=100))
    assert '<option selected value="100">' in text_of(alice.get(house.at("/reminders")))


def test_a_group_is_paused_and_let_go_again(house, alice):
    for held_back in (True, False):
        assert alice.post(house.at("/reminders/pause")).status_code == 303
        page = text_of(alice.get(house.at("/reminders")))
        assert ('class="note warn"' in page) == held_back
        with house.read() as db:
            assert bool(db.get_one(Group, house.group_id).reminders_paused_at) == held_back


def test_everything_is_paused_and_let_go_again(house, alice):
    for held_back in (True, False):
        assert alice.post("/reminders/pause").status_code == 303
        assert ("All messages are held back." in text_of(alice.get("/reminders"))) == held_back
        with house.read() as db:
            assert is_all_paused(db) == held_back


@pytest.mark.parametrize(
    ("wording", "place_shown"), [("vague", False), ("plain", False), ("full", True), ("loud", False), ("", False)]
)
def test_the_letter_is_shown_in_the_wording_that_was_chosen(house, alice, first, wording, place_shown):
    with house.change() as db:
        db.get_one(GroupSession, first.id).place = "Old Mill 3"
    page = text_of(alice.get(house.at("/reminders"), query_string={"wording": wording}))
    letter = page.partition("<pre")[2].partition("</pre>")[0]
    assert ("Old Mill 3" in letter) == place_shown
    assert "/m/…" in letter


def test_the_ledger_goes_on_over_pages(house, alice, first):
    with house.change() as db:
        for number in range(35):
            make_message(db, first, state=OutboxState.SENT, lead_minutes=30 + number, sent_at=house.clock())
    page = text_of(alice.get("/reminders"))
    assert page.count(">Older</a>") == 1
    assert ">Newer</a>" not in page
    second = text_of(alice.get("/reminders?page=2"))
    assert ">Older</a>" not in second
    assert ">Newer</a>" in second
    assert "Sent" in second


def test_the_page_after_a_full_last_one_does_not_say_that_nothing_ever_went_out(house, alice, first):
    with house.change() as db:
        for number in range(30):
            make_message(db, first, state=OutboxState.SENT, lead_minutes=30 + number, sent_at=house.clock())
    page = text_of(alice.get("/reminders?page=2"))
    assert "There is nothing older." in page
    assert "Nothing has gone out yet." not in page


def test_only_ones_own_groups_are_on_the_page(house, first):
    write(house, first, state=OutboxState.HELD)
    with house.change() as db:
        make_group(db, house.account(db, "charlie"), house.clock(), label="Blue Room")
    page = text_of(house.client("charlie").get("/reminders"))
    assert "Blue Room" in page
    assert "Monday Circle" not in page
    assert "Needs you" not in page


def test_health_in_words_names_every_problem_once(house, alice, first):
    with house.change() as db:
        db.add(
            Channel(
                name="smtp",
                failures=9,
                open_since_at=house.clock() - timedelta(minutes=9),
                open_until_at=house.clock(),
                last_error="421 4.3.2 <b>closing</b>",
            )
        )
        write_due = house.clock() - timedelta(minutes=5)
        make_message(db, first, next_attempt_at=write_due)
    page = text_of(alice.get("/reminders"))
    card = page.partition('id="hl"')[2].partition("</section>")[0]
    assert card.count("Nobody sends: the worker is silent.") == 1
    assert page.count("Messages are late.") == 1


def test_health_is_well_when_every_tick_ran(house, alice):
    with house.change() as db:
        for name in TICK_PERIODS:
            db.add(Tick(name=name, owner="w", epoch=1, started_at=house.clock(), finished_at=house.clock()))
    page = text_of(alice.get("/reminders"))
    assert "Running" in page
    assert "Not as it should be" not in page
