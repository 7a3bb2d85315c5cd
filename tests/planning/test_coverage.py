"""Coverage read from a plan: planned, used and skipped, gaps with what comes next, on either engine in one query."""

from datetime import timedelta

import pytest

from facilitator.curriculum.rules import Arena, Format, GroupKind, Phase, Pole, SubBind
from facilitator.planning.coverage import load_coverage
from facilitator.planning.models import GroupSession, Outcome
from facilitator.planning.rules_coverage import By, Finding
from facilitator.planning.service import cancel_session, mark_done, record_outcomes
from facilitator.prompts.models import PromptVersion
from tests.factories import counted
from tests.planning.stage import FIRST_ON, NOW, assignment, make_group, make_series, segments

SHAME = 3  # its place among the sessions of the path of eight


@pytest.fixture
def planned(db, group):
    return make_series(db, group)


def sums(found, by=By.POLE):
    counts = found.grids[by].counts.values()
    return tuple(sum(getattr(count, name) for count in counts) for name in ("planned", "used", "skipped"))


def hold(db, session, outcome=Outcome.USED):
    """Close a session with one answer about all of its parts."""
    record_outcomes(db, session, {part.id: outcome for part in segments(db, session).values()})
    mark_done(db, session)


def put_sides(db, session, pole, sub_bind=None):
    """Let every prompt of a session stand on one pole."""
    for kind, part in segments(db, session).items():
        row = assignment(db, session, kind) if part.phase in set(Phase) else None
        if row is not None and row.prompt_version_id:
            version = db.get(PromptVersion, row.prompt_version_id)
            version.pole = pole
            version.sub_bind = sub_bind or version.sub_bind
    db.flush()


def test_coverage_counts_what_is_planned_was_used_and_was_skipped(db, group, planned):
    series, sessions = planned
    before = load_coverage(db, group, NOW, series=series)
    assert [len(before.grids[by].counts) for by in By] == [len(SubBind) * len(side) for side in (Pole, Arena, Format)]
    assert sums(before) == sums(before, By.FORMAT) == (3 + 6 * 5 + 4, 0, 0)
    said = {"checkin": Outcome.USED, "explore_a": Outcome.SKIPPED, "checkout": Outcome.CUT_SHORT}
    parts = segments(db, sessions[0])
    record_outcomes(db, sessions[0], {parts[kind].id: outcome for kind, outcome in said.items()})
    cancel_session(db, sessions[7], "", NOW)
    # nobody has closed the room yet
    assert sums(load_coverage(db, group, NOW)) == (3 + 6 * 5, 0, 0)
    mark_done(db, sessions[0])
    after = load_coverage(db, group, NOW)
    assert sums(after) == sums(after, By.FORMAT) == (6 * 5, 2, 1)
    assert (after.held, after.open, after.to_come, after.cancelled, after.counted) == (1, 0, 6, 1, 7)


def test_what_nobody_said_counts_as_planned_and_is_named(db, group, planned):
    _series, sessions = planned
    hold(db, sessions[0], Outcome.NOT_SAID)
    now = sessions[1].ends_at + timedelta(hours=1)
    found = load_coverage(db, group, now)
    assert sums(found) == (3 + 6 * 5 + 4, 0, 0)
    assert (found.held, found.open, found.to_come, found.unsaid) == (1, 1, 6, 3 + 5)


def test_coverage_takes_one_query_whatever_the_size_of_the_plan(database, db, alice):
    for pathway in ("closed-8", "closed-16"):
        group = make_group(db, alice)
        make_series(db, group, pathway_id=pathway)
        db.flush()
        with counted(database) as statements:
            load_coverage(db, group, NOW)
        assert statements["SELECT"] == 1


