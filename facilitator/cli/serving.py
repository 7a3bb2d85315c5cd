"""The verbs that run until they are asked to stop: all of it on one machine, or one process of each kind."""

import argparse
import threading
import webbrowser

from config import Config
from facilitator import serve, worker
from facilitator.accounts import service as accounts
from facilitator.accounts.demo import LOGINS
from facilitator.cli.starting import prepare
from facilitator.cli.verbs import Verbs, require_ready
from facilitator.db import Database

DEFAULT_PORT = 5000
OPEN_AFTER_S = 1.0


def add_verbs(verbs: Verbs) -> None:
    """Name the verbs that serve."""
    run = verbs.add("run", _run, "serve pages and send mail on this machine")
    run.add_argument("--seed-demo", action="store_true", help="fill an empty database with made-up people")
    run.add_argument("--open-browser", action="store_true", help="open the first page when it answers")
    for part in (run, verbs.add("web", _web, "serve pages only")):
        part.add_argument("--port", type=int, default=DEFAULT_PORT)
        part.add_argument("--host", default=serve.HOST, help="the address to listen at; 0.0.0.0 in a container")
    verbs.add("worker", _worker, "send mail only").add_argument(
        "--parent", type=int, default=None, metavar="PID", help="stop when this process, which started it, is gone"
    )


def _run(given: argparse.Namespace, config: Config, database: Database) -> int:
    prepare(config, database, demo=given.seed_demo)
    for line in _welcome(given, config, database):
        print(line, flush=True)
    if given.open_browser:
        threading.Timer(OPEN_AFTER_S, webbrowser.open, [f"http://127.0.0.1:{given.port}"]).start()
    serve.run_all(config, database, given.port, given.host)
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
    require_ready(config, database)
    serve.serve_web(config, database, given.port, given.host)
    return 0


def _worker(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    return worker.run(config, database, given.parent)
