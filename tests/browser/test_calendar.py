"""The calendar on paper: a month is a table on one landscape sheet, also where the sheet counts as narrow."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser


def test_a_month_prints_as_a_table_on_one_sheet(page: Page):
    sign_in(page)
    page.goto("/calendar")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    page.set_viewport_size({"width": 680, "height": 900})
    page.emulate_media(media="print")
    expect(page.locator(".grid thead")).to_be_visible()
