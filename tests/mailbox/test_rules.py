"""What the demo mailbox says about a message, and that it notices when a promise is broken."""

import pytest

from facilitator.mailbox.rules import Check, check_message

HEADERS = [
    ("Delivered-To", "p@example.org"),
    ("To", "<p@example.org>"),
    ("List-Unsubscribe", "<https://notes.example/m/x/stop>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
]
HTML = '<p>Reminder: Thursday 18:30.</p><p><a href="https://notes.example/m/x">Stop</a></p>'


def broken(headers=HEADERS, html=HTML, source=""):
    return {check for check, kept in check_message(headers, html, source).items() if not kept}


def without(name):
    return [header for header in HEADERS if header[0] != name]


def test_an_ordinary_message_keeps_every_promise():
    assert broken() == set()


def test_names_of_headers_are_read_in_any_case():
    assert broken([(name.upper(), value) for name, value in HEADERS]) == set()


@pytest.mark.parametrize(
    "headers",
    [
        [*HEADERS, ("Cc", "b@example.org")],
        [*HEADERS, ("Bcc", "b@example.org")],
        [*without("To"), ("To", "<p@example.org>, <b@example.org>")],
        [*HEADERS, ("Delivered-To", "b@example.org")],
        without("To"),
        without("Delivered-To"),
    ],
)
def test_a_second_or_missing_recipient_is_noticed(headers):
    assert broken(headers) == {Check.ONE_RECIPIENT}


@pytest.mark.parametrize(
    "headers",
    [
        without("List-Unsubscribe"),
        without("List-Unsubscribe-Post"),
        [*without("List-Unsubscribe-Post"), ("List-Unsubscribe-Post", "yes")],
    ],
)
def test_a_message_that_does_not_stop_at_one_press_is_noticed(headers):
    assert broken(headers) == {Check.STOPS_AT_ONE_PRESS}


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://x.example/pixel.gif">',
        "<IMG alt=x>",
        '<td background="x" style="background: url(https://x.example)">',
        "<script>1</script>",
        '<link rel="stylesheet" href="x">',
        "<style>@import 'x'</style>",
        "<form action=x>",
    ],
)
def test_a_part_that_calls_anybody_is_noticed(html):
    assert broken(html=html) == {Check.LOADS_NOTHING}


def test_an_attachment_is_noticed():
    source = "Content-Type: text/calendar\nContent-Disposition: attachment; filename=x.ics\n"
    assert broken(source=source) == {Check.NOTHING_ATTACHED}
