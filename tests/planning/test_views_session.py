"""The page of one session: what it shows, and everything that is decided there."""

import re
from datetime import date

import pytest
from sqlalchemy import delete, select, update

from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.prompts.models import Prompt, PromptVersion
from tests import evening
from tests.planning import stage as rows
from tests.planning.pages import press, read_form
from tests.planning.stage import counted

MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def path(stage, number=3):
    return f"/sessions/{stage.session_ids[number - 1]}"


def segment_id(stage, kind, number=3):
    with stage.database.read() as db:
        found = select(Segment.id).where(Segment.session_id == stage.session_ids[number - 1], Segment.kind == kind)
        return db.scalars(found).one()


def part(stage, kind, number=3):
    return f"{path(stage, number)}/segments/{segment_id(stage, kind, number)}"


def filling(stage, kind, number=3):
    with stage.database.read() as db:
        return db.get(Assignment, segment_id(stage, kind, number))


def session(stage, number=3):
    with stage.database.read() as db:
        return db.get(GroupSession, stage.session_ids[number - 1])


def offers(response):
    """The ids of the prompts or exercises that a swap page offers, in order."""
    return re.findall(r'name="choice" value="([^"]+)"', response.text)


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
    assert "Not reviewed" in text
    assert "Depth by time." in text


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


def test_a_limit_outside_the_pathway_is_refused(stage, alice):
    for limit in ("0", "4", "x", "²", "9" * 10_000, ""):
        assert alice.post(f"{path(stage)}/limit", data={"limit": limit}).status_code == 422
    assert session(stage).depth_limit is None


def test_choosing_again_leaves_what_is_locked(stage, alice):
    kept = filling(stage, "explore_a").prompt_version_id
    assert alice.post(f"{part(stage, 'explore_a')}/lock", data={"locked": "1"}).status_code == 303
    for _ in range(3):
        assert alice.post(f"{path(stage)}/again").status_code == 303
    assert filling(stage, "explore_a").prompt_version_id == kept
    assert session(stage).attempt == 3
    assert 'aria-pressed="true"' in alice.get(path(stage)).text


def test_unlocking_opens_the_part_again(stage, alice):
    alice.post(f"{part(stage, 'explore_a')}/lock", data={"locked": "1"})
    alice.post(f"{part(stage, 'explore_a')}/lock", data={"locked": "0"})
    assert filling(stage, "explore_a").locked is False


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


def test_a_swap_offers_what_the_rules_allow_and_puts_it_in(stage, alice):
    url = f"{part(stage, 'explore_a')}/swap"
    found = offers(alice.get(url))
    present = filling(stage, "explore_a").prompt_version_id
    assert found
    assert present not in found
    response = alice.post(url, data={"choice": found[0]})
    assert response.status_code == 303
    assert response.headers["Location"].endswith(f"#part-{segment_id(stage, 'explore_a')}")
    assert filling(stage, "explore_a").prompt_version_id == found[0]


def test_the_swap_page_costs_few_queries(stage, alice):
    url = f"{part(stage, 'explore_a')}/swap"
    with counted(stage.database) as found:
        assert alice.get(url).status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_a_prompt_that_a_rule_refuses_cannot_be_forced_in(stage, alice):
    before = filling(stage, "checkin").prompt_version_id
    with stage.database.read() as db:
        deep = db.scalars(select(PromptVersion.id).where(PromptVersion.depth == 3)).first()
    response = alice.post(f"{part(stage, 'checkin')}/swap", data={"choice": deep})
    assert response.status_code == 409
    assert filling(stage, "checkin").prompt_version_id == before


def test_a_prompt_that_is_not_there_cannot_be_chosen(stage, alice):
    for choice in ("", "nothing", "x" * 10_000):
        assert alice.post(f"{part(stage, 'checkin')}/swap", data={"choice": choice}).status_code == 404


def test_somebody_elses_private_prompt_is_not_there(stage, alice):
    own = stage.client("bob")
    url = f"{part(stage, 'checkin')}/own"
    press(own, own.get(url), url, text="What is one small thing in reach?", sub_bind="fear", do="save")
    version_id = filling(stage, "checkin").prompt_version_id
    other = part(stage, "checkin", 4)
    assert version_id not in offers(alice.get(f"{other}/swap"))
    assert alice.post(f"{other}/swap", data={"choice": version_id}).status_code == 404


def test_a_locked_part_is_not_swapped(stage, alice):
    url = part(stage, "explore_a")
    found = offers(alice.get(f"{url}/swap"))
    alice.post(f"{url}/lock", data={"locked": "1"})
    assert alice.post(f"{url}/swap", data={"choice": found[0]}).status_code == 409


