import dataclasses
import re
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.mail.message import PERSONAL, Form, wire_address

LONG_URL = "https://a-rather-long-host-name.of-an-organisation.example/m/" + "x" * 120


def read(message):
    return message_from_bytes(message, policy=policy.SMTP)


def test_a_message_says_who_what_and_how_to_stop(letter, envelope):
    message = read(Form.of(letter).fill(envelope))
    assert dict(message.items()) == {
        "From": "Thursday notes <notes@mail.example>",
        "To": "pat@example.org",
        "Subject": "Reminder: Thursday 18:30",
        "Date": "Thu, 26 Nov 2026 15:30:00 +0000",
        "Message-ID": "<4hXk2-abc@mail.example>",
        "List-Id": "<notes.mail.example>",
        "List-Unsubscribe": "<https://notes.example/m/abc/stop>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }


def test_plain_text_comes_first_and_nothing_is_attached(letter, envelope):
    message = read(Form.of(letter).fill(envelope))
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [_lines(part.get_content()) for part in parts] == [letter.text, letter.html]
    assert not list(message.iter_attachments())


def test_the_same_letter_gives_the_same_bytes_and_another_id_gives_others(letter, envelope):
    again = dataclasses.replace(envelope)
    other = dataclasses.replace(envelope, message_id="other@mail.example")
    assert Form.of(letter).fill(envelope) == Form.of(letter).fill(again)
    assert Form.of(letter).fill(envelope) != Form.of(letter).fill(other)


def test_a_message_that_is_not_for_a_list_has_no_list_headers(letter, envelope):
    message = read(Form.of(letter).fill(dataclasses.replace(envelope, list_id="", unsubscribe_url="")))
    assert not [name for name in message if name.startswith("List-")]


def test_a_long_stop_address_stays_in_one_piece(letter, envelope):
    message = Form.of(letter).fill(dataclasses.replace(envelope, unsubscribe_url=LONG_URL))
    assert f"List-Unsubscribe: <{LONG_URL}>\r\n".encode() in message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_name", "Notes\r\nBcc: eve@example.org"),
        ("from_name", "Notes\nX: y"),
        ("from_name", "Notes\x00"),
        ("from_name", "Notes\u2028X: y"),
        ("from_address", "notes@mail.example\r\nBcc: eve@example.org"),
        ("to_address", "pat@example.org\r\nBcc: eve@example.org"),
        ("to_address", "pat@example.org, eve@example.org"),
        ("to_address", "<pat@example.org> <eve@example.org"),
        ("to_address", "pat@example.org\n"),
        ("to_address", "pat"),
        ("to_address", "pat@b\u00fccher..example"),
        ("to_address", ""),
        ("message_id", "a b@mail.example"),
        ("message_id", "a@mail.example>\r\nX: y"),
        ("message_id", ""),
        ("list_id", "notes\r\nX: y"),
        ("unsubscribe_url", "https://notes.example/\r\nX: y"),
        ("unsubscribe_url", "https://notes.example/ x"),
        ("unsubscribe_url", "javascript:alert(1)"),
        ("date_at", datetime(2026, 11, 26, 15, 30)),  # noqa: DTZ001 - a naive one is what is refused
    ],
)
def test_a_header_cannot_be_smuggled_in(letter, envelope, field, value):
    with pytest.raises(ValueError, match=r"[.]"):
        Form.of(letter).fill(dataclasses.replace(envelope, **{field: value}))


@pytest.mark.parametrize("subject", ["Thursday\r\nBcc: eve@example.org", "Thursday\n", "a\x0bb", "a\x85b"])
def test_a_subject_cannot_hold_a_line_break(letter, envelope, subject):
    with pytest.raises(ValueError, match="Subject"):
        Form.of(dataclasses.replace(letter, subject=subject)).fill(envelope)


def test_an_address_is_never_repeated_in_an_error_or_a_log(letter, envelope):
    with pytest.raises(ValueError, match="mail address") as caught:
        Form.of(letter).fill(dataclasses.replace(envelope, to_address="pat@@example.org"))
    assert "pat" not in str(caught.value)
    assert "pat" not in repr(envelope)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("pat@example.org", "pat@example.org"),
        ("pat+x@b\u00fccher.example", "pat+x@xn--bcher-kva.example"),
        ("p\u00e4t@example.org", "p\u00e4t@example.org"),
        ("pat@stra\u00dfe.example", "pat@xn--strae-oqa.example"),  # IDNA 2003 would write to strasse.example
    ],
)
def test_a_domain_is_written_in_ascii(address, expected):
    assert wire_address(address) == expected


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=150)


@given(text=st.one_of(TEXT, st.just("x" * 1000), st.just(".\n..\n.\r\n"), st.just("From a\n" + "ä" * 3000)))
def test_any_text_arrives_as_it_was_and_no_line_is_too_long(text):
    letter, envelope = _example()
    message = Form.of(dataclasses.replace(letter, text=text)).fill(envelope)
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", message)
    arrived = read(message).get_body(("plain",))
    assert _lines(arrived.get_payload(decode=True).decode()).rstrip("\n") == _lines(text).rstrip("\n")


@given(subject=LINE, name=LINE)
def test_any_subject_and_name_arrive_as_they_were(subject, name):
    letter, envelope = _example()
    raw = Form.of(dataclasses.replace(letter, subject=subject)).fill(dataclasses.replace(envelope, from_name=name))
    message = message_from_bytes(raw)  # the older parser drops the space between encoded words, as RFC 2047 §6.2 asks
    assert len(message.keys()) == 12
    assert decoded(message["Subject"]) == " ".join(subject.split())
    addresses = getaddresses([message["From"]])
    assert [address for _, address in addresses] == ["notes@mail.example"]
    assert decoded(addresses[0][0]) == " ".join(name.split())


def decoded(header):
    return " ".join(str(make_header(decode_header(header))).split())


def _lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _example():
    from tests.mail import conftest  # noqa: PLC0415 - hypothesis does not reset fixtures between examples

    return conftest.letter.__wrapped__(), conftest.envelope.__wrapped__()


@pytest.mark.parametrize(
    "words", ["Stop: {}", "Für heute genug. Ende: {} {}", "é" * 200 + "https://notes.example/m/{}/stop"]
)
def test_what_is_personal_is_put_into_a_letter_that_was_set_once(letter, envelope, words):
    """The bytes read as if the token had stood there from the start, whatever the coding, and no line grows too long."""
    token = "Zx9-_" * 4 + "ab"
    assert len(token) == len(PERSONAL)
    form = Form.of(dataclasses.replace(letter, text=words.replace("{}", PERSONAL), html=words.replace("{}", PERSONAL)))
    message = form.fill(envelope, token)
    assert [part.get_content().strip() for part in read(message).iter_parts()] == [words.replace("{}", token)] * 2
    assert PERSONAL.encode() not in message
    assert max(map(len, message.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76  # RFC 2045 §6.7
