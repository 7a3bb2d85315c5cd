"""The library of an installation: what is shipped, what was changed here, and older versions within reach."""

from dataclasses import replace
from datetime import date

import pytest

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.reader import read_value, write_value
from facilitator.curriculum.rules import EntryKind, Origin
from facilitator.curriculum.service import catalogue, editions
from facilitator.curriculum.shelves import arrange, entry_class, list_shelves, read_entry, write_entry
from facilitator.errors import Conflict, Invalid, NotFound
from tests.factories import ON_SQLITE, make_account

FOUR_EDGES = (EntryKind.EXERCISE, "gr1-four-edges")
PAUSE = (EntryKind.SCRIPT, "pause")
CRISIS_CARD = (EntryKind.SCRIPT, "crisis_card")
CLOSED_90 = (EntryKind.AGENDA, "closed-90")


@pytest.fixture
def db(database):
    with database.write() as session:
        entries.import_shipped(session)
        yield session


def other_words(slot, **values):
    return write_entry(replace(list_shelves(catalogue())[slot], **values))


@pytest.mark.parametrize("language", editions())
def test_every_entry_can_be_written_as_a_table_and_read_back(language):
    shelves = list_shelves(catalogue(language))
    for slot, entry in shelves.items():
        assert read_value(entry_class(slot), write_value(entry), "here") == entry
    assert {kind for kind, _ in shelves} == set(EntryKind)
    assert arrange(catalogue(language), shelves) == catalogue(language)


@pytest.mark.parametrize("language", editions())
def test_the_edition_of_an_untouched_installation_is_what_is_shipped(db, language):
    assert replace(edition(db, language), earlier={}, private={}) == catalogue(language)


def test_before_anything_is_brought_in_the_shipped_content_stands(database):
    with database.read() as db:
        assert edition(db, "en") is catalogue("en")


def test_a_language_without_an_edition_reads_in_the_source_language(db):
    assert edition(db, "tlh").language == "en"


def test_bringing_the_shipped_entries_in_again_changes_nothing(db):
    again = entries.import_shipped(db)
    assert (again.added, again.changed, again.kept) == (0, 0, 0)
    assert again.unchanged == sum(len(list_shelves(catalogue(language))) for language in editions())


def test_an_entry_that_is_shipped_with_other_words_is_a_new_version(db):
    row = entries.get_newest(db, FOUR_EDGES, "en")
    row.content = other_words(FOUR_EDGES, name="Four corners")
    assert entries.import_shipped(db).changed == 1
    assert [v.version for v in entries.list_entry_versions(db, FOUR_EDGES, "en")] == [2, 1]
    assert edition(db, "en").exercise("gr1-four-edges").name == "Four edges"


def test_words_of_this_installation_stay_when_the_program_ships_others(db):
    first = entries.get_newest(db, FOUR_EDGES, "en")
    entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Our edges"))
    assert entries.import_shipped(db).kept == 0  # what is shipped is what it was
    first.content = other_words(FOUR_EDGES, name="Older edges")
    assert entries.import_shipped(db).kept == 1
    assert edition(db, "en").exercise("gr1-four-edges").name == "Our edges"


def test_other_words_are_a_new_version_and_the_old_one_stays_within_reach(db):
    row = entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Four corners"))
    assert (row.version, row.origin, row.reviewed_on) == (2, Origin.LOCAL, None)
    present = edition(db, "en")
    assert present.exercise("gr1-four-edges").name == "Four corners"
    assert present.exercise("gr1-four-edges", 1).name == "Four edges"
    assert present.exercise("gr1-four-edges").version == 2
    assert [e.id for e in present.exercises] == [e.id for e in catalogue().exercises]


@pytest.mark.parametrize(
    ("slot", "values", "seen"),
    [
        (PAUSE, {"say": "Let us wait."}, lambda c: c.scripts.slow_down_scripts[0].say),
        (CRISIS_CARD, {"note": "Let us wait."}, lambda c: c.scripts.crisis_card.note),
        ((EntryKind.AGREEMENT, "ag-03-pass"), {"text": "Let us wait."}, lambda c: c.agreements.lines[2].text),
        ((EntryKind.HELP_LINE, "us-988"), {"hours": "Let us wait."}, lambda c: c.help.lines[1].hours),
    ],
)
def test_every_kind_of_entry_takes_other_words(db, slot, values, seen):
    entries.write_version(db, slot, "en", other_words(slot, **values))
    assert seen(edition(db, "en")) == "Let us wait."


