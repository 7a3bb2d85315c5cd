"""Closing the room on the web: said before it is kept, kept in one go, and by those who lead alone."""

import re

import pytest
from sqlalchemy import select

from facilitator.attendance.models import Tally
from facilitator.planning.models import Assignment, GroupSession, Segment
from tests import evening
from tests.factories import counted


def path(stage, number=0):
    return f"/sessions/{stage.session_ids[number]}/close"


def kept(stage, number=0):
    with stage.database.read() as db:
        tally = db.get(Tally, stage.session_ids[number])
        return tally and tally.headcount


def status(stage, number=0):
    with stage.database.read() as db:
        return db.get(GroupSession, stage.session_ids[number]).status


def outcomes(stage):
    """Return what was said of each part of the first session, in order: {segment id: outcome}."""
    with stage.database.read() as db:
        found = select(Assignment.segment_id, Assignment.outcome).join(Segment, Segment.id == Assignment.segment_id)
        return dict(
            db.execute(found.where(Segment.session_id == stage.session_ids[0]).order_by(Segment.position)).all()
        )


def typed(response):
    """Return what stands in the number field."""
    field = re.search(r"<input[^>]*name=\"headcount\"[^>]*>", response.text)[0]
    return re.search(r'value="([^"]*)"', field)[1]


def test_the_page_asks_and_keeps_nothing(stage, alice):
    response = alice.get(path(stage))
    assert response.status_code == 200
    assert "How many people came?" in response.text
    assert typed(response) == "8"
    assert kept(stage) is None


@pytest.mark.parametrize(
    ("number", "button", "expected"),
    [("", "1", "9"), ("", "-1", "7"), ("7", "1", "8"), ("0", "-1", "0"), ("500", "1", "500"), ("x", "1", "9")],
)
def test_a_step_changes_the_number_on_the_page_and_keeps_nothing(stage, alice, number, button, expected):
    response = alice.post(path(stage), data={"headcount": number, "by": button})
    assert response.status_code == 200
    assert typed(response) == expected
    assert kept(stage) is None


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("8", "You counted 8. We will keep “7 or more”,"),
        ("6", "You counted 6. We will keep 6."),
        ("0", "You counted 0. We will keep “few”,"),
    ],
)
def test_the_page_says_what_will_be_kept_before_it_is(stage, alice, number, sentence):
    response = alice.post(path(stage), data={"headcount": number, "by": "show"})
    assert sentence in response.text
    assert kept(stage) is None


@pytest.mark.parametrize(
    ("people", "values", "sentence", "code"),
    [
        (4, {}, "We will keep “held”,", "held"),
        (4, {"precision": "exact"}, "You counted 4. We will keep 4.", "4"),
        (8, {"precision": "guarded"}, "We will keep “about half”,", "half"),
    ],
)
def test_the_sentence_and_the_row_follow_the_size_of_the_list_and_the_choice_of_the_group(
    config, database, now, people, values, sentence, code
):
    begun = evening.begin(config, database, now, evening.PEOPLE[:people], **values)
    begun.after(minutes=5)
    alice = begun.client("alice")
    assert sentence in alice.post(path(begun), data={"headcount": "4", "by": "show"}).text
    alice.post(path(begun), data={"headcount": "4", "do": "close"})
    assert kept(begun) == code


def test_closing_keeps_the_count_and_what_was_used_and_marks_the_session_as_held(stage, alice):
    first, second, *rest = outcomes(stage)
    data = {"headcount": " 8 ", "do": "close", f"outcome-{first}": "used", f"outcome-{second}": "cut_short"}
    response = alice.post(path(stage), data=data)
    assert (response.status_code, response.location) == (303, f"/groups/{stage.group_id}")
    assert (kept(stage), status(stage)) == ("7+", "done")
    assert outcomes(stage) == {first: "used", second: "cut_short"} | dict.fromkeys(rest, "not_said")


def test_saving_the_count_only_leaves_the_session_open_and_the_outcomes_unsaid(stage, alice):
    first = next(iter(outcomes(stage)))
    alice.post(path(stage), data={"headcount": "5", "do": "count", f"outcome-{first}": "used"})
    assert (kept(stage), status(stage)) == ("5", "scheduled")
    assert set(outcomes(stage).values()) == {"not_said"}


def test_what_was_said_once_can_be_taken_back(stage, alice):
    first = next(iter(outcomes(stage)))
    alice.post(path(stage), data={"headcount": "5", "do": "close", f"outcome-{first}": "skipped"})
    shown = alice.get(path(stage)).text
    assert re.search(f'name="outcome-{first}" value="skipped" checked', shown)
    alice.post(path(stage), data={"headcount": "5", "do": "close"})
    assert set(outcomes(stage).values()) == {"not_said"}


