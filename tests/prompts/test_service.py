"""The library in the database: import, own prompts, review, browsing."""

import math
import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from facilitator.curriculum.entries import Brought
from facilitator.curriculum.rules import Arena, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.curriculum.service import editions, load_prompt_entries
from facilitator.errors import Invalid, NotAllowed, NotFound
from facilitator.prompts.importing import import_entries, import_library
from facilitator.prompts.models import PromptVersion
from facilitator.prompts.queries import count_statuses, get_prompt, list_versions, load_pool
from facilitator.prompts.queries_browse import PAGE_SIZE, PromptFilter, list_prompts
from facilitator.prompts.rules_draft import PromptDraft
from facilitator.prompts.rules_search import Whose
from facilitator.prompts.service import (
    approve,
    edit_own,
    retire,
    retire_own,
    withdraw_review,
    write_own,
)
from tests.factories import counted
from tests.worlds import shelve

COUNT = len(load_prompt_entries("en"))
REVIEW = ("clinical psychologist", date(2026, 11, 1))
DRAFT = PromptDraft(
    sub_bind=SubBind.FEAR,
    pole=Pole.BOTH,
    arenas=(Arena.IDENTITY,),
    depth=2,
    phase=Phase.EXPLORE,
    format=Format.WRITING,
    fallback_format=Format.SILENT,
    minutes_default=12,
    minutes_min=10,
    text="  What would 100% of you like to know about your own alarm? ",
    opt_out="You can pass.",
    follow_ups=("Where is it now?", "What eases it?"),
)


def test_the_library_is_imported_once(db):
    first, again = import_library(db, "en"), import_library(db, "en")
    assert (first, again) == (Brought(added=COUNT), Brought(unchanged=COUNT))
    assert db.scalar(select(func.count()).select_from(PromptVersion)) == COUNT


def test_without_a_language_every_edition_is_imported(db):
    assert import_library(db).added == COUNT * len(editions())


def test_a_changed_prompt_gets_a_new_version_and_an_unchanged_one_keeps_its_review(db, alice):
    entries = load_prompt_entries("en")
    import_entries(db, entries)
    approve(db, list(db.scalars(select(PromptVersion.id))), *REVIEW)
    changed = (replace(entries[0], text="Other words."), *entries[1:])
    assert import_entries(db, changed) == Brought(changed=1, unchanged=COUNT - 1)
    old, new = db.scalars(select(PromptVersion).filter_by(prompt_id=entries[0].id).order_by(PromptVersion.version))
    assert (old.version, old.status, old.text) == (1, "reviewed", entries[0].text)
    assert (new.version, new.status, new.text) == (2, "draft", "Other words.")
    db.expire_all()
    assert get_prompt(db, alice, entries[0].id).version.version == 2
    assert count_statuses(db, "en")[PromptStatus.DRAFT] == 1


def test_an_edition_in_another_language_stands_beside_the_first(db):
    entries = load_prompt_entries("en")
    import_entries(db, entries)
    spanish = tuple(replace(entry, language="es", text=f"¿{entry.id}?") for entry in entries)
    assert import_entries(db, spanish).added == COUNT
    assert import_entries(db, entries) == import_entries(db, spanish) == Brought(unchanged=COUNT)
    assert len(load_pool(db, "es", [])) == len(load_pool(db, "en", [])) == COUNT
    assert {card.language for card in load_pool(db, "es", [])} == {"es"}


def test_an_edition_that_does_not_exist_is_not_found(db):
    with pytest.raises(NotFound):
        import_library(db, "xx")


def test_the_pool_is_one_query_of_newest_versions_without_the_retired(database, db):
    shelve(db)
    entries = load_prompt_entries("en")
    import_entries(db, [replace(entries[0], text="Other words.")])
    retire(db, list(db.scalars(select(PromptVersion.id).filter_by(prompt_id=entries[1].id))))
    with counted(database) as found:
        pool = load_pool(db, "en", [])
    assert found["SELECT"] == 1
    cards = {card.prompt_id: card for card in pool}
    assert len(pool) == len(cards) == COUNT - 1
    assert cards[entries[0].id].version == 2
    assert entries[1].id not in cards


def test_a_card_says_what_the_rules_look_at(db):
    shelve(db)
    entries = {entry.id: entry for entry in load_prompt_entries("en")}
    for card in load_pool(db, "en", []):
        entry = entries[card.prompt_id]
        assert (card.arenas, card.depth, card.format, card.tags) == (
            entry.arenas,
            entry.depth,
            entry.format,
            entry.tags,
        )
        assert (card.fallback_format, card.minutes_min) == (entry.fallback_format, entry.minutes.least)
        assert (card.group_kinds, card.status, card.own) == (frozenset(entry.group_kinds), PromptStatus.DRAFT, False)


def test_an_own_prompt_is_private_unreviewed_and_marked_as_own(db, alice, charlie):
    item = write_own(db, alice, DRAFT)
    assert (item.prompt.owner_id, item.prompt.shared, item.version.status) == (alice.id, False, "draft")
    assert item.version.text == DRAFT.text.strip()
    assert [(card.prompt_id, card.own) for card in load_pool(db, "en", [alice.id])] == [(item.prompt.id, True)]
    assert load_pool(db, "en", [charlie.id]) == ()
    assert get_prompt(db, alice, item.prompt.id).mine
    with pytest.raises(NotFound):
        get_prompt(db, charlie, item.prompt.id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"content_note": "x" * 201}, "content_note"),
        ({"arenas": ()}, "arenas"),
        ({"arenas": tuple(Arena)[:3]}, "arenas"),
        ({"depth": 4}, "depth"),
        ({"minutes_min": 0}, "minutes_min"),
        ({"minutes_default": 61}, "minutes_default"),
        ({"minutes_min": 13}, "minutes_min"),
        ({"group_kinds": ()}, "group_kinds"),
        ({"min_people": 0}, "min_people"),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused_with_its_field(db, alice, change, field):
    with pytest.raises(Invalid) as refusal:
        write_own(db, alice, replace(DRAFT, **change))
    assert refusal.value.field == field


