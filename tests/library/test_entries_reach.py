"""Other words reach every page that reads the library, and leave alone what was used before."""

import pytest

from facilitator.curriculum import entries
from facilitator.curriculum.editions import edition
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import catalogue
from facilitator.curriculum.shelves import list_shelves, read_entry, write_entry
from facilitator.groups.models import Group
from facilitator.planning.assigning import swap_exercise
from facilitator.planning.models import GroupSession
from tests import evening
from tests.planning import stage as rows
from tests.planning.pages import filling, path, segment_id
from tests.planning.stage import segments
from tests.worlds import shelve_entries

CRISIS_CARD = (EntryKind.SCRIPT, "crisis_card")
SLOW_DOWN = (EntryKind.SCRIPT, "slow_down")
SILENT = (EntryKind.SCRIPT, "silent_minute")
PAUSE = (EntryKind.SCRIPT, "pause")
NEW_STEP = "Look at the new ceiling."


@pytest.fixture
def stage(config, database, now):
    with database.write() as db:
        shelve_entries(db)
        db.commit()
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def say(stage, slot, language="en", **values):
    """Give an entry other words, as the form does."""
    with stage.database.write() as db:
        row = entries.get_newest(db, slot, language)
        entries.write_version(db, slot, language, {**row.content, **values})
        db.commit()


def exercise_of(stage, number=3, kind="ground_open"):
    found = filling(stage, kind, number)
    return EntryKind.EXERCISE, found.exercise_id


def shipped(slot):
    return list_shelves(catalogue())[slot]


def test_a_past_session_keeps_the_words_it_had_and_the_next_choice_takes_the_new(stage, alice, now):
    slot = exercise_of(stage)
    old_step = shipped(slot).steps[0]
    say(stage, slot, steps=[NEW_STEP], minutes=1)
    for page in (path(stage), f"{path(stage)}/run", f"{path(stage)}/sheet"):
        text = alice.get(page).text
        assert NEW_STEP not in text
    assert old_step[:20] in alice.get(f"{path(stage)}/sheet").text
    # any session to come that is free to take it
    with stage.database.write() as db:
        later = db.get(GroupSession, stage.session_ids[5])
        segment = segments(db, later)["ground_close"]
        if read_entry(slot, entries.get_newest(db, slot, "en").content, 2).use == "open":
            segment = segments(db, later)["ground_open"]
        chosen = swap_exercise(db, later, segment.id, slot[1], now)
        assert chosen.exercise_version == 2
        db.commit()
    assert NEW_STEP in alice.get(f"{path(stage, 6)}/sheet").text
    assert NEW_STEP not in alice.get(f"{path(stage, 3)}/sheet").text
    assert filling(stage, "ground_open", 3).exercise_version == 1


def test_a_session_that_is_planned_after_the_change_has_the_new_words(stage, alice, now):
    for slot in list_shelves(catalogue()):
        if slot[0] is EntryKind.EXERCISE:
            say(stage, slot, steps=[f"New words of {slot[1]}."])
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        _series, sessions = rows.make_series(db, group, zone=group.zone, start_time=rows.time(9), seed="two")
        db.commit()
        new_id = sessions[0].id
    assert "New words of gr" in alice.get(f"/sessions/{new_id}/sheet").text
    assert "New words of gr" not in alice.get(f"{path(stage, 1)}/sheet").text


def test_a_participant_reads_the_words_that_the_session_has(stage, alice):
    slot = exercise_of(stage, 1, "ground_close")
    visitor = stage.client()
    before = visitor.get(f"/s/{stage.page}").text
    say(stage, slot, steps=[NEW_STEP])
    assert visitor.get(f"/s/{stage.page}").text == before


def test_an_exercise_out_of_use_stays_in_the_plan_and_is_offered_no_more(stage, alice):
    slot = exercise_of(stage)
    with stage.database.write() as db:
        entries.retire_entry(db, slot, "en")
        db.commit()
    for page in (path(stage), f"{path(stage)}/run", f"{path(stage)}/sheet", "/"):
        assert alice.get(page).status_code == 200
    assert shipped(slot).steps[0][:20] in alice.get(f"{path(stage)}/sheet").text
    swap = alice.get(f"{path(stage)}/segments/{segment_id(stage, 'ground_open')}/swap").text
    assert f'name="choice" value="{slot[1]}"' not in swap