def test_a_pull_that_was_left_out_names_the_next_session_that_takes_it_up(db, alice):
    group = make_group(db, alice)
    _series, sessions = make_series(db, group, pathway_id="closed-12")
    first, second = [session for session in sessions if session.focus == "shame"]
    put_sides(db, first, "identity", "shame")
    put_sides(db, second, "belonging", "shame")
    weaving = next(session for session in sessions if session.focus == "weaving")
    put_sides(db, weaving, "both", "core")
    hold(db, first)
    found = {each.gap.pole: each for each in load_coverage(db, group, NOW).steps if each.gap.sub_bind == "shame"}
    assert found[Pole.BELONGING].gap.judged.finding is Finding.MISSING
    assert (found[Pole.BELONGING].session, found[Pole.BELONGING].fills) == (second, True)
    cancel_session(db, second, "", NOW)
    found = {each.gap.pole: each for each in load_coverage(db, group, NOW).steps if each.gap.sub_bind == "shame"}
    assert (found[Pole.BELONGING].session, found[Pole.BELONGING].fills) == (weaving, False)


def test_where_the_plan_leaves_a_pull_out_a_part_to_swap_is_named(db, group, planned):
    _series, sessions = planned
    put_sides(db, sessions[SHAME], "identity", "shame")
    [gap] = [
        each
        for each in load_coverage(db, group, NOW).steps
        if (each.gap.sub_bind, each.gap.pole) == (SubBind.SHAME, Pole.BELONGING)
    ]
    assert (gap.session, gap.fills) == (sessions[SHAME], False)
    assert gap.swap_id in {segments(db, sessions[SHAME])[kind].id for kind in ("explore_a", "explore_b")}


def test_what_a_cancelled_session_was_about_stays_owed(db, group, planned):
    _series, sessions = planned
    for session in (sessions[SHAME], sessions[6]):
        cancel_session(db, session, "", NOW)
    found = [each for each in load_coverage(db, group, NOW).steps if each.gap.sub_bind == "shame"]
    assert [(each.gap.pole, each.gap.judged.finding, each.session) for each in found] == [
        (Pole.IDENTITY, Finding.MISSING, None),
        (Pole.BELONGING, Finding.MISSING, None),
    ]


def test_when_everything_is_cancelled_nothing_counts(db, group, planned):
    for session in planned[1]:
        cancel_session(db, session, "", NOW)
    found = load_coverage(db, group, NOW)
    assert sums(found) == (0, 0, 0)
    assert (found.counted, found.cancelled) == (0, 8)


def test_dates_and_series_choose_the_sessions_that_count(db, group, planned):
    series, sessions = planned
    later, _sessions = make_series(db, group, first_on=FIRST_ON.replace(month=6, day=7))
    assert load_coverage(db, group, NOW).counted == 16
    assert load_coverage(db, group, NOW, series=later).counted == 8
    week = {"from_on": sessions[1].on_date, "until_on": sessions[2].on_date}
    assert load_coverage(db, group, NOW, **week).counted == 2
    assert load_coverage(db, group, NOW, series=later, **week).counted == 0
    assert load_coverage(db, group, NOW, series=series, from_on=sessions[7].on_date).counted == 1


def test_an_open_group_goes_round_and_a_later_round_takes_up_what_an_earlier_one_left(db, alice):
    group = make_group(db, alice, kind=GroupKind.OPEN)
    _series, sessions = make_series(db, group, pathway_id="open-6", cycles=2)
    on_fear: list[GroupSession] = [session for session in sessions if session.focus == "fear"]
    put_sides(db, on_fear[0], "identity", "fear")
    put_sides(db, on_fear[1], "belonging", "fear")
    hold(db, on_fear[0])
    for session in sessions:
        if session.focus == "weaving":
            put_sides(db, session, "both", "core")
    found = load_coverage(db, group, NOW)
    assert found.rounds == 2
    [gap] = [e for e in found.steps if (e.gap.sub_bind, e.gap.pole) == (SubBind.FEAR, Pole.BELONGING)]
    assert (gap.session, gap.fills) == (on_fear[1], True)


@pytest.mark.parametrize("pathway", ["closed-8", "closed-12", "closed-16"])
def test_no_fresh_plan_leaves_a_pull_of_a_sub_bind_out(db, group, pathway):
    make_series(db, group, pathway_id=pathway)
    assert [
        each.gap for each in load_coverage(db, group, NOW).steps if each.gap.judged.finding is Finding.MISSING
    ] == []