def test_a_grounding_takes_another_exercise_and_no_prompt(stage, alice):
    url = f"{part(stage, 'ground_open')}/swap"
    found = offers(alice.get(url))
    present = filling(stage, "ground_open").exercise_id
    assert present not in found
    assert alice.post(url, data={"choice": found[0]}).status_code == 303
    assert filling(stage, "ground_open").exercise_id == found[0]
    assert alice.post(url, data={"choice": filling(stage, "checkin").prompt_version_id}).status_code == 404
    assert alice.post(f"{part(stage, 'ground_open')}/silent").status_code == 409


def test_a_part_that_takes_nothing_has_no_swap(stage, alice):
    assert alice.get(f"{part(stage, 'welcome')}/swap").status_code == 404


def test_a_silent_minute_is_kept_when_choosing_again(stage, alice):
    assert alice.post(f"{part(stage, 'checkin')}/silent").status_code == 303
    alice.post(f"{path(stage)}/again")
    assert filling(stage, "checkin").prompt_version_id is None
    assert "A silent minute." in alice.get(path(stage)).text
    alice.post(f"{part(stage, 'checkin')}/lock", data={"locked": "0"})
    text = alice.get(path(stage)).text
    assert "Nothing stands here." in text
    alice.post(f"{path(stage)}/again")
    assert filling(stage, "checkin").prompt_version_id is not None


def test_an_empty_part_says_which_rule_emptied_it_and_what_can_be_done(config, database, now):
    stage = evening.begin(config, database, now)
    with database.write() as db:
        retired = update(PromptVersion).where(PromptVersion.phase == "checkin").values(status="retired")
        db.execute(retired)
        db.commit()
    alice = stage.client("alice")
    alice.post(f"{path(stage)}/again")
    text = alice.get(path(stage)).text
    assert "Nothing stands here." in text
    assert "Left empty." in text
    assert "Write your own" in text
    assert "Silent minute" in text
    assert "1 empty slot" in text


OWN = {
    "text": "What is one small thing that is in your reach today?",
    "opt_out": "Point at something.",
    "follow_up_1": "How small could it be?",
    "follow_up_2": "Where do you notice it?",
}


def test_a_prompt_of_ones_own_is_put_in_and_locked(stage, alice):
    url = f"{part(stage, 'checkin')}/own"
    assert press(alice, alice.get(url), url, do="save", **OWN).status_code == 303
    row = filling(stage, "checkin")
    assert row.locked
    text = alice.get(path(stage)).text
    assert OWN["text"] in text
    assert "Your own, not reviewed" in text
    assert "Your prompt is in the plan and locked." in text


def test_wording_is_looked_over_gently_and_can_be_used_as_it_is(stage, alice):
    url = f"{part(stage, 'checkin')}/own"
    clumsy = {**OWN, "text": "Why should you forgive? " + "word " * 60, "opt_out": ""}
    looked = press(alice, alice.get(url), url, do="check", **clumsy)
    assert looked.status_code == 200
    assert "You may want to look at this again." in looked.text
    assert "60 or fewer are easier to take in." in looked.text
    assert "“forgive” can sound like a judgement." in looked.text
    assert read_form(looked, url)["text"][0].strip() == clumsy["text"].strip()
    assert filling(stage, "checkin").locked is False
    assert press(alice, looked, url, do="save").status_code == 303
    assert filling(stage, "checkin").locked is True


BAD_OWN = [
    ({"text": ""}, "Enter a prompt of 1 to 1000 characters."),
    ({"text": "x" * 10_000}, "Enter at most 1000 characters."),
    ({"content_note": "x" * 10_000}, "Enter at most 1000 characters."),
    ({"content_note": "x" * 201}, "Enter at most 200 characters."),
    ({"depth": "3"}, "Depth"),
    ({"depth": "9"}, "Choose one from the list."),
    ({"pole": "x"}, "Choose one from the list."),
    ({"format": ""}, "Choose one from the list."),
    ({"fallback_format": "shouting"}, "Choose one from the list."),
    ({"arenas": "x"}, "Choose one or two."),
    ({"sub_bind": "powerlessness"}, "Today is about fear"),
]


def test_an_own_prompt_that_cannot_stand_keeps_what_was_typed(subtests, stage, alice):
    url = f"{part(stage, 'explore_a')}/own"
    page = alice.get(url)
    for typed, message in BAD_OWN:
        with subtests.test(str(typed)[:60]):
            response = press(alice, page, url, do="save", **{**OWN, **typed})
            assert response.status_code == 422
            assert message in response.text
            if "text" not in typed:
                assert read_form(response, url)["text"][0].strip() == OWN["text"]
    with stage.database.read() as db:
        assert db.scalars(select(Prompt.id).where(Prompt.owner_id.is_not(None))).all() == []


