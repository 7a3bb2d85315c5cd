"""What a file cannot take out of use: what the page of each entry keeps, judged for the entries of the file together."""

import pytest

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind, ExerciseUse
from facilitator.library.editing import LEAST_EXERCISES, FaultCode
from facilitator.library.importing import Decision, Outcome, carry_out
from tests.factories import ON_SQLITE
from tests.library.shelf import CLOSED_90, FOUR_EDGES, PAUSE, entry_table, other_words, preview

pytestmark = ON_SQLITE
LAST_LINE = (EntryKind.HELP_LINE, "int-findahelpline")
OTHER_LINE = (EntryKind.HELP_LINE, "zz-line")
OUT = {"status": "retired"}


@pytest.fixture
def db(library):
    with library.write() as session:
        yield session


def holds(db, *tables):
    return [line.hold and line.hold.code for line in preview(db, *tables).lines]


def another_line(**values):
    return entry_table(LAST_LINE, **{"slug": OTHER_LINE[1], "id": OTHER_LINE[1], "version": 1, **values})


def leave(db, count):
    """Take exercises out of use until so many are left that can open a session, and return their slots."""
    opening = [each for each in edition(db, "en").exercises if each.use in (ExerciseUse.OPEN, ExerciseUse.EITHER)]
    for each in opening[count:]:
        entries.retire_entry(db, (EntryKind.EXERCISE, each.id), "en")
    return [(EntryKind.EXERCISE, each.id) for each in opening[:count]]


HELD = [
    (LAST_LINE, OUT, FaultCode.LAST_LINE),
    (LAST_LINE, {"status": "retired", "version": 7}, FaultCode.LAST_LINE),
    (LAST_LINE, {"version": 7, "active": False}, FaultCode.LAST_LINE),
    (LAST_LINE, {"status": "retired", "hours": "never"}, FaultCode.LAST_LINE),  # a conflict that could be taken
    (CLOSED_90, OUT, FaultCode.NEEDED_BY_PAGES),
    (PAUSE, {"version": 2, "say": "Wait."}, None),
    ((EntryKind.HELP_LINE, "us-988"), OUT, None),
    ((EntryKind.AGREEMENT, "ag-11-online"), OUT, None),
    ((EntryKind.HELP_LINE, "us-ndvh"), OUT, None),  # it is out of use already
]


@pytest.mark.parametrize(("slot", "values", "code"), HELD)
def test_what_groups_need_is_not_taken_out_of_use_by_a_file(db, slot, values, code):
    plan = preview(db, entry_table(slot, **values))
    assert [line.hold and line.hold.code for line in plan.lines] == [code]
    assert (Outcome.REFUSED in plan.counts) == (code is not None)


def test_exercises_of_a_file_are_counted_together(db):
    slots = leave(db, LEAST_EXERCISES + 2)
    tables = [entry_table(slot, **OUT, version=9, name="Out") for slot in slots[:3]]
    assert holds(db, *tables[:2]) == [None, None]
    assert holds(db, *tables) == [None, None, FaultCode.TOO_FEW_EXERCISES]


def test_what_a_file_brings_makes_room_for_what_it_takes(db):
    out = entry_table(LAST_LINE, **OUT)
    assert holds(db, out, another_line()) == [None, None]
    assert holds(db, out, another_line(country="GB")) == [FaultCode.LAST_LINE, None]
    assert holds(db, out, another_line(language="es", version=1)) == [FaultCode.LAST_LINE, None]
    carry_out(db, None, preview(db, out, another_line()), Decision.KEEP)
    assert holds(db, another_line(**OUT)) == [FaultCode.LAST_LINE]


def test_a_conflict_that_may_be_left_makes_no_room(db):
    entries.write_version(db, OTHER_LINE, "en", {**other_words(LAST_LINE, active=False), "id": OTHER_LINE[1]})
    assert holds(db, entry_table(LAST_LINE, **OUT), another_line()) == [FaultCode.LAST_LINE, None]
    assert holds(db, entry_table(LAST_LINE, **OUT), another_line(version=2)) == [None, None]


def test_a_translation_is_judged_in_its_own_language(db):
    assert holds(db, entry_table(FOUR_EDGES, language="es", version=9, translation_of=3, **OUT)) == [None]
