"""The page of one session: what it shows, and what is decided there for the whole evening."""

import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, select

from config import Mode
from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.service import approve
from tests import evening
from tests.factories import counted
from tests.planning import stage as rows
from tests.planning.pages import filling, part, path, segment_id, session

MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def test_the_page_says_when_where_what_and_why(stage, alice):
    text = alice.get(path(stage)).text
    assert "Monday 25 January, 18:30 to 20:00, Berlin time (CET) · Old Mill 3" in text
    assert "session 3 of 8" in text
    head = text[: text.index("Depth through the session")]
    assert re.search(r"Identity.*then.*Belonging", head, re.DOTALL)
    assert re.search(r'<b>Say first:</b> [^<]+</p>\s*<blockquote class="say">', text)
    assert "Why this prompt" in text
    assert "90 of 90 minutes" in text
    assert "have not had clinical review" in text
    assert "5 prompts not reviewed" in text
    assert "Depth by time." in text


def test_the_demonstration_says_once_that_its_prompts_are_not_reviewed(subtests, stage, alice):
    for url in (f"{path(stage)}/sheet", f"{part(stage, 'explore_a')}/swap"):
        with subtests.test(url[-6:]):
            text = alice.get(url).text
            assert text.count("Not reviewed") == text.count("Not reviewed, unless marked") == 1
            assert "have not had clinical review" in text


def test_the_plan_of_the_demonstration_counts_once_what_is_not_reviewed(stage, alice):
    text = alice.get(path(stage)).text
    assert "Not reviewed" not in text
    assert text.count("5 prompts not reviewed") == 1
    assert "What is reviewed is marked in the plan." in text


def test_what_is_reviewed_or_ones_own_is_marked_in_the_demonstration_too(stage, alice):
    with stage.database.write() as db:
        approve(db, [filling(stage, "checkin").prompt_version_id], "psychologist", date(2026, 11, 1))
        db.commit()
    assert "Reviewed 1 November 2026" in alice.get(path(stage)).text


def test_where_review_is_required_every_unreviewed_prompt_is_marked_on_screen_and_on_paper(config, database, now):
    stage = evening.begin(replace(config, mode=Mode.PRODUCTION), database, now)
    alice = stage.client("alice")
    for url in (path(stage), f"{path(stage)}/sheet"):
        text = alice.get(url).text
        assert text.count("Not reviewed") >= 5
        assert "unless marked" not in text


def test_no_code_of_a_reason_reaches_the_page(stage, alice):
    for number in range(1, 9):
        text = alice.get(path(stage, number)).text
        assert not re.search(r"\b(?:side_missing|cell_\w+|depth_\w+|h\d+_\w+|not_reviewed|explore_a)\b", text)
        assert "{" not in re.sub(r"<[^>]*>", "", text)


def test_the_page_costs_few_queries(stage, alice):
    with counted(stage.database) as found:
        assert alice.get(path(stage)).status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_the_page_costs_the_same_in_a_long_group(stage, alice):
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        for year in (2028, 2029):
            rows.make_series(db, group, pathway_id="closed-12", first_on=date(year, 1, 10), zone=group.zone)
        db.commit()
    with counted(stage.database) as found:
        assert alice.get(path(stage)).status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_lowering_the_limit_chooses_again_what_is_too_deep(stage, alice):
    response = alice.post(f"{path(stage)}/limit", data={"limit": "1"})
    assert response.status_code == 303
    text = alice.get(path(stage)).text
    assert "The limit of this session is now depth 1." in text
    assert "Deepest 1, limit 1" in text
    assert session(stage).depth_limit == 1


def test_lowering_the_limit_says_what_was_chosen_again_what_stayed_and_what_can_be_done(stage, alice):
    alice.post(f"{part(stage, 'explore_b')}/lock", data={"locked": "1"})
    kept = filling(stage, "explore_b").prompt_version_id
    alice.post(f"{path(stage)}/limit", data={"limit": "1"})
    text = alice.get(path(stage)).text
    assert filling(stage, "explore_b").prompt_version_id == kept
    assert "Explore B stayed, because it is locked." in text
    assert "Depth 2 is above the limit of 1 that was set for this session." in text
    assert "You can unlock it and swap it." in text
    assert "What was too deep was chosen again" not in text
    chosen = re.search(r"Chosen again: ([^<]+)\.", text)
    assert "Explore B" not in (chosen[1] if chosen else "")


def test_a_limit_that_everything_keeps_says_that_nothing_was_changed(stage, alice):
    alice.post(f"{path(stage)}/limit", data={"limit": "1"})
    assert "Chosen again:" in alice.get(path(stage)).text
    alice.post(f"{path(stage)}/limit", data={"limit": "1"})
    text = alice.get(path(stage)).text
    assert "The plan fits as it is; nothing was changed." in text
    assert "Chosen again:" not in text


def test_leading_alone_says_what_stayed_too_deep(stage, alice):
    number = 5
    with stage.database.write() as db:
        where = segment_id(stage, "explore_b", number)
        focus = db.get(GroupSession, stage.session_ids[number - 1]).focus
        row = db.get(Assignment, where)
        row.prompt_version_id = db.scalars(select(PromptVersion.id).filter_by(depth=3, sub_bind=focus)).first()
        row.locked = True
        db.commit()
    alice.post(f"{path(stage, number)}/evening", data={"lone": "1"})
    text = alice.get(path(stage, number)).text
    assert "Explore B stayed, because it is locked. With one facilitator, the limit is depth 2." in text


