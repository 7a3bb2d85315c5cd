"""The shelves on the web: lists, one entry, other words for it, and who may change the library of an installation."""

import re

import pytest
from sqlalchemy import func, select

from facilitator.accounts.models import Role
from facilitator.curriculum import entries
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import catalogue
from facilitator.curriculum.shelves import SINGLE_SCRIPTS, list_shelves, write_entry
from tests.factories import ON_SQLITE, counted
from tests.library.shelf import DAY, FOUR_EDGES, ROLE, other_words, work_on
from tests.planning.pages import press, read_form
from tests.worlds import shelve_entries

pytestmark = ON_SQLITE
MOST_QUERIES = 8
EDGES, EDIT = "/library/exercise/gr1-four-edges", "/library/exercise/gr1-four-edges/edit?language=en"
AGENDA = "/library/agenda/closed-90"
LINE = "/library/help_line/us-988"
ELSEWHERE = "This was changed elsewhere meanwhile."
KINDS = ("exercise", "agenda", "agreement", "script", "help_line")
NEW = {
    "exercise": {"name": "Warm hands", "steps": "Rub them.\nStop.", "alternative": "Look up.", "channel": "touch"},
    "agreement": {"title": "Phones", "text": "We leave them in our bags."},
    "script": {"situation": "Somebody weeps.", "say": "There is time.", "then": ""},
    "help_line": {"label": "Night line", "audience": "anyone", "phone": "0800 1"},
}


@pytest.fixture
def shelf(house):
    with house.change() as db:
        shelve_entries(db)
        house.account(db, "alice").role = Role.REVIEWER
        house.account(db, "bob").role = Role.ADMIN
    return house


@pytest.fixture
def reviewer(shelf):
    return shelf.client("alice")


def action_of(path, language="en"):
    return f"{path}/edit?language={language}"


def change(client, path, language="en", **values):
    return press(client, client.get(action_of(path, language)), action_of(path, language), **values)


def rows(house, slug, language="en"):
    with house.read() as db:
        found = select(LibraryEntry).where(LibraryEntry.slug == slug, LibraryEntry.language == language)
        return list(db.scalars(found.order_by(LibraryEntry.version)))


def count(house):
    with house.read() as db:
        return db.scalar(select(func.count()).select_from(LibraryEntry))


def test_the_hub_counts_each_shelf_its_review_and_what_is_to_be_checked(shelf, reviewer):
    text = reviewer.get("/library").text
    assert "0 of 14 reviewed" in text
    assert "6 help lines are to be checked." in text
    with shelf.change() as db:
        entries.approve_entry(db, entries.find_newest(db, FOUR_EDGES, "en").id, ROLE, DAY)
    assert "1 of 14 reviewed" in reviewer.get("/library").text
    shelf.clock.advance(days=365)
    assert "16 help lines are to be checked." in shelf.client("alice").get("/library").text


@pytest.mark.parametrize("kind", KINDS)
def test_a_shelf_lists_every_entry_and_leads_to_its_page(subtests, reviewer, kind):
    text = reviewer.get(f"/library/{kind}").text
    for of, slug in list_shelves(catalogue()):
        if of == kind:
            path = f"/library/{kind}/{slug}"
            with subtests.test(slug):
                assert f'href="{path}?language=en"' in text
                assert reviewer.get(path).status_code == 200
                assert reviewer.get(f"{path}/edit").status_code == 200


def test_every_spanish_entry_has_a_page_and_a_form(subtests, reviewer):
    for kind, slug in list_shelves(catalogue("es")):
        if kind is not EntryKind.PATHWAY:
            with subtests.test(slug):
                assert reviewer.get(f"/library/{kind}/{slug}?language=es").status_code == 200
                assert reviewer.get(f"/library/{kind}/{slug}/edit?language=es").status_code == 200


@pytest.mark.parametrize(
    "path", ["/library/pathway", "/library/nonsense", "/library/exercise/nobody", "/library/agenda/new"]
)
def test_what_is_not_on_a_shelf_is_not_found(reviewer, path):
    assert reviewer.get(path).status_code == 404


def found(client, query):
    text = client.get(f"/library/{query}").text
    return re.findall(r'<h3 lang="\w+"><a href="/library/\w+/([\w-]+)', text)


def test_a_shelf_is_searched_by_words_and_by_what_is_to_be_done(shelf, reviewer):
    with shelf.change() as db:
        work_on_line(db)
    assert found(reviewer, "exercise?words=top+EDGE") == ["gr1-four-edges"]
    assert found(reviewer, "exercise?words=zebra") == []
    assert "gr1-four-edges" not in found(reviewer, "exercise?state=waiting")
    assert found(reviewer, "exercise?state=outdated&language=es") == ["gr1-four-edges"]
    assert found(reviewer, "help_line?state=retired") == ["us-ndvh"]
    assert "us-ndvh" not in found(reviewer, "help_line")
    assert "us-emergency" in found(reviewer, "help_line?state=check")
    assert "us-988" not in found(reviewer, "help_line?state=check")
    assert "au-1800respect" in found(reviewer, "help_line?state=hidden")
    assert found(reviewer, "exercise?state=nonsense&words=%00")
    assert "Nothing here fits" in reviewer.get("/library/exercise?words=zebra").text


