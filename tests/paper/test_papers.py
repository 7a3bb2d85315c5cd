"""Every paper as a page and as a PDF: what stands on it, what never does, its tags, its title and its language."""

import re
from itertools import pairwise

import pytest
import segno
from sqlalchemy import select, update

from facilitator.accounts.models import Facilitator
from facilitator.attendance.models import OpenRoom
from facilitator.groups.models import Group
from facilitator.planning.models import Assignment, GroupSession, Segment
from facilitator.prompts.models import PromptVersion
from tests import evening
from tests.factories import ON_SQLITE, counted
from tests.paper.pdf import letters_of, read, tags_of, text_of
from tests.planning import stage as rows
from tests.planning.pages import filling, path

pytestmark = ON_SQLITE

MOST_QUERIES = 8
LANGUAGES = ("en", "es")
LARGE = 14  # points
THEMES = re.compile(
    r"\b(?:fear|shame|powerless|vulnerab|betray|trauma|therap|support|identity|belonging|prompt|depth|series|facilitator|"
    r"group|monday circle|(?:alice|bob|stone|reed)\b)",
    re.IGNORECASE,
)


def addresses(stage):
    session, group = path(stage), f"/groups/{stage.group_id}"
    return {
        "run-sheet": (f"{session}/sheet", f"{session}/run-sheet.pdf"),
        "handout": (f"{session}/handout", f"{session}/handout.pdf"),
        "hand-over": (f"{session}/hand-over", f"{session}/hand-over.pdf"),
        "poster": (f"{group}/poster", f"{group}/poster.pdf"),
        "crisis-card": ("/crisis-card", "/crisis-card.pdf"),
    }


PAPERS = ("run-sheet", "handout", "hand-over", "poster", "crisis-card")


def fetch(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    assert response.mimetype == "application/pdf"
    return response


def pdf_of(client, address):
    return read(fetch(client, address).data)


def release(client, stage, *, note=True):
    client.post(f"{path(stage)}/release", data={"materials": "1", **({"note": "1"} if note else {})})


def change_group(stage, **values):
    with stage.database.write() as db:
        db.execute(update(Group).where(Group.id == stage.group_id).values(**values))
        db.commit()


def speak(stage, language):
    """Let Alice read in a language, and her group as well."""
    change_group(stage, language=language)
    with stage.database.write() as db:
        db.execute(update(Facilitator).values(language=language))
        db.commit()


def change_session(stage, **values):
    with stage.database.write() as db:
        db.execute(update(GroupSession).where(GroupSession.id == stage.session_ids[2]).values(**values))
        db.commit()


def prompts(stage):
    """Return the prompts of the session in order."""
    found = (
        select(PromptVersion)
        .join(Assignment, Assignment.prompt_version_id == PromptVersion.id)
        .join(Segment, Segment.id == Assignment.segment_id)
        .where(Segment.session_id == stage.session_ids[2])
        .order_by(Segment.position)
    )
    with stage.database.read() as db:
        return list(db.scalars(found))


def plain(words):
    return " ".join(words.replace("*", "").split())


def words_of_page(response):
    """Return what a page says, without its tags."""
    text = re.sub(r"<[^>]+>", " ", response.text[response.text.index("<main") :])
    for sign, meant in (("&#39;", "'"), ("&#34;", '"'), ("&amp;", "&")):
        text = text.replace(sign, meant)
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_is_tagged_titled_and_in_a_language(stage, alice, name, language):
    speak(stage, language)
    response = fetch(alice, addresses(stage)[name][1])
    pdf = read(response.data)
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert root["/Lang"] == language
    assert pdf.metadata.title
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    tags = [tag for tag, _alternative in tags_of(pdf)]
    assert tags.count("H1") == 1
    assert "P" in tags
    assert "L" in tags
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}.pdf"'


