"""The review on the web: who may, one entry a page, several at once, and what other pages say about it."""

import re
from dataclasses import replace

import pytest
from flask import session as cookie
from sqlalchemy import delete, func, select, update

from config import Mode
from facilitator.accounts.models import Role
from facilitator.curriculum.models import LibraryEntry
from facilitator.library.models import LeftForLater
from facilitator.library.pieces import list_pieces
from facilitator.planning.models import Assignment
from facilitator.prompts.importing import import_entries
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.service import approve
from tests.factories import ON_SQLITE, counted, open_app
from tests.library.shelf import DIAL, shipped_prompt
from tests.planning.pages import press as send
from tests.worlds import shelve, shelve_entries

pytestmark = ON_SQLITE
MOST_QUERIES = 8
ROLE = "clinical psychologist"


@pytest.fixture
def shelf(house):
    with house.change() as db:
        shelve(db, None)
        shelve_entries(db)
        house.account(db, "alice").role = Role.REVIEWER
    return house


@pytest.fixture
def alice(shelf):
    return shelf.client()


@pytest.fixture
def sitting(alice):
    assert alice.post("/library/review", data={"role": ROLE, "language": "en"}).status_code == 303
    return alice


def list_ids(shelf, language="en", section=""):
    with shelf.read() as db:
        found = list_pieces(db, language)
        return [piece.row.id for piece in found if section in ("", piece.section) and not piece.is_reviewed]


def entry_at(version_id, ending="", language="en"):
    return f"/library/review/{language}/entries/{version_id}{ending}"


def section_at(section, ending="", language="en"):
    return f"/library/review/{language}/sections/{section}{ending}"


def press(client, version_id, do):
    return client.post(entry_at(version_id), data={"do": do})


def version(shelf, version_id):
    with shelf.read() as db:
        return db.get(PromptVersion, version_id) or db.get(LibraryEntry, version_id)


def words(page):
    return " ".join(page.text.split())


def give_other_words(shelf, slug=DIAL):
    with shelf.change() as db:
        import_entries(db, [replace(shipped_prompt(slug), text="Other words?")])


def id_of(shelf, slug):
    with shelf.read() as db:
        return next(piece.row.id for piece in list_pieces(db, "en") if piece.slug == slug)


def test_others_read_who_may_review(shelf):
    page = shelf.client("bob").get("/library/review")
    assert page.status_code == 403
    assert "Reviewers and admins may review." in page.text
    assert "Start" not in page.text
    assert "0 of " in page.text


def test_others_can_do_nothing(shelf):
    bob, first = shelf.client("bob"), list_ids(shelf)[0]
    presses = ("/library/review", entry_at(first), section_at("fear"), "/library/review/en/later")
    data = {"do": "approve", "version_id": first, "role": ROLE}
    assert {bob.post(path, data=data).status_code for path in presses} == {403}
    pages = (entry_at(first), entry_at(first, "/retire"), section_at("fear"), "/library/review/en/next")
    assert {bob.get(path).status_code for path in pages} == {403}
    assert version(shelf, first).status == "draft"


def test_the_role_is_asked_once_for_a_sitting(shelf, alice):
    first = list_ids(shelf)[0]
    for path in (entry_at(first), section_at("fear"), "/library/review/en/next"):
        assert alice.get(path).location == "/library/review?language=en"
    assert press(alice, first, "approve").location == "/library/review?language=en"
    assert version(shelf, first).status == "draft"
    page = alice.post("/library/review", data={"role": " ", "language": "en"})
    assert page.status_code == 422
    assert "1 to 80 characters" in page.text
    assert alice.post("/library/review", data={"role": ROLE}).location == "/library/review/en/next"
    assert alice.get("/library/review/en/next").location == entry_at(first)
    assert f"You review as: {ROLE}" in words(alice.get("/library/review"))


def test_the_role_ends_with_the_session(sitting):
    with sitting:
        sitting.get("/library/review")
        assert cookie["review_role"] == ROLE
        sitting.post("/sign-out")
        assert "review_role" not in cookie


def test_an_entry_shows_everything_a_reviewer_needs(shelf, sitting):
    with shelf.read() as db:
        row = next(piece.row for piece in list_pieces(db, "en") if piece.kind == "prompt" and piece.row.depth == 2)
    page = sitting.get(entry_at(row.id)).text.replace("&#39;", "'").replace("&#34;", '"')
    for said in (row.text, row.content_note, row.opt_out, *row.follow_ups, row.facilitator_note, row.prompt_id):
        assert said in page
    for said in ("Where it sits", "Depth 2", "Format", "Good words", "Both pulls make sense."):
        assert said in page
    assert "Fear: 0 of 27" in page