@pytest.mark.parametrize(("button", "checked"), [("all_used", "used"), ("no_answers", None)])
def test_one_press_fills_or_clears_the_answers_and_keeps_nothing(stage, alice, button, checked):
    parts = list(outcomes(stage))
    data = {"headcount": "5", "by": button, f"outcome-{parts[0]}": "skipped"}
    found = re.findall(r'name="outcome-([^"]+)" value="([a-z_]+)" checked', alice.post(path(stage), data=data).text)
    assert dict(found) == ({} if checked is None else dict.fromkeys(parts, checked))
    assert set(outcomes(stage).values()) == {"not_said"}


def test_the_answers_stay_on_the_page_through_a_step(stage, alice):
    part = next(iter(outcomes(stage)))
    text = alice.post(path(stage), data={"headcount": "5", "by": "1", f"outcome-{part}": "cut_short"}).text
    assert f'name="outcome-{part}" value="cut_short" checked' in text


@pytest.mark.parametrize("wrong", ["", " ", "-1", "501", "10000", "eight", "6.5", "1e2", "٣", "<b>", "9" * 40])
@pytest.mark.parametrize("button", ["close", "count"])
def test_a_number_that_cannot_be_right_is_said_and_stays_as_it_was_typed(stage, alice, wrong, button):
    response = alice.post(path(stage), data={"headcount": wrong, "do": button})
    assert response.status_code == 422
    assert "Enter a number from 0 to 500." in response.text
    assert "<title>Error:" in response.text
    assert typed(response) == wrong.replace("<", "&lt;").replace(">", "&gt;")
    assert (kept(stage), status(stage)) == (None, "scheduled")


@pytest.mark.parametrize("wrong", ["", "-1", "abc", "8.5", "501"])
def test_a_number_that_cannot_be_right_is_said_when_one_asks_what_is_kept(stage, alice, wrong):
    response = alice.post(path(stage), data={"headcount": wrong, "by": "show"})
    assert response.status_code == 422
    assert response.text.count("Enter a number from 0 to 500.") == 2
    assert "<title>Error:" in response.text
    assert 'aria-invalid="true"' in response.text
    assert typed(response) == wrong


MANY = "That is more than the 8 people of this group. Is it right?"


def test_more_people_than_the_group_and_its_facilitators_are_asked_about_once(stage, alice):
    shown = alice.post(path(stage), data={"headcount": "11", "by": "show"})
    assert (shown.status_code, shown.text.count(MANY)) == (200, 1)
    asked = alice.post(path(stage), data={"headcount": "11", "do": "close"})
    assert asked.status_code == 422
    assert MANY in asked.text
    assert 'name="sure" value="11"' in asked.text
    assert (kept(stage), status(stage)) == (None, "scheduled")
    assert alice.post(path(stage), data={"headcount": "500", "sure": "11", "do": "count"}).status_code == 422
    assert alice.post(path(stage), data={"headcount": "11", "sure": "11", "do": "close"}).status_code == 303
    assert (kept(stage), status(stage)) == ("7+", "done")


def test_as_many_as_the_group_and_its_facilitators_are_not_asked_about(stage, alice):
    assert MANY not in alice.post(path(stage), data={"headcount": "10", "by": "show"}).text
    assert alice.post(path(stage), data={"headcount": "10", "do": "close"}).status_code == 303


def test_where_nobody_is_listed_the_places_are_what_a_count_is_held_against(config, database, now):
    begun = evening.begin(config, database, now, ())
    begun.after(minutes=5)
    alice = begun.client("alice")
    assert alice.post(path(begun), data={"headcount": "10", "do": "count"}).status_code == 303
    assert MANY in alice.post(path(begun), data={"headcount": "11", "do": "count"}).text


def test_an_answer_that_there_is_not_is_no_answer(stage, alice):
    part = next(iter(outcomes(stage)))
    data = {"headcount": "5", "do": "close", f"outcome-{part}": "loved", "outcome-nowhere": "used"}
    assert alice.post(path(stage), data=data).status_code == 303
    assert set(outcomes(stage).values()) == {"not_said"}


def test_a_co_facilitator_closes_the_room_as_well(stage):
    assert stage.client("bob").post(path(stage), data={"headcount": "6", "do": "close"}).status_code == 303
    assert kept(stage) == "6"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_no_room(stage, method):
    response = getattr(stage.client("charlie"), method)(path(stage), data={"headcount": "6", "do": "close"})
    assert response.status_code == 404
    assert kept(stage) is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_closes_a_room_without_signing_in(stage, method):
    response = getattr(stage.client(), method)(path(stage), data={"headcount": "6"})
    assert response.status_code == 303
    assert response.location.startswith("/login")
    assert kept(stage) is None


def test_a_form_without_its_token_is_refused(stage, alice):
    stage.app.config["WTF_CSRF_ENABLED"] = True
    assert alice.post(path(stage), data={"headcount": "6", "do": "close"}).status_code == 400
    assert kept(stage) is None


def test_a_session_that_has_not_begun_has_nobody_to_count(stage, alice):
    assert alice.get(path(stage, 1)).status_code == 409
    assert alice.post(path(stage, 1), data={"headcount": "6", "do": "close"}).status_code == 409
    assert kept(stage, 1) is None


