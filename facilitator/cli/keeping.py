"""The verbs that keep an installation: backups, bringing them back, new keys, the move to PostgreSQL, the doctor."""

import argparse
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import OperationalError

from config import Config
from facilitator import key_files
from facilitator.cli.verbs import Verbs, require_ready
from facilitator.db import Database
from facilitator.errors import Conflict, Invalid
from facilitator.keeping.backup import KEYS_NAME, backup_path, make_backup
from facilitator.keeping.copying import copy_database
from facilitator.keeping.doctor import examine
from facilitator.keeping.new_key import change_given_key, change_kept_key, is_kept
from facilitator.keeping.place import IDENTITY, recipient
from facilitator.keeping.restore import restore_backup
from facilitator.keeping.sealed_files import new_identity, recipient_of
from facilitator.vault import Vault
from facilitator.worker import only_worker


def add_verbs(verbs: Verbs) -> None:
    """Name the verbs that keep."""
    verbs.add("backup", _backup, "write everything to a sealed file, and the people's keys beside it").add_argument(
        "path", type=Path, help="a file, or a folder for a file named by its day"
    )
    verbs.add("doctor", _doctor, "examine this installation; ends with 1 when something serious is wrong")
    restore = verbs.add("restore", _restore, "bring a backup back into an empty database")
    restore.add_argument("path", type=Path, help="the dated file")
    restore.add_argument(
        "--keys", type=Path, default=None, help=f"the people's keys; {KEYS_NAME} beside it if left out"
    )
    restore.add_argument("--identity", type=Path, default=None, help="the private key; the data folder's if left out")
    verbs.add(
        "make-backup-key", _make_backup_key, "make the key that opens backups, to be kept off this machine"
    ).add_argument("path", type=Path, help="the file for the private key; the public one is printed")
    move = verbs.add(
        "copy-to-postgres", _copy_to_postgres, "copy everything from SQLite into an empty PostgreSQL database"
    )
    move.add_argument("url", metavar="URL", help="postgresql://user:password@host/name")
    verbs.add("rotate-key", _rotate_key, "seal everything with a new vault key; stop the program first").add_argument(
        "--to", type=Path, default=None, metavar="FILE", help="where the new key is written, when the settings give it"
    )


def _backup(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    path = backup_path(given.path.absolute(), datetime.now(UTC).date())
    made = make_backup(database, path, recipient(config))
    print(json.dumps({"backup": str(made.path), "keys": str(made.keys_path), "rows": made.rows, "people": made.people}))
    return 0


def _doctor(_given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    found = examine(config, database, datetime.now(UTC))
    for finding in found:
        print(f"{'serious' if finding.serious else 'note'}: {finding.words}")
    if not found:
        print("Nothing is wrong that can be seen from here.")
    return int(any(finding.serious for finding in found))


def _restore(given: argparse.Namespace, config: Config, database: Database) -> int:
    identity: Path = given.identity or config.data_dir / IDENTITY
    try:
        private = identity.read_text("ascii")
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not text"
        raise Invalid(f"The private key {identity} cannot be read: {reason}. Name it with --identity.") from fault
    keys = given.keys or given.path.with_name(KEYS_NAME)
    done = restore_backup(database, given.path, keys, private, datetime.now(UTC))
    print(json.dumps({"rows": done.rows, "erased_since": done.erased, "held": done.held}))
    return 0


def _copy_to_postgres(given: argparse.Namespace, config: Config, database: Database) -> int:
    if not given.url.startswith("postgresql"):
        raise Invalid("Give the address of a PostgreSQL database: postgresql://user:password@host/name")
    require_ready(config, database)
    with only_worker(config, database), closing(Database(given.url, Vault(config.vault_key))) as target:
        try:
            counts = copy_database(database, target)
        except OperationalError as fault:
            raise Conflict(f"The new database does not answer: {fault.orig}") from fault
    print(json.dumps({"rows": sum(counts.values()), "tables": counts}))
    return 0


def _rotate_key(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    with only_worker(config, database):
        if is_kept(config.data_dir, config.vault_key):
            done = change_kept_key(config.data_dir, database)
        elif given.to is None:
            raise Invalid("The settings give the vault key. Name a file for the new one with --to FILE.")
        else:
            try:
                done = change_given_key(given.to.absolute(), database)
            except OSError as fault:
                raise Invalid(f"{given.to}: {fault.strerror}.") from fault
            except ValueError as fault:
                raise Invalid(str(fault)) from fault
    print(json.dumps({"accounts": done.accounts, "people": done.people}))
    return 0


def _make_backup_key(given: argparse.Namespace, _config: Config, _database: Database) -> int:
    if given.path.exists():
        raise Conflict(f"{given.path} is there already; a key is never overwritten.")
    identity = new_identity()
    try:
        key_files.write_key(given.path.absolute(), identity + "\n")
    except OSError as fault:
        raise Invalid(f"{given.path}: {fault.strerror}.") from fault
    print(recipient_of(identity))
    return 0
