"""The verbs with which an installation begins: its database, its first accounts, made-up people for a look around."""

import argparse
import getpass
import sys
from datetime import UTC, datetime

from config import Config
from facilitator import create_app, migrations, worker
from facilitator.accounts import service as accounts
from facilitator.accounts.models import Role
from facilitator.cli.verbs import Verbs, open_vault, require_ready
from facilitator.curriculum.entries import import_shipped
from facilitator.db import Database
from facilitator.demo.seed import deliver_past, forget_past_troubles, seed_demo
from facilitator.errors import Conflict
from facilitator.prompts.importing import import_library


def add_verbs(verbs: Verbs) -> None:
    """Name the verbs of a beginning."""
    verbs.add("init-db", _init_db, "bring the database to the newest schema and load the library")
    verbs.add("seed-demo", _seed_demo, "fill an empty database with made-up people")
    create = verbs.add("create-facilitator", _create_facilitator, "make an account; asks for the password")
    create.add_argument("email")
    create.add_argument("--name", default="")
    create.add_argument("--role", choices=[role.value for role in Role], default=Role.FACILITATOR.value)


def prepare(config: Config, database: Database, *, demo: bool) -> None:
    """Bring a database to the newest schema, load the library, and fill it with made-up people where that is asked.

    Raises:
        Conflict: when made-up people are asked for in an installation that serves real ones.
    """
    if demo and not config.is_demo:
        raise Conflict("Made-up people are for the demonstration alone; set FACILITATOR_MODE=demo.")
    migrations.upgrade(database)
    now = datetime.now(UTC)
    open_vault(config, database)
    with database.write() as db:
        import_library(db)
        import_shipped(db)
        seeded = demo and seed_demo(db, now)
        db.commit()
    if seeded:
        with worker.mail_target(config) as target, create_app(config, database).app_context():
            deliver_past(worker.make_station(config, database, lambda: now, target), now)
        with database.write() as db:
            forget_past_troubles(db, now)
            db.commit()


def _init_db(_given: argparse.Namespace, config: Config, database: Database) -> int:
    prepare(config, database, demo=False)
    print(f"The database is at {migrations.head()}.")
    return 0


def _seed_demo(_given: argparse.Namespace, config: Config, database: Database) -> int:
    prepare(config, database, demo=True)
    print("The demonstration is ready.")
    return 0


def _create_facilitator(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with database.write() as db:
        accounts.create_facilitator(
            db,
            name=given.name or given.email.partition("@")[0],
            email=given.email,
            password=password,
            role=Role(given.role),
            zone="Etc/UTC",
            now=datetime.now(UTC),
        )
        db.commit()
    print(f"The account {given.email} is made.")
    return 0
