"""Two windows on one session: the second press is refused, shows how things stand, and keeps what was typed."""

import pytest

from tests import evening
from tests.planning.pages import filling, offers, part, path, press, read_form, segment_id, session

ELSEWHERE = "This was changed elsewhere meanwhile."


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def bob(stage):
    return stage.client("bob")


def use(client, response, action, choice):
    return client.post(action, data={"seen": read_form(response, action)["seen"][0], "choice": choice})


def test_the_second_swap_of_a_part_does_not_win_in_silence(stage, alice, bob):
    url = f"{part(stage, 'explore_a')}/swap"
    page = alice.get(url)
    first, second, *_ = offers(page)
    assert use(bob, bob.get(url), url, first).status_code == 303
    refused = use(alice, page, url, second)
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert refused.text.count("You had chosen this one") == 1
    assert filling(stage, "explore_a").prompt_version_id == first
    assert use(alice, refused, url, second).status_code == 303
    assert filling(stage, "explore_a").prompt_version_id == second


def test_the_second_exercise_does_not_win_in_silence(stage, alice, bob):
    url = f"{part(stage, 'ground_open')}/swap"
    page = alice.get(url)
    first, second, *_ = offers(page)
    use(bob, bob.get(url), url, first)
    assert use(alice, page, url, second).status_code == 409
    assert filling(stage, "ground_open").exercise_id == first


def test_minutes_of_one_part_changed_twice_show_what_is_saved_beside_what_was_typed(stage, alice, bob):
    url = f"{path(stage)}/agenda"
    typed = f"min-{segment_id(stage, 'checkin')}"
    page = alice.get(path(stage))
    assert press(bob, bob.get(path(stage)), url, **{typed: "10"}).status_code == 303
    refused = press(alice, page, url, **{typed: "12"})
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert read_form(refused, url)[typed] == ["12"]
    assert "Saved: 10 min" in refused.text
    assert read_form(alice.get(path(stage)), url)[typed] == ["10"]
    assert press(alice, refused, url).status_code == 303
    assert read_form(alice.get(path(stage)), url)[typed] == ["12"]


def test_changes_of_different_things_both_stand_and_the_second_person_hears_of_the_first(stage, alice, bob):
    url = f"{path(stage)}/agenda"
    checkin, teach = (f"min-{segment_id(stage, kind)}" for kind in ("checkin", "teach"))
    page = alice.get(path(stage))
    pause, explore = segment_id(stage, "pause"), segment_id(stage, "explore_a")
    assert press(bob, bob.get(path(stage)), url, **{checkin: "10"}, move=f"{pause}:{explore}").status_code == 303
    assert press(alice, page, url, **{teach: "9"}).status_code == 303
    after = alice.get(path(stage))
    assert {name: read_form(after, url)[name] for name in (checkin, teach)} == {checkin: ["10"], teach: ["9"]}
    assert "Meanwhile: Bob Reed: Check-in: 10 min in place of 15. Both are kept." in after.text
    assert "Meanwhile: Bob Reed: Pause has moved. Both are kept." in after.text
    assert "Bob Reed:" not in alice.get(path(stage)).text


def test_a_part_that_was_moved_elsewhere_is_not_moved_in_silence(stage, alice, bob):
    url = f"{path(stage)}/agenda"
    page = alice.get(path(stage))
    pause, explore, teach = (segment_id(stage, kind) for kind in ("pause", "explore_a", "teach"))
    assert press(bob, bob.get(path(stage)), url, move=f"{pause}:{explore}").status_code == 303
    refused = press(alice, page, url, move=f"{pause}:{teach}")
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert press(alice, refused, url, move=f"{pause}:{teach}").status_code == 303


def test_an_open_page_learns_that_the_plan_was_changed_and_by_whom(stage, alice, bob):
    news, url = f"{path(stage)}/changes", f"{path(stage)}/agenda"
    assert (alice.get(f"{news}?rev=0").status_code, alice.get(f"{news}?rev=0").text) == (204, "")
    press(bob, bob.get(path(stage)), url, **{f"min-{segment_id(stage, 'checkin')}": "10"})
    was = "15"
    words = f"Bob Reed: Check-in: 10 min in place of {was}."
    assert alice.get(f"{news}?rev=0").json == {"rev": 1, "news": [words]}
    assert bob.get(f"{news}?rev=0").json == {"rev": 1, "news": []}
    assert alice.get(f"{news}?rev=1").status_code == 204
    assert read_form(alice.get(path(stage)), url)["rev"] == ["1"]


