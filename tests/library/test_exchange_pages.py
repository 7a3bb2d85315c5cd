"""The exchange on the web: looked at before it is done, whole or not at all, and open to reviewers and admins."""

import io
import re

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from facilitator.accounts.models import Role
from facilitator.curriculum import entries
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import EntryKind
from facilitator.library.exchange import load_holdings, read_file
from facilitator.library.items import PROMPT
from facilitator.library.views_exchange import LARGEST_BODY
from facilitator.prompts import service as prompts
from tests.factories import ON_SQLITE, counted
from tests.library.shelf import DIAL, FOUR_EDGES, OPEN_6, entry_table, file_of, other_words, prompt_table, work_on
from tests.library.test_exchange import DRAFT

pytestmark = ON_SQLITE
MOST_QUERIES = 8
NEW, CHANGED = prompt_table(id="fear-new"), entry_table(version=4, name="Five walls")
CONFLICT = prompt_table(version=2, text="What the others say?")


@pytest.fixture
def shelf(house):
    with house.change() as db:
        work_on(db)
        house.account(db, "alice").role = Role.REVIEWER
        house.account(db, "bob").role = Role.ADMIN
    return house


@pytest.fixture
def reviewer(shelf):
    return shelf.client("alice")


def send(client, content=b"", name="library.toml", **fields):
    fields = {"do": "preview", **fields} | ({"file": FileStorage(io.BytesIO(content), name)} if content else {})
    boundary, body = encode_multipart(fields)  # in memory, whatever its size
    return client.post("/library/import", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def hidden(page):
    """Return what travels in the page from one press to the next."""
    return {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)[1] for name in ("packed", "sheet", "seen")
    }


def versions(house, kind, slug):
    with house.read() as db:
        return [each.item.head.version for each in load_holdings(db).get((kind, slug, "en"), [])]


def test_a_file_is_looked_at_and_then_imported(shelf, reviewer):
    page = send(reviewer, file_of(NEW, CHANGED))
    assert page.status_code == 200
    assert "Nothing is stored yet" in page.text
    assert versions(shelf, PROMPT, "fear-new") == []
    done = send(reviewer, do="import", **hidden(page))
    assert (done.status_code, done.location) == (303, "/library")
    assert "2 entries were imported." in reviewer.get("/library").text
    assert versions(shelf, PROMPT, "fear-new") == [1]
    assert versions(shelf, "exercise", "gr1-four-edges") == [1, 2, 3, 4]


def test_the_preview_counts_each_outcome_and_shows_what_differs(reviewer):
    page = send(reviewer, file_of(NEW, CHANGED, CONFLICT, prompt_table(id="fear-bad", depth=7)))
    for words in ("Refused: 1", "Conflicts: 1", "Changed: 1", "New: 1"):
        assert f"<summary>{words}</summary>" in page.text
    assert "<del>Four</del> walls" in page.text
    assert "<ins>Five</ins> walls" in page.text
    assert "prompt &#39;fear-bad&#39;, depth: Choose depth 1, 2 or 3." in page.text
    assert 'value="import"' not in page.text


def test_a_file_with_a_refused_entry_is_not_imported_by_any_press(shelf, reviewer):
    page = send(reviewer, file_of(NEW, prompt_table(id="fear-bad", depth=7)))
    again = send(reviewer, do="import", **hidden(page))
    assert again.status_code == 422
    assert "Nothing is imported while an entry is refused." in again.text
    assert versions(shelf, PROMPT, "fear-new") == []


def test_a_file_that_retires_what_groups_need_is_refused_with_the_words_of_the_entrys_page(shelf, reviewer):
    line = (EntryKind.HELP_LINE, "int-findahelpline")
    page = send(reviewer, file_of(NEW, entry_table(line, status="retired")))
    assert "This is the only line for people whose country has none." in page.text
    assert send(reviewer, do="import", **hidden(page)).status_code == 422
    assert versions(shelf, PROMPT, "fear-new") == []
    assert "This is the only line" in reviewer.get("/library/help_line/int-findahelpline").text


