"""Agendas kept from a session and laid over others, on both engines."""

from datetime import date

import pytest

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.shelves import read_entry
from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.library import agendas
from facilitator.library.agendas import Faulty
from facilitator.library.editing import FaultCode
from facilitator.planning import agenda, history, laying, parts
from facilitator.planning.keeping import keep_session
from facilitator.planning.laying import Shelf
from facilitator.planning.models import GroupSession
from facilitator.planning.rules_slots import Reach
from facilitator.planning.service import cancel_session
from tests.planning.stage import NOW, assignment, content, in_order, list_warnings, make_group, make_series, segments
from tests.worlds import shelve_entries

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def shelf(db):
    shelve_entries(db)


@pytest.fixture
def series(db, group):
    return make_series(db, group)[0]


@pytest.fixture
def fear(db, series):
    """The third session, an ordinary one."""
    return in_order(db, series)[2]


def keep(db, who, session, group, name="Short teaching", *, shared=False):
    row = keep_session(db, who, session, group, name, edition(db, group.language), TODAY, shared=shared)
    return read_entry((EntryKind.AGENDA, row.slug), row.content, row.version)


def offer(db, who, session, group):
    return laying.list_offered(db, who, edition(db, group.language), group, session)


def use(db, who, kept, session, reach=Reach.ONE, now=NOW):
    reached = laying.list_reached(db.query(GroupSession).all(), session, reach, now)
    return laying.use_agenda(db, who, kept, reached, require_review=False)


def kinds(db, session):
    return list(segments(db, session))


def longer_checkin(db, session):
    """Give the check-in 5 minutes of the teaching."""
    found = segments(db, session)
    agenda.set_minutes(db, session, found["checkin"].id, found["checkin"].minutes + 5, NOW)
    agenda.set_minutes(db, session, found["teach"].id, found["teach"].minutes - 5, NOW)


def test_order_minutes_purposes_and_notes_are_kept_and_nothing_else(db, alice, group, fear):
    longer_checkin(db, fear)
    parts.keep_own_note(db, fear, segments(db, fear)["teach"].id, "Kim was quiet here", NOW)
    kept = keep(db, alice, fear, group, "  Short   teaching ")
    assert (kept.name, kept.total_minutes, kept.group_kind, kept.session_kind) == (
        "Short teaching",
        90,
        "closed",
        "standard",
    )
    expected = [(s.kind, s.title, s.minutes, s.purpose, s.facilitator_note) for s in segments(db, fear).values()]
    assert [(p.kind, p.title, p.minutes, p.purpose, p.facilitator_note) for p in kept.segments] == expected
    row = agendas.list_kept(db, alice, "en")[0].row
    assert "Kim" not in repr(row.content)
    assert not any(word in repr(row.content) for word in content(db, fear).values() if word)


def test_what_the_library_refuses_is_refused_with_its_reason_and_all_else_is_taken(db, alice, group, fear):
    for name in ("", "x" * 81):
        with pytest.raises(Invalid) as refused:
            keep(db, alice, fear, group, name)
        assert refused.value.field == "name"
    closing = segments(db, fear)["ground_close"]
    agenda.set_minutes(db, fear, closing.id, 1, NOW)
    with pytest.raises(Faulty) as faulty:
        keep(db, alice, fear, group)
    assert {fault.code for fault in faulty.value.faults} == {FaultCode.SUM, FaultCode.NO_EXERCISE_FITS}
    assert agendas.list_kept(db, alice, "en") == []


def test_a_split_part_and_a_session_that_is_over_can_be_kept(db, alice, group, fear):
    part = segments(db, fear)["explore_a"]
    parts.split_part(db, fear, part.id, NOW, require_review=False)
    kept = keep(db, alice, fear, group)
    assert [p.kind for p in kept.segments].count("explore_a") == 2
    fear.status = "done"
    keep(db, alice, fear, group, "Again")
    assert len(agendas.list_kept(db, alice, "en")) == 2


def test_a_kept_agenda_is_its_owners_alone_until_it_is_shared_and_no_session_gets_it_by_itself(
    db, alice, bob, group, fear
):
    before = edition(db, "en").agendas
    kept = keep(db, alice, fear, group)
    assert edition(db, "en").agendas == before
    assert Shelf.MINE in {each.shelf for each in offer(db, alice, fear, group)}
    assert kept.id not in {each.agenda.id for each in offer(db, bob, fear, group)}
    with pytest.raises(NotFound):
        laying.get_offered(offer(db, bob, fear, group), kept.id)
    agendas.share_agenda(db, kept.id, shared=True)
    assert laying.get_offered(offer(db, bob, fear, group), kept.id).shelf is Shelf.SHARED
    agendas.share_agenda(db, kept.id, shared=False)
    entries.retire_entry(db, (EntryKind.AGENDA, kept.id), "en")
    assert kept.id not in {each.agenda.id for each in offer(db, alice, fear, group)}


