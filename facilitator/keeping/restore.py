"""Brings a backup back into an empty database: all of it or nothing, and nobody who was erased since.

A backup is read to its end before anything is written. What was to be sent between the backup and now may have gone
out, so it waits for a person; who has no key any more was erased, and is taken out again.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, LargeBinary, Table, Time, select

from facilitator import migrations
from facilitator.accounts.vault_proof import PROOF_PLACE, VAULT_PROOF
from facilitator.db import Database
from facilitator.errors import Conflict, Invalid
from facilitator.keeping.backup import FORMAT, KEY_COLUMN, PEOPLE
from facilitator.keeping.rows import TableWriter, go_on_counting, list_tables
from facilitator.keeping.sealed_files import read_sealed
from facilitator.reminders.claim import free_all
from facilitator.reminders.restored import hold_due
from facilitator.vault import SealError, vault_of

NO_KEY = b""
ACCOUNTS, SETTINGS = "facilitator", "installation_setting"
Decode = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was brought back.

    Args:
        rows: that the backup holds.
        erased: people who were taken off a list after the backup was made, and stay so.
        held: messages that may have gone out since, and wait for a person.
    """

    rows: int
    erased: int
    held: int


def restore_backup(database: Database, path: Path, keys_path: Path, identity: str, now: datetime) -> Restored:
    """Bring a backup back into an empty database, and the database to this program's schema.

    Args:
        database: without accounts; it need not have tables yet.
        path: the dated file.
        keys_path: the file of people's keys, as it is now.
        identity: the private key that both were sealed to.
        now: what fell due until then waits for a person.

    Raises:
        Conflict: when the database is in use, or its vault key is not the one of the backup.
        Invalid: when a file is damaged, cut short, sealed to another key or from a newer program.
    """
    keys = _read_keys(keys_path, identity)
    seen = _Look()
    _read(path, identity, seen.take)
    if not migrations.is_known(seen.schema):
        raise Invalid(f"{path}: it was made by a newer program. Install that one first.")
    _require_key_of(database, seen.proof)
    require_empty(database)
    migrations.upgrade(database, seen.schema)
    with closing(database.keep_writer()) as link, database.write_on(link) as db:
        loader = _Loader(link, keys)
        _read(path, identity, loader.take)
        loader.end()
        go_on_counting(link)
        erased = _erase_keyless(link)
        free_all(db)
        held = hold_due(db, now)
    migrations.upgrade(database)
    database.checkpoint()
    return Restored(rows=seen.rows, erased=erased, held=held)


def _read_keys(path: Path, identity: str) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}

    def take(line: Any) -> None:
        if isinstance(line, list):
            found[line[0]] = b64decode(line[1])

    _read(path, identity, take)
    return found


def _read(path: Path, identity: str, take: Callable[[Any], None]) -> None:
    """Read a sealed file to its end, which has to be there."""
    ends: list[int] = []
    rows = 0

    def look(text: str) -> None:
        nonlocal rows
        line = json.loads(text)
        rows += isinstance(line, list)
        if isinstance(line, dict) and "end" in line:
            ends.append(line["end"])
        take(line)

    try:
        read_sealed(path, identity, look)
    except (json.JSONDecodeError, KeyError, TypeError):
        raise Invalid(f"{path}: it is no backup of this program.") from None
    if ends != [rows]:
        raise Invalid(f"{path}: it is cut short.")


class _Look:
    """Reads through a backup: its schema, its rows, and what proves the vault key."""

    def __init__(self) -> None:
        self.schema, self.proof, self.rows = "", "", 0
        self._table = ""

    def take(self, line: Any) -> None:
        match line:
            case {"backup": version, "schema": schema}:
                if version != FORMAT:
                    raise Invalid("The backup was made by a newer program. Install that one first.")
                self.schema = schema
            case {"table": name}:
                self._table = name
            case list():
                self.rows += 1
                if self._table == SETTINGS and line[0] == VAULT_PROOF:
                    self.proof = line[1]


class _Loader:
    """Writes the rows of a backup into the tables that they are of."""

    def __init__(self, link: Connection, keys: Mapping[str, bytes]) -> None:
        self._link, self._keys = link, keys
        self._tables = {table.name: table for table in list_tables(link)}
        self._writer: TableWriter | None = None
        self._decoders: list[tuple[str, Decode]] = []
        self._is_people = False

    def take(self, line: Any) -> None:
        match line:
            case {"table": name, "columns": columns}:
                self.end()
                table = self._tables[name]
                self._writer, self._is_people = TableWriter(self._link, table), name == PEOPLE
                self._decoders = [(column, _decoder(table, column)) for column in columns]
            case list() if self._writer is not None:
                row: dict[str, Any] = {
                    name: None if value is None else decode(value)
                    for (name, decode), value in zip(self._decoders, line, strict=True)
                }
                if self._is_people:
                    row[KEY_COLUMN] = self._keys.get(str(row["id"]), NO_KEY)
                self._writer.add(row)

    def end(self) -> None:
        if self._writer is not None:
            self._writer.end()


def _decoder(table: Table, column: str) -> Decode:
    kind = table.columns[column].type
    for type_, decode in ((LargeBinary, b64decode), (Date, date.fromisoformat), (Time, time.fromisoformat)):
        if isinstance(kind, type_):
            return decode
    return lambda value: value


def _require_key_of(database: Database, proof: str) -> None:
    try:
        with database.read() as db:
            vault_of(db).open(PROOF_PLACE, VAULT_PROOF, b64decode(proof))
    except SealError:
        raise Conflict(
            "The vault key is not the one that this backup was sealed with; no address would open. "
            "Give the right key in FACILITATOR_VAULT_KEY or put the old key file back."
        ) from None


def require_empty(database: Database) -> None:
    """Refuse a database in which there is an installation.

    Raises:
        Conflict: when it has an account.
    """
    with database.engine.connect() as link:
        accounts = [table for table in list_tables(link) if table.name == ACCOUNTS]
        if any(link.execute(select(1).select_from(table).limit(1)).first() for table in accounts):
            raise Conflict("There is an installation in this database. Name an empty one.")


def _erase_keyless(link: Connection) -> int:
    [people] = (table for table in list_tables(link) if table.name == PEOPLE)
    return link.execute(people.delete().where(people.columns[KEY_COLUMN] == NO_KEY)).rowcount