def test_conflicts_ask_for_one_decision(shelf, reviewer):
    page = send(reviewer, file_of(NEW, CONFLICT))
    undecided = send(reviewer, do="import", **hidden(page))
    assert undecided.status_code == 422
    assert "Decide what is done about the conflicts." in undecided.text
    assert send(reviewer, do="import", decision="nonsense", **hidden(page)).status_code == 422
    assert versions(shelf, PROMPT, "fear-new") == []
    assert send(reviewer, do="import", decision="keep", **hidden(undecided)).status_code == 303
    assert (versions(shelf, PROMPT, "fear-new"), versions(shelf, PROMPT, DIAL)) == ([1], [1, 2])
    page = send(reviewer, file_of(CONFLICT))
    assert send(reviewer, do="import", decision="take", **hidden(page)).status_code == 303
    assert versions(shelf, PROMPT, DIAL) == [1, 2, 3]


def test_a_library_that_changed_meanwhile_is_looked_at_again(shelf, reviewer):
    page = send(reviewer, file_of(CHANGED))
    with shelf.change() as db:
        entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Meanwhile"))
    again = send(reviewer, do="import", **hidden(page))
    assert again.status_code == 422
    assert "not as it was when you looked" in again.text
    assert "<summary>Conflicts: 1</summary>" in again.text
    assert versions(shelf, "exercise", "gr1-four-edges") == [1, 2, 3, 4]


def test_another_file_chosen_beside_the_import_button_is_looked_at_first(shelf, reviewer):
    page = send(reviewer, file_of(NEW))
    again = send(reviewer, file_of(NEW, CHANGED), do="import", **hidden(page))
    assert again.status_code == 422
    assert versions(shelf, PROMPT, "fear-new") == []
    assert send(reviewer, do="import", **hidden(again)).status_code == 303
    assert versions(shelf, "exercise", "gr1-four-edges")[-1] == 4


BROKEN = [
    ({"content": b"format = 1\n[[prompt]]\ntext = What"}, "Line 3, column 8"),
    ({"content": b"\xff\xfe"}, "Line 1 is not text in UTF-8"),
    ({"content": b" "}, "The file is empty"),
    ({"content": b"PK\x03\x04"}, "This is an archive"),
    ({"content": b"x" * 4_000_001}, "The file is too large"),
    ({"content": b"id;text\r\n", "name": "prompts.csv"}, "Line 1: the column &#39;language&#39; is missing"),
    ({}, "Choose a file, or paste its text."),
    ({"file": "no file but a text"}, "Choose a file, or paste its text."),
    ({"packed": "nonsense"}, "Choose the file once more."),
    ({"packed": "aGVsbG8="}, "Choose the file once more."),
]


@pytest.mark.parametrize(("sent", "words"), BROKEN)
def test_a_broken_file_keeps_the_person_on_the_page_with_what_is_wrong(reviewer, sent, words):
    page = send(reviewer, **sent)
    assert page.status_code == 422
    assert words in page.text
    assert "Show what would change" in page.text


def test_a_broken_text_that_was_pasted_is_kept_to_be_mended(reviewer):
    page = send(reviewer, text="format = 1\n[[prompt]]\ntext = What")
    assert page.status_code == 422
    assert "Line 3, column 8" in page.text
    assert "text = What</textarea>" in page.text


def test_a_body_of_any_size_keeps_the_person_on_the_page(shelf, reviewer):
    page = send(reviewer, b"x" * (LARGEST_BODY + 1))
    assert page.status_code == 413
    assert "A library has at most 4 MB." in page.text
    assert "Show what would change" in page.text
    for somebody in (shelf.client("charlie"), shelf.client(None)):
        assert send(somebody, b"x" * (LARGEST_BODY + 1)).location == "/library/import"
    # every other page keeps its own limit
    assert reviewer.post("/groups/new", data={"label": "x" * 1_000_001}).status_code == 413


def test_a_library_larger_than_other_pages_take_is_taken(reviewer):
    long = [prompt_table(id=f"fear-{number}", facilitator_note="word " * 20_000) for number in range(15)]
    content = file_of(*long)
    assert 1_000_000 < len(content) < 4_000_000
    page = send(reviewer, content)
    assert page.status_code == 200
    assert send(reviewer, do="import", **hidden(page)).status_code == 303


