"""What becomes of each entry of a file, as a table; and that it is all of the file or nothing."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind, Origin, PromptStatus
from facilitator.errors import Conflict, Invalid
from facilitator.library.differences import list_differences
from facilitator.library.exchange import load_holdings, read_file
from facilitator.library.importing import Decision, Outcome, carry_out, plan_import
from facilitator.library.items import PROMPT
from facilitator.prompts import service as prompts
from facilitator.prompts.importing import import_entries
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import find_newest_version
from tests.factories import ON_SQLITE, make_account
from tests.library.shelf import (
    CLOSED_90,
    DIAL,
    FOUR_EDGES,
    OPEN_6,
    PAUSE,
    RETIRED,
    REVIEWED,
    entry_table,
    file_of,
    other_words,
    preview,
    prompt_table,
    shipped_prompt,
)
from tests.library.test_exchange import DRAFT

READ = {"status": "reviewed", "reviewed_by_role": "psychiatrist", "reviewed_on": "2026-11-20"}


@pytest.fixture
def db(library):
    with library.write() as session:
        yield session


def held(db, kind, slug, language="en"):
    return [each.item.head.version for each in load_holdings(db)[str(kind), slug, language]]


# here: DIAL has versions 1 (shipped) and 2, FOUR_EDGES 1 to 3, REVIEWED and RETIRED version 1 as named, PAUSE version 1
CASES = [
    (prompt_table(id="fear-new"), Outcome.NEW),
    (prompt_table(version=3, text="Third words."), Outcome.CHANGED),
    (prompt_table(version=9), Outcome.CHANGED),
    (prompt_table(version=2, text="Other words."), Outcome.SAME),
    (prompt_table(version=2, text="Theirs."), Outcome.CONFLICT),
    (prompt_table(version=1), Outcome.OLDER),
    (prompt_table(version=1, text="Theirs."), Outcome.CONFLICT),
    (prompt_table(version=1, text="Other words."), Outcome.SAME),
    (prompt_table(version=2), Outcome.CONFLICT),  # they took their change back, under the number of ours
    (prompt_table(version=2, text="Other words.", **READ), Outcome.REVIEW),
    (prompt_table(version=2, text="Other words.", status="retired"), Outcome.REVIEW),
    (prompt_table(version=1, **READ), Outcome.OLDER),
    (prompt_table(REVIEWED), Outcome.SAME),
    (prompt_table(REVIEWED, **READ), Outcome.SAME),
    (prompt_table(RETIRED, **READ), Outcome.SAME),
    (prompt_table(language="es", version=2, translation_of=2), Outcome.CHANGED),
    (entry_table(slug="zz-new", id="zz-new"), Outcome.NEW),
    (entry_table(version=4, name="Corners"), Outcome.CHANGED),
    (entry_table(version=3, name="Four walls"), Outcome.SAME),
    (entry_table(version=3, name="Corners"), Outcome.CONFLICT),
    (entry_table(version=2, name="Four corners"), Outcome.OLDER),
    (entry_table(PAUSE), Outcome.SAME),
    (entry_table(PAUSE, **READ), Outcome.REVIEW),
    (entry_table(PAUSE, say="Wait."), Outcome.CONFLICT),
]


@pytest.mark.parametrize(("table", "outcome"), CASES)
def test_what_becomes_of_an_entry(db, table, outcome):
    [line] = preview(db, table).lines
    assert line.outcome is outcome


def test_taking_the_same_file_again_changes_nothing(db):
    tables = (prompt_table(text="Theirs."), entry_table(version=2, name="Theirs"))
    assert carry_out(db, None, preview(db, *tables), Decision.TAKE) == {Outcome.CONFLICT: 2}
    assert preview(db, *tables).counts == {Outcome.SAME: 2}
    entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Ours after theirs"))
    assert preview(db, *tables).counts == {Outcome.SAME: 1, Outcome.OLDER: 1}


BACKWARDS = [{**part, "minutes": -3} for part in other_words(CLOSED_90)["segment"]]
REFUSED = [
    (prompt_table(depth=4), r"prompt 'fear-checkin-both-1', depth: Choose depth 1, 2 or 3\."),
    (prompt_table(depth="2"), r"prompt 'fear-.*', depth: a whole number is expected, not text"),
    (prompt_table(pole="north"), r"prompt 'fear-.*', pole: 'north' is not one of identity, belonging, both"),
    (prompt_table(minutes={"default": 5, "min": 9}), r"minutes_min: Enter no more than the usual minutes"),
    (prompt_table(text=" "), r"text: Enter a prompt of 1 to 1000 characters"),
    (prompt_table(text="What\x00now?"), r"a character that cannot be kept"),
    (prompt_table(colour="red"), r"the key 'colour' is not known"),
    (prompt_table(shared="no"), r"shared: true or false is expected, not text"),
    (prompt_table(assumes_status="together"), r"assumes_status: 'together' is not 'none'"),
    (prompt_table(id="../../etc"), r"id: 1 to 80 letters, digits, hyphens or underscores are expected"),
    (prompt_table(id="x" * 81), r"id: 1 to 80 letters"),
    (prompt_table(language="tlh"), r"language: 'tlh' is not one of en, es"),
    (prompt_table(version=0), r"version: 1 to 1000000 is expected"),
    (prompt_table(version=10**12), r"version: 1 to 1000000 is expected"),
    (prompt_table(translation_of=1), r"translation_of: an entry in the source language has 0 here"),
    (prompt_table(status="reviewed"), r"reviewed_by_role: a reviewed entry names a role"),
    (prompt_table(reviewed_by_role="psychiatrist"), r"reviewed_on: a role and a day stand together"),
    (prompt_table(**{**READ, "status": "draft"}), r"status: a draft has no review"),
    (prompt_table(**{**READ, "reviewed_on": "yesterday"}), r"reviewed_on: 'yesterday' is not a date"),
    (prompt_table(**{**READ, "reviewed_by_role": "x" * 81}), r"reviewed_by_role: at most 80 characters"),
    (entry_table(CLOSED_90, total_minutes=91), r"agenda 'closed-90': the segments add up to 90, not to 91"),
    (entry_table(OPEN_6, sessions=5), r"pathway 'open-6': 5 sessions are announced"),
    (entry_table(OPEN_6, sessions=0, session=[]), r"pathway 'open-6': 0 sessions are announced"),
    (entry_table(CLOSED_90, segment=BACKWARDS), r"agenda 'closed-90': welcome takes -3 minutes"),
    (entry_table(FOUR_EDGES, id="x"), r"exercise 'gr1-four-edges'.*: its id is 'x'"),
    (entry_table(FOUR_EDGES, slug="other"), r"exercise 'other'.*: its id is 'gr1-four-edges'"),
    (entry_table((EntryKind.SCRIPT, "crisis_card"), status="retired"), r"status: pages need this script"),
    ((PROMPT, {"id": "x"}), r"prompt 'x': the key '\w+' is missing"),
    ((PROMPT, {"version": 1}), r"prompt 2: the key 'id' is missing"),
    (("agenda", {"slug": "x", "language": "en", "version": 1}), r"agenda 'x', content: a table is expected here"),
]


@ON_SQLITE
@pytest.mark.parametrize(("table", "message"), REFUSED)
def test_an_entry_is_refused_with_its_key_and_what_is_wrong(db, table, message):
    # beside a prompt that could be taken: its number in the file is 1
    found = read_file(file_of(prompt_table(id="fear-new"), table))
    plan = plan_import(db, None, found)
    [line] = plan.list_lines(Outcome.REFUSED)
    assert re.search(message, line.reason), line.reason


@ON_SQLITE
def test_an_entry_that_stands_twice_is_refused(db):
    plan = preview(db, prompt_table(id="fear-new"), prompt_table(id="fear-new", text="Again."))
    assert [line.outcome for line in plan.lines] == [Outcome.NEW, Outcome.REFUSED]
    assert "more than once" in plan.lines[1].reason
    both = preview(db, prompt_table(id="fear-new"), prompt_table(id="fear-new", language="es"))
    assert both.counts == {Outcome.NEW: 2}


@ON_SQLITE
def test_a_prompt_is_not_shared_in_one_language_and_private_in_another(db):
    alice = make_account(db, "Alice")
    tables = (prompt_table(id="fear-new", shared=False), prompt_table(id="fear-new", language="es"))
    assert "yes in one language" in preview(db, *tables, me=alice).list_lines(Outcome.REFUSED)[0].reason


@ON_SQLITE
def test_somebody_elses_own_entry_cannot_be_written_over(db):
    alice, bob = make_account(db, "Alice"), make_account(db, "Bob")
    own = prompts.write_own(db, alice, DRAFT).prompt.id
    table = prompt_table(id=own, version=2)
    for person in (bob, None):
        [line] = preview(db, table, me=person).lines
        assert (line.outcome, line.here) == (Outcome.REFUSED, None)
        assert "somebody's own entry" in line.reason
    assert preview(db, table, me=alice).lines[0].outcome is Outcome.CHANGED
    # and on the command line there is nobody whose own it could become
    [line] = preview(db, prompt_table(id="fear-new", shared=False)).lines
    assert "signed in as its owner" in line.reason


def everything(db):
    return [db.scalar(select(func.count()).select_from(model)) for model in (PromptVersion, LibraryEntry)]


def test_nothing_is_written_while_an_entry_is_refused(library):
    with library.write() as db:
        before = everything(db)
        plan = preview(db, prompt_table(id="fear-new"), entry_table(version=4, name="Corners"), prompt_table(depth=4))
        with pytest.raises(Invalid, match="Nothing is imported while an entry is refused"):
            carry_out(db, None, plan, Decision.TAKE)
        assert everything(db) == before


def test_a_conflict_waits_for_a_decision(db):
    table, before = prompt_table(version=2, text="Theirs."), everything(db)
    plan = preview(db, table, prompt_table(id="fear-new"))
    with pytest.raises(Conflict, match="Decide about the conflicts"):
        carry_out(db, None, plan)
    assert everything(db) == before
    assert carry_out(db, None, plan, Decision.KEEP) == {Outcome.NEW: 1}
    assert find_newest_version(db, DIAL, "en").text == "Other words."
    assert carry_out(db, None, preview(db, table), Decision.TAKE) == {Outcome.CONFLICT: 1}
    taken = find_newest_version(db, DIAL, "en")
    assert (taken.version, taken.text, taken.origin) == (3, "Theirs.", Origin.LOCAL)
    assert held(db, PROMPT, DIAL) == [1, 2, 3]


def test_a_translation_follows_its_original_to_its_new_number(db):
    original = entry_table(version=3, name="Theirs")
    translation = entry_table(version=5, name="Suyas", language="es", translation_of=3)
    carry_out(db, None, preview(db, original, translation), Decision.TAKE)
    assert entries.find_newest(db, FOUR_EDGES, "en").version == 4
    spanish = entries.find_newest(db, FOUR_EDGES, "es")
    assert (spanish.version, spanish.translation_of) == (5, 4)
    assert edition(db, "en").exercise("gr1-four-edges").name == "Theirs"


def test_a_review_comes_along_and_one_that_is_here_is_not_lost(db):
    plan = preview(
        db, prompt_table(version=2, text="Other words.", **READ), entry_table(PAUSE, **READ), prompt_table(REVIEWED)
    )
    assert carry_out(db, None, plan) == {Outcome.REVIEW: 2}
    db.expire_all()
    dial, mine = find_newest_version(db, DIAL, "en"), find_newest_version(db, REVIEWED, "en")
    assert (dial.status, dial.reviewed_by_role, str(dial.reviewed_on)) == tuple(READ.values())
    assert (mine.status, mine.reviewed_by_role) == (PromptStatus.REVIEWED, "clinical psychologist")
    assert entries.find_newest(db, PAUSE, "en").reviewed_by_role == "psychiatrist"


def test_what_is_out_of_use_there_is_out_of_use_here(db):
    plan = preview(db, prompt_table(REVIEWED, status="retired"), entry_table(PAUSE, status="retired"))
    carry_out(db, None, plan)
    db.expire_all()
    assert find_newest_version(db, REVIEWED, "en").status == PromptStatus.RETIRED
    assert find_newest_version(db, REVIEWED, "en").reviewed_by_role == "clinical psychologist"
    assert "pause" not in {script.id for script in edition(db, "en").scripts.slow_down_scripts}


def test_a_library_that_changed_meanwhile_has_another_preview(db):
    table = prompt_table(version=2, text="Theirs.")
    shown = preview(db, table).fingerprint
    assert preview(db, table).fingerprint == shown
    assert preview(db, prompt_table(version=2, text="Others.")).fingerprint != shown
    import_entries(db, [replace(shipped_prompt(DIAL), text="Yet other words.")])
    assert preview(db, table).fingerprint != shown


def test_two_imports_at_once_do_not_both_win(db):
    plan = preview(db, entry_table(version=4, name="Corners"))
    carry_out(db, None, plan)
    with pytest.raises(Conflict, match="changed meanwhile"):
        carry_out(db, None, plan)


def say(stretches):
    return "".join(f"[{each.text}]" if each.differs else each.text for each in stretches)


@pytest.mark.parametrize(
    ("here", "theirs", "expected"),
    [
        ({"a": "x"}, {"a": "x"}, []),
        ({"a": "one two three"}, {"a": "one four three"}, [("a", "one [two] three", "one [four] three")]),
        ({"a": ["x", "y"]}, {"a": ["x", "z"]}, [("a", "x\n[y]", "x\n[z]")]),
        ({"a": True}, {"a": False}, [("a", "[true]", "[false]")]),
        ({"a": []}, {"a": ["x"]}, [("a", "", "[x]")]),
        ({"s": [{"order": 2, "minutes": 3}]}, {"s": [{"order": 2, "minutes": 4}]}, [("s 2, minutes", "[3]", "[4]")]),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, [("a, b", "[x]", "[y]")]),
        ({"a": "x " * 2000}, {"a": "y"}, [("a", f"[{'x ' * 2000}]", "[y]")]),
    ],
)
def test_differences_are_shown_key_by_key_and_word_by_word(here, theirs, expected):
    assert [(each.key, say(each.here), say(each.theirs)) for each in list_differences(here, theirs)] == expected
