"""Look-ups find or say NotFound; a file that cannot be used says where and why; depth ramps."""

import shutil
from datetime import date, timedelta

import pytest

from facilitator.curriculum.rules import (
    Focus,
    GroupKind,
    SessionKind,
    depth_cap,
    path_cap,
    vulnerability_comes_too_early,
)
from facilitator.curriculum.service import (
    LIBRARY,
    catalogue,
    editions,
    load_catalogue,
    load_prompt_entries,
    read_prompt_entries,
)
from facilitator.errors import Invalid, NotFound


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "library"
    shutil.copytree(LIBRARY, copy)
    return copy


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("count", "caps"),
    [(8, [1, 2, 2, 2, 3, 3, 2, 1]), (12, [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 2, 1])],
)
def test_depth_ramps_up_and_comes_back_down(count, caps):
    assert [depth_cap(position, count) for position in range(1, count + 1)] == caps


@pytest.mark.parametrize(
    ("kind", "minutes", "cap"),
    [(GroupKind.CLOSED, 90, 3), (GroupKind.CLOSED, 75, 3), (GroupKind.CLOSED, 60, 2), (GroupKind.OPEN, 90, 2)],
)
def test_open_groups_and_short_sessions_stay_at_two(kind, minutes, cap):
    assert path_cap(6, 12, kind, minutes) == cap


def test_an_open_group_has_no_shallow_ends_because_it_has_no_ends():
    assert [path_cap(position, 6, GroupKind.OPEN, 90) for position in range(1, 7)] == [2] * 6


@pytest.mark.parametrize(
    ("order", "too_early"),
    [
        ([Focus.CORE, Focus.VULNERABILITY, Focus.FEAR, Focus.SHAME], False),
        ([Focus.VULNERABILITY, Focus.CORE, Focus.FEAR, Focus.SHAME], True),
        ([Focus.CORE, Focus.FEAR], False),
    ],
)
def test_vulnerability_waits_for_the_middle(order, too_early):
    assert vulnerability_comes_too_early(order) is too_early


def test_the_catalogue_is_read_once():
    assert catalogue() is catalogue()
    assert load_prompt_entries() is load_prompt_entries()


def test_look_ups_find_what_is_there():
    library = catalogue()
    assert library.pathway("closed-8").session_count == 8
    assert library.agenda(GroupKind.CLOSED, 75).id == "closed-75"
    assert library.agenda(GroupKind.CLOSED, 60, SessionKind.LAST).id == "closed-60-last"
    assert library.agenda(GroupKind.OPEN, 60, SessionKind.FIRST).id == "open-60"
    assert library.exercise("gr1-four-edges").code == "GR1"
    assert library.teach("weaving").focus == "weaving"
    assert library.sub_bind("shame").name == "Shame"


@pytest.mark.parametrize(
    "look_up",
    [
        lambda c: c.pathway("closed-9"),
        lambda c: c.agenda(GroupKind.OPEN, 45),
        lambda c: c.exercise("gr99"),
        lambda c: c.teach("joy"),
        lambda c: c.sub_bind("core"),
    ],
)
def test_look_ups_that_find_nothing_say_so(look_up):
    with pytest.raises(NotFound):
        look_up(catalogue())


@pytest.mark.parametrize(
    ("country", "ids"),
    [
        ("US", ["us-emergency", "us-988", "us-ndvh"]),
        ("GB", ["gb-emergency", "gb-samaritans"]),
        ("DE", ["eu-emergency", "int-findahelpline"]),
        ("BR", ["int-findahelpline"]),
        ("INT", ["int-findahelpline"]),
    ],
)
def test_help_lines_are_active_ones_and_never_none(country, ids):
    assert [line.id for line in catalogue().help_lines(country)] == ids


@pytest.mark.parametrize(("days", "due"), [(180, False), (181, True)])
def test_a_help_line_is_due_for_checking_after_its_time(days, due):
    line = next(x for x in catalogue().help.lines if x.id == "us-988")
    today = line.last_verified_on + timedelta(days=days)
    assert line.needs_checking(today, timedelta(days=180)) is due


def test_a_help_line_that_nobody_checked_is_due():
    line = next(x for x in catalogue().help.lines if x.id == "us-emergency")
    assert line.needs_checking(date(2027, 1, 1), timedelta(days=180))


