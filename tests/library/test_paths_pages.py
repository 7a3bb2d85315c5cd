"""Path making on the web: build with a dry run, refusals at their place, saving, sharing, and planning along it."""

import re
import tomllib
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from facilitator.curriculum.editions import edition
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind, GroupKind
from facilitator.groups.models import Group
from facilitator.library import paths
from facilitator.library.path_drafts import read_draft
from facilitator.planning.models import Assignment, GroupSession, Series
from facilitator.planning.scene import load_scene
from facilitator.prompts.models import PromptVersion
from tests.factories import ON_SQLITE, counted, make_group
from tests.planning.pages import press, read_form
from tests.worlds import shelve, shelve_entries

pytestmark = ON_SQLITE
BUILD, COPY = "/library/pathway/build", "/library/pathway/build?source=closed-8"
MOST_QUERIES = 8


@pytest.fixture
def shelf(house):
    with house.change() as db:
        shelve_entries(db)
        shelve(db)
    return house


@pytest.fixture
def alice(shelf):
    return shelf.client("alice")


def rows(house):
    with house.read() as db:
        own = LibraryEntry.slug.startswith("own-")
        return list(db.scalars(select(LibraryEntry).where(own).order_by(LibraryEntry.version)))


def save(client, **changes):
    """Copy the eight sessions, with these answers, and return the address of the path."""
    answer = press(client, client.get(COPY), BUILD, do="save", **changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def slug_of(path):
    return path.rsplit("/", 1)[1]


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_without_a_path_the_page_says_how_to_begin(alice):
    text = alice.get("/curriculum/pathways").text
    assert "No path was built here yet." in text
    assert text.count("Copy it") == 4
    assert alice.get("/library/pathway/new").text.count("Copy it") == 4


def test_a_copy_saved_as_it_is_says_what_the_original_says(shelf, alice):
    path = save(alice)
    [row] = rows(shelf)
    assert (row.language, row.version, row.shared, row.retired) == ("en", 1, False, False)
    with shelf.read() as db:
        shipped = edition(db, "en").pathway("closed-8")
        mine = paths.get_own_path(db, shelf.account(db, "alice"), slug_of(path)).pathway
        assert read_draft(mine, "en").rows == read_draft(shipped, "en").rows
    assert mine.name == "Eight sessions, my copy"
    assert "Every part finds a prompt." in alice.get(path).text


@pytest.mark.parametrize(("kind", "count"), [("closed", 5), ("open", 7), ("closed", 20)])
def test_a_path_from_nothing_is_proposed_as_a_whole_and_saved_with_a_name_alone(shelf, alice, kind, count):
    page = alice.get(f"{BUILD}?kind={kind}&count={count}&lengths=60&lengths=90")
    assert press(alice, page, BUILD, do="save").status_code == 422  # it has no name yet
    path = press(alice, page, BUILD, do="save", name="Ours").headers["Location"]
    with shelf.read() as db:
        made = paths.get_own_path(db, shelf.account(db, "alice"), slug_of(path)).pathway
    assert (made.name, made.group_kind, made.session_count, made.lengths) == ("Ours", kind, count, (60, 90))
    assert (made.repeating, made.newcomer_explore_cap) == ((True, 1) if kind == "open" else (False, 0))


@pytest.mark.parametrize("asked", ["count=3", "count=21", "count=x", "kind=other", "lengths=45"])
def test_a_start_that_cannot_be_is_said_beside_its_field(alice, asked):
    usual = {"kind": "kind=closed", "count": "count=8", "lengths": "lengths=90"}
    usual[asked.split("=")[0]] = asked
    page = alice.get(f"{BUILD}?{'&'.join(usual.values())}")
    assert page.status_code == 422
    assert 'class="err"' in page.text


def test_moving_a_session_shows_the_refusal_at_its_place_and_writes_nothing(shelf, alice):
    page = alice.get(COPY)
    for _ in range(4):
        page = press(alice, page, BUILD, do="up:s6")
        assert page.status_code == 200
    assert read_form(page, BUILD)["row"] == ["s1", "s6", "s2", "s3", "s4", "s5", "s7", "s8"]
    assert "it never comes before the middle. In a path of this length, session 4 is the earliest." in words_of(page)
    assert 'id="s6_focus-err"' in page.text
    refused = press(alice, page, BUILD, do="save")
    assert refused.status_code == 422
    assert 'id="problem"' in refused.text
    assert rows(shelf) == []
    for _ in range(4):
        refused = press(alice, refused, BUILD, do="down:s6")
    assert press(alice, refused, BUILD, do="save").status_code == 303


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"s1_cap": "2"}, "The first session stays at depth 1"),
        ({"s4_cap": "3"}, "Here depth 2 is the most."),
        ({"s8_cap": "3"}, "The last session stays at depth 1"),
        ({"s3_sides": "identity/identity/identity"}, "fear is met without the belonging side"),
        ({"s1_focus": "fear"}, "A closed group opens with the bind itself"),
        ({"s8_focus": "weaving"}, "A closed group ends with a closing session"),
        ({"s3_participant_title": "Shame"}, "“shame” tells what the group is about"),
        ({"s3_participant_title": "Windows"}, "Session 3 has this title too."),
        ({"s3_participant_title": "x" * 41}, "Enter at most 40 characters."),
        ({"s3_title": "x\0y"}, "The text holds a character that cannot be kept."),
        ({"s3_goals": "\n".join("abcdefghi")}, "Enter at most 8 goals."),
        ({"name": ""}, "Enter a name for the path."),
        ({"lengths": "45"}, "Choose at least one."),
    ],
)
def test_what_is_refused_is_said_and_everything_typed_is_kept(shelf, alice, changes, words):
    typed = {"s5_title": "Wind and weather", "s5_recap": "We spoke of weather.", **changes}
    page = press(alice, alice.get(COPY), BUILD, do="save", **typed)
    assert page.status_code == 422
    assert words in words_of(page)
    sent = read_form(page, BUILD)
    for name, value in typed.items():
        if name != "lengths":
            assert " ".join(sent[name]).replace("\0", "\ufffd").split() == value.replace("\0", "\ufffd").split(), name
    assert rows(shelf) == []


