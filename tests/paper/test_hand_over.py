"""The hand-over note: what a substitute reads on it, on the page and in the file, and what never stands there."""

import re

import pytest
from sqlalchemy import select, update

from facilitator.accounts.models import Facilitator
from facilitator.planning.models import Assignment, GroupSession, Segment
from tests import evening
from tests.factories import ON_SQLITE
from tests.paper.last_time import hold_last_time
from tests.paper.pdf import tags_of, text_of
from tests.paper.test_papers import change_session, pdf_of, prompts, speak, words_of_page
from tests.planning import stage as rows
from tests.planning.pages import filling, path

pytestmark = ON_SQLITE


def said_of(stage, alice):
    """Return the note as its page and as its file say it."""
    address = f"{path(stage)}/hand-over"
    return words_of_page(alice.get(address)), text_of(pdf_of(alice, f"{address}.pdf"))


def change_segment(stage, kind, **values):
    found = (Segment.session_id == stage.session_ids[2]) & (Segment.kind == kind)
    with stage.database.write() as db:
        db.execute(update(Segment).where(found).values(**values))
        db.commit()


def test_both_say_when_where_what_and_what_to_do_at_the_end(stage, alice):
    for said in said_of(stage, alice):
        for words in (
            "Hand-over note: Monday Circle, session 3",
            "Monday 25 January 2027, 18:30 to 20:00, Berlin time (CET)",
            "Old Mill 3",
            "How to get in:",
            "Whom to call if something is not as it should be:",
            "Session 3 of 8. Path: Eight sessions.",
            "Agreements of the group",
            "We speak from our own experience.",
            "Who leads: Leads the segment and keeps the frame.",
            "116 123",
            "999",
            "Close the room within 48 hours: how many came, what was used, how it felt.",
            "Not kept: who came, and what anybody said.",
            "No name of anybody who comes stands here. Shred it after the session.",
        ):
            assert words in said, words


def test_it_fits_one_page_and_the_lines_to_write_on_are_no_text(stage, alice):
    hold_last_time(stage, note="x" * 40 + " " + "A slower start. " * 9)
    pdf = pdf_of(alice, f"{path(stage)}/hand-over.pdf")
    assert len(pdf.pages) == 1
    assert [tag for tag, _ in tags_of(pdf)].count("H2") == 9
    assert ". . ." not in text_of(pdf)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("minutes", [60, 90])
def test_the_note_of_every_session_of_a_series_is_one_page(stage, alice, minutes, language):
    speak(stage, language)
    with stage.database.write() as db:
        lead = db.scalars(select(Facilitator).where(Facilitator.name == "Alice Stone")).one()
        group = rows.make_group(db, lead, minutes=minutes, language=language, place="Old Mill 3", country="GB")
        series = rows.make_series(db, group, minutes=minutes)[0]
        ids = [session.id for session in rows.in_order(db, series)]
        db.execute(update(GroupSession).where(GroupSession.id.in_(ids[::2])).values(status="done"))
        db.commit()
    counts = [len(pdf_of(alice, f"/sessions/{each}/hand-over.pdf").pages) for each in ids]
    assert set(counts) == {1}


def test_it_says_what_was_done_last_time(stage, alice):
    for said in said_of(stage, alice):
        assert "No session of this series was held before." in said
    hold_last_time(stage, note="A slower start, more time for the check-in.")
    for said in said_of(stage, alice):
        last = said.partition("Last time")[2].partition("No deeper than")[0]
        assert "2. The bind itself, Monday 18 January 2027." in last
        assert "The deepest point was depth 1." in last  # what was skipped or not said does not count
        assert re.findall("used|cut short|skipped", last) == ["used", "cut short", "skipped", "used"]
        assert "Left for this plan: A slower start, more time for the check-in." in last


def test_where_nobody_said_what_was_used_it_says_so(stage, alice):
    hold_last_time(stage)
    with stage.database.write() as db:
        db.execute(update(Assignment).values(outcome="not_said"))
        db.commit()
    for said in said_of(stage, alice):
        assert "Nobody said what was used." in said
        assert "The deepest point" not in said


