"""Plans taken over for another session and another series, on both engines."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from facilitator.attendance.models import Tally
from facilitator.groups.models import Group, Participant
from facilitator.planning import again, agenda, history, parts
from facilitator.planning.assigning import empty_slot, lower_depth, set_locked, use_own
from facilitator.planning.copying import Fate, Frame, plan_copy, take_over
from facilitator.planning.models import Assignment, Segment, Series
from facilitator.planning.originals import Source, load_parts
from facilitator.planning.scene import add_pool, load_scene
from facilitator.planning.service import insert_session
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.rules_reasons import Rule
from tests.planning.stage import NOW, assignment, content, in_order, list_warnings, make_group, make_series, segments
from tests.prompts.test_service import DRAFT
from tests.worlds import shelve, shelve_entries

LATER = date(2027, 3, 15)
PROMPTED = ("checkin", "explore_a", "explore_b")


@pytest.fixture(autouse=True)
def shelf(db):
    shelve_entries(db)


@pytest.fixture
def series(db, group):
    return make_series(db, group)[0]


@pytest.fixture
def fear(db, series):
    return in_order(db, series)[2]


@pytest.fixture
def sea(db, alice):
    return make_group(db, alice, label="Sea Circle")


@pytest.fixture
def there(db, sea):
    """The third session of another group, planned with another draw."""
    return in_order(db, make_series(db, sea, seed="sea", first_on=LATER)[0])[2]


def look(db, source, target, *, review=False):
    """Return the pieces of a copy: the scene, and what `plan_copy` takes after it."""
    scene = add_pool(db, load_scene(db, db.get(Group, target.group_id), require_review=review))
    found = load_parts(db, [source, target], scene)
    whose = Source(session=source, group=db.get(Group, source.group_id))
    return scene, (whose, found[source.id], target, found[target.id])


def plan(db, source, target, **more):
    scene, pair = look(db, source, target, **more)
    return plan_copy(scene, *pair)


def copy(db, source, target, **more):
    scene, pair = look(db, source, target, **more)
    [done] = take_over(db, scene, [pair], "seed")
    return done


def fates(done):
    return {each.place.part.kind: each.fate for each in done.outcomes if each.fate is not Fate.PLAIN}


def refused(done):
    return {each.place.part.kind: each.refusal.rule for each in done.of(Fate.REFUSED)}


def layout(db, session):
    return [(s.kind, s.title, s.minutes, s.purpose, s.facilitator_note) for s in agenda.list_segments(db, session)]


def rules_broken(db, session):
    return [w.code for w in list_warnings(db, session, db.get(Group, session.group_id)) if w.code.startswith("h")]


def test_order_minutes_and_everything_that_the_rules_allow_are_taken_over(db, fear, there):
    found = segments(db, fear)
    agenda.set_minutes(db, fear, found["checkin"].id, found["checkin"].minutes + 2, NOW)
    agenda.set_minutes(db, fear, found["teach"].id, found["teach"].minutes - 2, NOW)
    parts.keep_own_note(db, fear, found["teach"].id, "Kim was quiet", NOW)
    planned = plan(db, fear, there)
    before = content(db, there)
    assert content(db, there) == before  # a look changes nothing
    done = copy(db, fear, there)
    assert fates(done) == fates(planned)
    assert layout(db, there) == layout(db, fear)
    same = {kind for kind, fate in fates(done).items() if fate is Fate.TAKEN}
    assert same >= {"explore_a", "explore_b"}
    assert all(content(db, there)[kind] == content(db, fear)[kind] for kind in same)
    assert all(content(db, there)[kind] for kind in fates(done))
    assert rules_broken(db, there) == []
    assert db.scalar(select(func.count()).where(Segment.session_id == there.id, Segment.own_note != "")) == 0


def test_what_the_group_has_had_is_chosen_anew_and_the_rule_is_named(db, fear, there):
    sessions = in_order(db, there_series(db, there))
    explore = assignment(db, fear, "explore_a").prompt_version_id
    assignment(db, sessions[4], "explore_a").prompt_version_id = explore
    db.flush()
    done = copy(db, fear, there)
    assert refused(done)["explore_a"] is Rule.H6
    assert content(db, there)["explore_a"] not in (None, content(db, fear)["explore_a"])


def there_series(db, session):
    return db.get(Series, session.series_id)


def test_a_lower_limit_there_refuses_what_is_deeper(db, series, there):
    deep = in_order(db, series)[4]
    target = in_order(db, there_series(db, there))[4]
    lower_depth(db, target, 1, NOW, require_review=False)
    done = copy(db, deep, target)
    deeper = {
        kind for kind, prompt_id in content(db, deep).items() if prompt_id and depth(db, assignment(db, deep, kind)) > 1
    }
    assert deeper
    assert {kind for kind, rule in refused(done).items() if rule is Rule.H1} == deeper
    assert all(depth(db, assignment(db, target, kind)) <= 1 for kind in content(db, target))


def depth(db, row):
    return db.get(PromptVersion, row.prompt_version_id).depth if row.prompt_version_id else 0


def test_what_nobody_has_reviewed_is_refused_where_review_is_required(db, fear, there):
    done = plan(db, fear, there, review=True)
    assert {refused(done)[kind] for kind in PROMPTED} == {Rule.H10}


def test_a_group_of_another_language_has_the_prompts_and_the_parts_in_its_own_words(db, fear, sea):
    shelve(db, "es")
    sea.language = "es"
    there = in_order(db, make_series(db, sea, seed="sea", first_on=LATER)[0])[2]
    titles = [segment.title for segment in agenda.list_segments(db, there)]
    done = copy(db, fear, there)
    assert [segment.title for segment in agenda.list_segments(db, there)] == titles
    assert fates(done)["explore_a"] is Fate.TAKEN
    assert content(db, there)["explore_a"] == content(db, fear)["explore_a"]
    assert db.get(PromptVersion, assignment(db, there, "explore_a").prompt_version_id).language == "es"


def test_what_is_not_written_in_that_language_or_out_of_use_is_named(db, fear, sea):
    sea.language = "es"
    there = in_order(db, make_series(db, sea, seed="sea", first_on=LATER)[0])[2]
    done = plan(db, fear, there)
    assert {refused(done)[kind] for kind in PROMPTED} == {Rule.H9}
    sea.language = "en"
    db.get(PromptVersion, assignment(db, fear, "explore_a").prompt_version_id).status = "retired"
    db.flush()
    assert refused(plan(db, fear, there))["explore_a"] is Rule.H10


def test_somebody_elses_own_prompt_stays_theirs(db, alice, bob, fear, there):
    slot = segments(db, fear)["explore_a"].id
    item = use_own(db, bob, fear, slot, own_draft(), NOW, require_review=False)
    done = copy(db, fear, there)
    assert fates(done)["explore_a"] is Fate.PRIVATE
    assert content(db, there)["explore_a"] != item.prompt.id
    own = use_own(db, alice, fear, segments(db, fear)["explore_b"].id, own_draft(), NOW, require_review=False)
    done = copy(db, fear, there)
    assert fates(done)["explore_b"] is Fate.TAKEN
    assert content(db, there)["explore_b"] == own.prompt.id


def own_draft():
    return replace(DRAFT, depth=1, minutes_default=10, minutes_min=3)


def test_a_lock_goes_along_and_silence_too(db, fear, there):
    found = segments(db, fear)
    set_locked(db, fear, found["checkin"].id, locked=True)
    empty_slot(db, fear, found["explore_b"].id, NOW)
    done = copy(db, fear, there)
    assert fates(done)["explore_b"] is Fate.SILENT
    assert content(db, there)["explore_b"] is None
    assert {kind for kind in content(db, there) if assignment(db, there, kind).locked} == {"checkin", "explore_b"}


def test_what_is_locked_in_the_session_that_takes_over_stays_as_it_is(db, fear, there):
    set_locked(db, there, segments(db, there)["explore_a"].id, locked=True)
    empty_slot(db, there, segments(db, there)["checkin"].id, NOW)
    before = content(db, there)
    done = copy(db, fear, there)
    assert fates(done)["explore_a"] is fates(done)["checkin"] is Fate.LOCKED
    assert (content(db, there)["explore_a"], content(db, there)["checkin"]) == (before["explore_a"], None)
    assert assignment(db, there, "explore_a").locked
    assert assignment(db, there, "checkin").locked


def test_what_was_taken_over_is_undone(db, alice, fear, there):
    before = content(db, there), layout(db, there)
    with history.recorded(db, alice, there, history.ChangeCode.COPIED, title=fear.title):
        copy(db, fear, there)
    assert content(db, there) != before[0]
    [change] = history.list_changes(db, alice, there)
    history.undo(db, alice, there, change.number, NOW)
    assert (content(db, there), layout(db, there)) == before


def test_another_length_is_fitted_and_another_kind_of_session_keeps_its_own_parts(db, alice, series, fear, there):
    short = in_order(db, make_series(db, make_group(db, alice, label="Hill"), minutes=60, seed="hill")[0])[2]
    done = copy(db, fear, short)
    assert done.frame is Frame.TAKEN
    assert [s.kind for s in agenda.list_segments(db, short)] == [s.kind for s in agenda.list_segments(db, fear)]
    assert sum(s.minutes for s in agenda.list_segments(db, short)) == 60
    opening = in_order(db, there_series(db, there))[0]
    before = layout(db, opening)
    done = copy(db, fear, opening)
    assert done.frame is Frame.OTHER_KIND
    assert layout(db, opening) == before
    assert rules_broken(db, opening) == []
    there.minutes = 20
    assert plan(db, fear, there).frame is Frame.TOO_LONG


def plan_again(db, series, group, target, **more):
    made, sessions = make_series(db, target, **{"seed": "again", "first_on": LATER, **more})
    found = again.Again(series=series, group=group)
    return made, sessions, again.take_over_series(db, found, made, sessions, require_review=False)


def test_a_series_for_a_new_group_takes_over_agendas_limits_and_prompts_of_every_session(db, group, series, sea):
    old = in_order(db, series)
    longer = segments(db, old[3])
    agenda.set_minutes(db, old[3], longer["checkin"].id, longer["checkin"].minutes + 3, NOW)
    agenda.set_minutes(db, old[3], longer["teach"].id, longer["teach"].minutes - 3, NOW)
    lower_depth(db, old[4], 1, NOW, require_review=False)
    old[3].next_note = "Slower"
    _made, sessions, copies = plan_again(db, series, group, sea)
    assert len(copies) == len(sessions) == 8
    assert [each for done in copies for each in done.of(Fate.REFUSED, Fate.PRIVATE)] == []
    assert [content(db, s) for s in sessions] == [content(db, s) for s in old]
    assert [layout(db, s) for s in sessions] == [layout(db, s) for s in old]
    assert [s.depth_limit for s in sessions] == [s.depth_limit for s in old]
    assert [rules_broken(db, s) for s in sessions] == [[]] * 8
    assert {s.next_note for s in sessions} == {""}
    for table in (Participant.group_id == sea.id, Tally.session_id.in_([s.id for s in sessions])):
        assert db.scalar(select(func.count()).where(table)) == 0


def test_a_series_for_the_same_group_repeats_nothing(db, group, series):
    _made, sessions, copies = plan_again(db, series, group, group, first_on=LATER)
    explores = [done for done in copies if "explore_a" in fates(done)]
    on_themes = [done for done in explores if done.session.focus not in ("core", "weaving")]
    assert {refused(done).get("explore_a") for done in on_themes} == {Rule.H6}
    assert [rules_broken(db, s) for s in sessions] == [[]] * 8


def test_one_refused_prompt_takes_no_other_along_and_an_added_session_is_left_out(db, alice, group, series, sea):
    old = in_order(db, series)
    insert_session(db, old[2], date(2027, 1, 28), old[2].start_time, NOW, require_review=False)
    gone = assignment(db, old[2], "explore_a").prompt_version_id
    db.get(PromptVersion, gone).status = "retired"
    db.flush()
    _made, sessions, copies = plan_again(db, series, group, sea)
    found = [(d.session.position, e.place.part.kind) for d in copies for e in d.of(Fate.REFUSED)]
    assert found == [(3, "explore_a")]
    assert [content(db, s) for s in sessions[3:]] == [content(db, s) for s in old[3:8]]
    rows = db.scalar(select(func.count()).select_from(Assignment).where(Assignment.prompt_version_id == gone))
    assert rows == 1


def test_only_ones_own_series_can_be_planned_again(db, alice, charlie, series):
    assert again.find_source(db, charlie, series.id) is None
    assert again.find_source(db, alice, "") is None
    found = again.find_source(db, alice, series.id)
    assert found.series is series
    assert found.first_on(date(2027, 5, 5)) == date(2027, 5, 10)  # a Monday, as the series
    assert db.scalar(select(func.count()).select_from(Prompt))
