"""What a worker counts while it works: kept in memory, and added to the database in one go with each tick.

Labels hold states, reasons, codes and phases. Nothing here may ever name a person, a group or a session.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from facilitator.reminders.models_worker import Counter

Figures = Mapping[tuple[str, str], float]  # by name and labels

AUDIT_MISSING, AUDIT_EXTRA, AUDIT_LOST = "audit_missing", "audit_extra", "audit_lost"
BACKUP_AT = "backup_at_s"  # when the last backup was made, in seconds since 1970
MESSAGES = "messages"
LONGEST_LABEL = 40  # as long as a reason of the outbox; a name and three of them fit the column
ENDLESS = "+Inf"
_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# upper bounds in seconds
BUCKETS: Mapping[str, tuple[float, ...]] = {
    "due_to_accept_s": (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 14400),
    "claim_s": _SHORT,
    "gate_commit_s": _SHORT,
    "smtp_phase_s": (*_SHORT, 60, 300, 600),  # the answer to the dot may take 600 s
}
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@lru_cache(maxsize=1024)  # states, reasons, codes and phases: a few hundred, asked for several times a message
def labels(**values: str) -> str:
    """Return labels as a monitor reads them; a name that Python keeps for itself takes a `_` at its end."""
    return ",".join(
        f'{name.rstrip("_")}="{str(value)[:LONGEST_LABEL].translate(_ESCAPED)}"' for name, value in values.items()
    )


class Counts:
    """Counters and histograms of one worker since its last tick; every thread of it may count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._figures: defaultdict[tuple[str, str], float] = defaultdict(float)

    def count(self, name: str, labels: str = "", by: float = 1) -> None:
        """Raise a counter."""
        with self._lock:
            self._figures[name, labels] += by

    def step(self, start: str, end: str, reason: str = "", by: float = 1) -> None:
        """Count messages that went from one state to another."""
        self.count("outbox_transitions", labels(from_=start, to=end, reason=reason), by)

    def observe(self, name: str, seconds: float, labels: str = "") -> None:
        """Add one duration to a histogram, which is one counter for each bucket and one for the sum."""
        bounds = BUCKETS[name]
        at = bisect_left(bounds, seconds)
        bound = f"{bounds[at]:g}" if at < len(bounds) else ENDLESS
        with self._lock:
            self._figures[f"{name}_bucket", f'{labels}{"," if labels else ""}le="{bound}"'] += 1
            self._figures[f"{name}_sum", labels] += seconds

    def snapshot(self) -> Figures:
        """Return what was counted since the last tick."""
        with self._lock:
            return dict(self._figures)

    @contextmanager
    def flushed(self, db: Session) -> Iterator[None]:
        """Add what was counted to the database; commit inside, and what is not committed is kept for the next time."""
        with self._lock:
            taken, self._figures = self._figures, defaultdict(float)
        try:
            add_figures(db, taken)
            yield
        except BaseException:
            with self._lock:
                for key, value in taken.items():
                    self._figures[key] += value
            raise


def add_figures(db: Session, figures: Figures) -> None:
    """Add to the figures that stand in the database, whichever other worker does so at the same time."""
    _store(db, figures, add=True)


def set_figures(db: Session, figures: Figures) -> None:
    """Write figures that are what they are and no sum."""
    _store(db, figures, add=False)


def _store(db: Session, figures: Figures, *, add: bool) -> None:
    if not figures:
        return
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    # always in one order: two workers that took the rows crosswise would wait for each other
    rows = [{"name": name, "labels": labels, "value": value} for (name, labels), value in sorted(figures.items())]
    statement = insert(Counter).values(rows)
    new = statement.excluded.value
    value = Counter.value + new if add else new
    db.execute(statement.on_conflict_do_update(index_elements=["name", "labels"], set_={"value": value}))
