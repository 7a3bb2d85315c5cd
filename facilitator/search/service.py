"""Finds groups, sessions, prompts and entries of the library by the beginnings of words.

Only what a facilitator may see is found. Aliases and addresses of people are sealed and are never searched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.entries import list_newest
from facilitator.groups.models import Group
from facilitator.groups.service import list_own
from facilitator.library.queries import Entry, holds_words, read_newest
from facilitator.planning.models import GroupSession
from facilitator.planning.queries import upcoming
from facilitator.prompts.queries import PromptItem
from facilitator.prompts.queries_browse import PromptFilter, list_prompts
from facilitator.prompts.rules_search import join_words, list_beginnings

SHOWN = 8
REACH = timedelta(days=3 * 366)  # how far back and ahead sessions are looked for
LONGEST = 200  # characters that are looked at


Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[Thing]):
    """The first things that were found of one kind, and how many there are."""

    first: Sequence[Thing]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that was found."""

    groups: Found[Group]
    sessions: Found[tuple[GroupSession, Group]]
    prompts: Found[PromptItem]
    entries: Found[Entry]

    @property
    def total(self) -> int:
        """Return how many things were found."""
        return sum(found.total for found in (self.groups, self.sessions, self.prompts, self.entries))


def find_everything(
    db: Session, me: Facilitator, asked: str, now: datetime, *, language: str, say_day: Callable[[date], str]
) -> Results | None:
    """Return what has a word beginning with each word that was asked for, in five queries; None where nothing was asked.

    Sessions are found by their title, number, group, place and date, those to come first. A date is found in words as
    the reader writes it and as figures, 2026-11-24.

    Args:
        db: a reading session.
        me: who asks.
        asked: as it was typed; what stands behind 200 characters is not looked at.
        now: the present instant.
        language: of the library's entries.
        say_day: returns a date in the reader's words.
    """
    asked = asked[:LONGEST]
    beginnings = list_beginnings(asked)
    if not beginnings:
        return None

    def holds(*texts: str) -> bool:
        words = join_words(texts)
        return all(f" {beginning}" in words for beginning in beginnings)

    groups = [group for group in list_own(db, me) if holds(group.label)]
    sessions = [
        (session, group)
        for session, group in upcoming(db, me, now - REACH, now + REACH)
        if holds(
            session.title,
            str(session.position),
            group.label,
            session.place,
            say_day(session.on_date),
            session.on_date.isoformat(),
        )
    ]
    coming = [pair for pair in sessions if pair[0].ends_at > now]
    past = [pair for pair in reversed(sessions) if pair[0].ends_at <= now]
    prompts = list_prompts(db, me, PromptFilter(language=language, text=asked))
    visible = (row for row in list_newest(db, language) if row.shared or row.owner_id == me.id)
    entries = [row for row in visible if holds_words(row, asked.casefold())]
    return Results(
        groups=_first(groups),
        sessions=_first([*coming, *past]),
        prompts=Found(first=prompts.items[:SHOWN], total=prompts.total),
        entries=Found(first=[read_newest(row, {}) for row in entries[:SHOWN]], total=len(entries)),
    )


def _first(found: Sequence[Thing]) -> Found[Thing]:
    return Found(first=found[:SHOWN], total=len(found))
