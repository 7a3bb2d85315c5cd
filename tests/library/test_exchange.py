"""The library as a file: the same bytes each time, exact there and back, and nothing in it that is nobody's business."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import Arena, EntryKind, Format, Origin, Phase, Pole, PromptStatus, SubBind
from facilitator.curriculum.service import editions
from facilitator.errors import NotFound
from facilitator.library.exchange import (
    Choice,
    Layout,
    list_items,
    list_own_pathways,
    load_holdings,
    read_file,
    write_file,
)
from facilitator.library.importing import Outcome, carry_out, plan_import
from facilitator.library.items import KINDS, PROMPT, read_item
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.prompts import service as prompts
from facilitator.prompts.importing import content_of, import_library, said_by
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.rules_draft import PromptDraft
from tests.factories import ON_SQLITE, make_account, make_group, make_series
from tests.library.shelf import DIAL, FOUR_EDGES, OPEN_6, RETIRED, REVIEWED, other_words, prompt_table, shipped_prompt

DRAFT = PromptDraft(
    sub_bind=SubBind.FEAR,
    pole=Pole.BOTH,
    arenas=(Arena.IDENTITY,),
    depth=2,
    phase=Phase.EXPLORE,
    format=Format.WRITING,
    minutes_default=12,
    minutes_min=10,
    text="What asks nothing of you?",
)


def export(database, me=None, layout=Layout.TOML, **choice):
    with database.read() as db:
        return write_file(list_items(db, me, Choice(**choice)), layout)


def bring_in(database, content, me=None):
    with database.write() as db:
        counts = carry_out(db, me, plan_import(db, me, read_file(content)))
        db.commit()
    return counts


def test_there_and_back_is_exact(library, elsewhere):
    sent = export(library)
    counts = bring_in(elsewhere, sent)
    assert export(elsewhere) == sent == export(library)
    assert counts == {Outcome.NEW: len(read_file(sent))}
    with elsewhere.read() as db:
        held = {key: versions[-1].item.head for key, versions in load_holdings(db).items()}
    assert (held[PROMPT, DIAL, "en"].version, held[PROMPT, DIAL, "en"].status) == (2, PromptStatus.DRAFT)
    assert held[PROMPT, REVIEWED, "en"].reviewed_by_role == "clinical psychologist"
    assert held[PROMPT, RETIRED, "en"].status is PromptStatus.RETIRED
    walls = held["exercise", "gr1-four-edges", "en"]
    assert (walls.version, walls.status, str(walls.reviewed_on)) == (3, PromptStatus.REVIEWED, "2026-11-01")
    assert held["exercise", "gr1-four-edges", "es"].translation_of == 3


def test_what_came_by_file_reads_as_it_does_where_it_came_from(library, elsewhere):
    bring_in(elsewhere, export(library))
    for language in editions():
        with library.read() as here, elsewhere.read() as there:
            for shelf in ("pathways", "agendas", "exercises", "agreements", "scripts", "help"):
                assert getattr(edition(here, language), shelf) == getattr(edition(there, language), shelf)


def test_the_program_finds_its_own_words_among_what_was_imported(library, elsewhere):
    bring_in(elsewhere, export(library))
    with elsewhere.write() as db:
        origins = {key: versions[-1].row.origin for key, versions in load_holdings(db).items()}
        assert origins[PROMPT, REVIEWED, "en"] == origins["agenda", "closed-90", "es"] == Origin.SHIPPED
        assert origins[PROMPT, DIAL, "en"] == origins["script", "aa-rest", "en"] == Origin.LOCAL
        again = import_library(db) + entries.import_shipped(db)
        assert (again.added, again.changed, again.kept) == (0, 0, 3)  # the three that were edited at home stay so


def list_plan(database, now):
    with database.write() as db:
        group = make_group(db, make_account(db, "Dora"), now)
        series, _sessions = make_series(db, group, now)
        rows = select(GroupSession.position, Segment.kind, PromptVersion.prompt_id, Assignment.exercise_id)
        rows = rows.select_from(Assignment).join(Segment, Segment.id == Assignment.segment_id)
        rows = rows.join(GroupSession, GroupSession.id == Assignment.session_id)
        rows = rows.outerjoin(PromptVersion, PromptVersion.id == Assignment.prompt_version_id)
        found = db.execute(rows.where(GroupSession.series_id == series.id)).all()
    return sorted(map(repr, found))


def test_the_same_seed_makes_the_same_plan_after_there_and_back(library, elsewhere, now):
    bring_in(elsewhere, export(library))
    plan = list_plan(library, now)
    assert len(plan) > 50
    assert plan == list_plan(elsewhere, now)


@ON_SQLITE
def test_nothing_of_a_person_a_place_or_a_day_is_in_the_file(library):
    with library.write() as db:
        alice = make_account(db, "Alice")
        prompts.write_own(db, alice, DRAFT)
        db.commit()
        words = (alice.id, "Alice", "example.org", "facilitator.db")
    for layout in Layout:
        text = export(library, alice, layout, own=True).decode()
        assert DRAFT.text in text
        assert [word for word in words if word in text] == []
        days = set(re.findall(r"\d{4}-\d\d-\d\d", text)) - {"2026-11-22"}  # the day a help line was looked up
        assert days == {"2026-11-01"}  # and the review


@ON_SQLITE
def test_ones_own_goes_along_only_when_asked_and_nobody_elses_ever(library):
    with library.write() as db:
        alice, bob = make_account(db, "Alice"), make_account(db, "Bob")
        own = prompts.write_own(db, alice, DRAFT).prompt.id
        path = {**other_words(OPEN_6), "id": "own-6", "name": "Ours"}
        entries.write_version(db, (EntryKind.PATHWAY, "own-6"), "en", path, owner_id=alice.id, shared=False)
        db.commit()
        assert list_own_pathways(db, alice) == [("own-6", "Ours")]
        assert list_own_pathways(db, bob) == []

    def held(me, **choice):
        return {item.head.slug for item in read_file(export(library, me, **choice))} & {own, "own-6"}

    assert held(alice, own=True) == {own, "own-6"}
    assert held(alice) == held(bob, own=True) == held(None, own=True) == set()
    [only] = read_file(export(library, alice, pathway="own-6"))
    assert (only.head.slug, only.head.shared) == ("own-6", False)
    with pytest.raises(NotFound):
        export(library, bob, pathway="own-6")


def test_what_is_private_belongs_to_the_person_who_imports_it(library, elsewhere):
    with library.write() as db:
        alice = make_account(db, "Alice")
        prompts.write_own(db, alice, DRAFT)
        path = {**other_words(OPEN_6), "id": "own-6"}
        entries.write_version(db, (EntryKind.PATHWAY, "own-6"), "en", path, owner_id=alice.id, shared=False)
        db.commit()
    sent = export(library, alice, own=True)
    with elsewhere.write() as db:
        bob = make_account(db, "Bob")
        db.commit()
    bring_in(elsewhere, sent, bob)
    assert export(elsewhere, bob, own=True) == sent
    assert export(elsewhere, None, own=True) == export(library)


@ON_SQLITE
@pytest.mark.parametrize("language", ["", "en", "es"])
@pytest.mark.parametrize("kind", ["", *KINDS])
def test_a_file_holds_the_language_and_the_kind_that_was_chosen(library, language, kind):
    found = read_file(export(library, language=language, kind=kind))
    assert {item.head.language for item in found} == ({language} if language else set(editions()))
    assert {item.kind for item in found} == ({kind} if kind else set(KINDS))


def test_a_sheet_brings_the_prompts_exactly(library, elsewhere):
    sent = export(library, layout=Layout.CSV)
    bring_in(elsewhere, sent)
    assert export(elsewhere, layout=Layout.CSV) == sent
    assert export(elsewhere) == export(library, kind=PROMPT)


@ON_SQLITE
def test_what_a_version_says_has_the_keys_of_what_an_entry_says(library):
    with library.read() as db:
        row = db.scalars(select(PromptVersion)).first()
        assert list(said_by(row)) == list(content_of(shipped_prompt(DIAL)))


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    text=words.filter(lambda text: text.strip()),
    note=words,
    lists=st.lists(st.lists(words, max_size=4), min_size=2, max_size=2),
    version=st.integers(1, 1_000_000),
)
@pytest.mark.parametrize("layout", Layout)
def test_any_words_of_a_prompt_survive_the_file(layout, text, note, lists, version):
    values = {"text": text, "facilitator_note": note, "follow_ups": lists[0], "tags": lists[1], "version": version}
    item = read_item(PROMPT, prompt_table(**values)[1], "prompt")
    assert item.content["follow_ups"] == lists[0]
    assert read_file(write_file([item], layout), f"file.{layout}") == [item]


@ON_SQLITE
def test_the_order_of_an_edition_does_not_hang_on_the_order_of_writing(library):
    with library.read() as db:
        slugs = [script.id for script in edition(db, "en").scripts.slow_down_scripts]
    assert slugs[-2:] == ["aa-rest", "zz-rest"]


@ON_SQLITE
def test_the_newest_version_alone_is_in_the_file(library):
    found = [item.head for item in read_file(export(library, kind="exercise", language="en"))]
    assert [head.version for head in found if head.slug == FOUR_EDGES[1]] == [3]