@pytest.mark.parametrize("name", PAPERS)
def test_a_heading_is_never_more_than_one_deeper_than_the_one_before(alice, stage, name):
    levels = [int(tag[1]) for tag, _ in tags_of(pdf_of(alice, addresses(stage)[name][1])) if re.fullmatch(r"H\d", tag)]
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("name", PAPERS)
def test_large_print_has_no_letter_below_fourteen_points(stage, alice, name):
    release(alice, stage)
    pdf = pdf_of(alice, addresses(stage)[name][1] + "?print=large")
    sizes = {size for page in pdf.pages for size, _codes in letters_of(page, pdf)}
    assert min(sizes) >= LARGE
    usual = pdf_of(alice, addresses(stage)[name][1])
    assert min(size for page in usual.pages for size, _codes in letters_of(page, usual)) < min(sizes) + 12
    page = addresses(stage)[name][0]
    if name != "crisis-card":
        assert re.search(r'class="[^"]*\blarge\b', alice.get(page + "?print=large").text)
        assert not re.search(r'class="[^"]*\blarge\b', alice.get(page).text)


@pytest.mark.parametrize("name", PAPERS)
def test_nobody_who_comes_is_named_on_any_paper(stage, alice, name):
    release(alice, stage)
    page, file = addresses(stage)[name]
    for said in (words_of_page(alice.get(page)), text_of(pdf_of(alice, file))):
        assert not [alias for alias in evening.PEOPLE if re.search(rf"\b{alias}\b", said)]
        assert "example.org" not in said


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_costs_few_queries(stage, alice, name):
    release(alice, stage)
    for address in addresses(stage)[name]:
        with counted(stage.database) as queries:
            assert alice.get(address).status_code == 200
        assert len(queries) <= MOST_QUERIES, address


def test_the_run_sheet_says_the_same_on_both(stage, alice):
    page, file = (addresses(stage)["run-sheet"][0], addresses(stage)["run-sheet"][1])
    pdf = pdf_of(alice, file)
    assert len(pdf.pages) == 2
    for said in (words_of_page(alice.get(page)), text_of(pdf)):
        assert "Run sheet: Monday Circle, session 3" in said
        assert "Monday 25 January 2027, 18:30 to 20:00, Berlin time (CET)" in said
        assert "Old Mill 3" in said
        assert "have not had clinical review" in said
        assert said.count("Not reviewed") == 1
        for prompt in prompts(stage):
            assert plain(prompt.text) in plain(said)
            if prompt.content_note != "none":
                assert said.index(f"Say first: {prompt.content_note}") < plain(said).index(plain(prompt.text))
        assert said.count("cut short") == len(prompts(stage)) == 5
        assert "116 123" in said
        assert "Let us pause. Nothing has to be finished." in said
        assert "Shred it after closing the room." in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("minutes", [60, 90])
def test_every_run_sheet_of_a_series_fits_two_pages(stage, alice, minutes, language):
    speak(stage, language)
    with stage.database.write() as db:
        lead = db.scalars(select(Facilitator).where(Facilitator.name == "Alice Stone")).one()
        group = rows.make_group(db, lead, minutes=minutes, language=language, place="Old Mill 3", country="GB")
        series = rows.make_series(db, group, minutes=minutes)[0]
        ids = [session.id for session in rows.in_order(db, series)]
        db.commit()
    counts = [len(pdf_of(alice, f"/sessions/{each}/run-sheet.pdf").pages) for each in ids]
    assert max(counts) == 2


def test_a_prompt_that_was_written_with_markup_prints_as_it_reads(stage, alice):
    version = filling(stage, "explore_a").prompt_version_id
    typed = '#panic("x") so *very* **much** @ref \\ ] $x$\n\n- one\n- two'
    with stage.database.write() as db:
        db.execute(update(PromptVersion).where(PromptVersion.id == version).values(text=typed, content_note="#read(x)"))
        db.commit()
    release(alice, stage)
    for name in ("run-sheet", "handout"):
        pdf = pdf_of(alice, addresses(stage)[name][1])
        assert '#panic("x") so very much @ref \\ ] $x$' in text_of(pdf)
        assert "#read(x)" in text_of(pdf)
        assert [tag for tag, _ in tags_of(pdf)].count("L") >= 1


