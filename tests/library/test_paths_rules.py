"""What a pathway of one's own is refused for, what it may do all the same, and what is proposed."""

from dataclasses import replace

import pytest

from facilitator.curriculum.rules import Focus, GroupKind, Pole, Topic, path_cap
from facilitator.curriculum.service import catalogue
from facilitator.library import path_drafts as drafts
from facilitator.library.path_drafts import begin_draft, move_row, read_draft, settle, write_pathway
from facilitator.library.rules_paths import (
    SESSIONS,
    FaultCode,
    Step,
    find_telling,
    kind_at,
    list_faults,
    place_for_one_more,
    propose_foci,
)

CLOSED, OPEN = GroupKind.CLOSED, GroupKind.OPEN
CONTENT = catalogue()
FOCI = {letter: focus for focus in Focus for letter in focus[0]}
ONE, OTHER, BOTH = Pole.IDENTITY.sides, Pole.BELONGING.sides, Pole.BOTH.sides


def steps(order, kind=CLOSED, minutes=90, **changes):
    """Sessions as letters, each as deep as its place allows and with both sides; changes name a place: cap_2=3."""
    found = [
        Step(
            focus=FOCI[letter], cap=path_cap(at, len(order), kind, minutes), takes=BOTH, participant_title=f"Word {at}"
        )
        for at, letter in enumerate(order, start=1)
    ]
    for name, value in changes.items():
        key, _, at = name.rpartition("_")
        found[int(at) - 1] = replace(found[int(at) - 1], **{key: value})
    return found


@pytest.mark.parametrize(
    ("order", "kind", "minutes", "changes", "found"),
    [
        ("ccfspvwc", CLOSED, 90, {}, []),
        ("ccfpsvwc", CLOSED, 90, {}, []),  # shame and powerlessness may be swapped
        ("cfspvw", OPEN, 90, {}, []),
        # hard: vulnerability never before the middle
        ("ccvfspwc", CLOSED, 90, {}, [("vulnerability_early", 3)]),
        ("ccfvspwc", CLOSED, 90, {}, [("other_order", 4)]),
        ("vcfspw", OPEN, 90, {}, [("vulnerability_early", 1)]),
        ("cfvspw", OPEN, 90, {}, []),
        # hard: how deep a session may go at its place (H1)
        ("ccfspvwc", CLOSED, 90, {"cap_1": 2}, [("first_deep", 1)]),
        ("ccfspvwc", CLOSED, 90, {"cap_8": 3}, [("last_deep", 8)]),
        ("ccfspvwc", CLOSED, 90, {"cap_4": 3}, [("too_deep", 4)]),
        ("ccfspvwc", CLOSED, 60, {"cap_5": 3}, [("too_deep", 5)]),
        ("cfspvw", OPEN, 90, {"cap_1": 3}, [("too_deep", 1)]),
        ("ccfspvwc", CLOSED, 90, {"cap_5": 1}, [("leap", 6)]),
        # hard: both sides of a theme over the path (H8)
        ("ccfspvwc", CLOSED, 90, {"takes_3": ONE}, [("one_sided", 3)]),
        ("ccffsspvwc", CLOSED, 90, {"takes_3": ONE, "takes_4": ONE}, [("one_sided", 4)]),
        ("ccffsspvwc", CLOSED, 90, {"takes_3": ONE, "takes_4": OTHER}, []),
        ("ccfspvwc", CLOSED, 90, {"takes_2": ONE}, []),  # the bind itself is no theme
        # hard: a closed group opens and closes with the bind itself
        ("fcspvwcc", CLOSED, 90, {}, [("no_opening", 1)]),
        ("ccfspvcw", CLOSED, 90, {}, [("no_closing", 8)]),
        # hard: what participants see
        ("ccfspvwc", CLOSED, 90, {"participant_title_3": "No fear"}, [("title_tells", 3)]),
        ("ccfspvwc", CLOSED, 90, {"participant_title_3": "A walk by water"}, [("title_long", 3)]),
        ("ccfspvwc", CLOSED, 90, {"participant_title_3": "word  1"}, [("title_twice", 3)]),
        # warnings
        ("ccwfspvc", CLOSED, 90, {}, [("weaving_early", 3)]),
        ("cfwspv", OPEN, 90, {}, []),
        ("ccsfpvwc", CLOSED, 90, {}, [("other_order", 3)]),
        ("cfsc", CLOSED, 90, {}, [("theme_missing", 0), ("theme_missing", 0)]),
    ],
)
def test_a_path_is_judged_at_the_session_that_it_is_about(order, kind, minutes, changes, found):
    faults = list_faults(kind, minutes, steps(order, kind, minutes, **changes))
    assert [(fault.code, fault.at) for fault in faults] == found


def test_what_the_curriculum_forbids_is_refused_and_the_rest_is_a_warning():
    warnings = {code.value for code in FaultCode if not code.is_refused}
    assert warnings == {"weaving_early", "other_order", "leap", "theme_missing"}


