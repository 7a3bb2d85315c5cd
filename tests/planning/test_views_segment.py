"""One part of a session on the web: swap, lock, silence, a prompt of one's own, minutes and order."""

import re

import pytest
from sqlalchemy import select, update

from facilitator.planning.models import Segment
from facilitator.prompts.models import Prompt, PromptVersion
from tests import evening
from tests.factories import counted
from tests.planning.pages import filling, offers, part, path, press, read_form, segment_id, session

MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


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


def test_the_look_at_the_wording_refuses_what_saving_refuses(subtests, stage, alice):
    url = f"{part(stage, 'explore_a')}/own"
    page = alice.get(url)
    for typed, message in BAD_OWN:
        with subtests.test(str(typed)[:60]):
            looked, saved = (press(alice, page, url, do=do, **{**OWN, **typed}) for do in ("check", "save"))
            assert looked.status_code == saved.status_code == 422
            assert message in looked.text
            assert "You can use it as it is." not in looked.text


def test_what_passes_the_look_is_saved(stage, alice):
    url = f"{part(stage, 'explore_a')}/own"
    looked = press(alice, alice.get(url), url, do="check", **OWN)
    assert looked.status_code == 200
    assert "Nothing stands out." in looked.text
    assert press(alice, looked, url, do="save").status_code == 303


def test_a_locked_part_is_refused_at_the_look_already(stage, alice):
    alice.post(f"{part(stage, 'explore_a')}/lock", data={"locked": "1"})
    url = f"{part(stage, 'explore_a')}/own"
    looked = press(alice, alice.get(url), url, do="check", **OWN)
    assert looked.status_code == 422
    assert "This part is locked. Unlock it first." in looked.text


def test_a_rule_that_refuses_is_named_in_words_beside_what_it_goes_by(stage, alice):
    url = f"{part(stage, 'explore_a')}/own"
    alice.post(f"{path(stage)}/limit", data={"limit": "1"})
    refused = press(alice, alice.get(url), url, do="save", **{**OWN, "depth": "3", "sub_bind": "shame"})
    beside = {name: re.search(rf'id="{name}-err">(.*?)</p>', refused.text)[1] for name in ("depth", "sub_bind")}
    assert "Depth limit. Depth 3 is above the limit of 1 that was set for this session." in beside["depth"]
    assert "limit of 2" not in refused.text
    assert "Theme and both sides. Today is about fear; this prompt is about shame." in beside["sub_bind"]
    assert not re.search(r"\bH\d", re.sub(r"<[^>]*>", "", refused.text))


def test_a_question_for_what_happened_and_a_way_out_that_is_only_passing_are_pointed_out(stage, alice):
    url = f"{part(stage, 'checkin')}/own"
    typed = {**OWN, "text": "What exactly happened?", "opt_out": "Pass"}
    looked = press(alice, alice.get(url), url, do="check", **typed)
    assert "“What exactly happened” asks what happened." in looked.text
    assert "Passing is always allowed, so it is no other way to take part." in looked.text
    assert press(alice, looked, url, do="save").status_code == 303
    assert "“What exactly happened” asks what happened." in alice.get(path(stage)).text


def kinds_of(stage, number=3):
    with stage.database.read() as db:
        found = (
            select(Segment.kind).where(Segment.session_id == stage.session_ids[number - 1]).order_by(Segment.position)
        )
        return list(db.scalars(found))


def test_minutes_and_order_are_changed_and_the_sum_is_said(stage, alice):
    url = f"{path(stage)}/agenda"
    typed = f"min-{segment_id(stage, 'checkin')}"
    assert press(alice, alice.get(path(stage)), url, **{typed: "10"}).status_code == 303
    assert "85 of 90 minutes" in alice.get(path(stage)).text
    pause, explore = segment_id(stage, "pause"), segment_id(stage, "explore_a")
    assert press(alice, alice.get(path(stage)), url, move=f"{pause}:{explore}").status_code == 303
    kinds = kinds_of(stage)
    assert kinds.index("pause") == kinds.index("explore_a") - 1