def test_pasting_is_like_choosing(shelf, reviewer):
    page = send(reviewer, text=file_of(NEW).decode())
    assert send(reviewer, do="import", **hidden(page)).status_code == 303
    assert versions(shelf, PROMPT, "fear-new") == [1]


def test_only_a_reviewer_or_an_admin_imports(shelf):
    charlie = shelf.client("charlie")
    assert "Only a reviewer or an admin can import" in charlie.get("/library/import").text
    assert "Show what would change" not in charlie.get("/library/import").text
    assert send(charlie, file_of(NEW)).status_code == 403
    assert send(shelf.client("bob"), file_of(NEW)).status_code == 200


@pytest.mark.parametrize("path", ["/library/import", "/library/export"])
def test_both_pages_stand_among_the_pages_of_the_library(reviewer, path):
    assert f'href="{path}" aria-current="page"' in reviewer.get(path).text
    assert f'href="{path}"' in reviewer.get("/library").text


def test_an_export_can_be_imported_again_and_is_the_same(reviewer):
    sent = reviewer.get("/library/export/file?layout=toml")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="library.toml"'
    assert reviewer.get("/library/export/file?layout=toml").data == sent.data
    assert "There is nothing to import." in send(reviewer, sent.data).text
    sheet = reviewer.get("/library/export/file?layout=csv&what=agenda")
    assert sheet.headers["Content-Disposition"] == 'attachment; filename="prompts.csv"'
    assert "There is nothing to import." in send(reviewer, sheet.data, "prompts.csv").text


def test_an_export_holds_what_was_chosen(shelf, reviewer):
    with shelf.change() as db:
        alice = shelf.account(db, "alice")
        own = prompts.write_own(db, alice, DRAFT).prompt.id
        path = {**other_words(OPEN_6), "id": "own-6", "name": "Ours"}
        entries.write_version(db, (EntryKind.PATHWAY, "own-6"), "en", path, owner_id=alice.id, shared=False)

    def keys(query, who="alice"):
        return {item.key for item in read_file(shelf.client(who).get(f"/library/export/file?layout=toml{query}").data)}

    assert "My pathway Ours" in reviewer.get("/library/export").text
    assert "My pathway Ours" not in shelf.client("bob").get("/library/export").text
    assert keys("&what=pathway:own-6") == {("pathway", "own-6", "en")}
    assert {kind for kind, _, _ in keys("&what=agenda")} == {"agenda"}
    assert {language for _, _, language in keys("&language=es")} == {"es"}
    assert (PROMPT, own, "en") in keys("&own=y")
    assert (PROMPT, own, "en") not in keys("") | keys("&own=y", "bob")
    for query in ("&what=nonsense", "&language=tlh", "&what=pathway:closed-8"):
        assert reviewer.get(f"/library/export/file?layout=toml{query}").status_code == 422
    assert reviewer.get("/library/export/file?layout=pdf").status_code == 422
    assert shelf.client("bob").get("/library/export/file?layout=toml&what=pathway:own-6").status_code == 422


def test_every_page_of_the_exchange_asks_little_of_the_database(shelf, reviewer):
    sent = reviewer.get("/library/export/file?layout=toml").data
    for ask in (
        lambda: reviewer.get("/library/import"),
        lambda: reviewer.get("/library/export"),
        lambda: reviewer.get("/library/export/file?layout=toml"),
        lambda: send(reviewer, sent),
    ):
        with counted(shelf.database) as statements:
            assert ask().status_code == 200
        assert statements["SELECT"] <= MOST_QUERIES


def test_a_person_who_imports_is_in_no_row(shelf, reviewer):
    page = send(reviewer, file_of(NEW, CHANGED))
    send(reviewer, do="import", **hidden(page))
    with shelf.read() as db:
        assert db.query(LibraryEntry).filter(LibraryEntry.owner_id.is_not(None)).count() == 0
        assert load_holdings(db)[PROMPT, "fear-new", "en"][0].owner_id is None