COUNTRIES = [("en", "gb-samaritans", "United Kingdom"), ("en", "int-findahelpline", "Any country")]
COUNTRIES += [("en", "eu-emergency", "European Union"), ("es", "es-016", "Spain"), ("es", "mx-saptel", "Mexico")]


@pytest.mark.parametrize(("language", "slug", "name"), COUNTRIES)
def test_the_country_of_a_help_line_stands_by_its_name(shelf, sitting, language, slug, name):
    with shelf.read() as db:
        row = next(piece.row for piece in list_pieces(db, language) if piece.slug == slug)
    assert name in words(sitting.get(entry_at(row.id, language=language)))


def test_the_lint_speaks_where_it_has_something_to_say(shelf, sitting):
    first = list_ids(shelf)[0]
    assert "An author would be asked" not in sitting.get(entry_at(first)).text
    with shelf.change() as db:
        db.execute(update(PromptVersion).where(PromptVersion.id == first).values(text="Why should you?"))
    assert "can sound like a judgement" in sitting.get(entry_at(first)).text


def test_the_heading_takes_the_focus_and_is_described_by_the_progress(shelf, sitting):
    page = sitting.get(entry_at(list_ids(shelf)[0])).text
    heading = re.search(r"<h1[^>]*>", page)[0]
    assert "autofocus" in heading
    assert 'tabindex="-1"' in heading
    assert 'aria-describedby="progress"' in heading
    assert re.search(r'id="progress" role="status"', page)
    # after the heading, approving is the first thing that a keyboard reaches
    rest = page[page.index("</h1>") :]
    assert (
        'id="approve"' in re.search(r"<(?:a|button|summary|input(?! type=\"hidden\")|input id=\"csrf)[^>]*>", rest)[0]
    )


def test_approving_keeps_role_and_day_and_opens_the_next(shelf, sitting):
    first, second = list_ids(shelf)[:2]
    assert press(sitting, first, "approve").location == entry_at(second)
    kept = version(shelf, first)
    assert (kept.status, kept.reviewed_by_role, kept.reviewed_on) == ("reviewed", ROLE, shelf.clock().date())
    assert "Fear: 1 of 27" in sitting.get(entry_at(second)).text


@pytest.mark.parametrize("section", ["exercise", "script", "help_line", "agreement", "agenda", "pathway"])
def test_every_kind_of_entry_can_be_read_and_approved(shelf, sitting, section):
    for version_id in list_ids(shelf, section=section):
        assert sitting.get(entry_at(version_id)).status_code == 200
    first = list_ids(shelf, section=section)[0]
    press(sitting, first, "approve")
    assert version(shelf, first).reviewed_by_role == ROLE


def test_words_that_were_replaced_meanwhile_are_not_approved_and_the_page_says_so(shelf, sitting):
    shown = id_of(shelf, DIAL)
    give_other_words(shelf)
    answer = press(sitting, shown, "approve")
    assert "It was not approved." in sitting.get(answer.location).text
    assert version(shelf, shown).status == "draft"
    gone = sitting.get(entry_at(shown))
    assert gone.status_code == 404
    assert "Newer ones may have replaced them." in gone.text


def test_what_is_left_for_later_is_kept_and_taken_up_on_another_day(shelf, sitting):
    first, second = list_ids(shelf)[:2]
    assert press(sitting, first, "later").location == entry_at(second)
    shelf.clock.advance(days=1)
    other = shelf.client()
    other.post("/library/review", data={"role": "psychiatrist", "language": "en"})
    assert other.get("/library/review/en/next").location == entry_at(second)
    assert "Left for later" in other.get("/library/review").text
    assert other.post("/library/review/en/later").status_code == 303
    assert other.get("/library/review/en/next").location == entry_at(first)


def test_a_review_of_any_entry_can_be_taken_back(shelf, sitting):
    for version_id in (list_ids(shelf)[0], list_ids(shelf, section="exercise")[0]):
        press(sitting, version_id, "approve")
        assert "Take the review back" in sitting.get(entry_at(version_id)).text
        assert press(sitting, version_id, "withdraw").location == entry_at(version_id)
        assert version(shelf, version_id).reviewed_on is None
        assert "Approve and go on" in sitting.get(entry_at(version_id)).text