def test_a_group_and_a_place_in_any_script_print(stage, alice):
    change_group(stage, label="حلقة 王小明 🌻")
    change_session(stage, place=" ".join(["Quellenhof"] * 16))
    paper = fetch(alice, addresses(stage)["run-sheet"][1])
    pdf = read(paper.data)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf.trailer["/Root"]["/Metadata"].get_data()
    assert "حلقة" in pdf.metadata.title
    said = text_of(pdf)
    assert all(word in said for word in ("حلقة", "王小明", "🌻"))
    assert said.count("Quellenhof") == 16


def test_the_handout_has_only_what_was_released(stage, alice):
    page, file = addresses(stage)["handout"]
    noted = [prompt for prompt in prompts(stage) if prompt.content_note != "none"]
    assert noted
    for said in (words_of_page(alice.get(page)), text_of(pdf_of(alice, file))):
        assert not [prompt for prompt in prompts(stage) if plain(prompt.text)[:30] in plain(said)]
        assert "Questions" not in said
    release(alice, stage, note=False)
    for said in (words_of_page(alice.get(page)), text_of(pdf_of(alice, file))):
        assert all(plain(prompt.text) in plain(said) for prompt in prompts(stage))
        assert "You can pass on any of them." in said
        assert not [prompt for prompt in noted if prompt.content_note in said]
    release(alice, stage)
    for said in (words_of_page(alice.get(page)), text_of(pdf_of(alice, file))):
        for prompt in noted:
            assert plain(said).index(plain(prompt.content_note)) < plain(said).index(plain(prompt.text))


def test_the_handout_says_when_where_what_to_expect_and_whom_to_call(stage, alice):
    change_session(stage, link="https://meet.example.org/secret-room")
    page, file = addresses(stage)["handout"]
    for said in (words_of_page(alice.get(page)), text_of(pdf_of(alice, file))):
        for words in (
            "Monday 25 January 2027",
            "18:30 to 20:00",
            "Berlin time (CET)",
            "Old Mill 3",
            "90 minutes",
            "You can pass on anything, at any time.",
            "Something steadying",
            "116 123",
            "Not every line was checked lately.",
        ):
            assert words in said
        assert "secret-room" not in said


def test_the_handout_and_the_poster_are_neutral(stage, alice):
    for name in ("handout", "poster"):
        page, file = addresses(stage)[name]
        pdf = pdf_of(alice, file)
        paper = alice.get(page).text
        paper = re.sub(r"<[^>]+>", " ", paper[paper.index("<article") : paper.index("</article>")])
        for said in (paper, text_of(pdf), pdf.metadata.title):
            assert not THEMES.findall(said), name
        title = re.search("<title>(.*?)</title>", alice.get(page).text)[1]
        assert not THEMES.findall(title)


def test_a_cancelled_meeting_has_no_handout(stage, alice):
    change_session(stage, status="cancelled")
    for address in addresses(stage)["handout"]:
        assert alice.get(address).status_code == 409
    listed = alice.get(f"{path(stage)}/print").text
    assert "handout" not in listed
    assert "hand-over" not in listed
    assert alice.get(addresses(stage)["run-sheet"][1]).status_code == 200


