"""Reads the library of prompts as people browse it: what they look for, in which order, and what to loosen.

Sessions are not known here: who asks about use hands in a subquery of it. Nothing here writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Subquery, Text, and_, case, cast, func, literal, null, or_, select
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.rules import Arena, Format, Phase, Pole, PromptStatus, SubBind
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import PromptItem, join_newest, visible_to
from facilitator.prompts.rules_search import Sorting, Used, Whose, list_beginnings

PAGE_SIZE = 20
Conditions = Mapping[str, ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFilter:
    """What a person looks for; an empty value asks for nothing, and what is out of use is left out unless asked for.

    Args:
        text: the beginnings of words, in any case, with or without accents, in any order.
        minutes: at most so many, by the usual length.
        uses: how often and when prompts were used: prompt_id, times, last_at, last_on.
        lately_from: what was used from then on was used lately; None where all of it is.
    """

    language: str = "en"
    text: str = ""
    sub_bind: SubBind | None = None
    pole: Pole | None = None
    arena: Arena | None = None
    depth: int | None = None
    phase: Phase | None = None
    format: Format | None = None
    minutes: int | None = None
    status: PromptStatus | None = None
    whose: Whose | None = None
    uses: Subquery | None = None
    used: Used | None = None
    lately_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPage:
    """One page of prompts; pages count from 1."""

    items: tuple[PromptItem, ...]
    page: int
    pages: int
    total: int


def list_prompts(
    db: Session, me: Facilitator, filters: PromptFilter, page: int = 1, sorting: Sorting = Sorting.THEME
) -> PromptPage:
    """List the prompts that a person may see, twenty a page; a page beyond the last is the last."""
    uses = filters.uses
    use = (func.coalesce(uses.c.times, 0), uses.c.last_on) if uses is not None else (literal(0), null())
    found = _select(filters, Prompt, PromptVersion, *use).where(visible_to(me), *_conditions(me, filters).values())
    total = db.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    pages = max(1, ceil(total / PAGE_SIZE))
    page = min(max(1, page), pages)
    rows = db.execute(found.order_by(*_order(sorting, uses)).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE))
    items = tuple(
        PromptItem(prompt=prompt, version=version, mine=prompt.owner_id == me.id, times=times, last_on=last_on)
        for prompt, version, times, last_on in rows
    )
    return PromptPage(items=items, page=page, pages=pages, total=total)


def count_loosened(db: Session, me: Facilitator, filters: PromptFilter) -> dict[str, int]:
    """Return how many prompts each filter alone keeps out, by its name in the filter, in one query."""
    conditions = _conditions(me, filters)
    asked = [name for name in conditions if name != "status" or filters.status is not None]
    if not asked:
        return {}
    counts = [func.count(case((_without(name, conditions), 1))).label(name) for name in asked]
    row = db.execute(_select(filters, *counts).where(visible_to(me))).one()
    return dict(zip(asked, row, strict=True))


def _without(name: str, conditions: Conditions) -> ColumnElement[bool]:
    others = [condition for other, condition in conditions.items() if other != name]
    return and_(*others, PromptVersion.status != PromptStatus.RETIRED) if name == "status" else and_(True, *others)  # noqa: FBT003 - the neutral element, where there are no others


def _select(filters: PromptFilter, *columns: Any) -> Any:
    found = join_newest(select(*columns), filters.language)
    uses = filters.uses
    return found if uses is None else found.outerjoin(uses, uses.c.prompt_id == Prompt.id)


def _conditions(me: Facilitator, filters: PromptFilter) -> dict[str, ColumnElement[bool]]:
    version, found = PromptVersion, {}
    for name in ("sub_bind", "pole", "depth", "phase", "format"):
        if (value := getattr(filters, name)) is not None:
            found[name] = getattr(version, name) == value
    if words := list_beginnings(filters.text):
        found["text"] = and_(*(version.search_words.contains(f" {word}", autoescape=True) for word in words))
    if filters.arena is not None:
        # a list of one or two known words; its text form is the same on both engines
        found["arena"] = cast(version.arenas, Text).contains(f'"{filters.arena}"', autoescape=True)
    if filters.minutes is not None:
        found["minutes"] = version.minutes_default <= filters.minutes
    if filters.whose is not None:
        found["whose"] = Prompt.owner_id == me.id if filters.whose is Whose.OWN else Prompt.shared.is_(True)
    if filters.used is not None and filters.uses is not None:
        found["used"] = _used(filters.used, filters.uses, filters.lately_from)
    out_of_use = version.status == PromptStatus.RETIRED
    found["status"] = version.status == filters.status if filters.status is not None else ~out_of_use
    return found


def _used(asked: Used, uses: Subquery, lately_from: datetime | None) -> ColumnElement[bool]:
    never: ColumnElement[bool] = uses.c.times.is_(None)
    if asked is Used.NOT_LATELY:
        return never if lately_from is None else or_(never, uses.c.last_at < lately_from)
    return never if asked is Used.NEVER else ~never


def _order(sorting: Sorting, uses: Subquery | None) -> tuple[Any, ...]:
    version = PromptVersion
    theme = case({member.value: place for place, member in enumerate(SubBind)}, value=version.sub_bind)
    phase = case({member.value: place for place, member in enumerate(Phase)}, value=version.phase)
    match sorting:
        case Sorting.PHASE:
            return phase, theme, version.depth, Prompt.id
        case Sorting.DEPTH:
            return version.depth, theme, phase, Prompt.id
        case Sorting.NEWEST:
            return version.serial.desc(), theme, phase, version.depth, Prompt.id
        case Sorting.LEAST_USED if uses is not None:
            return func.coalesce(uses.c.times, 0), uses.c.last_at, theme, phase, version.depth, Prompt.id
        case _:
            return theme, phase, version.depth, Prompt.id