def test_minutes_and_order_are_changed_and_the_sum_is_said(stage, alice):
    url = f"{path(stage)}/agenda"
    typed = f"min-{segment_id(stage, 'checkin')}"
    assert press(alice, alice.get(url), url, **{typed: "10"}).status_code == 303
    assert "85 of 90 minutes" in alice.get(path(stage)).text
    assert press(alice, alice.get(url), url, up=segment_id(stage, "pause")).status_code == 303
    with stage.database.read() as db:
        found = select(Segment.kind).where(Segment.session_id == stage.session_ids[2]).order_by(Segment.position)
        kinds = list(db.scalars(found))
    assert kinds.index("pause") == kinds.index("explore_a") - 1


def test_minutes_that_cannot_be_used_are_kept_beside_the_reason(subtests, stage, alice):
    url = f"{path(stage)}/agenda"
    typed = f"min-{segment_id(stage, 'checkin')}"
    page = alice.get(url)
    for minutes in ("", "x", "-1", "0", "91", "9" * 10_000, "²"):
        with subtests.test(minutes[:10]):
            response = press(alice, page, url, **{typed: minutes})
            assert response.status_code == 422
            assert read_form(response, url)[typed] == [minutes]


def test_the_closing_grounding_is_never_moved_from_the_end(stage, alice):
    url = f"{path(stage)}/agenda"
    response = press(alice, alice.get(url), url, down=segment_id(stage, "checkout"))
    assert response.status_code == 422
    assert "The closing grounding is always the last part." in response.text


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


def test_the_screen_goes_by_the_clock(stage, alice):
    url = f"{path(stage, 1)}/run"
    assert "until the start" in alice.get(url).text
    stage.clock.at = stage.starts_at
    assert re.search(r"<h1[^>]*>(Arrive and welcome|Welcome)", alice.get(url).text)
    stage.after(minutes=-1)
    assert re.search(r"<h1[^>]*>Closing grounding", alice.get(url).text)
    stage.after(minutes=1)
    over = alice.get(url).text
    assert "The session is over" in over
    assert f'href="{path(stage, 1)}/close"' in over


def test_the_screen_works_without_scripts_names_nobody_and_has_the_crisis_card(stage, alice):
    text = alice.get(f"{path(stage, 1)}/run").text
    assert "<script" not in text
    assert 'href="/crisis-card"' in text
    assert "Monday Circle" not in text
    assert "<title>18:30 · Facilitator</title>" in text


GETS = ("", "/sheet", "/run", "/agenda", "/move", "/cancel", "/restore", "/skip", "/insert", "/place")
POSTS = ("/limit", "/again", "/evening", "/release", "/address", "/agenda", *GETS[4:])


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
    for tail in ("/swap", "/lock", "/silent", "/own"):
        assert client.post(base + tail, data={"do": "save"}).status_code == 404, tail
    with stage.database.read() as db:
        series_id = db.get(GroupSession, stage.session_ids[0]).series_id
    assert client.get(f"/series/{series_id}").status_code == 404
    assert own.get(f"/series/{series_id}").status_code == 200


def test_a_part_of_another_session_is_not_there(stage, alice):
    elsewhere = f"{path(stage, 4)}/segments/{segment_id(stage, 'checkin', 3)}"
    for tail in ("/swap", "/own"):
        assert alice.get(elsewhere + tail).status_code == 404
    for tail in ("/swap", "/lock", "/silent", "/own"):
        assert alice.post(elsewhere + tail, data={"do": "save"}).status_code == 404


def test_no_press_works_without_its_token(stage, alice):
    url = part(stage, "checkin")
    stage.app.config["WTF_CSRF_ENABLED"] = True
    for tail in POSTS:
        assert alice.post(path(stage) + tail).status_code == 400, tail
    for tail in ("/swap", "/lock", "/silent", "/own"):
        assert alice.post(url + tail).status_code == 400, tail


def test_the_page_stands_when_everything_in_it_is_gone(stage, alice):
    with stage.database.write() as db:
        db.execute(delete(Assignment).where(Assignment.session_id == stage.session_ids[2]))
        db.commit()
    assert alice.get(path(stage)).status_code == 200
    assert alice.get(f"{path(stage)}/run").status_code == 200
    assert alice.get(f"{path(stage)}/sheet").status_code == 200
