"""The four questions on the page of a meeting: when they are there, what they say, and that everybody gets the same."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.attendance.models import PulseCount, PulseKept
from facilitator.planning.models import GroupSession
from tests import evening

SAME = {"Sec-Fetch-Site": "same-origin"}
GIVEN = {"steady": "5", "free": "4", "pace": "3", "use": "unsaid"}


@pytest.fixture
def over(stage):
    stage.after(minutes=5)
    return stage


def page_of(stage, ending=""):
    return f"/s/{stage.page}/pulse{ending}"


def send(stage, answers=GIVEN, **headers):
    return stage.client().post(page_of(stage), data=answers, headers=SAME | headers)


def moved(stage):
    with stage.database.read() as db:
        rows = db.execute(select(PulseCount.question, PulseCount.answer, PulseCount.given).where(PulseCount.given > 0))
        return {question: (answer, given) for question, answer, given in rows}


@pytest.mark.parametrize(
    ("after", "asked"),
    [(timedelta(minutes=-11), False), (timedelta(minutes=-10), True), (timedelta(hours=23, minutes=59), True)],
)
def test_the_page_of_the_meeting_leads_to_the_questions_while_they_are_open(stage, after, asked):
    stage.clock.at = stage.ends_at + after
    client = stage.client()
    assert (page_of(stage) in client.get(f"/s/{stage.page}").text) is asked
    assert client.get(page_of(stage)).status_code == (200 if asked else 409)
    assert send(stage).status_code == (303 if asked else 409)


def test_a_day_after_the_meeting_the_link_has_ended(stage):
    stage.after(hours=24)
    assert stage.client().get(page_of(stage)).status_code == 404
    assert send(stage).status_code == 404
    assert moved(stage) == {}


@pytest.mark.parametrize(("column", "value"), [("status", "cancelled"), ("not_held", "weather")])
def test_of_a_meeting_that_was_not_held_nothing_is_asked(over, column, value):
    with over.database.write() as db:
        setattr(db.get_one(GroupSession, over.session_ids[0]), column, value)
        db.commit()
    assert page_of(over) not in over.client().get(f"/s/{over.page}").text
    assert send(over).status_code == 409


def test_every_question_has_five_answers_and_rather_not_say_as_large_as_they_and_none_is_chosen(over):
    page = over.client().get(page_of(over)).text
    assert page.count("<fieldset") == 4
    assert page.count('type="radio"') == 24
    assert page.count('value="unsaid"') == 4
    assert not re.search(r"<input[^>]*\schecked", page)
    assert "textarea" not in page
    assert page.count('class="opt"') == 24


def test_what_is_answered_moves_four_counters(over):
    assert send(over).status_code == 303
    assert moved(over) == {"steady": ("5", 1), "free": ("4", 1), "pace": ("3", 1), "use": ("unsaid", 1)}


@pytest.mark.parametrize("answers", [{}, {"steady": "6", "free": "", "pace": "<b>", "use": "\x00"}])
def test_what_is_left_out_or_cannot_be_is_unsaid(over, answers):
    assert send(over, answers).status_code == 303
    assert moved(over) == dict.fromkeys(("steady", "free", "pace", "use"), ("unsaid", 1))


def test_every_sending_gets_the_same_answer_and_no_cookie(over):
    replies = [send(over, answers) for answers in (GIVEN, {}, dict.fromkeys(GIVEN, "1"))]
    assert len({(reply.status_code, reply.location, reply.data) for reply in replies}) == 1
    assert not any("Set-Cookie" in reply.headers for reply in replies)
    assert replies[0].location == page_of(over, "/thanks")


def test_everybody_is_thanked_alike_and_shown_where_to_find_help(over):
    page = over.client().get(page_of(over, "/thanks")).text
    assert "Nothing about you was kept." in page
    assert 'id="help"' in page


def test_a_sending_from_somebody_elses_page_is_refused(over):
    assert send(over, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert moved(over) == {}


def test_opening_the_pages_changes_nothing(over):
    for ending in ("", "/thanks"):
        over.client().get(page_of(over, ending))
        over.client().head(page_of(over, ending))
    with over.database.read() as db:
        assert db.scalars(select(PulseCount)).all() == []


def test_the_questions_are_asked_in_the_language_of_the_group(config, database, now):
    stage = evening.begin(config, database, now, language="es")
    stage.after(minutes=5)
    assert "¿Qué te pareció el ritmo de hoy?" in stage.client().get(page_of(stage)).text


def keep(stage, question, **values):
    with stage.database.write() as db:
        row = {"session_id": stage.session_ids[0], "question": question, "sessions": 1, "answers": "6", "well": 8}
        db.add(PulseKept(**row | values))
        db.commit()


PROPOSAL = "The last pulse speaks for one depth lower next time."


@pytest.mark.parametrize(
    ("question", "values", "proposed"),
    [
        ("steady", {"well": 5}, True),
        ("steady", {"well": 6}, False),
        ("pace", {"fast": 3}, True),
        ("pace", {"fast": 2}, False),
        ("use", {"well": 1}, False),
    ],
)
def test_the_report_proposes_less_depth_when_few_left_steady_or_many_found_it_too_fast(
    over, question, values, proposed
):
    keep(over, question, **values)
    over.after(days=3)
    page = over.client("alice").get(f"/reports/groups/{over.group_id}").text
    assert (PROPOSAL in page) is proposed
    over.after(days=61)
    assert PROPOSAL not in over.client("alice").get(f"/reports/groups/{over.group_id}").text
