"""The run screen as pages: whole without scripts, small to ask about, the same for everyone who leads."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession, LiveSession
from facilitator.prompts.models import PromptVersion
from tests import evening
from tests.factories import ON_SQLITE, counted
from tests.planning.pages import filling, offers, path, press, segment_id, session

pytestmark = ON_SQLITE
MOST_QUERIES = 8
MOST_BYTES = 120_000


@pytest.fixture
def stage(config, database, now):
    found = evening.begin(config, database, now)
    found.clock.at = found.starts_at
    return found


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def bob(stage):
    return stage.client("bob")


def run(stage) -> str:
    return f"{path(stage, 1)}/run"


def go(client, stage, act, turn=None, *, script=False, **values):
    data = {"do": act, **values} | ({} if turn is None else {"turn": turn})
    return client.post(run(stage), data=data, headers={"Accept": "application/json"} if script else {})


def heading(response) -> str:
    return re.search(r"<h1[^>]*>([^<]*)<", response.text)[1]


def row(stage):
    with stage.database.read() as db:
        return db.get(LiveSession, stage.session_ids[0])


def test_opening_the_screen_changes_nothing_and_offers_the_start(stage, alice):
    page = alice.get(run(stage))
    assert heading(page) == session_part(stage, 0)
    assert 'value="start">' in page.text
    assert row(stage) is None


def session_part(stage, number):
    with stage.database.read() as db:
        from facilitator.planning.models import Segment  # noqa: PLC0415 - one use

        found = select(Segment.title).where(Segment.session_id == stage.session_ids[0]).order_by(Segment.position)
        return db.scalars(found).all()[number]


def test_a_press_without_scripts_leads_back_to_the_screen_as_it_stands(stage, alice):
    answer = press(alice, alice.get(run(stage)), run(stage), do="start")
    assert answer.status_code == 303
    answer = press(alice, alice.get(run(stage)), run(stage), do="next")
    stage.clock.advance(minutes=2)
    page = alice.get(answer.location)
    assert heading(page) == session_part(stage, 1)
    assert "min left of" in page.text
    assert row(stage).turn == 2


def test_a_press_on_an_older_picture_is_refused_in_words_and_skips_nothing(stage, alice, bob):
    go(alice, stage, "start")
    seen_by_both = alice.get(run(stage))
    press(alice, seen_by_both, run(stage), do="next")
    late = press(bob, seen_by_both, run(stage), do="next")
    page = bob.get(late.location)
    assert "Something else was pressed meanwhile. This is how it stands now." in page.text
    assert heading(page) == session_part(stage, 1)
    assert heading(alice.get(run(stage))) == session_part(stage, 1)


def test_the_script_is_answered_with_the_state_and_a_refusal_as_well(stage, alice):
    first = go(alice, stage, "start", turn=0, script=True)
    assert (first.status_code, first.json["turn"], first.json["part"]) == (200, 1, first.json["part"])
    late = go(alice, stage, "start", turn=0, script=True)
    assert (late.status_code, late.json["turn"]) == (409, 1)
    again = go(alice, stage, "next", turn=1, key="k", script=True)
    assert again.json == go(alice, stage, "next", turn=1, key="k", script=True).json


def test_what_has_not_changed_is_said_in_no_bytes_and_what_has_in_few(stage, alice, bob):
    asked = alice.get(f"{run(stage)}/state")
    tag = {"If-None-Match": asked.headers["ETag"]}
    stage.clock.advance(seconds=2)
    same = alice.get(f"{run(stage)}/state", headers=tag)
    assert (same.status_code, same.data) == (304, b"")
    go(bob, stage, "start")
    other = alice.get(f"{run(stage)}/state", headers=tag)
    assert other.status_code == 200
    assert len(other.data) < 1000
    assert other.json["from"] == stage.clock.at.timestamp()


def test_a_swap_by_the_other_and_new_words_on_the_wall_are_a_new_mark(stage, alice, bob):
    marks = [alice.get(f"{run(stage)}/state").json["mark"]]
    part_id = segment_id(stage, "checkin", 1)
    address = f"{run(stage)}/swap/{part_id}"
    choice = offers(bob.get(address))[0]
    answer = press(bob, bob.get(address), address, choice=choice)
    assert answer.location == run(stage)
    marks.append(alice.get(f"{run(stage)}/state").json["mark"])
    bob.post(f"{path(stage, 1)}/check-in")
    marks.append(alice.get(f"{run(stage)}/state").json["mark"])
    stage.clock.advance(minutes=11)
    marks.append(alice.get(f"{run(stage)}/state").json["mark"])
    assert len(set(marks)) == 4
    assert filling(stage, "checkin", 1).prompt_version_id == choice


def test_a_swap_of_what_was_swapped_meanwhile_or_does_not_fit_changes_nothing(stage, alice, bob):
    address = f"{run(stage)}/swap/{segment_id(stage, 'checkin', 1)}"
    page = alice.get(address)
    first, second = offers(page)[:2]
    press(bob, page, address, choice=second)
    late = press(alice, page, address, choice=first)
    assert late.status_code == 409
    assert "changed elsewhere meanwhile" in late.text
    assert filling(stage, "checkin", 1).prompt_version_id == second
    with stage.database.read() as db:
        deep = db.scalars(
            select(PromptVersion.id).where(PromptVersion.depth == 3, PromptVersion.phase == "checkin")
        ).first()
        other = deep or db.scalars(select(PromptVersion.id).where(PromptVersion.phase == "integrate")).first()
    assert press(alice, alice.get(address), address, choice=other).status_code == 409
    assert alice.post(f"{run(stage)}/swap/{segment_id(stage, 'checkin', 2)}").status_code == 404


def test_an_exercise_is_swapped_from_the_room_too(stage, alice):
    address = f"{run(stage)}/swap/{segment_id(stage, 'ground_open', 1)}"
    page = alice.get(address)
    go(alice, stage, "start")
    press(alice, page, address, choice=offers(page)[0])
    assert filling(stage, "ground_open", 1).exercise_id == offers(page)[0]
    assert row(stage).revision == 2


def test_a_part_is_made_a_silent_minute_from_the_room_and_a_grounding_never(stage, alice):
    address = f"{run(stage)}/swap/{segment_id(stage, 'checkin', 1)}"
    assert press(alice, alice.get(address), address, choice="silent").status_code == 303
    assert filling(stage, "checkin", 1).prompt_version_id is None
    address = f"{run(stage)}/swap/{segment_id(stage, 'ground_open', 1)}"
    assert press(alice, alice.get(address), address, choice="silent").status_code == 409


@pytest.mark.parametrize("typed", ["", "eight", "x" * 40])
def test_a_count_that_is_no_number_is_refused(stage, alice, typed):
    assert go(alice, stage, "count", heads=typed).status_code == 422


@pytest.mark.parametrize("act", ["", "stop", "START"])
def test_what_nobody_can_press_is_refused(stage, alice, act):
    assert go(alice, stage, act).status_code == 422


def test_the_count_steps_from_what_is_shown_without_scripts(stage, alice):
    page = alice.get(run(stage))
    assert '<button class="btn" name="to" value="7"' in page.text
    go(alice, stage, "count", heads="", to="7")
    page = alice.get(run(stage))
    assert 'value="7"' in page.text
    go(alice, stage, "count", heads="7", to="8")
    assert row(stage).heads == 8


def test_slowing_down_opens_the_routine_for_both_and_going_on_closes_it(stage, alice, bob):
    go(alice, stage, "start", turn=0)
    assert 'class="sheet open" id="slow"' not in bob.get(run(stage)).text
    go(alice, stage, "slow", turn=1)
    page = bob.get(run(stage))
    assert 'class="sheet open" id="slow"' in page.text
    assert "The time is paused" in page.text
    stage.clock.advance(minutes=5)
    press(bob, page, run(stage), do="resume")
    page = alice.get(run(stage))
    assert 'class="sheet open" id="slow"' not in page.text
    assert "5 min behind plan" in page.text


def test_running_late_says_what_can_be_shorter_and_never_the_closing(stage, alice):
    stage.clock.advance(minutes=12)
    go(alice, stage, "start", turn=0)
    text = alice.get(run(stage)).text
    late = text[text.index('id="late"') : text.index('id="beyond"')]
    assert "12 min behind plan" in text
    assert ", by " in late
    assert "rounding" not in late


def test_the_screen_names_nobody_and_has_the_crisis_card_on_it(stage, alice):
    text = alice.get(run(stage)).text
    for name in (*evening.PEOPLE, "Alice Stone", "Bob Reed", "Monday Circle", "Old Mill 3"):
        assert not re.search(rf"\b{name}\b", text), name
    assert "Samaritans" in text
    assert 'id="crisis"' in text
    assert "<title>18:30 · Facilitator</title>" in text
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="/static/run.js">']


def test_every_word_of_the_plan_is_on_the_page_once(stage, alice):
    text = alice.get(run(stage)).text
    with stage.database.read() as db:
        found = select(Assignment).where(Assignment.session_id == stage.session_ids[0])
        ids = [each.segment_id for each in db.scalars(found)]
        words = [
            each.text[:30]
            for each in db.scalars(
                select(PromptVersion).join(Assignment).where(Assignment.session_id == stage.session_ids[0])
            )
        ]
    for part_id in ids:
        assert text.count(f'data-words="{part_id}"') == 1
    plain = text.replace("&#39;", "'").replace("&#34;", '"')
    assert all(plain.count(each) == 1 for each in words)


def test_the_words_of_an_open_room_are_on_the_screen(stage, alice):
    assert 'id="check-in"' not in alice.get(run(stage)).text
    alice.post(f"{path(stage, 1)}/check-in")
    text = alice.get(run(stage)).text
    assert 'id="check-in"' in text
    assert 'class="qr"' in text


def test_the_page_and_the_question_cost_little(stage, alice):
    alice.post(f"{path(stage, 1)}/check-in")
    go(alice, stage, "start")
    with counted(stage.database) as queries:
        page = alice.get(run(stage))
    assert queries["SELECT"] <= MOST_QUERIES
    assert len(page.data) < MOST_BYTES
    with counted(stage.database) as queries:
        alice.get(f"{run(stage)}/state")
    assert queries["SELECT"] <= 5
    address = f"{run(stage)}/swap/{segment_id(stage, 'checkin', 1)}"
    with counted(stage.database) as queries:
        alice.get(address)
    assert queries["SELECT"] <= MOST_QUERIES


@pytest.mark.parametrize(("minutes", "can"), [(-61, False), (-59, True)])
def test_the_plan_is_there_at_any_time_and_the_start_from_an_hour_before(stage, alice, minutes, can):
    stage.clock.at = stage.starts_at + timedelta(minutes=minutes)
    page = alice.get(run(stage))
    assert ('value="start"' in page.text) is can
    assert go(alice, stage, "start").status_code == (303 if can else 409)


def test_nobody_else_sees_or_moves_it(stage):
    charlie = stage.client("charlie")
    part_id = segment_id(stage, "checkin", 1)
    for tail in ("", "/state", f"/swap/{part_id}"):
        assert charlie.get(run(stage) + tail).status_code == 404
    for tail in ("", f"/swap/{part_id}"):
        assert charlie.post(run(stage) + tail, data={"do": "start"}).status_code == 404
    assert row(stage) is None


def finish(client, stage, last="next"):
    """Run through the plan, three minutes a part, skipping the one after the opening grounding."""
    go(client, stage, "start")
    turn = 1
    while not (client.get(f"{run(stage)}/state").json["over"]):
        stage.clock.advance(minutes=3)
        go(client, stage, "skip" if turn == 4 else last, turn=turn)
        turn += 1


def test_the_end_leads_to_the_closing_which_begins_with_what_the_screen_knows(stage, alice):
    go(alice, stage, "count", heads=6)
    finish(alice, stage)
    page = alice.get(run(stage))
    assert heading(page) == "The session is over"
    assert re.search(rf'id="close" href="{path(stage, 1)}/close">', page.text)
    room = alice.get(f"{path(stage, 1)}/close").text
    assert 'name="headcount" type="text" value="6"' in room
    assert "It starts from the count on the run screen: 6." in room
    chosen = re.findall(r'value="(\w+)" checked', room)
    assert set(chosen) >= {"used", "skipped"} or set(chosen) >= {"cut_short", "skipped"}
    assert re.search(r'name="minutes-[^"]+" value="\d+"', room)


def test_closing_forgets_where_the_session_stood(stage, alice):
    go(alice, stage, "count", heads=6)
    finish(alice, stage)
    stage.after(minutes=1)
    press(alice, alice.get(f"{path(stage, 1)}/close"), f"{path(stage, 1)}/close", do="close")
    assert row(stage) is None
    assert session(stage, 1).status == "done"
    page = alice.get(run(stage))
    assert page.status_code == 200
    assert 'name="do"' not in page.text
    assert alice.get(f"{run(stage)}/state").json["closed"] is True
    assert go(alice, stage, "start").status_code == 409


def test_a_session_that_did_not_take_place_is_forgotten_too(stage, alice):
    go(alice, stage, "start")
    stage.after(minutes=1)
    alice.post(f"{path(stage, 1)}/close", data={"do": "not_held", "reason": "weather"})
    assert row(stage) is None


def test_times_are_those_of_the_place_of_the_session(stage, alice):
    go(alice, stage, "start")
    with stage.database.read() as db:
        found = db.get(GroupSession, stage.session_ids[0])
        assert db.get(Group, found.group_id).zone == found.zone
    assert "until 18:" in alice.get(run(stage)).text
