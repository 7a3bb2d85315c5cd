"""The page that says to participants what is kept: four sentences, the limits beside them, and nothing claimed too much."""

import re

import pytest

from facilitator.proof.browser import Browser, Device

FORBIDDEN_CLAIMS = (
    "anonymous to everyone",
    "completely anonymous",
    "cannot be subpoenaed",
    "military",
    "erases your history",
    "end-to-end",
    "encrypted",
    "hipaa",
    "vawa",
    "guarantee",
    "100",
)
LIMITS = ("see you", "video", "mail provider", "device", "court")


@pytest.fixture
def read(stage):
    def open_page(path, language="en"):
        browser = Browser(
            stage.app, stage.config.base_url, Device(address="198.51.100.1", agent="x", language=language)
        )
        return browser.read(path)

    return open_page


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_it_says_the_truth_in_four_sentences_and_its_limits_beside_them(read):
    page = read("/kept")
    four = re.findall(r"<li>(.*?)</li>", page.split('id="four"')[1].split("</ol>")[0], re.DOTALL)
    assert len(four) == 4
    assert all(sentence.count(".") == 1 for sentence in four)
    assert four[0] == "We keep how many people came, not who."
    limits = page.split('id="l"')[1].split("</section>")[0]
    assert [word for word in LIMITS if word not in limits] == []


def test_it_claims_nothing_that_nobody_can_promise(read):
    for language in ("en", "es"):
        page = words_of(read("/kept", language)).lower()
        assert [claim for claim in FORBIDDEN_CLAIMS if claim in page] == []


def test_it_is_the_same_for_everybody_has_a_way_out_and_is_led_to_from_the_pages_of_participants(stage, read):
    page = read("/kept")
    assert 'href="/leave"' in page
    assert 'id="help"' in page
    meeting, person = stage.cast.meetings[0], stage.cast.people[0]
    stage.clock.at = meeting.starts_at
    for path in (f"/s/{meeting.page_token}", f"/m/{person.settings_token}"):
        assert 'href="/kept"' in read(path), path
    assert read("/kept") == page