def test_a_warning_is_said_and_does_not_stand_in_the_way(shelf, alice):
    page = press(alice, alice.get(COPY), BUILD, do="up:s4")  # shame before fear
    assert "Here shame comes before fear." in words_of(page)
    assert press(alice, page, BUILD, do="save").status_code == 303
    assert len(rows(shelf)) == 1


def test_sessions_are_taken_out_and_put_in_between_four_and_twenty(alice):
    page = press(alice, alice.get(f"{BUILD}?kind=closed&count=5&lengths=90"), BUILD, do="drop:s3")
    assert read_form(page, BUILD)["row"] == ["s1", "s2", "s4", "s5"]
    assert "Take session" not in page.text
    again = press(alice, page, BUILD, do="drop:s1")
    assert read_form(again, BUILD)["row"] == ["s1", "s2", "s4", "s5"]
    for _ in range(20):
        page = press(alice, page, BUILD, do="add")
    assert len(read_form(page, BUILD)["row"]) == 20
    assert "Add a session" not in page.text


def test_the_dry_run_shows_what_stays_empty_with_its_rule_and_writes_nothing(shelf, alice):
    text = words_of(alice.get(COPY))
    assert "Every part finds a prompt." in text
    with shelf.change() as db:
        db.execute(update(PromptVersion).where(PromptVersion.sub_bind == "fear").values(status="retired"))
        before = db.scalar(select(func.count()).select_from(Assignment))
    text = words_of(alice.get(COPY))
    assert "2 parts would stay empty" in text
    assert "Session 3, Explore A" in text
    assert "The library has no prompt for this part on fear" in text
    with shelf.read() as db:
        assert db.scalar(select(func.count()).select_from(Assignment)) == before
        assert db.scalar(select(func.count()).select_from(Series)) == 0


@pytest.mark.parametrize("path", [COPY, "/library/pathway/new", "/curriculum/pathways"])
def test_a_page_takes_few_queries(shelf, alice, path):
    save(alice)
    alice.get(path)
    with counted(shelf.database) as found:
        assert alice.get(path).status_code == 200
    assert found["SELECT"] <= MOST_QUERIES


