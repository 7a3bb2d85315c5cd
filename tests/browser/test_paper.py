"""Paper in a real browser: what its Print makes of the pages, and a PDF that is saved under a neutral name."""

import io

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser
NOT_ON_PAPER = ("Download PDF", "Large print", "Sign out", "Reminders", "Everything to print")


def find(page: Page) -> tuple[str, str]:
    """Return the addresses of a group and of a session of it that is still to come."""
    page.goto("/groups")
    group = page.locator("main h2 a").first.get_attribute("href")
    page.goto(group)
    found = page.locator("main a[href^='/sessions/']").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return group, [path for path in found if path.count("/") == 2][-1]


def print_page(page: Page, address: str) -> PdfReader:
    """Return what the browser's Print makes of a page."""
    page.goto(address)
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))


def words(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def test_the_browser_prints_the_sheet_and_nothing_around_it(page: Page):
    sign_in(page)
    group, session = find(page)
    for address, said, most_pages in (
        (f"{session}/sheet", "Shred it after closing the room.", 2),
        (f"{session}/handout", "What to expect", 2),
        (f"{group}/poster", "Press once.", 1),
    ):
        pdf = print_page(page, address)
        assert said in words(pdf), address
        assert len(pdf.pages) <= most_pages, address
        assert not [each for each in NOT_ON_PAPER if each in words(pdf)], address


def test_large_print_is_larger_on_paper_too(page: Page):
    sign_in(page)
    _group, session = find(page)
    sizes = {}
    for address in (f"{session}/handout", f"{session}/handout?print=large"):
        page.goto(address)
        page.emulate_media(media="print")
        sizes[address] = page.locator("article li").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        smallest = page.locator("article :not(b, svg *)").evaluate_all(
            "all => Math.min(...all.map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
    usual, large = sizes.values()
    fourteen_points = 14 * 96 / 72
    assert large >= fourteen_points - 0.1 > usual
    assert smallest >= fourteen_points - 0.1


def test_a_pdf_is_saved_under_a_neutral_name_from_the_session_in_three_presses(page: Page):
    sign_in(page)
    page.goto(find(page)[1])
    page.get_by_role("link", name="Print", exact=True).click()
    for name, file in (("PDF Run sheet", "run-sheet.pdf"), ("PDF Handout", "handout.pdf")):
        with page.expect_download() as saved:
            page.get_by_role("link", name=name, exact=True).click()
        assert saved.value.suggested_filename == file
        assert PdfReader(saved.value.path()).metadata.title
