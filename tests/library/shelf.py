"""Changes to a library as people make them, and files of entries made for one test."""

from dataclasses import replace
from datetime import date

import tomli_w

from facilitator.curriculum import entries
from facilitator.curriculum.reader import write_value
from facilitator.curriculum.rules import EntryKind
from facilitator.curriculum.service import catalogue, load_prompt_entries
from facilitator.curriculum.shelves import list_shelves, write_entry
from facilitator.library.exchange import FORMAT, read_file
from facilitator.library.importing import plan_import
from facilitator.library.items import PROMPT
from facilitator.prompts import service as prompts
from facilitator.prompts.importing import import_entries, import_library
from facilitator.prompts.queries import find_newest_version

ROLE, DAY = "clinical psychologist", date(2026, 11, 1)
FOUR_EDGES = (EntryKind.EXERCISE, "gr1-four-edges")
CLOSED_90 = (EntryKind.AGENDA, "closed-90")
OPEN_6 = (EntryKind.PATHWAY, "open-6")
PAUSE = (EntryKind.SCRIPT, "pause")
DIAL = "fear-checkin-both-1"
REVIEWED = "fear-checkin-identity-1"
RETIRED = "fear-checkin-belonging-1"
HEAD = {"slug", "language", "version", "translation_of", "status", "reviewed_by_role", "reviewed_on", "shared"}


def other_words(slot, **values):
    return write_entry(replace(list_shelves(catalogue())[slot], **values))


def shipped_prompt(slug):
    return next(entry for entry in load_prompt_entries("en") if entry.id == slug)


def work_on(db):
    """Ship, edit, translate, review, retire and write anew."""
    import_library(db)
    entries.import_shipped(db)
    import_entries(db, [replace(shipped_prompt(DIAL), text="Other words.")])
    prompts.approve(db, [find_newest_version(db, REVIEWED, "en").id], ROLE, DAY)
    prompts.retire(db, [find_newest_version(db, RETIRED, "en").id])
    entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Four corners"))
    row = entries.write_version(db, FOUR_EDGES, "en", other_words(FOUR_EDGES, name="Four walls"))
    entries.approve_entry(db, row.id, ROLE, DAY)
    entries.write_version(db, FOUR_EDGES, "es", other_words(FOUR_EDGES, name="Cuatro paredes"))
    entries.retire_entry(db, (EntryKind.HELP_LINE, "us-ndvh"), "en")
    # two of the same kind that no file of the program orders: the later number was there first
    for slug in ("zz-rest", "aa-rest"):
        rest = (EntryKind.SCRIPT, slug)
        entries.write_version(db, rest, "en", {**other_words(PAUSE), "id": slug})
    entries.write_version(db, (EntryKind.SCRIPT, "zz-rest"), "en", {**other_words(PAUSE, say="Rest."), "id": "zz-rest"})


def entry_table(slot=FOUR_EDGES, **values):
    """Return the table of an entry in a file, its content changed by the values that its dataclass knows."""
    kind, slug = slot
    head = {key: values.pop(key) for key in list(values) if key in HEAD}
    content = {**other_words(slot), **values}
    return kind, {"slug": slug, "language": "en", "version": 1, **head, "content": content}


def prompt_table(slug=DIAL, **values):
    """Return the table of a shipped prompt in a file, with other values."""
    return PROMPT, {**write_value(shipped_prompt(slug)), **values}


def file_of(*tables):
    """Return a file with these entries, each a kind and a table."""
    found = {"format": FORMAT}
    for kind, table in tables:
        found.setdefault(str(kind), []).append(table)
    return tomli_w.dumps(found).encode()


def preview(db, *tables, me=None):
    return plan_import(db, me, read_file(file_of(*tables)))
