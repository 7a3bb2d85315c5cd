"""Reads prompts: the pool that the assignment rules choose from, the library as people browse it, one prompt.

A private prompt is there for its owner alone; to everyone else it does not exist. Nothing here writes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.rules import Arena, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.errors import NotFound
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.rules_cards import PromptCard

PAGE_SIZE = 20
NO_FORMAT = ""

AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

CARD_COLUMNS = (
    PromptVersion.id.label("version_id"),
    PromptVersion.prompt_id,
    PromptVersion.version,
    PromptVersion.language,
    PromptVersion.status.label("prompt_status"),
    PromptVersion.sub_bind,
    PromptVersion.pole,
    PromptVersion.arenas,
    PromptVersion.depth,
    PromptVersion.phase,
    PromptVersion.format,
    PromptVersion.fallback_format,
    PromptVersion.minutes_default,
    PromptVersion.minutes_min,
    PromptVersion.group_types,
    PromptVersion.min_people,
    PromptVersion.online_ok,
    PromptVersion.tags,
    Prompt.owner_id,
)
"""What a card is made of; any query that joins both tables may select these and call `read_card`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFilter:
    """What a person looks for; an empty value asks for nothing.

    Args:
        text: a part of the wording, in any case.
        mine: their own prompts alone.
    """

    language: str = "en"
    text: str = ""
    sub_bind: SubBind | None = None
    pole: Pole | None = None
    arena: Arena | None = None
    depth: int | None = None
    phase: Phase | None = None
    format: Format | None = None
    status: PromptStatus | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptItem:
    """A prompt with the version that counts, and whether the reader wrote it."""

    prompt: Prompt
    version: PromptVersion
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPage:
    """One page of prompts; pages count from 1."""

    items: tuple[PromptItem, ...]
    page: int
    pages: int
    total: int


def load_pool(db: Session, language: str, facilitator_ids: Collection[str]) -> tuple[PromptCard, ...]:
    """Load, in one query, what the rules may choose from: the newest version of each prompt in a language.

    Shared prompts and the own ones of these facilitators; retired ones are left out. Drafts are in: whether review
    is required is a matter of the rules, which then say that it was this that emptied a slot.
    """
    visible = or_(Prompt.shared, Prompt.owner_id.in_(facilitator_ids))
    statement = _newest(select(*CARD_COLUMNS), language).where(visible, PromptVersion.status != PromptStatus.RETIRED)
    return tuple(read_card(row, facilitator_ids) for row in db.execute(statement))


def read_card(row: AnyRow, facilitator_ids: Collection[str]) -> PromptCard:
    """Return the card of a row that holds CARD_COLUMNS; prompts of these facilitators count as their own."""
    return PromptCard(
        prompt_id=row.prompt_id,
        version_id=row.version_id,
        version=row.version,
        language=row.language,
        status=PromptStatus(row.prompt_status),
        own=row.owner_id is not None and row.owner_id in facilitator_ids,
        sub_bind=SubBind(row.sub_bind),
        pole=Pole(row.pole),
        arenas=tuple(Arena(arena) for arena in row.arenas),
        depth=row.depth,
        phase=Phase(row.phase),
        format=Format(row.format),
        fallback_format=Format(row.fallback_format) if row.fallback_format != NO_FORMAT else None,
        minutes_default=row.minutes_default,
        minutes_min=row.minutes_min,
        group_kinds=frozenset(GroupKind(kind) for kind in row.group_types),
        min_people=row.min_people,
        online_ok=row.online_ok,
        tags=tuple(row.tags),
    )


def list_prompts(db: Session, me: Facilitator, filters: PromptFilter, page: int = 1) -> PromptPage:
    """List the prompts that a person may see, twenty a page; a page beyond the last is the last."""
    conditions = [_visible_to(me), *_conditions(me, filters)]
    found = _newest(select(Prompt, PromptVersion), filters.language).where(*conditions)
    total = db.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    pages = max(1, ceil(total / PAGE_SIZE))
    page = min(max(1, page), pages)
    in_order = found.order_by(PromptVersion.sub_bind, PromptVersion.phase, PromptVersion.depth, Prompt.id)
    rows = db.execute(in_order.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE))
    items = tuple(_item(prompt, version, me) for prompt, version in rows)
    return PromptPage(items=items, page=page, pages=pages, total=total)


def get_prompt(db: Session, me: Facilitator, prompt_id: str, language: str | None = None) -> PromptItem:
    """Return a prompt in its newest version, in a language where one is named.

    Raises:
        NotFound: when there is none, or it is somebody else's private one.
    """
    found = select(Prompt, PromptVersion).join(PromptVersion, PromptVersion.prompt_id == Prompt.id)
    found = found.where(Prompt.id == prompt_id, _visible_to(me)).order_by(PromptVersion.version.desc()).limit(1)
    if language is not None:
        found = found.where(PromptVersion.language == language)
    row = db.execute(found).one_or_none()
    if row is None:
        raise NotFound
    return _item(row[0], row[1], me)


def list_versions(db: Session, prompt: Prompt) -> list[PromptVersion]:
    """List the versions of a prompt, newest first."""
    found = select(PromptVersion).where(PromptVersion.prompt_id == prompt.id).order_by(PromptVersion.version.desc())
    return list(db.scalars(found))


def count_drafts(db: Session, language: str) -> int:
    """Return how many shared prompts of a language wait for review."""
    found = _newest(select(PromptVersion.id), language)
    waiting = found.where(Prompt.shared, PromptVersion.status == PromptStatus.DRAFT)
    return db.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def _newest(statement: AnySelect, language: str) -> AnySelect:
    """Join a statement to the newest version of each prompt in a language; editions share one row of numbers."""
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
            (PromptVersion.prompt_id == newest.c.prompt_id) & (PromptVersion.version == newest.c.version),
        )
    )


def _visible_to(me: Facilitator) -> ColumnElement[bool]:
    return or_(Prompt.shared, Prompt.owner_id == me.id)


def _conditions(me: Facilitator, filters: PromptFilter) -> list[ColumnElement[bool]]:
    version = PromptVersion
    equal = {
        version.sub_bind: filters.sub_bind,
        version.pole: filters.pole,
        version.depth: filters.depth,
        version.phase: filters.phase,
        version.format: filters.format,
        version.status: filters.status,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if filters.arena is not None:
        found.append(_holds(filters.arena))
    if filters.text.strip():
        found.append(version.text.icontains(filters.text.strip(), autoescape=True))
    return [*found, Prompt.owner_id == me.id] if filters.mine else found


def _holds(arena: Arena) -> ColumnElement[bool]:
    # a list of one or two known words; its text form is the same on both engines
    return cast(PromptVersion.arenas, Text).contains(f'"{arena}"', autoescape=True)


def _item(prompt: Prompt, version: PromptVersion, me: Facilitator) -> PromptItem:
    return PromptItem(prompt=prompt, version=version, mine=prompt.owner_id == me.id)