def test_a_room_can_be_closed_while_the_session_runs(stage, alice):
    stage.after(minutes=-30)
    assert alice.post(path(stage), data={"headcount": "6", "do": "close"}).status_code == 303


def test_a_cancelled_session_has_nobody_to_count(stage, alice):
    with stage.database.write() as db:
        db.get(GroupSession, stage.session_ids[0]).status = "cancelled"
        db.commit()
    assert alice.get(path(stage)).status_code == 409
    assert alice.post(path(stage), data={"headcount": "6", "do": "close"}).status_code == 409


def test_a_correction_is_shown_what_is_kept_and_takes_its_place(stage, alice):
    alice.post(path(stage), data={"headcount": "8", "do": "close"})
    stage.after(hours=47)
    page = alice.get(path(stage))
    assert "Kept now: “7 or more”." in page.text
    assert typed(page) == ""
    alice.post(path(stage), data={"headcount": "5", "do": "close"})
    assert kept(stage) == "5"
    assert typed(alice.get(path(stage))) == "5"


def test_after_48_hours_the_count_stays_and_the_session_can_still_be_marked_as_held(stage, alice):
    stage.after(hours=48)
    page = alice.get(path(stage)).text
    assert "No count was kept" in page
    assert 'name="headcount"' not in page
    assert alice.post(path(stage), data={"headcount": "6", "do": "close"}).status_code == 409
    assert (kept(stage), status(stage)) == (None, "scheduled")
    assert alice.post(path(stage), data={"do": "held"}).status_code == 303
    assert (kept(stage), status(stage)) == (None, "done")


@pytest.mark.parametrize("people", [2, 8])
def test_the_page_takes_few_queries_whatever_the_size(config, database, now, people):
    begun = evening.begin(config, database, now, evening.PEOPLE[:people])
    begun.after(minutes=5)
    alice = begun.client("alice")
    with counted(database) as statements:
        assert alice.get(path(begun)).status_code == 200
    assert statements["SELECT"] <= 8


def prompts_of(stage):
    """Name the parts of the first session that hold a prompt, in order."""
    with stage.database.read() as db:
        found = select(Assignment.segment_id).join(Segment, Segment.id == Assignment.segment_id)
        found = found.where(Segment.session_id == stage.session_ids[0], Assignment.prompt_version_id.is_not(None))
        return list(db.scalars(found.order_by(Segment.position)))


def minutes(stage):
    with stage.database.read() as db:
        found = select(Assignment.segment_id, Assignment.actual_minutes)
        rows = db.execute(found.where(Assignment.session_id == stage.session_ids[0])).all()
        return {part: took for part, took in rows if took is not None}


def test_minutes_are_asked_for_prompts_alone_and_kept_with_the_rest(stage, alice):
    first, second, *_ = prompts_of(stage)
    page = alice.get(path(stage)).text
    assert set(re.findall(r'name="minutes-([^"]+)"', page)) == set(prompts_of(stage))
    data = {"headcount": "6", "do": "close", f"minutes-{first}": " 18 ", f"minutes-{second}": ""}
    assert alice.post(path(stage), data=data).status_code == 303
    assert minutes(stage) == {first: 18}
    assert 'value="18"' in alice.get(path(stage)).text
    session = alice.get(f"/sessions/{stage.session_ids[0]}").text
    assert "took 18 min in place of" in session


@pytest.mark.parametrize("typed_in", ["0", "121", "-5", "ten", "12.5", "9" * 400])
@pytest.mark.parametrize("do", ["close", "count"])
def test_minutes_that_cannot_be_right_are_said_beside_their_part_and_everything_stays(stage, alice, typed_in, do):
    first, second, *_ = prompts_of(stage)
    data = {
        "headcount": "6",
        "do": do,
        f"minutes-{first}": typed_in,
        f"minutes-{second}": "9",
        f"outcome-{first}": "used",
    }
    page = alice.post(path(stage), data=data)
    assert page.status_code == 422
    assert f'href="#minutes-{first}"' in page.text
    assert f'id="minutes-{first}-err"' in page.text
    assert f'id="minutes-{second}-err"' not in page.text
    assert "Enter minutes from 1 to 120, or leave it blank." in page.text
    assert f'value="{typed_in[:20]}"' in page.text
    assert 'value="9"' in page.text
    assert typed(page) == "6"
    assert (kept(stage), minutes(stage), status(stage)) == (None, {}, "scheduled")


def test_leaving_all_blank_blanks_the_minutes_too(stage, alice):
    first = prompts_of(stage)[0]
    page = alice.post(path(stage), data={"headcount": "6", "by": "no_answers", f"minutes-{first}": "18"})
    assert 'value="18"' not in page.text


def test_a_step_of_the_count_keeps_the_minutes_that_were_typed(stage, alice):
    first = prompts_of(stage)[0]
    page = alice.post(path(stage), data={"headcount": "6", "by": "1", f"minutes-{first}": "18"})
    assert 'value="18"' in page.text
    assert minutes(stage) == {}
