"""The form of an entry: what is asked of each kind, how answers are read, and what is said about a mistake."""

from dataclasses import fields

import pytest
from werkzeug.datastructures import MultiDict

from facilitator.curriculum.reader import write_value
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import catalogue, editions
from facilitator.curriculum.shelves import entry_class, list_shelves, write_entry
from facilitator.library.forms_entries import build_form
from facilitator.library.forms_shelves import ASKED, Answer
from tests.factories import ON_SQLITE

pytestmark = ON_SQLITE
FOUR_EDGES = (EntryKind.EXERCISE, "gr1-four-edges")
CRISIS_CARD = (EntryKind.SCRIPT, "crisis_card")
CLOSED_90 = (EntryKind.AGENDA, "closed-90")
US_988 = (EntryKind.HELP_LINE, "us-988")
SHELVES = {slot: entry for slot, entry in list_shelves(catalogue()).items() if slot[0] is not EntryKind.PATHWAY}
UNASKED = {"id", "code", "version", "status", "provenance", "group_kind", "session_kind", "total_minutes"}


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context("/", method="POST"):
        yield


def content_of(slot):
    return write_entry(SHELVES[slot])


def typed(slot, content=None):
    """What a browser sends when nothing is typed over."""
    form = build_form(entry_class(slot), content or content_of(slot))
    sent = MultiDict()
    for field in form:
        value = field.data
        if field.type == "BooleanField":
            sent.update({field.name: "y"} if value else {})
        elif isinstance(value, list):
            sent.setlist(field.name, value)
        elif field.name != "csrf_token":
            sent[field.name] = "" if value is None else str(value).replace("\n", "\r\n")
    return sent


def read(slot, **changes):
    """Return the table of an entry with some answers typed over, and the errors by field."""
    content, sent = content_of(slot), typed(slot)
    for name, value in changes.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    form = build_form(entry_class(slot), content, sent)
    return form.read_table(content), form.errors


@pytest.mark.parametrize("language", editions())
@pytest.mark.parametrize("slot", SHELVES, ids="-".join)
def test_what_is_sent_as_it_stands_says_the_same(slot, language):
    entry = list_shelves(catalogue(language)).get(slot, SHELVES[slot])
    content = write_entry(entry)
    form = build_form(entry_class(slot), content, typed(slot, content))
    assert form.read_table(content) == content, form.errors


@pytest.mark.parametrize("slot", [FOUR_EDGES, US_988, CLOSED_90, (EntryKind.AGREEMENT, "ag-03-pass")])
def test_every_key_is_asked_but_those_that_the_program_sets(slot):
    cls = entry_class(slot)
    keys = {field.metadata.get("key", field.name) for field in fields(cls) if field.name not in UNASKED}
    assert {asked.key for asked in ASKED[cls]} == keys


def test_every_class_of_entry_has_a_form():
    assert set(ASKED) == {entry_class(slot) for slot in SHELVES}


