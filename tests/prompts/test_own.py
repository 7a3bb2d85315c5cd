"""Own prompts and the library's, given other words, shared, taken out of use: who may, and what stays true."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from facilitator.accounts.models import Role
from facilitator.curriculum.entries import Brought
from facilitator.curriculum.rules import Origin, PromptStatus, SubBind
from facilitator.curriculum.service import load_prompt_entries
from facilitator.errors import NotAllowed, NotFound
from facilitator.planning import assigning
from facilitator.planning import prompt_uses as uses
from facilitator.planning.models import Assignment, GroupSession, Outcome, SessionStatus
from facilitator.prompts.importing import import_entries, import_library, make_version
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import card_of, find_newest_version, get_prompt, list_versions, load_pool
from facilitator.prompts.queries_browse import PromptFilter, count_loosened, list_prompts
from facilitator.prompts.rules_search import MOST_WORDS, Sorting, Used, Whose, join_words, list_beginnings
from facilitator.prompts.service import approve, edit_own, restore_own, retire, retire_own, share_own, write_own
from tests.planning.stage import make_group, make_series
from tests.prompts.test_service import DRAFT, REVIEW
from tests.worlds import shelve

SHIPPED = "fear-checkin-both-1"
QUICK_S = 1.0  # seconds; some hundredths on a machine that does nothing else
AFTER = timedelta(hours=3)


def status_of(db, alice, prompt_id):
    db.expire_all()
    return get_prompt(db, alice, prompt_id).version.status


def find(db, me, asked, **values):
    return {item.prompt.id for item in list_prompts(db, me, PromptFilter(text=asked, **values)).items}


# sharing


def test_a_shared_prompt_is_there_for_everybody_and_not_reviewed_until_it_is(db, alice, charlie):
    own = write_own(db, alice, DRAFT).prompt.id
    share_own(db, alice, own, shared=True)
    seen = get_prompt(db, charlie, own)
    assert (seen.mine, seen.version.status) == (False, "draft")
    assert [(card.prompt_id, card.own) for card in load_pool(db, "en", [charlie.id])] == [(own, False)]
    approve(db, [seen.version.id], *REVIEW)
    assert status_of(db, charlie, own) == "reviewed"


def test_a_shared_prompt_is_changed_by_its_author_alone_even_by_no_reviewer(db, alice, charlie):
    charlie.role = Role.ADMIN
    own = write_own(db, alice, DRAFT).prompt.id
    share_own(db, alice, own, shared=True)
    presses = (
        lambda: edit_own(db, charlie, own, DRAFT),
        lambda: retire_own(db, charlie, own),
        lambda: restore_own(db, charlie, own),
        lambda: share_own(db, charlie, own, shared=False),
    )
    for press in presses:
        with pytest.raises(NotAllowed):
            press()


def test_taken_back_it_is_private_again(db, alice, charlie):
    own = write_own(db, alice, DRAFT).prompt.id
    share_own(db, alice, own, shared=True)
    share_own(db, alice, own, shared=False)
    with pytest.raises(NotFound):
        get_prompt(db, charlie, own)
    with pytest.raises(NotFound):
        share_own(db, charlie, own, shared=True)


def test_the_review_falls_with_the_old_words(db, alice):
    own = write_own(db, alice, DRAFT)
    approve(db, [own.version.id], *REVIEW)
    edited = edit_own(db, alice, own.prompt.id, replace(DRAFT, text="Other words."))
    assert (edited.version.status, edited.version.reviewed_on) == ("draft", None)
    assert [version.status for version in list_versions(db, own.prompt)] == ["draft", "reviewed"]


def test_nobody_shares_what_the_program_ships(db, alice):
    shelve(db)
    alice.role = Role.ADMIN
    with pytest.raises(NotAllowed):
        share_own(db, alice, SHIPPED, shared=False)


# out of use and back


def test_what_comes_back_into_use_is_reviewed_where_its_words_were(db, alice):
    own = write_own(db, alice, DRAFT)
    approve(db, [own.version.id], *REVIEW)
    edit_own(db, alice, own.prompt.id, replace(DRAFT, text="Other words."))
    retire_own(db, alice, own.prompt.id)
    assert load_pool(db, "en", [alice.id]) == ()
    restore_own(db, alice, own.prompt.id)
    db.expire_all()
    assert [version.status for version in list_versions(db, own.prompt)] == ["draft", "reviewed"]


# other words for what the program ships


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADMIN])
def test_a_reviewer_gives_a_shipped_prompt_other_words_and_the_next_import_leaves_them(db, alice, role):
    shelve(db)
    alice.role = role
    approve(db, [find_newest_version(db, SHIPPED, "en").id], *REVIEW)
    item = edit_own(db, alice, SHIPPED, replace(DRAFT, text="Our own words."))
    assert (item.version.version, item.version.origin, item.version.status) == (2, Origin.LOCAL, "draft")
    entries = load_prompt_entries("en")
    newer = [replace(entry, text="The program's next words.") if entry.id == SHIPPED else entry for entry in entries]
    assert import_library(db, "en") == Brought(unchanged=len(entries))
    assert import_entries(db, newer) == Brought(kept=1, unchanged=len(entries) - 1)
    db.expire_all()
    now, before = list_versions(db, item.prompt)
    assert (now.text, before.status, before.origin) == ("Our own words.", "reviewed", Origin.SHIPPED)
    assert (item.prompt.owner_id, item.prompt.shared) == (None, True)


def test_a_facilitator_cannot_change_what_the_program_ships(db, alice):
    shelve(db)
    for press in (retire_own, restore_own):
        with pytest.raises(NotAllowed):
            press(db, alice, SHIPPED)


# languages


def test_a_translation_stays_behind_until_it_is_said_to_follow(db, alice):
    own = write_own(db, alice, DRAFT).prompt.id
    spanish = replace(DRAFT, language="es", text="¿Qué te gustaría saber?")
    made = edit_own(db, alice, own, spanish).version
    assert (made.version, made.translation_of) == (1, 1)
    edit_own(db, alice, own, replace(DRAFT, text="Other words."))
    later = edit_own(db, alice, own, replace(spanish, text="¿Qué sabes?")).version
    assert (later.version, later.translation_of) == (2, 1)
    assert edit_own(db, alice, own, spanish, follows_original=True).version.translation_of == 2
    assert {v.translation_of for v in db.scalars(select(PromptVersion).filter_by(language="en"))} == {0}


def test_what_was_written_in_another_language_first_has_no_original(db, alice):
    own = write_own(db, alice, replace(DRAFT, language="es"))
    assert edit_own(db, alice, own.prompt.id, replace(DRAFT, language="es")).version.translation_of == 0


# search


@pytest.mark.parametrize(
    "asked",
    [
        "alarm",
        "ALARM",
        "alárm",
        "ala",
        "own alarm",
        "alarm own",
        "  what,   alarm?! ",
        "eases",
        "breath",
        "jardín",
        "jardin",
        "straße",
        "STRASSE",
        "lantern",
        "",
        "?!",
    ],
)
def test_words_are_found_in_any_case_and_order_with_or_without_accents_by_their_beginnings(db, alice, asked):
    draft = replace(
        DRAFT,
        content_note="Touches breath.",
        facilitator_note="El jardín, die Straße",
        tags=("image:lantern",),
    )
    own = write_own(db, alice, draft).prompt.id
    assert find(db, alice, asked) == {own}


@pytest.mark.parametrize("asked", ["larm", "alarms", "alarm garden", "none", "%", "_", "al%m", "al_rm", "a' OR 1=1"])
def test_what_is_not_there_is_not_found(db, alice, asked):
    write_own(db, alice, DRAFT)
    assert find(db, alice, asked) == (set() if list_beginnings(asked) else find(db, alice, ""))


def test_only_the_newest_words_are_searched(db, alice):
    own = write_own(db, alice, DRAFT).prompt.id
    edit_own(db, alice, own, replace(DRAFT, text="A quiet harbour."))
    assert find(db, alice, "alarm") == set()
    assert find(db, alice, "harbour") == {own}


def test_what_is_brought_in_is_found_like_what_is_written_here(db, alice):
    shelve(db, None)
    assert SHIPPED in find(db, alice, "volume dial notch")
    assert find(db, alice, "volume dial notch", language="es") == set()


def test_a_pasted_text_is_searched_by_its_first_words():
    assert len(list_beginnings(" ".join(f"{chr(97 + n)}x" for n in range(20)))) == MOST_WORDS
    assert list_beginnings("gard garden gard") == ["garden"]
    assert join_words(["A cup, a CUP", "Ça va"]) == " a cup ca va"


def test_five_thousand_prompts_are_searched_at_once(db, database, alice):
    entries = load_prompt_entries("en")
    for number in range(5000):
        entry = replace(entries[number % len(entries)], id=f"{number}")
        db.add_all([Prompt(id=entry.id), make_version(entry, 1, Origin.SHIPPED)])
    db.flush()
    db.execute(text("ANALYZE"))
    took = []
    for _attempt in range(7):
        begun = time.perf_counter()
        found = list_prompts(db, alice, PromptFilter(text="gard fenc", depth=2))
        took.append(time.perf_counter() - begun)
    assert found.total
    assert min(took) < QUICK_S


# filters and orders


def test_what_is_out_of_use_is_shown_to_those_who_ask_for_it(db, alice):
    own = write_own(db, alice, DRAFT)
    retire(db, [own.version.id])
    assert find(db, alice, "") == set()
    assert find(db, alice, "", status=PromptStatus.RETIRED) == {own.prompt.id}


def test_own_and_shared_are_two_questions(db, alice, charlie):
    shelve(db)
    mine, theirs, shared = (write_own(db, who, DRAFT).prompt.id for who in (alice, charlie, alice))
    share_own(db, alice, shared, shared=True)
    assert find(db, alice, "", whose=Whose.OWN) == {mine, shared}
    assert list_prompts(db, alice, PromptFilter(whose=Whose.SHARED)).total == len(load_prompt_entries("en")) + 1
    assert theirs not in find(db, alice, "would like alarm")


def test_the_usual_minutes_are_the_most_that_is_asked_for(db, alice):
    long, short = (write_own(db, alice, replace(DRAFT, minutes_default=m, minutes_min=5)).prompt.id for m in (12, 8))
    assert find(db, alice, "", minutes=8) == {short}
    assert find(db, alice, "", minutes=12) == {long, short}


def test_every_order_shows_every_prompt_once(db, alice):
    shelve(db)
    newest = write_own(db, alice, replace(DRAFT, sub_bind=SubBind.CORE, depth=3)).prompt.id
    orders = {order: list_prompts(db, alice, PromptFilter(), 1, order) for order in Sorting}
    assert len({page.total for page in orders.values()}) == 1
    assert orders[Sorting.NEWEST].items[0].prompt.id == newest
    assert {item.version.sub_bind for item in orders[Sorting.THEME].items} == {"fear"}
    assert {item.version.phase for item in orders[Sorting.PHASE].items} == {"checkin"}
    assert {item.version.depth for item in orders[Sorting.DEPTH].items} == {1}


def test_each_filter_is_told_what_it_alone_keeps_out(db, alice):
    write_own(db, alice, DRAFT)
    filters = PromptFilter(text="zzz", depth=2, status=PromptStatus.DRAFT)
    assert count_loosened(db, alice, filters) == {"depth": 0, "text": 1, "status": 0}
    assert count_loosened(db, alice, PromptFilter()) == {}
    retire(db, list(db.scalars(select(PromptVersion.id))))
    assert count_loosened(db, alice, PromptFilter(status=PromptStatus.DRAFT)) == {"status": 0}


# where it was used


@pytest.fixture
def series(db, alice, now):
    """A series of Alice's whose first session is over."""
    shelve(db)
    group = make_group(db, alice)
    return group, make_series(db, group)[1]


