"""Brings a file of library entries in: first what would become of each, then all of it or nothing.

A version that is here is never changed, its review aside. Nothing here decides who may import: reviewers and admins
alone may, which is why the reviews of a file are kept.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator
from facilitator.curriculum.editions import note_change
from facilitator.curriculum.models import LibraryEntry
from facilitator.curriculum.rules import Origin, PromptStatus
from facilitator.curriculum.service import SOURCE_LANGUAGE, catalogue, load_prompt_entries
from facilitator.curriculum.shelves import list_shelves, write_entry
from facilitator.errors import Conflict, Invalid
from facilitator.library.editing import Fault
from facilitator.library.exchange import Holding, Refusal, load_holdings
from facilitator.library.holds import list_holds
from facilitator.library.items import PROMPT, Item, Key, write_item
from facilitator.prompts.importing import content_of
from facilitator.prompts.models import Prompt, PromptVersion

_STEPS = (PromptStatus.DRAFT, PromptStatus.REVIEWED, PromptStatus.RETIRED)


class Outcome(StrEnum):
    """What becomes of an entry of a file, in the order that a person wants to know it."""

    REFUSED = "refused"  # something is wrong with it; nothing of the file is imported
    CONFLICT = "conflict"  # this version is here with other words
    CHANGED = "changed"  # a higher version than here
    NEW = "new"
    REVIEW = "review"  # the words are here; the file knows of a review, or that they are out of use
    SAME = "same"
    OLDER = "older"  # here as an earlier version


class Decision(StrEnum):
    """What is done about every conflict of a file."""

    KEEP = "keep"
    TAKE = "take"


WRITTEN = frozenset({Outcome.NEW, Outcome.CHANGED, Outcome.REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry of a file and what becomes of it.

    Args:
        name: what a refused entry is called in its file.
        item: what the file holds; None when it could not be read.
        here: the newest version in the database.
        reason: why it is refused.
        hold: what groups could not do without, when it is refused for that.
    """

    outcome: Outcome
    name: str = ""
    item: Item | None = None
    here: Holding | None = None
    reason: str = ""
    hold: Fault | None = None

    @property
    def version(self) -> int:
        """Return the number that the file gives; 0 when it could not be read."""
        return self.item.head.version if self.item else 0

    @property
    def number(self) -> int:
        """Return the number under which it is written; words that conflict are a new version."""
        if self.outcome is Outcome.CONFLICT and self.here:
            return self.here.item.head.version + 1
        return self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import would do, in the order of the file."""

    lines: tuple[Line, ...]

    @property
    def counts(self) -> dict[Outcome, int]:
        """Return how many entries have each outcome; those that none has are left out."""
        counted = Counter(line.outcome for line in self.lines)
        return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}

    def list_lines(self, outcome: Outcome) -> list[Line]:
        """List the entries with an outcome."""
        return [line for line in self.lines if line.outcome is outcome]

    def list_written(self, decision: Decision | None) -> list[Line]:
        """List the entries that would be written."""
        taken = {Outcome.CONFLICT} if decision is Decision.TAKE else set()
        return [line for line in self.lines if line.outcome in WRITTEN | taken]

    @property
    def fingerprint(self) -> str:
        """Return what tells one preview from another: the entries, and what the library held of each."""
        shown = [
            (
                line.outcome,
                line.reason,
                line.hold and line.hold.code,
                line.item and write_item(line.item),
                line.here and (line.here.row.id, line.here.item.head.status),
            )
            for line in self.lines
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def plan_import(db: Session, me: Facilitator | None, found: Iterable[Item | Refusal]) -> Plan:
    """Say what would become of each entry; nothing is written.

    Args:
        db: the open session.
        me: who imports; None on the command line, where nobody's own entries can be brought in.
        found: what the file holds.
    """
    holdings = load_holdings(db)
    owners = {key[:2]: versions[-1] for key, versions in holdings.items()}
    seen: set[Key] = set()
    sharing: dict[tuple[str, str], bool] = {}
    lines = []
    for each in found:
        if isinstance(each, Refusal):
            lines.append(Line(outcome=Outcome.REFUSED, name=each.name, reason=each.reason))
            continue
        versions = holdings.get(each.key, [])
        present = versions[-1] if versions else owners.get(each.key[:2])
        reason = _refuse(each, me, present, stands_twice=each.key in seen)
        if sharing.setdefault(each.key[:2], each.head.shared) != each.head.shared:
            reason = f"{each.kind} '{each.head.slug}', shared: it is yes in one language and no in another."
        seen.add(each.key)
        outcome = Outcome.REFUSED if reason else _judge(each, versions)
        here = versions[-1] if versions and not reason else None
        lines.append(Line(outcome=outcome, name=" ".join(each.key[:2]), item=each, here=here, reason=reason))
    return Plan(lines=tuple(_hold_back(db, lines)))


def carry_out(db: Session, me: Facilitator | None, plan: Plan, decision: Decision | None = None) -> dict[Outcome, int]:
    """Write what a plan says, all of it, and return how many entries were written for each outcome.

    Raises:
        Invalid: when an entry is refused.
        Conflict: when a conflict is undecided, or the library changed meanwhile.
    """
    counts = plan.counts
    if Outcome.REFUSED in counts:
        raise Invalid("Nothing is imported while an entry is refused.")
    if Outcome.CONFLICT in counts and decision is None:
        raise Conflict("Decide about the conflicts: keep what is here, or take what the file has.")
    written = plan.list_written(decision)
    try:
        _write_all(db, me, written)
    except IntegrityError as clash:
        raise Conflict("The library was changed meanwhile. Nothing was imported. Look at the preview again.") from clash
    if written:
        note_change(db)
    return dict(Counter(line.outcome for line in written))


def say_counts(counts: Mapping[Outcome, int]) -> str:
    """Return counts as words, such as "3 new, 1 changed"."""
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


def _write_all(db: Session, me: Facilitator | None, written: Sequence[Line]) -> None:
    _add_prompts(db, me, written)
    renumbered = _list_renumbered(written)
    for line in written:
        if line.item:
            _write(db, me, line, line.item, renumbered)
    db.flush()


def _hold_back(db: Session, lines: Sequence[Line]) -> list[Line]:
    """Refuse what would take out of use what groups cannot do without."""
    brought = [line.item for line in lines if line.item and line.outcome in WRITTEN]
    conflicting = [line.item for line in lines if line.item and line.outcome is Outcome.CONFLICT]
    holds = list_holds(db, brought, [*brought, *conflicting])
    return [
        replace(line, outcome=Outcome.REFUSED, here=None, hold=holds[line.item.key])
        if line.item and line.outcome is not Outcome.REFUSED and line.item.key in holds
        else line
        for line in lines
    ]


def _refuse(item: Item, me: Facilitator | None, holding: Holding | None, *, stands_twice: bool) -> str:
    kind, slug, language = item.key
    name = f"{kind} '{slug}'"
    if stands_twice:
        return f"{name}: it stands more than once in '{language}' in this file."
    if holding and not holding.item.head.shared and (me is None or holding.owner_id != me.id):
        return f"{name}: the id belongs to somebody's own entry here. Give it another id."
    if not item.head.shared and holding is None and me is None:
        return f"{name}: it is somebody's own. Import it on the page Import, signed in as its owner."
    return ""


def _judge(item: Item, versions: Sequence[Holding]) -> Outcome:
    if not versions:
        return Outcome.NEW
    newest = versions[-1].item
    if item.head.version > newest.head.version:
        return Outcome.CHANGED
    if item.content == newest.content:
        is_further = _STEPS.index(item.head.status) > _STEPS.index(newest.head.status)
        return Outcome.REVIEW if is_further else Outcome.SAME
    # words that were taken over once are here under a number of their own
    was_here = item.content in [each.item.content for each in versions]
    return Outcome.OLDER if was_here and item.head.version < newest.head.version else Outcome.CONFLICT


def _list_renumbered(written: Iterable[Line]) -> Mapping[tuple[str, str, int], int]:
    """Return the new number of each original, by kind, slug and the number in the file: its translations name it."""
    originals = (line for line in written if line.item and line.item.head.language == SOURCE_LANGUAGE)
    return {(*line.item.key[:2], line.version): line.number for line in originals if line.item}


def _add_prompts(db: Session, me: Facilitator | None, written: Iterable[Line]) -> None:
    """Add the prompts of new entries; a translation belongs to the prompt that is there."""
    items = {line.item.head.slug: line.item for line in written if line.item and line.item.kind == PROMPT}
    present = {prompt.id for prompt in db.query(Prompt).filter(Prompt.id.in_(items))} if items else set()
    for slug, item in items.items():
        if slug not in present:
            db.add(Prompt(id=slug, **_ownership(item, me)))
    db.flush()


def _ownership(item: Item, me: Facilitator | None) -> dict[str, Any]:
    return {"owner_id": None if item.head.shared or me is None else me.id, "shared": item.head.shared}


def _write(
    db: Session, me: Facilitator | None, line: Line, item: Item, renumbered: Mapping[tuple[str, str, int], int]
) -> None:
    if line.outcome is Outcome.REVIEW and line.here:
        _carry_review(line.here.row, item)
        return
    made_from = (*item.key[:2], item.head.translation_of)
    head = replace(item.head, version=line.number, translation_of=renumbered.get(made_from, item.head.translation_of))
    db.add(_make_row(replace(item, head=head), me, line.here))


def _make_row(item: Item, me: Facilitator | None, here: Holding | None) -> PromptVersion | LibraryEntry:
    head = item.head
    common: dict[str, Any] = {
        "language": head.language,
        "version": head.version,
        "translation_of": head.translation_of,
        "origin": Origin.SHIPPED if item.content == _list_shipped(head.language).get(item.key[:2]) else Origin.LOCAL,
        "reviewed_by_role": head.reviewed_by_role,
        "reviewed_on": head.reviewed_on,
    }
    if item.kind == PROMPT:
        return PromptVersion(prompt_id=head.slug, status=head.status, **common, **item.content)
    owning = {"owner_id": here.owner_id, "shared": here.item.head.shared} if here else _ownership(item, me)
    retired = head.status is PromptStatus.RETIRED
    return LibraryEntry(kind=item.kind, slug=head.slug, content=dict(item.content), retired=retired, **common, **owning)


def _carry_review(row: PromptVersion | LibraryEntry, item: Item) -> None:
    head = item.head
    if isinstance(row, PromptVersion):
        row.status = head.status
    else:
        row.retired = head.status is PromptStatus.RETIRED
    if head.reviewed_on:
        row.reviewed_by_role, row.reviewed_on = head.reviewed_by_role, head.reviewed_on


@cache
def _list_shipped(language: str) -> Mapping[tuple[str, str], Mapping[str, object]]:
    prompts = {(PROMPT, entry.id): content_of(entry) for entry in load_prompt_entries(language)}
    entries = {
        (str(kind), slug): write_entry(entry) for (kind, slug), entry in list_shelves(catalogue(language)).items()
    }
    return prompts | entries
