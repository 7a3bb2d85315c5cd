"""Structured logs that hold ids only: one JSON object a line, made of an allow-list of fields.

An address, an alias, a token or a text never reaches a log line, not even through an exception: of an exception
the type and the places in the code are kept, its message is not.
"""

import json
import logging
import sys
import traceback
from typing import TextIO

# everything else that a caller passes is dropped
ALLOWED = frozenset(
    {
        "event",
        "route",
        "status",
        "method",
        "tick",
        "count",
        "accepted",
        "refused",
        "deferred",
        "unknown",
        "turned_away",
        "outbox_id",
        "session_id",
        "group_id",
        "phase",
        "code",
        "state",
    }
)
QUIET_LOGGERS = ("apscheduler", "werkzeug", "waitress", "mail.log", "alembic", "asyncio")


class LineFormatter(logging.Formatter):
    """Formats a record as one line of JSON from the allow-list."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the message of ours is a constant, values travel in the allowed fields."""
        line: dict[str, object] = {"level": record.levelname.lower(), "logger": record.name}
        # the text of other libraries may hold anything, so it is named but not quoted; the logger that is called as the
        # program itself is Flask's, and it writes down the address of the page that failed
        line["message"] = str(record.msg) if record.name.startswith("facilitator.") else "(not kept)"
        line |= {name: getattr(record, name) for name in sorted(ALLOWED) if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(record.exc_info[2])[-6:]]
        return json.dumps(line, default=lambda value: type(value).__name__)


def set_up(stream: TextIO = sys.stderr) -> None:
    """Send the program's log lines to a stream, and those of libraries only from warnings up."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
