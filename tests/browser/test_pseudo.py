"""Every page in a language of long words, from the left and from the right: nothing is cut, wide or left in English."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import text
from werkzeug.serving import make_server

from config import Config
from facilitator import create_app
from facilitator.db import Base, Database
from facilitator.vault import Vault
from facilitator.web import locale
from tests.browser.conftest import EMAIL, PASSWORD, Program
from tests.browser.pseudo import MARKS, disguise, write_catalogue
from tests.browser.scene import list_pages
from tests.browser.test_pages import list_addresses
from tests.cradle import ROOT

pytestmark = pytest.mark.browser
LANGUAGE = "es"  # whose words are lent out; dates and the library stay Spanish
WIDTH = 360
ENGLISH = re.compile(
    r"\b(the|of|to|and|is|are|you|your|not|for|with|this|that|it|was|can|from|who|what|when|how|on|by|or)\b",
    re.IGNORECASE,
)
ENOUGH = 2  # words such as these make a sentence
# what is read on the page as it stands: texts without what the library, people and other languages say, and cut boxes
READ = """() => {
  const texts = [], cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const near = walk.currentNode.parentElement;
    if (near.closest('script, style, pre, textarea, [lang]:not(html)') || !near.checkVisibility()) continue;
    texts.push(walk.currentNode.data);
  }
  for (const each of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(each);
    if (each.closest('.vh, svg, input, select') || style.clipPath === 'inset(50%)' || !['hidden', 'clip'].includes(style.overflowX) || !each.checkVisibility()) continue;
    if (each.scrollWidth > each.clientWidth + 1) cut.push(each.outerHTML.slice(0, 120));
  }
  return {texts, cut, wide: document.documentElement.scrollWidth, dir: document.documentElement.dir};
}"""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.log = lambda *_: None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    write_catalogue(folder, LANGUAGE)
    return folder


@pytest.fixture
def site(tmp_path, demonstration, words) -> Iterator[Program]:
    """The demonstration in one process with the tests, in the language of long words."""
    folder = tmp_path / "data"
    shutil.copytree(demonstration, folder)
    environment = {"FACILITATOR_MODE": "demo", "FACILITATOR_DATA_DIR": str(folder)}
    config = Config.from_env(environment)
    database = Database(config.database_url, Vault(config.vault_key))
    with database.write() as db:
        db.execute(text("UPDATE facilitator SET language = :language"), {"language": LANGUAGE})
        db.commit()
    app = create_app(config, database)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(words)
    app.extensions["babel"].translation_directories = [str(words)]
    with served(app) as url:
        yield Program(url=url, environment=environment)
    database.close()


def said_elsewhere(site: Program) -> str:
    """Return every word of the library and of people, which nobody translates."""
    config = Config.from_env(site.environment)
    database = Database(config.database_url, Vault(config.vault_key))
    with database.read() as db:
        rows = [row for table in Base.metadata.sorted_tables for row in db.execute(table.select())]
    database.close()
    kept = [str(value) for row in rows for value in row if isinstance(value, str | list | dict)]
    shipped = [path.read_text(encoding="utf-8") for path in (ROOT / "facilitator").rglob("*.toml")]
    return squeeze(" ".join([*kept, *shipped]))


def squeeze(words: str) -> str:
    """Leave letters alone, so that marks of layout do not hide where words come from."""
    return re.sub(r"\W+", " ", words).casefold()


def faults(page: Page, address: str, known: str) -> list[str]:
    read = page.evaluate(READ)
    found = [f"{address} is {read['wide']} px wide"] if read["wide"] > WIDTH else []
    found += [f"{address} cuts {each}" for each in read["cut"]]
    for words in read["texts"]:
        plain = not set(words) & set(MARKS)
        # the library leaves a gap where it says the end of a session
        kept = (words, re.sub(r"\b\d\d:\d\d\b", "[time]", words))
        told = any(all(squeeze(part).strip() in known for part in re.split(r"(?<=[.:]) +", one)) for one in kept)
        if plain and len(ENGLISH.findall(words)) >= ENOUGH and not told:
            found.append(f"{address} says {' '.join(words.split())[:120]}")
    return found


def test_long_words_from_right_to_left_are_neither_cut_nor_left_in_english(chromium, site, monkeypatch):
    monkeypatch.setattr(locale, "RIGHT_TO_LEFT", {LANGUAGE})
    context = chromium.new_context(base_url=site.url, locale=LANGUAGE, viewport={"width": WIDTH, "height": 800})
    page, found = context.new_page(), []
    theirs = list_pages(site, LANGUAGE)
    known = said_elsewhere(site)
    page.goto("/login")
    found += faults(page, "/login", known)
    page.locator("input[type=email]").fill(EMAIL)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url("**/")
    for address in [*list_addresses(page), *theirs.values()]:
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        assert page.locator("html").get_attribute("dir") == "rtl"
        found += faults(page, address, known)
    page.goto(theirs["coming"])
    page.locator("form[action$='/read'] button").click()
    page.wait_for_url("**/read")
    found += faults(page, "reading", known)
    context.close()
    assert found == [], "\n".join(found)


def test_the_language_is_longer_by_two_fifths_and_keeps_what_is_filled_in():
    told = disguise("Saved on %(day)s as {name}.")
    assert "%(day)s" in told
    assert "{name}" in told
    assert len(told) >= 1.3 * len("Saved on %(day)s as {name}.")


def test_a_sentence_that_nobody_was_given_to_translate_is_found(chromium):
    page = chromium.new_page(viewport={"width": WIDTH, "height": 800})
    page.set_content("<p>This is not for you.</p><p>Thīs is for you.</p><div style='overflow:hidden'><pre>" + "x" * 999)
    assert [fault.split(" ")[1] for fault in faults(page, "it", "")] == ["cuts", "says"]
    page.close()