@pytest.mark.parametrize(
    ("slot", "changes", "field", "words"),
    [
        (FOUR_EDGES, {"name": "  "}, "name", "Enter an answer."),
        (FOUR_EDGES, {"name": "x" * 81}, "name", "Enter at most 80 characters."),
        (FOUR_EDGES, {"name": "a\0b"}, "name", "The text holds a character that cannot be kept. Type it anew."),
        (FOUR_EDGES, {"steps": "\r\n \r\n"}, "steps", "Enter at least one."),
        (FOUR_EDGES, {"steps": "x\n" * 31}, "steps", "Enter at most 30 lines."),
        (FOUR_EDGES, {"steps": "x" * 1001}, "steps", "Enter at most 1000 characters."),
        (FOUR_EDGES, {"minutes": "0"}, "minutes", "Enter a whole number from 1 to 15."),
        (FOUR_EDGES, {"minutes": "many"}, "minutes", "Enter a whole number from 1 to 15."),
        (FOUR_EDGES, {"minutes": "9" * 30}, "minutes", "Enter a whole number from 1 to 15."),
        (FOUR_EDGES, {"use": "never"}, "use", "Choose one of the answers."),
        (FOUR_EDGES, {"when": []}, "when", "Choose at least one."),
        (FOUR_EDGES, {"when": ["nonsense"]}, "when", "Choose at least one."),
        (US_988, {"country": "XX"}, "country", "Choose one of the answers."),
        (US_988, {"last_verified_on": "yesterday"}, "last_verified_on", "Enter a date like 2026-11-22."),
        (US_988, {"last_verified_on": "2026-02-30"}, "last_verified_on", "Enter a date like 2026-11-22."),
        (CLOSED_90, {"segment_3_minutes": ""}, "segment_3_minutes", "Enter a whole number from 1 to 120."),
        (CLOSED_90, {"segment_3_title": ""}, "segment_3_title", "Enter an answer."),
        (CLOSED_90, {"segment_3_purpose": "x" * 301}, "segment_3_purpose", "Enter at most 300 characters."),
        (CLOSED_90, {"segment_3_facilitator_note": "x" * 401}, "segment_3_facilitator_note", "Enter at most 400 characters."),
        (CRISIS_CARD, {"step_0_title": ""}, "step_0_title", "Enter an answer."),
    ],
)  # fmt: skip
def test_a_mistake_is_said_beside_its_field(slot, changes, field, words):
    table, errors = read(slot, **changes)
    assert table is None
    assert {name: said for name, said in errors.items() if said} == {field: [words]}


def test_lines_and_spaces_are_read_as_people_mean_them():
    table, _ = read(FOUR_EDGES, name=" Four   corners ", steps=" One.\r\n\r\nTwo. \n", caution="a\r\nb")
    assert (table["name"], table["steps"], table["caution"]) == ("Four corners", ["One.", "Two."], "a\nb")


def test_a_step_that_is_emptied_goes_and_one_more_comes():
    before = content_of(CRISIS_CARD)["step"]
    new = {
        "step_1_title": "",
        "step_1_text": "",
        f"step_{len(before)}_title": "Rest",
        f"step_{len(before)}_text": "Sit.",
    }
    table, _ = read(CRISIS_CARD, **new)
    assert [step["order"] for step in table["step"]] == list(range(1, len(before) + 1))
    assert [step["title"] for step in table["step"]] == [before[0]["title"], *(s["title"] for s in before[2:]), "Rest"]


def test_a_card_keeps_at_least_one_step():
    count = len(content_of(CRISIS_CARD)["step"])
    empty = {f"step_{number}_{key}": "" for number in range(count) for key in ("title", "text")}
    assert read(CRISIS_CARD, **empty)[1] == {"step_0_title": ["Enter at least one."]}


def test_rows_that_another_window_took_away_are_kept_while_they_are_typed():
    content, sent = content_of(CRISIS_CARD), typed(CRISIS_CARD)
    fewer = {**content, "step": content["step"][:2]}
    table = build_form(entry_class(CRISIS_CARD), fewer, sent).read_table(fewer)
    assert len(table["step"]) == len(content["step"])


def test_the_parts_of_an_agenda_keep_their_kinds_whatever_is_sent():
    table, _ = read(CLOSED_90, segment_0_kind="pause", segment_11_title="Extra", segment_11_minutes="9")
    assert [row["kind"] for row in table["segment"]] == [row["kind"] for row in content_of(CLOSED_90)["segment"]]


def test_no_answer_is_longer_than_the_column_that_a_session_keeps_it_in():
    from facilitator.planning.models import Segment  # noqa: PLC0415 # the one test that looks so far

    rows = next(asked for asked in ASKED[entry_class(CLOSED_90)] if asked.answer is Answer.ROWS).rows
    for asked in rows:
        column = Segment.__table__.columns[asked.key]
        assert asked.answer is Answer.NUMBER or asked.most <= column.type.length
    assert write_value(SHELVES[CLOSED_90])["segment"]
