"""The sign of life to a monitor outside: the dead cannot report themselves, so silence is what tells.

It is given only while delivery keeps its word. Nothing is sent but a request for the address of the settings.
"""

import http.client
import logging
import urllib.request
from datetime import datetime

from facilitator.db import Database
from facilitator.reminders.counts import Counts
from facilitator.reminders.health import check_delivery

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0
# late after every pause of the worker; it must not keep itself late
OWN_PROBLEM = "tick_ping"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Take a redirect as a refusal: it may lead to where nobody wanted to ping."""

    def redirect_request(self, *_arguments: object) -> None:
        """Follow nothing."""


def report_well(database: Database, url: str, counts: Counts, now: datetime) -> None:
    """Ping once if there is an address and delivery is well; a ping that fails is counted and raises nothing."""
    if not url:
        return
    with database.read() as db:
        health = check_delivery(db, now)
    if set(health.problems) <= {OWN_PROBLEM} and not ping(url):
        counts.count("ping_failures")
        log.warning("the monitor outside did not take the ping", extra={"event": "ping"})


def ping(url: str) -> bool:
    """Ask for an address and tell whether it answered with 2xx; never raises.

    Args:
        url: https, or http on this machine; that was checked when the settings were read.
    """
    try:
        with urllib.request.build_opener(_Stay).open(url, timeout=TIMEOUT_S):
            return True
    except (OSError, http.client.HTTPException, ValueError):
        return False
