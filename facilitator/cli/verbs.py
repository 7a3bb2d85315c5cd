"""What the verbs of every kind share: how one is named, and what a database has to be before it is served."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from config import Config
from facilitator import migrations
from facilitator.accounts.vault_proof import prove_vault_key
from facilitator.db import Database
from facilitator.errors import Conflict
from facilitator.keeping.new_key import finish_change

Verb = Callable[[argparse.Namespace, Config, Database], int]


class Verbs:
    """Names verbs on a parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parsers = parser.add_subparsers(required=True, metavar="VERB")

    def add(self, name: str, verb: Verb, words: str) -> argparse.ArgumentParser:
        """Name a verb and say in a few words what it does; return its own parser."""
        part = self._parsers.add_parser(name, help=words, description=words)
        part.set_defaults(verb=verb)
        return part


def add_now(part: argparse.ArgumentParser) -> None:
    """Let a verb be told another instant than the present one."""
    part.add_argument("--now", type=_instant, default=None, metavar="ISO")


def clock(given: argparse.Namespace) -> Callable[[], datetime]:
    """Return the clock of a verb: the instant that it was told, or the machine's."""
    fixed: datetime | None = given.now
    return (lambda: fixed) if fixed else (lambda: datetime.now(UTC))


def require_ready(config: Config, database: Database) -> None:
    """Refuse to serve a database that `init-db` has not brought to this program's schema, or with another key.

    Raises:
        Conflict: saying what to do.
    """
    if migrations.current(database) != migrations.head():
        raise Conflict("The database is not at this program's schema. Run first: python -m facilitator init-db")
    open_vault(config, database)


def open_vault(config: Config, database: Database) -> None:
    """Open the vault of a database, after ending a change of keys that was interrupted.

    Raises:
        Conflict: when its key is another.
    """
    finish_change(config.data_dir, database)
    with database.write() as db:
        vault = prove_vault_key(db)
        db.commit()
    database.go_on_with(vault)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
