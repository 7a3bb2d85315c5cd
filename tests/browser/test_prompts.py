"""A prompt of one's own in a real browser: written with a live preview, shared, given other words, both versions seen."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser
FIRST = "Which *small* sound in this room would you keep?"
HOSTILE = " <img src=x onerror=alert(1)>"


def test_a_prompt_is_written_with_a_live_preview_shared_and_given_other_words(page: Page):
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    sign_in(page)
    page.goto("/prompts")
    page.get_by_role("link", name="Write your own").click()
    write(page)
    share(page)
    give_other_words(page)
    assert dialogs == []


def write(page: Page) -> None:
    preview = page.locator("#preview")
    page.get_by_label("The prompt", exact=True).fill(FIRST + HOSTILE)
    expect(preview.locator("blockquote em")).to_have_text("small")
    expect(preview.locator("blockquote")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(preview).to_contain_text("There is no other way to take part yet.")
    page.get_by_label("Another way to take part").press_sequentially("Listen only.")
    expect(preview).to_contain_text("Listen only.")
    expect(preview).not_to_contain_text("There is no other way to take part yet.")
    # what is typed stays under the fingers while the preview changes beside it
    expect(page.get_by_label("Another way to take part")).to_be_focused()
    page.get_by_label("Shame").check()
    expect(preview).to_contain_text("Shame")
    page.get_by_role("button", name="Keep this prompt").click()
    expect(page.get_by_text("Your prompt is kept.")).to_be_visible()
    expect(page.locator("main em").first).to_have_text("small")


def share(page: Page) -> None:
    page.get_by_role("button", name="Share it with everybody here").press("Enter")
    expect(page.get_by_text("Everybody here can see and use it now.")).to_be_visible()


def give_other_words(page: Page) -> None:
    page.get_by_role("link", name="Give it other words").click()
    page.get_by_label("The prompt", exact=True).fill("Which *quiet* sound in this room would you keep?")
    expect(page.locator("#preview blockquote em")).to_have_text("quiet")
    page.get_by_role("button", name="Save as a new version").click()
    versions = page.locator("section[aria-labelledby=ver]")
    expect(versions.get_by_text(re.compile("^Version 2"))).to_be_visible()
    expect(versions.get_by_text(re.compile("^Version 1"))).to_be_visible()
    changed = versions.locator("summary", has_text="What changed")
    expect(changed).to_have_text(re.compile("in version 2 English$"))
    changed.click()
    expect(versions.locator("del").first).to_contain_text("*small*")
    expect(versions.locator("ins").first).to_contain_text("*quiet*")


def test_it_is_written_on_a_phone_without_scripts(chromium: Browser, program: Program):
    context = chromium.new_context(
        base_url=program.url, viewport={"width": 390, "height": 800}, java_script_enabled=False
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page)
    page.goto("/prompts/new")
    page.get_by_label("The prompt", exact=True).fill(FIRST)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview blockquote em")).to_have_text("small")
    expect(page.get_by_label("The prompt", exact=True)).to_have_value(FIRST)
    page.get_by_role("button", name="Keep this prompt").click()
    expect(page.get_by_text("Your prompt is kept.")).to_be_visible()
    page.get_by_role("link", name="Use in a session").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Use in a session")
    context.close()
