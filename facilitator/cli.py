"""`python -m facilitator VERB`: arguments in, one line out."""

import argparse
import getpass
import json
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from config import Config, ConfigError
from facilitator import create_app, logs, migrations, serve, worker
from facilitator.accounts import service as accounts
from facilitator.accounts.demo import LOGINS
from facilitator.accounts.models import Role
from facilitator.curriculum.entries import import_shipped
from facilitator.db import Database
from facilitator.demo.seed import deliver_past, forget_past_troubles, seed_demo
from facilitator.errors import AppError, Conflict, Invalid
from facilitator.library import exchange
from facilitator.library.exchange import Layout
from facilitator.library.importing import Decision, Outcome, carry_out, plan_import, say_counts
from facilitator.library.wording import fault_words
from facilitator.prompts.importing import import_library
from facilitator.proof.verdict import prove
from facilitator.reminders.audit import AUDIT_AHEAD
from facilitator.reminders.claim import free_expired
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.policy import resolve_unknown
from facilitator.reminders.sweep import sweep
from facilitator.reminders.traces import erase_traces
from facilitator.ticks import erase_due
from facilitator.vault import Vault

DEFAULT_PORT = 5000
OPEN_AFTER_S = 1.0
STANDARD = "-"  # the standard output or input in place of a file


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
    except (AppError, worker.WorkerRunningError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m facilitator", description="Run one part of the installation.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def add(name: str, verb: Callable[..., int], words: str) -> argparse.ArgumentParser:
        part = verbs.add_parser(name, help=words, description=words)
        part.set_defaults(verb=verb)
        return part

    run = add("run", _run, "serve pages and send mail on this machine")
    run.add_argument("--seed-demo", action="store_true", help="fill an empty database with made-up people")
    run.add_argument("--open-browser", action="store_true", help="open the first page when it answers")
    for part in (run, add("web", _web, "serve pages only")):
        part.add_argument("--port", type=int, default=DEFAULT_PORT)
    add("worker", _worker, "send mail only").add_argument(
        "--parent", type=int, default=None, metavar="PID", help="stop when this process, which started it, is gone"
    )
    add("init-db", _init_db, "bring the database to the newest schema and load the library")
    add("seed-demo", _seed_demo, "fill an empty database with made-up people")
    create = add("create-facilitator", _create_facilitator, "make an account; asks for the password")
    create.add_argument("email")
    create.add_argument("--name", default="")
    create.add_argument("--role", choices=[role.value for role in Role], default=Role.FACILITATOR.value)
    add(
        "prove-anonymity", _prove_anonymity, "play an evening for different people and compare every byte that is kept"
    ).add_argument("--all", action="store_true", help="all 70 ways to choose 4 of 8; takes about a minute")
    _add_exchange(add)
    for name, verb, words in (
        ("plan-due", _plan_due, "one planning pass"),
        ("send-due", _send_due, "one delivery pass"),
        ("erase-due", _erase_due, "erase the lists and messages whose day has come"),
    ):
        add(name, verb, words).add_argument("--now", type=_instant, default=None, metavar="ISO")
    return parser


def _add_exchange(add: Callable[..., argparse.ArgumentParser]) -> None:
    add(
        "export-library", _export_library, "write the shared library to a file: TOML, or prompts when it ends in .csv"
    ).add_argument("file", metavar="FILE", help="- for the standard output")
    part = add("import-library", _import_library, "bring in a library file, all of it or nothing")
    part.add_argument("file", metavar="FILE", help="- for the standard input")
    decision = part.add_mutually_exclusive_group()
    for name, value, words in (
        ("--take-theirs", Decision.TAKE, "make the file's words a new version where they conflict"),
        ("--keep-ours", Decision.KEEP, "keep the words that are here where they conflict"),
    ):
        decision.add_argument(name, dest="decision", action="store_const", const=value, default=None, help=words)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _clock(given: argparse.Namespace) -> Callable[[], datetime]:
    fixed: datetime | None = given.now
    return (lambda: fixed) if fixed else (lambda: datetime.now(UTC))


def _prepare(config: Config, database: Database, *, demo: bool) -> None:
    migrations.upgrade(database)
    now = datetime.now(UTC)
    with database.write() as db:
        accounts.prove_vault_key(db)
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


def _require_ready(database: Database) -> None:
    """Refuse to serve a database that `init-db` has not brought to this program's schema, or with another key."""
    if migrations.current(database) != migrations.head():
        raise Conflict("The database is not at this program's schema. Run first: python -m facilitator init-db")
    with database.write() as db:
        accounts.prove_vault_key(db)
        db.commit()


def _run(given: argparse.Namespace, config: Config, database: Database) -> int:
    if given.seed_demo and not config.is_demo:
        print("Made-up people are for the demonstration alone; set FACILITATOR_MODE=demo.", file=sys.stderr)
        return 1
    _prepare(config, database, demo=given.seed_demo)
    for line in _welcome(given, config, database):
        print(line, flush=True)
    if given.open_browser:
        threading.Timer(OPEN_AFTER_S, webbrowser.open, [f"http://127.0.0.1:{given.port}"]).start()
    serve.run_all(config, database, given.port)
    return 0


def _welcome(given: argparse.Namespace, config: Config, database: Database) -> list[str]:
    url = f"http://127.0.0.1:{given.port}"
    lines = [f"Facilitator  {url}"]
    if config.mail_url.is_mailbox:
        lines.append(f"Mailbox      {url}/mailbox")
    with database.read() as db:
        if accounts.count_facilitators(db) == 0:
            lines.append(f"First run    set-up code {accounts.set_up_code(config.secret_key)}")
        elif config.is_demo:
            lines += [f"Demo login   {login.email}  {login.password}" for login in LOGINS]
    return [*lines, f"Data folder  {config.data_dir}", "Ctrl-C stops."]


def _web(given: argparse.Namespace, config: Config, database: Database) -> int:
    _require_ready(database)
    serve.serve_web(config, database, given.port)
    return 0


def _worker(given: argparse.Namespace, config: Config, database: Database) -> int:
    _require_ready(database)
    return worker.run(config, database, given.parent)


def _init_db(_given: argparse.Namespace, config: Config, database: Database) -> int:
    _prepare(config, database, demo=False)
    print(f"The database is at {migrations.head()}.")
    return 0


def _seed_demo(_given: argparse.Namespace, config: Config, database: Database) -> int:
    if not config.is_demo:
        print("Made-up people are for the demonstration alone; set FACILITATOR_MODE=demo.", file=sys.stderr)
        return 1
    _prepare(config, database, demo=True)
    print("The demonstration is ready.")
    return 0


def _create_facilitator(given: argparse.Namespace, _config: Config, database: Database) -> int:
    _require_ready(database)
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


def _prove_anonymity(given: argparse.Namespace, config: Config, database: Database) -> int:
    clean = prove(config, database, all_sets=given.all, say=lambda line: print(line, flush=True))
    return 0 if clean else 1


def _plan_due(given: argparse.Namespace, _config: Config, database: Database) -> int:
    _require_ready(database)
    with database.write() as db:
        followed = sweep(db, AUDIT_AHEAD, _clock(given)())
        db.commit()
    print(json.dumps({"planned": followed.planned, "notices": followed.notices, "withdrawn": followed.withdrawn}))
    return 0


def _send_due(given: argparse.Namespace, config: Config, database: Database) -> int:
    _require_ready(database)
    app = create_app(config, database)
    with worker.mail_target(config) as target, app.app_context():
        station = worker.make_station(config, database, _clock(given), target)
        with database.write() as db:
            free_expired(db, station.clock())  # an earlier pass may have died
            resolve_unknown(db, station.clock())
            db.commit()
        counts = deliver_due(station)
    print(json.dumps({"messages": sum(counts.values()), **counts}))
    return 0


def _erase_due(given: argparse.Namespace, config: Config, database: Database) -> int:
    _require_ready(database)
    with database.write() as db:
        counts = erase_due(db, _clock(given)())
        db.commit()
    print(json.dumps({**counts, "kept_mail": erase_traces(database, config.mailbox_dir)}))
    return 0


def _export_library(given: argparse.Namespace, _config: Config, database: Database) -> int:
    _require_ready(database)
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


def _import_library(given: argparse.Namespace, _config: Config, database: Database) -> int:
    _require_ready(database)
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
