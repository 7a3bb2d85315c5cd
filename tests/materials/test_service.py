"""Use cases of what is handed out: one test for each sentence of their docstrings."""

from datetime import timedelta

import pytest

from facilitator.errors import Conflict, Invalid, NotFound
from facilitator.materials import service as materials
from facilitator.materials.draft import MaterialDraft
from facilitator.materials.models import Audience, Material, Release
from facilitator.materials.rules import DAY
from facilitator.planning.models import GroupSession, SessionStatus
from tests import factories
from tests.planning import stage
from tests.worlds import shelve

PDF = "application/pdf"


@pytest.fixture
def group(db, alice, bob):
    shelve(db)
    return stage.make_group(db, alice, bob)


@pytest.fixture
def sessions(db, group):
    return stage.make_series(db, group)[1]


def words(db, session, title="A page", **values):
    return materials.add_text(db, session, MaterialDraft(title=title, text="Some *words*", **values))


def file(db, session, title="A sheet", content=b"%PDF-", **values):
    return materials.add_file(db, session, MaterialDraft(title=title, **values), PDF, content)


def titles(found):
    return [each.title for each in found]


def test_words_and_files_stand_in_the_order_in_which_they_were_added(db, sessions):
    for number in range(3):
        words(db, sessions[0], f"W{number}")
    file(db, sessions[0])
    assert titles(materials.list_for_session(db, sessions[0].id)) == ["W0", "W1", "W2", "A sheet"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"text": " "}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"days_before": -1}, "days_before"),
        ({"days_before": 15}, "days_before"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_and_nothing_is_written(db, sessions, values, field):
    draft = MaterialDraft(**{"title": "A page", "text": "Words", "release": Release.BEFORE, **values})
    with pytest.raises(Invalid) as caught:
        materials.add_text(db, sessions[0], draft)
    assert caught.value.field == field
    kept = words(db, sessions[0])
    with pytest.raises(Invalid):
        materials.change_material(db, kept, draft)
    assert titles(materials.list_for_session(db, sessions[0].id)) == ["A page"]


def test_there_is_an_end_to_how_many_and_how_much(db, sessions, monkeypatch):
    monkeypatch.setattr(materials, "LARGEST_SESSION", 10)
    file(db, sessions[0], content=b"123456")
    with pytest.raises(Invalid, match="together"):
        file(db, sessions[0], content=b"12345")
    monkeypatch.setattr(materials, "MOST_MATERIALS", 1)
    with pytest.raises(Conflict, match="Take one off"):
        words(db, sessions[0])
    words(db, sessions[1])


def test_what_is_for_facilitators_is_neither_announced_nor_on_the_page(db, sessions):
    kept = words(db, sessions[0], audience=Audience.FACILITATORS, announced=True)
    assert not kept.announced
    assert materials.list_for_page(db, sessions[0], sessions[0].ends_at) == []


def test_days_are_kept_for_a_release_before_the_session_alone(db, sessions):
    assert words(db, sessions[0], days_before=3, release=Release.END).days_before == 0
    assert words(db, sessions[0], days_before=3, release=Release.BEFORE).days_before == 3


def test_words_are_changed_and_a_file_keeps_its_bytes(db, sessions):
    page, sheet = words(db, sessions[0]), file(db, sessions[0])
    for each in (page, sheet):
        materials.change_material(db, each, MaterialDraft(title="New", text="Other words", release=Release.END))
    assert (page.title, page.text, sheet.title, sheet.text, sheet.release) == ("New", "Other words", "New", "", "end")
    assert materials.get_file(db, sheet.id).content == b"%PDF-"


def test_nothing_stays_of_what_is_taken_off(db, sessions):
    materials.remove_material(db, file(db, sessions[0]))
    assert db.query(Material).count() == 0


def test_one_moves_up_by_one_place_and_the_first_stays(db, sessions):
    made = [words(db, sessions[0], title) for title in "ABC"]
    for number, order in ((2, "ACB"), (2, "CAB"), (2, "CAB")):
        materials.move_up(db, made[number])
        assert titles(materials.list_for_session(db, sessions[0].id)) == list(order)


def test_a_material_is_found_by_those_who_lead_alone(db, sessions, alice, bob, charlie):
    kept = words(db, sessions[0])
    for me in (alice, bob):
        assert materials.get_material(db, me, kept.id)[:2] == (kept, sessions[0])
    for me, wanted in ((charlie, kept.id), (alice, "x")):
        with pytest.raises(NotFound):
            materials.get_material(db, me, wanted)


@pytest.mark.parametrize(("release", "hours"), [(Release.START, 0), (Release.END, 1.5)])
def test_participants_have_it_from_its_instant_on(db, sessions, release, hours):
    words(db, sessions[0], release=release)
    at = sessions[0].starts_at + timedelta(hours=hours)
    assert materials.list_for_page(db, sessions[0], at - timedelta(seconds=1)) == []
    assert titles(materials.list_for_page(db, sessions[0], at)) == ["A page"]


def test_who_comes_late_has_what_was_released_before_and_nobody_what_is_to_come(db, sessions):
    for number, session in enumerate(sessions[:3]):
        words(db, session, f"Of {number}")
    found = materials.list_for_page(db, sessions[1], sessions[2].ends_at)
    assert [(each.title, each.earlier) for each in found] == [("Of 1", False), ("Of 0", True)]


def test_another_series_is_nobodys_business(db, group, sessions, alice):
    other = stage.make_series(db, stage.make_group(db, alice, label="Other"))[1]
    words(db, sessions[0])
    assert materials.list_for_page(db, other[1], sessions[0].ends_at) == []


def test_a_cancelled_session_releases_nothing(db, sessions):
    words(db, sessions[0])
    db.get_one(GroupSession, sessions[0].id).status = SessionStatus.CANCELLED
    assert materials.list_for_page(db, sessions[0], sessions[0].ends_at) == []
    assert materials.list_for_page(db, sessions[1], sessions[1].ends_at) == []


def test_a_moved_session_takes_its_release_along(db, sessions):
    kept = words(db, sessions[0], release=Release.BEFORE, days_before=2)
    was = materials.release_of(kept, sessions[0])
    sessions[0].starts_at += 7 * DAY
    sessions[0].ends_at += 7 * DAY
    assert materials.release_of(kept, sessions[0]) == was + 7 * DAY


def test_a_file_is_fetched_once_it_is_released_and_by_a_name_that_says_nothing(db, sessions):
    page, sheet = words(db, sessions[0]), file(db, sessions[0], "Her name")
    at = sessions[0].starts_at
    assert materials.get_released_file(db, sessions[0], sheet.id, at).content == b"%PDF-"
    assert [each.name for each in materials.list_for_page(db, sessions[0], at)] == ["", "page-2.pdf"]
    for session, wanted, when in (
        (sessions[0], sheet.id, at - timedelta(seconds=1)),
        (sessions[0], page.id, at),
        (sessions[0], "x", at),
    ):
        with pytest.raises(NotFound):
            materials.get_released_file(db, session, wanted, when)


def test_lists_leave_the_bytes_of_files_where_they_are(database, db, sessions):
    file(db, sessions[0], content=b"%PDF-" + b"x" * 10_000)
    db.commit()
    db.expunge_all()
    with factories.counted(database) as found:
        materials.list_for_session(db, sessions[0].id)
        [listed] = materials.list_for_page(db, db.get_one(GroupSession, sessions[0].id), sessions[0].ends_at)
    assert listed.size == 10_005
    assert found["SELECT"] <= 3
    assert "content" not in vars(materials.list_for_session(db, sessions[0].id)[0])


def test_erasing_says_how_many_there_were(db, sessions):
    for session in sessions[:3]:
        words(db, session)
    assert materials.erase_materials(db, [session.id for session in sessions[:2]]) == 2
    assert db.query(Material).count() == 1
