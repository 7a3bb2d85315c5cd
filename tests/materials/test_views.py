"""The pages of what is handed out, and what participants get through their link."""

import re
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from facilitator.materials.models import Material
from facilitator.planning.models import GroupSession
from tests import evening
from tests.materials.conftest import CANARY, pdf, png

ENTERED = {
    "title": "A page",
    "text": "Some *words*",
    "audience": "participants",
    "release": "start",
    "days_before": "1",
}


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def address(stage):
    return f"/sessions/{stage.session_ids[0]}/materials"


def kept(stage):
    with stage.database.read() as db:
        return list(db.query(Material).order_by(Material.position))


def sent(client, address, content, name="Diary of Pat.pdf", **more):
    # encoded here: the client would leave a large body open in a temporary file of its own
    boundary, body = encode_multipart({**ENTERED, **more, "file": FileStorage(BytesIO(content), name)})
    return client.post(f"{address}/file", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_page_without_anything_says_what_it_is_for(alice, address):
    assert "Nothing to hand out yet" in alice.get(address).text
    assert alice.get(f"{address}/words").status_code == alice.get(f"{address}/file").status_code == 200


def test_words_are_added_changed_moved_and_taken_off(stage, alice, address):
    for title in ("A page", "Another"):
        assert alice.post(f"{address}/words", data=ENTERED | {"title": title}).status_code == 303
    first, second = kept(stage)
    assert 'value="A page"' in alice.get(f"/materials/{first.id}").text
    changed = ENTERED | {"title": "Changed", "release": "before", "days_before": "3", "announced": "y"}
    assert alice.post(f"/materials/{first.id}", data=changed).status_code == 303
    assert [(each.title, each.days_before, each.announced) for each in kept(stage)] == [
        ("Changed", 3, True),
        ("Another", 0, False),
    ]
    assert alice.post(f"/materials/{second.id}/up").status_code == 303
    assert [each.title for each in kept(stage)] == ["Another", "Changed"]
    assert "cannot be taken back" in alice.get(f"/materials/{first.id}/remove").text
    assert len(kept(stage)) == 2
    assert alice.post(f"/materials/{first.id}/remove").status_code == 303
    assert [each.title for each in kept(stage)] == ["Another"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "Enter a title"),
        ({"text": ""}, "Enter the words"),
        ({"release": "before", "days_before": "99"}, "from 0 to 14"),
        ({"release": "before", "days_before": "soon"}, "Not a valid integer"),
        ({"release": "never"}, "Choose one of the answers"),
        ({"audience": ""}, "Choose one of the answers"),
    ],
)
def test_what_cannot_be_used_is_said_and_what_was_typed_is_kept(stage, alice, address, wrong, words):
    response = alice.post(f"{address}/words", data=ENTERED | {"title": "My own title", "text": "My own words"} | wrong)
    assert response.status_code == 422
    assert words in response.text
    assert ("My own title" in response.text) == ("title" not in wrong)
    assert ("My own words" in response.text) == ("text" not in wrong)
    assert kept(stage) == []


def test_a_file_is_kept_without_what_nobody_sees_and_handed_to_those_who_lead(stage, alice, address):
    assert sent(alice, address, pdf()).status_code == 303
    [sheet] = kept(stage)
    for who in ("alice", "bob"):
        response = stage.client(who).get(f"/materials/{sheet.id}/file")
        assert response.headers["Content-Disposition"] == 'attachment; filename="page-1.pdf"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == "application/pdf"
        assert CANARY not in response.data
    page = alice.get(address).text
    assert "PDF" in page
    assert "Diary" not in page


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "Choose a file"), (b"<svg/>", "Choose a PDF"), (pdf(password="x"), "locked"), (b"%PDF-1.7", "broken")],
)
def test_a_file_that_cannot_be_used_is_refused_and_the_rest_is_kept(stage, alice, address, content, words):
    response = sent(alice, address, content, title="My own title")
    assert response.status_code == 422
    assert words in response.text
    assert "My own title" in response.text
    assert kept(stage) == []


def test_a_file_may_be_larger_than_any_other_form_but_not_without_end(stage, alice, address):
    assert sent(alice, address, b"%PDF-" + b"x" * 3_000_000).status_code == 422  # read, and broken
    assert "10 MB" in sent(alice, address, b"%PDF-" + b"x" * 10_050_000).text
    assert sent(alice, address, b"%PDF-" + b"x" * 12_000_000).status_code == 413
    assert alice.post(f"{address}/words", data=ENTERED | {"text": "x" * 2_000_000}).status_code == 413
    assert kept(stage) == []


def test_everybody_with_the_link_reads_and_fetches_what_is_released_and_nothing_else(stage, alice, address):
    alice.post(f"{address}/words", data=ENTERED)
    sent(alice, address, png(), title="A picture")
    sent(alice, address, pdf(), title="For us", audience="facilitators")
    _words, picture, ours = kept(stage)
    visitor, page = stage.client(), f"/s/{stage.page}"
    assert "A page" not in visitor.post(f"{page}/read").text
    assert visitor.get(f"{page}/m/{picture.id}").status_code == 404
    stage.clock.at = stage.starts_at
    shown = visitor.post(f"{page}/read").text
    assert "<em>words</em>" in shown
    assert "image-2.png" in shown
    assert "For us" not in shown
    fetched = visitor.get(f"{page}/m/{picture.id}")
    assert fetched.headers["Content-Disposition"] == 'attachment; filename="image-2.png"'
    assert fetched.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in fetched.headers
    for wanted in (ours.id, kept(stage)[0].id, "x"):
        assert visitor.get(f"{page}/m/{wanted}").status_code == 404
    assert stage.client("charlie").get(f"/materials/{picture.id}/file").status_code == 404


def test_reading_and_fetching_leaves_nothing_behind(stage, alice, address):
    sent(alice, address, pdf())
    [sheet] = kept(stage)
    stage.clock.at = stage.starts_at
    with stage.database.read() as db:
        before = [
            repr(row) for table in (Material.__table__, GroupSession.__table__) for row in db.execute(table.select())
        ]
    for _ in range(3):
        assert stage.client().get(f"/s/{stage.page}/m/{sheet.id}").status_code == 200
    with stage.database.read() as db:
        after = [
            repr(row) for table in (Material.__table__, GroupSession.__table__) for row in db.execute(table.select())
        ]
    assert after == before


def test_the_page_of_a_cancelled_session_says_that_nobody_has_them(stage, alice, address):
    alice.post(f"{address}/words", data=ENTERED)
    with stage.database.write() as db:
        db.get_one(GroupSession, stage.session_ids[0]).status = "cancelled"
        db.commit()
    assert "The session is cancelled" in alice.get(address).text
    stage.clock.at = stage.starts_at
    read = stage.client().post(f"/s/{stage.page}/read", follow_redirects=True)
    assert read.status_code == 200
    assert "A page" not in read.text


def test_the_page_of_the_session_leads_there(stage, alice, address):
    page = alice.get(f"/sessions/{stage.session_ids[0]}").text
    assert re.search(rf'href="{address}"', page)
