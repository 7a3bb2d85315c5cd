"""Returned mail as servers write it, and any other bytes: what is read, what is left, and that no address is kept."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.mail.returned import Action, Kind, Report, Returned, read_report

SAMPLES = Path(__file__).parent / "returned"
MARK = "returned-mail-id-00001"
MESSAGE_ID = f"{MARK}@mail.example"
FAILED, DELAYED = Action.FAILED, Action.DELAYED


def sample(name):
    return (SAMPLES / f"{name}.eml").read_bytes()


def report(*recipients, envelope_id="", message_id=MESSAGE_ID):
    return Report(kind=Kind.REPORT, envelope_id=envelope_id, message_id=message_id, recipients=recipients)


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "postfix_no_such_mailbox",
            report(Returned(action=FAILED, status="5.1.1", said="5.1.1"), envelope_id=MARK),
        ),
        ("postfix_delayed", report(Returned(action=DELAYED, status="4.2.2", said="4.2.2"), envelope_id=MARK)),
        ("postfix_gave_up", report(Returned(action=FAILED, status="4.2.2", said="4.2.2"), envelope_id=MARK)),
        ("exim_unknown", report(Returned(action=FAILED, status="5.0.0", said="5.1.1"))),
        ("exim_without_the_message", report(Returned(action=FAILED, status="5.0.0"))),
        ("exchange_not_found", report(Returned(action=FAILED, status="5.1.10", said="5.1.10"))),
        ("gmail_mailbox_full", report(Returned(action=FAILED, status="5.2.2", said="5.2.2"))),
        (
            "international",
            report(
                Returned(action=FAILED, status="5.1.1", said="5.1.1"),
                Returned(action=DELAYED, status="4.4.1"),
                envelope_id=MARK,
            ),
        ),
    ],
)
def test_a_report_is_read_as_its_server_writes_it(name, expected, ends):
    assert read_report(sample(name).replace(b"\n", ends)) == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("qmail", Kind.UNREADABLE),
        ("person", Kind.OTHER),
        ("forwarded_report", Kind.OTHER),
    ],
)
def test_what_is_no_report_is_told_from_one(name, kind):
    assert read_report(sample(name)) == Report(kind=kind)


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES.glob("*.eml")])
def test_no_address_is_kept_of_any_mail(name):
    kept = repr(read_report(sample(name)))
    assert "example.org" not in kept
    assert "pat" not in kept


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Action: Failed (after 3 tries)\nStatus: 5.1.1 (bad mailbox)", Returned(action=FAILED, status="5.1.1")),
        ("ACTION:failed\nSTATUS:5.1.1", Returned(action=FAILED, status="5.1.1")),
        ("Action: failed", Returned(action=FAILED)),
        ("Action: failed\nStatus: 5", Returned(action=FAILED)),
        ("Action: failed\nStatus: 5.1.1.20", Returned(action=FAILED)),
        ("Action: failed\nStatus: 5.1.1\nStatus: 4.2.2", Returned(action=FAILED, status="5.1.1")),
        (
            'Action: failed\nDiagnostic-Code: X-Postfix; unknown user: "pat"',
            Returned(action=FAILED),
        ),
        ("Action: failed\nDiagnostic-Code: smtp;550 #5.1.0 no", Returned(action=FAILED, said="5.1.0")),
        ("Action: failed\nDiagnostic-Code: smtp; 5.2.1 off", Returned(action=FAILED, said="5.2.1")),
        ("Action: failed\nDiagnostic-Code: smtp;\n\t550\n\t5.1.1 no", Returned(action=FAILED, said="5.1.1")),
        ("Action: failed\nDiagnostic-Code: smtp; 550 5.1.1.20 is blocked", Returned(action=FAILED)),
        ("Action: failed\nDiagnostic-Code: smtp; 554 listed as 5.1.1", Returned(action=FAILED)),
        ("Action: delivered\nStatus: 2.1.5", Returned(action=Action.DELIVERED, status="2.1.5")),
    ],
)
def test_fields_are_read_in_the_spellings_that_occur(field, expected):
    mail = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\nFinal-Recipient: rfc822; b@c\n{field}\n"
    assert read_report(mail.encode()).recipients == (expected,)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("returned-mail-id-00001", MARK),
        (" <returned-mail-id-00001> ", MARK),
        ("returned+2Dmail+2Did+2D00001", MARK),
        ("x" * 1000, "x" * 200),
    ],
)
def test_the_mark_of_the_envelope_is_unwrapped(written, read):
    status = f"Original-Envelope-Id: {written}\n\nAction: failed\n"
    assert read_report(f"Content-Type: message/delivery-status\n\n{status}".encode()).envelope_id == read


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\x00" * 100,
        b"Content-Type: multipart/report; boundary*99999999999999999999=x\n\n--x\n",
        b"Content-Type: text/plain; a*" + b"9" * 5000 + b"=x\n\n",
        b'Content-Type: multipart/report; boundary=""\n\n--\n',
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: message/delivery-status\n\nAction: unheard-of\n",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n????\n",
        b"Action: failed\nStatus: 5.1.1\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
        b"Content-Type: message/rfc822\n\n" * 3000,
    ],
)
def test_what_cannot_be_read_is_no_report(mail):
    assert read_report(mail).kind is Kind.OTHER


def test_a_report_with_very_many_recipients_is_cut():
    blocks = b"Reporting-MTA: dns; a\n\n" + b"Action: failed\n\n" * 100_000
    found = read_report(b"Content-Type: message/delivery-status\n\n" + blocks)
    assert 1 <= len(found.recipients) <= 51


@given(st.binary(max_size=2000))
def test_no_bytes_make_reading_fail(raw):
    assert isinstance(read_report(raw), Report)


@settings(max_examples=200)
@given(st.data())
def test_no_damage_to_a_real_report_makes_reading_fail(data):
    raw = bytearray(
        sample(data.draw(st.sampled_from(["postfix_no_such_mailbox", "gmail_mailbox_full", "international"])))
    )
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 40))
        raw[at : at + length] = data.draw(st.binary(max_size=12))
    found = read_report(bytes(raw))
    assert len(found.envelope_id) <= 200
    assert len(found.message_id) <= 200