def test_the_poster_carries_the_address_and_no_words_of_a_room(stage, alice, typeset_words):
    stage.clock.at = stage.starts_at
    alice.post(f"{path(stage, 1)}/check-in", data={"way": "words"})
    with stage.database.read() as db:
        assert db.scalars(select(OpenRoom)).one()
    shown = alice.get(f"{path(stage, 1)}/check-in").text
    words = re.findall(r"<span>(\w+)</span>", shown[shown.index('class="shout"') :])[:2]
    assert len(words) == 2
    page, file = addresses(stage)["poster"]
    pdf = pdf_of(alice, file)
    for said in (words_of_page(alice.get(page)), text_of(pdf)):
        assert "localhost/here" in said
        assert not [word for word in words if re.search(rf"\b{word}\b", said)]
    expected = segno.make("http://localhost/here", error="m", micro=False)
    assert typeset_words[-1][1]["picture"].count("<path") == 2
    assert (
        expected.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)
        == (typeset_words[-1][1]["picture"])
    )
    assert ("Figure", "Code that opens check-in") in tags_of(pdf)


def test_the_crisis_card_has_the_numbers_of_the_countries_and_what_to_say(stage, alice):
    said = text_of(pdf_of(alice, "/crisis-card.pdf"))
    for words in ("Private place.", "116 123", "999", "Let us pause. Nothing has to be finished.", "GR1", "Too much:"):
        assert words in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_crisis_card_fits_both_sides_of_one_sheet(stage, alice, language):
    speak(stage, language)
    assert len(pdf_of(alice, "/crisis-card.pdf").pages) == 2


def slips_of(stage, alice):
    stage.clock.at = stage.starts_at
    shown = alice.post(f"{path(stage, 1)}/check-in/slips", data={"slips": "8", "seen": seen(stage, alice)}).text
    return re.findall(r'name="slip" value="([^"]+)"', shown)


def seen(stage, alice):
    return re.search(r'name="seen" value="([^"]*)"', alice.get(f"{path(stage, 1)}/check-in").text)[1]


def test_slips_are_handed_over_as_they_were_shown(stage, alice):
    slips = slips_of(stage, alice)
    assert len(slips) == 8
    response = alice.post(f"{path(stage, 1)}/check-in/slips.pdf", data={"slip": slips})
    assert response.headers["Content-Disposition"] == 'attachment; filename="slips.pdf"'
    said = text_of(read(response.data))
    assert all(slip in said for slip in slips)
    assert said.count("localhost/here") == 8
    assert not re.search("Monday|Circle|25|Facilitator", said)
    # the slips still open the room: nothing was made anew
    pressed = stage.client(None).post("/here", data={"words": slips[0], "answer": "unsaid"})
    assert pressed.status_code == 303


@pytest.mark.parametrize("sent", [[], ["one two three four"], ["#panic() b c d e"], ["word " * 5], ["x"] * 200])
def test_what_is_no_slip_is_refused(stage, alice, sent):
    assert alice.post(f"{path(stage, 1)}/check-in/slips.pdf", data={"slip": sent}).status_code == 422


def test_papers_are_found_where_people_look(stage, alice):
    session, group = path(stage), f"/groups/{stage.group_id}"
    assert f'href="{session}/print"' in alice.get(session).text
    assert f'href="{session}/print"' in alice.get(f"{session}/run").text
    assert f'href="{group}/poster"' in alice.get(group).text
    listed = alice.get(f"{session}/print").text
    for page, file in addresses(stage).values():
        assert f'href="{page}"' in listed
        assert f'href="{file}"' in listed
        assert f'href="{file}?print=large"' in listed
    stage.clock.at = stage.starts_at
    assert f'href="{path(stage, 1)}/sheet"' in alice.get("/").text


@pytest.mark.parametrize("who", [None, "charlie"])
def test_a_stranger_gets_no_paper(stage, who):
    stranger = stage.client(who)
    for name in ("run-sheet", "handout", "hand-over", "poster"):
        for address in addresses(stage)[name]:
            response = stranger.get(address)
            assert response.status_code == (303 if who is None else 404), address
            assert b"%PDF" not in response.data
    response = stranger.post(f"{path(stage, 1)}/check-in/slips.pdf", data={"slip": ["a b c d e"]})
    assert response.status_code == (303 if who is None else 404)
