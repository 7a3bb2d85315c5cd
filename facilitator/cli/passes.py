"""The verbs that do once what the worker does again and again, and the proof that nothing kept tells who came."""

import argparse
import json

from config import Config
from facilitator import create_app, worker
from facilitator.cli.verbs import Verbs, add_now, clock, require_ready
from facilitator.db import Database
from facilitator.proof.verdict import prove
from facilitator.reminders.audit import AUDIT_AHEAD
from facilitator.reminders.claim import free_expired
from facilitator.reminders.delivery import deliver_due
from facilitator.reminders.policy import resolve_unknown
from facilitator.reminders.sweep import sweep
from facilitator.reminders.traces import erase_traces
from facilitator.ticks import erase_due


def add_verbs(verbs: Verbs) -> None:
    """Name the single passes."""
    proof = "play an evening for different people and compare every byte that is kept"
    verbs.add("prove-anonymity", _prove_anonymity, proof).add_argument(
        "--all", action="store_true", help="all 70 ways to choose 4 of 8; takes about a minute"
    )
    add_now(verbs.add("plan-due", _plan_due, "one planning pass"))
    add_now(verbs.add("send-due", _send_due, "one delivery pass"))
    add_now(verbs.add("erase-due", _erase_due, "erase the lists and messages whose day has come"))


def _prove_anonymity(given: argparse.Namespace, config: Config, database: Database) -> int:
    clean = prove(config, database, all_sets=given.all, say=lambda line: print(line, flush=True))
    return 0 if clean else 1


def _plan_due(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    with database.write() as db:
        followed = sweep(db, AUDIT_AHEAD, clock(given)())
        db.commit()
    print(json.dumps({"planned": followed.planned, "notices": followed.notices, "withdrawn": followed.withdrawn}))
    return 0


def _send_due(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    app = create_app(config, database)
    with worker.mail_target(config) as target, app.app_context():
        station = worker.make_station(config, database, clock(given), target)
        with database.write() as db:
            free_expired(db, station.clock())  # an earlier pass may have died
            resolve_unknown(db, station.clock())
            db.commit()
        counts = deliver_due(station)
    print(json.dumps({"messages": sum(counts.values()), **counts}))
    return 0


def _erase_due(given: argparse.Namespace, config: Config, database: Database) -> int:
    require_ready(config, database)
    with database.write() as db:
        counts = erase_due(db, clock(given)())
        db.commit()
    print(json.dumps({**counts, "kept_mail": erase_traces(database, config.mailbox_dir)}))
    return 0
