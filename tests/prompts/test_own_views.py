"""Writing, changing and sharing a prompt on the web: what is kept, what is refused, and what two windows do."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from facilitator.accounts.models import Facilitator, Role
from facilitator.planning.models import Assignment, GroupSession
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.service import edit_own, share_own, write_own
from tests import evening
from tests.factories import ON_SQLITE, counted
from tests.prompts.test_views import DRAFT, MOST_QUERIES

pytestmark = ON_SQLITE
SHIPPED = "fear-checkin-both-1"
WRITTEN = {
    "language": "en",
    "text": "What in this room asks *nothing* of you?\n- a wall\n- a cup",
    "content_note": "Touches tiredness.",
    "opt_out": "Look away.",
    "follow_up_1": "Is there **one** like it at home?",
    "follow_up_2": "<script>alert(1)</script>",
    "facilitator_note": "Go *slowly*.",
    "sub_bind": "shame",
    "pole": "both",
    "arenas": ["identity"],
    "image": "Wall",
    "depth": "1",
    "phase": "checkin",
    "format": "silent",
    "fallback_format": "",
    "minutes_default": "8",
    "minutes_min": "5",
    "min_people": "2",
    "group_kinds": ["closed", "open"],
    "online_ok": "y",
}


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def account(db, name="Alice Stone"):
    return db.scalars(select(Facilitator).where(Facilitator.name == name)).one()


@pytest.fixture
def own_id(stage):
    with stage.database.write() as db:
        prompt_id = write_own(db, account(db), DRAFT).prompt.id
        db.commit()
        return prompt_id


def versions(stage, prompt_id):
    with stage.database.read() as db:
        found = select(PromptVersion).where(PromptVersion.prompt_id == prompt_id, PromptVersion.language == "en")
        return db.scalars(found.order_by(PromptVersion.version)).all()


def count_prompts(stage):
    with stage.database.read() as db:
        return len(db.scalars(select(Prompt.id)).all())


def seen(page):
    return re.search(r'name="seen" value="([^"]*)"', page.text)[1]


def test_a_prompt_is_written_from_the_library_with_everything_the_rules_look_at(stage, alice):
    before = count_prompts(stage)
    answer = alice.post("/prompts/new", data={**WRITTEN, "do": "save"})
    assert answer.status_code == 303
    assert count_prompts(stage) == before + 1
    (kept,) = versions(stage, answer.location.split("/")[-1].split("?")[0])
    assert (kept.text, kept.content_note, kept.opt_out) == (WRITTEN["text"], "Touches tiredness.", "Look away.")
    assert kept.follow_ups == [WRITTEN["follow_up_1"], WRITTEN["follow_up_2"]]
    assert (kept.sub_bind, kept.pole, kept.arenas, kept.depth) == ("shame", "both", ["identity"], 1)
    assert (kept.phase, kept.format, kept.minutes_default, kept.minutes_min) == ("checkin", "silent", 8, 5)
    assert (kept.group_types, kept.min_people, kept.online_ok) == (["closed", "open"], 2, True)
    assert (kept.tags, kept.status, kept.origin) == (["image:wall"], "draft", "local")


def test_the_page_of_a_prompt_shows_signs_as_emphasis_and_hostile_ones_as_signs(alice):
    text = alice.post("/prompts/new", data={**WRITTEN, "do": "save"}, follow_redirects=True).text
    assert "asks <em>nothing</em> of you?" in text
    assert "<li>a wall</li>" in text
    assert "<strong>one</strong>" in text
    assert "Go <em>slowly</em>." in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_preview_keeps_nothing_and_shows_it_as_on_the_page_of_a_session(stage, alice):
    before = count_prompts(stage)
    page = alice.post("/prompts/new", data={**WRITTEN, "text": WRITTEN["text"] + " Why?", "do": "preview"})
    assert page.status_code == 200
    assert count_prompts(stage) == before
    preview = page.text.split('id="preview"')[1]
    assert "<b>Say first:</b> Touches tiredness." in preview
    assert "asks <em>nothing</em> of you?" in preview
    assert "“why” can sound like a judgement" in preview
    assert "Touches tiredness." in page.text.split('id="preview"')[0]


def test_a_warning_stops_nobody_and_is_told_to_its_author_alone(stage, alice):
    answer = alice.post("/prompts/new", data={**WRITTEN, "text": "Why?", "opt_out": "", "do": "save"})
    assert answer.status_code == 303
    assert "You may want to look at this again." in alice.get(answer.location).text
    with stage.database.write() as db:
        share_own(db, account(db), answer.location.split("/")[-1].split("?")[0], shared=True)
        db.commit()
    bob = stage.client("bob").get(answer.location)
    assert bob.status_code == 200
    assert "You may want to look at this again." not in bob.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": " "}, "Enter a prompt of 1 to 1000 characters."),
        ({"text": "x" * 1001}, "Enter at most 1000 characters."),
        ({"content_note": "x" * 201}, "Enter at most 200 characters."),
        ({"arenas": []}, "Choose one or two arenas."),
        ({"sub_bind": "x"}, "Choose one from the list."),
        ({"depth": "9"}, "Choose one from the list."),
        ({"minutes_default": "many"}, "Enter a whole number."),
        ({"minutes_default": "99"}, "Enter 1 to 60 minutes."),
        ({"minutes_min": "9"}, "Enter no more than the usual minutes."),
        ({"group_kinds": []}, "Choose at least one kind of group."),
        ({"min_people": "0"}, "Enter 1 to 30 people."),
        ({"opt_out": "a\0b"}, "The text holds a character that cannot be kept."),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field_and_what_was_typed_stays(stage, alice, wrong, words):
    before = count_prompts(stage)
    for do in ("preview", "save"):
        page = alice.post("/prompts/new", data={**WRITTEN, **wrong, "do": do})
        assert page.status_code == 422
        assert words in page.text
        assert "Is there **one** like it at home?" in page.text
        assert "Error:" in page.text
    assert count_prompts(stage) == before


def test_one_makes_ones_own_from_any_prompt_and_the_other_stays(stage, alice):
    page = alice.get(f"/prompts/new?from={SHIPPED}")
    shipped = versions(stage, SHIPPED)[0]
    assert shipped.text.replace("'", "&#39;") in page.text
    answer = alice.post(f"/prompts/new?from={SHIPPED}", data={**WRITTEN, "image": "dial", "do": "save"})
    (made,) = versions(stage, answer.location.split("/")[-1].split("?")[0])
    assert made.prompt_id != SHIPPED
    assert made.tags == ["image:dial"]
    assert len(versions(stage, SHIPPED)) == 1


def test_other_words_are_a_new_version_with_a_difference_word_by_word(stage, alice, own_id):
    page = alice.get(f"/prompts/{own_id}/edit")
    data = {**WRITTEN, "text": DRAFT.text.replace("nothing", "little"), "do": "save", "seen": seen(page)}
    answer = alice.post(f"/prompts/{own_id}/edit", data=data)
    assert answer.status_code == 303
    assert [version.version for version in versions(stage, own_id)] == [1, 2]
    text = re.sub(r'<span class="vh">.*?</span>', "", alice.get(answer.location).text)
    assert "What in this room asks <del>nothing</del> of you?" in text
    assert "What in this room asks <ins>little</ins> of you?" in text


def test_the_second_window_is_told_and_keeps_what_was_typed(stage, alice, own_id):
    one, two = (seen(alice.get(f"/prompts/{own_id}/edit")) for _window in range(2))
    address = f"/prompts/{own_id}/edit"
    first = {**WRITTEN, "text": "The first window.", "do": "save", "seen": one}
    assert alice.post(address, data=first).status_code == 303
    second = {**WRITTEN, "text": "The second window.", "do": "save", "seen": two}
    page = alice.post(address, data=second)
    assert page.status_code == 409
    for words in ("This was changed elsewhere meanwhile.", "The first window.", "The second window."):
        assert words in page.text
    assert len(versions(stage, own_id)) == 2
    assert alice.post(address, data={**second, "seen": seen(page)}).status_code == 303
    assert versions(stage, own_id)[-1].text == "The second window."


def test_sharing_words_that_changed_meanwhile_is_refused(stage, alice, own_id):
    before = seen(alice.get(f"/prompts/{own_id}"))
    with stage.database.write() as db:
        edit_own(db, account(db), own_id, replace(DRAFT, text="Other words."))
        db.commit()
    page = alice.post(f"/prompts/{own_id}/standing", data={"do": "share", "seen": before})
    assert page.status_code == 409
    assert "This was changed elsewhere meanwhile." in page.text
    assert stage.client("bob").get(f"/prompts/{own_id}").status_code == 404


def test_a_prompt_is_shared_kept_private_taken_out_of_use_and_brought_back(stage, alice, own_id):
    def press(do):
        answer = alice.post(f"/prompts/{own_id}/standing", data={"do": do}, follow_redirects=True)
        assert answer.status_code == 200
        return answer.text

    def bob():
        return stage.client("bob").get(f"/prompts/{own_id}").status_code

    assert "Keep it private" in press("share")
    assert bob() == 200
    assert "Share it with everybody here" in press("keep")
    assert bob() == 404
    assert "Bring it back" in press("retire")
    assert own_id not in alice.get("/prompts?whose=own").text
    assert own_id in alice.get("/prompts?whose=own&review=retired").text
    assert "Take it out of use" in press("restore")
    assert own_id in alice.get("/prompts?whose=own").text
    assert alice.post(f"/prompts/{own_id}/standing", data={"do": "x"}).status_code == 404


def test_others_can_neither_edit_nor_press(stage, alice, own_id):
    for do in ("share", "keep", "retire", "restore"):
        assert stage.client("bob").post(f"/prompts/{own_id}/standing", data={"do": do}).status_code == 404
        assert alice.post(f"/prompts/{SHIPPED}/standing", data={"do": do}).status_code == 403
    alice.post(f"/prompts/{own_id}/standing", data={"do": "share"})
    for method in ("get", "post"):
        for do in ("save", "preview"):
            answer = getattr(stage.client("bob"), method)(f"/prompts/{own_id}/edit", data={**WRITTEN, "do": do})
            assert answer.status_code == 403
    bob = stage.client("bob").get(f"/prompts/{own_id}").text
    assert "Give it other words" not in bob
    assert "Keep it private" not in bob
    assert len(versions(stage, own_id)) == 1


def test_a_reviewer_gives_a_shipped_prompt_other_words_on_its_page(stage, alice):
    assert alice.get(f"/prompts/{SHIPPED}/edit").status_code == 403
    with stage.database.write() as db:
        account(db).role = Role.REVIEWER
        db.commit()
    page = alice.get(f"/prompts/{SHIPPED}/edit")
    answer = alice.post(f"/prompts/{SHIPPED}/edit", data={**WRITTEN, "do": "save", "seen": seen(page)})
    assert answer.status_code == 303
    before, now = versions(stage, SHIPPED)
    assert (before.origin, now.origin, now.status) == ("shipped", "local", "draft")
    assert "exemplar:F1" in now.tags


def test_languages_stand_beside_each_other_and_say_when_the_original_changed(stage, alice, own_id):
    spanish = {**WRITTEN, "text": "¿Qué no te pide nada?", "do": "save"}
    assert alice.post(f"/prompts/{own_id}/edit?language=es", data=spanish).status_code == 303
    text = alice.get(f"/prompts/{own_id}?language=en").text
    assert "¿Qué no te pide nada?" in text
    assert DRAFT.text in text
    assert "The original has changed since" not in text
    alice.post(f"/prompts/{own_id}/edit?language=en", data={**WRITTEN, "do": "save"})
    assert "The original has changed since" in alice.get(f"/prompts/{own_id}").text
    assert "The original as it reads now" in alice.get(f"/prompts/{own_id}/edit?language=es").text
    alice.post(f"/prompts/{own_id}/edit?language=es", data={**spanish, "follows_original": "y"})
    assert "The original has changed since" not in alice.get(f"/prompts/{own_id}").text


@pytest.fixture
def planned(stage):
    """A prompt of the group's first session."""
    with stage.database.read() as db:
        found = (
            select(PromptVersion.prompt_id)
            .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
            .where(Assignment.session_id == stage.session_ids[0])
        )
        return db.scalars(found.order_by(PromptVersion.prompt_id)).first()