def test_ones_own_come_first_then_the_same_length_and_only_those_of_this_kind(db, alice, group, series, fear):
    short = make_series(db, make_group(db, alice, label="Sea"), minutes=60, seed="sea")[1][2]
    for session, name in ((short, "A short one"), (fear, "Zest"), (in_order(db, series)[0], "Opening")):
        keep(db, alice, session, group, name)
    found = offer(db, alice, fear, group)
    assert [each.agenda.name for each in found[:2]] == ["Zest", "A short one"]
    assert {each.agenda.session_kind for each in found} == {"standard"}
    library = [each.agenda.total_minutes for each in found if each.shelf is Shelf.LIBRARY]
    assert library[0] == 90
    assert all(sum(each.minutes) == 90 for each in found)
    assert offer(db, alice, in_order(db, series)[0], group)[0].agenda.name == "Opening"


def test_parts_of_the_same_kind_keep_what_is_in_them_and_the_closing_grounding_stays_last(
    db, alice, group, series, fear
):
    other = in_order(db, series)[4]
    agenda.set_order(db, _teach_late(db, other))
    kept, before = keep(db, alice, other, group), content(db, fear)
    locked = assignment(db, fear, "checkin")
    locked.locked = True
    [used] = use(db, alice, kept, fear)
    assert kinds(db, fear) == [part.kind for part in kept.segments]
    assert kinds(db, fear)[-1] == "ground_close"
    assert content(db, fear)["checkin"] == before["checkin"]
    assert assignment(db, fear, "checkin").locked
    assert {s.kind for s in used.refit.chosen} == {k for k, v in content(db, fear).items() if v != before[k]}
    assert [w.code for w in list_warnings(db, fear, group) if w.code.startswith("h")] == []
    assert history.list_changes(db, alice, fear)[0].code is history.ChangeCode.LAID


def _teach_late(db, session):
    """Return the parts with the teaching just before the closing round."""
    order = list(segments(db, session).values())
    teach = next(s for s in order if s.kind == "teach")
    order.remove(teach)
    order.insert(next(n for n, s in enumerate(order) if s.kind == "checkout"), teach)
    return order


def test_parts_that_the_new_agenda_lacks_go_and_what_is_new_is_chosen(db, alice, group, series, fear):
    other = in_order(db, series)[4]
    for session in (fear, other):
        parts.split_part(db, session, segments(db, session)["explore_a"].id, NOW, require_review=False)
    parts.take_out(db, other, segments(db, other)["teach"].id, NOW)
    pause = segments(db, other)["pause"]
    agenda.set_minutes(db, other, pause.id, 90 - sum(s.minutes for s in agenda.list_segments(db, other)) + 3, NOW)
    kept = keep(db, alice, other, group)
    plan = laying.plan_laying(fear, agenda.list_segments(db, fear), kept.segments)
    assert [segment.kind for segment in plan.going] == ["teach"]
    use(db, alice, kept, fear)
    assert [s.kind for s in agenda.list_segments(db, fear)] == [part.kind for part in kept.segments]
    assert "teach" not in content(db, fear)


def test_an_agenda_of_another_length_is_fitted_and_one_that_cannot_be_is_refused(db, alice, group, fear):
    library = edition(db, "en").agenda("closed", 60)
    use(db, alice, library, fear)
    assert sum(s.minutes for s in segments(db, fear).values()) == 90
    short = make_series(db, make_group(db, alice, label="Sea"), minutes=60, seed="sea")[1][2]
    kept = keep(db, alice, fear, group)
    assert laying.plan_laying(short, agenda.list_segments(db, short), kept.segments) is not None
    short.minutes = 10
    with pytest.raises(Conflict):
        use(db, alice, kept, short)


def test_all_to_come_change_at_once_and_opening_closing_begun_and_cancelled_ones_stay(db, alice, group, series, fear):
    longer_checkin(db, fear)
    kept = keep(db, alice, fear, group)
    sessions = in_order(db, series)
    cancel_session(db, sessions[5], "", NOW)
    started = sessions[1].starts_at
    before = {s.position: [p.minutes for p in agenda.list_segments(db, s)] for s in sessions}
    used = use(db, alice, kept, fear, Reach.ALL, now=started)
    assert [each.laying.session.position for each in used] == [4, 5, 7]  # the third has it already
    after = {s.position: [p.minutes for p in agenda.list_segments(db, s)] for s in sessions}
    assert {n for n in before if before[n] != after[n]} == {4, 5, 7}
    assert [each.position for each in laying.list_reached(sessions, fear, Reach.LATER, NOW)] == [3, 4, 5, 7]
    assert use(db, alice, kept, fear, Reach.ALL, now=started) == []
    for at in (3, 4, 6):
        assert [w for w in list_warnings(db, sessions[at], group) if w.code.startswith("h")] == []


def test_nothing_is_laid_over_a_session_that_has_begun_or_is_cancelled(db, fear):
    with pytest.raises(Conflict):
        laying.refuse_laying(fear, fear.starts_at)
    fear.status = "cancelled"
    with pytest.raises(Conflict):
        laying.refuse_laying(fear, NOW)


def test_a_laid_agenda_is_undone_with_everything_that_stood_in_the_old_one(db, alice, fear):
    kept = edition(db, "en").agenda("closed", 60)
    before = content(db, fear), [(s.kind, s.minutes) for s in agenda.list_segments(db, fear)]
    use(db, alice, kept, fear)
    assert [(s.kind, s.minutes) for s in agenda.list_segments(db, fear)] != before[1]
    [change] = history.list_changes(db, alice, fear)
    history.undo(db, alice, fear, change.number, NOW)
    assert (content(db, fear), [(s.kind, s.minutes) for s in agenda.list_segments(db, fear)]) == before
