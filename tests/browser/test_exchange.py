"""The library goes out of one page and into another, in a real browser: with a broken file first."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Program, sign_in

pytestmark = pytest.mark.browser
LOOK = "Show what would change"


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(request, chromium: Browser, program: Program, tmp_path: Path):
    """A browser in which an admin of the installation is signed in; the file of the library lies beside it."""
    program.command("export-library", str(tmp_path / "library.toml"))
    context = chromium.new_context(base_url=program.url, java_script_enabled=request.param)
    context.set_default_timeout(20_000)
    opened = context.new_page()
    sign_in(opened)
    yield opened
    context.close()


def look(page: Page, path: Path) -> None:
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name=LOOK).press("Enter")
    page.wait_for_load_state()


def test_a_broken_file_is_named_mended_and_imported(page: Page, tmp_path: Path):
    whole = (tmp_path / "library.toml").read_text(encoding="utf-8")
    broken, mended, huge = (tmp_path / name for name in ("broken.toml", "mended.toml", "huge.toml"))
    mark = f"zz{tmp_path.name}"[:60]
    first = re.sub(r'^id = ".*?"', f'id = "{mark}"', whole.split("[[prompt]]")[1], count=1, flags=re.MULTILINE)
    broken.write_text(f'format = 1\n[[prompt]]\nid = "{mark}"\ntext = What now?\n', encoding="utf-8")
    mended.write_text(f"{whole}\n[[prompt]]\n{first.strip()}\n", encoding="utf-8")
    huge.write_bytes(b"x" * 10_000_000)
    page.goto("/library")
    page.get_by_role("link", name="Import", exact=True).click()
    look(page, broken)
    expect(page.get_by_role("alert")).to_contain_text("Line 4, column 8")
    look(page, huge)
    expect(page.get_by_role("alert")).to_contain_text("A library has at most 4 MB.")
    look(page, mended)
    expect(page.get_by_role("status").filter(has_text="Nothing is stored yet")).to_contain_text("New: 1")
    group = page.locator("summary", has_text="New: 1")
    group.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name=re.compile(mark))).to_be_visible()
    page.get_by_role("button", name="Import 1 entry").press("Enter")
    expect(page.get_by_text("1 entry was imported.")).to_be_visible()


def test_what_is_downloaded_is_what_the_command_line_writes(page: Page, tmp_path: Path):
    page.goto("/library/export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "library.toml"
    assert Path(download.value.path()).read_bytes() == (tmp_path / "library.toml").read_bytes()