@pytest.mark.parametrize("pathway", CONTENT.pathways, ids=lambda p: p.id)
def test_the_librarys_own_pathways_have_no_fault(pathway):
    draft = read_draft(pathway, "en")
    assert list_faults(draft.kind, draft.longest, draft.steps()) == ()


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_title_of_the_library_tells_anything(language):
    titles = {step.participant_title for pathway in catalogue(language).pathways for step in pathway.sessions}
    assert [title for title in titles if find_telling(title)] == []


@pytest.mark.parametrize("title", ["Fearless", "AFFAIRS", "Vergüenza", "El engaño", "Our group", "Belonging"])
def test_a_title_that_tells_is_found_whatever_its_letters(title):
    assert find_telling(title)


@pytest.mark.parametrize("kind", GroupKind)
def test_every_proposed_path_can_be_saved_as_it_is(subtests, kind):
    for count in SESSIONS:
        with subtests.test(count):
            draft = begin_draft(kind, count, (60, 75, 90), CONTENT)
            faults = list_faults(kind, 90, draft.steps())
            assert [fault for fault in faults if fault.code is not FaultCode.THEME_MISSING] == []
            assert not faults or count < 6
            assert all(row.title and row.participant_title and row.goals and row.sides for row in draft.rows)
            titles = [row.participant_title for row in draft.rows]
            assert len(set(titles)) == len(titles) == count


@pytest.mark.parametrize(("pathway_id", "count"), [("closed-8", 8), ("closed-12", 12), ("closed-16", 16)])
def test_the_proposal_for_a_length_of_the_library_is_the_librarys_path(pathway_id, count):
    shipped = CONTENT.pathway(pathway_id)
    draft = begin_draft(CLOSED, count, shipped.lengths, CONTENT)
    passes = [step.passes[0] for step in shipped.sessions]
    made = write_pathway(draft, pathway_id, passes)
    assert [replace(s, passes=()) for s in made.sessions] == [replace(s, passes=()) for s in shipped.sessions]


def test_one_more_session_goes_after_the_theme_that_is_met_least():
    assert place_for_one_more(propose_foci(CLOSED, 9), CLOSED) == (5, Focus.SHAME)
    assert place_for_one_more(propose_foci(CLOSED, 5), CLOSED) == (4, Focus.VULNERABILITY)
    assert place_for_one_more(propose_foci(OPEN, 4), OPEN) == (1, Focus.FEAR)


def test_another_focus_renews_what_was_proposed_and_keeps_what_was_typed():
    draft = begin_draft(CLOSED, 8, (90,), CONTENT)
    rows = list(draft.rows)
    rows[2] = replace(rows[2], focus=Focus.SHAME, title="Our third evening")
    row = settle(replace(draft, rows=tuple(rows)), CONTENT).rows[2]
    assert (row.title, row.teach, row.was) == ("Our third evening", Topic.SHAME, Topic.SHAME)
    assert row.participant_title not in {"Compass", "Lamplight"}
    assert "coat" in row.recap


def test_a_session_that_stops_being_the_opening_gets_the_words_of_the_bind_itself():
    draft = settle(move_row(begin_draft(CLOSED, 8, (90,), CONTENT), "s1", 1), CONTENT)
    assert [(row.title, row.participant_title) for row in draft.rows[:2]] == [
        ("Opening", "Welcome"),
        ("The bind itself", "Bridges"),
    ]


def test_a_cap_below_the_ramp_stays_with_its_session_and_others_follow_the_place():
    shipped = CONTENT.pathway("closed-8")
    lowered = replace(
        shipped, sessions=tuple(replace(s, depth_cap=1) if s.position == 5 else s for s in shipped.sessions)
    )
    draft = read_draft(lowered, "en")
    assert [row.cap for row in draft.rows] == [0, 0, 0, 0, 1, 0, 0, 0]
    moved = move_row(draft, "s5", -1)
    assert [moved.cap(at) for at in range(8)] == [1, 2, 2, 1, 3, 3, 2, 1]


def test_the_first_session_cannot_move_up_nor_the_last_down():
    draft = begin_draft(CLOSED, 8, (90,), CONTENT)
    assert move_row(draft, "s1", -1) == move_row(draft, "s8", 1) == move_row(draft, "s77", 1) == draft


def test_orders_of_poles_that_have_no_name_survive_a_copy():
    shipped = CONTENT.pathway("closed-8")
    odd = tuple(replace(s, explore_a_poles=(Pole.BELONGING, Pole.BOTH)) for s in shipped.sessions)
    draft = settle(read_draft(replace(shipped, sessions=odd), "en"), CONTENT)
    made = write_pathway(draft, "own-1", [""] * 8)
    assert {step.explore_a_poles for step in made.sessions} == {(Pole.BELONGING, Pole.BOTH)}


@pytest.mark.parametrize("sides", drafts.SIDES)
def test_every_named_order_of_sides_can_be_read(sides):
    assert len(drafts.read_sides(sides)) == 3


def test_the_kind_of_a_session_follows_from_its_place():
    assert [kind_at(at, 4, CLOSED) for at in range(1, 5)] == ["first", "standard", "standard", "last"]
    assert {kind_at(at, 4, OPEN) for at in range(1, 5)} == {"standard"}