@pytest.mark.parametrize("is_local", [False, True])
def test_a_group_that_changes_its_language_keeps_the_exercises_it_had(stage, alice, now, is_local):
    if is_local:  # an exercise that was written in English alone
        table = {**write_entry(shipped((EntryKind.EXERCISE, "gr1-four-edges"))), "id": "own", "steps": [NEW_STEP]}
        with stage.database.write() as db:
            entries.write_version(db, (EntryKind.EXERCISE, "own"), "en", table)
            session = db.get(GroupSession, stage.session_ids[2])
            swap_exercise(db, session, segments(db, session)["ground_open"].id, "own", now)
            db.commit()
    with stage.database.write() as db:
        db.get(Group, stage.group_id).language = "es"
        db.commit()
    for page in (path(stage), f"{path(stage)}/run", f"{path(stage)}/sheet"):
        assert alice.get(page).status_code == 200
    assert (NEW_STEP in alice.get(f"{path(stage)}/sheet").text) == is_local


@pytest.mark.parametrize(
    ("slot", "values", "pages"),
    [
        (CRISIS_CARD, {"title": "If it is urgent"}, ["/crisis-card"]),
        (SLOW_DOWN, {"title": "Go gently"}, ["/crisis-card", "run", "sheet"]),
        (PAUSE, {"say": "Let us rest a while."}, ["/crisis-card", "run"]),
        ((EntryKind.SCRIPT, "signs"), {"note": "Signs, and no more."}, ["/crisis-card"]),
        ((EntryKind.EXERCISE, "gr1-four-edges"), {"name": "Four corners"}, ["/crisis-card"]),
        ((EntryKind.AGENDA, "closed-90"), {"name": "Ninety minutes"}, ["/curriculum/agendas"]),
        ((EntryKind.HELP_LINE, "gb-samaritans"), {"label": "The Samaritans now"}, ["/crisis-card", "sheet", "participant"]),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_other_words_reach_the_pages_that_show_them(stage, alice, slot, values, pages):
    words = next(iter(values.values()))
    addresses = {"run": f"{path(stage, 1)}/run", "sheet": f"{path(stage, 1)}/sheet", "participant": f"/s/{stage.page}"}
    for page in pages:
        assert words not in alice.get(addresses.get(page, page)).text
    say(stage, slot, **values)
    for page in pages:
        assert words in alice.get(addresses.get(page, page)).text, page


def test_a_line_that_is_not_shown_any_more_is_on_no_page(stage, alice):
    pages = ("/crisis-card", f"/s/{stage.page}")
    line = shipped((EntryKind.HELP_LINE, "gb-samaritans"))
    for page in pages:
        assert line.label in alice.get(page).text
    say(stage, (EntryKind.HELP_LINE, "gb-samaritans"), active=False)
    for page in pages:
        assert line.label not in alice.get(page).text


def test_a_new_slow_down_script_is_offered_in_the_room(stage, alice):
    with stage.database.write() as db:
        table = {"id": "rest", "situation": "It is late.", "say": "We stop here for today.", "then": ""}
        entries.write_version(db, (EntryKind.SCRIPT, "rest"), "en", table)
        db.commit()
    for page in ("/crisis-card", f"{path(stage, 1)}/run"):
        assert "We stop here for today." in alice.get(page).text


def test_sessions_that_are_planned_keep_their_parts_and_new_ones_have_the_new(stage, now):
    slot = (EntryKind.AGENDA, "closed-90-first")
    with stage.database.read() as db:
        kinds = {each.session_kind: each.id for each in edition(db, "en").agendas if each.total_minutes == 90}
    slot = (EntryKind.AGENDA, kinds["first"])
    content = write_entry(shipped(slot))
    say(stage, slot, segment=[{**content["segment"][0], "title": "Come in"}, *content["segment"][1:]])
    with stage.database.write() as db:
        group = db.get(Group, stage.group_id)
        _series, sessions = rows.make_series(db, group, zone=group.zone, start_time=rows.time(9), seed="two")
        assert segments(db, sessions[0])["welcome"].title == "Come in"
        standing = db.get(GroupSession, stage.session_ids[0])
        assert segments(db, standing)["welcome"].title == content["segment"][0]["title"]
