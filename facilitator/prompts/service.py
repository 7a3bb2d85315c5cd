"""Use cases of prompts: write your own, change, share, review, take out of use.

A version is never changed once it is there, its review aside: other words make a new version, so that what a group
had stays true. Nothing here may assign a prompt.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, cast

from sqlalchemy import CursorResult, Result, case, select, update
from sqlalchemy.orm import Session

from facilitator.accounts.models import Facilitator, Role
from facilitator.curriculum.rules import Origin, PromptStatus, Provenance
from facilitator.curriculum.service import SOURCE_LANGUAGE
from facilitator.errors import Invalid, NotAllowed
from facilitator.prompts.models import Prompt, PromptVersion
from facilitator.prompts.queries import PromptItem, find_newest_version, get_prompt
from facilitator.prompts.rules_draft import PromptDraft, validate_draft
from facilitator.tokens import new_id

LONGEST_ROLE = 80
REVIEWERS = frozenset({Role.REVIEWER, Role.ADMIN})


def write_own(db: Session, me: Facilitator, draft: PromptDraft) -> PromptItem:
    """Keep a prompt of one's own: private, and unreviewed until a reviewer has approved it.

    It may stand in the sessions of its author's groups. While review is required, nothing places it by itself: its
    author may put it into a slot by hand, where it carries the badge. What could be worded better is told by
    `lint_prompt` and stops nobody.

    Raises:
        Invalid: when a value cannot be kept.
    """
    draft = validate_draft(draft)
    prompt = Prompt(id=new_id(), owner_id=me.id, shared=False)
    db.add(prompt)
    db.flush()
    version = PromptVersion(prompt_id=prompt.id, version=1, **_own_values(draft))
    db.add(version)
    db.flush()
    return PromptItem(prompt=prompt, version=version, mine=True)


def edit_own(
    db: Session, me: Facilitator, prompt_id: str, draft: PromptDraft, *, follows_original: bool = False
) -> PromptItem:
    """Give a prompt other words in one language; they are a new version, and the old one stays where it was used.

    The review falls with the old words. What the program ships may be given other words by a reviewer; these are this
    installation's own from then on, and the program's next edition leaves them alone.

    Args:
        db: the open session.
        me: its author, or a reviewer for what is nobody's own.
        prompt_id: the prompt.
        draft: the words, and the language that they are in.
        follows_original: a translation says what the original says now.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when it is for somebody else to change.
        Invalid: when a value cannot be kept.
    """
    draft = validate_draft(draft)
    prompt = get_changeable(db, me, prompt_id)
    standing = find_newest_version(db, prompt.id, draft.language)
    version = PromptVersion(prompt_id=prompt.id, version=standing.version + 1 if standing else 1, **_own_values(draft))
    if draft.language != SOURCE_LANGUAGE:
        original = find_newest_version(db, prompt.id, SOURCE_LANGUAGE)
        made_from = original if standing is None or follows_original else None
        version.translation_of = made_from.version if made_from else getattr(standing, "translation_of", 0)
    db.add(version)
    db.flush()
    return PromptItem(prompt=prompt, version=version, mine=prompt.owner_id == me.id)


def retire_own(db: Session, me: Facilitator, prompt_id: str) -> None:
    """Take a prompt out of use in every language; where it stands already, it stays.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when it is for somebody else to change.
    """
    prompt = get_changeable(db, me, prompt_id)
    retire(db, list(db.scalars(select(PromptVersion.id).where(PromptVersion.prompt_id == prompt.id))))


def restore_own(db: Session, me: Facilitator, prompt_id: str) -> None:
    """Bring a prompt back into use; words that were reviewed still are.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when it is for somebody else to change.
    """
    prompt = get_changeable(db, me, prompt_id)
    status = case((PromptVersion.reviewed_on.is_not(None), PromptStatus.REVIEWED), else_=PromptStatus.DRAFT)
    retired = (PromptVersion.prompt_id == prompt.id, PromptVersion.status == PromptStatus.RETIRED)
    db.execute(update(PromptVersion).where(*retired).values(status=status))


def share_own(db: Session, me: Facilitator, prompt_id: str, *, shared: bool) -> None:
    """Let everybody here see and use a prompt of one's own, or its author alone again; its review stays as it is.

    Its author alone changes it either way. Taken back, it stays in the plans in which it stands.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when somebody else wrote it.
    """
    prompt = get_changeable(db, me, prompt_id)
    if prompt.owner_id != me.id:
        raise NotAllowed("Only its author can share a prompt or keep it private.")
    prompt.shared = shared
    db.flush()


def can_change(me: Facilitator, prompt: Prompt) -> bool:
    """Tell whether a person may change a prompt: its author, or a reviewer where it is nobody's own."""
    return prompt.owner_id == me.id if prompt.owner_id else me.role in REVIEWERS


def get_changeable(db: Session, me: Facilitator, prompt_id: str) -> Prompt:
    """Return a prompt that a person may change, locked until the end of the transaction.

    Raises:
        NotFound: when it is not there for this person.
        NotAllowed: when it is for somebody else to change.
    """
    # a second window waits here, and then reads what the first one wrote
    db.execute(select(Prompt.id).where(Prompt.id == prompt_id).with_for_update())
    prompt = get_prompt(db, me, prompt_id).prompt
    if not can_change(me, prompt):
        raise NotAllowed("Only its author can change a prompt. You can write your own instead.")
    return prompt


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
        raise Invalid("Enter the reviewer's role in 1 to {most} characters.", field="role", most=LONGEST_ROLE)
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
        "origin": Origin.LOCAL,
    }


def _count(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount
