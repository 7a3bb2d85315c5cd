"""Written materials as frozen values: exercises, agreements, help lines, prompts as shipped.

A prompt here is an entry to import; versions and review live with the prompts themselves.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from facilitator.curriculum.rules import (
    Arena,
    ExerciseUse,
    Format,
    GroupKind,
    HelpKind,
    Phase,
    Pole,
    PromptStatus,
    Provenance,
    SubBind,
    needs_checking,
)
from facilitator.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """A grounding exercise of a few minutes, with another channel for those whom the first does not suit."""

    id: str
    code: str
    name: str
    version: int
    status: PromptStatus
    use: ExerciseUse
    crisis_use: bool
    when: tuple[str, ...]
    minutes: int
    channel: str
    steps: tuple[str, ...]
    alternative: str
    caution: str
    online_note: str
    facilitator_note: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseFile:
    """What exercises.toml holds."""

    schema_version: int
    language: str
    translation_of: int = 0
    defaults: str
    exercises: tuple[Exercise, ...] = field(metadata={"key": "exercise"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLine:
    """One line of the group's agreement; some are not for a group to change."""

    id: str
    order: int
    title: str
    text: str
    editable: bool
    online_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementSheet:
    """The proposed agreement and the sentences read with it."""

    schema_version: int
    language: str
    translation_of: int = 0
    intro: str
    honesty_note: str
    limits_line: str
    confidentiality_line: str
    safety_line: str
    lines: tuple[AgreementLine, ...] = field(metadata={"key": "agreement"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """A service that anyone may call; shown only while active. Who verified it is kept as a role, never as a name."""

    id: str
    country: str
    audience: str
    kind: HelpKind
    label: str
    phone: str
    text: str
    url: str
    hours: str
    languages: str
    source_url: str
    last_verified_on: date | None
    active: bool
    verification_note: str
    verified_by_role: str = ""

    def needs_checking(self, today: date, allowed_age: timedelta) -> bool:
        """Say whether the line was never verified, or too long ago."""
        return needs_checking(self.last_verified_on, today, allowed_age)


def check_help_line(line: HelpLine, where: str) -> None:
    """Refuse an address that is not one of the web: pages make links of it.

    Args:
        line: as read.
        where: file and entry, for the message.
    """
    for key, address in (("url", line.url), ("source_url", line.source_url)):
        if address and not address.startswith(("https://", "http://")):
            raise Invalid(f"{where}: {key} does not begin with https:// or http://.", field=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpBlock:
    """The crisis block: shown to everyone in the same way, never empty."""

    schema_version: int
    language: str
    translation_of: int = 0
    intro: str
    limits_line: str
    warn_after_days: int
    verify_before_go_live: bool
    auto_dial: bool
    show_to: str
    lines: tuple[HelpLine, ...] = field(metadata={"key": "resource"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMinutes:
    """How long a prompt usually takes, and the least it works in, in minutes."""

    default: int
    least: int = field(metadata={"key": "min"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEntry:
    """A shipped prompt, ready to import as a version."""

    id: str
    version: int
    language: str
    translation_of: int = 0
    status: PromptStatus
    sub_bind: SubBind
    pole: Pole
    arenas: tuple[Arena, ...]
    depth: int
    phase: Phase
    format: Format
    fallback_format: Format | None
    minutes: PromptMinutes
    text: str
    content_note: str
    opt_out: str
    follow_ups: tuple[str, ...]
    facilitator_note: str
    group_kinds: tuple[GroupKind, ...] = field(metadata={"key": "group_types"})
    min_people: int
    online_ok: bool
    assumes_status: str = "none"
    provenance: Provenance
    reviewed_by_role: str
    reviewed_on: date | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile:
    """What one file of prompts holds."""

    prompts: tuple[PromptEntry, ...] = field(metadata={"key": "prompt"})
