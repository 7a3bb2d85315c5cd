"""What an entry has to keep to before it is written or taken out of use: what the pages of groups cannot do without.

Who may write is asked by `review.may_review`; writing itself is `curriculum.entries`. Faults are codes, not sentences.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from facilitator.curriculum.catalogue import ANYWHERE, Catalogue
from facilitator.curriculum.editions import OWN_AGENDA
from facilitator.curriculum.materials import Exercise, HelpLine
from facilitator.curriculum.rules import EntryKind, ExerciseUse, HelpKind, PromptStatus, Provenance, SegmentKind
from facilitator.curriculum.shelves import SINGLE_SCRIPTS, Slot

ADDABLE = frozenset({EntryKind.EXERCISE, EntryKind.AGREEMENT, EntryKind.SCRIPT, EntryKind.HELP_LINE})
"""Kinds of which new ones can be written; agendas come one for each kind and length, or are kept from a session."""

LEAST_EXERCISES = 4
"""At each end of a session: two differ within one meeting (H7), and none of them comes at the next."""

LONGEST_SLUG = 60
_SLUG = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_SLUG - 2}}}[a-z0-9])?")
_TAKEN_BY_PAGES = frozenset({"new"})
_CONTACTS = ("phone", "text", "url")
_GROUNDINGS = {SegmentKind.GROUND_OPEN: ExerciseUse.OPEN, SegmentKind.GROUND_CLOSE: ExerciseUse.CLOSE}

Table = Mapping[str, Any]


class FaultCode(StrEnum):
    """Why an entry cannot be written or taken out of use as it stands."""

    SUM = "sum"
    RESERVED = "reserved"
    NO_EXERCISE_FITS = "no_exercise_fits"
    TOO_FEW_EXERCISES = "too_few_exercises"
    DAY_AHEAD = "day_ahead"
    NO_CONTACT = "no_contact"
    NO_CHECK_DAY = "no_check_day"
    NO_CHECK_ROLE = "no_check_role"
    CHECK_OUTDATED = "check_outdated"
    ADDRESS = "address"
    LAST_LINE = "last_line"
    NEEDED_BY_PAGES = "needed_by_pages"
    SLUG_SHAPE = "slug_shape"
    SLUG_TAKEN = "slug_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One reason, the field it is about, and the figures of its sentence."""

    code: FaultCode
    about: str = ""
    params: Mapping[str, int] = field(default_factory=dict)


def begin_table(kind: EntryKind, content: Catalogue) -> dict[str, Any]:
    """Return the table of a new entry, with everything that nobody is asked about."""
    # a number apart from those of the files, so that a later edition of the program does not say another by it
    own = sum(exercise.code.startswith("L") for exercise in content.exercises) + 1
    tables: dict[EntryKind, dict[str, Any]] = {
        EntryKind.EXERCISE: {
            "code": f"L{own}",
            "status": PromptStatus.DRAFT.value,
            "use": ExerciseUse.EITHER.value,
            "when": ["any"],
            "minutes": 3,
            "crisis_use": False,
            "provenance": Provenance.ORIGINAL.value,
        },
        EntryKind.AGREEMENT: {
            "order": max((line.order for line in content.agreements.lines), default=0) + 1,
            "editable": True,
            "online_only": False,
        },
        EntryKind.SCRIPT: {},
        EntryKind.HELP_LINE: {"country": ANYWHERE, "kind": HelpKind.CRISIS.value, "audience": "", "active": False},
    }
    return tables[kind]