def standing(db, session, place=0):
    found = (
        select(PromptVersion.prompt_id, Assignment)
        .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        .where(Assignment.session_id == session.id)
        .order_by(PromptVersion.prompt_id)
    )
    return db.execute(found).all()[place]


def pages(db, me, group, at, used, lately_from=None):
    filters = PromptFilter(uses=uses.count_uses([group], at), used=used, lately_from=lately_from)
    return list_prompts(db, me, filters)


def test_a_session_counts_once_it_has_begun_unless_cancelled_or_skipped(db, alice, series):
    group, sessions = series
    first, at = sessions[0], sessions[0].starts_at
    prompt_id, row = standing(db, first)
    count = db.scalars(select(Assignment.prompt_version_id).filter_by(session_id=first.id)).all()
    had = sum(1 for version in count if version)
    assert pages(db, alice, group, at - AFTER, Used.EVER).total == 0
    found = pages(db, alice, group, at, Used.EVER)
    assert {(item.times, item.last_on) for item in found.items} == {(1, first.on_date)}
    assert found.total == had
    never = pages(db, alice, group, at, Used.NEVER)
    assert never.total == len(load_prompt_entries("en")) - had
    row.outcome = Outcome.SKIPPED
    db.flush()
    assert prompt_id not in {item.prompt.id for item in pages(db, alice, group, at, Used.EVER).items}
    first.status = SessionStatus.CANCELLED
    db.flush()
    assert pages(db, alice, group, at, Used.EVER).total == 0