def test_taking_out_of_use_is_asked_on_a_page_of_its_own(shelf, sitting):
    first, second = list_ids(shelf)[:2]
    assert f'href="{entry_at(first, "/retire")}"' in sitting.get(entry_at(first)).text
    assert "Where it stands in a plan already, it stays." in sitting.get(entry_at(first, "/retire")).text
    assert version(shelf, first).status == "draft"
    assert press(sitting, first, "retire").location == entry_at(second)
    assert version(shelf, first).status == "retired"
    assert "Take out of use" not in sitting.get(entry_at(id_of(shelf, "crisis_card"))).text


def test_back_leads_to_the_entry_before(shelf, sitting):
    first, second = list_ids(shelf)[:2]
    assert f'href="{entry_at(first)}"' in sitting.get(entry_at(second)).text


def test_a_press_that_no_button_makes_is_refused(shelf, sitting):
    assert press(sitting, list_ids(shelf)[0], "shred").status_code == 404
    assert sitting.get("/library/review/tlh/next").status_code == 404
    assert sitting.get(section_at("weather")).status_code == 404


def test_a_translation_stands_beside_its_original_and_is_marked_where_that_has_changed(shelf, sitting):
    give_other_words(shelf)
    with shelf.read() as db:
        row = next(piece.row for piece in list_pieces(db, "es") if piece.slug == DIAL)
    page = sitting.get(entry_at(row.id, language="es")).text
    assert "The original has changed since this translation." in page
    assert "It was made from version 1; the original is at version 2." in page
    assert 'lang="es"' in page
    assert "Other words?" in page
    assert "The original has changed" in sitting.get(section_at("fear", language="es")).text


def test_the_reviewer_chooses_the_language(shelf, alice):
    english, spanish = (words(alice.get(f"/library/review?language={code}")) for code in ("en", "es"))
    assert f"0 of {len(list_ids(shelf))}" in english
    assert f"0 of {len(list_ids(shelf, 'es'))}" in spanish


def test_several_are_approved_after_one_question_with_the_number(shelf, sitting):
    ids = list_ids(shelf, section="fear")
    asked = sitting.post(section_at("fear"), data={"version_id": ids[:12], "do": "check"})
    assert "Approve 12 entries" in asked.text
    assert version(shelf, ids[0]).status == "draft"
    sent = re.findall(r'name="version_id" value="([^"]+)"', asked.text)
    assert sent == ids[:12]
    answer = sitting.post(section_at("fear"), data={"version_id": sent, "do": "approve"})
    assert "12 entries approved." in sitting.get(answer.location).text
    assert list_ids(shelf, section="fear") == ids[12:]


def test_all_on_a_page_are_ticked_without_a_script(shelf, sitting):
    page = sitting.get(section_at("fear")).text
    assert page.count('<input type="checkbox"') == 20
    assert " checked" not in page
    assert sitting.get(section_at("fear", "?all=1")).text.count(" checked") == 20
    assert sitting.get(section_at("fear", "?page=2")).text.count('<input type="checkbox"') == 7


def test_several_at_once_shows_the_words_in_full(shelf, sitting):
    page = sitting.get(section_at("exercise")).text
    with shelf.read() as db:
        rows = [piece.row for piece in list_pieces(db, "en") if piece.section == "exercise"]
    assert page.count("<details>") == len(rows)
    assert rows[0].content["steps"][0] in page


def test_what_was_replaced_meanwhile_is_not_approved_with_the_others(shelf, sitting):
    ids, shown = list_ids(shelf, section="fear"), id_of(shelf, DIAL)
    other = next(each for each in ids if each != shown)
    give_other_words(shelf)
    data = {"version_id": [shown, other]}
    asked = sitting.post(section_at("fear"), data=data)
    assert "Approve 1 entry" in asked.text
    assert "It is not approved." in asked.text
    answer = sitting.post(section_at("fear"), data=data | {"do": "approve"})
    page = sitting.get(answer.location).text
    assert "1 entry approved." in page
    assert "It was not approved." in page
    assert version(shelf, shown).status == "draft"


def test_nothing_ticked_asks_for_a_tick(sitting):
    page = sitting.post(section_at("fear"), data={"do": "check"})
    assert page.status_code == 422
    assert "Tick the entries that you have read." in page.text


def test_the_end_says_that_everything_was_reviewed(shelf, sitting):
    with shelf.change() as db:
        db.execute(update(LibraryEntry).values(reviewed_on=shelf.clock().date()))
        approve(db, [*db.scalars(select(PromptVersion.id))], ROLE, shelf.clock().date())
    assert sitting.get("/library/review/en/next").location == "/library/review?language=en"
    page = sitting.get("/library/review").text
    assert "Every entry has been reviewed." in page
    assert "Several at once" not in page


