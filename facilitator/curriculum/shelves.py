"""Where each kind of entry stands in a catalogue: read one from its table, list all, lay changed ones over.

The dataclasses of the content are the schema; nothing here knows a database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass, replace
from typing import Any, get_type_hints

from facilitator.curriculum.catalogue import Catalogue
from facilitator.curriculum.materials import AgreementLine, Exercise, HelpLine, check_help_line
from facilitator.curriculum.pathways import Agenda, Pathway, check_agenda, check_pathway
from facilitator.curriculum.reader import read_value, write_value
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.scripts import Scripts, SlowDownScript
from facilitator.errors import Invalid

Slot = tuple[EntryKind, str]
"""A kind and the slug of an entry within it."""

Table = Mapping[str, object]

CLASSES: Mapping[EntryKind, type] = {
    EntryKind.PATHWAY: Pathway,
    EntryKind.AGENDA: Agenda,
    EntryKind.EXERCISE: Exercise,
    EntryKind.AGREEMENT: AgreementLine,
    EntryKind.HELP_LINE: HelpLine,
}
VERSIONED = frozenset({EntryKind.PATHWAY, EntryKind.AGENDA, EntryKind.EXERCISE})
"""Kinds whose files number their versions; the others have one number for the whole file."""

SINGLE_SCRIPTS: Mapping[str, type] = {
    name: hint for name, hint in get_type_hints(Scripts).items() if isinstance(hint, type) and is_dataclass(hint)
}
"""Scripts of which there is just one, such as the crisis card; the slow-down scripts are told apart by their ids."""


def entry_class(slot: Slot) -> type:
    """Return the dataclass of an entry."""
    kind, slug = slot
    return SINGLE_SCRIPTS.get(slug, SlowDownScript) if kind is EntryKind.SCRIPT else CLASSES[kind]


def read_entry(slot: Slot, table: Table, version: int) -> Any:
    """Build an entry from its table.

    Raises:
        Invalid: a key is missing, unknown or of the wrong type, the minutes of an agenda do not add up, a pathway
            does not count its sessions, or a help line leads elsewhere than to the web.
    """
    kind, slug = slot
    where = f"{kind} '{slug}'"
    entry: Any = read_value(entry_class(slot), {**table, **({"version": version} if kind in VERSIONED else {})}, where)
    if slug not in SINGLE_SCRIPTS and entry.id != slug:
        raise Invalid(f"{where}: its id is '{entry.id}'.")
    if kind is EntryKind.AGENDA:
        check_agenda(entry, where)
    if kind is EntryKind.PATHWAY:
        check_pathway(entry, where)
    if kind is EntryKind.HELP_LINE:
        check_help_line(entry, where)
    return entry


def write_entry(entry: Any) -> dict[str, object]:
    """Give the table of an entry, without its version."""
    table: dict[str, object] = write_value(entry)
    table.pop("version", None)
    return table


def list_shelves(catalogue: Catalogue) -> dict[Slot, Any]:
    """List every entry of a catalogue that may be edited, by kind and slug, in the order of its file."""
    scripts = catalogue.scripts
    return {
        **_by_id(EntryKind.PATHWAY, catalogue.pathways),
        **_by_id(EntryKind.AGENDA, catalogue.agendas),
        **_by_id(EntryKind.EXERCISE, catalogue.exercises),
        **_by_id(EntryKind.AGREEMENT, catalogue.agreements.lines),
        **{(EntryKind.SCRIPT, name): getattr(scripts, name) for name in SINGLE_SCRIPTS},
        **_by_id(EntryKind.SCRIPT, scripts.slow_down_scripts),
        **_by_id(EntryKind.HELP_LINE, catalogue.help.lines),
    }


def arrange(catalogue: Catalogue, entries: Mapping[Slot, Any]) -> Catalogue:
    """Return the catalogue with exactly these entries on its shelves; the single scripts that are missing stay."""

    def shelf(kind: EntryKind) -> tuple[Any, ...]:
        return tuple(entry for (of, slug), entry in entries.items() if of is kind and slug not in SINGLE_SCRIPTS)

    single = {slug: entry for (_, slug), entry in entries.items() if slug in SINGLE_SCRIPTS}
    return replace(
        catalogue,
        pathways=shelf(EntryKind.PATHWAY),
        agendas=shelf(EntryKind.AGENDA),
        exercises=shelf(EntryKind.EXERCISE),
        agreements=replace(catalogue.agreements, lines=shelf(EntryKind.AGREEMENT)),
        scripts=replace(catalogue.scripts, **single, slow_down_scripts=shelf(EntryKind.SCRIPT)),
        help=replace(catalogue.help, lines=shelf(EntryKind.HELP_LINE)),
    )


def _by_id(kind: EntryKind, entries: Iterable[Any]) -> dict[Slot, Any]:
    return {(kind, entry.id): entry for entry in entries}
