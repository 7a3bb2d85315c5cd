"""Use cases of prompts: bring in the shipped library, write your own, review.

A version is never changed once it is there, its review aside: other words make a new version, so that what a group
had stays true. Nothing here may assign a prompt.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import CursorResult, Result, select, update
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.materials import PromptEntry
from facilitator.curriculum.rules import PromptStatus, Provenance
from facilitator.curriculum.service import editions, load_prompt_entries
from facilitator.errors import Invalid, NotAllowed
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import PromptItem, get_prompt
from facilitator.prompts.rules_draft import PromptDraft, validate_draft
from facilitator.tokens import new_id

LONGEST_ROLE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did, in prompts."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def import_library(db: Session, language: str | None = None) -> Imported:
    """Bring the shipped prompts of a language, or of all, into the database; running it again changes nothing.

    A prompt whose content differs gets a new version, which waits for review like any other. An unchanged one is
    left alone, its review too. A prompt that is shipped no more stays as it is.

    Raises:
        NotFound: when there is no edition in this language.
    """
    languages = editions() if language is None else (language,)
    done = [import_entries(db, load_prompt_entries(each)) for each in languages]
    return Imported(
        added=sum(each.added for each in done),
        changed=sum(each.changed for each in done),
        unchanged=sum(each.unchanged for each in done),
    )


def import_entries(db: Session, entries: Sequence[PromptEntry]) -> Imported:
    """Bring prompts of one language into the database, as `import_library` does."""
    highest = {prompt.id: prompt.current_version for prompt in db.scalars(select(Prompt))}
    present = _present_versions(db, {entry.language for entry in entries})
    added, changed = [], []
    for entry in entries:
        standing = present.get((entry.id, entry.language))
        if standing is None:
            added.append(entry)
        elif _differs(entry, standing):
            changed.append(entry)
    db.add_all(Prompt(id=entry.id, current_version=1) for entry in added if entry.id not in highest)
    db.flush()
    numbers = {entry.id: highest.get(entry.id, 0) + 1 for entry in (*added, *changed)}
    db.add_all(_new_version(entry, numbers[entry.id]) for entry in (*added, *changed))
    _raise_current(db, {pid: number for pid, number in numbers.items() if pid in highest})
    db.flush()
    return Imported(added=len(added), changed=len(changed), unchanged=len(entries) - len(added) - len(changed))


def write_own(db: Session, me: Facilitator, draft: PromptDraft) -> PromptItem:
    """Keep a prompt of one's own: private, and unreviewed until a reviewer has approved it.

    It may stand in the sessions of its author's groups. While review is required, nothing places it by itself: its
    author may put it into a slot by hand, where it carries the badge. What could be worded better is told by
    `lint_prompt` and stops nobody.

    Raises:
        Invalid: when a value cannot be kept.
    """
    draft = validate_draft(draft)
    prompt = Prompt(id=new_id(), current_version=1, owner_id=me.id, shared=False)
    db.add(prompt)
    db.flush()
    version = PromptVersion(prompt_id=prompt.id, version=1, **_own_values(draft))
    db.add(version)
    db.flush()
    return PromptItem(prompt=prompt, version=version, mine=True)


def edit_own(db: Session, me: Facilitator, prompt_id: str, draft: PromptDraft) -> PromptItem:
    """Give a prompt of one's own other words; they are a new version, and the old one stays where it was used.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when it is shared by somebody else or shipped.
        Invalid: when a value cannot be kept.
    """
    draft = validate_draft(draft)
    prompt = _own_prompt(db, me, prompt_id)
    prompt.current_version += 1
    version = PromptVersion(prompt_id=prompt.id, version=prompt.current_version, **_own_values(draft))
    db.add(version)
    db.flush()
    return PromptItem(prompt=prompt, version=version, mine=True)


def retire_own(db: Session, me: Facilitator, prompt_id: str) -> None:
    """Take a prompt of one's own out of use; where it stands already, it stays.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when it is shared by somebody else or shipped.
    """
    prompt = _own_prompt(db, me, prompt_id)
    retire(db, list(db.scalars(select(PromptVersion.id).where(PromptVersion.prompt_id == prompt.id))))


def approve(db: Session, version_ids: Collection[str], role: str, on: date) -> int:
    """Mark these versions as reviewed and return how many were drafts until now.

    Args:
        db: the open session.
        version_ids: the exact wordings that were read.
        role: what the reviewer is, such as "clinical psychologist"; never who.
        on: the day of the review.

    Raises:
        Invalid: when the role is empty or too long.
    """
    role = " ".join(role.split())
    if not 1 <= len(role) <= LONGEST_ROLE:
        raise Invalid(f"Enter the reviewer's role in 1 to {LONGEST_ROLE} characters.", field="role")
    drafts = (PromptVersion.id.in_(version_ids), PromptVersion.status == PromptStatus.DRAFT)
    reviewed = {"status": PromptStatus.REVIEWED, "reviewed_by_role": role, "reviewed_on": on}
    return _count(db.execute(update(PromptVersion).where(*drafts).values(reviewed)))


def withdraw_review(db: Session, version_ids: Collection[str]) -> int:
    """Make reviewed versions drafts again and return how many were."""
    reviewed = (PromptVersion.id.in_(version_ids), PromptVersion.status == PromptStatus.REVIEWED)
    draft = {"status": PromptStatus.DRAFT, "reviewed_by_role": "", "reviewed_on": None}
    return _count(db.execute(update(PromptVersion).where(*reviewed).values(draft)))


def retire(db: Session, version_ids: Collection[str]) -> int:
    """Take these versions out of use and return how many were in use; sessions that have them keep them."""
    in_use = (PromptVersion.id.in_(version_ids), PromptVersion.status != PromptStatus.RETIRED)
    return _count(db.execute(update(PromptVersion).where(*in_use).values(status=PromptStatus.RETIRED)))


def _present_versions(db: Session, languages: Collection[str]) -> dict[tuple[str, str], PromptVersion]:
    in_order = select(PromptVersion).where(PromptVersion.language.in_(languages)).order_by(PromptVersion.version)
    # the newest comes last and stays
    return {(version.prompt_id, version.language): version for version in db.scalars(in_order)}


def _content(entry: PromptEntry) -> dict[str, Any]:
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


def _differs(entry: PromptEntry, version: PromptVersion) -> bool:
    return any(getattr(version, name) != value for name, value in _content(entry).items())


def _new_version(entry: PromptEntry, number: int) -> PromptVersion:
    return PromptVersion(
        prompt_id=entry.id,
        version=number,
        language=entry.language,
        status=entry.status,
        reviewed_by_role=entry.reviewed_by_role,
        reviewed_on=entry.reviewed_on,
        **_content(entry),
    )


def _raise_current(db: Session, numbers: dict[str, int]) -> None:
    if numbers:
        rows = [{"id": prompt_id, "current_version": number} for prompt_id, number in numbers.items()]
        db.execute(update(Prompt), rows)


def _own_prompt(db: Session, me: Facilitator, prompt_id: str) -> Prompt:
    found = get_prompt(db, me, prompt_id)
    if not found.mine:
        raise NotAllowed("Only its author can change a prompt. You can write your own instead.")
    return found.prompt


def _own_values(draft: PromptDraft) -> dict[str, Any]:
    return {
        "language": draft.language,
        "status": PromptStatus.DRAFT,
        "sub_bind": draft.sub_bind,
        "pole": draft.pole,
        "arenas": list(draft.arenas),
        "depth": draft.depth,
        "phase": draft.phase,
        "format": draft.format,
        "fallback_format": draft.fallback_format or "",
        "minutes_default": draft.minutes_default,
        "minutes_min": draft.minutes_min,
        "text": draft.text,
        "content_note": draft.content_note,
        "opt_out": draft.opt_out.strip(),
        "follow_ups": list(draft.follow_ups),
        "facilitator_note": draft.facilitator_note,
        "group_types": list(draft.group_kinds),
        "min_people": draft.min_people,
        "online_ok": draft.online_ok,
        "tags": list(draft.tags),
        "provenance": Provenance.ORIGINAL,
    }


def _count(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount
