"""The pages that keep an agenda and lay another one: what they say, what they refuse, and whose they are."""

import re

import pytest
from sqlalchemy import select

from facilitator.curriculum.models import LibraryEntry
from facilitator.planning import parts
from facilitator.planning.models import Segment
from facilitator.reminders.models import OutboxMessage
from tests import evening
from tests.factories import ON_SQLITE, counted
from tests.planning.pages import filling, path, press, segment_id, session
from tests.worlds import shelve_entries

pytestmark = ON_SQLITE
MOST_QUERIES = 8


@pytest.fixture
def stage(config, database, now):
    found = evening.begin(config, database, now)
    with database.write() as db:
        shelve_entries(db)
        db.commit()
    return found


@pytest.fixture
def alice(stage):
    return stage.client("alice")


def keep(alice, stage, number=3, **typed):
    url = f"{path(stage, number)}/keep"
    return press(alice, alice.get(url), url, **{"name": "A quiet one", **typed})


def minutes(stage, number=3):
    with stage.database.read() as db:
        found = select(Segment).where(Segment.session_id == stage.session_ids[number - 1]).order_by(Segment.position)
        return {segment.kind: segment.minutes for segment in db.scalars(found)}


def take_five(stage, number=3, give="checkin", take="teach"):
    with stage.database.write() as db:
        db.get(Segment, segment_id(stage, give, number)).minutes += 5
        db.get(Segment, segment_id(stage, take, number)).minutes -= 5
        db.commit()


def slug_of(stage, name="A quiet one"):
    with stage.database.read() as db:
        rows = db.scalars(select(LibraryEntry).where(LibraryEntry.slug.startswith("own-")))
        return next(row.slug for row in rows if row.content["name"] == name)


def test_an_agenda_is_kept_shown_in_the_library_changed_there_and_laid(stage, alice):
    take_five(stage)
    answer = keep(alice, stage)
    slug = slug_of(stage)
    assert answer.location.startswith(f"/library/agenda/{slug}")
    page = alice.get(answer.location)
    assert "You alone." in page.text
    assert "A quiet one" in alice.get("/library/agenda").text
    edit = f"/library/agenda/{slug}/edit?language=en"
    assert press(alice, alice.get(edit), edit, name="A calm one").status_code == 303
    url = f"{path(stage, 4)}/agendas/{slug}"
    assert "A calm one" in alice.get(f"{path(stage, 4)}/agendas").text
    look = alice.get(url)
    assert "15 min now" not in look.text or "min now." in look.text
    assert press(alice, look, url).status_code == 303
    assert minutes(stage, 4) == minutes(stage, 3)
    said = alice.get(path(stage, 4)).text
    assert "A calm one is the agenda now." in said


def test_the_whole_series_changes_at_one_press_that_says_how_many(stage, alice):
    take_five(stage)
    keep(alice, stage)
    series = f"/series/{session(stage).series_id}/agendas"
    listed = alice.get(series, follow_redirects=True)
    [address] = re.findall(rf'href="([^"]*/agendas/{slug_of(stage)}\?reach=all)"', listed.text)
    url = address.partition("?")[0]
    look = alice.get(address)
    assert "All that are still to come: 5" in look.text
    assert "This session only: 1" in look.text
    assert press(alice, look, url).status_code == 303
    assert [minutes(stage, n) == minutes(stage, 3) for n in range(1, 9)] == [False, *([True] * 6), False]
    assert "A quiet one is the agenda of 5 sessions now." in alice.get(path(stage)).text
    with stage.database.read() as db:
        assert db.scalars(select(OutboxMessage)).all() == []


REFUSED = [({"name": ""}, "Enter a name of 1 to 80 characters."), ({"sharing": "x"}, "Choose one from the list.")]


@pytest.mark.parametrize(("typed", "words"), REFUSED)
def test_what_cannot_be_kept_says_so_and_keeps_what_was_typed(stage, alice, typed, words):
    answer = keep(alice, stage, **{"name": "My very own", **typed})
    assert answer.status_code == 422
    assert words in answer.text
    if "name" not in typed:
        assert 'value="My very own"' in answer.text