def test_not_lately_is_before_the_last_so_many_sessions(db, alice, series):
    group, sessions = series
    at = sessions[3].starts_at + AFTER
    assert uses.find_start_of_last(db, group, 3, at) == sessions[1].starts_at
    assert uses.find_start_of_last(db, group, 5, at) is None
    first_alone = pages(db, alice, group, at, Used.NOT_LATELY, sessions[1].starts_at)
    never = pages(db, alice, group, at, Used.NOT_LATELY)
    had_first = {
        version
        for version in db.scalars(select(Assignment.prompt_version_id).filter_by(session_id=sessions[0].id))
        if version
    }
    assert first_alone.total - never.total == len(had_first)
    assert never.total == pages(db, alice, group, at, Used.NEVER).total


def test_least_used_comes_first(db, alice, series):
    group, sessions = series
    filters = PromptFilter(uses=uses.count_uses([group], sessions[-1].starts_at))
    first = list_prompts(db, alice, filters, 1, Sorting.LEAST_USED)
    last = list_prompts(db, alice, filters, first.pages, Sorting.LEAST_USED)
    assert {item.times for item in first.items} == {0}
    assert last.items[-1].times >= 1


def test_uses_are_those_of_ones_own_groups(db, alice, charlie, series):
    _group, sessions = series
    prompt_id, _row = standing(db, sessions[0])
    assert sessions[0].id in {use.session.id for use in uses.list_uses(db, alice, prompt_id)}
    assert uses.list_uses(db, charlie, prompt_id) == []


