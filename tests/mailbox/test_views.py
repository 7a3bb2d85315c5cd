"""The demo mailbox on the web: recipients masked, foreign text closed off, and not there in production."""

from dataclasses import replace

import pytest

from config import Mode
from facilitator import create_app
from facilitator.mail import mailbox
from tests import evening

MESSAGE = """Delivered-To: pat@example.org
From: Notes <notes@mail.example>
To: <pat@example.org>
Subject: Reminder: <b>Thursday</b>
List-Unsubscribe: <https://notes.example/m/x/stop>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset="utf-8"

Reminder: Thursday 18:30.

Stop: https://notes.example/m/x
<script>text</script>
--b
Content-Type: text/html; charset="utf-8"

<p>Reminder</p><script>html</script>
--b--
"""
FIRST, SECOND = "20270110T150000000000-00000001", "20270111T150000000000-00000002"


@pytest.fixture
def stage(config, database, now):
    return evening.begin(config, database, now)


@pytest.fixture
def alice(stage):
    return stage.client("alice")


@pytest.fixture
def folder(config):
    config.mailbox_dir.mkdir(exist_ok=True)
    for name in (FIRST, SECOND):
        (config.mailbox_dir / f"{name}.eml").write_text(MESSAGE)
    return config.mailbox_dir


def test_an_empty_mailbox_says_so(alice):
    response = alice.get("/mailbox")
    assert response.status_code == 200
    assert "No messages yet." in response.text
    assert "Clear all" not in response.text


@pytest.mark.usefixtures("folder")
def test_it_opens_with_the_newest_message_and_masks_recipients(alice):
    text = alice.get("/mailbox").text
    assert "2 messages, newest first" in text
    assert text.index(SECOND) < text.index(FIRST)
    assert "p***@example.org" in text
    assert "pat@example.org" not in text


@pytest.mark.usefixtures("folder")
def test_a_message_shows_its_text_and_its_promises(alice):
    text = alice.get(f"/mailbox/{FIRST}").text
    assert "Reminder: &lt;b&gt;Thursday&lt;/b&gt;" in text
    assert '<a href="https://notes.example/m/x" rel="nofollow noopener noreferrer">' in text
    assert "&lt;script&gt;text&lt;/script&gt;" in text
    for words in ("One recipient", "Stops at one press", "Nothing attached"):
        assert words in text
    assert "Not so: loads no picture, pixel or script" in text


@pytest.mark.usefixtures("folder")
def test_the_source_is_shown_as_it_was_received_and_as_text(alice):
    text = alice.get(f"/mailbox/{FIRST}?view=source").text
    assert "Delivered-To: pat@example.org" in text
    assert "&lt;p&gt;Reminder&lt;/p&gt;" in text


@pytest.mark.usefixtures("folder")
def test_the_html_part_is_closed_off_from_everything(alice):
    response = alice.get(f"/mailbox/{FIRST}/html")
    assert response.text.strip() == "<p>Reminder</p><script>html</script>"
    policy = response.headers["Content-Security-Policy"]
    assert policy == "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    [
        "/mailbox/20270110T150000000000-0000000f",
        "/mailbox/20270110T150000000000-0000000f/html",
        "/mailbox/port",
        "/mailbox/..%2f..%2fsecret_key",
    ],
)
@pytest.mark.usefixtures("folder")
def test_there_is_nothing_but_messages(alice, address):
    assert alice.get(address).status_code == 404


def test_a_message_without_an_html_part_has_no_page_of_it(alice, folder):
    plain = MESSAGE.partition("Content-Type: multipart")[0] + "\nPlain.\n"
    (folder / f"{FIRST}.eml").write_text(plain)
    assert "HTML part" not in alice.get(f"/mailbox/{FIRST}").text
    assert alice.get(f"/mailbox/{FIRST}/html").status_code == 404


def test_the_next_send_is_made_to_fail_and_taken_back(alice, folder):
    assert alice.post("/mailbox", data={"do": "fail"}).status_code == 303
    assert mailbox.is_fail_next(folder)
    assert 'aria-pressed="true"' in alice.get("/mailbox").text
    alice.post("/mailbox", data={"do": "fail"})
    assert not mailbox.is_fail_next(folder)


def test_it_is_cleared_by_a_press_alone(alice, folder):
    alice.get("/mailbox?do=clear")
    alice.post("/mailbox", data={"do": "something"})
    assert len(mailbox.list_messages(folder)) == 2
    alice.post("/mailbox", data={"do": "clear"})
    assert mailbox.list_messages(folder) == ()


@pytest.mark.parametrize("address", ["/mailbox", f"/mailbox/{FIRST}", f"/mailbox/{FIRST}/html"])
@pytest.mark.usefixtures("folder")
def test_nobody_reads_it_without_signing_in(stage, address):
    assert stage.client().get(address).location.startswith("/login")


def test_it_is_not_there_in_production(config, database):
    app = create_app(replace(config, mode=Mode.PRODUCTION), database)
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/mailbox")]
