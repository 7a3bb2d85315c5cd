"""Every letter there is: each kind in each wording and language, made in this one place for all tests that read them.

`PLACE` is the move of a place alone. The bytes are those that a person gets.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import Babel

from facilitator.groups.models import Wording
from facilitator.mail.message import PERSONAL, Envelope, Form
from facilitator.reminders.letters import NEEDED, LetterFacts, render
from facilitator.reminders.rules import MessageKind

ROOT = Path(__file__).parents[2]
LONDON = ZoneInfo("Europe/London")
BASE_URL = "https://notes.example"
JOIN = "https://meet.example/x7"
TOKEN = "9fK2vTq8" + "Zx9_-ab" * 2
SENDER = "Thursday Notes"
PLACE = "place"
KINDS = [kind for kind in MessageKind if kind is not MessageKind.TEST]  # a test is one of the others
DATED = [kind for kind in KINDS if kind not in NEEDED]
LANGUAGES = ("en", "es")


def make_app() -> Flask:
    """Return an app that knows the templates and the Spanish words, and nothing else."""
    app = Flask("letters", template_folder=str(ROOT / "templates"))
    Babel(app, default_translation_directories=str(ROOT / "facilitator" / "translations"))
    return app


def facts(kind: MessageKind = MessageKind.REMINDER, wording: Wording = Wording.FULL, **other: Any) -> LetterFacts:
    """Return what a letter says, with a meeting on a Thursday where the kind is about one."""
    personal = f"{BASE_URL}/m/{PERSONAL}"
    meeting = {
        "local_start": datetime(2026, 11, 26, 18, 30, tzinfo=LONDON),
        "minutes": 90,
        "page_link": f"{BASE_URL}/s/4hXkT7aa",
        "place": "Room 2, Mill Lane 4",
        "link": JOIN,
    }
    given = {
        "kind": kind,
        "wording": wording,
        "language": "en",
        "stop_link": personal,
        "sender_name": SENDER,
        "confirm_link": f"{personal}/confirm" if kind is MessageKind.CONFIRM else "",
        "safe_link": f"{personal}/still" if kind is MessageKind.SAFE_CHECK else "",
        "erased_on": date(2027, 1, 2) if kind is MessageKind.GOODBYE else None,
        "previous_start": datetime(2026, 11, 19, 18, 30, tzinfo=LONDON) if kind is MessageKind.MOVED else None,
    }
    return LetterFacts(**given | (meeting if kind in {*DATED, MessageKind.AFTERCARE} else {}) | other)


def list_cases() -> Iterator[tuple[str, LetterFacts]]:
    """Yield the name and the facts of every letter."""
    for language, wording in itertools.product(LANGUAGES, Wording):
        for kind in KINDS:
            yield f"{language}/{kind}-{wording}", facts(kind, wording, language=language)
        yield (
            f"{language}/{PLACE}-{wording}",
            facts(MessageKind.MOVED, wording, language=language, previous_start=None),
        )


def as_bytes(case: LetterFacts, number: int = 0) -> bytes:
    """Return the message that one person gets."""
    envelope = Envelope(
        from_name=SENDER,
        from_address="notes@notes.example",
        to_address="pat@example.org",
        message_id=f"{number:022}@notes.example",
        date_at=datetime(2026, 11, 24, 18, 30, tzinfo=UTC),
        list_id="notes.notes.example",
        unsubscribe_url=f"{BASE_URL}/m/{TOKEN}/stop",
    )
    return Form.of(render(case)).fill(envelope, TOKEN)
