"""The shipped model, exercises, agendas, pathways, help lines, pulse and scripts keep to their rules."""

import re
from collections import Counter

import pytest

from facilitator.curriculum.rules import (
    THEMES,
    Arena,
    Focus,
    GroupKind,
    HelpKind,
    Provenance,
    SegmentKind,
    SubBind,
    Topic,
    path_cap,
    vulnerability_comes_too_early,
)
from facilitator.curriculum.service import catalogue

LIBRARY = catalogue()
MODEL = LIBRARY.model
LEAST_MINUTES = {"checkin": 8, "explore": 10, "integrate": 6, "close": 4}
KINDS = [kind for kind in SegmentKind if kind not in (SegmentKind.RECAP, SegmentKind.NEWS)]
STANDARD = {
    "closed-90": [3, 4, 4, 15, 8, 14, 3, 16, 10, 8, 5],
    "closed-75": [2, 3, 4, 12, 7, 12, 2, 13, 8, 7, 5],
    "closed-60": [2, 2, 3, 10, 5, 18, 0, 0, 8, 7, 5],
    "open-90": [5, 6, 5, 18, 10, 20, 3, 0, 10, 8, 5],
    "open-75": [4, 5, 4, 15, 8, 17, 2, 0, 8, 7, 5],
    "open-60": [3, 5, 3, 12, 5, 13, 0, 0, 7, 7, 5],
}
TELLING = re.compile(
    r"betray|affair|infidel|trauma|abuse|partner|shame|fear|powerless|vulnerab|therap|support|heal|group|recover|bind|crisis",
    re.IGNORECASE,
)
SHIPPED_CHECKED = {
    "us-988", "us-ndvh", "ca-988", "gb-samaritans", "ie-emergency", "ie-samaritans", "ie-womens-aid", "au-lifeline",
    "nz-1737", "int-findahelpline",
}  # fmt: skip

each_agenda = pytest.mark.parametrize("agenda", LIBRARY.agendas, ids=lambda a: a.id)
each_pathway = pytest.mark.parametrize("pathway", LIBRARY.pathways, ids=lambda p: p.id)
each_help_line = pytest.mark.parametrize("line", LIBRARY.help.lines, ids=lambda x: x.id)
each_sub_bind = pytest.mark.parametrize("entry", MODEL.sub_binds, ids=lambda e: e.slug)


def count_words(text):
    return len(re.findall(r"[A-Za-z0-9][A-Za-z0-9'\u2019-]*", text))


def test_the_model_has_two_needs_four_arenas_and_four_sub_binds_in_order():
    assert [n.slug for n in MODEL.needs] == ["need.identity", "need.belonging"]
    assert [a.arena for a in MODEL.arenas] == list(Arena)
    assert [s.slug for s in MODEL.sub_binds] == list(THEMES)
    assert [s.order for s in MODEL.sub_binds] == [1, 2, 3, 4]


def test_the_model_credits_its_source_and_claims_no_tie():
    assert MODEL.attribution == (
        "Inspired by the betrayal bind as described by Michelle Mays. "
        "Independent; not affiliated with or endorsed by her."
    )


@each_sub_bind
def test_a_sub_bind_shows_both_poles_and_weighs_every_arena(entry):
    assert entry.identity_pole
    assert entry.belonging_pole
    assert set(entry.arena_weights) == set(Arena)
    assert set(entry.arena_weights.values()) <= {1, 2, 3}
    assert (len(entry.body_signs) >= 4, len(entry.stuck_loops) >= 3, len(entry.movement) >= 3) == (True, True, True)


@pytest.mark.parametrize(
    "entry", [MODEL.core_bind, MODEL.dilemma, *MODEL.needs, *MODEL.arenas, *MODEL.sub_binds], ids=lambda e: e.slug
)
def test_every_statement_of_the_model_says_where_it_comes_from(entry):
    silent = {"slug", "provenance", "public_echoes", "name", "note", "watch_out"}
    stated = {name for name in entry.__slots__ if name not in silent and getattr(entry, name)}
    assert stated <= set(entry.provenance)
    assert Provenance.ORIGINAL not in entry.provenance.values()


@pytest.mark.parametrize("entry", MODEL.teachings, ids=lambda t: t.focus)
def test_a_teaching_takes_about_two_minutes_and_names_itself_a_frame(entry):
    assert count_words(entry.say) <= 130
    assert entry.picture
    assert entry.frame_line


def test_every_focus_opening_and_closing_has_a_teaching():
    assert {t.focus for t in MODEL.teachings} == set(Topic)


@pytest.mark.parametrize("exercise", LIBRARY.exercises, ids=lambda e: e.id)
def test_an_exercise_is_short_and_has_another_channel(exercise):
    assert 1 <= exercise.minutes <= 5
    assert len(exercise.steps) >= 2
    assert all((exercise.alternative, exercise.caution, exercise.online_note, exercise.facilitator_note))


def test_there_are_fourteen_exercises_and_some_serve_a_crisis():
    assert [e.code for e in LIBRARY.exercises] == [f"GR{n}" for n in range(1, 15)]
    assert {e.code for e in LIBRARY.crisis_exercises()} == {"GR1", "GR5", "GR9"}


def test_the_library_has_its_twelve_agendas():
    ends = {f"closed-{minutes}-{end}" for minutes in (90, 75, 60) for end in ("first", "last")}
    assert {a.id for a in LIBRARY.agendas} == set(STANDARD) | ends


