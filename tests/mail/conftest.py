"""Letters, envelopes and clients for the tests of mail."""

import time
from datetime import UTC, datetime

import pytest

from facilitator.mail.message import Envelope, Form, Letter
from facilitator.mail.smtp import SmtpClient
from tests.mail.servers import QUICK

PAT = "pat@example.org"
NOTES = "notes@mail.example"


@pytest.fixture
def letter():
    return Letter(
        subject="Reminder: Thursday 18:30",
        text="Reminder: Thursday 18:30.\n\nStop: https://notes.example/m/abc\n",
        html='<p>Reminder: Thursday 18:30.</p>\n<p>Stop: <a href="https://notes.example/m/abc">here</a></p>\n',
        kind="reminder",
    )


@pytest.fixture
def envelope():
    return Envelope(
        from_name="Thursday notes",
        from_address=NOTES,
        to_address=PAT,
        message_id="4hXk2-abc@mail.example",
        date_at=datetime(2026, 11, 26, 15, 30, tzinfo=UTC),
        list_id="notes.mail.example",
        unsubscribe_url="https://notes.example/m/abc/stop",
    )


@pytest.fixture
def message(letter, envelope):
    return Form.of(letter).fill(envelope)


@pytest.fixture
def client():
    """Make clients that are closed at the end."""
    made = []

    def make(target, **options):
        options = {"hello_name": "mail.example", "monotonic": time.monotonic, "timeouts": QUICK} | options
        made.append(SmtpClient(target, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
