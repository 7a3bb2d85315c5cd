"""Every page of a participant on a phone and a desk, in both themes and languages: accessible, nothing sideways."""

import pytest
from playwright.sync_api import expect

from tests.browser.looking import faults
from tests.browser.scene import list_pages

pytestmark = pytest.mark.browser
HEIGHT = 800


SCREENS = {  # colours are the same in every language, lengths are not
    "en": ((360, "dark"), (1280, "light")),
    "es": ((360, "light"), (1280, "dark")),
}


@pytest.mark.parametrize("language", SCREENS)
def test_every_page_of_a_participant_is_accessible_in_both_themes(chromium, program, language):
    context = chromium.new_context(base_url=program.url, locale=language)
    page, found = context.new_page(), []

    def look() -> None:
        for width, theme in SCREENS[language]:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": HEIGHT})
            found.extend(faults(page))

    for name, address in list_pages(program, language).items():
        answer = page.goto(address)
        assert answer
        assert answer.status == (404 if name.startswith("unknown") else 200), name
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        look()
        if name == "coming":
            page.locator("form[action$='/read'] button").click()
            expect(page.locator("form[action$='/read']")).to_have_count(0)
            page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
            look()
    context.close()
    assert found == []
