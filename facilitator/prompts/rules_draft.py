"""A prompt as an author writes it, and what about it cannot be kept.

It must never judge the wording: that is a matter of warnings.
"""

from dataclasses import dataclass, replace

from facilitator.curriculum.rules import Arena, Format, GroupKind, Phase, Pole, PromptStatus, SubBind
from facilitator.errors import Invalid
from facilitator.prompts.rules_cards import PromptCard

LONGEST_TEXT = 1000
LONGEST_NOTE = 200
MOST_ARENAS = 2
DEPTHS = range(1, 4)
MINUTES = range(1, 61)
PEOPLE = range(1, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptDraft:
    """Everything that an author says about a prompt; lengths in minutes."""

    language: str = "en"
    sub_bind: SubBind
    pole: Pole
    arenas: tuple[Arena, ...]
    depth: int
    phase: Phase
    format: Format
    fallback_format: Format | None = None
    minutes_default: int
    minutes_min: int
    text: str
    content_note: str = "none"
    opt_out: str = ""
    follow_ups: tuple[str, ...] = ()
    facilitator_note: str = ""
    group_kinds: tuple[GroupKind, ...] = (GroupKind.CLOSED, GroupKind.OPEN)
    min_people: int = 2
    online_ok: bool = True
    tags: tuple[str, ...] = ()


def draft_card(draft: PromptDraft) -> PromptCard:
    """Return a draft as the rules see it once its author has kept it: their own, and unreviewed."""
    return PromptCard(
        prompt_id="",
        version_id="",
        version=1,
        language=draft.language,
        status=PromptStatus.DRAFT,
        own=True,
        sub_bind=draft.sub_bind,
        pole=draft.pole,
        arenas=draft.arenas,
        depth=draft.depth,
        phase=draft.phase,
        format=draft.format,
        fallback_format=draft.fallback_format,
        minutes_default=draft.minutes_default,
        minutes_min=draft.minutes_min,
        group_kinds=frozenset(draft.group_kinds),
        min_people=draft.min_people,
        online_ok=draft.online_ok,
        tags=draft.tags,
    )


def validate_draft(draft: PromptDraft) -> PromptDraft:
    """Return the draft without spaces around its text.

    Raises:
        Invalid: when a value cannot be kept.
    """
    draft = replace(draft, text=draft.text.strip(), content_note=draft.content_note.strip() or "none")
    wrong = (
        (
            1 <= len(draft.text) <= LONGEST_TEXT,
            Invalid("Enter a prompt of 1 to {most} characters.", "text", most=LONGEST_TEXT),
        ),
        (
            len(draft.content_note) <= LONGEST_NOTE,
            Invalid("Enter at most {most} characters.", "content_note", most=LONGEST_NOTE),
        ),
        (1 <= len(set(draft.arenas)) <= MOST_ARENAS, Invalid("Choose one or two arenas.", "arenas")),
        (draft.depth in DEPTHS, Invalid("Choose depth 1, 2 or 3.", "depth")),
        (draft.minutes_min in MINUTES, Invalid("Enter 1 to 60 minutes.", "minutes_min")),
        (draft.minutes_default in MINUTES, Invalid("Enter 1 to 60 minutes.", "minutes_default")),
        (draft.minutes_min <= draft.minutes_default, Invalid("Enter no more than the usual minutes.", "minutes_min")),
        (bool(draft.group_kinds), Invalid("Choose at least one kind of group.", "group_kinds")),
        (draft.min_people in PEOPLE, Invalid("Enter 1 to 30 people.", "min_people")),
    )
    for holds, problem in wrong:
        if not holds:
            raise problem
    return draft