def test_the_plan_stands_with_its_times_and_what_is_locked_and_why(stage, alice):
    chosen = filling(stage, "explore_a")
    with stage.database.write() as db:
        db.execute(update(Assignment).where(Assignment.segment_id == chosen.segment_id).values(locked=True))
        db.commit()
    change_segment(stage, "explore_b", own_note="Leave a minute of quiet after it")
    for said in said_of(stage, alice):
        plan = said.partition("Today’s plan")[2].partition("Agreements of the group")[0]
        assert re.findall(r"\b\d\d:\d\d\b", plan) == sorted(re.findall(r"\b\d\d:\d\d\b", plan))
        assert len(re.findall(r"\b\d\d:\d\d\b", plan)) == 11
        assert plan.count("Stays: people arrive and leave steady.") == 2
        assert plan.count("Locked by hand, please leave it as it is. Not yet covered:") == 1
        assert "Note: Leave a minute of quiet after it" in plan
        assert not [prompt for prompt in prompts(stage) if prompt.text[:40] in plan]


@pytest.mark.parametrize(
    ("values", "limit", "why"),
    [
        ({"depth_cap": 2}, 2, ["The path sets it"]),
        ({"depth_cap": 2, "depth_limit": 1}, 1, ["It was lowered for this session."]),
        ({"depth_cap": 3, "lone": True}, 2, ["Whoever leads alone goes to depth 2 at most."]),
        ({"depth_cap": 1, "lone": True}, 1, ["The path sets it"]),
        ({"newcomers": True}, 2, ["The path sets it", "Newcomers are expected, so what is explored stays at depth 1."]),
    ],
)
def test_it_says_how_deep_and_why(stage, alice, values, limit, why):
    change_session(stage, **values)
    for said in said_of(stage, alice):
        assert f"No deeper than depth {limit}" in said
        assert all(words in said for words in why)
        reasons = ("The path sets it", "It was lowered", "Whoever leads alone", "Newcomers are expected")
        assert [words for words in reasons if words in said] == [
            words for words in reasons if any(line.startswith(words) for line in why)
        ]
        assert "You can always go gentler." in said


def test_whoever_leads_alone_reads_what_holds_for_one(stage, alice):
    change_session(stage, lone=True)
    for said in said_of(stage, alice):
        assert "If alone: depth 2 at most" in said
        assert "Who watches:" not in said


def test_a_note_with_a_name_from_the_list_stays_behind(stage, alice):
    hold_last_time(stage, note="pat would like to begin")
    change_segment(stage, "explore_a", own_note="Ask Kim last")
    change_segment(stage, "explore_b", own_note="A spatula is no name")
    for said in said_of(stage, alice):
        assert not [name for name in evening.PEOPLE if re.search(rf"\b{name}\b", said, re.IGNORECASE)]
        assert "A note was left too; it holds a name, so it is not printed." in said
        assert "A spatula is no name" in said


def test_the_way_into_a_room_online_is_not_on_paper(stage, alice):
    change_session(stage, link="https://meet.example.org/secret-room", place="")
    for said in said_of(stage, alice):
        assert "secret-room" not in said
        assert "No place is entered. Also online. The link is not on paper; it comes from the person who leads." in said
        assert "Online: private space, headphones, no recording or screenshots." in said


def test_who_leads_is_not_named_and_nobody_is_counted(stage, alice):
    hold_last_time(stage)
    for said in said_of(stage, alice):
        assert not re.search(r"\b(?:Alice|Bob|Stone|Reed)\b|@|\b8 people\b|\bplaces\b", said)


def test_the_list_of_papers_leads_to_it(stage, alice):
    listed = alice.get(f"{path(stage)}/print").text
    assert "Hand-over note for a substitute" in listed
    assert f'href="{path(stage)}/hand-over"' in listed