def test_a_note_beside_a_part_does_not_win_over_another_in_silence(stage, alice, bob):
    url = f"{part(stage, 'teach')}/note"
    page = alice.get(path(stage))
    assert press(bob, bob.get(path(stage)), url, note="Bring the drawing").status_code == 303
    refused = press(alice, page, url, note="Read it slowly")
    assert refused.status_code == 409
    assert "Bring the drawing" in refused.text
    assert press(alice, refused, url, note="Read it slowly").status_code == 303
    assert "Read it slowly" in alice.get(path(stage)).text


def test_an_own_prompt_is_kept_in_the_form_when_the_part_was_changed_elsewhere(stage, alice, bob):
    url, swap = (f"{part(stage, 'checkin')}/{tail}" for tail in ("own", "swap"))
    page = alice.get(url)
    other = offers(bob.get(swap))[0]
    use(bob, bob.get(swap), swap, other)
    words = "What is one small thing in reach?"
    for do in ("check", "save"):
        refused = press(alice, page, url, do=do, text=words)
        assert refused.status_code == 422
        assert ELSEWHERE in refused.text
        assert read_form(refused, url)["text"] == [words]
        assert filling(stage, "checkin").prompt_version_id == other
    assert press(alice, refused, url, do="save").status_code == 303
    assert filling(stage, "checkin").prompt_version_id != other


@pytest.mark.parametrize(("tail", "name", "value"), [("lock", "locked", "1"), ("silent", "", "")])
def test_a_part_that_holds_something_else_by_now_is_neither_locked_nor_emptied(stage, alice, bob, tail, name, value):
    action, swap = f"{part(stage, 'integrate')}/{tail}", f"{part(stage, 'integrate')}/swap"
    page = alice.get(path(stage) if tail == "lock" else swap)
    other = offers(bob.get(swap))[0]
    use(bob, bob.get(swap), swap, other)
    refused = alice.post(action, data={"seen": read_form(page, action)["seen"][0], name: value})
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    row = filling(stage, "integrate")
    assert (row.prompt_version_id, row.locked) == (other, False)


def test_a_plan_that_was_changed_elsewhere_is_not_chosen_again(stage, alice, bob):
    url, swap = f"{path(stage)}/again", f"{part(stage, 'integrate')}/swap"
    page = alice.get(path(stage))
    other = offers(bob.get(swap))[0]
    use(bob, bob.get(swap), swap, other)
    refused = press(alice, page, url)
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert filling(stage, "integrate").prompt_version_id == other
    assert press(alice, refused, url).status_code == 303
    assert session(stage).attempt == 1


def test_a_limit_set_on_an_old_page_is_refused_and_stays_chosen(stage, alice, bob):
    url, lone = f"{path(stage)}/limit", f"{path(stage)}/evening"
    page = alice.get(path(stage))
    assert press(bob, bob.get(path(stage)), lone, lone="1").status_code == 303
    refused = press(alice, page, url, limit="1")
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert session(stage).depth_limit is None
    assert read_form(refused, url)["limit"] == ["1"]
    assert press(alice, refused, url).status_code == 303
    assert session(stage).depth_limit == 1


def test_what_is_said_of_the_evening_on_an_old_page_is_refused_and_stays_ticked(stage, alice, bob):
    url = f"{path(stage)}/evening"
    page = alice.get(path(stage))
    assert press(bob, bob.get(path(stage)), f"{path(stage)}/limit", limit="1").status_code == 303
    refused = press(alice, page, url, lone="1")
    assert refused.status_code == 409
    assert session(stage).lone is False
    assert read_form(refused, url)["lone"] == ["1"]


def test_a_rule_that_refuses_a_swap_is_named_in_words_on_the_page(stage, alice):
    url = f"{part(stage, 'checkin')}/swap"
    later = filling(stage, "checkin", 5).prompt_version_id
    refused = alice.post(url, data={"choice": later})
    assert refused.status_code == 409
    assert "fit here" in refused.text
    assert "Theme and both sides. " in refused.text or "No repeats. " in refused.text