def test_minutes_that_do_not_add_up_are_refused_in_the_words_of_the_library(stage, alice):
    with stage.database.write() as db:
        db.get(Segment, segment_id(stage, "teach")).minutes += 5
        db.get(Segment, segment_id(stage, "ground_close")).minutes = 1
        db.commit()
    answer = keep(alice, stage, name="Too long")
    assert answer.status_code == 422
    assert "The parts add up to" in answer.text
    assert "takes so long" in answer.text
    assert 'value="Too long"' in answer.text


def test_somebody_elses_private_agenda_is_not_there_and_a_shared_one_can_be_laid(stage, alice):
    keep(alice, stage)
    slug, bob = slug_of(stage), stage.client("bob")
    own = [f"{path(stage, 4)}/agendas/{slug}", f"/library/agenda/{slug}", f"/library/agenda/{slug}/edit"]
    assert {bob.get(url).status_code for url in own} == {404}
    assert {bob.post(url, data={"do": "share", "reach": "one"}).status_code for url in own} == {404}
    assert "A quiet one" not in bob.get(f"{path(stage, 4)}/agendas").text + bob.get("/library/agenda").text
    entry = f"/library/agenda/{slug}"
    share = press(alice, alice.get(entry), f"{entry}?language=en", do="share")
    assert share.status_code == 303
    assert [bob.get(url).status_code for url in own] == [200, 200, 403]
    assert bob.post(entry, data={"do": "unshare"}).status_code == 403
    assert "Shared here" in bob.get(f"{path(stage, 4)}/agendas").text
    assert press(alice, alice.get(entry), f"{entry}?language=en", do="retire").status_code == 303
    assert bob.get(own[0]).status_code == 404


def test_what_goes_and_what_is_locked_is_said_before(stage, alice):
    with stage.database.write() as db:
        third = db.get(type(session(stage)), stage.session_ids[2])
        parts.take_out(db, third, segment_id(stage, "teach"), stage.clock())
        db.get(Segment, segment_id(stage, "checkin")).minutes += minutes(stage, 4)["teach"]
        db.get(type(filling(stage, "checkin", 4)), segment_id(stage, "checkin", 4)).locked = True
        db.commit()
    assert keep(alice, stage).status_code == 303
    url = f"{path(stage, 4)}/agendas/{slug_of(stage)}"
    look = alice.get(url)
    assert "These parts go, with what is in them:" in look.text
    assert "Locked, so it keeps what it has." in look.text.replace("what is in it", "what it has")
    before = filling(stage, "checkin", 4)
    press(alice, look, url)
    assert "teach" not in minutes(stage, 4)
    after = filling(stage, "checkin", 4)
    assert (after.prompt_version_id, after.locked) == (before.prompt_version_id, True)


def test_a_second_window_is_told_and_nothing_is_laid_over_what_has_begun(stage, alice):
    take_five(stage)
    keep(alice, stage)
    url = f"{path(stage, 4)}/agendas/{slug_of(stage)}"
    look = alice.get(url)
    take_five(stage, 4, "explore_a", "integrate")
    before = minutes(stage, 4)
    answer = press(alice, look, url)
    assert (answer.status_code, minutes(stage, 4)) == (422, before)
    assert "This was changed elsewhere meanwhile." in answer.text
    again = alice.get(url)
    stage.clock.at = session(stage, 4).starts_at
    assert press(alice, again, url).status_code == 409
    assert alice.get(f"{path(stage, 4)}/agendas").status_code == 409
    assert alice.get(f"{path(stage, 4)}/keep").status_code == 200
    assert minutes(stage, 4) == before


def test_each_page_takes_at_most_eight_queries(stage, alice):
    keep(alice, stage)
    slug = slug_of(stage)
    for url in ("keep", "agendas", f"agendas/{slug}", f"agendas/{slug}?reach=all"):
        with counted(stage.database) as statements:
            assert alice.get(f"{path(stage)}/{url}").status_code == 200
        assert len(statements) <= MOST_QUERIES, url