def test_somebody_elses_private_path_is_not_there(shelf, alice):
    path = save(alice)
    bob = shelf.client("bob")
    for address in (path, f"{path}/edit", f"{BUILD}?source={slug_of(path)}"):
        assert bob.get(address).status_code == 404
    for address in (path, f"{path}/edit"):
        assert bob.post(address, data={"do": "share"}).status_code == 404
    assert "my copy" not in bob.get("/curriculum/pathways").text
    assert "my copy" not in bob.get("/library/pathway/new").text


def test_a_shared_path_is_seen_and_copied_by_others_and_changed_by_its_owner_alone(shelf, alice):
    path = save(alice, name="River path")
    bob = shelf.client("bob")
    assert press(alice, alice.get(path), path, do="share").status_code == 303
    assert "River path" in bob.get("/curriculum/pathways").text
    assert "Take out of use" not in bob.get(path).text
    assert bob.get(f"{path}/edit").status_code == 404
    assert bob.post(path, data={"do": "retire"}).status_code == 404
    copied = bob.get(f"{BUILD}?source={slug_of(path)}")
    mine = press(bob, copied, BUILD, do="save").headers["Location"]
    assert mine != path
    assert alice.get(mine).status_code == 404
    press(alice, alice.get(path), path, do="unshare")
    assert bob.get(path).status_code == 404
    assert bob.get(mine).status_code == 200


def test_out_of_use_it_is_offered_to_nobody_and_comes_back(shelf, alice):
    path = save(alice, name="River path")
    press(alice, alice.get(path), path, do="retire")
    assert "River path" not in alice.get(shelf.at("/plan")).text
    assert "Out of use" in alice.get("/curriculum/pathways").text
    assert alice.get(f"{path}/edit").status_code == 409
    press(alice, alice.get(path), path, do="restore")
    assert "River path" in alice.get(shelf.at("/plan")).text


def test_two_windows_the_second_save_says_that_it_was_changed_elsewhere(shelf, alice):
    path = save(alice)
    edit = f"{path}/edit"
    first, second = alice.get(edit), alice.get(edit)
    assert press(alice, first, edit, do="save", name="From the first").status_code == 303
    # mending a mistake in between does not make the second window the newer one
    mistaken = press(alice, second, edit, do="save", name="From the second", s1_cap="3")
    late = press(alice, mistaken, edit, do="save", s1_cap="")
    assert late.status_code == 409
    assert "This was changed elsewhere meanwhile." in late.text
    assert read_form(late, edit)["name"] == ["From the second"]
    assert [row.content["name"] for row in rows(shelf)][-1] == "From the first"
    assert press(alice, late, edit, do="save").status_code == 303
    assert [row.version for row in rows(shelf)] == [1, 2, 3]


def test_saving_without_a_change_says_so(alice):
    edit = f"{save(alice)}/edit"
    answer = press(alice, alice.get(edit), edit, do="save")
    assert answer.status_code == 409
    assert "Nothing was changed." in answer.text


def plan(shelf, path, weeks=0):
    return shelf.plan(
        pathway_id=slug_of(path), first_on=date(2026, 11, 23) + timedelta(weeks=weeks), seed=f"path {weeks}"
    )


def test_a_series_keeps_the_version_that_it_was_planned_with(shelf, alice):
    path = save(alice)
    first = plan(shelf, path)
    edit = f"{path}/edit"
    shorter = press(alice, alice.get(edit), edit, do="drop:s7")
    assert press(alice, shorter, edit, do="save", s3_title="Another word").status_code == 303
    second = plan(shelf, path, weeks=20)
    assert (len(first), len(second)) == (8, 7)
    press(alice, alice.get(path), path, do="retire")
    with shelf.read() as db:
        versions = {series.id: series.pathway_version for series in db.scalars(select(Series))}
        scene = load_scene(db, db.get_one(Group, shelf.group_id))
        assert (versions[first[0].series_id], versions[second[0].series_id]) == (1, 2)
        assert scene.step(first[7]).title == "Closing"
        thirds = db.scalars(select(GroupSession.title).where(GroupSession.position == 3))
        assert sorted(thirds) == ["Another word", "Fear"]
    assert alice.get(f"/sessions/{first[6].id}").status_code == 200


