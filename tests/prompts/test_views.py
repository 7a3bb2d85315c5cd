"""The library on the web: what is found, what is private, and one prompt with everything about it."""

import re

import pytest
from sqlalchemy import Text, cast, func, select, update

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.rules import Arena, Format, Phase, Pole, SubBind
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.rules_draft import PromptDraft
from facilitator.prompts.service import edit_own, write_own
from tests import evening
from tests.factories import counted

MOST_QUERIES = 8
DRAFT = PromptDraft(
    sub_bind=SubBind.SHAME,
    pole=Pole.BOTH,
    arenas=(Arena.IDENTITY,),
    depth=1,
    phase=Phase.CHECKIN,
    format=Format.SILENT,
    minutes_default=8,
    minutes_min=5,
    text="What in this room asks nothing of you?",
    content_note="Touches tiredness.",
    opt_out="Look away.",
    follow_ups=("Is there one like it at home?",),
)


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def own_id(stage):
    """A prompt that Alice wrote, and wrote again."""
    with stage.database.write() as db:
        me = db.scalars(select(Facilitator).where(Facilitator.name == "Alice Stone")).one()
        item = write_own(db, me, DRAFT)
        edit_own(db, me, item.prompt.id, DRAFT)
        db.commit()
        return item.prompt.id


def total(response):
    return int(re.search(r"<b>(\d+) prompts?</b>", response.text)[1])


def expected(stage, *conditions):
    with stage.database.read() as db:
        return db.scalar(select(func.count()).select_from(PromptVersion).where(*conditions))


FILTERS = [
    ("", PromptVersion.depth > 0),
    ("focus=shame", PromptVersion.sub_bind == "shame"),
    ("pole=both", PromptVersion.pole == "both"),
    ("depth=3", PromptVersion.depth == 3),
    ("phase=close", PromptVersion.phase == "close"),
    ("format=pairs", PromptVersion.format == "pairs"),
    ("review=reviewed", PromptVersion.status == "reviewed"),
    ("review=draft", PromptVersion.status == "draft"),
    ("arena=identity", cast(PromptVersion.arenas, Text).contains("identity")),
    ("minutes=8", PromptVersion.minutes_default <= 8),
    ("whose=shared", PromptVersion.depth > 0),
    ("whose=own", PromptVersion.depth > 3),
    ("focus=fear&depth=2", (PromptVersion.sub_bind == "fear") & (PromptVersion.depth == 2)),
]


def test_each_filter_narrows_the_library(subtests, stage, alice):
    for query, condition in FILTERS:
        with subtests.test(query):
            assert total(alice.get(f"/prompts?{query}")) == expected(stage, condition)


def test_an_address_made_by_hand_never_breaks_the_page(subtests, alice):
    huge = "9" * 5000
    for query in (
        "focus=x",
        "arena=x&minutes=x&review=x&whose=x&language=xx&sort=x",
        "group=x&used=never",
        "group=x&used=x",
        "minutes=²",
        "depth=²",
        "depth=9",
        f"page={huge}",
        "page=-3",
        "words=" + "%25" * 300,
        "pole=%00",
        "words=%00",
    ):
        with subtests.test(query[:20]):
            assert alice.get(f"/prompts?{query}").status_code == 200


def test_twenty_stand_on_a_page_and_filters_travel_to_the_next(stage, alice):
    first = alice.get("/prompts?depth=2")
    assert first.text.count("<article") == 20
    following = re.search(r'href="([^"]*page=2[^"]*)"', first.text)[1].replace("&amp;", "&")
    assert "depth=2" in following
    assert total(alice.get(following)) == total(first)
    assert alice.get(following).text != first.text


def test_what_was_looked_for_stays_in_the_form(alice):
    text = alice.get("/prompts?words=garden&focus=shame&review=draft").text
    assert 'value="garden"' in text
    assert re.search(r'checked[^>]*value="shame"', text)
    assert "narrowed by words, focus, review" in text
    assert re.search(r'selected value="draft"', text)


def test_nothing_found_says_which_filter_to_loosen_and_what_that_brings(stage, alice):
    found = alice.get("/prompts?words=zzzzz&depth=3")
    assert "None matches" in found.text
    loosened = re.search(r'<a href="([^"]*)">Without “words”: (\d+) prompts</a>', found.text)
    assert "Without “depth”" not in found.text
    assert total(alice.get(loosened[1])) == int(loosened[2]) == expected(stage, PromptVersion.depth == 3)
    assert (
        "Loosen more than one of these filters: words, depth, whose."
        in alice.get("/prompts?words=zzzzz&depth=3&whose=own").text
    )


def test_the_note_comes_before_the_words(alice):
    text = alice.get("/prompts?depth=3").text
    assert re.search(r'<b>Say first:</b> [^<]+</p>\s*<blockquote class="say">', text)


def test_a_prompt_shows_its_review_its_way_out_and_its_versions(stage, alice, own_id):
    text = alice.get(f"/prompts/{own_id}").text
    for words in ("Touches tiredness.", DRAFT.text, "Look away.", "Is there one like it at home?", "sense of self"):
        assert words in text
    assert "Your own, not reviewed" in text
    assert "Version 2" in text
    assert "Version 1" in text


def test_a_reviewed_prompt_names_the_role_and_nobody(stage, alice):
    with stage.database.write() as db:
        version = db.scalars(select(PromptVersion).limit(1)).one()
        prompt_id = version.prompt_id
        values = {"status": "reviewed", "reviewed_by_role": "clinical psychologist"}
        db.execute(update(PromptVersion).where(PromptVersion.id == version.id).values(**values))
        db.commit()
    text = alice.get(f"/prompts/{prompt_id}").text
    assert "Read by: clinical psychologist." in text


def test_a_private_prompt_is_there_for_its_author_alone(stage, alice, own_id):
    assert alice.get(f"/prompts/{own_id}").status_code == 200
    assert total(alice.get("/prompts?whose=own")) == 1
    for who in ("bob", "charlie"):
        assert stage.client(who).get(f"/prompts/{own_id}").status_code == 404
        assert own_id not in stage.client(who).get("/prompts?focus=shame").text
    assert stage.client().get(f"/prompts/{own_id}").status_code == 303


def test_the_library_costs_few_queries(stage, alice, own_id):
    for tail in ("", "?focus=fear&words=a", f"/{own_id}"):
        with counted(stage.database) as found:
            assert alice.get(f"/prompts{tail}").status_code == 200
        assert found["SELECT"] <= MOST_QUERIES, tail
