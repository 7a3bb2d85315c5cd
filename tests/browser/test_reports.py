"""Reports in a real Chromium: the funder's sheet on one sheet of paper, and pictures that forced colours leave to read."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from config import Config
from facilitator.accounts.models import Facilitator
from facilitator.db import Database
from facilitator.vault import Vault
from tests.browser.conftest import EMAIL, Program, sign_in
from tests.planning import stage
from tests.reports.organisation import CANCELLED, NOT_HELD, write_pulse, write_series

pytestmark = pytest.mark.browser
CODES = ["7+", "6", "5", "7+", CANCELLED, "6", "few", "5", "6", "held", NOT_HELD, "6", "5", "7+"]
# what paints a mark: its own paint, or the colour that it takes over
PAINT = (
    "all => all.map(each => { const s = getComputedStyle(each); return each.tagName === 'line' ? s.stroke : s.fill })"
)


@pytest.fixture(scope="module")
def address(program: Program) -> str:
    """The address of a group with a year of sessions and every question of the pulse."""
    with database_of(program).write() as db:
        ana = find_ana(db)
        group = stage.make_group(db, ana, label="North Circle")
        begin = datetime.now(UTC).date() - timedelta(days=200)
        sessions = write_series(db, group, begin, CODES, levels=["most", "most", None] * 5)
        for session in sessions:
            for question in ("steady", "free", "pace", "use"):
                write_pulse(db, session, question, "7+")
        db.commit()
        return f"group={group.id}&series={sessions[0].series_id}"


def database_of(program: Program) -> Database:
    config = Config.from_env(program.environment)
    return Database(config.database_url, Vault(config.vault_key))


def find_ana(db) -> Facilitator:
    return next(each for each in db.scalars(select(Facilitator)) if each.name.startswith(EMAIL[:3].capitalize()))


def count_sheets(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


def test_the_sheet_for_funders_prints_on_one_sheet_of_paper(page: Page, program: Program, address: str):
    sign_in(page)
    for language in ("es", "en"):
        with database_of(program).write() as db:
            find_ana(db).language = language
            db.commit()
        for scope in ("", address, "period=year"):
            page.goto(f"/reports/funder?{scope}")
            assert count_sheets(page) == 1, (language, scope)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).not_to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marks_of_a_chart_stand_out_where_colours_are_forced(
    chromium: Browser, program: Program, address: str, scheme
):
    context = chromium.new_context(base_url=program.url, color_scheme=scheme, forced_colors="active")
    page = context.new_page()
    sign_in(page)
    page.goto(f"/reports/groups/{address.split('&', maxsplit=1)[0].removeprefix('group=')}")
    text = page.evaluate("getComputedStyle(document.body).color")
    found = set(page.locator("figure svg :is(circle, .ax)").evaluate_all(PAINT))
    context.close()
    assert found == {text}


def test_a_chart_has_its_figures_in_a_table_beside_it(page: Page, address: str):
    sign_in(page)
    page.goto(f"/reports/groups/{address.split('&', maxsplit=1)[0].removeprefix('group=')}")
    said = page.locator("figure svg").get_attribute("aria-label") or ""
    rows = page.get_by_role("region", name="Attendance table").locator("tbody tr")
    assert rows.count() == len(CODES)
    for cell in rows.locator("td:nth-child(3)").all_inner_texts():
        assert cell in said
    # what has no number stands as a gap, never as nobody
    assert page.locator("figure circle").count() == len([code for code in CODES if code[:1].isdigit() or code == "few"])
