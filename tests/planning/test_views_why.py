"""Why this prompt, and why not that one, on the web: what passed, what refuses, what comes next, what would fill it."""

import re
from html import unescape

import pytest
from sqlalchemy import select, update

from facilitator.planning.models import Assignment, GroupSession
from facilitator.prompts.models import Prompt, PromptVersion
from tests import evening
from tests.factories import counted
from tests.planning.pages import filling, part, path, press

MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def why(stage, kind="explore_a", number=3):
    return f"{part(stage, kind, number)}/why"


def words_of(response):
    """Return a page as people read it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def find_prompt(stage, **wanted):
    with stage.database.read() as db:
        found = select(PromptVersion.prompt_id).where(*(getattr(PromptVersion, k) == v for k, v in wanted.items()))
        return db.scalars(found.order_by(PromptVersion.prompt_id)).first()


def test_the_session_leads_to_why(stage, alice):
    assert why(stage).split("/")[-1] == "why"
    assert why(stage) in alice.get(path(stage)).text


def test_the_page_names_points_rules_and_what_comes_next(stage, alice):
    page = words_of(alice.get(why(stage)))
    for words in (
        "Why this prompt in",
        "points in all",
        "It came first of",
        "The rules that mattered",
        "What comes next",
    ):
        assert words in page
    assert re.search(r"(No repeats|Depth limit|Shape of a session) H\d+ \d+ others? breaks? it", page)


@pytest.mark.parametrize("query", ["", "?q=body", "?prompt=fear-explore-001", "?q=a&prompt=nothing"])
def test_the_page_costs_few_queries(stage, alice, query):
    url = why(stage) + query
    with counted(stage.database) as found:
        assert alice.get(url).status_code in {200, 404}
    assert found["SELECT"] <= MOST_QUERIES


def test_every_rule_that_refuses_is_named_in_plain_words(stage, alice):
    deep = find_prompt(stage, depth=3, phase="explore", sub_bind="shame")
    page = words_of(alice.get(f"{why(stage, 'checkin')}?prompt={deep}"))
    for words in (
        "Shape of a session H4 Check-in goes no deeper than 1; the prompt has depth 3.",
        "Theme and both sides H8 Today is about fear; this prompt is about shame.",
        "Time and people H9 The prompt is written for another part: explore.",
    ):
        assert words in page
    assert re.search(r"Refused by \d rules", page)


def test_what_may_stand_here_says_how_it_ranks_and_what_the_present_one_has_over_it(stage, alice):
    other = re.findall(r"/why\?prompt=([\w-]+)", alice.get(why(stage)).text)[0]
    page = words_of(alice.get(f"{why(stage)}?prompt={other}"))
    assert "It may stand here" in page
    assert re.search(r"Place \d+ of \d+\.", page)
    assert re.search(r"What the present one has over it|It weighs as much|By now it comes before", page)


def test_what_stands_here_says_so(stage, alice):
    with stage.database.read() as db:
        present = db.get(PromptVersion, filling(stage, "explore_a").prompt_version_id).prompt_id
    assert "It stands here" in words_of(alice.get(f"{why(stage)}?prompt={present}"))


def test_a_search_finds_by_words_and_by_name_and_says_who_refuses(stage, alice):
    prompt_id = find_prompt(stage, depth=3, phase="explore", sub_bind="shame")
    with stage.database.read() as db:
        text = db.scalars(select(PromptVersion.text).where(PromptVersion.prompt_id == prompt_id)).first()
    by_words = alice.get(why(stage, "checkin"), query_string={"q": text[:60].upper()})
    by_name = alice.get(why(stage, "checkin"), query_string={"q": prompt_id})
    for page in (by_words, by_name):
        assert f"prompt={prompt_id}&" in unescape(page.text)
        assert "1 prompt found" in words_of(page)
    assert "Theme and both sides" in words_of(by_name)
    assert "Nothing in the library has these words." in words_of(alice.get(f"{why(stage)}?q=xylophonic"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"status": "retired"}, "The prompt has been retired."),
        ({"language": "es"}, "It is in another language: es."),
        ({"minutes_min": 50, "minutes_default": 50}, "It takes at least 50 minutes; this part has"),
        ({"online_ok": False}, "It may stand here"),
    ],
)
def test_a_prompt_out_of_use_or_in_another_language_says_so(stage, alice, change, sentence):
    other = re.findall(r"/why\?prompt=([\w-]+)", alice.get(why(stage)).text)[0]
    with stage.database.write() as db:
        db.execute(update(PromptVersion).where(PromptVersion.prompt_id == other).values(change))
        db.commit()
    assert sentence in words_of(alice.get(f"{why(stage)}?prompt={other}"))


def test_somebody_elses_private_prompt_is_simply_unknown(stage, alice):
    own = stage.client("bob")
    url = f"{part(stage, 'checkin')}/own"
    press(own, own.get(url), url, text="What is one small thing in reach?", sub_bind="fear", do="save")
    with stage.database.write() as db:
        private = db.scalars(select(Prompt.id).where(Prompt.shared.is_(False))).one()
    answer = alice.get(f"{why(stage)}?prompt={private}")
    assert answer.status_code == 404
    assert "There is no such prompt" in words_of(answer)
    assert "one small thing in reach" not in words_of(alice.get(f"{why(stage)}?q=reach"))
    assert "It stands here" in words_of(own.get(f"{why(stage, 'checkin')}?prompt={private}"))
    assert "There is no such prompt" in words_of(alice.get(f"{why(stage)}?prompt=nothing"))


def empty(stage, *, lone=False, **versions):
    """Leave the explore part of the third session empty, and change every explore prompt of the library."""
    with stage.database.write() as db:
        if versions:
            db.execute(update(PromptVersion).where(PromptVersion.phase == "explore").values(versions))
        db.execute(update(GroupSession).where(GroupSession.id == stage.session_ids[2]).values(lone=lone))
        row = db.get(Assignment, filling(stage, "explore_a").segment_id)
        row.prompt_version_id, row.reasons = None, []
        db.commit()


def test_an_empty_part_says_who_was_left_out(stage, alice):
    empty(stage, lone=True, depth=3, format="writing")
    page = words_of(alice.get(why(stage)))
    assert "Why nothing stands in" in page
    assert re.search(r"Depth limit H1 \d+ prompts left out\.", page)
    assert "No single change of the evening would fill it." in page


def test_an_empty_part_says_which_single_change_would_fill_it(stage, alice):
    empty(stage, minutes_min=40, minutes_default=40)
    page = words_of(alice.get(why(stage)))
    assert re.search(r"Time and people H9 \d+ prompts left out\.", page)
    assert re.search(r"This part gets more time, in minutes: \d+\. \d+ prompts would fit", page)


def test_an_empty_part_that_prompts_fit_by_now_says_so(stage, alice):
    empty(stage)
    page = words_of(alice.get(why(stage)))
    assert re.search(r"\d+ prompts pass every rule by now\.", page)
    assert "No single change" not in page


def test_a_grounding_a_stranger_and_another_session_have_no_such_page(stage, alice):
    assert alice.get(why(stage, "ground_open")).status_code == 404
    assert alice.get(f"{path(stage, 2)}/segments/{why(stage).split('/')[-2]}/why").status_code == 404
    assert stage.client("charlie").get(why(stage)).status_code == 404
    assert stage.client().get(why(stage)).status_code == 303


@pytest.mark.parametrize("query", ["?prompt=%00", "?q=%25%5F%00", "?q=" + "a" * 3000, "?prompt=" + "x" * 3000])
def test_whatever_is_asked_the_page_answers(stage, alice, query):
    # a sign that no text can hold is refused before any page is asked
    assert alice.get(why(stage) + query).status_code in {200, 404, 422}
