"""The verbs that carry the library from one installation to another, as a file."""

import argparse
import sys
from pathlib import Path

from config import Config
from facilitator.cli.verbs import Verbs, require_ready
from facilitator.db import Database
from facilitator.errors import Conflict, Invalid
from facilitator.library import exchange
from facilitator.library.exchange import Layout
from facilitator.library.importing import Decision, Outcome, carry_out, plan_import, say_counts
from facilitator.library.wording import fault_words

STANDARD = "-"  # the standard output or input in place of a file


def add_verbs(verbs: Verbs) -> None:
    """Name the exchange of the library."""
    verbs.add(
        "export-library", _export_library, "write the shared library to a file: TOML, or prompts when it ends in .csv"
    ).add_argument("file", metavar="FILE", help="- for the standard output")
    part = verbs.add("import-library", _import_library, "bring in a library file, all of it or nothing")
    part.add_argument("file", metavar="FILE", help="- for the standard input")
    decision = part.add_mutually_exclusive_group()
    for name, value, words in (
        ("--take-theirs", Decision.TAKE, "make the file's words a new version where they conflict"),
        ("--keep-ours", Decision.KEEP, "keep the words that are here where they conflict"),
    ):
        decision.add_argument(name, dest="decision", action="store_const", const=value, default=None, help=words)


def _export_library(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    layout = Layout.CSV if given.file.casefold().endswith(".csv") else Layout.TOML
    with database.read() as db:
        content = exchange.write_file(exchange.list_items(db, None, exchange.Choice()), layout)
    if given.file == STANDARD:
        sys.stdout.buffer.write(content)
        return 0
    try:
        Path(given.file).write_bytes(content)
    except OSError as fault:
        raise Invalid(f"{given.file}: {fault.strerror}.") from fault
    print(f"The library is written to {given.file}.")
    return 0


def _import_library(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    try:
        content = sys.stdin.buffer.read() if given.file == STANDARD else Path(given.file).read_bytes()
    except OSError as fault:
        raise Invalid(f"{given.file}: {fault.strerror}.") from fault
    with database.write() as db:
        plan = plan_import(db, None, exchange.read_file(content, given.file))
        for line in plan.list_lines(Outcome.REFUSED):
            print(f"{line.name}: {fault_words(line.hold)}" if line.hold else line.reason, file=sys.stderr)
        undecided = () if given.decision else plan.list_lines(Outcome.CONFLICT)
        for line in undecided:
            print(f"{line.name}: version {line.version} is here with other words.", file=sys.stderr)
        if undecided:
            raise Conflict(
                "Decide about the conflicts: keep what is here, or take what the file has. Add --keep-ours or --take-theirs."
            )
        carry_out(db, None, plan, given.decision)
        db.commit()
    print(f"The library is imported: {say_counts(plan.counts)}.")
    return 0