def test_an_opening_fits_where_a_swap_is_allowed_and_names_the_rule_elsewhere(db, alice, series, now):
    group, _sessions = series
    own = write_own(db, alice, DRAFT)
    found = uses.list_openings(db, group, card_of(own), now)
    assert {each.segment.phase for each in found} == {"explore"}
    fitting, refused = [o for o in found if o.fits], [o for o in found if not o.fits]
    assert fitting
    assert refused
    for opening in found:
        with db.begin_nested() as attempt:
            if opening.fits:
                assigning.swap(db, alice, opening.session, opening.segment.id, own.version.id, now)
            else:
                with pytest.raises(assigning.Refused) as refusal:
                    assigning.swap(db, alice, opening.session, opening.segment.id, own.version.id, now)
                assert refusal.value.refusals[0] == opening.refusal
            attempt.rollback()
    session = fitting[0].session
    after = session.ends_at + AFTER
    assert session.id not in {each.session.id for each in uses.list_openings(db, group, card_of(own), after)}


def test_a_locked_part_and_one_where_it_stands_already_are_no_openings(db, alice, series, now):
    group, sessions = series
    prompt_id, row = standing(db, sessions[0])
    item = get_prompt(db, alice, prompt_id)
    openings = uses.list_openings(db, group, card_of(item), now)
    assert row.segment_id not in {each.segment.id for each in openings}
    for each in db.scalars(select(Assignment).join(GroupSession, GroupSession.id == Assignment.session_id)):
        each.locked = each.prompt_version_id is not None
    db.flush()
    assert not any(each.fits for each in uses.list_openings(db, group, card_of(item), now))