def test_a_prompt_tells_where_it_stands_to_the_people_of_the_group_alone(stage, alice, planned):
    text = alice.get(f"/prompts/{planned}").text
    with stage.database.read() as db:
        label = db.get(GroupSession, stage.session_ids[0]).group_id
    link = f'href="/sessions/{stage.session_ids[0]}"'
    assert link in text
    assert "Planned" in text
    assert label not in text
    stranger = stage.client("charlie").get(f"/prompts/{planned}").text
    assert link not in stranger
    assert "It stands in no session of your groups." in stranger


def test_a_card_says_when_a_group_had_the_prompt_last(stage, alice, planned):
    stage.after(hours=1)
    with stage.database.read() as db:
        on_date = db.get(GroupSession, stage.session_ids[0]).on_date
    text = alice.get(f"/prompts?group={stage.group_id}&used=ever").text
    assert re.search(rf"Last used in [^:]+: {on_date.day} ", text)
    assert planned in text
    assert planned not in alice.get(f"/prompts?group={stage.group_id}&used=never&review=draft").text
    assert "Last used in" not in stage.client("charlie").get(f"/prompts?group={stage.group_id}&used=ever").text


def test_a_part_that_a_prompt_fits_leads_to_its_swap_with_the_choice_marked(stage, alice, own_id):
    page = alice.get(f"/prompts/{own_id}/use")
    assert page.status_code == 200
    links = re.findall(r'href="(/sessions/[^"]+/swap[^"]*)#chosen"', page.text)
    assert links
    swap = alice.get(links[0].replace("&amp;", "&"))
    assert 'id="chosen"' in swap.text
    assert "You had chosen this one" in swap.text
    assert "Where it does not fit, and why" in page.text
    assert (
        "A prompt is used in a session of one of your groups."
        in stage.client("charlie").get(f"/prompts/{SHIPPED}/use").text
    )


