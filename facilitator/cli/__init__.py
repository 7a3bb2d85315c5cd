"""`python -m facilitator VERB`: arguments in, one line out. Each module here holds the verbs of one kind."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

from config import Config, ConfigError
from facilitator import logs
from facilitator.cli import keeping, library, passes, serving, starting
from facilitator.cli.verbs import Verbs
from facilitator.db import Database
from facilitator.errors import AppError
from facilitator.vault import Vault
from facilitator.worker import WorkerRunningError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code: 0 done, 1 not possible, 2 wrong usage."""
    given = _parser().parse_args(arguments)
    logs.set_up()
    try:
        config = Config.from_env()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        with closing(Database(config.database_url, Vault(config.vault_key))) as database:
            verb: Callable[[argparse.Namespace, Config, Database], int] = given.verb
            return verb(given, config, database)
    except (AppError, WorkerRunningError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m facilitator", description="Run one part of the installation.")
    verbs = Verbs(parser)
    for kind in (serving, starting, passes, keeping, library):
        kind.add_verbs(verbs)
    return parser