def test_the_wizard_offers_ones_own_and_shared_paths_of_the_groups_kind_and_language(shelf, alice):
    mine = save(alice, name="River path")
    bob = shelf.client("bob")
    theirs = save(bob, name="Hill path")
    hidden = save(bob, name="Cave path")
    press(bob, bob.get(theirs), theirs, do="share")
    with shelf.change() as db:
        lead = shelf.account(db, "alice")
        opened = make_group(db, lead, shelf.clock(), label="Open Room", kind=GroupKind.OPEN).id
        spanish = make_group(db, lead, shelf.clock(), label="Sala", language="es").id
    page = alice.get(shelf.at("/plan"))
    assert re.search(r"<b>River path</b> <span[^>]*>yours</span>", page.text)
    assert re.search(r"<b>Hill path</b> <span[^>]*>shared</span>", page.text)
    assert "Cave path" not in page.text
    for group_id in (opened, spanish):
        assert "River path" not in alice.get(f"/groups/{group_id}/plan").text
    assert slug_of(mine) != slug_of(theirs) != slug_of(hidden)


def test_the_wizard_refuses_a_length_that_the_path_is_not_written_for(shelf, alice):
    page = alice.get(f"{BUILD}?kind=closed&count=6&lengths=60")
    path = press(alice, page, BUILD, do="save", name="Short path").headers["Location"]
    action = shelf.at("/plan")
    press(alice, alice.get(action), action, do="next", pathway_id=slug_of(path))
    answer = press(alice, alice.get(f"{action}/dates"), action, do="next")
    shown = alice.get(answer.headers["Location"], follow_redirects=True)
    assert "This pathway is written for sessions of 60 minutes." in shown.text


def chosen(page):
    """Return the path that is chosen in the first step of the wizard."""
    return re.search(r'value="([^"]+)" checked', page.text)[1]


def test_planning_from_the_page_of_a_path_begins_with_that_path(shelf, alice):
    path = save(alice)
    link = re.search(r'href="(/series/new[^"]*)"', re.search(r"<main.*", alice.get(path).text, re.DOTALL)[0])[1]
    assert chosen(alice.get(link, follow_redirects=True)) == slug_of(path)
    # answers that are kept from before give way to it
    press(alice, alice.get(shelf.at("/plan")), shelf.at("/plan"), do="next", pathway_id="closed-12")
    assert chosen(alice.get(shelf.at("/plan"))) == "closed-12"
    assert chosen(alice.get(link, follow_redirects=True)) == slug_of(path)
    assert chosen(alice.get(shelf.at("/plan"), query_string={"path": "open-6"})) == "closed-12"


def test_planning_from_a_path_asks_only_about_groups_that_it_fits(shelf, alice):
    for_open, for_closed = (alice.get("/series/new", query_string={"path": each}) for each in ("open-6", "closed-8"))
    assert "fits none of your groups" in for_open.text
    assert for_closed.headers["Location"] == f"{shelf.at('/plan')}?path=closed-8"
    with shelf.change() as db:
        make_group(db, shelf.account(db, "alice"), shelf.clock(), label="Blue Room")
    both = alice.get("/series/new?path=closed-8").text
    assert both.count("/plan?path=closed-8") == 2
    assert "/series/new?path=closed-8" in alice.get("/curriculum/pathways").text


def test_a_path_is_exported_as_a_file(alice):
    path = save(alice)
    link = re.search(r'href="(/library/export/file\?[^"]+)"', alice.get(path).text)[1].replace("&amp;", "&")
    table = tomllib.loads(alice.get(link).text)
    [found] = table[EntryKind.PATHWAY]
    assert "Eight sessions, my copy" in str(found)


def test_a_hand_made_request_is_read_as_far_as_it_says_something(shelf, alice):
    odd = {"row": ["s1", "x", "s1", "s99", "s0"], "kind": "?", "language": "tlh", "s1_focus": "?", "do": "up:s7"}
    page = alice.post(BUILD, data=odd | {"s1_sides": "no/such", "s1_cap": "9", "s1_teach": "?"})
    assert page.status_code == 200
    assert read_form(page, BUILD)["row"] == ["s1", "s99"]
    assert alice.post(BUILD, data={"do": "save"}).status_code == 422
    path = save(alice)
    assert alice.post(path, data={"do": "something"}).status_code == 404
    assert len(rows(shelf)) == 1
