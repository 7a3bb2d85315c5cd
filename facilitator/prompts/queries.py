"""Reads prompts: the pool that the assignment rules choose from, one prompt and its versions.

A private prompt is there for its owner alone; to everyone else it does not exist. Nothing here writes.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.rules import Arena, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.errors import NotFound
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.rules_cards import PromptCard
from facilitator.prompts.rules_draft import PromptDraft, draft_card

NO_FORMAT = ""

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

CARD_COLUMNS = (
    PromptVersion.id.label("version_id"),
    PromptVersion.prompt_id,
    PromptVersion.version,
    PromptVersion.language,
    Prompt.owner_id,
    PromptVersion.depth,
    PromptVersion.minutes_default,
    PromptVersion.minutes_min,
    PromptVersion.min_people,
    PromptVersion.online_ok,
    PromptVersion.status.label("prompt_status"),
    PromptVersion.sub_bind,
    PromptVersion.pole,
    PromptVersion.phase,
    PromptVersion.format,
    PromptVersion.fallback_format,
    cast(PromptVersion.arenas, Text).label("arenas"),
    cast(PromptVersion.group_types, Text).label("group_types"),
    cast(PromptVersion.tags, Text).label("tags"),
)
"""What a card is made of; any query that joins both tables may select these and call `read_card`.