def work_on_line(db):
    row = entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Four walls"))
    entries.approve_entry(db, row.id, ROLE, DAY)
    entries.retire_entry(db, (EntryKind.HELP_LINE, "us-ndvh"), "en")


def test_help_lines_stand_by_country_and_those_for_any_country_last(reviewer):
    text = reviewer.get("/library/help_line").text
    assert text.index(">Australia</h2>") < text.index(">United States</h2>") < text.index(">Any country</h2>")
    assert ">Spain</h2>" in reviewer.get("/library/help_line?language=es").text


def test_other_words_are_a_new_version_that_waits_for_review(shelf, reviewer):
    with shelf.change() as db:
        entries.approve_entry(db, entries.find_newest(db, FOUR_EDGES, "en").id, ROLE, DAY)
    assert change(reviewer, EDGES, name="Four corners").location == f"{EDGES}?language=en"
    old, new = rows(shelf, "gr1-four-edges")
    assert (old.content["name"], new.content["name"], new.version) == ("Four edges", "Four corners", 2)
    assert (old.reviewed_by_role, new.reviewed_on, new.origin, new.owner_id) == (ROLE, None, "local", None)
    assert {key: value for key, value in new.content.items() if key != "name"} == {
        key: value for key, value in old.content.items() if key != "name"
    }
    text = reviewer.get(EDGES).text
    assert "Saved as a new version" in text
    assert "<del>edges</del>" in text
    assert "<ins>corners</ins>" in text


def test_the_same_words_again_are_no_version(shelf, reviewer):
    page = change(reviewer, EDGES)
    assert page.status_code == 409
    assert "Nothing was changed." in page.text
    assert len(rows(shelf, "gr1-four-edges")) == 1


def test_a_mistake_keeps_everything_that_was_typed(shelf, reviewer):
    page = change(reviewer, EDGES, name="", steps="One new step.", minutes="99", when="numb")
    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert page.text.count("Enter a whole number from 1 to 15.") == 2  # in the summary and at the field
    assert 'aria-invalid="true"' in page.text
    kept = read_form(page, EDIT)
    assert (kept["name"], kept["steps"], kept["minutes"], kept["when"]) == ([""], ["One new step."], ["99"], ["numb"])
    assert press(reviewer, page, EDIT, name="Mended", minutes="3").status_code == 303
    assert rows(shelf, "gr1-four-edges")[-1].content["steps"] == ["One new step."]


def test_the_second_of_two_windows_does_not_win_in_silence(shelf, reviewer):
    page = reviewer.get(EDIT)
    assert change(shelf.client("bob"), EDGES, name="By Bob").status_code == 303
    refused = press(reviewer, page, EDIT, name="By Alice")
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert "By Bob" in refused.text
    assert read_form(refused, EDIT)["name"] == ["By Alice"]
    assert press(reviewer, refused, EDIT).status_code == 303
    assert [row.content["name"] for row in rows(shelf, "gr1-four-edges")] == ["Four edges", "By Bob", "By Alice"]


def test_a_mistake_in_between_does_not_hide_the_other_window(shelf, reviewer):
    page = reviewer.get(EDIT)
    change(shelf.client("bob"), EDGES, name="By Bob")
    mistaken = press(reviewer, page, EDIT, name="")
    assert mistaken.status_code == 422
    assert press(reviewer, mistaken, EDIT, name="By Alice").status_code == 409


def test_the_minutes_of_an_agenda_are_summed_on_saving(shelf, reviewer):
    page = change(reviewer, AGENDA, segment_0_minutes="5")
    assert page.status_code == 422
    assert "The parts add up to 92 minutes. Take away 2." in page.text
    page = change(reviewer, AGENDA, segment_0_minutes="1")
    assert "The parts add up to 88 minutes. Add 2." in page.text
    moved = change(reviewer, AGENDA, segment_0_minutes="5", segment_5_minutes="12", segment_0_title="Arrive")
    assert moved.status_code == 303
    written = rows(shelf, "closed-90")[-1].content["segment"]
    assert [row["starts_at"] for row in written[:3]] == [0, 5, 9]
    assert written[-1]["kind"] == "ground_close"
    assert "Arrive" in reviewer.get("/curriculum/agendas").text