def test_not_reviewed_is_said_once_on_a_page_of_cards(alice):
    text = alice.get("/prompts").text
    assert text.count("Not reviewed, unless marked") == 1
    assert ">Not reviewed</span>" not in text


def test_markup_is_the_same_wherever_the_words_are_shown(stage, alice, own_id):
    session_id = stage.session_ids[0]
    with stage.database.write() as db:
        row = db.scalars(
            select(Assignment)
            .join(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
            .where(Assignment.session_id == session_id, PromptVersion.phase == "checkin")
        ).one()
        draft = replace(DRAFT, text="Name *one* <b>thing</b>\n- here", follow_ups=("And **now**?", "![x](//e)"))
        row.prompt_version_id = write_own(db, account(db), draft).version.id
        db.get(GroupSession, session_id).released = True
        db.commit()
    for path in ("", "/run", "/sheet"):
        text = alice.get(f"/sessions/{session_id}{path}").text
        assert "Name <em>one</em> &lt;b&gt;thing&lt;/b&gt;" in text, path
        assert "<strong>now</strong>" in text, path
        assert "![x](//e)" in text, path
    participant = stage.client().post(f"/s/{stage.page}/read").text
    assert "Name <em>one</em> &lt;b&gt;thing&lt;/b&gt;" in participant


def test_pages_of_prompts_cost_few_queries_on_both_reads(stage, alice, own_id):
    for path in (
        f"/prompts?group={stage.group_id}&used=6&sort=least_used&words=a",
        "/prompts?words=zzz&depth=2&focus=fear",
        f"/prompts/{own_id}/use",
        f"/prompts/{own_id}",
        f"/prompts/{own_id}/edit",
        f"/prompts/new?from={own_id}",
    ):
        with counted(stage.database) as found:
            assert alice.get(path).status_code == 200
        assert found["SELECT"] <= MOST_QUERIES, (path, found)