def test_minutes_that_cannot_be_used_are_kept_beside_the_reason(subtests, stage, alice):
    url = f"{path(stage)}/agenda"
    typed = f"min-{segment_id(stage, 'checkin')}"
    page = alice.get(path(stage))
    for minutes in ("", "x", "-1", "0", "91", "9" * 10_000, "²"):
        with subtests.test(minutes[:10]):
            response = press(alice, page, url, **{typed: minutes})
            assert response.status_code == 422
            assert read_form(response, url)[typed] == [minutes]
            assert f'id="{typed}-err"' in response.text


def test_the_closing_grounding_is_never_moved_from_the_end(stage, alice):
    url = f"{path(stage)}/agenda"
    response = press(alice, alice.get(path(stage)), url, move=f"{segment_id(stage, 'checkout')}:")
    assert response.status_code == 409
    assert "The closing grounding is always the last part." in response.text


def test_a_part_is_split_and_taken_out_a_pause_put_in_and_all_of_it_undone(stage, alice):
    url, undo = f"{path(stage)}/agenda", f"{path(stage)}/undo"
    before = kinds_of(stage)
    teach = segment_id(stage, "teach")
    said = []
    for name in ("split", "pause", "out"):
        page = press(alice, alice.get(path(stage)), url, **{name: teach})
        said.append(alice.get(page.location).text)
    at = before.index("teach")
    assert kinds_of(stage) == [*before[:at], "pause", "teach", *before[at + 1 :]]
    for words, page in zip(
        ("Bind in brief is two parts now.", "A pause comes after Bind in brief.", "Its minutes are free."),
        said,
        strict=True,
    ):
        assert words in page
    for words in ("Bind in brief was taken out.", "A pause was put after Bind in brief.", "Bind in brief was split."):
        page = alice.get(path(stage))
        assert f"Undo: {words}" in page.text
        assert press(alice, page, undo, number=read_number(page)).status_code == 303
        assert f"Undone: {words}" in alice.get(path(stage)).text
    assert kinds_of(stage) == before
    assert "Undo:" not in alice.get(path(stage)).text


def read_number(page):
    return re.search(r'name="number" value="(\d+)"', page.text)[1]


def test_a_change_that_is_not_the_last_is_not_undone(stage, alice):
    url, undo = f"{path(stage)}/agenda", f"{path(stage)}/undo"
    typed = f"min-{segment_id(stage, 'checkin')}"
    for minutes in ("10", "11"):
        press(alice, alice.get(path(stage)), url, **{typed: minutes})
    refused = alice.post(undo, data={"number": "1"})
    assert refused.status_code == 409
    assert "The plan has changed since" in refused.text
    assert read_form(alice.get(path(stage)), url)[typed] == ["11"]


def test_a_note_beside_a_part_is_kept_and_a_name_of_the_list_is_pointed_out_first(stage, alice):
    url = f"{part(stage, 'teach')}/note"
    refused = press(alice, alice.get(path(stage)), url, note="Ask Pat to read")
    assert refused.status_code == 422
    assert "A name of the list stands in this note." in refused.text
    assert read_form(refused, url)["note"] == ["Ask Pat to read"]
    assert press(alice, refused, url, sure="1").status_code == 303
    assert "Ask Pat to read" in alice.get(path(stage)).text
    assert "Ask Pat to read" in alice.get(f"{path(stage)}/run").text
    assert "Ask Pat to read" not in alice.get(f"{path(stage)}/sheet").text
    press(alice, alice.get(path(stage)), url, note="Ask somebody to read")
    assert "Ask somebody to read" in alice.get(f"{path(stage)}/sheet").text
    press(alice, alice.get(path(stage)), url, note="")
    assert "Ask Pat to read" not in alice.get(path(stage)).text


def test_a_plan_counts_as_looked_over_once_somebody_says_so_or_changes_it(stage, alice):
    button = "Good as it is"
    assert button in alice.get(path(stage)).text
    alice.post(f"{path(stage)}/looked-over")
    assert button not in alice.get(path(stage)).text
    assert button in alice.get(path(stage, 4)).text
    alice.post(f"{part(stage, 'checkin', 4)}/lock", data={"locked": "1"})
    assert button not in alice.get(path(stage, 4)).text