def test_other_words_are_a_new_version(db, alice):
    item = write_own(db, alice, DRAFT)
    edited = edit_own(db, alice, item.prompt.id, replace(DRAFT, text="Other words."))
    assert [version.text for version in list_versions(db, item.prompt)] == ["Other words.", DRAFT.text.strip()]
    assert get_prompt(db, alice, item.prompt.id).version is edited.version
    assert [card.version for card in load_pool(db, "en", [alice.id])] == [2]


def test_only_its_author_changes_or_retires_a_prompt(db, alice, charlie):
    shelve(db)
    shipped = load_prompt_entries("en")[0].id
    own = write_own(db, alice, DRAFT).prompt.id
    for person, prompt_id, error in ((alice, shipped, NotAllowed), (charlie, own, NotFound)):
        with pytest.raises(error):
            edit_own(db, person, prompt_id, DRAFT)
        with pytest.raises(error):
            retire_own(db, person, prompt_id)
    retire_own(db, alice, own)
    assert all(card.prompt_id != own for card in load_pool(db, "en", [alice.id]))


def test_a_review_names_a_role_and_a_day_and_counts_drafts_alone(db):
    shelve(db)
    ids = list(db.scalars(select(PromptVersion.id).order_by(PromptVersion.id).limit(3)))
    assert approve(db, ids[:2], *REVIEW) == 2
    assert approve(db, ids, " clinical   psychologist", REVIEW[1]) == 1
    row = db.get(PromptVersion, ids[0])
    assert (row.status, row.reviewed_by_role, row.reviewed_on) == ("reviewed", *REVIEW)
    assert count_statuses(db, "en")[PromptStatus.DRAFT] == COUNT - 3
    assert withdraw_review(db, ids) == 3
    assert retire(db, ids) == 3
    assert approve(db, ids, *REVIEW) == 0
    for role in (" ", "x" * 81):
        with pytest.raises(Invalid):
            approve(db, ids, role, REVIEW[1])


def test_the_library_is_read_page_by_page(database, db, alice):
    shelve(db)
    pages_in_all = math.ceil(COUNT / PAGE_SIZE)
    with counted(database) as found:
        first = list_prompts(db, alice, PromptFilter())
    assert found["SELECT"] == 2
    assert (first.total, first.page, first.pages, len(first.items)) == (COUNT, 1, pages_in_all, PAGE_SIZE)
    pages = [list_prompts(db, alice, PromptFilter(), page) for page in range(1, pages_in_all + 1)]
    assert len({item.prompt.id for page in pages for item in page.items}) == COUNT
    assert list_prompts(db, alice, PromptFilter(), 99).page == pages_in_all
    assert list_prompts(db, alice, PromptFilter(), 0).page == 1


def said(version):
    shown = (version.text, version.content_note, version.opt_out, *version.follow_ups, version.facilitator_note)
    return " ".join([*shown, *version.tags]).lower()


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        (PromptFilter(sub_bind=SubBind.SHAME), lambda v: v.sub_bind == "shame"),
        (PromptFilter(pole=Pole.BOTH), lambda v: v.pole == "both"),
        (PromptFilter(arena=Arena.NERVOUS_SYSTEM), lambda v: "nervous_system" in v.arenas),
        (PromptFilter(depth=3), lambda v: v.depth == 3),
        (PromptFilter(phase=Phase.CLOSE), lambda v: v.phase == "close"),
        (PromptFilter(format=Format.PAIRS), lambda v: v.format == "pairs"),
        (PromptFilter(text=" ALARM "), lambda v: re.search(r"\balarm", said(v))),
    ],
)
def test_a_filter_keeps_what_it_asks_for_and_nothing_else(db, alice, filters, holds):
    shelve(db)
    wanted = {v.prompt_id for v in db.scalars(select(PromptVersion)) if holds(v)}
    page = list_prompts(db, alice, filters)
    assert 0 < page.total == len(wanted) < COUNT
    assert {item.prompt.id for item in page.items} <= wanted


def test_one_can_look_for_ones_own_and_for_the_reviewed(db, alice, charlie):
    shelve(db)
    own = write_own(db, alice, DRAFT)
    assert [item.prompt.id for item in list_prompts(db, alice, PromptFilter(whose=Whose.OWN)).items] == [own.prompt.id]
    assert list_prompts(db, charlie, PromptFilter(whose=Whose.OWN)).total == 0
    assert list_prompts(db, charlie, PromptFilter()).total == COUNT
    approve(db, [own.version.id], *REVIEW)
    assert list_prompts(db, alice, PromptFilter(status=PromptStatus.REVIEWED)).total == 1


def test_signs_in_a_search_are_plain_text(db, alice):
    write_own(db, alice, DRAFT)
    assert list_prompts(db, alice, PromptFilter(text="100%")).total == 1
    assert list_prompts(db, alice, PromptFilter(text="1%0")).total == 0


def test_an_own_prompt_can_be_for_one_kind_of_group(db, alice):
    write_own(db, alice, replace(DRAFT, group_kinds=(GroupKind.OPEN,), fallback_format=None))
    (card,) = load_pool(db, "en", [alice.id])
    assert (card.group_kinds, card.fallback_format) == (frozenset({GroupKind.OPEN}), None)