@each_agenda
def test_segments_follow_one_another_and_fill_the_session(agenda):
    assert [s.order for s in agenda.segments] == list(range(1, len(agenda.segments) + 1))
    starts = [sum(s.minutes for s in agenda.segments[:n]) for n in range(len(agenda.segments))]
    assert [s.start_minute for s in agenda.segments] == starts
    assert sum(s.minutes for s in agenda.segments) == agenda.total_minutes


@each_agenda
def test_an_agenda_grounds_at_both_ends(agenda):
    kinds = [s.kind for s in agenda.segments]
    assert kinds[-1] is SegmentKind.GROUND_CLOSE
    assert kinds.count(SegmentKind.GROUND_CLOSE) == 1
    assert kinds.index(SegmentKind.GROUND_OPEN) < kinds.index(SegmentKind.CHECKIN)


@each_agenda
def test_a_prompt_has_the_minutes_it_takes(agenda):
    short = [s.kind for s in agenda.segments if s.phase and s.minutes - s.reserved_minutes < LEAST_MINUTES[s.phase]]
    assert short == []


@each_agenda
def test_the_second_explore_leaves_a_quarter_of_the_time_after_it(agenda):
    for segment in agenda.segments:
        if segment.kind is SegmentKind.EXPLORE_B:
            assert segment.start_minute <= 0.60 * agenda.total_minutes
            assert segment.start_minute + segment.minutes <= 0.75 * agenda.total_minutes


@pytest.mark.parametrize("agenda_id", STANDARD)
def test_a_standard_agenda_has_its_segments(agenda_id):
    agenda = next(a for a in LIBRARY.agendas if a.id == agenda_id)
    wanted = [(kind, minutes) for kind, minutes in zip(KINDS, STANDARD[agenda_id], strict=True) if minutes]
    assert [(s.kind, s.minutes) for s in agenda.segments] == wanted


def test_the_library_has_its_four_pathways():
    assert {p.id for p in LIBRARY.pathways} == {"open-6", "closed-8", "closed-12", "closed-16"}


@each_pathway
def test_a_pathway_keeps_to_the_ramp_of_depth(pathway):
    longest = max(pathway.lengths)
    caps = [path_cap(s.position, pathway.session_count, pathway.group_kind, longest) for s in pathway.sessions]
    assert [s.depth_cap for s in pathway.sessions] == caps


@each_pathway
def test_a_pathway_has_an_agenda_for_every_session_at_every_length(pathway):
    for minutes in pathway.lengths:
        for session in pathway.sessions:
            assert LIBRARY.agenda(pathway.group_kind, minutes, session.session_kind).total_minutes == minutes


@each_pathway
def test_a_pathway_says_what_each_session_is_for(pathway):
    for session in pathway.sessions:
        assert all((session.title, session.passes, session.goals, session.single_explore_poles))
        assert LIBRARY.teach(session.teach)


@each_pathway
def test_participant_titles_give_nothing_away_and_differ(pathway):
    titles = [s.participant_title for s in pathway.sessions]
    assert [t for t in titles if TELLING.search(t) or not 1 <= count_words(t) <= 3] == []
    assert len(set(titles)) == len(titles)


@each_pathway
def test_vulnerability_waits_for_the_middle_and_themes_get_equal_time(pathway):
    order = [s.focus for s in pathway.sessions]
    assert not vulnerability_comes_too_early(order)
    assert len({Counter(order)[Focus(theme)] for theme in THEMES}) == 1


@each_pathway
def test_newcomers_lower_the_explore_of_open_pathways_alone(pathway):
    assert pathway.newcomer_explore_cap == (1 if pathway.group_kind is GroupKind.OPEN else 0)


@each_help_line
def test_an_active_help_line_can_be_reached_and_was_checked_unless_it_is_the_emergency_number(line):
    if line.active:
        assert line.phone or line.text or line.url
        assert line.last_verified_on or line.kind is HelpKind.EMERGENCY


@each_help_line
def test_a_help_line_says_honestly_whether_anybody_checked_it(line):
    assert bool(line.last_verified_on) == (line.id in SHIPPED_CHECKED)
    assert line.url == "" or line.url.startswith("https://")


@pytest.mark.parametrize("country", sorted({x.country for x in LIBRARY.help.lines} - {"INT", "EU"}))
def test_a_listed_country_has_an_emergency_number_and_a_crisis_line(country):
    kinds = {line.kind for line in LIBRARY.help.lines if line.country == country and line.active}
    assert {HelpKind.EMERGENCY, HelpKind.CRISIS} <= kinds


def test_there_are_twelve_agreements_and_the_limits_are_not_for_changing():
    assert [a.order for a in LIBRARY.agreements.lines] == list(range(1, 13))
    fixed = {a.id for a in LIBRARY.agreements.lines if not a.editable}
    assert {"ag-02-limits", "ag-03-pass", "ag-05-no-steering"} <= fixed


def test_the_pulse_asks_four_questions_with_five_answers_and_no_words():
    assert [q.id for q in LIBRARY.pulse.questions] == ["steady", "free", "pace", "use"]
    for question in LIBRARY.pulse.questions:
        assert len(set(question.answers)) == 5
        assert set(question.top_two + question.too_fast) <= set(question.answers)
    assert LIBRARY.pulse.free_text is False
    assert LIBRARY.pulse.min_responses_to_show >= 5


def test_the_scripts_are_complete():
    assert len(LIBRARY.scripts.slow_down_scripts) >= 5
    assert [s.order for s in LIBRARY.scripts.crisis_card.steps] == [1, 2, 3, 4, 5, 6, 7]
    assert len(LIBRARY.scripts.debrief.questions) >= 5


def test_the_core_bind_splits_into_the_four_themes():
    assert MODEL.core_bind.slug is SubBind.CORE
    assert MODEL.core_bind.splits_into == THEMES