def propose_slug(name: str, kind: EntryKind) -> str:
    """Return a slug made from a name: plain letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-") or kind.replace("_", "-")


def choose_slug(wanted: str, name: str, kind: EntryKind, taken: Collection[str]) -> str | Fault:
    """Return the slug of a new entry: what was asked for, or the next free one made from its name."""
    barred = {*taken, *_TAKEN_BY_PAGES, *SINGLE_SCRIPTS}
    if wanted:
        if not _SLUG.fullmatch(wanted):
            return Fault(code=FaultCode.SLUG_SHAPE, about="slug", params={"most": LONGEST_SLUG})
        return Fault(code=FaultCode.SLUG_TAKEN, about="slug") if wanted in barred else wanted
    proposed, number = propose_slug(name, kind), 2
    slug = proposed
    while slug in barred:
        slug, number = f"{proposed}-{number}", number + 1
    return slug


def finish_table(slot: Slot, table: Table) -> dict[str, Any]:
    """Return a table with what follows from what was written: when each part of an agenda begins."""
    if slot[0] is not EntryKind.AGENDA:
        return dict(table)
    rows, minute = [], 0
    for row in table["segment"]:
        rows.append({**row, "starts_at": minute})
        minute += row["minutes"]
    return {**table, "segment": rows}


def list_faults(slot: Slot, before: Table, table: Table, content: Catalogue, today: date) -> list[Fault]:
    """List why an entry cannot be written as it stands; empty means it can.

    Args:
        slot: kind and slug.
        before: its table now; of a new entry, what it began with.
        table: as it was written.
        content: the edition that it belongs to.
        today: on the reader's day, which a check cannot be after.
    """
    match slot[0]:
        case EntryKind.AGENDA:
            return list(_judge_agenda(table, content.exercises))
        case EntryKind.EXERCISE:
            others = [e for e in content.exercises if e.id != slot[1]]
            uses = [*(e.use for e in others), ExerciseUse(table["use"])]
            return list(_judge_exercises(uses, [e.use for e in content.exercises], "use"))
        case EntryKind.HELP_LINE:
            return [*_judge_line(before, table, today), *_judge_last_line(slot, table, content.help.lines)]
        case _:
            return []


def find_hold(slot: Slot, content: Catalogue) -> Fault | None:
    """Return why an entry cannot be taken out of use, if so."""
    kind, slug = slot
    if kind is EntryKind.AGENDA and slug.startswith(OWN_AGENDA):
        return None
    if kind is EntryKind.AGENDA or (kind is EntryKind.SCRIPT and slug in SINGLE_SCRIPTS):
        return Fault(code=FaultCode.NEEDED_BY_PAGES)
    if kind is EntryKind.EXERCISE:
        left = [e.use for e in content.exercises if e.id != slug]
        return next(_judge_exercises(left, [e.use for e in content.exercises], ""), None)
    return next(_judge_last_line(slot, {}, content.help.lines), None) if kind is EntryKind.HELP_LINE else None


def _judge_agenda(table: Table, exercises: Iterable[Exercise]) -> Iterator[Fault]:
    rows = table["segment"]
    total = sum(row["minutes"] for row in rows)
    if total != table["total_minutes"]:
        params = {"total": total, "minutes": table["total_minutes"]}
        yield Fault(code=FaultCode.SUM, about="segment_0_minutes", params=params)
    for number, row in enumerate(rows):
        if row["reserved_minutes"] >= row["minutes"]:
            yield Fault(code=FaultCode.RESERVED, about=f"segment_{number}_reserved_minutes")
        use = _GROUNDINGS.get(row["kind"])
        least = min((e.minutes for e in exercises if use and e.use in (use, ExerciseUse.EITHER)), default=0)
        if row["minutes"] - row["reserved_minutes"] < least:
            params = {"least": least}
            yield Fault(code=FaultCode.NO_EXERCISE_FITS, about=f"segment_{number}_minutes", params=params)


def _judge_exercises(uses: Collection[str], before: Collection[str], asked: str) -> Iterator[Fault]:
    for end in (ExerciseUse.OPEN, ExerciseUse.CLOSE):
        left, stood = (sum(use in (end, ExerciseUse.EITHER) for use in each) for each in (uses, before))
        if left < min(LEAST_EXERCISES, stood):
            yield Fault(code=FaultCode.TOO_FEW_EXERCISES, about=asked, params={"least": LEAST_EXERCISES})
            return


def _judge_line(before: Table, table: Table, today: date) -> Iterator[Fault]:
    for key in ("url", "source_url"):
        if table[key] and not table[key].startswith(("https://", "http://")):
            yield Fault(code=FaultCode.ADDRESS, about=key)
    day, role = table["last_verified_on"], table["verified_by_role"]
    if day and date.fromisoformat(day) > today:
        yield Fault(code=FaultCode.DAY_AHEAD, about="last_verified_on")
    same = all(table[key] == before.get(key, "") for key in _CONTACTS)
    is_new_check = day not in ("", before.get("last_verified_on", ""))
    shows_anew = table["active"] and not (before.get("active") and same)
    if shows_anew and not any(table[key] for key in _CONTACTS):
        yield Fault(code=FaultCode.NO_CONTACT, about="phone")
    if shows_anew and not day:
        yield Fault(code=FaultCode.NO_CHECK_DAY, about="last_verified_on")
    elif shows_anew and not same and not is_new_check and day != today.isoformat():
        # the check was of other digits
        yield Fault(code=FaultCode.CHECK_OUTDATED, about="last_verified_on")
    if (shows_anew or is_new_check) and not role:
        yield Fault(code=FaultCode.NO_CHECK_ROLE, about="verified_by_role")


def _judge_last_line(slot: Slot, table: Table, lines: Iterable[HelpLine]) -> Iterator[Fault]:
    """Keep one line for people whose country has none of its own (a help block is never empty)."""

    def is_last_resort(country: str, kind: str, *, active: bool) -> bool:
        return active and country == ANYWHERE and kind == HelpKind.CRISIS

    standing = [line.id for line in lines if is_last_resort(line.country, line.kind, active=line.active)]
    stays = is_last_resort(table.get("country", ""), table.get("kind", ""), active=bool(table.get("active")))
    if standing == [slot[1]] and not stays:
        yield Fault(code=FaultCode.LAST_LINE, about="active" if table else "")