def test_a_help_line_is_checked_and_shown(shelf, reviewer):
    hidden = "/library/help_line/au-1800respect"
    page = change(reviewer, hidden, active="y")
    assert page.status_code == 422
    assert "Enter what the person is who checked it." in page.text
    check = {"last_verified_on": "2026-11-23", "verified_by_role": "duty facilitator", "verification_note": "Called."}
    assert change(reviewer, hidden, active="y", **check).status_code == 303
    written = rows(shelf, "au-1800respect")[-1].content
    assert (written["active"], written["verified_by_role"]) == (True, "duty facilitator")
    text = reviewer.get(hidden).text
    assert "Checked on Monday 23 November 2026" in text
    assert "duty facilitator" in text


def test_today_is_the_day_of_the_person_who_checks(shelf):
    with shelf.change() as db:
        shelf.account(db, "alice").zone = "Pacific/Auckland"
    shelf.clock.advance(hours=4)  # still Monday in London, Tuesday in Auckland
    check = {"last_verified_on": "2026-11-24", "verified_by_role": "duty facilitator"}
    assert "Enter today or an earlier day." in change(shelf.client("bob"), LINE, **check).text
    assert change(shelf.client("alice"), LINE, **check).status_code == 303


@pytest.mark.parametrize("kind", sorted(NEW))
def test_a_new_entry_is_there_at_once_under_a_name_made_for_it(shelf, reviewer, kind):
    path = f"/library/{kind}/new"
    page = reviewer.get(path)
    done = press(reviewer, page, f"{path}?language=en", **NEW[kind])
    assert done.status_code == 303, done.text
    slug = re.search(r"/library/\w+/([\w-]+)", done.location)[1]
    assert slug in {"warm-hands", "phones", "somebody-weeps", "night-line"}
    assert "It is in the library now, and waits for review." in reviewer.get(done.location).text
    [row] = rows(shelf, slug)
    assert (row.version, row.reviewed_on, row.owner_id, row.shared) == (1, None, None, True)
    again = press(reviewer, reviewer.get(path), f"{path}?language=en", **NEW[kind])
    assert f"/{slug}-2?" in again.location


def test_a_new_entry_that_is_not_whole_is_kept_to_be_mended(shelf, reviewer):
    path, before = "/library/exercise/new?language=en", count(shelf)
    page = press(reviewer, reviewer.get(path), path, **NEW["exercise"], slug="gr1-four-edges")
    assert page.status_code == 422
    assert "Another entry has this name in addresses already." in page.text
    assert read_form(page, path)["steps"] == ["Rub them.\nStop."]
    page = press(reviewer, page, path, slug="warm", name="")
    assert page.status_code == 422
    assert read_form(page, path)["slug"] == ["warm"]
    assert count(shelf) == before
    assert press(reviewer, page, path, name="Warm").location == "/library/exercise/warm?language=en"


def test_an_entry_goes_out_of_use_and_comes_back(shelf, reviewer):
    action = f"{EDGES}?language=en"
    assert press(reviewer, reviewer.get(EDGES), action, do="retire").status_code == 303
    text = reviewer.get(EDGES).text
    assert "It is out of use." in text
    assert "Give it other words" not in text
    assert "gr1-four-edges" not in found(reviewer, "exercise")
    assert press(reviewer, reviewer.get(EDGES), action, do="restore").status_code == 303
    assert "gr1-four-edges" in found(reviewer, "exercise")
    assert reviewer.post(action, data={"do": "nonsense"}).status_code == 404


@pytest.mark.parametrize("path", [AGENDA, "/library/script/crisis_card", "/library/help_line/int-findahelpline"])
def test_what_pages_need_stays_in_use(shelf, reviewer, path):
    assert 'value="retire"' not in reviewer.get(path).text
    assert reviewer.post(f"{path}?language=en", data={"do": "retire"}).status_code == 409
    assert not any(row.retired for row in rows(shelf, path.rsplit("/", 1)[1]))


def test_taking_out_of_use_what_was_changed_elsewhere_is_refused(shelf, reviewer):
    page = reviewer.get(EDGES)
    change(shelf.client("bob"), EDGES, name="By Bob")
    refused = press(reviewer, page, f"{EDGES}?language=en", do="retire")
    assert refused.status_code == 409
    assert ELSEWHERE in refused.text
    assert not rows(shelf, "gr1-four-edges")[-1].retired


def test_a_translation_says_that_the_original_has_changed_until_somebody_confirms_it(shelf, reviewer):
    change(reviewer, EDGES, name="Four corners")
    assert "The original has changed since this translation." in reviewer.get(f"{EDGES}?language=es").text
    assert "The original has changed since" in reviewer.get(EDGES).text  # in the list of its languages
    mended = change(reviewer, EDGES, "es", caution="Con calma.")
    assert mended.status_code == 303
    assert rows(shelf, "gr1-four-edges", "es")[-1].translation_of == 1
    assert change(reviewer, EDGES, "es", caution="Con mucha calma.", follows_original="y").status_code == 303
    assert rows(shelf, "gr1-four-edges", "es")[-1].translation_of == 2
    change(reviewer, EDGES, name="Four walls")
    page = reviewer.get(f"{EDGES}?language=es")
    assert press(reviewer, page, f"{EDGES}?language=es", do="confirm").status_code == 303
    assert rows(shelf, "gr1-four-edges", "es")[-1].translation_of == 3
    assert "The original has changed since" not in reviewer.get(f"{EDGES}?language=es").text


