"""A mail scanner opens every link before the person does, as often and as cleverly as it likes, and nothing happens.

Nothing is consumed, noted or changed by looking; what a person presses afterwards works as it always did.
"""

import re
import threading
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server

from facilitator.proof.browser import Browser, Device
from facilitator.proof.evening import Moment, visits_of
from tests.privacy import twins
from tests.privacy.evenings import image, play, settled
from tests.privacy.letters import read_letters, recipient, urls_of

BOTS = ("Barracuda Sentinel (EE)", "BingPreview/1.0b", "Mozilla/5.0 (compatible; Microsoft Safe Links)")


@pytest.fixture
def letters(stage, cookie):
    """The mail of everybody before anybody has opened anything."""
    play(stage, cookie, (), Moment.READ)
    return read_letters(stage)


@pytest.fixture
def calendars(stage, letters):
    """The calendar addresses of two people, with and without an alarm, made by presses."""
    phone = Browser(stage.app, stage.config.base_url, Device(address="198.51.100.1", agent="Firefox"))
    pages = [f"/m/{person.settings_token}/calendar" for person in stage.cast.people[:2]]
    for page in pages:
        assert phone.press(page, "/calendar", do="renew").status_code == 303
    found = [re.search(r'value="([^"]+/c/[^"]+)"', phone.read(page))[1] for page in pages]
    return [*found, *(f"{address}?alarm=60" for address in found)]


def all_urls(stage, letters):
    """Return every address of all mail, and those of the pages and calendar files that they lead to."""
    found = {url for letter in letters for url in urls_of(letter)}
    pages = {url for url in found if "/s/" in url}
    settings = {url for url in found if "/m/" in url and not url.endswith("/stop")}
    behind = {f"{page}/{part}" for page in pages for part in ("appointment.ics", "read")}
    return sorted(found | behind | {f"{url}/{part}" for url in settings for part in ("calendar", "confirm", "still")})


def scan(stage, urls):
    """Ask for every address in every way that changes nothing, three times, as different bots; return what was set."""
    cookies = set()
    for bot in BOTS:
        browser = Browser(stage.app, stage.config.base_url, Device(address="203.0.113.9", agent=bot))
        for url in urls:
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = browser.open(url, method=method)
                assert answer.status_code < 400, (method, url)
                cookies.update(answer.headers.getlist("Set-Cookie"))
    return cookies


def test_a_scanner_that_opens_everything_three_times_changes_no_byte_and_gets_no_cookie(stage, letters):
    urls = all_urls(stage, letters)
    assert len(urls) == 5 * len(stage.cast.people) + 3
    before = settled(stage)
    assert scan(stage, urls) == set()
    assert before.differences(image(stage)) == []


def test_a_scanner_that_reads_calendars_three_times_changes_no_byte_and_gets_no_cookie(stage, calendars):
    before = settled(stage)
    assert scan(stage, calendars) == set()
    assert before.differences(image(stage)) == []


def test_afterwards_every_link_still_works_for_the_person_who_presses(stage, letters):
    scan(stage, all_urls(stage, letters))
    for letter in letters[: len(stage.cast.people)]:
        phone = Browser(stage.app, stage.config.base_url, Device(address="198.51.100.1", agent="Firefox"))
        stop = letter["List-Unsubscribe"].strip("<>")
        assert "Messages are on" in phone.read(stop.removesuffix("/stop"))
        assert phone.press(stop, "/stop").status_code == 303
        assert "Messages are stopped" in phone.read(stop.removesuffix("/stop"))
        one_click = phone.open(stop, method="POST", data={"List-Unsubscribe": "One-Click"})
        assert (one_click.status_code, one_click.text) == (200, "Stopped.\n")
    assert len({recipient(letter) for letter in letters}) == len(stage.cast.people)


def test_a_twin_whose_links_are_used_up_by_looking_is_found_out(stage, letters):
    urls = all_urls(stage, letters)
    twins.make_link_table(stage)
    before = settled(stage)
    with twins.twin(stage, twins.consume):
        scan(stage, urls)
    assert "table link" in before.differences(image(stage))


@contextmanager
def served(app):
    server = make_server("127.0.0.1", 0, app, threaded=False)
    server.log = lambda *_: None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.browser
def test_a_scanner_that_is_a_real_browser_and_runs_scripts_changes_no_byte(stage, letters, chromium):
    before, kept = settled(stage), []
    with served(stage.app) as base:
        context = chromium.new_context()
        page = context.new_page()
        for url in sorted({url for letter in letters[:2] for url in urls_of(letter)}):
            page.goto(url.replace(stage.config.base_url, base), wait_until="networkidle")
            kept.append(page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length"))
        kept.append(len(context.cookies()))
        context.close()
    assert set(kept) == {0}
    assert before.differences(image(stage)) == []


def test_pages_of_participants_do_not_know_a_facilitator_and_leave_the_same_one_cookie_with_everybody(stage, cookie):
    play(stage, cookie, visits_of((0,)), Moment.OPENED)
    token, person = stage.cast.meetings[0].page_token, stage.cast.people[0]
    device = Device(address="198.51.100.1", agent="Firefox")
    stranger = Browser(stage.app, stage.config.base_url, device)
    for path in ("/here", "/here/done", f"/s/{token}", f"/m/{person.settings_token}", "/kept", "/leave"):
        lead = Browser(stage.app, stage.config.base_url, device)
        lead.keep_cookie("desk", cookie)
        known, unknown = lead.open(path), stranger.open(path)
        assert known.text == unknown.text, path
        assert known.headers.getlist("Set-Cookie") == unknown.headers.getlist("Set-Cookie") == [], path
        assert known.headers.getlist("Vary") == unknown.headers.getlist("Vary"), path
        assert lead.cookie("desk") == cookie


def test_a_press_by_a_facilitators_phone_is_kept_as_anybodys(stage, cookie):
    play(stage, cookie, visits_of((0,)), Moment.OPENED)
    before = settled(stage)
    lead = Browser(stage.app, stage.config.base_url, Device(address="192.0.2.1", agent="Firefox"))
    lead.keep_cookie("desk", cookie)
    sent = {"words": "these are wrong", "answer": "unsaid", "once": "A" * 22}
    answer = lead.open("/here", method="POST", data=sent)
    assert answer.status_code == 422
    assert answer.headers.getlist("Set-Cookie") == []
    assert {part for part in before.differences(image(stage)) if part.startswith("table")} == {"table open_room"}
