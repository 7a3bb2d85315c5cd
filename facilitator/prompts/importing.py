"""Brings the shipped prompts into the database, language by language; running it again changes nothing."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from facilitator.curriculum.entries import Brought
from facilitator.curriculum.materials import PromptEntry
from facilitator.curriculum.rules import Origin
from facilitator.curriculum.service import editions, load_prompt_entries
from facilitator.prompts.models import Prompt, PromptVersion

CONTENT = (
    "sub_bind",
    "pole",
    "arenas",
    "depth",
    "phase",
    "format",
    "fallback_format",
    "minutes_default",
    "minutes_min",
    "text",
    "content_note",
    "opt_out",
    "follow_ups",
    "facilitator_note",
    "group_types",
    "min_people",
    "online_ok",
    "tags",
    "provenance",
)
"""The columns that say what a prompt is; the others tell one version from another."""


def import_library(db: Session, language: str | None = None) -> Brought:
    """Bring the shipped prompts of a language, or of all, into the database.

    A prompt that the program ships with other words than before gets a new version, which waits for review like any
    other. Where it was edited here since, the words of this installation stay. An unchanged one is left alone, its
    review too. A prompt that is shipped no more stays as it is.

    Raises:
        NotFound: when there is no edition in this language.
    """
    languages = editions() if language is None else (language,)
    return sum((import_entries(db, load_prompt_entries(each)) for each in languages), Brought())


def import_entries(db: Session, entries: Sequence[PromptEntry]) -> Brought:
    """Bring prompts into the database, as `import_library` does."""
    known = set(db.scalars(select(Prompt.id)))
    db.add_all(Prompt(id=entry.id) for entry in entries if entry.id not in known)
    db.flush()
    standing = _list_versions(db, {entry.language for entry in entries})
    done = sum((_import_entry(db, entry, standing.get((entry.id, entry.language), [])) for entry in entries), Brought())
    db.flush()
    return done


def content_of(entry: PromptEntry) -> dict[str, Any]:
    """Give what an entry says, by the columns of a version."""
    return {
        "sub_bind": entry.sub_bind,
        "pole": entry.pole,
        "arenas": list(entry.arenas),
        "depth": entry.depth,
        "phase": entry.phase,
        "format": entry.format,
        "fallback_format": entry.fallback_format or "",
        "minutes_default": entry.minutes.default,
        "minutes_min": entry.minutes.least,
        "text": entry.text,
        "content_note": entry.content_note,
        "opt_out": entry.opt_out,
        "follow_ups": list(entry.follow_ups),
        "facilitator_note": entry.facilitator_note,
        "group_types": list(entry.group_kinds),
        "min_people": entry.min_people,
        "online_ok": entry.online_ok,
        "tags": list(entry.tags),
        "provenance": entry.provenance,
    }


def said_by(version: PromptVersion) -> dict[str, Any]:
    """Give what a version says, by its columns, as `content_of` gives it of an entry."""
    return {name: getattr(version, name) for name in CONTENT}


def says_the_same(entry: PromptEntry, version: PromptVersion) -> bool:
    """Tell whether a version says what an entry says, its review aside."""
    return said_by(version) == content_of(entry)


def make_version(entry: PromptEntry, number: int, origin: Origin) -> PromptVersion:
    """Make the row of an entry, with the review that it brings along."""
    return PromptVersion(
        prompt_id=entry.id,
        version=number,
        language=entry.language,
        status=entry.status,
        reviewed_by_role=entry.reviewed_by_role,
        reviewed_on=entry.reviewed_on,
        origin=origin,
        translation_of=entry.translation_of,
        **content_of(entry),
    )


def _list_versions(db: Session, languages: Collection[str]) -> dict[tuple[str, str], list[PromptVersion]]:
    in_order = select(PromptVersion).where(PromptVersion.language.in_(languages)).order_by(PromptVersion.version)
    found: dict[tuple[str, str], list[PromptVersion]] = {}
    for version in db.scalars(in_order):
        found.setdefault((version.prompt_id, version.language), []).append(version)
    return found


def _import_entry(db: Session, entry: PromptEntry, standing: list[PromptVersion]) -> Brought:
    of_program = [version for version in standing if version.origin == Origin.SHIPPED]
    if of_program and says_the_same(entry, of_program[-1]):
        of_program[-1].translation_of = entry.translation_of
        return Brought(unchanged=1)
    if standing and standing[-1].origin == Origin.LOCAL:
        return Brought(kept=1)
    number = max(entry.version, standing[-1].version + 1) if standing else entry.version
    db.add(make_version(entry, number, Origin.SHIPPED))
    return Brought(changed=1) if standing else Brought(added=1)