def test_an_entry_of_one_language_is_written_in_another(shelf, reviewer):
    path = "/library/script/new?language=en"
    press(reviewer, reviewer.get(path), path, **NEW["script"])
    made = "/library/script/somebody-weeps"
    assert "Write it in this language" in reviewer.get(made).text
    assert reviewer.get(f"{made}?language=es").status_code == 200
    form = reviewer.get(f"{made}/edit?language=es")
    assert "It is not there in this language yet." in form.text
    assert press(reviewer, form, f"{made}/edit?language=es", say="Hay tiempo.").status_code == 303
    [row] = rows(shelf, "somebody-weeps", "es")
    assert (row.version, row.translation_of, row.content["say"]) == (1, 1, "Hay tiempo.")


def test_others_see_no_way_to_change_anything_and_are_refused_with_words(subtests, shelf):
    charlie, before = shelf.client("charlie"), count(shelf)
    for path in ("/library", "/library/exercise", EDGES, AGENDA, LINE):
        with subtests.test(path):
            text = charlie.get(path).text
            assert "/edit" not in text
            assert "/new?" not in text
            assert 'value="retire"' not in text
    for method, path in (
        ("GET", f"{EDGES}/edit"),
        ("POST", f"{EDGES}/edit"),
        ("GET", "/library/exercise/new"),
        ("POST", "/library/exercise/new"),
        ("POST", EDGES),
    ):
        with subtests.test(f"{method} {path}"):
            refused = charlie.open(path, method=method, data={"do": "retire"})
            assert refused.status_code == 403
            assert "Only a reviewer or an admin can change the library of this installation." in refused.text
    assert count(shelf) == before
    assert shelf.client("bob").get(f"{EDGES}/edit").status_code == 200


def test_an_exercise_names_the_sessions_of_ones_own_groups_alone(shelf, reviewer):
    shelf.plan()
    with shelf.read() as db:
        used = db.execute(select(LibraryEntry.slug).where(LibraryEntry.kind == "exercise")).scalars().all()
    pages = {slug: reviewer.get(f"/library/exercise/{slug}").text for slug in set(used)}
    assert any("Monday Circle" in text for text in pages.values())
    charlie = shelf.client("charlie")
    for slug in pages:
        assert "Monday Circle" not in charlie.get(f"/library/exercise/{slug}").text
        # the Spanish words have versions of their own, and this group meets in English
        assert "Monday Circle" not in reviewer.get(f"/library/exercise/{slug}?language=es").text


def test_nothing_of_the_person_who_writes_is_kept(shelf, reviewer):
    change(reviewer, EDGES, name="Four corners")
    with shelf.read() as db:
        assert db.scalar(select(func.count()).where(LibraryEntry.owner_id.is_not(None))) == 0


def test_every_page_asks_little_of_the_database(subtests, shelf, reviewer):
    shelf.plan()
    with shelf.change() as db:
        work_on(db)
    edited = [EDGES, AGENDA, LINE, "/library/script/crisis_card"]
    for path in ("/library", *(f"/library/{kind}" for kind in KINDS), *edited, *(f"{path}/edit" for path in edited)):
        for language in ("en", "es"):
            with subtests.test(f"{path} {language}"), counted(shelf.database) as statements:
                assert reviewer.get(f"{path}?language={language}").status_code == 200
            assert statements["SELECT"] <= MOST_QUERIES, path


def test_a_text_that_the_database_cannot_keep_is_refused_at_its_field(shelf, reviewer):
    page = change(reviewer, EDGES, name="a\0b")
    assert page.status_code == 422
    assert "The text holds a character that cannot be kept." in page.text


def test_every_single_script_is_written_anew_from_its_form(subtests, shelf, reviewer):
    for name in SINGLE_SCRIPTS:
        with subtests.test(name):
            path = f"/library/script/{name}"
            sent = read_form(reviewer.get(f"{path}/edit"), action_of(path))
            field = next(key for key in ("title", "note", "lead") if key in sent)
            assert change(reviewer, path, **{field: "Said otherwise"}).status_code == 303
            assert rows(shelf, name)[-1].content[field] == "Said otherwise"
            assert write_entry(getattr(catalogue().scripts, name)) | {field: 0} == rows(shelf, name)[-1].content | {
                field: 0
            }