def test_a_limit_outside_the_pathway_is_refused(stage, alice):
    for limit in ("0", "4", "x", "²", "9" * 10_000, ""):
        assert alice.post(f"{path(stage)}/limit", data={"limit": limit}).status_code == 422
    assert session(stage).depth_limit is None


def test_leading_alone_is_kept_and_caps_the_depth(stage, alice):
    alice.post(f"{path(stage, 5)}/evening", data={"lone": "1"})
    assert session(stage, 5).lone is True
    with stage.database.read() as db:
        depths = select(PromptVersion.depth).join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        assert max(db.scalars(depths.where(Assignment.session_id == stage.session_ids[4]))) <= 2
    alice.post(f"{path(stage, 5)}/evening", data={})
    assert session(stage, 5).lone is False


def test_questions_are_released_and_taken_back(stage, alice):
    alice.post(f"{path(stage)}/release", data={"materials": "1", "note": "1"})
    assert (session(stage).released, session(stage).note_released) == (True, True)
    alice.post(f"{path(stage)}/release", data={"note": "1"})
    assert (session(stage).released, session(stage).note_released) == (False, False)


def test_the_address_of_the_participants_page_opens_it_and_can_be_renewed(stage, alice):
    def address():
        return re.search(r'readonly value="http://localhost(/s/[^"]+)"', alice.get(path(stage)).text)[1]

    old = address()
    assert stage.client().get(old).status_code == 200
    assert alice.post(f"{path(stage)}/address").status_code == 303
    assert stage.client().get(old).status_code == 404
    assert stage.client().get(address()).status_code == 200


def test_a_cancelled_session_shows_its_plan_and_no_buttons(stage, alice):
    alice.post(f"{path(stage)}/cancel", data={"reason": "The room is flooded."})
    text = alice.get(path(stage)).text
    assert "This session is cancelled." in text
    assert "The room is flooded." in text
    assert "Choose again for unlocked slots" not in text
    assert alice.post(f"{path(stage)}/again").status_code == 409


def test_a_session_that_is_over_points_to_its_room(stage, alice):
    stage.after(minutes=5)
    text = alice.get(path(stage, 1)).text
    assert "This session is over and its room is open." in text
    assert f'href="{path(stage, 1)}/close"' in text
    assert "Choose again for unlocked slots" not in text


def test_the_run_sheet_has_every_part_with_its_words(stage, alice):
    text = alice.get(f"{path(stage)}/sheet").text
    for kind in ("checkin", "explore_a", "integrate"):
        with stage.database.read() as db:
            found = db.get(PromptVersion, filling(stage, kind).prompt_version_id)
        assert found.text[:20] in text.replace("&#39;", "'").replace("&#34;", '"')
    assert "Samaritans" in text
    assert "Shred it after closing the room." in text


def test_a_silent_minute_is_not_called_the_deepest_point(subtests, stage, alice):
    with stage.database.read() as db:
        note = db.get(Segment, segment_id(stage, "explore_b")).facilitator_note
    for tail in ("", "/sheet", "/run"):
        with subtests.test(tail):
            assert note in alice.get(path(stage) + tail).text
    alice.post(f"{part(stage, 'explore_b')}/silent")
    for tail in ("", "/sheet", "/run"):
        with subtests.test(tail):
            text = alice.get(path(stage) + tail).text
            assert note not in text
            assert "Keep the time, and start the next part gently." in text


GETS = ("", "/sheet", "/run", "/changes", "/move", "/cancel", "/restore", "/skip", "/insert", "/place")
POSTS = ("/run", "/limit", "/again", "/evening", "/release", "/address", "/agenda", "/undo", "/looked-over", *GETS[4:])


def test_a_stranger_finds_nothing_at_any_address(stage):
    client = stage.client("charlie")
    own = stage.client("alice")
    for tail in GETS:
        assert client.get(path(stage) + tail).status_code == 404, tail
    for tail in POSTS:
        assert client.post(path(stage) + tail).status_code == 404, tail
    base = part(stage, "checkin")
    for tail in ("/swap", "/own"):
        assert client.get(base + tail).status_code == 404, tail
    for tail in ("/swap", "/lock", "/silent", "/own", "/note"):
        assert client.post(base + tail, data={"do": "save"}).status_code == 404, tail
    with stage.database.read() as db:
        series_id = db.get(GroupSession, stage.session_ids[0]).series_id
    assert client.get(f"/series/{series_id}").status_code == 404
    assert own.get(f"/series/{series_id}").status_code == 200


def test_a_part_of_another_session_is_not_there(stage, alice):
    elsewhere = f"{path(stage, 4)}/segments/{segment_id(stage, 'checkin', 3)}"
    for tail in ("/swap", "/own"):
        assert alice.get(elsewhere + tail).status_code == 404
    for tail in ("/swap", "/lock", "/silent", "/own", "/note"):
        assert alice.post(elsewhere + tail, data={"do": "save"}).status_code == 404


def test_no_press_works_without_its_token(stage, alice):
    url = part(stage, "checkin")
    stage.app.config["WTF_CSRF_ENABLED"] = True
    for tail in POSTS:
        assert alice.post(path(stage) + tail).status_code == 400, tail
    for tail in ("/swap", "/lock", "/silent", "/own", "/note"):
        assert alice.post(url + tail).status_code == 400, tail


def test_the_page_stands_when_everything_in_it_is_gone(stage, alice):
    with stage.database.write() as db:
        db.execute(delete(Assignment).where(Assignment.session_id == stage.session_ids[2]))
        db.commit()
    assert alice.get(path(stage)).status_code == 200
    assert alice.get(f"{path(stage)}/run").status_code == 200
    assert alice.get(f"{path(stage)}/sheet").status_code == 200
