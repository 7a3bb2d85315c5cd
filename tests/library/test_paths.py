"""Pathways of one's own in the database, on both engines: whose they are, their versions, and their dry run."""

import threading
from dataclasses import replace

import pytest

from facilitator.accounts.models import Facilitator
from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind, GroupKind, Pole, SubBind
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.library import paths
from facilitator.library.path_drafts import Draft, begin_draft, write_pathway
from facilitator.library.rehearsal import rehearse
from facilitator.prompts.importing import import_library
from facilitator.prompts.queries import load_pool
from facilitator.prompts.rules_cards import PromptPool
from facilitator.prompts.rules_reasons import ReasonCode, Rule
from tests.factories import make_account

PASSES = ("",) * 20


@pytest.fixture
def shelf(db):
    entries.import_shipped(db)
    return db


def propose(db, **values) -> Draft:
    draft = begin_draft(GroupKind.CLOSED, 8, (60, 75, 90), edition(db, "en"))
    return replace(draft, **{"name": "River path", **values})


def save(db, who, **values):
    return paths.get_path(db, who, paths.save_path(db, who, propose(db, **values), PASSES, None))


def test_a_new_path_is_its_owners_alone(shelf, alice, bob):
    path = save(shelf, alice)
    assert (path.mine, path.row.shared, path.row.owner_id, path.row.version) == (True, False, alice.id, 1)
    assert path.pathway in edition(shelf, "en").pathways_of([alice.id])
    assert path.pathway not in edition(shelf, "en").pathways_of([bob.id])
    assert paths.list_paths(shelf, bob) == []
    for ask in (paths.get_path, paths.get_own_path):
        with pytest.raises(NotFound):
            ask(shelf, bob, path.row.slug)
    with pytest.raises(NotFound):
        paths.get_source(shelf, bob, path.row.slug, "en")


def test_sharing_holds_for_every_version_and_can_be_taken_back(shelf, alice, bob):
    path = save(shelf, alice)
    paths.share_path(shelf, path, shared=True)
    paths.save_path(shelf, alice, propose(shelf, name="Longer river"), PASSES, path)
    [seen] = paths.list_paths(shelf, bob)
    assert (seen.pathway.name, seen.mine, seen.row.version) == ("Longer river", False, 2)
    assert edition(shelf, "en").owners[path.row.slug] == alice.id
    with pytest.raises(NotFound):
        paths.get_own_path(shelf, bob, path.row.slug)
    paths.share_path(shelf, path, shared=False)
    assert paths.list_paths(shelf, bob) == []
    assert [each.row.version for each in paths.list_paths(shelf, alice)] == [2]


def test_out_of_use_it_stays_with_its_owner_alone(shelf, alice, bob):
    path = save(shelf, alice)
    paths.share_path(shelf, path, shared=True)
    entries.retire_entry(shelf, (EntryKind.PATHWAY, path.row.slug), "en")
    assert paths.list_paths(shelf, bob) == []
    assert paths.get_path(shelf, alice, path.row.slug).row.retired
    with pytest.raises(NotFound):
        paths.get_path(shelf, bob, path.row.slug)


def test_the_librarys_pathways_are_nobodys(shelf, alice):
    assert edition(shelf, "en").owners == {}
    assert paths.list_paths(shelf, alice) == []
    with pytest.raises(NotFound):
        paths.get_path(shelf, alice, "closed-8")


def test_two_saves_at_the_same_moment_never_make_the_same_version(database):
    with database.write() as db:
        entries.import_shipped(db)
        alice = make_account(db, "Alice")
        slug = save(db, alice).row.slug
        db.commit()
    outcome = []

    def save_late():
        with database.write() as late:
            me = late.get_one(Facilitator, alice.id)
            try:
                paths.save_path(late, me, propose(late, name="Late"), PASSES, paths.get_own_path(late, me, slug))
            except Conflict:
                outcome.append("conflict")
            else:
                late.commit()
                outcome.append("saved")

    with database.write() as db:
        me = db.get_one(Facilitator, alice.id)
        paths.save_path(db, me, propose(db, name="First"), PASSES, paths.get_own_path(db, me, slug))
        second = threading.Thread(target=save_late)
        second.start()
        second.join(0.5)  # it waits for this one, at its beginning or at its row
        assert outcome == []
        db.commit()
    second.join()
    with database.read() as db:
        versions = [row.version for row in entries.list_entry_versions(db, (EntryKind.PATHWAY, slug), "en")]
    assert (outcome, versions) in ((["conflict"], [2, 1]), (["saved"], [3, 2, 1]))


def test_what_the_pages_let_through_the_shelf_still_refuses(shelf, alice):
    draft = propose(shelf)
    deep = replace(draft, rows=(replace(draft.rows[0], cap=3), *draft.rows[1:]))
    with pytest.raises(Invalid, match="goes to depth 3"):
        paths.save_path(shelf, alice, deep, PASSES, None)
    assert paths.list_paths(shelf, alice) == []


@pytest.mark.parametrize("minutes", [60, 75, 90])
def test_the_dry_run_of_the_librarys_path_fills_every_part_on_both_sides(shelf, alice, minutes):
    import_library(shelf, "en")
    content = edition(shelf, "en")
    pool = PromptPool(load_pool(shelf, "en", [alice.id]))
    found = rehearse(content.pathway("closed-12"), minutes, content, pool, require_review=False)
    assert found.empty == ()
    for theme in (SubBind.FEAR, SubBind.SHAME, SubBind.POWERLESSNESS, SubBind.VULNERABILITY):
        held = found.counts.get((theme, Pole.BOTH), 0)
        assert all(found.counts.get((theme, side), 0) + held for side in Pole.BOTH.sides)
    assert all(later - before <= 1 for before, later in zip(found.depths, found.depths[1:], strict=False))
    assert found == rehearse(content.pathway("closed-12"), minutes, content, pool, require_review=False)


def test_the_dry_run_names_the_rule_that_empties_a_part(shelf, alice):
    import_library(shelf, "en")
    content = edition(shelf, "en")
    pool = PromptPool(load_pool(shelf, "en", [alice.id]))
    pathway = write_pathway(propose(shelf), "own-1", PASSES)
    found = rehearse(pathway, 90, content, pool, require_review=True)  # the shipped prompts are drafts
    assert {each.reason.code for each in found.empty} == {ReasonCode.EMPTIED}
    assert {each.reason.params["rule"] for each in found.empty} == {Rule.H10}
    assert sum(found.counts.values()) == 0
    assert entries.find_newest(shelf, (EntryKind.PATHWAY, "own-1"), "en") is None