def test_english_comes_first_and_an_unknown_language_is_not_found():
    assert editions()[0] == "en"
    with pytest.raises(NotFound, match="'xx'"):
        catalogue("xx")
    with pytest.raises(NotFound, match="'xx'"):
        load_prompt_entries("xx")


@pytest.mark.parametrize("language", editions())
def test_every_edition_has_the_same_ids(language):
    english, other = catalogue(), catalogue(language)
    for name in ("pathways", "agendas", "exercises"):
        assert [x.id for x in getattr(other, name)] == [x.id for x in getattr(english, name)]
    assert [p.id for p in load_prompt_entries(language)] == [p.id for p in load_prompt_entries()]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("model.toml", 'name = "The bind"', "", r"model.toml, core_bind 'core': the key 'name' is missing"),
        ("model.toml", 'name = "The bind"', 'title = "x"', r"core_bind 'core': the key 'title' is not known"),
        ("model.toml", 'language = "en"', 'language = "es"', r"model.toml: it is in 'es', not in 'en'"),
        (
            "exercises.toml",
            "minutes = 3",
            'minutes = "3"',
            r"exercise 1 'gr1-four-edges', minutes: a whole number is expected",
        ),
        ("exercises.toml", 'id = "gr2-lent-weight"', 'id = "gr1-four-edges"', r"'gr1-four-edges' stands 2 times"),
        ("exercises.toml", 'use = "either"', 'use = "middle"', r"'middle' is not one of open, close, either"),
        (
            "exercises.toml",
            "crisis_use = true",
            "crisis_use = 1",
            r"crisis_use: true or false is expected, not a whole number",
        ),
        ("agendas.toml", "minutes = 3", "minutes = 4", r"'closed-90': agreements starts at 3, not at 4"),
        ("agendas.toml", "total_minutes = 90", "total_minutes = 95", r"'closed-90': the segments add up to 90"),
        ("agendas.toml", 'kind = "ground_close"', 'kind = "news"', r"does not end with the closing grounding"),
        ("pathways.toml", "sessions = 6", "sessions = 7", r"'open-6': 7 sessions are announced"),
        ("pathways.toml", "depth_cap = 2", "depth_cap = 3", r"'open-6': session 1 goes to depth 3, 2 is the most"),
        ("pathways.toml", "lengths = [60, 75, 90]", "lengths = 60", r"'open-6', lengths: a list is expected"),
        ("pathways.toml", 'focus = "core"', 'focus = "joy"', r"'open-6', session 1 '1', focus: 'joy' is not one of"),
        ("resources.toml", "2026-11-22", "last week", r"'us-988', last_verified_on: 'last week' is not a date"),
        ("pulse.toml", "0.30", "1", None),
        ("scripts.toml", "[signs]", "[signs", r"scripts.toml: "),
        ("scripts.toml", "[signs]", "signs = 3\n[other]", r"scripts.toml"),
        (
            "model.toml",
            "[sub_bind.arena_weights]\nnervous_system = 3\nsurvival_instincts = 3\nattachment_needs = 2\nidentity = 1\n",
            "arena_weights = 3\n",
            r"sub_bind 1 'fear', arena_weights: a table is expected",
        ),
    ],
)
def test_a_malformed_file_names_itself_the_entry_and_the_fault(folder, name, old, new, message):
    edit(folder / name, old, new)
    if message is None:
        assert load_catalogue(folder, "en").pulse.decision_rule.if_pace_too_fast_share_at_least == 1.0
        return
    with pytest.raises(Invalid, match=message):
        load_catalogue(folder, "en")


def test_a_missing_file_is_named(folder):
    (folder / "pulse.toml").unlink()
    with pytest.raises(Invalid, match=r"pulse.toml: the file is missing"):
        load_catalogue(folder, "en")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "fear-checkin-identity-1"', 'id = "fear-checkin-both-1"', r"'fear-checkin-both-1' stands 2 times"),
        ('language = "en"', 'language = "fr"', r"'fear-checkin-both-1': it is in 'fr', not in 'en'"),
        ('pole = "both"', 'pole = "left"', r"fear.toml, prompt 1 'fear-checkin-both-1', pole: 'left' is not one of"),
        ("minutes = { default = 12, min = 8 }", "minutes = 12", r"minutes: a table is expected"),
    ],
)
def test_a_malformed_prompt_names_its_file_and_id(folder, old, new, message):
    edit(folder / "prompts" / "fear.toml", old, new)
    with pytest.raises(Invalid, match=message):
        read_prompt_entries(folder / "prompts", "en")
