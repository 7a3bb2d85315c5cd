"""What waits for review, in which order it is read, and what approving, leaving and taking out come to."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from facilitator.accounts.models import Facilitator, Role
from facilitator.curriculum import entries
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.service import catalogue
from facilitator.curriculum.shelves import list_shelves, write_entry
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.library import pieces, review
from facilitator.library.models import LeftForLater
from facilitator.library.pieces import SECTIONS, find_due, list_pieces, measure
from facilitator.prompts.importing import import_entries
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import find_newest_version, has_reviewed
from facilitator.prompts.service import retire
from facilitator.tokens import new_id
from tests.factories import make_account
from tests.library.shelf import FOUR_EDGES, shipped_prompt
from tests.worlds import shelve, shelve_entries

DAY, ROLE = date(2026, 11, 23), "clinical psychologist"
CRISIS_CARD = "crisis_card"


@pytest.fixture
def db(database):
    with database.write() as session:
        shelve(session, None)
        shelve_entries(session)
        yield session


def first(db, section="fear", language="en"):
    return next(piece for piece in list_pieces(db, language) if piece.section == section)


def find(db, slug, language="en"):
    return next((piece for piece in list_pieces(db, language) if piece.slug == slug), None)


def write_again(db, row):
    """Ship a prompt with other words."""
    import_entries(db, [replace(shipped_prompt(row.prompt_id), text="Other words?")])
    return find_newest_version(db, row.prompt_id, row.language)


def write_entry_again(db, slot=FOUR_EDGES, language="en", **values):
    shipped = list_shelves(catalogue(language))[slot]
    return entries.write_version(db, slot, language, write_entry(replace(shipped, **(values or {"name": "Our edges"}))))


def approve(db, *ids, language="en", role=ROLE):
    return review.approve_shown(db, language, ids, role, DAY)


def test_every_shared_entry_waits_once_and_nothing_else(db):
    found = list_pieces(db, "en")
    prompts = db.scalars(select(PromptVersion).where(PromptVersion.language == "en")).all()
    others = list_shelves(catalogue("en"))
    assert len(found) == len({(piece.kind, piece.slug) for piece in found}) == len(prompts) + len(others)
    assert not any(piece.is_reviewed or piece.later for piece in found)


def test_the_newest_version_is_what_waits(db):
    prompt, entry = first(db).row, find(db, "gr1-four-edges").row
    newer, other = write_again(db, prompt), write_entry_again(db)
    assert find(db, prompt.prompt_id).row is newer
    assert find(db, entry.slug).row is other


def test_other_words_wait_again_after_a_review(db):
    prompt, entry = first(db).row, find(db, "gr1-four-edges").row
    approve(db, prompt.id, entry.id)
    write_again(db, prompt)
    write_entry_again(db)
    assert not find(db, prompt.prompt_id).is_reviewed
    assert not find(db, entry.slug).is_reviewed


def test_what_is_private_or_out_of_use_is_left_out(db):
    mine, gone, edges = first(db).row, first(db, "shame").row, find(db, "gr1-four-edges").row
    db.get_one(Prompt, mine.prompt_id).shared = False
    retire(db, [gone.id])
    pathway = first(db, "pathway").row
    pathway.shared, edges.retired = False, True
    db.flush()
    slugs = {piece.slug for piece in list_pieces(db, "en")}
    assert not slugs & {mine.prompt_id, gone.prompt_id, edges.slug, pathway.slug}


def test_the_order_is_by_theme_then_phase_then_depth_and_then_the_other_shelves(db):
    found = list_pieces(db, "en")
    assert list(dict.fromkeys(piece.section for piece in found)) == list(SECTIONS)
    phases = ("checkin", "explore", "integrate", "close")
    fear = [(phases.index(piece.row.phase), piece.row.depth) for piece in found if piece.section == "fear"]
    assert fear == sorted(fear)
    exercises = [piece.slug.split("-")[0] for piece in found if piece.section == "exercise"]
    assert exercises == [f"gr{number}" for number in range(1, len(exercises) + 1)]


def test_the_languages_wait_apart(db):
    [spanish] = [piece.row.id for piece in list_pieces(db, "es")][:1]
    assert approve(db, spanish) == review.Approval(approved=0, refused=1)
    assert approve(db, spanish, language="es").approved == 1
    assert measure(list_pieces(db, "en")).reviewed == 0
    assert pieces.list_languages(db) == ["en", "es"]


def test_a_translation_is_outdated_where_the_original_has_newer_words(db):
    assert not any(piece.outdated for language in ("en", "es") for piece in list_pieces(db, language))
    prompt = write_again(db, first(db).row)
    write_entry_again(db)
    outdated = {piece.slug for piece in list_pieces(db, "es") if piece.outdated}
    assert outdated == {prompt.prompt_id, "gr1-four-edges"}
    assert not any(piece.outdated for piece in list_pieces(db, "en"))


def test_a_translation_has_its_original_as_it_reads_now_beside_it(db):
    newer, edges = write_again(db, first(db).row), write_entry_again(db)
    assert pieces.find_original_of(db, find(db, newer.prompt_id, "es")) is newer
    assert pieces.find_original_of(db, find(db, edges.slug, "es")) is edges
    assert pieces.find_original_of(db, find(db, edges.slug)) is None


def test_approving_keeps_the_role_and_the_day(db):
    prompt, entry = first(db).row, find(db, "gr1-four-edges").row
    assert approve(db, prompt.id, entry.id, role="  clinical   psychologist ") == review.Approval(approved=2, refused=0)
    for row in (prompt, entry):
        db.refresh(row)
        assert (row.reviewed_by_role, row.reviewed_on) == (ROLE, DAY)
    assert prompt.status == "reviewed"


@pytest.mark.parametrize("role", ["", "  ", "x" * 81])
def test_a_role_that_cannot_be_kept_approves_nothing(db, role):
    with pytest.raises(Invalid):
        approve(db, first(db).row.id, role=role)
    assert measure(list_pieces(db, "en")).reviewed == 0


def test_a_version_that_was_replaced_meanwhile_is_not_approved(db):
    prompt, edges = first(db).row, find(db, "gr1-four-edges").row
    newer, other = write_again(db, prompt), write_entry_again(db)
    assert approve(db, prompt.id, edges.id) == review.Approval(approved=0, refused=2)
    assert {prompt.status, newer.status} == {"draft"}
    assert (edges.reviewed_on, other.reviewed_on) == (None, None)


def test_a_version_that_was_taken_out_of_use_meanwhile_is_not_approved(db):
    prompt, edges = first(db), find(db, "gr1-four-edges")
    review.take_out(db, prompt)
    review.take_out(db, edges)
    assert approve(db, prompt.row.id, edges.row.id) == review.Approval(approved=0, refused=2)


def test_an_unknown_version_is_refused(db):
    assert approve(db, new_id()) == review.Approval(approved=0, refused=1)


def test_a_version_that_was_approved_meanwhile_keeps_the_review_that_it_has(db):
    for row in (first(db).row, find(db, "gr1-four-edges").row):
        approve(db, row.id, role="psychiatrist")
        assert approve(db, row.id) == review.Approval(approved=0, refused=0)
        db.refresh(row)
        assert row.reviewed_by_role == "psychiatrist"


def test_the_guide_passes_by_what_was_left_for_later_until_it_is_taken_up(db):
    piece = first(db)
    review.leave_for_later(db, piece)
    review.leave_for_later(db, piece)  # twice is no fault
    found = list_pieces(db, "en")
    assert find_due(found).row.id == found[1].row.id
    assert (measure(found).later, measure(found).waiting) == (1, len(found))
    review.take_up(db, [piece.row.id])
    assert find_due(list_pieces(db, "en")).row.id == piece.row.id


def test_what_is_decided_is_no_longer_left_for_later(db):
    prompt, edges = first(db), find(db, "gr1-four-edges")
    review.leave_for_later(db, prompt)
    review.leave_for_later(db, edges)
    approve(db, prompt.row.id)
    review.take_out(db, edges)
    assert db.scalars(select(LeftForLater)).all() == []


def test_what_has_been_reviewed_cannot_be_left_for_later(db):
    approve(db, first(db).row.id)
    with pytest.raises(Conflict):
        review.leave_for_later(db, first(db))


def test_the_guide_goes_on_behind_a_version_and_begins_again_behind_the_last(db):
    found = list_pieces(db, "en")
    assert find_due(found).row.id == found[0].row.id
    assert find_due(found, after=found[4].row.id).row.id == found[5].row.id
    assert find_due(found, after=found[-1].row.id).row.id == found[0].row.id
    assert find_due(found, section="shame").section == "shame"
    assert find_due(found[:1], after=found[0].row.id) is None


@pytest.mark.parametrize("slug", ["fear", "gr1-four-edges"])
def test_a_review_that_is_taken_back_waits_again(db, slug):
    piece = first(db) if slug == "fear" else find(db, slug)
    approve(db, piece.row.id)
    review.take_back(db, find(db, piece.slug))
    again = find(db, piece.slug)
    db.refresh(again.row)
    assert not again.is_reviewed
    assert (again.row.reviewed_by_role, again.row.reviewed_on) == ("", None)


def test_taking_back_the_review_of_nothing_is_refused(db):
    with pytest.raises(NotFound):
        entries.withdraw_entry_review(db, new_id())


def test_an_entry_that_is_taken_out_of_use_waits_no_more_and_stays_where_it_stands(db):
    for piece in (first(db), find(db, "gr1-four-edges")):
        review.take_out(db, piece)
        assert find(db, piece.slug) is None
        assert db.get(type(piece.row), piece.row.id) is not None


def test_an_entry_that_pages_cannot_do_without_stays_in_use(db):
    with pytest.raises(Conflict):
        review.take_out(db, find(db, CRISIS_CARD))
    assert find(db, CRISIS_CARD) is not None
    assert find(db, "pause").can_retire


def test_the_piece_of_a_version_is_found_only_while_it_is_the_newest(db):
    prompt = first(db).row
    assert review.get_piece(list_pieces(db, "en"), prompt.id).row is prompt
    write_again(db, prompt)
    with pytest.raises(NotFound):
        review.get_piece(list_pieces(db, "en"), prompt.id)


def test_the_progress_counts_pieces_and_the_words_that_are_left_to_read(db):
    approve(db, *(piece.row.id for piece in list_pieces(db, "en") if piece.section == "fear"))
    found = list_pieces(db, "en")
    fear, shame = measure(found, "fear"), measure(found, "shame")
    assert (fear.reviewed, fear.waiting, fear.minutes) == (fear.pieces, 0, 0)
    words = sum(piece.words for piece in found if piece.section == "shame")
    assert (shame.reviewed, shame.minutes) == (0, -(-words // 120))
    assert measure(found).reviewed == fear.pieces
    assert sum(measure(found, section).pieces for section in SECTIONS) == len(found)


def test_the_words_of_an_entry_are_all_that_is_read_of_it(db):
    prompt, line = first(db), find(db, "ag-03-pass")
    row = prompt.row
    said = " ".join([row.text, row.content_note, row.opt_out, *row.follow_ups, row.facilitator_note])
    assert prompt.words == len(said.split())
    assert line.words >= len(line.row.content["text"].split())


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_count_of_what_waits_agrees_with_the_list(db, language):
    ids = [piece.row.id for piece in list_pieces(db, language)]
    approve(db, ids[0], ids[-1], language=language)
    db.scalars(select(LibraryEntry).where(LibraryEntry.language == language)).first().shared = False
    write_entry_again(db, language=language)
    db.flush()
    assert pieces.count_waiting(db, language) == measure(list_pieces(db, language)).waiting


def test_the_hints_of_the_lint_are_given_for_prompts_alone(db):
    prompt = first(db)
    prompt.row.text = "Why should you forgive?"
    assert {hint.params["word"] for hint in review.list_hints(prompt)} == {"why", "should", "forgive"}
    assert review.list_hints(find(db, "gr1-four-edges")) == ()


@pytest.mark.parametrize(("role", "may"), [(Role.FACILITATOR, False), (Role.REVIEWER, True), (Role.ADMIN, True)])
def test_reviewers_and_admins_may_review(db, role, may):
    assert review.may_review(make_account(db, "Robin", role=role)) is may
    assert db.scalars(select(Facilitator)).one().role == role


def test_whether_any_prompt_was_reviewed_looks_at_shared_ones(db):
    row = first(db).row
    assert not has_reviewed(db)
    approve(db, row.id)
    assert has_reviewed(db)
    db.get_one(Prompt, row.prompt_id).shared = False
    db.flush()
    assert not has_reviewed(db)


def test_what_groups_cannot_do_without_stays_in_use_as_on_its_own_page(db):
    with pytest.raises(Conflict):
        review.take_out(db, find(db, "int-findahelpline"))
