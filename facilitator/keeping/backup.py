"""Makes backups: every row of one instant, sealed to a public key, and the people's own keys apart from it.

A dated backup holds the sealed names and addresses of people and not the keys that open them. Those stand in one file
beside it that every backup overwrites, so that whoever is erased here is erased from the older backups as well.
No backup is made while people check in: two of them side by side could tell who came between.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from facilitator import migrations
from facilitator.attendance.models import OpenRoom
from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.groups.models import Participant
from facilitator.keeping.rows import list_tables, read_rows
from facilitator.keeping.sealed_files import put_in_place, write_sealed

FORMAT = 1
KEYS_NAME = "facilitator.keys"
KEPT_FOR = timedelta(days=14)
PASSING = {"kept_answer", "sign_in_attempts", "worker_beat"}  # nobody misses it after a day
PEOPLE, KEY_COLUMN = "participant", "key_wrapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was written.

    Args:
        rows: in the dated file.
        people: whose keys are in the file of keys.
    """

    path: Path
    keys_path: Path
    rows: int
    people: int


def backup_path(place: Path, on: date) -> Path:
    """Return which file a backup is written to: the one that was named, or one by its day in the folder that was."""
    return place / f"facilitator-{on.isoformat()}.backup" if place.is_dir() else place


def make_backup(database: Database, path: Path, recipient: str) -> Made:
    """Write a backup and, beside it, the keys of the people who are on a list now.

    Both files are complete before either has its name, and the keys get theirs first: a backup never stands without
    the keys that it needs.

    Args:
        database: what is kept; others go on writing meanwhile.
        path: the dated file.
        recipient: the public key that both are sealed to.

    Raises:
        Conflict: while people check in somewhere.
        Invalid: when a file cannot be written.
    """
    keys: dict[str, str] = {}
    keys_path = path.with_name(KEYS_NAME)
    with _moment(database) as link:
        if link.execute(select(OpenRoom.session_id).limit(1)).first():
            raise Conflict("People are checking in. A backup is made when no room is open; try again later.")
        count = _Count()
        dated = write_sealed(path, count.watch(_rows(link, keys)), recipient)
    try:
        apart = write_sealed(keys_path, _keys(keys), recipient)
    except BaseException:
        dated.unlink()
        raise
    put_in_place(apart, keys_path)
    put_in_place(dated, path)
    return Made(path=path, keys_path=keys_path, rows=count.rows, people=len(keys))


def renew_keys(database: Database, folder: Path, recipient: str) -> int:
    """Write the file of keys anew, so that who was erased is erased from the backups; return whose keys it holds."""
    with _moment(database) as link:
        found = link.execute(select(Participant.id, Participant.key_wrapped).order_by(Participant.id))
        keys = {person_id: b64encode(wrapped).decode("ascii") for person_id, wrapped in found}
    put_in_place(write_sealed(folder / KEYS_NAME, _keys(keys), recipient), folder / KEYS_NAME)
    return len(keys)


def list_backups(folder: Path) -> list[tuple[date, Path]]:
    """List the dated backups of a folder, oldest first."""
    found = []
    for path in folder.glob("facilitator-*.backup"):
        try:
            found.append((date.fromisoformat(path.stem.removeprefix("facilitator-")), path))
        except ValueError:
            continue  # somebody's own name
    return sorted(found)


def forget_old(folder: Path, today: date) -> int:
    """Delete the backups that are older than 14 days, but never the newest one; return how many."""
    old = [path for on, path in list_backups(folder)[:-1] if on < today - KEPT_FOR]
    for path in old:
        path.unlink()
    return len(old)


def _moment(database: Database) -> Connection:
    """Return a connection that sees the database as it is at its first look, whatever others write meanwhile."""
    link = database.engine.connect()
    return link if database.is_sqlite else link.execution_options(isolation_level="REPEATABLE READ")


def _rows(link: Connection, keys: dict[str, str]) -> Iterator[str]:
    """Yield the lines of a dated backup, and put the keys of people aside on the way."""
    yield json.dumps({"backup": FORMAT, "schema": migrations.current_of(link)})
    total = 0
    for table in list_tables(link):
        if table.name in PASSING:
            continue
        yield json.dumps({"table": table.name, "columns": list(table.columns.keys())})
        for row in read_rows(link, table):
            if table.name == PEOPLE:
                keys[row["id"]] = _plain(row[KEY_COLUMN])
                row[KEY_COLUMN] = None
            yield json.dumps([_plain(value) for value in row.values()])
            total += 1
    yield json.dumps({"end": total})


def _keys(keys: dict[str, str]) -> Iterator[str]:
    yield json.dumps({"keys": FORMAT})
    for person_id, wrapped in keys.items():
        yield json.dumps([person_id, wrapped])
    yield json.dumps({"end": len(keys)})


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return b64encode(value).decode("ascii")
        case datetime():
            raise TypeError("Instants are kept as numbers.")
        case date() | time():
            return value.isoformat()
        case _:
            return value


class _Count:
    """Counts the rows among the lines that pass."""

    def __init__(self) -> None:
        self.rows = 0

    def watch(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self.rows += line.startswith("[")
            yield line
