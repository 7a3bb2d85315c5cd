"""The note that a facilitator leaves for the next plan: a few words about the plan, kept 30 days, never about people.

It warns of a name that stands on the group's list. It must never tell which name, or whose.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from facilitator.errors import Invalid
from facilitator.groups.sealed import list_aliases
from facilitator.planning.models import GroupSession

LONGEST_NOTE = 200
NOTE_KEPT = timedelta(days=30)
SHORTEST_NAME = 2


def keep_note(db: Session, session: GroupSession, words: str) -> None:
    """Keep a note for the plan of the session after this one; nothing takes the old one away.

    Raises:
        Invalid: when it is longer than 200 characters.
    """
    words = " ".join(words.split())
    if len(words) > LONGEST_NOTE:
        raise Invalid(
            "Enter at most {most} characters. There are {count} now.",
            field="note",
            most=LONGEST_NOTE,
            count=len(words),
        )
    session.next_note = words
    db.flush()


def holds_name(db: Session, group_id: str, words: str) -> bool:
    """Say whether an alias of the group's list stands in a text as a word, in capitals or not."""
    return not list_nameless(db, group_id, [words])


def list_nameless(db: Session, group_id: str, texts: Iterable[str]) -> list[str]:
    """List the texts in which no alias of the group's list stands, in one query however many there are."""
    names = [alias.casefold() for alias in list_aliases(db, group_id)]
    known = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names if len(name) >= SHORTEST_NAME]
    return [words for words in texts if not any(name.search(words.casefold()) for name in known)]


def clear_notes(db: Session, now: datetime) -> int:
    """Forget the notes of sessions that ended 30 days ago; return how many there were."""
    old = (GroupSession.ends_at < now - NOTE_KEPT, GroupSession.next_note != "")
    gone = update(GroupSession).where(*old).values(next_note="").returning(GroupSession.id)
    return len(db.scalars(gone.execution_options(synchronize_session=False)).all())