@ON_SQLITE
def test_an_entry_is_refused_when_it_is_not_whole(db):
    agenda = other_words(CLOSED_90, total_minutes=91)
    with pytest.raises(Invalid, match="add up to 90, not to 91"):
        entries.write_version(db, CLOSED_90, "en", agenda)
    with pytest.raises(Invalid, match="the key 'say' is missing"):
        entries.write_version(db, PAUSE, "en", {"id": "pause", "situation": "", "then": ""})
    with pytest.raises(Invalid, match="its id is 'pause'"):
        entries.write_version(db, (EntryKind.SCRIPT, "rest"), "en", other_words(PAUSE))
    pathway = (EntryKind.PATHWAY, "open-6")
    with pytest.raises(Invalid, match="5 sessions are announced"):
        entries.write_version(db, pathway, "en", other_words(pathway, session_count=5))


@ON_SQLITE
def test_the_same_words_again_are_no_version(db):
    with pytest.raises(Conflict, match="Nothing was changed"):
        entries.write_version(db, PAUSE, "en", other_words(PAUSE))


@ON_SQLITE
def test_an_entry_out_of_use_is_in_no_list_but_still_where_it_stands(db):
    entries.retire_entry(db, FOUR_EDGES, "en")
    present = edition(db, "en")
    with pytest.raises(NotFound):
        present.exercise("gr1-four-edges")
    assert present.exercise("gr1-four-edges", 1).name == "Four edges"
    assert "gr1-four-edges" not in {row.slug for row in entries.list_newest(db, "en", EntryKind.EXERCISE)}
    entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES))
    assert edition(db, "en").exercise("gr1-four-edges").version == 2


def test_a_pathway_of_ones_own_is_there_for_its_owner_until_it_is_shared(db):
    alice = make_account(db, "Alice").id
    open_six = (EntryKind.PATHWAY, "own-1")
    table = {**other_words((EntryKind.PATHWAY, "open-6")), "id": "own-1"}
    entries.write_version(db, open_six, "en", table, owner_id=alice, shared=False)

    def listed(who):
        return "own-1" in {p.id for p in edition(db, "en").pathways_of([who])}

    assert (listed(alice), listed("somebody else")) == (True, False)
    assert edition(db, "en").pathway("own-1").session_count == 6
    entries.write_version(db, open_six, "en", {**table, "name": "Ours"}, shared=True)
    assert listed("somebody else")


def test_a_translation_says_which_version_of_the_original_it_was_made_from(db):
    for language in set(editions()) - {"en"}:
        rows = entries.list_newest(db, language)
        assert {row.translation_of for row in rows} == {1}
    entries.write_version(db, PAUSE, "en", other_words(PAUSE, say="Let us wait."))
    assert entries.original_versions(db)[PAUSE] == 2
    assert entries.write_version(db, PAUSE, "es", other_words(PAUSE)).translation_of == 2


@ON_SQLITE
def test_a_review_keeps_the_role_and_the_day_alone(db):
    row = entries.get_newest(db, FOUR_EDGES, "en")
    entries.approve_entry(db, row.id, " clinical  psychologist ", date(2026, 11, 22))
    assert (row.reviewed_by_role, row.reviewed_on) == ("clinical psychologist", date(2026, 11, 22))
    for role in ("", "x" * 81):
        with pytest.raises(Invalid) as refused:
            entries.approve_entry(db, row.id, role, date(2026, 11, 22))
        assert refused.value.field == "role"
    with pytest.raises(NotFound):
        entries.approve_entry(db, "none", "psychologist", date(2026, 11, 22))
    assert not db.query(LibraryEntry).filter(LibraryEntry.reviewed_by_role.contains("Alice")).all()


def test_a_change_that_was_taken_back_leaves_the_library_as_it_was(database):
    with database.write() as db:
        entries.import_shipped(db)
        db.commit()
    with database.write() as db:
        entries.write_version(db, PAUSE, "en", other_words(PAUSE, say="Let us wait."))
        assert edition(db, "en").scripts.slow_down_scripts[0].say == "Let us wait."
        db.rollback()
    with database.write() as db:
        assert edition(db, "en").scripts.slow_down_scripts[0].say == catalogue().scripts.slow_down_scripts[0].say


def test_read_entry_names_the_entry_that_is_wrong():
    with pytest.raises(Invalid, match=r"help_line 'x'.*: the key 'country' is missing"):
        read_entry((EntryKind.HELP_LINE, "x"), {"id": "x"}, 1)