Lists come as they are stored, so that the many prompts with the same ones are read once.
"""

_values_of = attrgetter(*(column.key for column in CARD_COLUMNS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptItem:
    """A prompt with the version that counts, and whether the reader wrote it.

    Args:
        times: how often it was used, in the groups that were asked about.
        last_on: the day of the last time.
    """

    prompt: Prompt
    version: PromptVersion
    mine: bool
    times: int = 0
    last_on: date | None = None


def load_pool(db: Session, language: str, facilitator_ids: Collection[str]) -> tuple[PromptCard, ...]:
    """Load, in one query, what the rules may choose from: the newest version of each prompt in a language.

    Shared prompts and the own ones of these facilitators; retired ones are left out. Drafts are in: whether review
    is required is a matter of the rules, which then say that it was this that emptied a slot.
    """
    visible = or_(Prompt.shared, Prompt.owner_id.in_(facilitator_ids))
    statement = join_newest(select(*CARD_COLUMNS), language).where(
        visible, PromptVersion.status != PromptStatus.RETIRED
    )
    return tuple(_make_card(row, facilitator_ids) for row in db.execute(statement))


def read_card(row: AnyRow, facilitator_ids: Collection[str]) -> PromptCard:
    """Return the card of a row that holds CARD_COLUMNS; prompts of these facilitators count as their own."""
    return _make_card(_values_of(row), facilitator_ids)


def _make_card(values: Iterable[Any], facilitator_ids: Collection[str]) -> PromptCard:
    version_id, prompt_id, version, language, owner_id, depth, usual, least, people, online, *words = values
    return PromptCard(
        prompt_id=prompt_id,
        version_id=version_id,
        version=version,
        language=language,
        own=owner_id is not None and owner_id in facilitator_ids,
        depth=depth,
        minutes_default=usual,
        minutes_min=least,
        min_people=people,
        online_ok=online,
        **_read_words(*words),
    )


# a library has thousands of prompts and far fewer kinds of them, so their words are read once for each kind
@lru_cache(maxsize=4096)
def _read_words(*stored: str) -> Mapping[str, Any]:
    status, sub_bind, pole, phase, usual_format, fallback_format, arenas, group_types, tags = stored
    return {
        "status": PromptStatus(status),
        "sub_bind": SubBind(sub_bind),
        "pole": Pole(pole),
        "phase": Phase(phase),
        "format": Format(usual_format),
        "fallback_format": Format(fallback_format) if fallback_format != NO_FORMAT else None,
        "arenas": tuple(Arena(arena) for arena in json.loads(arenas)),
        "group_kinds": frozenset(GroupKind(kind) for kind in json.loads(group_types)),
        "tags": tuple(json.loads(tags)),
    }


def get_prompt(db: Session, me: Facilitator, prompt_id: str, language: str = SOURCE_LANGUAGE) -> PromptItem:
    """Return a prompt in its newest version, in this language or, where it has none, in another.

    Raises:
        NotFound: when there is none, or it is somebody else's private one.
    """
    found = select(Prompt, PromptVersion).join(PromptVersion, PromptVersion.prompt_id == Prompt.id)
    wanted_first = (PromptVersion.language != language, PromptVersion.language, PromptVersion.version.desc())
    found = found.where(Prompt.id == prompt_id, visible_to(me)).order_by(*wanted_first).limit(1)
    row = db.execute(found).one_or_none()
    if row is None:
        raise NotFound
    return _item(row[0], row[1], me)


def list_versions(db: Session, prompt: Prompt) -> list[PromptVersion]:
    """List the versions of a prompt, language by language, newest first."""
    in_order = (PromptVersion.language, PromptVersion.version.desc())
    return list(db.scalars(select(PromptVersion).where(PromptVersion.prompt_id == prompt.id).order_by(*in_order)))


def list_shared(db: Session, language: str) -> list[PromptVersion]:
    """List the newest version of every shared prompt of a language; retired ones are left out."""
    found = join_newest(select(PromptVersion), language).where(
        Prompt.shared, PromptVersion.status != PromptStatus.RETIRED
    )
    return list(db.scalars(found))


def find_newest_version(db: Session, prompt_id: str, language: str) -> PromptVersion | None:
    """Return the newest version of a prompt in a language, whosever it is."""
    return db.scalar(join_newest(select(PromptVersion), language).where(Prompt.id == prompt_id))


def newest_versions(db: Session, language: str) -> dict[str, int]:
    """Return the newest version number of every prompt in a language; a translation of less is outdated."""
    newest = func.max(PromptVersion.version).label("newest")
    found = select(PromptVersion.prompt_id, newest).where(PromptVersion.language == language)
    return {row.prompt_id: row.newest for row in db.execute(found.group_by(PromptVersion.prompt_id))}


def has_reviewed(db: Session) -> bool:
    """Tell whether any shared prompt, in any language, was reviewed."""
    return db.scalar(reviewed_prompts().limit(1)) is not None


def reviewed_prompts() -> Select[str]:
    """Return the query of every shared wording that was reviewed."""
    found = select(PromptVersion.id).join(Prompt, Prompt.id == PromptVersion.prompt_id)
    return found.where(Prompt.shared, PromptVersion.status == PromptStatus.REVIEWED)


def count_statuses(db: Session, language: str) -> dict[PromptStatus, int]:
    """Return how many shared prompts of a language stand at each step of their review."""
    newest = join_newest(select(PromptVersion.status.label("step"), func.count().label("prompts")), language)
    found = newest.where(Prompt.shared).group_by(PromptVersion.status)
    return {PromptStatus(row.step): row.prompts for row in db.execute(found)}


def draft_of(version: PromptVersion) -> PromptDraft:
    """Return what a version says as its author would hand it in."""
    return PromptDraft(
        language=version.language,
        sub_bind=SubBind(version.sub_bind),
        pole=Pole(version.pole),
        arenas=tuple(Arena(arena) for arena in version.arenas),
        depth=version.depth,
        phase=Phase(version.phase),
        format=Format(version.format),
        fallback_format=Format(version.fallback_format) if version.fallback_format != NO_FORMAT else None,
        minutes_default=version.minutes_default,
        minutes_min=version.minutes_min,
        text=version.text,
        content_note=version.content_note,
        opt_out=version.opt_out,
        follow_ups=tuple(version.follow_ups),
        facilitator_note=version.facilitator_note,
        group_kinds=tuple(GroupKind(kind) for kind in version.group_types),
        min_people=version.min_people,
        online_ok=version.online_ok,
        tags=tuple(version.tags),
    )


def card_of(item: PromptItem) -> PromptCard:
    """Return a prompt as the rules see it when its reader places it."""
    version = item.version
    return replace(
        draft_card(draft_of(version)),
        prompt_id=version.prompt_id,
        version_id=version.id,
        version=version.version,
        status=PromptStatus(version.status),
        own=item.mine,
    )


def join_newest(statement: AnySelect, language: str) -> AnySelect:
    """Join a statement to the newest version of each prompt in a language; each edition counts its own."""
    newest = (
        select(PromptVersion.prompt_id, func.max(PromptVersion.version).label("version"))
        .where(PromptVersion.language == language)
        .group_by(PromptVersion.prompt_id)
        .subquery()
    )
    return (
        statement.select_from(Prompt)
        .join(newest, newest.c.prompt_id == Prompt.id)
        .join(
            PromptVersion,
            (PromptVersion.prompt_id == newest.c.prompt_id)
            & (PromptVersion.language == language)
            & (PromptVersion.version == newest.c.version),
        )
    )


def visible_to(me: Facilitator) -> ColumnElement[bool]:
    """Give the condition that a person may see a prompt."""
    return or_(Prompt.shared, Prompt.owner_id == me.id)


def _item(prompt: Prompt, version: PromptVersion, me: Facilitator) -> PromptItem:
    return PromptItem(prompt=prompt, version=version, mine=prompt.owner_id == me.id)
