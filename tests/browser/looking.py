"""What is wrong with a page to those who see it on a small screen, or do not see it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],  # what is right need not be described, which takes as long as finding what is not
}


def faults(page: Page, name: str = "") -> list[str]:
    """List what axe finds by the rules of WCAG 2.2 AA, and whether something runs off the side.

    The window is as tall as the page meanwhile: what a bar happens to cover at one scroll position is no fault of its size.
    """
    name, size = name or page.url, page.viewport_size
    wide = page.evaluate("document.documentElement.scrollWidth")
    found = [f"{name} is {wide} px wide"] if wide > size["width"] else []
    page.set_viewport_size(size | {"height": page.evaluate("document.documentElement.scrollHeight") + 200})
    broken = Axe().run(page, options=RULES).response["violations"]
    page.set_viewport_size(size)
    return found + [f"{name}: {each['id']} {each['nodes'][0]['html'][:150]}" for each in broken]