def test_no_name_is_kept(shelf, sitting):
    press(sitting, list_ids(shelf)[0], "approve")
    press(sitting, list_ids(shelf)[0], "later")
    with shelf.read() as db:
        name, number = shelf.account(db, "alice").name, shelf.account(db, "alice").id
        kept = [
            *db.scalars(select(PromptVersion.reviewed_by_role).distinct()),
            *db.scalars(select(LeftForLater.version_id)),
        ]
        assert db.scalar(select(func.count()).select_from(LeftForLater)) == 1
    assert not {name, number} & set(kept)


def test_the_pages_take_few_queries(shelf, sitting):
    spanish = list_ids(shelf, "es")[0]
    found = {}
    paths = ("/library", "/library/review", "/library/review?language=es", entry_at(spanish, language="es"))
    for path in (*paths, section_at("fear", language="es"), entry_at(spanish, "/retire", language="es")):
        with counted(shelf.database) as statements:
            assert sitting.get(path).status_code == 200
        found[path] = statements["SELECT"]
    assert {path: count for path, count in found.items() if count > MOST_QUERIES} == {}


def test_the_tabs_of_the_library_say_how_many_wait(shelf, alice):
    assert f"{len(list_ids(shelf))}<span" in alice.get("/library").text


@pytest.fixture
def production(shelf, config, database):
    """The same installation with review required."""
    shelf.app = open_app(replace(config, mode=Mode.PRODUCTION), database, shelf.clock)
    shelf.app.config["SESSION_COOKIE_SECURE"] = False
    return shelf


def test_where_nothing_was_reviewed_today_says_so_and_who_can_help(production):
    reviewer, other = production.client("alice").get("/").text, production.client("bob").get("/").text
    assert "No prompt has been reviewed yet." in reviewer
    assert 'href="/library/review"' in reviewer
    assert "Ask the person who looks after this installation." in other
    assert 'href="/library/review"' not in other
    with production.change() as db:
        approve(db, [db.scalars(select(PromptVersion.id)).first()], ROLE, production.clock().date())
    assert "No prompt has been reviewed yet." not in production.client("alice").get("/").text


def test_where_nothing_was_reviewed_the_wizard_says_so_before_it_schedules(production):
    alice, path = production.client("alice"), production.at("/plan")
    page = alice.get(path)
    for _step in range(3):
        answer = send(alice, page, path, do="next")
        page = alice.get(answer.location) if answer.status_code == 303 else answer
    assert "Check before you schedule" in page.text
    assert "No prompt has been reviewed yet." in page.text


def test_the_first_page_asks_about_the_review_only_where_a_slot_is_empty(production):
    production.plan()
    alice = production.client("alice")
    assert "No prompt has been reviewed yet." not in alice.get("/").text
    with production.change() as db:
        db.execute(update(Assignment).values(prompt_version_id=None))
    with counted(production.database) as statements:
        assert "No prompt has been reviewed yet." in alice.get("/").text
    assert statements["SELECT"] <= MOST_QUERIES


def test_the_demonstration_does_not_ask_for_a_review_first(alice):
    assert "No prompt has been reviewed yet." not in alice.get("/").text


def test_the_demonstration_says_on_plan_run_and_print_that_review_is_off_and_production_does_not(
    shelf, config, database
):
    session_id = shelf.plan()[0].id
    pages = [f"/sessions/{session_id}{ending}" for ending in ("", "/run", "/sheet")]
    for path in pages:
        page = shelf.client().get(path).text
        assert re.search(r'<p class="demo">[^<]*not had clinical review', page), path
    shelf.app = open_app(replace(config, mode=Mode.PRODUCTION), database, shelf.clock)
    shelf.app.config["SESSION_COOKIE_SECURE"] = False
    for path in pages:
        answer = shelf.client().get(path)
        assert answer.status_code == 200
        assert 'class="demo"' not in answer.text
        assert "not had clinical review" not in answer.text


def test_a_language_without_entries_is_not_offered(shelf, alice):
    assert "Español" in alice.get("/library/review").text
    with shelf.change() as db:
        db.execute(delete(PromptVersion).where(PromptVersion.language == "es"))
        db.execute(delete(LibraryEntry).where(LibraryEntry.language == "es"))
    assert "Español" not in alice.get("/library/review").text
